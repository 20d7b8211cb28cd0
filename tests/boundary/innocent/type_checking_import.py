# looks like: an import for the type checker only
from __future__ import annotations
from typing import TYPE_CHECKING
if TYPE_CHECKING:
    from sqlite3 import Connection
def close(connection: Connection) -> None:
    connection.close()
