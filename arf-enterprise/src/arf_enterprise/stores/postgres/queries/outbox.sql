-- outbox_append --
-- One document of an entity, in the transaction of the change that it tells of.
INSERT INTO outbox (tenant, entry_id, kind, key, document)
VALUES (%(tenant)s, %(entry_id)s, %(kind)s, %(key)s, %(document)s);

-- outbox_append_first --
-- A document of an entity of which nothing was told yet.
INSERT INTO outbox (tenant, entry_id, kind, key, document)
SELECT %(tenant)s, %(entry_id)s, %(kind)s, %(key)s, %(document)s
WHERE NOT EXISTS (
    SELECT FROM outbox WHERE tenant = %(tenant)s AND kind = %(kind)s AND key = %(key)s
);

-- outbox_lock --
-- Whether this transaction is the one that may write the tenant's graph.
SELECT pg_try_advisory_xact_lock(hashtextextended('arf.graph/' || %(tenant)s, 0)) AS is_ours;

-- outbox_horizon --
-- The last place that can be seen, and the transactions between whose numbers some may still run.
SELECT
    coalesce((SELECT max(position) FROM outbox WHERE tenant = %(tenant)s), 0) AS last,
    pg_snapshot_xmin(pg_current_snapshot())::text AS oldest,
    pg_snapshot_xmax(pg_current_snapshot())::text AS next;

-- outbox_at --
-- The entry at a place, by its id.
SELECT entry_id FROM outbox WHERE tenant = %(tenant)s AND position = %(position)s;

-- outbox_after --
-- Entries after a place, up to another, in order.
SELECT position, entry_id, kind, key, document
FROM outbox
WHERE tenant = %(tenant)s AND position > %(after)s AND position <= %(last)s
ORDER BY position
LIMIT %(most)s;

-- outbox_latest --
-- The latest document of every entity.
SELECT DISTINCT ON (kind, key) position, entry_id, kind, key, document
FROM outbox
WHERE tenant = %(tenant)s AND position <= %(last)s
ORDER BY kind, key, position DESC;

-- outbox_latest_of_kind --
-- The latest document of every entity of a kind.
SELECT DISTINCT ON (key) key, document
FROM outbox
WHERE tenant = %(tenant)s AND kind = %(kind)s
ORDER BY key, position DESC;

-- outbox_lag --
-- How many entries the graph does not have yet, and when the oldest of them was written.
SELECT count(*) AS waiting, min(written_at) AS oldest
FROM outbox
WHERE tenant = %(tenant)s
    AND position > coalesce((SELECT position FROM projected WHERE tenant = %(tenant)s), 0);

-- set_projected --
-- How far the graph is.
INSERT INTO projected (tenant, position, at) VALUES (%(tenant)s, %(position)s, %(now)s)
ON CONFLICT (tenant) DO UPDATE SET position = excluded.position, at = excluded.at;
