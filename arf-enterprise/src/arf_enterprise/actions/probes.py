# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""Asking a probe: one question about health, and what it answers. The settings of each kind: ``targets.probe_fields``.

1. What cannot be told is None, never True: Prometheus away, an empty result (unless ``absent_is_ok``), an answer that
   is not what it should be, an adapter that cannot see.
2. A component that does not answer an ``http`` probe, or with a redirect, is not ok: that is what was asked.
3. Every ask is bounded in time and size (``actions.exchange``), and none raises for what the world does.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, assert_never, cast
from urllib.parse import quote

from arf_core.errors import InputError
from arf_core.models.frozen import FrozenMap
from arf_core.strict_json import parse_json
from arf_enterprise.actions.adapter import Adapter, Vitals
from arf_enterprise.actions.exchange import Ask, NoAnswer, exchange
from arf_enterprise.errors import EnterpriseError
from arf_enterprise.targets import broker
from arf_enterprise.targets.probe_fields import BOUNDS, TIMEOUT_S
from arf_enterprise.targets.target import Probe

MOST_SERIES: Final = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a probe said: whether it is ok (None: cannot tell), the number it saw, and a sentence."""

    ok: bool | None
    value: float | None = None
    says: str = ""

    def document(self) -> dict[str, object]:
        """As JSON."""
        return {"ok": self.ok, "value": self.value, "says": self.says}


def ask(probe: Probe, adapter: Adapter | None, *, read: Callable[[str], str] = broker.read) -> Answer:
    """What ``probe`` says now. ``adapter`` is asked by probes of its kind; ``read`` gives credentials.

    Never raises for what the world does: that is an answer, too.
    """
    try:
        match probe.kind:
            case "http":
                return _http(probe.settings, read)
            case "prometheus":
                return _prometheus(probe.settings, read)
            case "adapter":
                return _cannot("no adapter is there to be asked") if adapter is None else of_vitals(adapter)
            case _:
                assert_never(probe.kind)
    except EnterpriseError as error:
        return _cannot(str(error))


def of_vitals(adapter: Adapter) -> Answer:
    """Whether as many are ready as are wanted, and any are."""
    vitals: Vitals = adapter.observe().vitals
    if not vitals.exists:
        return Answer(ok=False, says="it does not exist")
    if vitals.ready is None or vitals.wanted is None:
        return _cannot("the adapter cannot tell how many are ready")
    ok = vitals.wanted >= 1 and vitals.ready >= vitals.wanted
    return Answer(ok=ok, value=float(vitals.ready), says=f"{vitals.ready} of {vitals.wanted} are ready")


def _http(settings: FrozenMap, read: Callable[[str], str]) -> Answer:
    wanted = cast("str | None", settings.get("contains"))
    status = cast("int", settings.get("status", 200))
    try:
        got = exchange(_ask(settings, read, url=cast("str", settings["url"])))
    except NoAnswer as error:
        return Answer(ok=False, says=str(error))  # rule 2
    if got.status != status:
        return Answer(ok=False, value=float(got.status), says=f"it answers {got.status}, not {status}")
    if wanted is None or wanted.encode() in got.body:
        return Answer(ok=True, value=float(got.status), says=f"it answers {got.status}")
    if not got.is_whole:
        return _cannot(f"the text is not in the first {len(got.body)} bytes, and no more are read")
    return Answer(ok=False, value=float(got.status), says="the text is not in its answer")


def _prometheus(settings: FrozenMap, read: Callable[[str], str]) -> Answer:
    base, query = cast("str", settings["url"]).rstrip("/"), cast("str", settings["query"])
    url = f"{base}/api/v1/query?query={quote(query, safe='')}"
    try:
        got = exchange(_ask(settings, read, url=url))
        if got.status != 200 or not got.is_whole:
            what = f"answers {got.status}" if got.is_whole else "answers too much"
            return _cannot(f"Prometheus {what}")
        values = _values(parse_json(got.body, what="the answer of Prometheus"))
    except (NoAnswer, InputError) as error:
        return _cannot(str(error))
    if values is None:
        return _cannot("Prometheus gives no instant vector or number")
    if not values:
        return Answer(ok=True if settings.get("absent_is_ok") is True else None, says="the query finds nothing")
    return _judged(values, settings)


def _judged(values: list[float], settings: FrozenMap) -> Answer:
    if not all(map(math.isfinite, values)):
        return _cannot("the query gives a value that is no finite number")
    bound = next(name for name in BOUNDS if name in settings)
    limit = float(cast("float", settings[bound]))
    worst = _WORST[bound](values, limit)
    ok = {"below": worst < limit, "above": worst > limit, "equals": worst == limit}[bound]
    said = f"{worst:g} is {'' if ok else 'not '}{'equal to' if bound == 'equals' else bound} {limit:g}"
    return Answer(ok=ok, value=worst, says=said)


_WORST: Final[Mapping[str, Callable[[list[float], float], float]]] = {
    "below": lambda values, _: max(values),
    "above": lambda values, _: min(values),
    "equals": lambda values, limit: max(values, key=lambda value: abs(value - limit)),
}


def _values(document: object) -> list[float] | None:
    """The values of the result; None if it is none that can be judged."""
    match document:
        case {"status": "success", "data": {"resultType": "scalar", "result": [_, str(text)]}}:
            return [_number(text)]
        case {"status": "success", "data": {"resultType": "vector", "result": list(series)}}:
            if len(series) > MOST_SERIES:
                return None
            found = [_of_series(one) for one in series]
            return None if None in found else cast("list[float]", found)
    return None


def _of_series(one: object) -> float | None:
    match one:
        case {"value": [_, str(text)]}:
            return _number(text)
    return None


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan


def _ask(settings: FrozenMap, read: Callable[[str], str], *, url: str) -> Ask:
    reference = cast("str | None", settings.get("authorization"))
    return Ask(
        url=url,
        headers={} if reference is None else {"Authorization": read(reference)},
        timeout_s=float(cast("float", settings.get("timeout_s", TIMEOUT_S))),
        ca_file=cast("str | None", settings.get("ca_file")),
    )


def _cannot(says: str) -> Answer:
    return Answer(ok=None, says=says)
