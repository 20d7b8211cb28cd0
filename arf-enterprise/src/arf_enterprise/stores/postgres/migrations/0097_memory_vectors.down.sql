ALTER TABLE arf.memory_incident NO FORCE ROW LEVEL SECURITY;
ALTER TABLE arf.memory_vector NO FORCE ROW LEVEL SECURITY;
ALTER TABLE arf.memory_incident ADD dimensions integer, ADD embedding real[];
UPDATE arf.memory_incident AS one
SET dimensions = known.dimensions, embedding = known.embedding
FROM arf.memory_vector AS known
WHERE known.tenant = one.tenant AND known.embedder = one.embedder AND known.digest = one.vector;
ALTER TABLE arf.memory_incident
    DROP vector,
    ALTER dimensions SET NOT NULL, ALTER embedding SET NOT NULL,
    ADD CHECK (dimensions BETWEEN 16 AND 4096 AND dimensions = cardinality(embedding));
ALTER TABLE arf.memory_incident FORCE ROW LEVEL SECURITY;
GRANT UPDATE (dimensions, embedding) ON arf.memory_incident TO arf_app;
DROP TABLE arf.memory_vector;
DROP FUNCTION arf.vector_digest(real[]);

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
            'CREATE INDEX IF NOT EXISTS memory_incident_near_%1$s ON arf.memory_incident
                USING hnsw ((embedding::%2$s.vector(%1$s)) %2$s.vector_cosine_ops)
                WITH (m = 16, ef_construction = 64) WHERE dimensions = %1$s',
            wanted, space
        );
    END LOOP;
    RETURN true;
END
$$;
SELECT arf.index_memory();
