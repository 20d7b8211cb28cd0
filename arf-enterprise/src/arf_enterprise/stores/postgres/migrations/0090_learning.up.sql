-- What executions came to, what people said of it afterwards, and what was earned by it. Every table only grows: a
-- correction is a further row, a reset says from when on outcomes count, an end of autonomy stands beside its beginning.
CREATE TABLE arf.outcome (
    tenant text NOT NULL REFERENCES arf.tenant,
    execution_id text NOT NULL CHECK (char_length(execution_id) BETWEEN 1 AND 200),
    intent_digest text CHECK (intent_digest ~ '^sha256:[0-9a-f]{64}$'),
    incident_id text NOT NULL CHECK (char_length(incident_id) BETWEEN 1 AND 2000),
    -- One of the six actions, or none: nothing was done, and it is known what became of it.
    action text NOT NULL CHECK (action ~ '^[a-z][a-z_]{0,62}$'),
    component text NOT NULL CHECK (char_length(component) BETWEEN 1 AND 2000),
    kind text NOT NULL CHECK (char_length(kind) BETWEEN 1 AND 200),
    environment text NOT NULL CHECK (char_length(environment) BETWEEN 1 AND 200),
    signature text NOT NULL CHECK (char_length(signature) BETWEEN 1 AND 2000),
    result text NOT NULL CHECK (result IN ('succeeded', 'reverted', 'failed', 'cannot_tell')),
    seconds_to_recover double precision CHECK (seconds_to_recover >= 0),
    evidence jsonb NOT NULL,
    at timestamptz NOT NULL,
    PRIMARY KEY (tenant, execution_id),
    -- An intent is what was carried out; where nothing was done there is none.
    CHECK ((intent_digest IS NULL) = (action = 'none'))
);
CREATE INDEX outcome_by_cell ON arf.outcome (tenant, signature, at);
CREATE INDEX outcome_by_time ON arf.outcome (tenant, at);

-- Who labelled is found again by a hidden name: HMAC-SHA-256 under the installation's pepper (audit.privacy).
CREATE TABLE arf.outcome_label (
    tenant text NOT NULL REFERENCES arf.tenant,
    label_id text NOT NULL,
    execution_id text NOT NULL,
    result text NOT NULL CHECK (result IN ('succeeded', 'reverted', 'failed', 'cannot_tell')),
    reason text NOT NULL CHECK (char_length(reason) BETWEEN 1 AND 2000),
    labeller bytea NOT NULL CHECK (octet_length(labeller) = 32),
    at timestamptz NOT NULL,
    PRIMARY KEY (tenant, label_id),
    FOREIGN KEY (tenant, execution_id) REFERENCES arf.outcome
);
CREATE INDEX outcome_label_by_outcome ON arf.outcome_label (tenant, execution_id, label_id);

CREATE TABLE arf.learning_switch (
    tenant text NOT NULL REFERENCES arf.tenant,
    switch_id text NOT NULL,
    mode text NOT NULL CHECK (mode IN ('off', 'shadow', 'on')),
    at timestamptz NOT NULL,
    PRIMARY KEY (tenant, switch_id)
);

-- Outcomes from before a reset are kept and no longer learned from; NULL stands for all.
CREATE TABLE arf.learning_reset (
    tenant text NOT NULL REFERENCES arf.tenant,
    reset_id text NOT NULL,
    action text,
    component text,
    signature text,
    at timestamptz NOT NULL,
    PRIMARY KEY (tenant, reset_id)
);

-- Autonomy of an action on a component for a signature: proposed, decided by a person, ended by itself.
CREATE TABLE arf.autonomy_proposal (
    tenant text NOT NULL REFERENCES arf.tenant,
    proposal_id text NOT NULL,
    action text NOT NULL,
    component text NOT NULL,
    kind text NOT NULL,
    signature text NOT NULL,
    -- What was found, and what the policy wanted.
    lower double precision NOT NULL CHECK (lower BETWEEN 0 AND 1),
    outcomes integer NOT NULL CHECK (outcomes >= 0),
    bar double precision NOT NULL CHECK (bar BETWEEN 0 AND 1),
    says text NOT NULL,
    at timestamptz NOT NULL,
    PRIMARY KEY (tenant, proposal_id),
    CHECK (lower >= bar)
);
CREATE INDEX autonomy_proposal_by_cell ON arf.autonomy_proposal (tenant, action, component, signature, proposal_id);

CREATE TABLE arf.autonomy_decision (
    tenant text NOT NULL REFERENCES arf.tenant,
    proposal_id text NOT NULL,
    accepted boolean NOT NULL,
    reason text NOT NULL CHECK (char_length(reason) BETWEEN 1 AND 2000),
    at timestamptz NOT NULL,
    PRIMARY KEY (tenant, proposal_id),
    FOREIGN KEY (tenant, proposal_id) REFERENCES arf.autonomy_proposal
);

-- Once for each proposal: what ended is earned anew by another.
CREATE TABLE arf.autonomy_end (
    tenant text NOT NULL REFERENCES arf.tenant,
    proposal_id text NOT NULL,
    because text NOT NULL,
    at timestamptz NOT NULL,
    PRIMARY KEY (tenant, proposal_id),
    FOREIGN KEY (tenant, proposal_id) REFERENCES arf.autonomy_proposal
);

-- What autonomous runs may cost: blast radius (share of the instances) times the probability of failure.
CREATE TABLE arf.autonomy_spend (
    tenant text NOT NULL REFERENCES arf.tenant,
    execution_id text NOT NULL,
    action text NOT NULL,
    component text NOT NULL,
    cost double precision NOT NULL CHECK (cost >= 0),
    at timestamptz NOT NULL,
    PRIMARY KEY (tenant, execution_id)
);
CREATE INDEX autonomy_spend_by_time ON arf.autonomy_spend (tenant, at);

DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY[
        'outcome', 'outcome_label', 'learning_switch', 'learning_reset', 'autonomy_proposal', 'autonomy_decision',
        'autonomy_end', 'autonomy_spend'
    ] LOOP
        EXECUTE format('ALTER TABLE arf.%I ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format('ALTER TABLE arf.%I FORCE ROW LEVEL SECURITY', name);
        EXECUTE format(
            'CREATE POLICY own_tenant ON arf.%I USING (tenant = arf.current_tenant()) WITH CHECK (tenant = arf.current_tenant())',
            name
        );
        EXECUTE format('GRANT SELECT, INSERT ON arf.%I TO arf_app', name);
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
