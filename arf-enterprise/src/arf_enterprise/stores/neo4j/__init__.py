# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""Neo4j 5: a graph that is derived from Postgres, by named Cypher only. It may be away at any time."""
