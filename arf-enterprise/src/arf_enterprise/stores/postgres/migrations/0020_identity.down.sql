-- Everything 0020 made.
DROP TABLE arf.api_key;
DROP FUNCTION arf.keep_revoked();
