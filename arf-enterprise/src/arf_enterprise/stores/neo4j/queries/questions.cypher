// healed //
// What was done about incidents of a component, and how it ended, latest first.
MATCH (incident:Incident)-[:AFFECTED]->(c:Component {tenant: $tenant, id: $component})
MATCH (execution:Execution)-[:RAN]->(intent:Intent)-[:PROPOSED_FOR]->(incident)
MATCH (execution)-[:RESULTED_IN]->(outcome:Outcome)
WHERE incident.tenant = $tenant AND intent.tenant = $tenant AND outcome.tenant = $tenant
    AND ($signature IS NULL OR outcome.signature = $signature)
RETURN incident.id AS incident, outcome.action AS action, outcome.component AS on_component,
    coalesce(outcome.said, outcome.result) AS result, outcome.signature AS signature,
    outcome.seconds_to_recover AS seconds_to_recover, outcome.at AS at, execution.id AS execution
ORDER BY at DESC, execution LIMIT $most

// depends //
// What depends on a component, near first; each once, by its shortest way.
MATCH path = (other:Component {tenant: $tenant})-[:DEPENDS_ON*1..8]->(c:Component {tenant: $tenant, id: $component})
WHERE other.id <> $component
WITH other, min(length(path)) AS steps
RETURN other.id AS component, other.kind AS kind, other.environment AS environment, steps
ORDER BY steps, component LIMIT $most

// changed //
// What changed on a component and on what it depends on, before a time, latest first.
MATCH (c:Component {tenant: $tenant, id: $component})
OPTIONAL MATCH path = (c)-[:DEPENDS_ON*1..4]->(below:Component)
WITH below, min(length(path)) AS below_steps
WITH collect({id: below.id, steps: below_steps}) + [{id: $component, steps: 0}] AS places
UNWIND places AS place
WITH place.id AS id, min(place.steps) AS steps WHERE id IS NOT NULL
MATCH (change:Change {tenant: $tenant, component: id})
WHERE change.at <= $before AND change.at >= $since
OPTIONAL MATCH (change)-[:PRECEDED]->(incident:Incident)-[:AFFECTED]->(:Component {tenant: $tenant, id: $component})
RETURN change.id AS change, id AS component, steps, change.what AS what, change.at AS at,
    count(DISTINCT incident) AS incidents
ORDER BY at DESC, change LIMIT $most

// together //
// Which components were affected by the same incidents as a component, the most often first.
MATCH (:Component {tenant: $tenant, id: $component})<-[:AFFECTED]-(incident:Incident)-[:AFFECTED]->(other:Component)
WHERE other.tenant = $tenant AND other.id <> $component
WITH other, collect(DISTINCT incident.id) AS shared
RETURN other.id AS component, size(shared) AS incidents, shared[0..3] AS examples
ORDER BY incidents DESC, component LIMIT $most

// incidents_of //
// How many incidents affected a component.
MATCH (:Component {tenant: $tenant, id: $component})<-[:AFFECTED]-(incident:Incident)
RETURN count(DISTINCT incident) AS incidents

// known_component //
// Whether the graph knows a component.
MATCH (c:Component {tenant: $tenant, id: $component}) RETURN count(c) AS known
