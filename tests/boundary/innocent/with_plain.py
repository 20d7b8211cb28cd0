# looks like: files are opened and read
from pathlib import Path


def read(path: Path) -> str:
    """All of it."""
    with path.open() as file:
        return file.read()
