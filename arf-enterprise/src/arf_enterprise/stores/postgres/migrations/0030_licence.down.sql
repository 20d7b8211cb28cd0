-- Everything 0030 made.
DROP TABLE arf.licence_usage;
DROP TABLE arf.licence_seat;
DROP TABLE arf.licence_node;
DROP TRIGGER stays ON arf.installation;
DROP TRIGGER is_kept ON arf.installation;
DROP TRIGGER goes_forward ON arf.installation;
DROP FUNCTION arf.refuse_earlier_time();
ALTER TABLE arf.installation DROP COLUMN behind_since, DROP COLUMN ahead_for, DROP COLUMN ahead_last;
DROP TABLE arf.licence_revocations;
DROP FUNCTION arf.refuse_older_revocations();
DROP TABLE arf.licence;
