# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""Checking a target before it is needed: each way is asked for what it observes, each probe once. Nothing changes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass

from arf_enterprise.actions.adapter import Adapter, Vitals
from arf_enterprise.actions.probes import ask
from arf_enterprise.actions.registry import make
from arf_enterprise.errors import EnterpriseError
from arf_enterprise.targets.target import Target, Way


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What became of one way or probe: whether it works (a probe that says "not ok" does), and a sentence."""

    component: str
    kind: str
    name: str
    works: bool
    says: str

    def document(self) -> dict[str, object]:
        """As JSON."""
        return {
            "component": self.component,
            "kind": self.kind,
            "name": self.name,
            "works": self.works,
            "says": self.says,
        }


def check(target: Target, *, read: Callable[[str], str]) -> Iterator[Checked]:
    """Each way of ``target``, then each of its probes; ``read`` gives credentials. One that fails stops no other.

    A probe of an adapter asks that of the first way that works.
    """
    with ExitStack() as held:
        adapters: list[Adapter] = []
        for way in target.ways:
            try:
                adapter = make(way, target.component, read=read)
                held.callback(adapter.close)
                says = _told(adapter.observe().vitals)
                adapters.append(adapter)
                yield _of_way(target, way, works=True, says=says)
            except EnterpriseError as error:
                yield _of_way(target, way, works=False, says=str(error))
        for probe in target.health.probes:
            answer = ask(probe, adapters[0] if adapters else None, read=read)
            verdict = {True: "ok", False: "not ok", None: "cannot tell"}[answer.ok]
            yield Checked(
                component=target.component,
                kind="probe",
                name=probe.name,
                works=answer.ok is not None,
                says=f"{verdict}: {answer.says}",
            )


def _of_way(target: Target, way: Way, *, works: bool, says: str) -> Checked:
    return Checked(component=target.component, kind="way", name=way.adapter, works=works, says=says)


def _told(vitals: Vitals) -> str:
    if not vitals.exists:
        return "it answers: the component does not exist there"
    ready = "" if vitals.ready is None else f", {vitals.ready} ready"
    wanted = "" if vitals.wanted is None else f", {vitals.wanted} wanted"
    return f"it answers{wanted}{ready}"
