# hides: a mode that executes, with spaces
# caught by: source
from modes import MCPMode

x = (MCPMode
    . AUTONOMOUS)
