# SPDX-License-Identifier: Apache-2.0
"""What scripts and tests share."""
