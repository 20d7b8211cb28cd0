# SPDX-License-Identifier: Apache-2.0
"""The closed loop on real parts, as ``scripts/demo-enterprise`` shows it: fault, alert, intent, remedy, proof."""
