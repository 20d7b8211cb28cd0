-- memory_standing --
-- Whether persistent recall can be used: the version of pgvector, and whether the indexes are there.
SELECT
    (SELECT extversion FROM pg_extension WHERE extname = 'vector') AS vector,
    EXISTS (
        SELECT FROM pg_index WHERE indexrelid = to_regclass('arf.memory_vector_near_256') AND indisvalid
    ) AS has_index;

-- memory_search_settings --
-- How one search goes: pgvector's operators are found where its extension is; the scan goes on until enough rows of the
-- tenant and the filters were found, it looks at so many candidates at each step, and each plan is made for its values.
SELECT
    set_config('search_path', 'arf,' || quote_ident(nspname) || ',pg_temp', true),
    set_config('hnsw.ef_search', %(breadth)s::text, true),
    set_config('hnsw.iterative_scan', 'relaxed_order', true),
    set_config('hnsw.max_scan_tuples', %(most_scanned)s::text, true),
    set_config('plan_cache_mode', 'force_custom_plan', true)
FROM pg_extension JOIN pg_namespace ON pg_namespace.oid = extnamespace
WHERE extname = 'vector';

-- remember_vector --
-- What an incident looks like; nothing where that is known.
INSERT INTO memory_vector (tenant, embedder, digest, dimensions, embedding)
VALUES (
    %(tenant)s, %(embedder)s, arf.vector_digest(%(embedding)s::real[]), %(dimensions)s, %(embedding)s::real[]
)
ON CONFLICT DO NOTHING;

-- remember_incident --
-- An incident, which replaces one of the same id; nothing where it is the same.
INSERT INTO memory_incident (
    tenant, embedder, incident_id, occurred_at, component, fault_type, outcome, content, vector
) VALUES (
    %(tenant)s, %(embedder)s, %(incident_id)s, %(occurred_at)s, %(component)s, %(fault_type)s, %(outcome)s,
    %(content)s, arf.vector_digest(%(embedding)s::real[])
)
ON CONFLICT (tenant, embedder, incident_id) DO UPDATE SET
    number = DEFAULT, occurred_at = excluded.occurred_at, component = excluded.component,
    fault_type = excluded.fault_type, outcome = excluded.outcome, content = excluded.content, vector = excluded.vector
WHERE memory_incident.content <> excluded.content;

-- memory_size --
-- How many incidents are remembered, and the number of the latest remembering.
SELECT count(*) AS incidents, coalesce(max(number), 0) AS latest
FROM memory_incident WHERE tenant = %(tenant)s AND embedder = %(embedder)s;

-- memory_fresh --
-- How many incidents were remembered after a number; at most so many are counted.
SELECT count(*) AS incidents FROM (
    SELECT FROM memory_incident
    WHERE tenant = %(tenant)s AND embedder = %(embedder)s AND number > %(after)s
    LIMIT %(most)s
) AS fresh;

-- memory_newest --
-- The newest incidents, those first of which people found out what they were; in the order of remembering.
SELECT newest.content FROM (
    SELECT content, number FROM memory_incident
    WHERE tenant = %(tenant)s AND embedder = %(embedder)s
    ORDER BY (fault_type IS NULL), occurred_at DESC, number DESC
    LIMIT %(most)s
) AS newest
ORDER BY newest.number;

-- memory_contents --
-- Incidents by their ids.
SELECT incident_id, content FROM memory_incident
WHERE tenant = %(tenant)s AND embedder = %(embedder)s AND incident_id = ANY(%(incident_ids)s::text[]);

-- incident_vectors --
-- What incidents look like, of those that are remembered.
SELECT one.incident_id, known.embedding
FROM memory_incident AS one
JOIN memory_vector AS known
    ON known.tenant = one.tenant AND known.embedder = one.embedder AND known.digest = one.vector
WHERE one.tenant = %(tenant)s AND one.embedder = %(embedder)s AND one.incident_id = ANY(%(incident_ids)s::text[]);

-- memory_count --
-- How many incidents pass the filters; at most so many are counted.
SELECT count(*) AS incidents FROM (
    SELECT FROM memory_incident
    WHERE tenant = %(tenant)s AND embedder = %(embedder)s AND occurred_at <= %(until)s AND occurred_at >= %(since)s
        AND (%(component)s::text IS NULL OR component = %(component)s)
        AND (%(outcome)s::text IS NULL OR outcome = %(outcome)s)
    LIMIT %(most)s
) AS counted;

