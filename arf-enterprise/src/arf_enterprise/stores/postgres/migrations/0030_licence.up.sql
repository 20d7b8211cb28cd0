-- Licences. All of this is of the installation, not of a tenant: one licence, one clock and one list of revocations
-- count for all tenants, and nothing here names a person.

-- Licences that were installed, in order: the last one counts.
CREATE TABLE arf.licence (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    licence_id text NOT NULL CHECK (char_length(licence_id) BETWEEN 1 AND 200),
    digest text NOT NULL CHECK (digest ~ '^sha256:[0-9a-f]{64}$'),
    key text NOT NULL CHECK (octet_length(key) BETWEEN 1 AND 16384),
    installed_at timestamptz NOT NULL
);

-- The vendor's lists of revoked licences, of the development key and of the others. The number only goes up.
CREATE TABLE arf.licence_revocations (
    is_development boolean NOT NULL,
    number bigint NOT NULL CHECK (number >= 0),
    list bytea NOT NULL,
    installed_at timestamptz NOT NULL,
    PRIMARY KEY (is_development, number)
);
CREATE FUNCTION arf.refuse_older_revocations() RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('arf.licence_revocations', 0));
    IF EXISTS (
        SELECT 1 FROM arf.licence_revocations AS known
        WHERE known.is_development = NEW.is_development AND known.number >= NEW.number
    ) THEN
        RAISE EXCEPTION 'there is a list of revocations with this number or a higher one' USING ERRCODE = 'unique_violation';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER number_goes_up BEFORE INSERT ON arf.licence_revocations
    FOR EACH ROW EXECUTE FUNCTION arf.refuse_older_revocations();

-- What the clock showed beyond the highest time, and for how long; and since when it is behind (licensing.clock).
ALTER TABLE arf.installation
    ADD COLUMN ahead_last timestamptz,
    ADD COLUMN ahead_for interval NOT NULL DEFAULT '0',
    ADD COLUMN behind_since timestamptz;
-- What the database's clock said when the row was made is no observation of ours.
UPDATE arf.installation SET highest_time = '2026-01-01T00:00:00Z';
GRANT UPDATE (ahead_last, ahead_for, behind_since) ON arf.installation TO arf_app;
CREATE FUNCTION arf.refuse_earlier_time() RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    IF NEW.highest_time < OLD.highest_time THEN
        RAISE EXCEPTION 'the highest time seen only goes forward' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER goes_forward BEFORE UPDATE ON arf.installation
    FOR EACH ROW EXECUTE FUNCTION arf.refuse_earlier_time();
CREATE TRIGGER is_kept BEFORE DELETE ON arf.installation FOR EACH ROW EXECUTE FUNCTION arf.refuse_change();
CREATE TRIGGER stays BEFORE TRUNCATE ON arf.installation FOR EACH STATEMENT EXECUTE FUNCTION arf.refuse_change();

-- Who holds the places for servers. That a place is held is said by an advisory lock; this says by whom.
CREATE TABLE arf.licence_node (
    place integer PRIMARY KEY CHECK (place > 0),
    node_id text NOT NULL CHECK (char_length(node_id) BETWEEN 1 AND 200),
    held_since timestamptz NOT NULL,
    seen_at timestamptz NOT NULL
);

-- Who took a seat in a month, by a name that is hidden: HMAC-SHA-256 under the installation's pepper.
CREATE TABLE arf.licence_seat (
    month date NOT NULL CHECK (extract(day FROM month) = 1),
    person bytea NOT NULL CHECK (octet_length(person) = 32),
    PRIMARY KEY (month, person)
);

-- What is to be reported to a marketplace: the id is the idempotency key.
CREATE TABLE arf.licence_usage (
    usage_id text PRIMARY KEY,
    dimension text NOT NULL CHECK (dimension ~ '^[a-z][a-z0-9_]{0,63}$'),
    quantity bigint NOT NULL CHECK (quantity > 0),
    at timestamptz NOT NULL,
    answered_at timestamptz,
    answer text CHECK (answer IN ('taken', 'refused')),
    CHECK ((answered_at IS NULL) = (answer IS NULL))
);
CREATE INDEX licence_usage_waiting ON arf.licence_usage (usage_id) WHERE answered_at IS NULL;
CREATE TRIGGER is_kept BEFORE DELETE ON arf.licence_usage FOR EACH ROW EXECUTE FUNCTION arf.refuse_change();

DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['licence', 'licence_revocations', 'licence_seat'] LOOP
        EXECUTE format(
            'CREATE TRIGGER only_grows BEFORE UPDATE OR DELETE ON arf.%I FOR EACH ROW EXECUTE FUNCTION arf.refuse_change()',
            name
        );
        EXECUTE format(
            'CREATE TRIGGER stays BEFORE TRUNCATE ON arf.%I FOR EACH STATEMENT EXECUTE FUNCTION arf.refuse_change()',
            name
        );
    END LOOP;
END
$$;
GRANT SELECT, INSERT ON arf.licence, arf.licence_revocations, arf.licence_seat, arf.licence_usage, arf.licence_node
    TO arf_app;
GRANT UPDATE (answered_at, answer) ON arf.licence_usage TO arf_app;
GRANT UPDATE (node_id, held_since, seen_at) ON arf.licence_node TO arf_app;
