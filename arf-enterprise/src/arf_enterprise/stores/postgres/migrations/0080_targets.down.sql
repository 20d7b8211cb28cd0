-- Everything 0080 made.
DROP TABLE arf.targets_version;
