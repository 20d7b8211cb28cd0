# hides: a limit set by name
# caught by: source
import arf_core.constants as limits
setattr(limits, "EXECUTION_" + "ALLOWED", True)
