# SPDX-License-Identifier: Apache-2.0
"""Several findings about one component as one: its readings over time, or several alerts.

1. Of a metric, or an alert, that was found several times, the worst stands for all, and says of how many.
2. What was measured is the latest.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from arf_core.models.anomaly import Anomaly
from arf_core.models.frozen import FrozenMap
from arf_core.models.signal import Direction, Signal

_Key = tuple[str, Direction]


def merged(found: Sequence[Anomaly]) -> Anomaly:
    """The finding that ``found`` (at least one, in the order of their times) are together."""
    if len(found) == 1:
        return found[0]
    signals, because = _worst(found)
    return replace(
        found[0],
        severity=max((one.severity for one in found), key=lambda severity: severity.rank),
        score=max(one.score for one in found),
        detected_at=min(one.detected_at for one in found),
        signals=signals,
        measured=FrozenMap({name: value for one in found for name, value in one.measured.items()}),
        words=tuple(dict.fromkeys(word for one in found for word in one.words)),
        because=because,
    )


def _worst(found: Sequence[Anomaly]) -> tuple[tuple[Signal, ...], tuple[str, ...]]:
    kept: dict[_Key, tuple[Signal, str]] = {}
    times: Counter[_Key] = Counter()
    for one in found:
        for signal, sentence in zip(one.signals, one.because, strict=True):
            key = (signal.metric, signal.direction)
            times[key] += 1
            if key not in kept or _badness(signal) > _badness(kept[key][0]):
                kept[key] = signal, sentence
    sentences = (_counted(sentence, times[key]) for key, (_, sentence) in kept.items())
    return tuple(signal for signal, _ in kept.values()), tuple(sentences)


def _badness(signal: Signal) -> float:
    value = signal.value or 0.0
    return value if signal.direction is Direction.UP else -value


def _counted(sentence: str, times: int) -> str:
    return sentence if times == 1 else f"{sentence} (the worst of {times})"
