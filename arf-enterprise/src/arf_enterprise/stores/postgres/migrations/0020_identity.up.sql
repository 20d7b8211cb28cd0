-- API keys. A key that is good for several tenants has a row in each: every tenant sees and revokes its own.
CREATE TABLE arf.api_key (
    tenant text NOT NULL REFERENCES arf.tenant,
    key_id text NOT NULL CHECK (key_id ~ '^key_[0-9a-f]{32}$'),
    -- SHA-256 over 256 random bits: there is nothing to guess, so there is nothing to slow down.
    hash bytea NOT NULL CHECK (octet_length(hash) = 32),
    subject text NOT NULL CHECK (length(subject) BETWEEN 1 AND 200),
    roles text[] NOT NULL CHECK (cardinality(roles) BETWEEN 1 AND 6),
    -- NULL: everything the roles permit.
    operations text[],
    is_agent boolean NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL CHECK (expires_at > created_at),
    -- To the hour.
    last_used_at timestamptz,
    revoked_at timestamptz,
    PRIMARY KEY (tenant, key_id),
    CHECK (NOT (is_agent AND roles && ARRAY['approver', 'admin']))
);
CREATE INDEX api_key_by_id ON arf.api_key (key_id);

ALTER TABLE arf.api_key ENABLE ROW LEVEL SECURITY;
ALTER TABLE arf.api_key FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON arf.api_key
    USING (tenant = arf.current_tenant()) WITH CHECK (tenant = arf.current_tenant());
-- Who comes with a key may not have said for which tenant: the rows of one key are read by its id, before it is known
-- who asks. Only for reading, only in a transaction that names the key.
CREATE POLICY named_key ON arf.api_key FOR SELECT
    USING (key_id = nullif(current_setting('arf.key_id', true), ''));
GRANT SELECT, INSERT, UPDATE (last_used_at, revoked_at) ON arf.api_key TO arf_app;

-- Revoked is revoked: nothing takes it back, and a key is never deleted.
CREATE FUNCTION arf.keep_revoked() RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    IF OLD.revoked_at IS NOT NULL AND NEW.revoked_at IS DISTINCT FROM OLD.revoked_at THEN
        RAISE EXCEPTION 'a revoked key stays revoked' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER stays_revoked BEFORE UPDATE ON arf.api_key FOR EACH ROW EXECUTE FUNCTION arf.keep_revoked();
CREATE TRIGGER is_kept BEFORE DELETE ON arf.api_key FOR EACH ROW EXECUTE FUNCTION arf.refuse_change();
CREATE TRIGGER all_are_kept BEFORE TRUNCATE ON arf.api_key FOR EACH STATEMENT EXECUTE FUNCTION arf.refuse_change();
