# SPDX-License-Identifier: Apache-2.0
"""Finds what is abnormal: static thresholds, an adaptive streaming detector, forecasts and the estimate of impact."""
