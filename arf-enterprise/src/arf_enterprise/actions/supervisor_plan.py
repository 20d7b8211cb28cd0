# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""What a state of supervisord is, and what a change of it is: pure.

The state: ``groups`` → processes → ``started`` or ``stopped``, and what the release link says. A process that ends,
fails or comes back by itself stays ``started``: only people, and ARF, stop one. What moves by itself (ids, start times)
is the ``version``. The words of a change, in ``do``:

- ``restart`` ``processes``, each with ``grace_s`` to end by itself; back: ``start`` those that do not run.
- ``switch`` the link ``from`` a text ``to`` another, then restart; back: the same, the other way round.
- ``add`` the ``groups`` with the texts of their files; back: ``remove`` them.

``after`` is the state that should be there then. ``lives`` are the processes' lives when it was planned: so the same
change of another day has another digest, and is not taken for done.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import PurePath
from typing import Final, cast

from arf_core.canonical import canonical_text
from arf_core.models.action import Action
from arf_core.models.frozen import FrozenMap
from arf_enterprise.actions.adapter import Change, Observation, Vitals
from arf_enterprise.actions.supervisor_rpc import Process
from arf_enterprise.errors import ActionImpossible

NAME: Final = "supervisor"
GRACE_S: Final = 30


def belongs(name: str, *, to: str) -> bool:
    """Whether the group ``name`` is the group ``to`` or a replica of it."""
    return name == to or re.fullmatch(re.escape(to) + r"-[1-9][0-9]{0,5}", name) is not None


def observed(processes: Iterable[Process], link: str | None) -> Observation:
    """What the processes of a component and its release link are."""
    found = tuple(processes)
    groups: dict[str, dict[str, str]] = {}
    for process in found:
        groups.setdefault(process.group, {})[process.name] = "stopped" if process.is_stopped else "started"
    ready = sum(process.state == "RUNNING" for process in found)
    return Observation(
        state=FrozenMap({"groups": groups, "link": link}),
        vitals=Vitals(exists=bool(found), wanted=len(found), ready=ready),
        version=canonical_text({process.key: [process.pid, process.start] for process in found}),
    )


def lives(observation: Observation) -> FrozenMap:
    """The id and start of each process, as observed: another pair is another life."""
    return FrozenMap(json.loads(observation.version or "{}"))


def started(state: FrozenMap) -> tuple[str, ...]:
    """The keys of the processes that nobody stopped."""
    groups = cast("Mapping[str, Mapping[str, str]]", state["groups"])
    pairs = ((group, name) for group in sorted(groups) for name in sorted(groups[group]))
    return tuple(f"{group}:{name}" for group, name in pairs if groups[group][name] == "started")


def not_renewed(change: Change, baseline: FrozenMap, now: Observation) -> tuple[str, ...]:
    """The processes of ``change`` that still live the life of ``baseline``, or are stopped."""
    return left_of(cast("tuple[str, ...]", change.forward["processes"]), baseline, now)


def left_of(keys: Iterable[str], baseline: FrozenMap, now: Observation) -> tuple[str, ...]:
    """Those of ``keys`` that still live the life of ``baseline``, or are stopped."""
    living, running = lives(now), started(now.state)
    return tuple(key for key in keys if key not in running or living.get(key) == baseline.get(key))


def is_switched_back(change: Change, now: Observation) -> bool:
    """Whether undoing ``change`` has the link as it was: what lives another life since then is as it was, too."""
    return change.forward["do"] != "switch" or now.state["link"] == change.forward["from"]


def to_restart_back(change: Change, now: Observation, *, is_finished: bool) -> tuple[str, ...]:
    """The processes that undoing ``change`` touches: for a switch, those started, if the link was switched at all."""
    keys = cast("tuple[str, ...]", change.forward["processes"])
    if change.forward["do"] != "switch":
        return keys
    if not is_finished and now.state["link"] == change.forward["from"]:
        return ()
    there = lives(now)
    return tuple(sorted({*started(now.state), *(key for key in keys if key in there)}))


