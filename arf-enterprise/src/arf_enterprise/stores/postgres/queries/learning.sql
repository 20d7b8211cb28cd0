-- add_outcome --
-- What an execution came to, unless that was written before.
INSERT INTO outcome (
    tenant, execution_id, intent_digest, incident_id, action, component, kind, environment, signature, result,
    seconds_to_recover, evidence, at
)
VALUES (
    %(tenant)s, %(execution_id)s, %(intent_digest)s, %(incident_id)s, %(action)s, %(component)s, %(kind)s,
    %(environment)s, %(signature)s, %(result)s, %(seconds_to_recover)s, %(evidence)s::jsonb, %(at)s
)
ON CONFLICT (tenant, execution_id) DO NOTHING;

-- outcome --
-- What an execution came to.
SELECT
    execution_id, intent_digest, incident_id, action, component, kind, environment, signature, result,
    seconds_to_recover, evidence, at
FROM outcome
WHERE tenant = %(tenant)s AND execution_id = %(execution_id)s;

-- outcomes --
-- The latest outcomes, the newest first; what is NULL does not narrow.
SELECT
    execution_id, intent_digest, incident_id, action, component, kind, environment, signature, result,
    seconds_to_recover, evidence, at
FROM outcome
WHERE tenant = %(tenant)s
    AND (%(component)s::text IS NULL OR component = %(component)s)
    AND (%(action)s::text IS NULL OR action = %(action)s)
    AND (%(result)s::text IS NULL OR result = %(result)s)
ORDER BY at DESC, execution_id
LIMIT %(most)s;

-- lock_outcome --
-- One labels an outcome at a time, until the transaction ends.
SELECT pg_advisory_xact_lock(hashtextextended('arf.outcome_label ' || %(tenant)s || %(execution_id)s, 0)) IS NULL
    AS is_locked;

-- add_outcome_label --
-- What a person says an outcome was.
INSERT INTO outcome_label (tenant, label_id, execution_id, result, reason, labeller, at)
VALUES (%(tenant)s, %(label_id)s, %(execution_id)s, %(result)s, %(reason)s, %(labeller)s, %(at)s);

-- outcome_labels --
-- What people said of an outcome, in order.
SELECT label_id, result, reason, labeller, at
FROM outcome_label
WHERE tenant = %(tenant)s AND execution_id = %(execution_id)s
ORDER BY at, label_id;

-- observations --
-- The outcomes to learn from, those before a reset left out, each with what was said of it: the labels of one outcome
-- in order, as two arrays. What is NULL does not narrow; the newest are read, the oldest come first.
SELECT * FROM (
    SELECT
        found.execution_id, found.incident_id, found.action, found.component, found.kind, found.signature,
        found.result, found.evidence, found.at,
        array(
            SELECT label.result FROM outcome_label AS label
            WHERE label.tenant = found.tenant AND label.execution_id = found.execution_id
            ORDER BY label.at, label.label_id
        ) AS labels,
        array(
            SELECT encode(label.labeller, 'hex') FROM outcome_label AS label
            WHERE label.tenant = found.tenant AND label.execution_id = found.execution_id
            ORDER BY label.at, label.label_id
        ) AS labellers
    FROM outcome AS found
    WHERE found.tenant = %(tenant)s
        AND found.at > %(since)s
        AND (%(action)s::text IS NULL OR found.action = %(action)s OR found.action IN ('none', 'alert_team'))
        AND (%(signature)s::text IS NULL OR found.signature = %(signature)s)
        AND NOT EXISTS (
            SELECT 1 FROM learning_reset AS reset
            WHERE reset.tenant = found.tenant
                AND reset.at >= found.at
                AND (reset.action IS NULL OR reset.action = found.action)
                AND (reset.component IS NULL OR reset.component = found.component)
                AND (reset.signature IS NULL OR reset.signature = found.signature)
        )
    ORDER BY found.at DESC, found.execution_id
    LIMIT %(most)s
) AS newest
ORDER BY at, execution_id;

-- learning_mode --
-- How the switch was set last.
SELECT mode, at FROM learning_switch WHERE tenant = %(tenant)s ORDER BY at DESC, switch_id DESC LIMIT 1;

-- lock_learning --
-- One sets the switch, proposes or decides at a time, until the transaction ends.
SELECT pg_advisory_xact_lock(hashtextextended('arf.learning ' || %(tenant)s, 0)) IS NULL AS is_locked;

-- set_learning_mode --
-- The switch, set anew.
INSERT INTO learning_switch (tenant, switch_id, mode, at) VALUES (%(tenant)s, %(switch_id)s, %(mode)s, %(at)s);

