-- one_policy_decider --
-- Waits until nobody else in this tenant decides by its policy, and keeps others waiting until the transaction ends.
SELECT pg_advisory_xact_lock(1885957219, hashtext(%(tenant)s));

-- add_policy_version --
-- A new version of the policy of the transaction's tenant.
INSERT INTO policy_version (tenant, version, digest, file, content, issuer, author, method, pushed_at)
VALUES (
    %(tenant)s, %(version)s, %(digest)s, %(file)s, %(content)s, %(issuer)s, %(author)s, %(method)s, %(pushed_at)s
);

-- add_policy_decision --
-- What somebody decided on a version, once.
INSERT INTO policy_decision (tenant, version, verdict, issuer, subject, reason, decided_at)
VALUES (%(tenant)s, %(version)s, %(verdict)s, %(issuer)s, %(subject)s, %(reason)s, %(decided_at)s);

-- current_policy --
-- The version in force: the highest that was approved.
SELECT pushed.version, pushed.digest, pushed.file, pushed.content
FROM policy_version AS pushed
JOIN policy_decision AS decided USING (tenant, version)
WHERE pushed.tenant = %(tenant)s AND decided.verdict IN ('approved', 'first')
ORDER BY pushed.version DESC
LIMIT 1;

-- latest_policy_version --
-- The number of the last version, whatever became of it; 0 if there is none.
SELECT coalesce(max(version), 0) AS version FROM policy_version WHERE tenant = %(tenant)s;

-- waiting_policy --
-- The last version of a digest on which nobody has decided.
SELECT pushed.version, pushed.digest, pushed.issuer, pushed.author
FROM policy_version AS pushed
LEFT JOIN policy_decision AS decided USING (tenant, version)
WHERE pushed.tenant = %(tenant)s AND pushed.digest = %(digest)s AND decided.version IS NULL
ORDER BY pushed.version DESC
LIMIT 1;

-- policy_by_digest --
-- The text of the last version of a digest.
SELECT version, digest, file, content FROM policy_version
WHERE tenant = %(tenant)s AND digest = %(digest)s
ORDER BY version DESC
LIMIT 1;

-- recorded_rulings --
-- Executions on which the gate has ruled, the latest first: what was wished for, when, and the step that has the ruling.
SELECT execution.execution_id, execution.wished, execution.created_at, step.document
FROM execution
JOIN execution_step AS step USING (tenant, execution_id)
WHERE execution.tenant = %(tenant)s AND step.step = 'decided'
ORDER BY execution.created_at DESC
LIMIT %(most)s;

-- policy_versions --
-- Every version, the latest first, and what was decided on it; without their texts.
SELECT
    pushed.version, pushed.digest, pushed.file, pushed.issuer, pushed.author, pushed.pushed_at,
    decided.verdict, decided.issuer AS decider_issuer, decided.subject AS decider, decided.reason, decided.decided_at
FROM policy_version AS pushed
LEFT JOIN policy_decision AS decided USING (tenant, version)
WHERE pushed.tenant = %(tenant)s
ORDER BY pushed.version DESC
LIMIT %(most)s;
