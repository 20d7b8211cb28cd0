-- add_targets_version --
-- A new version of the inventory of the transaction's tenant.
INSERT INTO targets_version (tenant, version, digest, file, content, issuer, author, pushed_at)
VALUES (
    %(tenant)s, %(version)s, %(digest)s, %(file)s, %(content)s, %(issuer)s, %(author)s, %(pushed_at)s
);

-- current_targets --
-- The version of the inventory that is in force: the latest.
SELECT version, digest, file, content, issuer, author, pushed_at
FROM targets_version
WHERE tenant = %(tenant)s
ORDER BY version DESC
LIMIT 1;

-- targets_versions --
-- The versions of the inventory, the latest first, without their text.
SELECT version, digest, file, issuer, author, pushed_at
FROM targets_version
WHERE tenant = %(tenant)s
ORDER BY version DESC
LIMIT %(most)s;
