# hides: a limit, set by a function that gets the module
# caught by: source
from arf_core import constants

setattr(constants, "MAX_RAG_LOOKBACK_DAYS", 9)
