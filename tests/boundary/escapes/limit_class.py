# hides: the seal taken off
# caught by: source
import types
from arf_core import constants
constants.__class__ = types.ModuleType
