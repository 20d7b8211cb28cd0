# SPDX-License-Identifier: Apache-2.0
"""Quality on fault data, measured: each module evaluates one question and returns rows of one table."""
