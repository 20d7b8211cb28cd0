# SPDX-License-Identifier: Apache-2.0
"""The modules known by name, so that ``a.b`` is told from an attribute ``b`` of the module ``a``. Data only."""

from __future__ import annotations

import sys
from typing import Final

from boundary.limits import HOLDERS
from boundary.modules import MODULES

KNOWN_MODULES: Final = (
    frozenset(sys.stdlib_module_names)
    | {
        "os.path",
        "importlib.metadata",
        "importlib.resources",
        "concurrent.futures",
        "logging.handlers",
        "logging.config",
        "xml.etree",
        "xml.etree.ElementTree",
        "xml.dom",
        "xml.sax",
        "email.message",
        "email.utils",
        "collections.abc",
        "json.decoder",
        "json.encoder",
        "urllib.parse",
        "urllib.error",
        "html.parser",
        "html.entities",
        "unittest.mock",
        "asyncio.events",
        "asyncio.base_events",
        "asyncio.tasks",
        "asyncio.locks",
        "curses.ascii",
        "encodings.idna",
        "wsgiref.util",
        "importlib.util",
        "importlib.machinery",
        "importlib.abc",
        "numpy.lib",
        "numpy.core",
        "numpy.testing",
        "numpy.linalg",
        "numpy.random",
        "numpy.ma",
        "rich.console",
        "faiss.loader",
        "multiprocessing.pool",
        "cryptography.hazmat",
        "cryptography.hazmat.primitives",
        "cryptography.hazmat.primitives.serialization",
        "cryptography.hazmat.primitives.asymmetric",
        "cryptography.x509",
        "starlette.responses",
        "fastapi.responses",
    }
    | MODULES.keys()
    | set(HOLDERS)
)


def is_module(path: str) -> bool:
    """Whether ``path`` is a module known by name."""
    return path in KNOWN_MODULES or ("." not in path and path != "")
