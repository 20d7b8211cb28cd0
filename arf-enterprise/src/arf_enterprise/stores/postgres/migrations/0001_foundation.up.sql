-- The schema, the role the program works as, tenants, and what row-level security asks.
DO $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'arf_app') THEN
        CREATE ROLE arf_app NOLOGIN NOSUPERUSER NOBYPASSRLS;
    END IF;
END
$$;

GRANT USAGE ON SCHEMA arf TO arf_app;
GRANT SELECT ON arf.schema_migration TO arf_app;

-- The tenant of the transaction; NULL where none was named, and NULL equals nothing: no row is seen or written.
CREATE FUNCTION arf.current_tenant() RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE
AS $$ SELECT nullif(current_setting('arf.tenant', true), '') $$;

-- For tables that only grow: refuses update, delete and truncate, also for the owner.
CREATE FUNCTION arf.refuse_change() RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    RAISE EXCEPTION '% on % is refused: the table only grows', TG_OP, TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END
$$;

CREATE TABLE arf.tenant (
    tenant text PRIMARY KEY CHECK (tenant ~ '^[a-z0-9][a-z0-9_-]{0,62}$'),
    created_at timestamptz NOT NULL DEFAULT now()
);
INSERT INTO arf.tenant (tenant) VALUES ('default');
GRANT SELECT, INSERT ON arf.tenant TO arf_app;

-- One row: what this installation is called in checkpoints, and the highest time it has seen.
CREATE TABLE arf.installation (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    installation_id text NOT NULL,
    highest_time timestamptz NOT NULL DEFAULT now()
);
INSERT INTO arf.installation (installation_id) VALUES (replace(gen_random_uuid()::text, '-', ''));
GRANT SELECT ON arf.installation TO arf_app;
GRANT UPDATE (highest_time) ON arf.installation TO arf_app;
