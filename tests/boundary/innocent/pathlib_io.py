# looks like: files
from pathlib import Path
Path("x").write_text("y")
