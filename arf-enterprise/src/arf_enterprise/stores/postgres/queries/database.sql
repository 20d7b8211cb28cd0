-- login_privileges --
-- Whether the current login could get past row-level security, and whether it is a member of arf_app.
SELECT
    role.rolsuper OR role.rolbypassrls OR EXISTS (
        SELECT 1 FROM pg_class AS owned
        JOIN pg_namespace AS space ON space.oid = owned.relnamespace
        WHERE space.nspname = 'arf' AND pg_has_role(session_user, owned.relowner, 'MEMBER')
    ) AS is_privileged,
    pg_has_role(session_user, 'arf_app', 'MEMBER') AS is_member
FROM pg_roles AS role
WHERE role.rolname = session_user;

-- known_tenants --
-- Every tenant, by name.
SELECT tenant, created_at FROM tenant ORDER BY tenant;

-- add_tenant --
-- A tenant that is new.
INSERT INTO tenant (tenant) VALUES (%(tenant)s) ON CONFLICT DO NOTHING;
