-- login_privileges --
-- What the current login has that could get it past row-level security and grants, whether it has what arf_app has,
-- and how the database is encoded. A role that it could become by SET ROLE counts as it does.
WITH mine AS (
    SELECT oid, rolname, rolsuper, rolbypassrls, rolcreaterole, rolreplication
    FROM pg_roles WHERE pg_has_role(session_user, oid, 'MEMBER')
)
SELECT
    array_remove(ARRAY[
        CASE WHEN bool_or(rolsuper) THEN 'is or can become a superuser' END,
        CASE WHEN bool_or(rolbypassrls) THEN 'has BYPASSRLS' END,
        CASE WHEN bool_or(rolcreaterole) THEN 'has CREATEROLE' END,
        CASE WHEN bool_or(rolreplication) THEN 'has REPLICATION' END,
        CASE WHEN bool_or(rolname IN (
            'pg_read_all_data', 'pg_write_all_data', 'pg_read_server_files', 'pg_write_server_files',
            'pg_execute_server_program'
        )) THEN 'is a member of a role that reads or writes everything' END,
        CASE WHEN EXISTS (
            SELECT 1 FROM pg_namespace AS space
            LEFT JOIN pg_class AS owned ON owned.relnamespace = space.oid
            LEFT JOIN pg_proc AS routine ON routine.pronamespace = space.oid
            WHERE space.nspname = 'arf'
                AND (SELECT array_agg(oid) FROM mine) && ARRAY[space.nspowner, owned.relowner, routine.proowner]
        ) THEN 'owns the schema arf or something in it' END,
        CASE WHEN EXISTS (
            SELECT 1 FROM pg_database WHERE datname = current_database() AND datdba IN (SELECT oid FROM mine)
        ) THEN 'owns the database' END,
        CASE WHEN EXISTS (
            SELECT 1 FROM pg_namespace AS space
            WHERE space.nspname = 'arf' AND has_schema_privilege(session_user, space.oid, 'CREATE')
        ) THEN 'may create in the schema arf' END
    ], NULL) AS too_much,
    coalesce(bool_or(rolname = 'arf_app' AND pg_has_role(session_user, oid, 'USAGE')), false) AS is_member,
    current_setting('server_encoding') AS encoding
FROM mine;

-- owner_lacks --
-- What the current login lacks to migrate, as the statements that give it: the schema is made by it or is its own, and
-- the role arf_app is there or can be made.
SELECT array_remove(ARRAY[
    CASE WHEN NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'arf_app')
        AND NOT (SELECT rolcreaterole OR rolsuper FROM pg_roles WHERE rolname = session_user)
    THEN 'CREATE ROLE arf_app NOLOGIN;' END,
    CASE
        WHEN EXISTS (
            SELECT 1 FROM pg_namespace WHERE nspname = 'arf' AND NOT pg_has_role(session_user, nspowner, 'USAGE')
        ) THEN 'ALTER SCHEMA arf OWNER TO ' || quote_ident(session_user) || ';'
        WHEN NOT EXISTS (SELECT 1 FROM pg_namespace WHERE nspname = 'arf')
            AND NOT has_database_privilege(session_user, current_database(), 'CREATE')
        THEN 'GRANT CREATE ON DATABASE ' || quote_ident(current_database()) || ' TO ' || quote_ident(session_user) || ';'
    END
], NULL) AS lacks;

-- commit_durably --
-- A commit that is answered is written: a setting that says otherwise is put right for this connection.
SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off';

-- known_tenants --
-- Every tenant, by name.
SELECT tenant, created_at FROM tenant ORDER BY tenant;

-- add_tenant --
-- A tenant that is new.
INSERT INTO tenant (tenant) VALUES (%(tenant)s) ON CONFLICT DO NOTHING;

-- examined --
-- What the doctor asks of a database: version, clock, durability, protections that were taken off, pgvector, TLS, backups
-- that can be seen from here, and from how many machines it is served.
SELECT
    current_setting('server_version') AS version,
    (SELECT max(schema_migration.version) FROM schema_migration) AS schema_version,
    clock_timestamp() AS at,
    (SELECT highest_time FROM installation) AS highest_time,
    array(
        SELECT setting.name || ' is ' || setting.setting FROM pg_settings AS setting
        WHERE setting.name IN ('fsync', 'full_page_writes') AND setting.setting <> 'on'
    ) AS not_durable,
    array(
        SELECT relname::text FROM pg_class
        JOIN pg_attribute ON attrelid = pg_class.oid AND attname = 'tenant' AND NOT attisdropped
        WHERE relnamespace = 'arf'::regnamespace AND relkind = 'r' AND relname <> 'tenant'
            AND NOT (relrowsecurity AND relforcerowsecurity)
        ORDER BY relname
    ) AS open_tables,
    array(
        SELECT relname || '.' || tgname FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid
        WHERE relnamespace = 'arf'::regnamespace AND NOT tgisinternal AND tgenabled NOT IN ('O', 'A')
        ORDER BY relname, tgname
    ) AS triggers_off,
    (SELECT rolsuper FROM pg_namespace JOIN pg_roles ON pg_roles.oid = nspowner WHERE nspname = 'arf') AS superuser_owns,
    EXISTS (SELECT 1 FROM pg_extension WHERE extname = 'vector') AS has_vector,
    EXISTS (SELECT 1 FROM pg_available_extensions WHERE name = 'vector') AS may_have_vector,
    coalesce((SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()), false) AS has_tls,
    coalesce(inet_server_addr() <<= '127.0.0.0/8' OR inet_server_addr() = '::1', true) AS is_local,
    current_setting('archive_mode') <> 'off' AS is_archiving,
    (SELECT last_archived_time FROM pg_stat_archiver) AS archived_at,
    (
        SELECT count(DISTINCT client_addr) FROM pg_stat_activity
        WHERE datname = current_database() AND starts_with(application_name, 'arf-enterprise')
    ) AS machines;
