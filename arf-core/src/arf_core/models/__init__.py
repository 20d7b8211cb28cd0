# SPDX-License-Identifier: Apache-2.0
"""The values ARF passes from step to step: all frozen, none with behaviour beyond itself."""
