# hides: an execution mode by its name
# caught by: source
from arf_core.modes import MCPMode
chosen = MCPMode.APPROVAL
