# looks like: names of typing
import typing as t
from typing import Any, cast
X = cast("subprocess.Popen", None)
