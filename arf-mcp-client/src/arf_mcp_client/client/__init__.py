# SPDX-License-Identifier: Apache-2.0
"""The advisory client: asks ARF here, or an advisory server elsewhere, and gets the same sealed intents from both."""
