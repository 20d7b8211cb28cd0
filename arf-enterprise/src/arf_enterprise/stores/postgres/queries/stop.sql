-- add_stop --
-- A stop in the transaction's tenant.
INSERT INTO stop_order (tenant, stop_id, scope, name, reason, pressed_by, pressed_at)
VALUES (%(tenant)s, %(stop_id)s, %(scope)s, %(name)s, %(reason)s, %(pressed_by)s, %(pressed_at)s);

-- add_stop_of_all --
-- A stop of the whole installation.
INSERT INTO stop_of_all (stop_id, reason, pressed_at)
VALUES (%(stop_id)s, %(reason)s, %(pressed_at)s);

-- stop_in_force --
-- The first stop that forbids this action on this component; the widest comes first.
SELECT stop_id, 'all' AS scope, '' AS name, pressed_at, 1 AS width
FROM stop_of_all
WHERE lifted_at IS NULL
UNION ALL
SELECT stop_id, scope, name, pressed_at, CASE scope WHEN 'tenant' THEN 2 ELSE 3 END AS width
FROM stop_order
WHERE tenant = %(tenant)s AND lifted_at IS NULL AND (
    scope = 'tenant'
    OR (scope = 'component' AND name = %(component)s)
    OR (scope = 'action' AND name = %(action)s)
)
ORDER BY width, pressed_at
LIMIT 1;

-- stops --
-- The stops that the transaction's tenant is or was under, the latest first.
SELECT stop_id, scope, name, reason, pressed_by, pressed_at, lifted_at
FROM stop_order
WHERE tenant = %(tenant)s AND (lifted_at IS NULL OR %(with_lifted)s)
UNION ALL
SELECT stop_id, 'all', '', reason, NULL, pressed_at, lifted_at
FROM stop_of_all
WHERE lifted_at IS NULL OR %(with_lifted)s
ORDER BY pressed_at DESC, stop_id DESC
LIMIT %(most)s;

-- one_stop --
-- One stop that the transaction's tenant is or was under.
SELECT stop_id, scope, name, reason, pressed_by, pressed_at, lifted_at
FROM stop_order
WHERE tenant = %(tenant)s AND stop_id = %(stop_id)s
UNION ALL
SELECT stop_id, 'all', '', reason, NULL, pressed_at, lifted_at
FROM stop_of_all
WHERE stop_id = %(stop_id)s;

-- lift_stop --
-- Lifts a stop of the transaction's tenant, once.
UPDATE stop_order
SET lifted_at = %(at)s
WHERE tenant = %(tenant)s AND stop_id = %(stop_id)s AND lifted_at IS NULL;

-- lift_stop_of_all --
-- Lifts a stop of the whole installation, once.
UPDATE stop_of_all
SET lifted_at = %(at)s
WHERE stop_id = %(stop_id)s AND lifted_at IS NULL;
