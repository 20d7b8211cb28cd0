# SPDX-License-Identifier: Apache-2.0
"""Maps what is wrong to what may be recommended: YAML for structure, CEL for conditions."""
