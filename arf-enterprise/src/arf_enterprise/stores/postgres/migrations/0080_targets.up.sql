-- The inventory of targets: every version that was ever in force, as it was written. The latest is in force.
CREATE TABLE arf.targets_version (
    tenant text NOT NULL REFERENCES arf.tenant,
    version integer NOT NULL CHECK (version >= 1),
    digest text NOT NULL CHECK (digest ~ '^sha256:[0-9a-f]{64}$'),
    file text NOT NULL CHECK (length(file) BETWEEN 1 AND 1000),
    content text NOT NULL CHECK (length(content) BETWEEN 1 AND 262144),
    issuer text NOT NULL,
    author text NOT NULL,
    pushed_at timestamptz NOT NULL,
    PRIMARY KEY (tenant, version)
);

ALTER TABLE arf.targets_version ENABLE ROW LEVEL SECURITY;
ALTER TABLE arf.targets_version FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON arf.targets_version
    USING (tenant = arf.current_tenant()) WITH CHECK (tenant = arf.current_tenant());
GRANT SELECT, INSERT ON arf.targets_version TO arf_app;

CREATE TRIGGER only_grows BEFORE UPDATE OR DELETE ON arf.targets_version
    FOR EACH ROW EXECUTE FUNCTION arf.refuse_change();
CREATE TRIGGER is_kept BEFORE TRUNCATE ON arf.targets_version
    FOR EACH STATEMENT EXECUTE FUNCTION arf.refuse_change();
