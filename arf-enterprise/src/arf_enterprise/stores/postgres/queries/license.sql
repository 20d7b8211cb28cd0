-- install_licence --
-- A licence that counts from now on.
INSERT INTO licence (licence_id, digest, key, installed_at)
VALUES (%(licence_id)s, %(digest)s, %(key)s, %(now)s);

-- installed_licence --
-- The licence that was installed last.
SELECT licence_id, digest, key, installed_at FROM licence ORDER BY number DESC LIMIT 1;

-- lock_licence --
-- One installs at a time, until the transaction ends.
SELECT pg_advisory_xact_lock(hashtextextended('arf.licence', 0)) IS NULL AS is_locked;

-- add_licence_revocations --
-- A list of revocations that takes the place of the one before.
INSERT INTO licence_revocations (is_development, number, list, installed_at)
VALUES (%(is_development)s, %(number)s, %(list)s, %(now)s);

-- licence_revocations --
-- The lists of revocations that count.
SELECT DISTINCT ON (is_development) is_development, number, list
FROM licence_revocations
ORDER BY is_development, number DESC;

-- seen_time --
-- The highest time seen, and what the clock showed beyond it; locked until the transaction ends.
SELECT highest_time, ahead_last, ahead_for, behind_since FROM installation FOR UPDATE;

-- highest_time --
-- The highest time seen.
SELECT highest_time FROM installation;

-- set_seen_time --
-- What the clock showed.
UPDATE installation
SET highest_time = %(highest)s, ahead_last = %(ahead_last)s, ahead_for = %(ahead_for)s, behind_since = %(behind_since)s;

-- sampled_checkpoints --
-- Of the latest checkpoints of the tenant, the first of each ten minutes in which there are some.
SELECT DISTINCT ON (date_bin('10 minutes', signed_at, 'epoch')) size, signed_at, note
FROM (
    SELECT size, signed_at, note FROM audit_checkpoint WHERE tenant = %(tenant)s ORDER BY size DESC LIMIT 20000
) AS latest
ORDER BY date_bin('10 minutes', signed_at, 'epoch'), size;

-- say_licence_node --
-- Which server holds a place.
INSERT INTO licence_node (place, node_id, held_since, seen_at) VALUES (%(place)s, %(node_id)s, %(now)s, %(now)s)
ON CONFLICT (place) DO UPDATE SET
    node_id = excluded.node_id,
    held_since = CASE
        WHEN licence_node.node_id = excluded.node_id THEN licence_node.held_since ELSE excluded.held_since
    END,
    seen_at = excluded.seen_at;

-- licence_nodes --
-- The places that are held now (an advisory lock says so), and by which servers.
SELECT node.place, node.node_id, node.held_since, node.seen_at
FROM licence_node AS node
JOIN pg_locks AS held
    ON held.locktype = 'advisory' AND held.granted AND held.objsubid = 2
        AND held.classid::bigint = %(lock_class)s AND held.objid::bigint = node.place
        AND held.database = (SELECT oid FROM pg_database WHERE datname = current_database())
ORDER BY node.place;

-- lock_licence_seats --
-- One takes a seat at a time, until the transaction ends.
SELECT pg_advisory_xact_lock(hashtextextended('arf.licence_seat', 0)) IS NULL AS is_locked;

-- licence_seats --
-- How many seats are taken in a month, and whether one is this person's.
SELECT count(*) AS taken, coalesce(bool_or(person = %(person)s), false) AS is_theirs
FROM licence_seat WHERE month = %(month)s;

-- take_licence_seat --
-- A person takes a seat for a month.
INSERT INTO licence_seat (month, person) VALUES (%(month)s, %(person)s) ON CONFLICT DO NOTHING;

-- add_licence_usage --
-- Something to report to the marketplace.
INSERT INTO licence_usage (usage_id, dimension, quantity, at)
VALUES (%(usage_id)s, %(dimension)s, %(quantity)s, %(at)s);

-- waiting_licence_usage --
-- What was not reported yet, the oldest first.
SELECT usage_id, dimension, quantity, at FROM licence_usage
WHERE answered_at IS NULL
ORDER BY usage_id
LIMIT %(most)s;

-- answer_licence_usage --
-- What the marketplace answered to a report.
UPDATE licence_usage SET answered_at = %(now)s, answer = %(answer)s
WHERE usage_id = %(usage_id)s AND answered_at IS NULL;

-- try_hold_lock --
-- Whether the lock of a class is ours now, until it is given back or the connection ends.
SELECT pg_try_advisory_lock(%(lock_class)s, %(number)s) AS answer;

-- give_lock_back --
-- Whether the lock of a class was ours, and is given back.
SELECT pg_advisory_unlock(%(lock_class)s, %(number)s) AS answer;

-- is_lock_held --
-- Whether the lock of a class is held by this connection.
SELECT EXISTS (
    SELECT 1 FROM pg_locks
    WHERE locktype = 'advisory' AND granted AND pid = pg_backend_pid() AND objsubid = 2
        AND classid::bigint = %(lock_class)s AND objid::bigint = %(number)s
) AS answer;
