# SPDX-License-Identifier: Apache-2.0
"""Files that are not what they seem: data files that are code, and Python files that run without being imported."""

from __future__ import annotations

import re
from typing import Final

from boundary.rules import Finding

_CODE_SUFFIXES: Final = frozenset(
    """.so .pyd .dll .dylib .pyc .pyo .pyx .pxd .sh .bash .zsh .ps1 .bat .cmd .exe .com .msi .bin .elf .wasm .jar
    .class .whl .egg .pyz .pyzw .pkl .pickle .dill .joblib .marshal .npy_
    .sql .cypher .cql .o .a .lib .node .ipynb .deb .rpm .service .desktop .vbs .scpt""".split()
)
_MAGIC: Final = (
    (b"\x7fELF", "an ELF binary"),
    (b"MZ", "a Windows binary"),
    (b"\xcf\xfa\xed\xfe", "a Mach-O binary"),
    (b"\xfe\xed\xfa", "a Mach-O binary"),
    (b"\xca\xfe\xba\xbe", "a binary"),
    (b"\x00asm", "WebAssembly"),
    (b"!<arch>\n", "a static library"),
    (b"#!", "a script"),
    (b"\x80\x02", "a pickle"),
    (b"\x80\x03", "a pickle"),
    (b"\x80\x04", "a pickle"),
    (b"\x80\x05", "a pickle"),
    (b"PK\x03\x04", "a zip archive"),
    (b"\x1f\x8b", "a compressed file"),
    (b"BZh", "a compressed file"),
    (b"\xfd7zXZ", "a compressed file"),
    (b"SQLite format 3", "a database"),
)
_TEXT_PICKLE: Final = re.compile(rb"^(?:c[\w.]+\n\w+\n|\(lp0|\(dp0|\(i[\w.]+\n)")
_BYTECODE: Final = re.compile(rb"^.[\x0c\x0d]\r\n", re.DOTALL)
_START_UP: Final = frozenset(("sitecustomize.py", "usercustomize.py"))


def data_file(path: str, data: bytes) -> list[Finding]:
    """Findings in a file that is not Python source and not a project file."""
    name = path.rpartition("/")[2]
    if name.endswith(".pth"):
        return [
            Finding(
                path, 1, 1, "START-UP", "a .pth file: its lines that begin with import run when Python starts", name
            )
        ]
    suffix = "." + name.rpartition(".")[2].lower() if "." in name else ""
    if suffix in _CODE_SUFFIXES or re.search(r"\.so(\.\d+)+$", name):
        return [Finding(path, 1, 1, "CARRIER", f"a {suffix} file", name)]
    kind = next((text for magic, text in _MAGIC if data.startswith(magic)), "")
    if not kind and (_TEXT_PICKLE.search(data) or _BYTECODE.match(data)):
        kind = "a pickle or bytecode"
    return [Finding(path, 1, 1, "CARRIER", f"{kind}, by its content", name)] if kind else []


def python_file(path: str, *, shipped: bool) -> list[Finding]:
    """Findings in the name of a Python file; ``shipped`` where it is part of a wheel or a package."""
    name = path.rpartition("/")[2]
    if name in _START_UP:
        return [Finding(path, 1, 1, "START-UP", f"{name} runs when Python starts", name)]
    if name == "conftest.py" and shipped:
        return [Finding(path, 1, 1, "CONFTEST", "a conftest.py among the sources that are shipped", name)]
    if name == "setup.py":
        return [Finding(path, 1, 1, "BUILD", "setup.py runs when the package is built", name)]
    return []