-- similar_exact --
-- The incidents that pass the filters, by weighted cosine similarity, the best first; among equals the later remembered.
SELECT number, content, score FROM (
    SELECT number, content, round(coalesce(nullif(
        1 - ((embedding::vector * %(weights)s::vector) <=> (%(vector)s::vector * %(weights)s::vector)), 'NaN'
    ), 0)::numeric, 5) AS score
    FROM memory_incident AS one
    JOIN memory_vector AS known
        ON known.tenant = one.tenant AND known.embedder = one.embedder AND known.digest = one.vector
    WHERE one.tenant = %(tenant)s AND one.embedder = %(embedder)s
        AND occurred_at <= %(until)s AND occurred_at >= %(since)s
        AND (%(component)s::text IS NULL OR component = %(component)s)
        AND (%(outcome)s::text IS NULL OR outcome = %(outcome)s)
) AS scored
ORDER BY score DESC, number DESC
LIMIT %(most)s;

-- similar_256 --
-- The same among what looks nearest to a direction by plain cosine similarity, for 256 dimensions.
WITH near AS MATERIALIZED (
    SELECT digest, embedding FROM memory_vector AS known
    WHERE tenant = %(tenant)s AND embedder = %(embedder)s AND dimensions = 256 AND (
        SELECT true FROM memory_incident
        WHERE tenant = %(tenant)s AND embedder = %(embedder)s AND vector = known.digest
            AND occurred_at <= %(until)s AND occurred_at >= %(since)s
            AND (%(component)s::text IS NULL OR component = %(component)s)
            AND (%(outcome)s::text IS NULL OR outcome = %(outcome)s)
        LIMIT 1
    )
    ORDER BY embedding::halfvec(256) <=> %(direction)s::halfvec(256)
    LIMIT %(candidates)s
), scored AS MATERIALIZED (
    SELECT digest, round(coalesce(nullif(
        1 - ((embedding::vector * %(weights)s::vector) <=> (%(vector)s::vector * %(weights)s::vector)), 'NaN'
    ), 0)::numeric, 5) AS score
    FROM near
    ORDER BY score DESC
    FETCH FIRST %(most)s ROWS WITH TIES
)
SELECT found.number, found.content, scored.score
FROM scored CROSS JOIN LATERAL (
    SELECT number, content FROM memory_incident
    WHERE tenant = %(tenant)s AND embedder = %(embedder)s AND vector = scored.digest
        AND occurred_at <= %(until)s AND occurred_at >= %(since)s
        AND (%(component)s::text IS NULL OR component = %(component)s)
        AND (%(outcome)s::text IS NULL OR outcome = %(outcome)s)
    ORDER BY number DESC
    LIMIT %(most)s
) AS found
ORDER BY scored.score DESC, found.number DESC
LIMIT %(most)s;

-- similar_128 --
-- The same for 128 dimensions.
WITH near AS MATERIALIZED (
    SELECT digest, embedding FROM memory_vector AS known
    WHERE tenant = %(tenant)s AND embedder = %(embedder)s AND dimensions = 128 AND (
        SELECT true FROM memory_incident
        WHERE tenant = %(tenant)s AND embedder = %(embedder)s AND vector = known.digest
            AND occurred_at <= %(until)s AND occurred_at >= %(since)s
            AND (%(component)s::text IS NULL OR component = %(component)s)
            AND (%(outcome)s::text IS NULL OR outcome = %(outcome)s)
        LIMIT 1
    )
    ORDER BY embedding::halfvec(128) <=> %(direction)s::halfvec(128)
    LIMIT %(candidates)s
), scored AS MATERIALIZED (
    SELECT digest, round(coalesce(nullif(
        1 - ((embedding::vector * %(weights)s::vector) <=> (%(vector)s::vector * %(weights)s::vector)), 'NaN'
    ), 0)::numeric, 5) AS score
    FROM near
    ORDER BY score DESC
    FETCH FIRST %(most)s ROWS WITH TIES
)
SELECT found.number, found.content, scored.score
FROM scored CROSS JOIN LATERAL (
    SELECT number, content FROM memory_incident
    WHERE tenant = %(tenant)s AND embedder = %(embedder)s AND vector = scored.digest
        AND occurred_at <= %(until)s AND occurred_at >= %(since)s
        AND (%(component)s::text IS NULL OR component = %(component)s)
        AND (%(outcome)s::text IS NULL OR outcome = %(outcome)s)
    ORDER BY number DESC
    LIMIT %(most)s
) AS found
ORDER BY scored.score DESC, found.number DESC
LIMIT %(most)s;

-- advisor_settings --
-- The settings of the open edition that were imported.
SELECT name, value FROM advisor_setting WHERE tenant = %(tenant)s ORDER BY name COLLATE "C";

-- forget_advisor_settings --
-- Before others are imported.
DELETE FROM advisor_setting WHERE tenant = %(tenant)s;

-- add_advisor_setting --
-- One imported setting, as JSON.
INSERT INTO advisor_setting (tenant, name, value) VALUES (%(tenant)s, %(name)s, %(value)s);
