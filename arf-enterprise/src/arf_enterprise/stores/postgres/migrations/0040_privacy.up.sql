-- How long personal data are kept, and what may not be erased meanwhile. Every saying is a row that stays.
CREATE TABLE arf.privacy_class (
    tenant text NOT NULL REFERENCES arf.tenant,
    class text NOT NULL CHECK (class ~ '^[a-z][a-z0-9_-]{0,62}$'),
    keep_days integer NOT NULL CHECK (keep_days BETWEEN 1 AND 36500),
    said_at timestamptz NOT NULL,
    PRIMARY KEY (tenant, class, said_at)
);
CREATE TABLE arf.privacy_hold (
    tenant text NOT NULL REFERENCES arf.tenant,
    hold_id text NOT NULL,
    kind text NOT NULL CHECK (kind IN ('subject', 'class')),
    target text NOT NULL,
    reason text NOT NULL,
    placed_at timestamptz NOT NULL,
    PRIMARY KEY (tenant, hold_id)
);
CREATE TABLE arf.privacy_hold_release (
    tenant text NOT NULL REFERENCES arf.tenant,
    hold_id text NOT NULL,
    released_at timestamptz NOT NULL,
    PRIMARY KEY (tenant, hold_id),
    FOREIGN KEY (tenant, hold_id) REFERENCES arf.privacy_hold
);

DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['privacy_class', 'privacy_hold', 'privacy_hold_release'] LOOP
        EXECUTE format('ALTER TABLE arf.%I ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format('ALTER TABLE arf.%I FORCE ROW LEVEL SECURITY', name);
        EXECUTE format(
            'CREATE POLICY own_tenant ON arf.%I USING (tenant = arf.current_tenant()) WITH CHECK (tenant = arf.current_tenant())',
            name
        );
        EXECUTE format('GRANT SELECT, INSERT ON arf.%I TO arf_app', name);
        EXECUTE format(
            'CREATE TRIGGER only_grows BEFORE UPDATE OR DELETE ON arf.%I FOR EACH ROW EXECUTE FUNCTION arf.refuse_change()',
            name
        );
        EXECUTE format(
            'CREATE TRIGGER is_kept BEFORE TRUNCATE ON arf.%I FOR EACH STATEMENT EXECUTE FUNCTION arf.refuse_change()',
            name
        );
    END LOOP;
END
$$;
