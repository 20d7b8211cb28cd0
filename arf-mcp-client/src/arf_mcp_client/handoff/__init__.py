# SPDX-License-Identifier: Apache-2.0
"""Hands sealed intents to an ARF Enterprise server and brings back its receipts. Nothing else here ever connects."""
