-- Everything 0050 made.
DROP TABLE arf.target_hold;
DROP SEQUENCE arf.fence;
DROP TABLE arf.execution_step;
DROP TABLE arf.execution;
DROP FUNCTION arf.keep_ended();
