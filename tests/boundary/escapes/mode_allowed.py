# hides: more modes than advisory
# caught by: source
MCP_MODES_ALLOWED = ("advisory", "autonomous")
