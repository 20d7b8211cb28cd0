-- What is to be told to the graph, written in the transaction of the change itself. It only grows, and has every document
-- that ever was: a graph that is lost, or older, is made again from it.

-- xid is written before position, so a transaction has its number before it has a place: how far the places are settled
-- (nobody who still runs could yet take an earlier one) follows from one snapshot, and survives a dump and restore.
CREATE TABLE arf.outbox (
    tenant text NOT NULL REFERENCES arf.tenant,
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    position bigint GENERATED ALWAYS AS IDENTITY,
    entry_id text NOT NULL,
    kind text NOT NULL CHECK (kind IN ('component', 'incident', 'intent', 'execution', 'outcome', 'label', 'change')),
    key text NOT NULL CHECK (char_length(key) BETWEEN 1 AND 2000),
    document text NOT NULL,
    written_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (tenant, position)
);
CREATE INDEX outbox_by_entity ON arf.outbox (tenant, kind, key, position DESC);

-- How far the graph of a tenant is, as the projector last saw it: for those who ask while the graph is away.
CREATE TABLE arf.projected (
    tenant text PRIMARY KEY REFERENCES arf.tenant,
    position bigint NOT NULL CHECK (position >= 0),
    at timestamptz NOT NULL
);

ALTER TABLE arf.outbox ENABLE ROW LEVEL SECURITY;
ALTER TABLE arf.outbox FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON arf.outbox USING (tenant = arf.current_tenant()) WITH CHECK (tenant = arf.current_tenant());
GRANT SELECT, INSERT ON arf.outbox TO arf_app;
CREATE TRIGGER only_grows BEFORE UPDATE OR DELETE ON arf.outbox FOR EACH ROW EXECUTE FUNCTION arf.refuse_change();
CREATE TRIGGER is_kept BEFORE TRUNCATE ON arf.outbox FOR EACH STATEMENT EXECUTE FUNCTION arf.refuse_change();

ALTER TABLE arf.projected ENABLE ROW LEVEL SECURITY;
ALTER TABLE arf.projected FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON arf.projected USING (tenant = arf.current_tenant()) WITH CHECK (tenant = arf.current_tenant());
GRANT SELECT, INSERT ON arf.projected TO arf_app;
GRANT UPDATE (position, at) ON arf.projected TO arf_app;
