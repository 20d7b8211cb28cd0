-- Stops. One that is lifted stays lifted: to stop again is a new one.
CREATE TABLE arf.stop_order (
    tenant text NOT NULL REFERENCES arf.tenant,
    stop_id text NOT NULL CHECK (stop_id ~ '^stop_[0-9a-f]{32}$'),
    scope text NOT NULL CHECK (scope IN ('tenant', 'component', 'action')),
    -- Of the component or action; '' for the tenant.
    name text NOT NULL CHECK ((name = '') = (scope = 'tenant') AND length(name) <= 200),
    reason text NOT NULL CHECK (length(reason) BETWEEN 1 AND 2000),
    pressed_by text NOT NULL,
    pressed_at timestamptz NOT NULL,
    lifted_at timestamptz,
    PRIMARY KEY (tenant, stop_id)
);
CREATE INDEX stop_in_force ON arf.stop_order (tenant, scope, name) WHERE lifted_at IS NULL;
ALTER TABLE arf.stop_order ENABLE ROW LEVEL SECURITY;
ALTER TABLE arf.stop_order FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON arf.stop_order
    USING (tenant = arf.current_tenant()) WITH CHECK (tenant = arf.current_tenant());

-- Of the installation, not of a tenant: every tenant sees it, and is stopped by it. It names nobody: who pressed or
-- lifted it is in the audit log of the tenant where that was done.
CREATE TABLE arf.stop_of_all (
    stop_id text PRIMARY KEY CHECK (stop_id ~ '^stop_[0-9a-f]{32}$'),
    reason text NOT NULL CHECK (length(reason) BETWEEN 1 AND 2000),
    pressed_at timestamptz NOT NULL,
    lifted_at timestamptz
);
CREATE INDEX stop_of_all_in_force ON arf.stop_of_all (stop_id) WHERE lifted_at IS NULL;

CREATE FUNCTION arf.keep_lifted() RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    IF OLD.lifted_at IS NOT NULL THEN
        RAISE EXCEPTION 'a stop that was lifted stays lifted' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END
$$;

DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['stop_order', 'stop_of_all'] LOOP
        EXECUTE format(
            'CREATE TRIGGER stays_lifted BEFORE UPDATE ON arf.%I FOR EACH ROW EXECUTE FUNCTION arf.keep_lifted()', name
        );
        EXECUTE format(
            'CREATE TRIGGER is_kept BEFORE DELETE ON arf.%I FOR EACH ROW EXECUTE FUNCTION arf.refuse_change()', name
        );
        EXECUTE format(
            'CREATE TRIGGER all_are_kept BEFORE TRUNCATE ON arf.%I FOR EACH STATEMENT EXECUTE FUNCTION arf.refuse_change()',
            name
        );
        EXECUTE format('GRANT SELECT, INSERT, UPDATE (lifted_at) ON arf.%I TO arf_app', name);
    END LOOP;
END
$$;
