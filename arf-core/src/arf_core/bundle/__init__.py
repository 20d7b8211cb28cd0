# SPDX-License-Identifier: Apache-2.0
"""Bundles: an incident, and all that its recommendations were computed from, in one file that anybody can verify."""
