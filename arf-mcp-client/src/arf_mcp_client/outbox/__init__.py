# SPDX-License-Identifier: Apache-2.0
"""Keeps sealed intents in a file until an Enterprise server has given its receipt of each. It never connects."""
