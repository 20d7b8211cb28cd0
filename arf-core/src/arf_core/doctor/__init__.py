# SPDX-License-Identifier: Apache-2.0
"""What is wrong with an installation, and the one command that mends it. It reads; it mends only files it was named."""
