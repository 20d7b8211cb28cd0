-- Everything 0060 made.
DROP TABLE arf.policy_decision;
DROP TABLE arf.policy_version;
DROP FUNCTION arf.refuse_own_policy();
