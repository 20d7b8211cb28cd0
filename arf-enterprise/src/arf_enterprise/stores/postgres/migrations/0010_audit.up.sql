-- The audit log. Entries are inserted in the transaction of the change they describe; a sequencer puts them in order,
-- as leaves of a tree of RFC 6962, and signs checkpoints. Everything here only grows, but the keys of subjects, whose loss
-- is what erases.

-- Entries are in order by transaction, then by position in it. One index, and no REFERENCES arf.tenant, which would lock
-- the tenant's row at each entry: writers would queue for it. append_audit_entry() looks without a lock, and no tenant is
-- ever taken away.
CREATE TABLE arf.audit_entry (
    tenant text NOT NULL,
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    position bigint GENERATED ALWAYS AS IDENTITY,
    entry_id text NOT NULL,
    body text NOT NULL,
    PRIMARY KEY (tenant, xid, position)
);

-- What records are asked for by stands here, written by the sequencer: it costs those who write entries nothing.
CREATE TABLE arf.audit_leaf (
    tenant text NOT NULL,
    sequence bigint NOT NULL CHECK (sequence >= 0),
    xid xid8 NOT NULL,
    position bigint NOT NULL,
    entry_id text NOT NULL,
    at timestamptz NOT NULL,
    action text NOT NULL,
    object text NOT NULL,
    subject text NOT NULL,
    PRIMARY KEY (tenant, sequence),
    UNIQUE (tenant, xid, position),
    UNIQUE (tenant, entry_id),
    FOREIGN KEY (tenant, xid, position) REFERENCES arf.audit_entry
);
CREATE INDEX audit_leaf_by_object ON arf.audit_leaf (tenant, object, sequence);
CREATE INDEX audit_leaf_by_subject ON arf.audit_leaf (tenant, subject, sequence);
CREATE INDEX audit_leaf_by_action ON arf.audit_leaf (tenant, action, at);
CREATE INDEX audit_leaf_by_time ON arf.audit_leaf USING brin (at);

-- Full subtrees: level 0 are the hashes of leaves.
CREATE TABLE arf.audit_node (
    tenant text NOT NULL,
    level smallint NOT NULL CHECK (level BETWEEN 0 AND 62),
    index bigint NOT NULL CHECK (index >= 0),
    hash bytea NOT NULL CHECK (octet_length(hash) = 32),
    PRIMARY KEY (tenant, level, index)
);

CREATE TABLE arf.audit_checkpoint (
    tenant text NOT NULL REFERENCES arf.tenant,
    size bigint NOT NULL CHECK (size > 0),
    signed_at timestamptz NOT NULL,
    key_id text NOT NULL,
    note text NOT NULL,
    PRIMARY KEY (tenant, size)
);

-- A person in a tenant's log: the reference that stands in records, found by a name that is hidden.
CREATE TABLE arf.audit_subject (
    tenant text NOT NULL REFERENCES arf.tenant,
    ref text NOT NULL,
    lookup bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant, ref),
    UNIQUE (tenant, lookup)
);

-- The keys of one person's data: one for each retention class and month, so that a class can end by its own time.
CREATE TABLE arf.audit_subject_key (
    tenant text NOT NULL REFERENCES arf.tenant,
    ref text NOT NULL,
    class text NOT NULL CHECK (class ~ '^[a-z][a-z0-9_-]{0,62}$'),
    month date NOT NULL CHECK (extract(day FROM month) = 1),
    key bytea NOT NULL CHECK (octet_length(key) = 32),
    PRIMARY KEY (tenant, ref, class, month),
    FOREIGN KEY (tenant, ref) REFERENCES arf.audit_subject
);

-- Of the installation, not of a tenant: the public keys that signed or sign its checkpoints, and from when on one of
-- them is revoked. The program adds the key it signs with; who may revoke is decided before.
CREATE TABLE arf.audit_key (
    key_id text PRIMARY KEY CHECK (key_id ~ '^sha256:[0-9a-f]{64}$'),
    public_key bytea NOT NULL CHECK (octet_length(public_key) = 32),
    first_used timestamptz NOT NULL
);
CREATE TABLE arf.audit_key_revocation (
    key_id text NOT NULL REFERENCES arf.audit_key,
    revoked_from timestamptz NOT NULL,
    said_at timestamptz NOT NULL,
    PRIMARY KEY (key_id, revoked_from)
);

