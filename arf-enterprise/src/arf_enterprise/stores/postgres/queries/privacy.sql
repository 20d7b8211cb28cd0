-- find_audit_subject --
-- The reference of a subject by its hidden name, and the key of a class and month if there is one.
SELECT subject.ref, held.key
FROM audit_subject AS subject
LEFT JOIN audit_subject_key AS held
    ON held.tenant = subject.tenant AND held.ref = subject.ref AND held.class = %(class)s AND held.month = %(month)s
WHERE subject.tenant = %(tenant)s AND subject.lookup = %(lookup)s;

-- add_audit_subject --
-- A subject that is new; another transaction may have been quicker.
INSERT INTO audit_subject (tenant, ref, lookup) VALUES (%(tenant)s, %(ref)s, %(lookup)s)
ON CONFLICT DO NOTHING;

-- add_audit_subject_key --
-- A key of a subject for a class and month; another transaction may have been quicker.
INSERT INTO audit_subject_key (tenant, ref, class, month, key)
VALUES (%(tenant)s, %(ref)s, %(class)s, %(month)s, %(key)s)
ON CONFLICT DO NOTHING;

-- audit_subject_by_lookup --
-- The reference of a subject by its hidden name.
SELECT ref, created_at FROM audit_subject WHERE tenant = %(tenant)s AND lookup = %(lookup)s;

-- audit_subject_keys --
-- Every key of a subject's data.
SELECT class, month, key FROM audit_subject_key WHERE tenant = %(tenant)s AND ref = %(ref)s ORDER BY class, month;

-- erase_audit_subject_keys --
-- Destroys every key of a subject.
DELETE FROM audit_subject_key WHERE tenant = %(tenant)s AND ref = %(ref)s;

-- erase_audit_subject --
-- Forgets who a reference stands for.
DELETE FROM audit_subject WHERE tenant = %(tenant)s AND ref = %(ref)s;

-- expire_audit_subject_keys --
-- Destroys the keys of a class whose months ended before a day, but those of subjects that are held.
DELETE FROM audit_subject_key AS held
WHERE held.tenant = %(tenant)s AND held.class = %(class)s AND held.month + interval '1 month' <= %(before)s::timestamptz
    AND NOT EXISTS (
        SELECT 1 FROM privacy_hold AS hold
        WHERE hold.tenant = held.tenant AND hold.kind = 'subject' AND hold.target = held.ref
            AND NOT EXISTS (
                SELECT 1 FROM privacy_hold_release AS release
                WHERE release.tenant = hold.tenant AND release.hold_id = hold.hold_id
            )
    );

-- set_privacy_class --
-- For how many days personal data of a class are kept, from now on; the latest saying counts.
INSERT INTO privacy_class (tenant, class, keep_days, said_at) VALUES (%(tenant)s, %(class)s, %(keep_days)s, %(now)s);

-- privacy_classes --
-- Every retention class that was set, as it is now.
SELECT DISTINCT ON (class) class, keep_days, said_at FROM privacy_class
WHERE tenant = %(tenant)s ORDER BY class, said_at DESC;

-- lock_privacy --
-- Holds and erasures of a tenant come one after the other.
SELECT pg_advisory_xact_lock(hashtextextended('arf.privacy/' || %(tenant)s, 0));

-- place_privacy_hold --
-- A legal hold on a subject or on a class.
INSERT INTO privacy_hold (tenant, hold_id, kind, target, reason, placed_at)
VALUES (%(tenant)s, %(hold_id)s, %(kind)s, %(target)s, %(reason)s, %(now)s);

-- release_privacy_hold --
-- The end of a legal hold.
INSERT INTO privacy_hold_release (tenant, hold_id, released_at) VALUES (%(tenant)s, %(hold_id)s, %(now)s);

-- privacy_holds --
-- The legal holds that are in force.
SELECT hold.hold_id, hold.kind, hold.target, hold.reason, hold.placed_at FROM privacy_hold AS hold
WHERE hold.tenant = %(tenant)s AND NOT EXISTS (
    SELECT 1 FROM privacy_hold_release AS release
    WHERE release.tenant = hold.tenant AND release.hold_id = hold.hold_id
)
ORDER BY hold.hold_id;
