-- Everything 0070 made.
DROP TABLE arf.approval_callback;
DROP TABLE arf.approval_vote;
DROP TABLE arf.approval;
DROP FUNCTION arf.end_approval_once();
