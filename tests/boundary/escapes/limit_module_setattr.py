# hides: a limit set by the slot of modules
# caught by: source
import types
from arf_core import constants as c
types.ModuleType.__setattr__(c, "EXECUTION_ALLOWED", True)
