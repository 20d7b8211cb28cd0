-- Everything 0010 made.
ALTER TABLE arf.installation DROP COLUMN pepper;
DROP TABLE arf.audit_subject;
DROP TABLE arf.audit_checkpoint;
DROP TABLE arf.audit_node;
DROP TABLE arf.audit_leaf;
DROP TABLE arf.audit_entry;
