# SPDX-License-Identifier: Apache-2.0
"""What the server answers from: an advisor, and what it said lately.

1. An answer depends on the question, the memory and the policies alone: no earlier question uses up a policy's limit,
   so the same question has the same answer.
2. What was said is kept to be asked for again (as resources), the latest incidents with their intents: at most
   :data:`MOST_KEPT`, of at most :data:`MOST_BYTES` of input together. It never changes an answer.
3. It reads no clock: ``clock`` is given, and is only the time of windows and incidents that do not say theirs.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from threading import Lock
from typing import TYPE_CHECKING, Final

from arf_core.advisor import Advisor
from arf_core.analysis import Analysis, Answered, analyze
from arf_core.errors import InputError, NotFoundError, TooLargeError
from arf_core.ingest.formats import Format
from arf_core.ingest.reading import read
from arf_core.models.advice import Advice
from arf_core.models.healing_intent import HealingIntent
from arf_core.models.incident import Match
from arf_core.policy.limits import Limiter
from arf_core.stages import Edges, Subject, time_of
from arf_mcp_client.settings import MAX_INPUT

if TYPE_CHECKING:
    from arf_core.explanation import Explanation

MOST_KEPT: Final = 1000
"""How many incidents are kept, with their intents, to be asked for again."""

MOST_BYTES: Final = 16 * MAX_INPUT
"""How many bytes of input the kept incidents came from at most: advice about much is itself large."""

Watch = Callable[[list[Subject]], Iterable[Subject]]


@dataclass(frozen=True, slots=True)
class _Kept:
    """The advice about an incident, and its part of the input in bytes."""

    advice: Advice
    weight: int


class Desk:
    """Answers questions about telemetry; safe to share between threads."""

    def __init__(self, advisor: Advisor, *, clock: Callable[[], datetime], edges: Edges = ()) -> None:
        """Answer with ``advisor``; ``edges`` are the known calls, as (caller, callee) pairs."""
        self.advisor = advisor
        self._clock, self._edges = clock, tuple(edges)
        self._said: OrderedDict[str, _Kept] = OrderedDict()
        self._lock = Lock()

    def analyze(self, telemetry: str, *, form: Format, watch: Watch = iter) -> Analysis:
        """The advice about everything in ``telemetry``.

        Raises:
            InputError: it is too large, or in no format that ARF reads.
        """
        batch = read(checked(telemetry), now=self._clock(), form=form)
        analysis = analyze(batch, self.advisor, edges=self._edges, limiter=Limiter(), watch=watch)  # 1
        self._keep(analysis, len(telemetry))
        return analysis

    def one(self, telemetry: str, *, form: Format) -> Answered:
        """The one subject in ``telemetry`` and the advice about it.

        Raises:
            InputError: as :meth:`analyze`, or ``telemetry`` holds nothing, or more than one incident.
        """
        batch = read(checked(telemetry), now=self._clock(), form=form)
        if not len(batch):
            raise InputError(f"no record could be read: {batch.faults[0] if batch.faults else 'there is none'}")
        analysis = analyze(batch, self.advisor, edges=self._edges, adaptive=False, limiter=Limiter())
        if len(analysis.answered) > 1:
            found = len(analysis.answered)
            raise InputError(
                f"the telemetry holds {found} separate incidents: give one, or call analyze for all of them"
            )
        if not analysis.answered:  # every reading is normal: the first stands for all
            subjects: list[Subject] = [*batch.events, *batch.incidents, *batch.windows]
            subject = min(subjects, key=time_of)
            return Answered(subject=subject, advice=self.advisor.advise(subject, limiter=Limiter()))
        self._keep(analysis, len(telemetry))
        return analysis.answered[0]

    def similar(self, telemetry: str, *, form: Format, limit: int) -> tuple[Match, ...]:
        """At most ``limit`` remembered incidents that resemble the one in ``telemetry``, best first.

        Raises:
            InputError: as :meth:`one`.
        """
        subject = self.one(telemetry, form=form).subject
        return self.advisor.memory.similar(self.advisor.describe(subject), now=time_of(subject), limit=limit)

    def explain(self, telemetry: str, *, form: Format, action: str, component: str | None) -> Explanation:
        """Why ``action`` was, or was not, recommended for the one incident in ``telemetry``.

        Raises:
            InputError: as :meth:`one`, or an action that does not exist.
        """
        from arf_core.explanation import explain

        advice = self.one(telemetry, form=form).advice
        return explain(advice, action=action, component=component, advisor=self.advisor)

    def incidents(self) -> tuple[Advice, ...]:
        """The advice that was given lately, the latest first."""
        with self._lock:
            return tuple(kept.advice for kept in reversed(self._said.values()))

    def intents(self) -> tuple[HealingIntent, ...]:
        """The sealed intents of the advice that was given lately, the latest advice first."""
        return tuple(intent for advice in self.incidents() for intent in advice.intents)

    def incident(self, incident_id: str) -> Advice:
        """The latest advice about that incident.

        Raises:
            NotFoundError: nothing was said about it, or it is no longer kept.
        """
        with self._lock:
            if incident_id in self._said:
                return self._said[incident_id].advice
        raise NotFoundError(f"no incident {incident_id[:80]!r} is kept here: read arf://incidents for those that are")

    def intent(self, intent_id: str) -> HealingIntent:
        """The sealed intent of that id.

        Raises:
            NotFoundError: it was not said here, or is no longer kept.
        """
        for intent in self.intents():
            if intent.intent_id == intent_id:
                return intent
        raise NotFoundError(f"no intent {intent_id[:80]!r} is kept here: read arf://intents for those that are")

    def _keep(self, analysis: Analysis, size: int) -> None:
        with self._lock:
            for answered in analysis.answered:
                self._said.pop(answered.advice.incident_id, None)
                self._said[answered.advice.incident_id] = _Kept(answered.advice, size // len(analysis.answered))
            weight = sum(kept.weight for kept in self._said.values())
            while len(self._said) > MOST_KEPT or weight > MOST_BYTES:
                weight -= self._said.popitem(last=False)[1].weight


def checked(text: str) -> bytes:
    """``text`` as UTF-8, if it is not too large.

    Raises:
        InputError: more than :data:`MAX_INPUT` bytes, or a lone surrogate.
    """
    try:
        data = text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise InputError(f"the text has a lone surrogate at character {error.start}: it is not Unicode") from error
    if len(data) > MAX_INPUT:
        raise TooLargeError(f"the input has {len(data)} bytes: one call takes at most {MAX_INPUT}, split it")
    return data
