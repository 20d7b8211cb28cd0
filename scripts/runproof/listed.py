# SPDX-License-Identifier: Apache-2.0
"""What the hook forbids, what it judges and how, and every exception with its reason.

Whatever is not here is refused: a new audit event, a new sensitive import by a dependency, a new native load.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Final

SENSITIVE: Final = frozenset(
    "subprocess _posixsubprocess socket _socket ssl _ssl asyncio ctypes _ctypes cffi multiprocessing _multiprocessing"
    " pty webbrowser ftplib smtplib poplib imaplib nntplib telnetlib xmlrpc socketserver sqlite3 _sqlite3 dbm shelve"
    " httpx requests urllib3 aiohttp mcp neo4j psycopg psycopg2 pymongo redis kubernetes docker boto3 paramiko"
    " arf_enterprise arf_mcp_client".split()
)
"""Modules that can act, connect or load native code: who imports them must be listed."""

_SENSITIVE_PARTS: Final = ("http.client", "http.server", "urllib.request", "concurrent.futures")

_FORBIDDEN_TO_ARF: Final = frozenset(
    "runpy pkgutil code codeop imp posix fcntl resource signal marshal pickle importlib gc inspect threading _thread"
    " http builtins".split()
)
_ALLOWED_TO_ARF: Final = (
    "importlib.metadata.PackageNotFoundError",  # the doctor reads which versions are installed; nothing is loaded
    "importlib.metadata.requires",
    "importlib.metadata.version",
    "importlib.resources",
    "threading.Lock",
    "threading.RLock",
)


def is_sensitive(name: str) -> bool:
    """Whether importing the module ``name`` must be listed."""
    return name.split(".", maxsplit=1)[0] in SENSITIVE or name.startswith(_SENSITIVE_PARTS)


def is_forbidden_to_arf(name: str) -> bool:
    """Whether arf_core itself may not import ``name`` (a module, or a name of a module)."""
    if any(name == allowed or name.startswith(f"{allowed}.") for allowed in _ALLOWED_TO_ARF):
        return False
    return is_sensitive(name) or name.split(".", maxsplit=1)[0] in _FORBIDDEN_TO_ARF


_SOCKET: Final[Mapping[tuple[str, str], str]] = (
    {("pydantic", "socket"): "pydantic.plugin._loader loads importlib.metadata, it email, it socket: for make_msgid()"}
    if sys.version_info < (3, 13)
    else {("prompt_toolkit", "socket"): "by asyncio; email no longer loads it at once"}
)

IMPORTS: Final[Mapping[tuple[str, str], str]] = {
    ("typer", "subprocess"): "typer.main, for typer.launch(), which arf never calls",
    ("typer", "_posixsubprocess"): "by subprocess",
    ("typing_extensions", "_socket"): "for _socket.CAPI, to name the type of a capsule",
    ("numpy", "ctypes"): "numpy._core._internal, for the attribute ndarray.ctypes",
    ("numpy", "_ctypes"): "by ctypes",
    ("prompt_toolkit", "asyncio"): "cel (CEL conditions) imports its own command line, it prompt_toolkit: for prompts",
    ("prompt_toolkit", "concurrent"): "by asyncio",
    ("prompt_toolkit", "ssl"): "by asyncio",
    ("prompt_toolkit", "_ssl"): "by ssl",
    ("uvicorn", "socketserver"): "logging.config, for logging.config.listen(), which is never called",
    ("uvicorn", "multiprocessing"): "uvicorn._subprocess, for --workers and --reload, which the server never uses",
    ("uvicorn", "_multiprocessing"): "by multiprocessing",
    ("starlette", "http"): "starlette.exceptions, for the names of statuses; http.client comes along",
    **_SOCKET,
}
"""(who, which sensitive module) → why that is no way to act."""

NATIVE: Final[Mapping[tuple[str, str], str]] = {
    ("numpy", "ctypes.dlopen NoneType"): "importing ctypes opens the program itself, for ctypes.pythonapi",
}
"""(who, which event with which arguments) → why."""

LISTENS: Final = frozenset(
    "socket.__new__ socket.bind _thread.start_new_thread _thread.start_joinable_thread sys.set_asyncgen_hook_finalizer"
    " sys.set_asyncgen_hook_firstiter".split()
)
"""Events of a server that listens: who may cause them is in :data:`LISTENING`. A connection is none of them."""

_START = "_thread.start_new_thread" if sys.version_info < (3, 13) else "_thread.start_joinable_thread"
_THREADS: Final[Mapping[tuple[str, str], str]] = (
    {("anyio", _START): "its worker threads, in which what takes time runs"} if sys.version_info >= (3, 12) else {}
)

LISTENING: Final[Mapping[tuple[str, str], str]] = {
    ("uvicorn", "socket.__new__"): "the server's loop: its listening socket, those it accepts, its pair to wake itself",
    ("uvicorn", "socket.bind"): "the listening socket; to loopback only",
    ("uvicorn", "sys.set_asyncgen_hook_finalizer"): "asyncio, to close asynchronous generators that are left",
    ("uvicorn", "sys.set_asyncgen_hook_firstiter"): "the same",
    **_THREADS,
}
"""(who, which event) → why. arf_core itself may none of it."""


def is_loopback(address: object) -> bool:
    """Whether a socket that is bound to ``address`` is reached from this machine alone."""
    return isinstance(address, tuple) and address[0] in ("127.0.0.1", "::1")


WRITES: Final[Mapping[str, int]] = {
    "os.rename": 2,
    "os.remove": 1,
    "os.mkdir": 1,
    "os.rmdir": 1,
    "os.link": 2,
    "os.symlink": 2,
    "os.chmod": 1,
    "os.chown": 1,
    "os.truncate": 1,
    "os.utime": 1,
    "os.setxattr": 1,
    "os.removexattr": 1,
    "os.chflags": 1,
    "shutil.copyfile": 2,
    "shutil.copymode": 2,
    "shutil.copystat": 2,
    "shutil.copytree": 2,
    "shutil.move": 2,
    "shutil.rmtree": 1,
    "shutil.chown": 1,
    "shutil.make_archive": 1,
    "shutil.unpack_archive": 2,
    "tempfile.mkstemp": 1,
    "tempfile.mkdtemp": 1,
    "pathlib.Path.touch": 1,
}
"""Events that change files → how many of their first arguments are paths, all of which must be declared outputs."""

RELATIVE: Final = frozenset({"os.rename", "os.remove", "os.rmdir", "os.link", "os.symlink"})
"""Those of :data:`WRITES` whose numbers can only be descriptors of folders, which hide where a path leads."""

EVALUATION: Final = frozenset(
    {"exec", "compile", "marshal.loads", "marshal.load", "pickle.find_class", "os.putenv", "os.unsetenv"}
)
"""Code from data, and the environment: not even by way of the standard library, except for :data:`MACHINERY`."""

DYNAMIC: Final = EVALUATION | {
    "code.__new__",
    "function.__new__",
    "object.__getattr__",
    "object.__setattr__",
    "object.__delattr__",
    "sys._getframe",
    "sys._getframemodulename",
    "sys._current_frames",
    "sys._current_exceptions",
    "gc.get_objects",
    "gc.get_referrers",
    "gc.get_referents",
}
"""What dependencies and the drive may do, and arf_core itself may not."""

INSTRUMENTS: Final = frozenset({"sys.setprofile", "sys.monitoring.register_callback"})
"""What would blind the proof: only its own profiler may."""

MACHINERY: Final = frozenset(
    "importlib._bootstrap importlib._bootstrap_external zipimport dataclasses collections typing".split()
)
"""The parts of the standard library that make code from a declaration: imports, dataclasses, named tuples, types."""

ATTRIBUTES: Final[Mapping[tuple[str, str], str]] = {
    ("arf_core.constants", "__class__"): "the seal itself: the module's class is replaced by one that refuses changes",
}
"""(module of arf_core, attribute) → why it may touch an attribute that raises an audit event."""

HARMLESS: Final = frozenset(
    {
        "array.__new__",
        "builtins.id",
        "cpython.run_module",
        "glob.glob",
        "glob.glob/2",
        "os.getxattr",
        "os.listdir",
        "os.listxattr",
        "os.scandir",
        "os.walk",
        "os.fwalk",
        "pathlib.Path.glob",
        "pathlib.Path.rglob",
        "sys.excepthook",
        "sys.unraisablehook",
        "time.sleep",
    }
)
"""Events that read or compute only. They are counted."""

_ABSTRACT = "a Protocol: its methods are descriptions without a body; an implementation of each is driven"
EXCLUDED: Final[Mapping[str, str]] = {
    "arf_core.plot.canvas.Canvas": _ABSTRACT,
    "arf_core.recall.memory.AdvisorMemory": _ABSTRACT,
    "arf_core.seams.Embedder": _ABSTRACT,
    "arf_core.seams.IncidentMemory": _ABSTRACT,
    "arf_core.seams.IntentSink": _ABSTRACT,
}
"""Public names (and all below) that the drive need not run → why. One that excludes nothing is stale and fails."""

EXCLUDED_WITHOUT_PILLOW: Final[Mapping[str, str]] = {
    "arf_core.plot.canvas.PngCanvas": "Pillow, the extra `plot`, is not installed",
}
