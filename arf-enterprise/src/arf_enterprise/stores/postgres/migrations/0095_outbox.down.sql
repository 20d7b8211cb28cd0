DROP TABLE arf.projected;
DROP TABLE arf.outbox;
