-- append_audit_entry --
-- One entry, in the transaction of the change it describes.
INSERT INTO audit_entry (tenant, entry_id, at, action, object, body)
VALUES (%(tenant)s, %(entry_id)s, %(at)s, %(action)s, %(object)s, %(body)s);

-- lock_audit_log --
-- Whether this transaction is the one that may sequence the tenant's log.
SELECT pg_try_advisory_xact_lock(hashtextextended('arf.audit/' || %(tenant)s, 0)) AS is_ours;

-- audit_end --
-- How many leaves the log has, and which entry the last one is.
SELECT leaf.sequence + 1 AS size, entry.xid::text AS xid, entry.position
FROM audit_leaf AS leaf
JOIN audit_entry AS entry USING (tenant, entry_id)
WHERE leaf.tenant = %(tenant)s
ORDER BY leaf.sequence DESC
LIMIT 1;

-- settled_audit_entries --
-- Entries after the last leaf whose transactions are settled: none can come before one of them any more.
SELECT entry_id, body
FROM audit_entry
WHERE tenant = %(tenant)s
    AND (xid, position) > (%(xid)s::xid8, %(position)s)
    AND xid < pg_snapshot_xmin(pg_current_snapshot())
ORDER BY xid, position
LIMIT %(most)s;

-- add_audit_leaves --
-- Leaves of the log, in order, beginning with a sequence number.
INSERT INTO audit_leaf (tenant, sequence, entry_id)
SELECT %(tenant)s, %(first)s + listed.number - 1, listed.entry_id
FROM unnest(%(entry_ids)s::text[]) WITH ORDINALITY AS listed (entry_id, number);

-- add_audit_nodes --
-- Nodes of the tree that are new.
INSERT INTO audit_node (tenant, level, index, hash)
SELECT %(tenant)s, made.level, made.index, made.hash
FROM unnest(%(levels)s::smallint[], %(indexes)s::bigint[], %(hashes)s::bytea[]) AS made (level, index, hash);

-- audit_nodes --
-- Nodes of the tree by their places.
SELECT node.level, node.index, node.hash
FROM unnest(%(levels)s::smallint[], %(indexes)s::bigint[]) AS asked (level, index)
JOIN audit_node AS node ON node.tenant = %(tenant)s AND node.level = asked.level AND node.index = asked.index;

-- add_audit_checkpoint --
-- A signed checkpoint.
INSERT INTO audit_checkpoint (tenant, size, signed_at, note) VALUES (%(tenant)s, %(size)s, %(signed_at)s, %(note)s);

-- latest_audit_checkpoint --
-- The latest checkpoint of the tenant.
SELECT size, signed_at, note FROM audit_checkpoint WHERE tenant = %(tenant)s ORDER BY size DESC LIMIT 1;

-- audit_records --
-- The records from one sequence number up to another, in order.
SELECT leaf.sequence, entry.body, node.hash
FROM audit_leaf AS leaf
JOIN audit_entry AS entry USING (tenant, entry_id)
JOIN audit_node AS node ON node.tenant = leaf.tenant AND node.level = 0 AND node.index = leaf.sequence
WHERE leaf.tenant = %(tenant)s AND leaf.sequence >= %(first)s AND leaf.sequence < %(last)s
ORDER BY leaf.sequence;

-- unsequenced_audit_entries --
-- How many entries wait to become leaves.
SELECT count(*) AS waiting
FROM audit_entry AS entry
WHERE entry.tenant = %(tenant)s
    AND NOT EXISTS (SELECT 1 FROM audit_leaf WHERE tenant = entry.tenant AND entry_id = entry.entry_id);

-- installation --
-- What this installation is called, what hides subjects in its log, and the highest time it has seen.
SELECT installation_id, pepper, highest_time FROM installation;

-- find_audit_subject --
-- The reference and the key of a subject, by its hidden name.
SELECT ref, key FROM audit_subject WHERE tenant = %(tenant)s AND lookup = %(lookup)s;

-- add_audit_subject --
-- A subject that is new; another transaction may have been quicker.
INSERT INTO audit_subject (tenant, ref, lookup, key) VALUES (%(tenant)s, %(ref)s, %(lookup)s, %(key)s)
ON CONFLICT DO NOTHING;

-- erase_audit_subject --
-- Destroys a subject's key.
DELETE FROM audit_subject WHERE tenant = %(tenant)s AND lookup = %(lookup)s RETURNING ref;
