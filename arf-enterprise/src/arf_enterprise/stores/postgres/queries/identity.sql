-- add_api_key --
-- A new key of the transaction's tenant.
INSERT INTO api_key (tenant, key_id, hash, subject, roles, operations, is_agent, created_at, expires_at)
VALUES (
    %(tenant)s, %(key_id)s, %(hash)s, %(subject)s, %(roles)s, %(operations)s, %(is_agent)s, %(created_at)s,
    %(expires_at)s
);

-- name_api_key --
-- Says which key this transaction is about: its rows can be read, of whatever tenant they are.
SELECT set_config('arf.key_id', %(key_id)s, true);

-- api_key_everywhere --
-- The rows of one key, one for each tenant it is good for.
SELECT
    tenant, key_id, hash, subject, roles, operations, is_agent, created_at, expires_at, last_used_at, revoked_at
FROM api_key
WHERE key_id = %(key_id)s
ORDER BY tenant;

-- api_keys --
-- The keys of the transaction's tenant, without their hashes, in the order in which they were made.
SELECT tenant, key_id, subject, roles, operations, is_agent, created_at, expires_at, last_used_at, revoked_at
FROM api_key
WHERE tenant = %(tenant)s
ORDER BY created_at, key_id
LIMIT %(most)s;

-- revoke_api_key --
-- Revokes a key of the transaction's tenant, once.
UPDATE api_key
SET revoked_at = %(at)s
WHERE tenant = %(tenant)s AND key_id = %(key_id)s AND revoked_at IS NULL;

-- touch_api_key --
-- Notes the hour in which a key was used, unless that is noted already.
UPDATE api_key
SET last_used_at = date_trunc('hour', %(at)s::timestamptz)
WHERE tenant = %(tenant)s AND key_id = %(key_id)s
    AND (last_used_at IS NULL OR last_used_at < date_trunc('hour', %(at)s::timestamptz));

-- tenant_exists --
-- Whether there is a tenant of this name.
SELECT EXISTS (SELECT 1 FROM tenant WHERE tenant = %(tenant)s) AS is_known;