-- What hides subjects in audit_subject.lookup: without it, a name could be tried against the hash.
ALTER TABLE arf.installation ADD COLUMN pepper bytea NOT NULL
    DEFAULT decode(replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', ''), 'hex');

-- One entry. A tenant that does not exist is NULL here, and refused.
CREATE FUNCTION arf.append_audit_entry(for_tenant text, id text, content text) RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
    INSERT INTO arf.audit_entry (tenant, entry_id, body)
    VALUES ((SELECT known.tenant FROM arf.tenant AS known WHERE known.tenant = for_tenant), id, content);
END
$$;

-- The first `most` entries that are no leaves yet, in order; all of them, or those whose transactions are settled. A
-- transaction below the oldest that still runs is settled: no entry can come before one of its entries any more. One at
-- or above the next transaction to come is of another cluster (the database was restored from a dump), and settled, too:
-- there, new ones begin at small numbers again, and what had been left over comes after the highest that is a leaf.
CREATE FUNCTION arf.waiting_audit_entries(for_tenant text, only_settled boolean, most bigint)
RETURNS TABLE (xid xid8, place bigint, entry_id text, body text)
LANGUAGE plpgsql STABLE -- one snapshot for all of it: entries that commit meanwhile are no entries of another cluster
AS $$
DECLARE
    next xid8 := pg_snapshot_xmax(pg_current_snapshot());
    below xid8 := CASE WHEN only_settled THEN pg_snapshot_xmin(pg_current_snapshot()) ELSE next END;
    last record;
    highest record;
BEGIN
    SELECT leaf.xid, leaf.position INTO last FROM arf.audit_leaf AS leaf
    WHERE leaf.tenant = for_tenant ORDER BY leaf.sequence DESC LIMIT 1;
    SELECT leaf.xid, leaf.position INTO highest FROM arf.audit_leaf AS leaf
    WHERE leaf.tenant = for_tenant ORDER BY leaf.xid DESC, leaf.position DESC LIMIT 1;
    IF last.xid IS NULL OR last.xid >= next THEN
        SELECT '0'::xid8 AS xid, 0::bigint AS position INTO last;
    END IF;
    RETURN QUERY
        SELECT entry.xid, entry.position, entry.entry_id, entry.body FROM arf.audit_entry AS entry
        WHERE entry.tenant = for_tenant AND entry.xid >= next
            AND (entry.xid, entry.position) > (coalesce(highest.xid, '0'::xid8), coalesce(highest.position, 0))
        ORDER BY entry.xid, entry.position LIMIT most;
    RETURN QUERY
        SELECT entry.xid, entry.position, entry.entry_id, entry.body FROM arf.audit_entry AS entry
        WHERE entry.tenant = for_tenant AND entry.xid < below AND (entry.xid, entry.position) > (last.xid, last.position)
            AND NOT EXISTS (
                SELECT 1 FROM arf.audit_leaf AS leaf
                WHERE leaf.tenant = for_tenant AND leaf.xid = entry.xid AND leaf.position = entry.position
            )
        ORDER BY entry.xid, entry.position LIMIT most;
END
$$;

-- Every tenant that has entries waiting. It looks as each of them in turn, so row-level security holds for it.
CREATE FUNCTION arf.tenants_that_wait() RETURNS SETOF text
LANGUAGE plpgsql
AS $$
DECLARE
    name text;
    own text := arf.current_tenant();
BEGIN
    FOR name IN SELECT known.tenant FROM arf.tenant AS known LOOP
        PERFORM set_config('arf.tenant', name, true);
        IF EXISTS (SELECT 1 FROM arf.waiting_audit_entries(name, false, 1)) THEN
            RETURN NEXT name;
        END IF;
    END LOOP;
    PERFORM set_config('arf.tenant', coalesce(own, ''), true);
END
$$;

DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY[
        'audit_entry', 'audit_leaf', 'audit_node', 'audit_checkpoint', 'audit_subject', 'audit_subject_key'
    ] LOOP
        EXECUTE format('ALTER TABLE arf.%I ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format('ALTER TABLE arf.%I FORCE ROW LEVEL SECURITY', name);
        EXECUTE format(
            'CREATE POLICY own_tenant ON arf.%I USING (tenant = arf.current_tenant()) WITH CHECK (tenant = arf.current_tenant())',
            name
        );
        EXECUTE format('GRANT SELECT, INSERT ON arf.%I TO arf_app', name);
    END LOOP;
    FOREACH name IN ARRAY ARRAY[
        'audit_entry', 'audit_leaf', 'audit_node', 'audit_checkpoint', 'audit_key', 'audit_key_revocation'
    ] LOOP
        EXECUTE format(
            'CREATE TRIGGER only_grows BEFORE UPDATE OR DELETE ON arf.%I FOR EACH ROW EXECUTE FUNCTION arf.refuse_change()',
            name
        );
        EXECUTE format(
            'CREATE TRIGGER is_kept BEFORE TRUNCATE ON arf.%I FOR EACH STATEMENT EXECUTE FUNCTION arf.refuse_change()',
            name
        );
    END LOOP;
END
$$;
GRANT DELETE ON arf.audit_subject, arf.audit_subject_key TO arf_app;
GRANT SELECT, INSERT ON arf.audit_key, arf.audit_key_revocation TO arf_app;
