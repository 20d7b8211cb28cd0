# SPDX-License-Identifier: Apache-2.0
"""What ``scripts/crash_audit.py`` does: kill whoever writes to the audit log, and look whether anything is amiss."""
