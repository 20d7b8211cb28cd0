// projection //
// How far the graph of the tenant is; a graph that has nothing is at 0.
MERGE (p:ArfProjection {tenant: $tenant})
ON CREATE SET p.position = 0, p.entry = '', p.epoch = $epoch, p.is_emptying = false
RETURN p.position AS position, p.entry AS entry, p.epoch AS epoch, p.is_emptying AS is_emptying

// graph_position //
// How far the graph of the tenant is, if it has anything; nothing is made.
MATCH (p:ArfProjection {tenant: $tenant}) RETURN p.position AS position

// advance_projection //
// Go on from one place to the next, in the transaction that writes what lies between; nothing if another was there.
MATCH (p:ArfProjection {tenant: $tenant})
WHERE p.epoch = $epoch AND NOT p.is_emptying
    AND (p.position = $from OR (p.position = $to AND p.entry = $entry))
SET p.position = $to, p.entry = $entry
RETURN count(p) AS advanced

// begin_emptying //
// From now on the graph of the tenant is emptied, and then filled from the first place on.
MERGE (p:ArfProjection {tenant: $tenant})
SET p.position = 0, p.entry = '', p.epoch = $epoch, p.is_emptying = true

// end_emptying //
// The graph of the tenant is empty.
MATCH (p:ArfProjection {tenant: $tenant})
WHERE p.epoch = $epoch
SET p.is_emptying = false

// empty_components //
// Take some components away.
MATCH (n:Component {tenant: $tenant}) WHERE n.id >= '' WITH n LIMIT $most DETACH DELETE n RETURN count(*) AS gone

// empty_incidents //
// Take some incidents away.
MATCH (n:Incident {tenant: $tenant}) WHERE n.id >= '' WITH n LIMIT $most DETACH DELETE n RETURN count(*) AS gone

// empty_intents //
// Take some intents away.
MATCH (n:Intent {tenant: $tenant}) WHERE n.id >= '' WITH n LIMIT $most DETACH DELETE n RETURN count(*) AS gone

// empty_executions //
// Take some executions away.
MATCH (n:Execution {tenant: $tenant}) WHERE n.id >= '' WITH n LIMIT $most DETACH DELETE n RETURN count(*) AS gone

// empty_outcomes //
// Take some outcomes away.
MATCH (n:Outcome {tenant: $tenant}) WHERE n.id >= '' WITH n LIMIT $most DETACH DELETE n RETURN count(*) AS gone

// empty_changes //
// Take some changes away.
MATCH (n:Change {tenant: $tenant}) WHERE n.id >= '' WITH n LIMIT $most DETACH DELETE n RETURN count(*) AS gone

// read_components //
// Components after a key, and what they depend on.
MATCH (n:Component {tenant: $tenant}) WHERE n.id > $after
WITH n ORDER BY n.id LIMIT $most
OPTIONAL MATCH (n)-[:DEPENDS_ON]->(other:Component)
RETURN n.id AS id, properties(n) AS properties, collect(other.id) AS others ORDER BY id

// read_incidents //
// Incidents after a key, and what they affected.
MATCH (n:Incident {tenant: $tenant}) WHERE n.id > $after
WITH n ORDER BY n.id LIMIT $most
OPTIONAL MATCH (n)-[:AFFECTED]->(other:Component)
RETURN n.id AS id, properties(n) AS properties, collect(other.id) AS others ORDER BY id

// read_intents //
// Intents after a key, and the incidents that they were proposed for.
MATCH (n:Intent {tenant: $tenant}) WHERE n.id > $after
WITH n ORDER BY n.id LIMIT $most
OPTIONAL MATCH (n)-[:PROPOSED_FOR]->(other:Incident)
RETURN n.id AS id, properties(n) AS properties, collect(other.id) AS others ORDER BY id

// read_executions //
// Executions after a key, and what they ran.
MATCH (n:Execution {tenant: $tenant}) WHERE n.id > $after
WITH n ORDER BY n.id LIMIT $most
OPTIONAL MATCH (n)-[:RAN]->(other:Intent)
RETURN n.id AS id, properties(n) AS properties, collect(other.id) AS others ORDER BY id

// read_outcomes //
// Outcomes after a key, and the executions that they came of.
MATCH (n:Outcome {tenant: $tenant}) WHERE n.id > $after
WITH n ORDER BY n.id LIMIT $most
OPTIONAL MATCH (n)<-[:RESULTED_IN]-(other:Execution)
RETURN n.id AS id, properties(n) AS properties, collect(other.id) AS others ORDER BY id

// read_changes //
// Changes after a key, and the incidents that they preceded.
MATCH (n:Change {tenant: $tenant}) WHERE n.id > $after
WITH n ORDER BY n.id LIMIT $most
OPTIONAL MATCH (n)-[:PRECEDED]->(other:Incident)
RETURN n.id AS id, properties(n) AS properties, collect(other.id) AS others ORDER BY id
