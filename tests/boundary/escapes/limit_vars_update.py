# hides: limits set through vars
# caught by: source
from arf_core import constants
vars(constants).update(EXECUTION_ALLOWED=True)
