# coding: no-such-encoding
# hides: whatever an unknown encoding would turn this into
# caught by: source
