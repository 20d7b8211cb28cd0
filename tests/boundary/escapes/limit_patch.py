# hides: a limit patched as in a test
# caught by: source
from unittest import mock
mock.patch("arf_core.constants.EXECUTION_ALLOWED", True).start()
