-- Governance policies: versions that only grow, and what a second person decided on each. In force is the highest version
-- that was approved, whatever a clock says.
CREATE TABLE arf.policy_version (
    tenant text NOT NULL REFERENCES arf.tenant,
    version integer NOT NULL CHECK (version > 0),
    digest text NOT NULL CHECK (digest ~ '^sha256:[0-9a-f]{64}$'),
    file text NOT NULL CHECK (length(file) BETWEEN 1 AND 1000),
    content text NOT NULL CHECK (length(content) BETWEEN 1 AND 262144),
    issuer text NOT NULL,
    author text NOT NULL,
    method text NOT NULL CHECK (method IN ('api_key', 'oidc', 'local', 'system')),
    pushed_at timestamptz NOT NULL,
    PRIMARY KEY (tenant, version)
);

-- One decision for each version. 'first' is the first version of a tenant, in force without a second person because it
-- was pushed on the machine itself.
CREATE TABLE arf.policy_decision (
    tenant text NOT NULL REFERENCES arf.tenant,
    version integer NOT NULL,
    verdict text NOT NULL CHECK (verdict IN ('approved', 'rejected', 'first')),
    issuer text NOT NULL,
    subject text NOT NULL,
    reason text NOT NULL CHECK (length(reason) BETWEEN 1 AND 2000),
    decided_at timestamptz NOT NULL,
    PRIMARY KEY (tenant, version),
    FOREIGN KEY (tenant, version) REFERENCES arf.policy_version
);

-- The program decides who may approve, and this keeps it to the two things that must never be otherwise.
CREATE FUNCTION arf.refuse_own_policy() RETURNS trigger
LANGUAGE plpgsql
AS $$
DECLARE
    pushed record;
BEGIN
    SELECT author, method INTO pushed FROM arf.policy_version
    WHERE tenant = NEW.tenant AND version = NEW.version;
    IF NEW.verdict = 'approved' AND lower(NEW.subject) = lower(pushed.author) THEN
        RAISE EXCEPTION 'nobody approves a policy of their own' USING ERRCODE = 'restrict_violation';
    END IF;
    IF NEW.verdict = 'first' AND (NEW.version <> 1 OR pushed.method <> 'local') THEN
        RAISE EXCEPTION 'only a first version, pushed on the machine itself, is in force without a second person'
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER four_eyes BEFORE INSERT ON arf.policy_decision FOR EACH ROW EXECUTE FUNCTION arf.refuse_own_policy();

DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['policy_version', 'policy_decision'] LOOP
        EXECUTE format('ALTER TABLE arf.%I ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format('ALTER TABLE arf.%I FORCE ROW LEVEL SECURITY', name);
        EXECUTE format(
            'CREATE POLICY own_tenant ON arf.%I USING (tenant = arf.current_tenant()) WITH CHECK (tenant = arf.current_tenant())',
            name
        );
        EXECUTE format(
            'CREATE TRIGGER only_grows BEFORE UPDATE OR DELETE ON arf.%I FOR EACH ROW EXECUTE FUNCTION arf.refuse_change()',
            name
        );
        EXECUTE format(
            'CREATE TRIGGER is_kept BEFORE TRUNCATE ON arf.%I FOR EACH STATEMENT EXECUTE FUNCTION arf.refuse_change()',
            name
        );
        EXECUTE format('GRANT SELECT, INSERT ON arf.%I TO arf_app', name);
    END LOOP;
END
$$;
