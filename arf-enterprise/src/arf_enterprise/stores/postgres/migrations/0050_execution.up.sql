-- Runs: each carries one intent out, at most once. The rows of arf.execution_step are what happened; arf.execution is
-- where a run stands; arf.target_hold says which run may act on a target now.
CREATE TABLE arf.execution (
    tenant text NOT NULL REFERENCES arf.tenant,
    execution_id text NOT NULL CHECK (execution_id ~ '^exe_[0-9a-f]{32}$'),
    -- The intent: its full digest is what makes it one, its short id names it.
    digest text NOT NULL CHECK (digest ~ '^sha256:[0-9a-f]{64}$'),
    intent_id text NOT NULL CHECK (intent_id ~ '^intent_[0-9a-f]{16}$'),
    intent text NOT NULL CHECK (octet_length(intent) <= 262144),
    action text NOT NULL,
    component text NOT NULL,
    -- The rung that the caller asked for at most.
    wished text NOT NULL CHECK (wished IN ('advise', 'require_approval', 'autonomous')),
    -- Why what cannot be undone is wanted all the same, if the caller gave a reason.
    irreversible_reason text,
    issuer text NOT NULL,
    subject text NOT NULL,
    is_agent boolean NOT NULL,
    request_id text NOT NULL,
    audit_trail_id text NOT NULL,
    status text NOT NULL CHECK (status IN (
        'accepted', 'pending_approval', 'applying', 'verifying', 'reverting',
        'refused', 'advised', 'succeeded', 'reverted', 'failed_and_reverted', 'needs_person', 'cannot_tell'
    )),
    code text,
    says text,
    -- The answer to whoever submits the intent, now or again: the first one that says something, for good.
    receipt text,
    approval_id text,
    -- How often the run was handed to the engine; the sweep raises it.
    attempt integer NOT NULL DEFAULT 1 CHECK (attempt > 0),
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    ended_at timestamptz,
    PRIMARY KEY (tenant, execution_id),
    UNIQUE (tenant, digest),
    UNIQUE (tenant, intent_id)
);
CREATE INDEX execution_by_time ON arf.execution (tenant, created_at, execution_id);
CREATE INDEX execution_open ON arf.execution (tenant, updated_at) WHERE ended_at IS NULL;
CREATE INDEX execution_recent ON arf.execution (tenant, component, created_at);

CREATE FUNCTION arf.keep_ended() RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    IF OLD.receipt IS NOT NULL AND NEW.receipt IS DISTINCT FROM OLD.receipt THEN
        RAISE EXCEPTION 'a receipt stays as it was given' USING ERRCODE = 'restrict_violation';
    END IF;
    -- A run that succeeded may be rolled back by a person; every other end is one.
    IF OLD.ended_at IS NOT NULL AND NEW.status <> OLD.status
        AND NOT (OLD.status = 'succeeded' AND NEW.status IN ('reverting', 'succeeded')) THEN
        RAISE EXCEPTION 'a run that has ended stays ended' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER stays_ended BEFORE UPDATE ON arf.execution FOR EACH ROW EXECUTE FUNCTION arf.keep_ended();
CREATE TRIGGER is_kept BEFORE DELETE ON arf.execution FOR EACH ROW EXECUTE FUNCTION arf.refuse_change();
CREATE TRIGGER all_are_kept BEFORE TRUNCATE ON arf.execution FOR EACH STATEMENT EXECUTE FUNCTION arf.refuse_change();

-- What each step found or did, once: a run that is taken up again reads it instead of doing it again.
CREATE TABLE arf.execution_step (
    tenant text NOT NULL REFERENCES arf.tenant,
    execution_id text NOT NULL,
    step text NOT NULL CHECK (step ~ '^[a-z_]{1,40}$'),
    document text NOT NULL,
    at timestamptz NOT NULL,
    number bigint GENERATED ALWAYS AS IDENTITY,
    PRIMARY KEY (tenant, execution_id, step),
    FOREIGN KEY (tenant, execution_id) REFERENCES arf.execution (tenant, execution_id)
);
CREATE TRIGGER only_grows BEFORE UPDATE OR DELETE ON arf.execution_step
    FOR EACH ROW EXECUTE FUNCTION arf.refuse_change();
CREATE TRIGGER stays BEFORE TRUNCATE ON arf.execution_step FOR EACH STATEMENT EXECUTE FUNCTION arf.refuse_change();

-- Which run holds a target. The fence is a higher number each time a target is taken, by whomever: a server that was
-- away for so long that another took its run over has an old one, and writes nothing any more. All targets share one
-- sequence, for two of them may share an object that keeps the fence (a Service of Kubernetes).
CREATE SEQUENCE arf.fence;
GRANT USAGE ON SEQUENCE arf.fence TO arf_app;
CREATE TABLE arf.target_hold (
    tenant text NOT NULL REFERENCES arf.tenant,
    component text NOT NULL,
    execution_id text,
    fence bigint NOT NULL DEFAULT 0,
    since timestamptz NOT NULL,
    PRIMARY KEY (tenant, component)
);

DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['execution', 'execution_step', 'target_hold'] LOOP
        EXECUTE format('ALTER TABLE arf.%I ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format('ALTER TABLE arf.%I FORCE ROW LEVEL SECURITY', name);
        EXECUTE format(
            'CREATE POLICY own_tenant ON arf.%I USING (tenant = arf.current_tenant()) WITH CHECK (tenant = arf.current_tenant())',
            name
        );
    END LOOP;
END
$$;
GRANT SELECT, INSERT ON arf.execution, arf.execution_step, arf.target_hold TO arf_app;
GRANT UPDATE (status, code, says, receipt, approval_id, attempt, updated_at, ended_at) ON arf.execution TO arf_app;
GRANT UPDATE (execution_id, fence, since) ON arf.target_hold TO arf_app;
