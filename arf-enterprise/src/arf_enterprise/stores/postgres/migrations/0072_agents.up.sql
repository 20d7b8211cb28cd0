-- Agents that people vouch for, until a day. What was vouched for is never altered; it can be taken back.
CREATE TABLE arf.agent (
    tenant text NOT NULL REFERENCES arf.tenant,
    agent_id text NOT NULL CHECK (agent_id ~ '^agent_[0-9a-f]{32}$'),
    issuer text NOT NULL CHECK (length(issuer) BETWEEN 1 AND 2000),
    subject text NOT NULL CHECK (length(subject) BETWEEN 1 AND 2000),
    name text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
    version text NOT NULL CHECK (length(version) BETWEEN 1 AND 200),
    description_digest text NOT NULL CHECK (description_digest ~ '^sha256:[0-9a-f]{64}$'),
    attested_at timestamptz NOT NULL,
    until timestamptz NOT NULL CHECK (until > attested_at),
    revoked_at timestamptz,
    PRIMARY KEY (tenant, agent_id)
);
CREATE INDEX agent_by_subject ON arf.agent (tenant, issuer, subject) WHERE revoked_at IS NULL;
ALTER TABLE arf.agent ENABLE ROW LEVEL SECURITY;
ALTER TABLE arf.agent FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON arf.agent
    USING (tenant = arf.current_tenant()) WITH CHECK (tenant = arf.current_tenant());
GRANT SELECT, INSERT, UPDATE (revoked_at) ON arf.agent TO arf_app;
CREATE TRIGGER stays_revoked BEFORE UPDATE ON arf.agent FOR EACH ROW EXECUTE FUNCTION arf.keep_revoked();
CREATE TRIGGER is_kept BEFORE DELETE ON arf.agent FOR EACH ROW EXECUTE FUNCTION arf.refuse_change();
CREATE TRIGGER all_are_kept BEFORE TRUNCATE ON arf.agent FOR EACH STATEMENT EXECUTE FUNCTION arf.refuse_change();
