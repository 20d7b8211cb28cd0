// component_key //
// One node for a component of a tenant: MERGE is idempotent only with this.
CREATE CONSTRAINT arf_component_key IF NOT EXISTS FOR (n:Component) REQUIRE (n.tenant, n.id) IS UNIQUE

// incident_key //
// One node for an incident of a tenant.
CREATE CONSTRAINT arf_incident_key IF NOT EXISTS FOR (n:Incident) REQUIRE (n.tenant, n.id) IS UNIQUE

// intent_key //
// One node for an intent of a tenant, by its digest.
CREATE CONSTRAINT arf_intent_key IF NOT EXISTS FOR (n:Intent) REQUIRE (n.tenant, n.id) IS UNIQUE

// execution_key //
// One node for an execution of a tenant.
CREATE CONSTRAINT arf_execution_key IF NOT EXISTS FOR (n:Execution) REQUIRE (n.tenant, n.id) IS UNIQUE

// outcome_key //
// One node for an outcome of a tenant.
CREATE CONSTRAINT arf_outcome_key IF NOT EXISTS FOR (n:Outcome) REQUIRE (n.tenant, n.id) IS UNIQUE

// change_key //
// One node for a change of a tenant.
CREATE CONSTRAINT arf_change_key IF NOT EXISTS FOR (n:Change) REQUIRE (n.tenant, n.id) IS UNIQUE

// projection_key //
// One node that says how far the graph of a tenant is.
CREATE CONSTRAINT arf_projection_key IF NOT EXISTS FOR (n:ArfProjection) REQUIRE (n.tenant) IS UNIQUE

// change_by_component //
// What changed on a component, by time.
CREATE INDEX arf_change_by_component IF NOT EXISTS FOR (n:Change) ON (n.tenant, n.component)

// outcome_by_component //
// What was done to a component.
CREATE INDEX arf_outcome_by_component IF NOT EXISTS FOR (n:Outcome) ON (n.tenant, n.component)
