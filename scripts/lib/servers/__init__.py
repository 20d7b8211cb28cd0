# SPDX-License-Identifier: Apache-2.0
"""Real servers for tests and measurements: started on free ports, and stopped by the one who started them."""
