# SPDX-License-Identifier: Apache-2.0
"""The embedders by name: the setting ``embedder`` chooses one of them.

The default is registered here. A program registers others before it makes its advisor; nothing is looked for or loaded
by itself, because loading code by a name from the outside is what the open edition does not do.
"""

from __future__ import annotations

from collections.abc import Callable

from arf_core.errors import SettingsError
from arf_core.recall.embedding import SignalEmbedder
from arf_core.seams import Embedder

_KNOWN: dict[str, Callable[[], Embedder]] = {SignalEmbedder().name: SignalEmbedder}


def register(name: str, make: Callable[[], Embedder]) -> None:
    """Make ``make`` the embedder called ``name``.

    Raises:
        SettingsError: the name is taken: a vector's name says who made it, so it never changes hands.
    """
    if name in _KNOWN and _KNOWN[name] is not make:
        raise SettingsError(f"the embedder {name!r} is registered already: choose another name")
    _KNOWN[name] = make


def embedder_named(name: str) -> Embedder:
    """A new embedder of that name.

    Raises:
        SettingsError: no embedder is registered by that name; the message lists those that are.
    """
    if name not in _KNOWN:
        raise SettingsError(f"embedder is {name!r}: those registered are {', '.join(sorted(_KNOWN))}")
    return _KNOWN[name]()
