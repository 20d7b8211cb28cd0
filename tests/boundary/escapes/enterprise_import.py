# hides: the other edition
# caught by: source
from arf_enterprise.execution import runbook
