-- Everything 0001 made. The role stays: other databases of the server may use it.
DROP TABLE arf.installation;
DROP TABLE arf.tenant;
DROP FUNCTION arf.refuse_change();
DROP FUNCTION arf.current_tenant();
REVOKE SELECT ON arf.schema_migration FROM arf_app;
REVOKE USAGE ON SCHEMA arf FROM arf_app;
