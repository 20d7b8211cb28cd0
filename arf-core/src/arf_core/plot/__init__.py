# SPDX-License-Identifier: Apache-2.0
"""Shows a window, its anomalies and the ranking of causes: in the terminal, as SVG, as PNG."""
