-- Everything 0071 made.
DROP TABLE arf.stop_of_all;
DROP TABLE arf.stop_order;
DROP FUNCTION arf.keep_lifted();
