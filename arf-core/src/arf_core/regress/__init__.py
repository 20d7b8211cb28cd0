# SPDX-License-Identifier: Apache-2.0
"""Regression cases: recorded incidents, and what ARF proposed for them. Would it still?"""
