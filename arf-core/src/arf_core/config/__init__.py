# SPDX-License-Identifier: Apache-2.0
"""Settings: thresholds can be set, sealed limits cannot."""
