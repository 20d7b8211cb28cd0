# SPDX-License-Identifier: Apache-2.0
"""An ArcadeDB that speaks Bolt, as a process of its own: ``arcadedb_child.py HOME BOLT_PORT HTTP_PORT PASSWORD``."""

from __future__ import annotations

import sys
import threading
from pathlib import Path


def main() -> None:
    """Serve until killed."""
    import arcadedb_embedded

    home, bolt, http, password = sys.argv[1:]
    server = arcadedb_embedded.create_server(
        root_path=home,
        root_password=password,
        config={
            "host": "127.0.0.1",
            "http_port": int(http),
            "server_databaseDirectory": f"{home}/data",
            "server_plugins": "Bolt:com.arcadedb.bolt.BoltProtocolPlugin",
            "bolt_port": int(bolt),
        },
    )
    server.start()
    if not Path(home, "data/neo4j").is_dir():
        server.create_database("neo4j")
    threading.Event().wait()


if __name__ == "__main__":
    main()
