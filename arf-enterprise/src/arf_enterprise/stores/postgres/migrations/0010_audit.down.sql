-- Takes the audit log away, with everything in it.
DROP FUNCTION arf.tenants_that_wait(), arf.waiting_audit_entries(text, boolean, bigint);
DROP FUNCTION arf.append_audit_entry(text, text, text);
DROP TABLE arf.audit_key_revocation, arf.audit_key, arf.audit_subject_key, arf.audit_subject;
DROP TABLE arf.audit_checkpoint, arf.audit_node, arf.audit_leaf, arf.audit_entry;
ALTER TABLE arf.installation DROP COLUMN pepper;