-- add_learning_reset --
-- From when on outcomes count.
INSERT INTO learning_reset (tenant, reset_id, action, component, signature, at)
VALUES (%(tenant)s, %(reset_id)s, %(action)s, %(component)s, %(signature)s, %(at)s);

-- add_autonomy_proposal --
-- An action on a component that could run by itself, for people to decide.
INSERT INTO autonomy_proposal (
    tenant, proposal_id, action, component, kind, signature, lower, outcomes, bar, says, at
)
VALUES (
    %(tenant)s, %(proposal_id)s, %(action)s, %(component)s, %(kind)s, %(signature)s, %(lower)s, %(outcomes)s, %(bar)s,
    %(says)s, %(at)s
);

-- autonomy_standing --
-- The latest proposal of a cell, what was decided of it, and whether it has ended.
SELECT
    proposal.proposal_id, proposal.action, proposal.component, proposal.kind, proposal.signature, proposal.lower,
    proposal.outcomes, proposal.bar, proposal.says, proposal.at, decision.accepted, decision.at AS decided_at,
    ending.because, ending.at AS ended_at
FROM autonomy_proposal AS proposal
LEFT JOIN autonomy_decision AS decision USING (tenant, proposal_id)
LEFT JOIN autonomy_end AS ending USING (tenant, proposal_id)
WHERE proposal.tenant = %(tenant)s AND proposal.action = %(action)s AND proposal.component = %(component)s
    AND proposal.signature = %(signature)s
ORDER BY proposal.at DESC, proposal.proposal_id DESC
LIMIT 1;

-- autonomy_proposals --
-- The latest proposals, what was decided of each, and whether it has ended.
SELECT
    proposal.proposal_id, proposal.action, proposal.component, proposal.kind, proposal.signature, proposal.lower,
    proposal.outcomes, proposal.bar, proposal.says, proposal.at, decision.accepted, decision.at AS decided_at,
    ending.because, ending.at AS ended_at
FROM autonomy_proposal AS proposal
LEFT JOIN autonomy_decision AS decision USING (tenant, proposal_id)
LEFT JOIN autonomy_end AS ending USING (tenant, proposal_id)
WHERE proposal.tenant = %(tenant)s
    AND (%(proposal_id)s::text IS NULL OR proposal.proposal_id = %(proposal_id)s)
ORDER BY proposal.at DESC, proposal.proposal_id DESC
LIMIT %(most)s;

-- decide_autonomy --
-- A person's decision on a proposal: there is one.
INSERT INTO autonomy_decision (tenant, proposal_id, accepted, reason, at)
VALUES (%(tenant)s, %(proposal_id)s, %(accepted)s, %(reason)s, %(at)s);

-- end_autonomy --
-- Autonomy that has ended, or a proposal that no longer holds.
INSERT INTO autonomy_end (tenant, proposal_id, because, at)
VALUES (%(tenant)s, %(proposal_id)s, %(because)s, %(at)s)
ON CONFLICT DO NOTHING;

-- spend_autonomy --
-- What an autonomous run may cost, once for each run.
INSERT INTO autonomy_spend (tenant, execution_id, action, component, cost, at)
VALUES (%(tenant)s, %(execution_id)s, %(action)s, %(component)s, %(cost)s, %(at)s)
ON CONFLICT (tenant, execution_id) DO NOTHING;

-- autonomy_spent --
-- What autonomous runs have cost since a time, other than one run.
SELECT coalesce(sum(cost), 0)::double precision AS spent
FROM autonomy_spend
WHERE tenant = %(tenant)s AND at > %(since)s AND execution_id <> %(execution_id)s;

-- export_outcomes --
-- Every outcome with what was said of it, as one JSON object each, in the order of time.
SELECT jsonb_build_object(
    'execution_id', found.execution_id, 'intent_digest', found.intent_digest, 'incident_id', found.incident_id,
    'action', found.action, 'component', found.component, 'kind', found.kind, 'environment', found.environment,
    'signature', found.signature, 'result', found.result, 'seconds_to_recover', found.seconds_to_recover,
    'evidence', found.evidence, 'at', to_char(found.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
    'labels', coalesce((
        SELECT jsonb_agg(jsonb_build_object(
            'result', label.result, 'labeller', left(encode(label.labeller, 'hex'), 12),
            'at', to_char(label.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
        ) ORDER BY label.at, label.label_id)
        FROM outcome_label AS label
        WHERE label.tenant = found.tenant AND label.execution_id = found.execution_id
    ), '[]'::jsonb)
) AS document
FROM outcome AS found
WHERE found.tenant = %(tenant)s
ORDER BY found.at, found.execution_id;
