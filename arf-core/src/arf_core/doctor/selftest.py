# SPDX-License-Identifier: Apache-2.0
"""Whether the parts do what they are for, tried on made telemetry: limits, embedder, search, sealing.

The command that mends a part that does not work is to install ARF and its packages again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from math import fsum, isclose
from typing import Final

from arf_core.config.oss_config import OSSConfig
from arf_core.doctor.finding import About, Finding, State

AGAIN: Final = "pip install --force-reinstall arf-core"


def tested(config: OSSConfig) -> Iterator[Finding]:
    """Every part, tried. What a part raises is what is wrong with it; the others are tried all the same."""
    for check, about, attempt, command in (
        ("sealed limits", About.INSTALLATION, _limits, AGAIN),
        ("embedder", About.SETTINGS, lambda: _embedder(config), "unset ARF_EMBEDDER"),
        ("search", About.INSTALLATION, _search, "pip install --force-reinstall faiss-cpu numpy"),
        ("sealed intent", About.INSTALLATION, _intent, AGAIN),
    ):
        yield _tried(check, about, attempt, command)


class _Failed(Exception):
    """A part gave something else than it should."""


def _tried(check: str, about: About, attempt: Callable[[], str], command: str) -> Finding:
    try:
        return Finding(check=check, about=about, state=State.OK, found=attempt())
    except Exception as error:  # noqa: BLE001 - whatever a part raises, the doctor goes on and says it
        found = str(error) if isinstance(error, _Failed) else f"{type(error).__name__}: {error}"
        return Finding(check=check, about=about, state=State.FAILED, found=found, command=command)


def _limits() -> str:
    from arf_core import constants
    from arf_core.canonical import digest

    if digest("arf.oss-limits/1", constants.limits()) != constants.LIMITS_DIGEST:
        raise _Failed("the limits in arf_core/constants.py were edited")
    return constants.LIMITS_DIGEST


def _embedder(config: OSSConfig) -> str:
    from arf_core.recall.embedders import embedder_named
    from arf_core.testing import made_incident

    embedder = embedder_named(config.embedder)
    vector = embedder.embed(made_incident())
    length = fsum(number * number for number in vector) ** 0.5
    if len(vector) != embedder.dimensions or not isclose(length, 1.0, abs_tol=1e-3):
        raise _Failed(
            f"{embedder.name} made {len(vector)} numbers of length {length:.3f}, not {embedder.dimensions} of 1"
        )
    return f"{embedder.name}, {embedder.dimensions} dimensions"


def _search() -> str:
    from arf_core.recall.embedding import SignalEmbedder
    from arf_core.recall.memory import InMemoryIncidents
    from arf_core.testing import MOMENT, made_incident

    memory = InMemoryIncidents(SignalEmbedder())
    memory.remember_all([made_incident("busy"), made_incident("slow", metrics=("latency_p99",))])
    found = memory.similar(made_incident("asked"), now=MOMENT, limit=1)
    if [match.incident.incident_id for match in found] != ["busy"]:
        raise _Failed("FAISS did not find the incident that is the same")
    return f"FAISS finds the same incident again, similarity {found[0].score:.2f}"


def _intent() -> str:
    from arf_core.advisor import Advisor
    from arf_core.errors import IntentError
    from arf_core.models.healing_intent import HealingIntent
    from arf_core.testing import made_event

    intents = Advisor().advise(made_event()).intents
    if not intents:
        raise _Failed("a slow component led to no intent")
    text = intents[0].to_json()
    if HealingIntent.from_json(text).digest != intents[0].digest:
        raise _Failed("an intent that was written and read again has another digest")
    try:
        HealingIntent.from_json(text.replace('"component":"', '"component":"x', 1))
    except IntentError:
        return f"written, read and recognised; a changed byte is refused ({intents[0].digest[:19]}…)"
    raise _Failed("an intent with a changed component was not refused")
