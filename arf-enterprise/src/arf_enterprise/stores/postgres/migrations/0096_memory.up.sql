-- Incidents that are remembered, without a limit, and the settings that came with them from the open edition.

-- embedding is an array of the core, so the table is there on every Postgres; only what searches it needs pgvector.
-- embedder is its name and dimensions: vectors of two embedders are never compared. number grows with each remembering.
CREATE TABLE arf.memory_incident (
    tenant text NOT NULL REFERENCES arf.tenant,
    embedder text NOT NULL CHECK (char_length(embedder) BETWEEN 1 AND 200),
    incident_id text NOT NULL CHECK (char_length(incident_id) BETWEEN 1 AND 2000),
    number bigint GENERATED ALWAYS AS IDENTITY,
    occurred_at timestamptz NOT NULL,
    component text,
    fault_type text,
    outcome text NOT NULL CHECK (outcome IN ('healed', 'not_healed', 'unknown')),
    -- The incident as canonical JSON, schema arf.incident/1.
    content text NOT NULL,
    dimensions integer NOT NULL CHECK (dimensions BETWEEN 16 AND 4096 AND dimensions = cardinality(embedding)),
    embedding real[] NOT NULL,
    PRIMARY KEY (tenant, embedder, incident_id)
);
CREATE INDEX memory_incident_by_time ON arf.memory_incident (tenant, embedder, occurred_at);
CREATE INDEX memory_incident_by_component ON arf.memory_incident (tenant, embedder, component, occurred_at);
CREATE INDEX memory_incident_by_finding
    ON arf.memory_incident (tenant, embedder, (fault_type IS NULL), occurred_at DESC, number DESC);
CREATE INDEX memory_incident_by_number ON arf.memory_incident (tenant, embedder, number);

CREATE TABLE arf.advisor_setting (
    tenant text NOT NULL REFERENCES arf.tenant,
    name text NOT NULL CHECK (name ~ '^[A-Za-z][A-Za-z0-9_]{0,62}$'),
    value text NOT NULL,
    PRIMARY KEY (tenant, name)
);

DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['memory_incident', 'advisor_setting'] LOOP
        EXECUTE format('ALTER TABLE arf.%I ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format('ALTER TABLE arf.%I FORCE ROW LEVEL SECURITY', name);
        EXECUTE format(
            'CREATE POLICY own_tenant ON arf.%I USING (tenant = arf.current_tenant()) WITH CHECK (tenant = arf.current_tenant())',
            name
        );
    END LOOP;
END
$$;
GRANT SELECT, INSERT, DELETE ON arf.memory_incident TO arf_app;
GRANT UPDATE (number, occurred_at, component, fault_type, outcome, content, dimensions, embedding)
    ON arf.memory_incident TO arf_app;
GRANT SELECT, INSERT, DELETE ON arf.advisor_setting TO arf_app;
GRANT UPDATE (value) ON arf.advisor_setting TO arf_app;

-- The indexes that find similar incidents, for the dimensions that embedders have. Where pgvector comes later, the owner
-- of the schema calls this once: SELECT arf.index_memory(). True, if they are there now.
CREATE FUNCTION arf.index_memory() RETURNS boolean
LANGUAGE plpgsql
AS $$
DECLARE
    space text := (
        SELECT quote_ident(nspname) FROM pg_extension JOIN pg_namespace ON pg_namespace.oid = extnamespace
        WHERE extname = 'vector'
    );
    wanted integer;
BEGIN
    IF space IS NULL THEN
        RETURN false;
    END IF;
    FOREACH wanted IN ARRAY ARRAY[128, 256] LOOP
        EXECUTE format(
            'CREATE INDEX IF NOT EXISTS memory_incident_near_%1$s ON arf.memory_incident
                USING hnsw ((embedding::%2$s.vector(%1$s)) %2$s.vector_cosine_ops)
                WITH (m = 16, ef_construction = 64) WHERE dimensions = %1$s',
            wanted, space
        );
    END LOOP;
    RETURN true;
END
$$;
REVOKE EXECUTE ON FUNCTION arf.index_memory() FROM PUBLIC;
SELECT arf.index_memory();
