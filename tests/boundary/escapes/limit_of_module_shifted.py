# hides: a limit of the module, shifted behind a line that reads it
# caught by: source
from arf_core import constants

z = (constants.MAX_RAG_LOOKBACK_DAYS); constants.MAX_RAG_LOOKBACK_DAYS >>= 1
