# hides: a limit bound by an import
# caught by: source
from operator import truth as EXECUTION_ALLOWED
