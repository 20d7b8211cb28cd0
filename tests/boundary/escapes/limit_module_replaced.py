# hides: another module in place of the limits
# caught by: source
import sys
sys.modules["arf_core.constants"] = object()
