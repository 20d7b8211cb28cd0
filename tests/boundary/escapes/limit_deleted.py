# hides: a limit deleted
# caught by: source
import arf_core.constants as c
del c.MCP_MODES_ALLOWED
