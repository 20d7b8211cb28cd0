# looks like: the one mode of the open edition
mcp_mode = "advisory"
MCP_MODES_ALLOWED = ("advisory",)
