# SPDX-License-Identifier: Apache-2.0
"""The planted escapes: each is run as a part of arf_core in a watched process, and must be caught by its own detector.

``inside`` and ``outside`` are folders that may and may not be written to. The modules an escape needs are loaded before
the hook is armed: otherwise the import alone would be caught, and nothing shown of the act.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Plant:
    """What an escape runs, the kind of the finding that must come of it, and what must stand ready for it."""

    source: str
    kind: str
    ready: str = ""


PREPARED: Final = """
import ctypes, importlib, marshal, os, pickle, pty, shutil, signal, socket, subprocess, sys, tempfile, _thread
libc, code = ctypes.CDLL(None), (lambda: 0).__code__
open(outside + "/before", "w").close()
"""
"""What stands ready for every escape, from before the hook."""

_SOCKET: Final = "made = socket.socket()"
_SERVER: Final = """
from arf_core.advisor import Advisor
from arf_core.api import looking
from arf_core.api.app import build
from arf_core.api.serving import Serving
from arf_core.api.settings import ApiSettings
from arf_core.service import AdviceService
made = socket.socket()
app = build(Serving(settings=ApiSettings(), service=AdviceService(Advisor())))._app
scope = {"type": "http", "method": "GET", "path": "/v1/capabilities", "headers": [], "query_string": b"", "state": {}}
async def receive():
    return {"type": "http.request"}
async def send(message):
    pass
def ask():
    app(scope, receive, send).send(None)  # no handler waits here, so no event loop is needed
"""
_FILE: Final = "number = os.open(outside + '/before', os.O_WRONLY)"

_ALL: Final[Mapping[str, Plant]] = {
    "popen": Plant("subprocess.Popen(['true'])", "subprocess.Popen"),
    "system": Plant("os.system('true')", "os.system"),
    "popen_os": Plant("os.popen('true')", "subprocess.Popen"),
    "exec": Plant("os.execv('/bin/true', ['true'])", "os.exec"),
    "posix_spawn": Plant("os.posix_spawn('/bin/true', ['true'], {})", "os.posix_spawn"),
    "spawn": Plant("os.spawnv(os.P_WAIT, '/bin/true', ['true'])", "os.fork"),
    "fork": Plant("os.fork() or os._exit(0)", "os.fork"),
    "forkpty": Plant("os.forkpty()", "os.forkpty"),
    "pty_spawn": Plant("pty.spawn(['true'])", "pty.spawn"),
    "kill": Plant("os.kill(os.getpid(), 0)", "os.kill"),
    "killpg": Plant("os.killpg(os.getpgid(0), 0)", "os.killpg"),
    "pthread_kill": Plant("signal.pthread_kill(_thread.get_ident(), 0)", "signal.pthread_kill"),
    "thread": Plant("_thread.start_new_thread(print, ())", "_thread.start_new_thread"),
    "socket_new": Plant("socket.socket()", "socket.__new__"),
    "socket_connect": Plant("made.connect(('127.0.0.1', 9))", "socket.connect", _SOCKET),
    "handler_connect": Plant(
        "looking.capabilities = lambda: made.connect(('127.0.0.1', 9))\nask()", "socket.connect", _SERVER
    ),
    "socket_connect_ex": Plant("made.connect_ex(('127.0.0.1', 9))", "socket.connect", _SOCKET),
    "socket_bind": Plant("made.bind(('127.0.0.1', 0))", "socket.bind", _SOCKET),
    "socket_sendto": Plant("made.sendto(b'x', ('127.0.0.1', 9))", "socket.sendto", _SOCKET),
    "getaddrinfo": Plant("socket.getaddrinfo('localhost', 9)", "socket.getaddrinfo"),
    "gethostbyname": Plant("socket.gethostbyname('localhost')", "socket.gethostbyname"),
    "ctypes_load": Plant("ctypes.CDLL(None)", "ctypes.dlopen"),
    "ctypes_symbol": Plant("libc.getpid()", "ctypes.dlsym"),
    "write": Plant("open(outside + '/x', 'w')", "open"),
    "append": Plant("open(outside + '/x', 'ab')", "open"),
    "write_flags": Plant("os.open(outside + '/x', os.O_CREAT | os.O_WRONLY)", "open"),
    "write_dots": Plant("open(inside + '/../outside/x', 'w')", "open"),
    "rename_out": Plant("open(inside + '/x', 'w').close(); os.replace(inside + '/x', outside + '/x')", "os.rename"),
    "remove": Plant("os.unlink(outside + '/before')", "os.remove"),
    "mkdir": Plant("os.mkdir(outside + '/x')", "os.mkdir"),
    "rmdir": Plant("os.rmdir(outside)", "os.rmdir"),
    "hard_link": Plant("os.link(outside + '/before', inside + '/x')", "os.link"),
    "symlink": Plant("os.symlink(outside, inside + '/x')", "os.symlink"),
    "chmod": Plant("os.chmod(outside, 0o777)", "os.chmod"),
    "truncate": Plant("os.truncate(outside + '/before', 0)", "os.truncate"),
    "utime": Plant("os.utime(outside + '/before')", "os.utime"),
    "rmtree": Plant("shutil.rmtree(outside)", "shutil.rmtree"),
    "mkstemp": Plant("tempfile.mkstemp(dir=outside)", "tempfile.mkstemp"),
    "mkdtemp": Plant("tempfile.mkdtemp(dir=outside)", "tempfile.mkdtemp"),
    "import_loaded": Plant("import subprocess", "import"),
    "import_from": Plant("from os import path\nfrom concurrent import futures", "import"),
    "import_new": Plant("import ftplib", "import"),
    "import_by_name": Plant("importlib.import_module('ftplib')", "import"),
    "exec_text": Plant("exec(code)", "exec"),
    "eval_text": Plant("eval('1')", "compile"),
    "compile_text": Plant("compile('1', '', 'eval')", "compile"),
    "unmarshal": Plant("marshal.loads(b'N')", "marshal.loads"),
    "unpickle": Plant("pickle.loads(b'cbuiltins\\nprint\\n.')", "pickle.find_class"),
    "frame": Plant("sys._getframe()", "sys._getframe"),
    "code_read": Plant("(lambda: 0).__code__", "object.__getattr__"),
    "code_made": Plant("code.replace(co_name='x')", "code.__new__"),
    "environment": Plant("os.environ['LD_PRELOAD'] = 'x'", "os.putenv"),
    "chdir": Plant("os.chdir('/')", "os.chdir"),
    "hook": Plant("sys.addaudithook(print)", "sys.addaudithook"),
    "profile": Plant("sys.setprofile(None)", "sys.setprofile"),
    # What raises no audit event: found afterwards.
    "left_write": Plant("os.write(number, b'x'); os.close(number)", "files", _FILE),
    "left_open": Plant("", "descriptor", _FILE),
    "left_socket": Plant("native(2, 1, 0)", "socket", "native = libc.socket"),
    "left_child": Plant("native() or os._exit(0)", "process", "native = libc.fork"),
    "left_limit": Plant("from arf_core import constants\nvars(constants)['EXECUTION_ALLOWED'] = True", "limits"),
    # What the drive has loaded by the time it looks for names: their first importers are listed by its order.
    "left_untouched": Plant("from arf_core import version", "untouched", ready="import cel"),
}

PLANTS: Final = {name: plant for name, plant in _ALL.items() if name != "thread" or sys.version_info >= (3, 12)}
"""Name → escape. Before Python 3.12 the start of a thread raises no event."""

INNOCENT: Final = "innocent"
"""The control: nothing may be found in it, or the detectors would cry at anything."""
