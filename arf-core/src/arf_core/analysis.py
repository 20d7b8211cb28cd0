# SPDX-License-Identifier: Apache-2.0
"""From everything an input holds to the advice about it.

1. Readings that are abnormal, and all alerts, are folded into groups: duplicates once, what is related together,
   what is resolved closed (``ingest.grouping``).
2. Readings that leave their component's own course, though no threshold sees it, become windows (``detect.course``).
3. Each open group, each incident and each window is a subject; each gets its advice, in the order of their times.
   Alerts and readings are one stream, in which a policy's cooldown and hourly limit count. An incident or window that
   is given as such is a case by itself, often without a time: what was recommended for one does not limit the next.
4. What could not be read is passed on, by position: nothing is lost silently.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from arf_core.advisor import Advisor
from arf_core.detect.course import departures
from arf_core.ingest.batch import Batch, RecordFault
from arf_core.ingest.grouping import fold
from arf_core.models.advice import Advice
from arf_core.models.event import ReliabilityEvent, Status
from arf_core.models.window import Window
from arf_core.plain import plain
from arf_core.policy.limits import Limiter
from arf_core.stages import Edges, Subject, time_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """One subject and its advice."""

    subject: Subject
    advice: Advice

    @property
    def window(self) -> Window | None:
        """The subject, if it is a window."""
        return self.subject if isinstance(self.subject, Window) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Analysis:
    """The advice about every subject of an input, and what of the input could not be read.

    ``read`` counts the records that were read, ``normal`` the readings among them in which nothing was abnormal.
    """

    answered: tuple[Answered, ...]
    read: int
    normal: int
    faults: tuple[RecordFault, ...]
    notes: tuple[str, ...]


def analyze(
    batch: Batch,
    advisor: Advisor,
    *,
    edges: Edges = (),
    adaptive: bool = True,
    limiter: Limiter | None = None,
    watch: Callable[[list[Subject]], Iterable[Subject]] = iter,
) -> Analysis:
    """The advice about everything in ``batch``.

    ``edges`` are the known calls, as (caller, callee) pairs; ``adaptive=False`` leaves out step 2, which looks at every
    series by itself and takes most of the time of a long batch. Cooldowns and limits count in the advisor's own limiter
    unless ``limiter`` is given. ``watch`` is given the subjects and hands them on, so
    that it can show how far the work is.
    """
    telling = [event for event in batch.events if is_telling(event, advisor)]
    grouping = fold(telling, edges=edges)  # 1
    stream: list[Subject] = list(grouping.groups)
    if adaptive:
        stream.extend(departures_of(batch.events, advisor))  # 2
    cases: list[Subject] = [*batch.incidents, *batch.windows]
    own = {id(case) for case in cases}
    return Analysis(
        answered=tuple(  # 3
            Answered(subject=subject, advice=advisor.advise(subject, limiter=limits))
            for subject in watch(sorted((*stream, *cases), key=time_of))
            for limits in (Limiter() if id(subject) in own else limiter,)
        ),
        read=len(batch),
        normal=len(batch.events) - len(telling),
        faults=batch.faults,  # 4
        notes=(*batch.notes, *_dropped(grouping.dropped)),
    )


def analysis_document(analysis: Analysis) -> dict[str, object]:
    """The whole analysis as JSON values, schema ``arf.analysis/1``."""
    return {
        "schema": "arf.analysis/1",
        "read": analysis.read,
        "normal": analysis.normal,
        "advice": [plain(answered.advice) for answered in analysis.answered],
        "closed": [closed for answered in analysis.answered for closed in answered.advice.closed],
        "faults": plain(analysis.faults),
        "notes": list(analysis.notes),
    }


def is_telling(event: ReliabilityEvent, advisor: Advisor) -> bool:
    """Whether ``event`` belongs to an incident: an alert, the end of one, or a reading in which something is wrong."""
    return event.status is Status.RESOLVED or event.alert is not None or advisor.is_abnormal(event)


def departures_of(events: Iterable[ReliabilityEvent], advisor: Advisor) -> Iterator[Window]:
    """The windows in which readings left their component's own course, where no threshold sees it (step 2)."""
    readings = [event for event in events if event.alert is None and event.status is Status.FIRING]
    found = departures(readings, is_known=advisor.is_abnormal)
    return (window for window in found if advisor.is_abnormal(window))


def _dropped(groups: int) -> Iterator[str]:
    if groups:
        yield f"{groups} groups of alerts were given up for lack of room: split the input"
