-- The audit log. Entries are inserted in the transaction of the change they describe; a sequencer puts them in order,
-- as leaves of a tree of RFC 6962, and signs checkpoints. Everything here only grows, but the keys of subjects.

CREATE TABLE arf.audit_entry (
    tenant text NOT NULL REFERENCES arf.tenant,
    entry_id text NOT NULL,
    -- The transaction of the change. One that is below the oldest still running is settled: no entry can come before it.
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    position bigint GENERATED ALWAYS AS IDENTITY,
    at timestamptz NOT NULL,
    action text NOT NULL,
    object text NOT NULL,
    body text NOT NULL,
    PRIMARY KEY (tenant, entry_id)
);
CREATE INDEX audit_entry_in_order ON arf.audit_entry (tenant, xid, position);
CREATE INDEX audit_entry_by_object ON arf.audit_entry (tenant, object, at);

CREATE TABLE arf.audit_leaf (
    tenant text NOT NULL REFERENCES arf.tenant,
    sequence bigint NOT NULL CHECK (sequence >= 0),
    entry_id text NOT NULL,
    PRIMARY KEY (tenant, sequence),
    UNIQUE (tenant, entry_id),
    FOREIGN KEY (tenant, entry_id) REFERENCES arf.audit_entry
);

-- Full subtrees: level 0 are the hashes of leaves.
CREATE TABLE arf.audit_node (
    tenant text NOT NULL REFERENCES arf.tenant,
    level smallint NOT NULL CHECK (level BETWEEN 0 AND 62),
    index bigint NOT NULL CHECK (index >= 0),
    hash bytea NOT NULL CHECK (octet_length(hash) = 32),
    PRIMARY KEY (tenant, level, index)
);

CREATE TABLE arf.audit_checkpoint (
    tenant text NOT NULL REFERENCES arf.tenant,
    size bigint NOT NULL CHECK (size > 0),
    signed_at timestamptz NOT NULL,
    note text NOT NULL,
    PRIMARY KEY (tenant, size)
);

-- The key of one person's data in the log. Destroying it is what erases them.
CREATE TABLE arf.audit_subject (
    tenant text NOT NULL REFERENCES arf.tenant,
    ref text NOT NULL,
    lookup bytea NOT NULL,
    key bytea NOT NULL CHECK (octet_length(key) = 32),
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant, ref),
    UNIQUE (tenant, lookup)
);

-- What hides subjects in audit_subject.lookup: without it, a name could be tried against the hash.
ALTER TABLE arf.installation ADD COLUMN pepper bytea NOT NULL
    DEFAULT decode(replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', ''), 'hex');

DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['audit_entry', 'audit_leaf', 'audit_node', 'audit_checkpoint', 'audit_subject'] LOOP
        EXECUTE format('ALTER TABLE arf.%I ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format('ALTER TABLE arf.%I FORCE ROW LEVEL SECURITY', name);
        EXECUTE format(
            'CREATE POLICY own_tenant ON arf.%I USING (tenant = arf.current_tenant()) WITH CHECK (tenant = arf.current_tenant())',
            name
        );
        EXECUTE format('GRANT SELECT, INSERT ON arf.%I TO arf_app', name);
        IF name <> 'audit_subject' THEN
            EXECUTE format(
                'CREATE TRIGGER only_grows BEFORE UPDATE OR DELETE ON arf.%I FOR EACH ROW EXECUTE FUNCTION arf.refuse_change()',
                name
            );
            EXECUTE format(
                'CREATE TRIGGER is_kept BEFORE TRUNCATE ON arf.%I FOR EACH STATEMENT EXECUTE FUNCTION arf.refuse_change()',
                name
            );
        END IF;
    END LOOP;
END
$$;
GRANT DELETE ON arf.audit_subject TO arf_app;
