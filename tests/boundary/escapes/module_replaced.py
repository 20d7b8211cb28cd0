# hides: another module under a known name
# caught by: source
import sys
import types
sys.modules["json"] = types.ModuleType("json")
