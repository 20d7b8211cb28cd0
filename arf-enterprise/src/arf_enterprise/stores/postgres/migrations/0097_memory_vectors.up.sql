-- What incidents look like, each picture once: alerts repeat, and an index of near neighbours in which many are the same
-- falls apart into islands that a search does not leave. Half precision finds candidates; scores are made from real[].

CREATE FUNCTION arf.vector_digest(embedding real[]) RETURNS bytea
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN substring(sha256(array_send(embedding)) FOR 16);

CREATE TABLE arf.memory_vector (
    tenant text NOT NULL REFERENCES arf.tenant,
    embedder text NOT NULL CHECK (char_length(embedder) BETWEEN 1 AND 200),
    digest bytea NOT NULL CHECK (digest = arf.vector_digest(embedding)),
    dimensions integer NOT NULL CHECK (dimensions BETWEEN 16 AND 4096 AND dimensions = cardinality(embedding)),
    embedding real[] NOT NULL,
    PRIMARY KEY (tenant, embedder, digest)
);

-- The owner, too, is under the tables' row-level security; a migration is for every tenant.
ALTER TABLE arf.memory_incident NO FORCE ROW LEVEL SECURITY;
ALTER TABLE arf.memory_incident ADD vector bytea;
UPDATE arf.memory_incident SET vector = arf.vector_digest(embedding);
INSERT INTO arf.memory_vector (tenant, embedder, digest, dimensions, embedding)
SELECT DISTINCT ON (tenant, embedder, vector) tenant, embedder, vector, dimensions, embedding FROM arf.memory_incident;
DROP INDEX IF EXISTS arf.memory_incident_near_128, arf.memory_incident_near_256;
ALTER TABLE arf.memory_incident
    DROP embedding, DROP dimensions, ALTER vector SET NOT NULL,
    ADD FOREIGN KEY (tenant, embedder, vector) REFERENCES arf.memory_vector (tenant, embedder, digest);
ALTER TABLE arf.memory_incident FORCE ROW LEVEL SECURITY;
CREATE INDEX memory_incident_by_vector ON arf.memory_incident (tenant, embedder, vector, number);

ALTER TABLE arf.memory_vector ENABLE ROW LEVEL SECURITY;
ALTER TABLE arf.memory_vector FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON arf.memory_vector
    USING (tenant = arf.current_tenant()) WITH CHECK (tenant = arf.current_tenant());
GRANT SELECT, INSERT, DELETE ON arf.memory_vector TO arf_app;
GRANT UPDATE (vector) ON arf.memory_incident TO arf_app;

CREATE OR REPLACE FUNCTION arf.index_memory() RETURNS boolean
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
            'CREATE INDEX IF NOT EXISTS memory_vector_near_%1$s ON arf.memory_vector
                USING hnsw ((embedding::%2$s.halfvec(%1$s)) %2$s.halfvec_cosine_ops)
                WITH (m = 24, ef_construction = 128) WHERE dimensions = %1$s',
            wanted, space
        );
    END LOOP;
    RETURN true;
END
$$;
SELECT arf.index_memory();
