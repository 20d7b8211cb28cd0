# SPDX-License-Identifier: Apache-2.0
"""A grant gives one file the members that it names, with the arguments that it names, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from boundary.main import scan
from boundary.settings import load

GRANT = """
[tool.arf.boundary]
paths = ["src", "pyproject.toml"]

[[tool.arf.boundary.grant]]
path = "src/server.py"
members = [
    "socket.AF_INET", "socket.socket", "socket.socket().bind", "socket.socket().listen",
    "uvicorn.Config", "uvicorn.Server",
]
reason = "the server listens and never connects"
owner = "core"

[tool.arf.boundary.grant.arguments]
"uvicorn.Config" = ["app!text", "host", "port", "loop='asyncio'", "log_config=None"]

[[tool.arf.boundary.grant]]
path = "pyproject.toml"
requires = ["uvicorn; extra == 'api'"]
reason = "the extra brings the server"
owner = "core"

[project]
name = "x"
dependencies = [{dependencies}]

[project.optional-dependencies]
api = ["uvicorn>=0.54", {extra}]
"""
SERVER = """import socket
import uvicorn


def listening(app: object, port: int) -> uvicorn.Server:
    with socket.socket(socket.AF_INET) as bound:
        bound.bind(("127.0.0.1", port))
        bound.listen()
    return uvicorn.Server(uvicorn.Config(app=app, port=port, loop="asyncio", log_config=None))
"""
MORE = [
    "uvicorn.run('x:app')",
    "from uvicorn import run",
    "from uvicorn import *",
    "import uvicorn.main",
    "from uvicorn.supervisors import Multiprocess",
    "uvicorn.Config('x:app')",
    "uvicorn.Config(app='x:app')",
    "uvicorn.Config(app=print, workers=2)",
    "uvicorn.Config(app=print, reload=True)",
    "uvicorn.Config(app=print, fd=3)",
    "uvicorn.Config(app=print, uds='/tmp/x')",
    "uvicorn.Config(app=print, loop='x:loop')",
    "uvicorn.Config(app=print, log_config={'version': 1})",
    "uvicorn.Config(**{'workers': 2})",
    "uvicorn.Config(*[print])",
    "made = uvicorn.Config",
    "class Mine(uvicorn.Config): ...",
    "same = uvicorn",
    "def f(server=uvicorn): ...",
    "getattr(uvicorn, 'run')",
    "vars(uvicorn)",
    "uvicorn.__dict__['run']",
    "socket.create_connection(('x', 1))",
    "socket.socket().connect(('x', 1))",
    "with socket.socket() as s:\n    s.connect_ex(('x', 1))",
    "def f(s: socket.socket):\n    s.sendto(b'', ('x', 1))",
    "getattr(socket.socket(), 'connect')",
    "socket.socket.connect(None, ('x', 1))",
    "import httpx",
    "import subprocess",
]


@pytest.mark.promise("BND-2")
def test_what_is_granted_passes(tmp_path: Path) -> None:
    assert not rules(tmp_path)


@pytest.mark.promise("BND-3")
@pytest.mark.parametrize("more", MORE)
def test_anything_else_of_a_granted_module_is_found(more: str, tmp_path: Path) -> None:
    assert rules(tmp_path, SERVER + more + "\n")


@pytest.mark.promise("BND-3")
def test_another_file_is_granted_nothing(tmp_path: Path) -> None:
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "other.py").write_text("from uvicorn import Server\n")
    assert rules(tmp_path) == {"LISTEN"}


@pytest.mark.promise("BND-3")
def test_a_grant_that_is_not_used_is_stale(tmp_path: Path) -> None:
    assert rules(tmp_path, "import uvicorn\n") == {"ALLOW-STALE"}


@pytest.mark.promise("BND-3")
@pytest.mark.parametrize(
    ("dependencies", "extra"),
    [('"uvicorn"', ""), ('"httpx"', ""), ("", '"httpx"'), ("", '"uvicorn @ git+https://x/y"')],
)
def test_a_requirement_beyond_the_granted_is_found(dependencies: str, extra: str, tmp_path: Path) -> None:
    assert rules(tmp_path, dependencies=dependencies, extra=extra) == {"REQUIRES"}


@pytest.mark.promise("BND-3")
@pytest.mark.parametrize(
    "changed",
    [
        ('reason = "the server listens and never connects"\n', ""),
        ('"uvicorn.Server",', "1,"),
        ("members = [", "member = ["),
        ('"uvicorn.Config" = [', '"uvicorn.Other" = ['),
    ],
)
def test_an_incomplete_grant_fails_and_grants_nothing(changed: tuple[str, str], tmp_path: Path) -> None:
    assert {"ALLOW-BARE", "LISTEN"} <= rules(tmp_path, settings=GRANT.replace(*changed))


def rules(
    folder: Path, server: str = SERVER, *, dependencies: str = "", extra: str = "", settings: str = GRANT
) -> set[str]:
    """The rules that a project with the grant breaks."""
    (folder / "src").mkdir(exist_ok=True)
    (folder / "src" / "server.py").write_text(server)
    (folder / "pyproject.toml").write_text(settings.replace("{dependencies}", dependencies).replace("{extra}", extra))
    chosen = load(folder)
    return {finding.rule for finding in scan(chosen.paths, [], chosen).findings}
