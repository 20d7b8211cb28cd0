-- add_agent --
-- An attestation of an agent, in the transaction's tenant.
INSERT INTO agent (tenant, agent_id, issuer, subject, name, version, description_digest, attested_at, until)
VALUES (
    %(tenant)s, %(agent_id)s, %(issuer)s, %(subject)s, %(name)s, %(version)s, %(description_digest)s,
    %(attested_at)s, %(until)s
);

-- agents --
-- The attestations of the transaction's tenant, those that have ended among them, in the order they were made.
SELECT agent_id, issuer, subject, name, version, description_digest, attested_at, until, revoked_at
FROM agent
WHERE tenant = %(tenant)s
ORDER BY attested_at, agent_id
LIMIT %(most)s;

-- agent_in_force --
-- An attestation of this agent that holds at this time.
SELECT agent_id
FROM agent
WHERE tenant = %(tenant)s AND issuer = %(issuer)s AND subject = %(subject)s
    AND revoked_at IS NULL AND attested_at <= %(now)s AND %(now)s < until
LIMIT 1;

-- revoke_agent --
-- Takes an attestation back, once.
UPDATE agent
SET revoked_at = %(at)s
WHERE tenant = %(tenant)s AND agent_id = %(agent_id)s AND revoked_at IS NULL
RETURNING issuer, subject;
