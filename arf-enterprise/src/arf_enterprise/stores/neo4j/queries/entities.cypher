// put_components //
// Components, as their latest documents say: what is older than what the graph has changes nothing.
UNWIND $rows AS row
MERGE (n:Component {tenant: $tenant, id: row.id})
WITH n, row WHERE coalesce(n.version, -1) < row.version
SET n += row.properties, n.version = row.version

// put_incidents //
// Incidents, as their latest documents say: what is older than what the graph has changes nothing.
UNWIND $rows AS row
MERGE (n:Incident {tenant: $tenant, id: row.id})
WITH n, row WHERE coalesce(n.version, -1) < row.version
SET n += row.properties, n.version = row.version

// put_intents //
// Intents, as their latest documents say: what is older than what the graph has changes nothing.
UNWIND $rows AS row
MERGE (n:Intent {tenant: $tenant, id: row.id})
WITH n, row WHERE coalesce(n.version, -1) < row.version
SET n += row.properties, n.version = row.version

// put_executions //
// Executions, as their latest documents say: what is older than what the graph has changes nothing.
UNWIND $rows AS row
MERGE (n:Execution {tenant: $tenant, id: row.id})
WITH n, row WHERE coalesce(n.version, -1) < row.version
SET n += row.properties, n.version = row.version

// put_outcomes //
// Outcomes, as their latest documents say: what is older than what the graph has changes nothing.
UNWIND $rows AS row
MERGE (n:Outcome {tenant: $tenant, id: row.id})
WITH n, row WHERE coalesce(n.version, -1) < row.version
SET n += row.properties, n.version = row.version

// put_labels //
// What people said of outcomes, the latest word of each.
UNWIND $rows AS row
MERGE (n:Outcome {tenant: $tenant, id: row.id})
WITH n, row WHERE coalesce(n.said_version, -1) < row.version
SET n += row.properties, n.said_version = row.version

// put_changes //
// Changes, as their latest documents say: what is older than what the graph has changes nothing.
UNWIND $rows AS row
MERGE (n:Change {tenant: $tenant, id: row.id})
WITH n, row WHERE coalesce(n.version, -1) < row.version
SET n += row.properties, n.version = row.version

// drop_dependencies //
// What components depend on that a document does not name any more; what only that made known goes with it.
UNWIND $rows AS row
MATCH (n:Component {tenant: $tenant, id: row.id})-[r:DEPENDS_ON]->(other:Component)
WHERE n.version = row.version AND NOT other.id IN row.depends_on
DELETE r
WITH DISTINCT other
WHERE other.version IS NULL AND NOT (other)--()
DELETE other

// link_dependencies //
// What components depend on, as documents name them; one that is not known yet is made by its key alone.
UNWIND $rows AS row
UNWIND row.depends_on AS key
MATCH (n:Component {tenant: $tenant, id: row.id})
WHERE n.version = row.version
MERGE (other:Component {tenant: $tenant, id: key})
MERGE (n)-[:DEPENDS_ON]->(other)

// drop_affected //
// Components that an incident affected that a document does not name any more; what only that made known goes with it.
UNWIND $rows AS row
MATCH (n:Incident {tenant: $tenant, id: row.id})-[r:AFFECTED]->(other:Component)
WHERE n.version = row.version AND NOT other.id IN row.affected
DELETE r
WITH DISTINCT other
WHERE other.version IS NULL AND NOT (other)--()
DELETE other

// link_affected //
// Components that an incident affected, as documents name them; one that is not known yet is made by its key alone.
UNWIND $rows AS row
UNWIND row.affected AS key
MATCH (n:Incident {tenant: $tenant, id: row.id})
WHERE n.version = row.version
MERGE (other:Component {tenant: $tenant, id: key})
MERGE (n)-[:AFFECTED]->(other)

// drop_proposed //
// Incidents that an intent was proposed for that a document does not name any more; what only that made known goes with it.
UNWIND $rows AS row
MATCH (n:Intent {tenant: $tenant, id: row.id})-[r:PROPOSED_FOR]->(other:Incident)
WHERE n.version = row.version AND NOT other.id IN row.proposed_for
DELETE r
WITH DISTINCT other
WHERE other.version IS NULL AND NOT (other)--()
DELETE other

// link_proposed //
// Incidents that an intent was proposed for, as documents name them; one that is not known yet is made by its key alone.
UNWIND $rows AS row
UNWIND row.proposed_for AS key
MATCH (n:Intent {tenant: $tenant, id: row.id})
WHERE n.version = row.version
MERGE (other:Incident {tenant: $tenant, id: key})
MERGE (n)-[:PROPOSED_FOR]->(other)

// drop_ran //
// Intents that an execution ran that a document does not name any more; what only that made known goes with it.
UNWIND $rows AS row
MATCH (n:Execution {tenant: $tenant, id: row.id})-[r:RAN]->(other:Intent)
WHERE n.version = row.version AND NOT other.id IN row.ran
DELETE r
WITH DISTINCT other
WHERE other.version IS NULL AND NOT (other)--()
DELETE other

// link_ran //
// Intents that an execution ran, as documents name them; one that is not known yet is made by its key alone.
UNWIND $rows AS row
UNWIND row.ran AS key
MATCH (n:Execution {tenant: $tenant, id: row.id})
WHERE n.version = row.version
MERGE (other:Intent {tenant: $tenant, id: key})
MERGE (n)-[:RAN]->(other)

// drop_resulted //
// Executions that an outcome came of that a document does not name any more; what only that made known goes with it.
UNWIND $rows AS row
MATCH (n:Outcome {tenant: $tenant, id: row.id})<-[r:RESULTED_IN]-(other:Execution)
WHERE n.version = row.version AND NOT other.id IN row.resulted_from
DELETE r
WITH DISTINCT other
WHERE other.version IS NULL AND NOT (other)--()
DELETE other

// link_resulted //
// Executions that an outcome came of, as documents name them; one that is not known yet is made by its key alone.
UNWIND $rows AS row
UNWIND row.resulted_from AS key
MATCH (n:Outcome {tenant: $tenant, id: row.id})
WHERE n.version = row.version
MERGE (other:Execution {tenant: $tenant, id: key})
MERGE (n)<-[:RESULTED_IN]-(other)

// drop_changes_before //
// What preceded incidents, before it is found anew.
UNWIND $rows AS row
MATCH (n:Incident {tenant: $tenant, id: row.id})<-[r:PRECEDED]-(:Change)
WHERE n.version = row.version
DELETE r

// link_changes_before //
// Changes to what incidents affected, within the time before them.
UNWIND $rows AS row
MATCH (n:Incident {tenant: $tenant, id: row.id})-[:AFFECTED]->(c:Component)
WHERE n.version = row.version
MATCH (change:Change {tenant: $tenant, component: c.id})
WHERE change.at >= row.since AND change.at <= row.until
MERGE (change)-[:PRECEDED]->(n)

// drop_incidents_after //
// What changes preceded, before it is found anew.
UNWIND $rows AS row
MATCH (n:Change {tenant: $tenant, id: row.id})-[r:PRECEDED]->(:Incident)
WHERE n.version = row.version
DELETE r

// link_incidents_after //
// Incidents of what changed, within the time after the changes.
UNWIND $rows AS row
MATCH (n:Change {tenant: $tenant, id: row.id})
WHERE n.version = row.version
MATCH (incident:Incident {tenant: $tenant})-[:AFFECTED]->(:Component {tenant: $tenant, id: row.properties.component})
WHERE incident.at >= row.since AND incident.at <= row.until
MERGE (n)-[:PRECEDED]->(incident)
