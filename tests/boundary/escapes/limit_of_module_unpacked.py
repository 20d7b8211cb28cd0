# hides: a limit of the module, bound in an unpacking
# caught by: source
from arf_core import constants

z = constants.MAX_RAG_LOOKBACK_DAYS, constants.MAX_RAG_LOOKBACK_DAYS = 1, 2
