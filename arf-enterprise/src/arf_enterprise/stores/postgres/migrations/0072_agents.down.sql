-- Everything 0072 made.
DROP TABLE arf.agent;
