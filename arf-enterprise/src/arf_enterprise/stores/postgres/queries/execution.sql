-- add_execution --
-- A new run of an intent; nothing, if the intent's digest or id is known already.
INSERT INTO execution (
    tenant, execution_id, digest, intent_id, intent, action, component, wished, irreversible_reason, issuer, subject,
    is_agent, request_id, audit_trail_id, status, created_at, updated_at
)
VALUES (
    %(tenant)s, %(execution_id)s, %(digest)s, %(intent_id)s, %(intent)s, %(action)s, %(component)s, %(wished)s,
    %(irreversible_reason)s, %(issuer)s, %(subject)s, %(is_agent)s, %(request_id)s, %(audit_trail_id)s, 'accepted', %(now)s, %(now)s
)
ON CONFLICT DO NOTHING
RETURNING *;

-- execution_of_intent --
-- The run of the intent with this id, whatever its digest.
SELECT * FROM execution WHERE tenant = %(tenant)s AND intent_id = %(intent_id)s;

-- execution --
-- One run.
SELECT * FROM execution WHERE tenant = %(tenant)s AND execution_id = %(execution_id)s;

-- lock_execution --
-- One run, until the transaction ends nobody else's.
SELECT * FROM execution WHERE tenant = %(tenant)s AND execution_id = %(execution_id)s FOR UPDATE;

-- lock_attempt --
-- Which attempt at a run is the latest, until the transaction ends.
SELECT attempt FROM execution WHERE tenant = %(tenant)s AND execution_id = %(execution_id)s FOR UPDATE;

-- executions --
-- The latest runs, the newest first, of a status, component or both if they are given.
SELECT *
FROM execution
WHERE tenant = %(tenant)s
    AND (%(status)s::text IS NULL OR status = %(status)s)
    AND (%(component)s::text IS NULL OR component = %(component)s)
    AND (%(before)s::text IS NULL OR execution_id < %(before)s)
ORDER BY execution_id DESC
LIMIT %(most)s;

-- open_executions --
-- How many runs have not ended, up to a bound.
SELECT count(*) AS waiting
FROM (SELECT 1 FROM execution WHERE tenant = %(tenant)s AND ended_at IS NULL LIMIT %(most)s) AS open;

-- executions_by_status --
-- How many runs stand where, of those that have not ended or that began since a time.
SELECT status, count(*) AS number
FROM (
    SELECT status FROM execution WHERE tenant = %(tenant)s AND ended_at IS NULL
    UNION ALL
    SELECT status FROM execution WHERE tenant = %(tenant)s AND created_at >= %(since)s AND ended_at IS NOT NULL
) AS run
GROUP BY status
ORDER BY status;

-- idle_executions --
-- Runs that have not ended and that nothing was heard of since a time.
SELECT execution_id, attempt,
    EXISTS (
        SELECT 1 FROM execution_step AS step
        WHERE step.tenant = run.tenant AND step.execution_id = run.execution_id AND step.step = 'roll_back_asked'
    ) AS is_roll_back
FROM execution AS run
WHERE tenant = %(tenant)s AND ended_at IS NULL AND updated_at < %(since)s
ORDER BY updated_at
LIMIT %(most)s;

-- say_execution --
-- Where a run stands now.
UPDATE execution
SET status = %(status)s, code = %(code)s, says = %(says)s, updated_at = %(now)s,
    ended_at = CASE WHEN %(is_end)s THEN %(now)s::timestamptz END,
    approval_id = coalesce(%(approval_id)s, approval_id),
    receipt = coalesce(receipt, %(receipt)s)
WHERE tenant = %(tenant)s AND execution_id = %(execution_id)s;

-- take_execution_up --
-- Hand a run to the engine once more, unless another server was quicker.
UPDATE execution
SET attempt = attempt + 1, updated_at = %(now)s
WHERE tenant = %(tenant)s AND execution_id = %(execution_id)s AND attempt = %(attempt)s;

-- add_execution_step --
-- What a step found or did; nothing, if it is known already.
INSERT INTO execution_step (tenant, execution_id, step, document, at)
VALUES (%(tenant)s, %(execution_id)s, %(step)s, %(document)s, %(now)s)
ON CONFLICT DO NOTHING;

-- execution_steps --
-- What every step of a run found or did, in the order in which they ended.
SELECT step, document, at
FROM execution_step
WHERE tenant = %(tenant)s AND execution_id = %(execution_id)s
ORDER BY number;

-- recent_executions --
-- The runs that changed something, or are about to, since a time: what rates count.
SELECT action, component, created_at
FROM execution
WHERE tenant = %(tenant)s AND created_at >= %(since)s AND execution_id <> %(execution_id)s
    AND status IN ('applying', 'verifying', 'reverting', 'succeeded', 'reverted', 'failed_and_reverted', 'needs_person',
        'cannot_tell')
ORDER BY created_at;

-- know_target --
-- A row for the target, so that it can be held.
INSERT INTO target_hold (tenant, component, since)
VALUES (%(tenant)s, %(component)s, %(now)s)
ON CONFLICT DO NOTHING;

-- hold_target --
-- Hold the target for a run, with a fence that nobody had before; nothing, if another run holds it.
UPDATE target_hold
SET execution_id = %(execution_id)s, fence = nextval('fence'), since = %(now)s
WHERE tenant = %(tenant)s AND component = %(component)s
    AND (execution_id IS NULL OR execution_id = %(execution_id)s)
RETURNING fence;

-- still_holds_target --
-- Whether the run holds the target with this fence; nobody takes it before the transaction ends.
SELECT 1 AS yes
FROM target_hold
WHERE tenant = %(tenant)s AND component = %(component)s AND execution_id = %(execution_id)s AND fence = %(fence)s
FOR SHARE;

-- release_target --
-- Give the target back.
UPDATE target_hold
SET execution_id = NULL, since = %(now)s
WHERE tenant = %(tenant)s AND component = %(component)s AND execution_id = %(execution_id)s;

-- held_locks --
-- The numbers of the advisory locks of a class that are held, by whomever.
SELECT DISTINCT objid::bigint AS number
FROM pg_locks
WHERE locktype = 'advisory' AND granted AND objsubid = 2 AND classid::bigint = %(lock_class)s
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database());
