# hides: a limit grown
# caught by: source
import arf_core.constants
arf_core.constants.MAX_RAG_LOOKBACK_DAYS += 300
