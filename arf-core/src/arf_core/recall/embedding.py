# SPDX-License-Identifier: Apache-2.0
"""From an incident to a vector: no model, no training, no network, and the same for ever.

Every feature of ``recall.profile`` has a place and a sign in the vector, taken from a BLAKE2b hash of its name (feature
hashing: Weinberger et al., "Feature Hashing for Large Scale Multitask Learning", ICML 2009). So no vocabulary has to be
agreed on, a metric never seen before has its place already, and two processes agree to the last bit.
"""

from __future__ import annotations

from functools import lru_cache
from hashlib import blake2b
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from arf_core.errors import SettingsError
from arf_core.models.incident import Incident
from arf_core.recall.profile import Scene, centre_of, features_at, scene_of


class SignalEmbedder:
    """Embeds which signals moved, which way, how much, on what kind of component and how far from where it began.

    An incident whose ``component`` is not known yet is seen from the component with the most and the rarest signals.
    """

    name = "signals-1"

    def __init__(self, dimensions: int = 256) -> None:
        """Vectors of ``dimensions`` numbers: at 256, two of the some 150 features of an incident seldom collide.

        Raises:
            SettingsError: fewer than 16 dimensions or more than 4096.
        """
        if not 16 <= dimensions <= 4096:
            raise SettingsError(f"an embedding of {dimensions} dimensions is not possible: from 16 to 4096 are")
        self.dimensions = dimensions

    def embed(self, incident: Incident) -> tuple[float, ...]:
        """A vector of length 1 (zeros for an incident with nothing in it), as seen from where it began.

        The numbers are exact in 32 bits.
        """
        scene = scene_of(incident)
        view = self.view(scene, incident.component or centre_of(scene))
        return tuple((view / (sqrt(float(view @ view)) or 1.0)).astype(np.float32).tolist())

    def view(self, scene: Scene, focus: str | None) -> NDArray[np.float64]:
        """The incident as seen from the component ``focus``: ``dimensions`` numbers, *not* of length 1.

        How much is seen from a component (the length) is part of what tells a root from a bystander.
        """
        sums: dict[int, float] = {}
        for role, what, way, weight in features_at(scene, focus):
            place, sign = _place(role, what, way, self.dimensions)
            sums[place] = sums.get(place, 0.0) + sign * weight
        view = np.zeros(self.dimensions)
        view[list(sums)] = list(sums.values())
        return view


@lru_cache(maxsize=65536)
def _place(role: str, what: str, way: str, dimensions: int) -> tuple[int, float]:
    """A place below ``dimensions`` and a sign, both from the feature's name."""
    name = f"{role}\0{what}\0{way}".encode("utf-8", "surrogatepass")
    hashed = int.from_bytes(blake2b(name, digest_size=5).digest(), "big")
    return (hashed >> 8) % dimensions, 1.0 if hashed & 1 else -1.0