def restart(before: Observation, *, only: str | None, grace_s: int) -> Change:
    """Restart every process that is started, or ``only`` one, by its key or name.

    Raises:
        ActionImpossible: there is nothing to restart: people stopped it.
    """
    keys = tuple(key for key in started(before.state) if only is None or only in (key, key.partition(":")[2]))
    if not keys:
        raise ActionImpossible(
            f"{only or 'the group'} is not there, or people stopped it: it is not for ARF to start it"
        )
    listed = ", ".join(keys)
    return Change(
        action=Action.RESTART_CONTAINER,
        adapter=NAME,
        before=before,
        forward=FrozenMap(
            {"do": "restart", "processes": keys, "grace_s": grace_s, "after": before.state, "lives": lives(before)}
        ),
        inverse=FrozenMap({"do": "start", "processes": keys}),
        summary=f"restart {listed}, one after another, each with {grace_s} s to end by itself",
        undo_summary=f"start whichever of {listed} does not run; what was in their memory is gone",
        instances=len(keys),
        of_instances=before.vitals.wanted or 0,
    )


def rollback(before: Observation, *, link: str, current: str, wanted: str) -> Change:
    """Make the link (its text is ``link``) say ``wanted`` in place of ``current``, and restart what is started."""
    text, keys = str(PurePath(link).parent / wanted), started(before.state)
    forward = {
        "do": "switch",
        "from": link,
        "to": text,
        "processes": keys,
        "grace_s": GRACE_S,
        "after": {**before.state, "link": text},
        "lives": lives(before),
    }
    return Change(
        action=Action.ROLLBACK,
        adapter=NAME,
        before=before,
        forward=FrozenMap(forward),
        inverse=FrozenMap({"do": "switch", "from": text, "to": link, "processes": keys, "grace_s": GRACE_S}),
        summary=f"from release {current} to {wanted}, then restart {', '.join(keys) or 'nothing: all are stopped'}",
        undo_summary=f"back to release {current}, then restart the same",
        instances=len(keys),
        of_instances=before.vitals.wanted or 0,
    )


def scale_out(before: Observation, texts: Mapping[str, str]) -> Change:
    """Add the groups of ``texts``: the text of the file of each."""
    groups = cast("Mapping[str, object]", before.state["groups"])
    after = {**before.state, "groups": {**groups, **{name: {name: "started"} for name in texts}}}
    listed = ", ".join(texts)
    return Change(
        action=Action.SCALE_OUT,
        adapter=NAME,
        before=before,
        forward=FrozenMap({"do": "add", "groups": texts, "processes": (), "after": after, "lives": lives(before)}),
        inverse=FrozenMap({"do": "remove", "groups": texts, "grace_s": GRACE_S}),
        summary=f"from {len(groups)} to {len(groups) + len(texts)} groups: add {listed}",
        undo_summary=f"stop and remove {listed}",
        instances=len(texts),
        of_instances=len(groups) + len(texts),
    )


def fresh_names(state: FrozenMap, group: str, *, factor: int, most: int) -> tuple[tuple[str, int], ...]:
    """The names and numbers of the replicas that make ``factor`` times as many groups.

    Raises:
        ActionImpossible: there is none to multiply, it adds none, or there would be more than ``most``.
    """
    now = cast("Mapping[str, object]", state["groups"])
    adding = len(now) * (factor - 1)
    if not adding:
        raise ActionImpossible(f"{len(now)} groups times {factor} adds none")
    if len(now) + adding > most:
        raise ActionImpossible(f"{len(now)} groups times {factor} is more than the {most} of the setting replicas.most")
    free = (number for number in range(2, 2 + len(now) + adding) if f"{group}-{number}" not in now)
    return tuple((f"{group}-{number}", number) for number, _ in zip(free, range(adding), strict=False))


def difference(words: FrozenMap) -> tuple[str, ...]:
    """What ``words`` (forward or inverse) changes, a line each, for those who approve."""
    keys = cast("tuple[str, ...]", words.get("processes", ()))
    groups = cast("Mapping[str, str]", words.get("groups", {}))
    match words["do"]:
        case "restart":
            return tuple(f"~ restart {key}" for key in keys)
        case "start":
            return tuple(f"~ start {key} if it does not run" for key in keys)
        case "switch":
            return (f"- link {words['from']}", f"+ link {words['to']}", *(f"~ restart {key}" for key in keys))
        case "add":
            return tuple(f"+ {line}" for text in groups.values() for line in text.splitlines())
        case _:
            return tuple(f"- {line}" for text in groups.values() for line in text.splitlines())
