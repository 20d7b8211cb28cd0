DROP FUNCTION arf.index_memory();
DROP TABLE arf.advisor_setting;
DROP TABLE arf.memory_incident;
