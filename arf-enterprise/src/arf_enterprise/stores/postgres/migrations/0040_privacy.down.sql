-- Everything 0040 made.
DROP TABLE arf.privacy_hold_release, arf.privacy_hold, arf.privacy_class;
