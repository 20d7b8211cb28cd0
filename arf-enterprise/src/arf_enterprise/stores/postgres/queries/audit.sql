-- append_audit_entry --
-- One entry, in the transaction of the change it describes.
SELECT append_audit_entry(%(tenant)s, %(entry_id)s, %(body)s);

-- lock_audit_log --
-- Whether this transaction is the one that may sequence the tenant's log.
SELECT pg_try_advisory_xact_lock(hashtextextended('arf.audit/' || %(tenant)s, 0)) AS is_ours;

-- audit_size --
-- How many leaves the log has.
SELECT coalesce(max(sequence) + 1, 0) AS size FROM audit_leaf WHERE tenant = %(tenant)s;

-- settled_audit_entries --
-- Entries that are no leaves yet and whose transactions are settled, in order.
SELECT entry.xid::text AS xid, entry.place AS position, entry.entry_id, entry.body
FROM waiting_audit_entries(%(tenant)s, true, %(most)s) AS entry
LIMIT %(most)s;

-- add_audit_leaves --
-- Leaves of the log, in order, beginning with a sequence number.
INSERT INTO audit_leaf (tenant, sequence, xid, position, entry_id, at, action, object, subject)
SELECT
    %(tenant)s, %(first)s + listed.number - 1, listed.xid::xid8, listed.position, listed.entry_id,
    listed.at, listed.action, listed.object, listed.subject
FROM unnest(
    %(xids)s::text[], %(positions)s::bigint[], %(entry_ids)s::text[],
    %(at)s::timestamptz[], %(actions)s::text[], %(objects)s::text[], %(subjects)s::text[]
) WITH ORDINALITY AS listed (xid, position, entry_id, at, action, object, subject, number);

-- add_audit_nodes --
-- Nodes of the tree that are new.
INSERT INTO audit_node (tenant, level, index, hash)
SELECT %(tenant)s, made.level, made.index, made.hash
FROM unnest(%(levels)s::smallint[], %(indexes)s::bigint[], %(hashes)s::bytea[]) AS made (level, index, hash);

-- audit_nodes --
-- Nodes of the tree by their places.
SELECT node.level, node.index, node.hash
FROM unnest(%(levels)s::smallint[], %(indexes)s::bigint[]) AS asked (level, index)
CROSS JOIN LATERAL (
    SELECT * FROM audit_node AS one
    WHERE one.tenant = %(tenant)s AND one.level = asked.level AND one.index = asked.index
    OFFSET 0
) AS node;

-- add_audit_checkpoint --
-- A signed checkpoint.
INSERT INTO audit_checkpoint (tenant, size, signed_at, key_id, note)
VALUES (%(tenant)s, %(size)s, %(signed_at)s, %(key_id)s, %(note)s);

-- latest_audit_checkpoint --
-- The latest checkpoint of the tenant.
SELECT size, signed_at, key_id, note FROM audit_checkpoint WHERE tenant = %(tenant)s ORDER BY size DESC LIMIT 1;

-- audit_checkpoint_of --
-- The checkpoint of a size.
SELECT size, signed_at, key_id, note FROM audit_checkpoint WHERE tenant = %(tenant)s AND size = %(size)s;

-- audit_checkpoints_near --
-- The sizes of the checkpoints next below and above one.
SELECT
    (SELECT max(size) FROM audit_checkpoint WHERE tenant = %(tenant)s AND size < %(size)s) AS below,
    (SELECT min(size) FROM audit_checkpoint WHERE tenant = %(tenant)s AND size > %(size)s) AS above;

-- audit_records --
-- The records from one sequence number up to another, in order; each looked up by itself, however little is known of the
-- tables' sizes.
SELECT
    leaf.sequence,
    leaf.at,
    leaf.action,
    (
        SELECT entry.body FROM audit_entry AS entry
        WHERE entry.tenant = leaf.tenant AND entry.xid = leaf.xid AND entry.position = leaf.position
    ) AS body,
    (
        SELECT node.hash FROM audit_node AS node
        WHERE node.tenant = leaf.tenant AND node.level = 0 AND node.index = leaf.sequence
    ) AS hash
FROM audit_leaf AS leaf
WHERE leaf.tenant = %(tenant)s AND leaf.sequence >= %(first)s AND leaf.sequence < %(last)s
ORDER BY leaf.sequence;

-- audit_range_of_times --
-- From which sequence number up to which the records of a time stand. Records are in the order of their commits.
SELECT min(sequence) AS first, max(sequence) + 1 AS last
FROM audit_leaf
WHERE tenant = %(tenant)s
    AND at >= coalesce(%(start)s::timestamptz, '-infinity')
    AND at < coalesce(%(end)s::timestamptz, 'infinity');

-- unsequenced_audit_entries --
-- How many entries wait to become leaves, and the oldest of them: its id begins with its time.
SELECT count(*) AS waiting, min(entry_id) AS oldest
FROM waiting_audit_entries(%(tenant)s, false, 1000000);

-- tenants_that_wait --
-- The tenants that have entries waiting.
SELECT tenant FROM tenants_that_wait() AS tenant;

-- installation --
-- What this installation is called, what hides subjects in its log, and the highest time it has seen.
SELECT installation_id, pepper, highest_time FROM installation;

-- add_audit_key --
-- A key that signs from now on, if it is new.
INSERT INTO audit_key (key_id, public_key, first_used) VALUES (%(key_id)s, %(public_key)s, %(now)s)
ON CONFLICT DO NOTHING;

-- audit_keys --
-- Every key that signed, and from when on it is revoked.
SELECT known.key_id, known.public_key, known.first_used, min(revocation.revoked_from) AS revoked_from
FROM audit_key AS known
LEFT JOIN audit_key_revocation AS revocation USING (key_id)
GROUP BY known.key_id, known.public_key, known.first_used
ORDER BY known.first_used, known.key_id;

-- revoke_audit_key --
-- A key is revoked from a time on; an earlier time counts.
INSERT INTO audit_key_revocation (key_id, revoked_from, said_at) VALUES (%(key_id)s, %(revoked_from)s, %(now)s)
ON CONFLICT DO NOTHING;

-- audit_leaf_hash --
-- The hash of the leaf of a sequence number.
SELECT hash FROM audit_node WHERE tenant = %(tenant)s AND level = 0 AND index = %(sequence)s;

-- audit_sequences_of_subject --
-- The records that a person has made: their numbers, months and entries.
SELECT sequence, entry_id, at FROM audit_leaf WHERE tenant = %(tenant)s AND subject = %(ref)s ORDER BY sequence;

-- audit_evidence --
-- The records of some actions in a window of time and of the log: their numbers and the hashes of their leaves.
SELECT leaf.sequence, node.hash
FROM audit_leaf AS leaf
CROSS JOIN LATERAL (
    SELECT one.hash FROM audit_node AS one
    WHERE one.tenant = leaf.tenant AND one.level = 0 AND one.index = leaf.sequence
    OFFSET 0
) AS node
WHERE leaf.tenant = %(tenant)s AND leaf.sequence >= %(first)s AND leaf.sequence < %(last)s
    AND leaf.at >= %(start)s AND leaf.at < %(end)s
    AND (leaf.action = ANY(%(actions)s::text[]) OR leaf.action LIKE ANY(%(families)s::text[]))
ORDER BY leaf.sequence;
