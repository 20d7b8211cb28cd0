-- Approvals: what was asked, who said what to it, and how it ended. A request is never altered; it ends once.
CREATE TABLE arf.approval (
    tenant text NOT NULL REFERENCES arf.tenant,
    approval_id text NOT NULL CHECK (approval_id ~ '^approval_[0-9a-f]{32}$'),
    execution_id text NOT NULL CHECK (length(execution_id) BETWEEN 1 AND 200),
    intent_digest text NOT NULL CHECK (intent_digest ~ '^sha256:[0-9a-f]{64}$'),
    change_digest text NOT NULL CHECK (change_digest ~ '^sha256:[0-9a-f]{64}$'),
    policy_digest text NOT NULL CHECK (policy_digest ~ '^sha256:[0-9a-f]{64}$'),
    state_digest text NOT NULL CHECK (state_digest ~ '^sha256:[0-9a-f]{64}$'),
    executor text NOT NULL CHECK (length(executor) BETWEEN 1 AND 200),
    requester_issuer text NOT NULL CHECK (length(requester_issuer) BETWEEN 1 AND 2000),
    requester_subject text NOT NULL CHECK (length(requester_subject) BETWEEN 1 AND 2000),
    -- What stands for the requester in what third parties get: the audit log's reference.
    requester_reference text NOT NULL,
    quorum smallint NOT NULL CHECK (quorum BETWEEN 1 AND 20),
    -- What approvers see, in canonical JSON: its digest is part of what they approve.
    shown text NOT NULL,
    asked_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL CHECK (expires_at > asked_at),
    ended text CHECK (ended IN ('rejected', 'expired', 'used')),
    ended_at timestamptz,
    PRIMARY KEY (tenant, approval_id),
    UNIQUE (tenant, execution_id),
    CHECK ((ended IS NULL) = (ended_at IS NULL))
);
CREATE INDEX approval_that_waits ON arf.approval (tenant, expires_at) WHERE ended IS NULL;

-- `person` is who it is, whichever key or token they came with: one approval, and one rejection, each.
CREATE TABLE arf.approval_vote (
    tenant text NOT NULL REFERENCES arf.tenant,
    approval_id text NOT NULL,
    person text NOT NULL CHECK (length(person) BETWEEN 1 AND 2000),
    approves boolean NOT NULL,
    issuer text NOT NULL,
    subject text NOT NULL,
    reference text NOT NULL,
    digest text NOT NULL CHECK (digest ~ '^sha256:[0-9a-f]{64}$'),
    reason text NOT NULL CHECK (length(reason) <= 2000),
    given_at timestamptz NOT NULL,
    PRIMARY KEY (tenant, approval_id, person, approves),
    FOREIGN KEY (tenant, approval_id) REFERENCES arf.approval
);

-- Callbacks that were taken, by the digest of their signature: none is taken twice.
CREATE TABLE arf.approval_callback (
    tenant text NOT NULL REFERENCES arf.tenant,
    channel text NOT NULL CHECK (length(channel) BETWEEN 1 AND 200),
    signature bytea NOT NULL CHECK (octet_length(signature) = 32),
    taken_at timestamptz NOT NULL,
    PRIMARY KEY (tenant, channel, signature)
);

CREATE FUNCTION arf.end_approval_once() RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    IF OLD.ended IS NOT NULL THEN
        RAISE EXCEPTION 'an approval that has ended stays so' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER ends_once BEFORE UPDATE ON arf.approval FOR EACH ROW EXECUTE FUNCTION arf.end_approval_once();
CREATE TRIGGER is_kept BEFORE DELETE ON arf.approval FOR EACH ROW EXECUTE FUNCTION arf.refuse_change();

DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['approval', 'approval_vote', 'approval_callback'] LOOP
        EXECUTE format('ALTER TABLE arf.%I ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format('ALTER TABLE arf.%I FORCE ROW LEVEL SECURITY', name);
        EXECUTE format(
            'CREATE POLICY own_tenant ON arf.%I USING (tenant = arf.current_tenant()) WITH CHECK (tenant = arf.current_tenant())',
            name
        );
        EXECUTE format('GRANT SELECT, INSERT ON arf.%I TO arf_app', name);
        EXECUTE format(
            'CREATE TRIGGER all_are_kept BEFORE TRUNCATE ON arf.%I FOR EACH STATEMENT EXECUTE FUNCTION arf.refuse_change()',
            name
        );
    END LOOP;
    FOREACH name IN ARRAY ARRAY['approval_vote', 'approval_callback'] LOOP
        EXECUTE format(
            'CREATE TRIGGER only_grows BEFORE UPDATE OR DELETE ON arf.%I FOR EACH ROW EXECUTE FUNCTION arf.refuse_change()',
            name
        );
    END LOOP;
END
$$;
GRANT UPDATE (ended, ended_at) ON arf.approval TO arf_app;
