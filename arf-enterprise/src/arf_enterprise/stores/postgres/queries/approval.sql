-- add_approval --
-- A request for approval, if the execution has none yet.
INSERT INTO approval (
    tenant, approval_id, execution_id, intent_digest, change_digest, policy_digest, state_digest, executor,
    requester_issuer, requester_subject, requester_reference, quorum, shown, asked_at, expires_at
)
VALUES (
    %(tenant)s, %(approval_id)s, %(execution_id)s, %(intent_digest)s, %(change_digest)s, %(policy_digest)s,
    %(state_digest)s, %(executor)s, %(requester_issuer)s, %(requester_subject)s, %(requester_reference)s, %(quorum)s,
    %(shown)s, %(asked_at)s, %(expires_at)s
)
ON CONFLICT (tenant, execution_id) DO NOTHING;

-- approval --
-- One request of the transaction's tenant.
SELECT
    tenant, approval_id, execution_id, intent_digest, change_digest, policy_digest, state_digest, executor,
    requester_issuer, requester_subject, requester_reference, quorum, shown, asked_at, expires_at, ended, ended_at
FROM approval
WHERE tenant = %(tenant)s AND approval_id = %(approval_id)s;

-- approval_locked --
-- One request of the transaction's tenant, which nobody else votes on or uses until the transaction has ended.
SELECT
    tenant, approval_id, execution_id, intent_digest, change_digest, policy_digest, state_digest, executor,
    requester_issuer, requester_subject, requester_reference, quorum, shown, asked_at, expires_at, ended, ended_at
FROM approval
WHERE tenant = %(tenant)s AND approval_id = %(approval_id)s
FOR UPDATE;

-- approval_of_execution --
-- The request of one execution.
SELECT
    tenant, approval_id, execution_id, intent_digest, change_digest, policy_digest, state_digest, executor,
    requester_issuer, requester_subject, requester_reference, quorum, shown, asked_at, expires_at, ended, ended_at
FROM approval
WHERE tenant = %(tenant)s AND execution_id = %(execution_id)s;

-- approvals --
-- The requests of the transaction's tenant, the latest first; those that wait, or all.
SELECT
    tenant, approval_id, execution_id, intent_digest, change_digest, policy_digest, state_digest, executor,
    requester_issuer, requester_subject, requester_reference, quorum, shown, asked_at, expires_at, ended, ended_at
FROM approval
WHERE tenant = %(tenant)s AND (NOT %(only_waiting)s OR (ended IS NULL AND expires_at > %(now)s))
ORDER BY asked_at DESC, approval_id DESC
LIMIT %(most)s;

-- approval_votes --
-- What was said to some requests, in the order it was said.
SELECT approval_id, person, approves, issuer, subject, reference, digest, reason, given_at
FROM approval_vote
WHERE tenant = %(tenant)s AND approval_id = ANY(%(approval_ids)s)
ORDER BY given_at, person;

-- add_approval_vote --
-- What one person says to a request.
INSERT INTO approval_vote (
    tenant, approval_id, person, approves, issuer, subject, reference, digest, reason, given_at
)
VALUES (
    %(tenant)s, %(approval_id)s, %(person)s, %(approves)s, %(issuer)s, %(subject)s, %(reference)s, %(digest)s,
    %(reason)s, %(given_at)s
);

-- end_approval --
-- Ends a request, once.
UPDATE approval
SET ended = %(ended)s, ended_at = %(at)s
WHERE tenant = %(tenant)s AND approval_id = %(approval_id)s AND ended IS NULL;

-- take_callback --
-- Notes a callback, if it was not taken before.
INSERT INTO approval_callback (tenant, channel, signature, taken_at)
VALUES (%(tenant)s, %(channel)s, %(signature)s, %(taken_at)s)
ON CONFLICT DO NOTHING;
