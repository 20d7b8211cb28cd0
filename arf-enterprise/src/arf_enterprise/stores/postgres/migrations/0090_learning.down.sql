-- Everything 0090 made.
DROP TABLE arf.autonomy_spend;
DROP TABLE arf.autonomy_end;
DROP TABLE arf.autonomy_decision;
DROP TABLE arf.autonomy_proposal;
DROP TABLE arf.learning_reset;
DROP TABLE arf.learning_switch;
DROP TABLE arf.outcome_label;
DROP TABLE arf.outcome;
