# SPDX-License-Identifier: Apache-2.0
"""``arf policy explain`` and ``arf policy simulate``."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from arf_core.canonical import write_time
from arf_core.cli.files import read_input, read_text
from arf_core.cli.output import (
    SUCCESS,
    Answer,
    JsonOption,
    QuietOption,
    emit,
    heading,
    printable,
    watched,
)
from arf_core.cli.recipe import (
    FormatOption,
    MemoryOption,
    NowOption,
    PlainOption,
    PolicyOption,
    TopologyOption,
    recipe_from,
)
from arf_core.cli.show import ConfigOption
from arf_core.errors import NotFoundError, RegressionFound
from arf_core.ingest.formats import Format
from arf_core.models.action import Action

if TYPE_CHECKING:
    from arf_core.advisor import Advisor
    from arf_core.bundle.recipe import Recipe
    from arf_core.explanation import Explanation
    from arf_core.ingest.batch import Batch
    from arf_core.models.advice import Advice
    from arf_core.policy.rules import PolicySet
    from arf_core.simulation import Changed, Simulation

DEFAULTS: Final = "defaults"
MOST_SHOWN: Final = 50
"""How many incidents are listed for people; ``--json`` has all."""


def register(commands: typer.Typer) -> None:
    """Add the commands to ``commands``."""
    commands.command(epilog="Example: arf policy explain alerts.json --action rollback")(explain)
    commands.command(epilog="Example: arf policy simulate --policy new.yaml --against old.yaml alerts.json")(simulate)


def explain(
    source: Annotated[str, typer.Argument(metavar="INPUT|-", help="What happened: as for `arf analyze`.")],
    *,
    action: Annotated[Action, typer.Option(help="The action to explain.")],
    component: Annotated[str | None, typer.Option(help="The component; the root cause if not given.")] = None,
    incident: Annotated[str | None, typer.Option(help="The one incident to explain, by its id.")] = None,
    policy: PolicyOption = None,
    form: FormatOption = Format.AUTO,
    memory: MemoryOption = None,
    topology: TopologyOption = None,
    now: NowOption = None,
    thresholds_only: PlainOption = False,
    config: ConfigOption = None,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Say in one sentence why an action is recommended or not, by which rule, and the smallest change that turns it."""
    from arf_core.analysis import analyze

    recipe = recipe_from(
        [read_input(source)],
        form=form,
        policy=policy,
        memory=memory,
        topology=topology,
        config=config,
        now=now,
        note=None,
        thresholds_only=thresholds_only,
    )
    advisor, batch = _advisor(recipe, _policies(recipe, policy)), _read(recipe)
    analysis = analyze(batch, advisor, edges=recipe.edges, adaptive=recipe.adaptive, watch=watched)
    advice = [answered.advice for answered in analysis.answered if answered.advice.anomalies]
    found = [(one, _explained(one, action, component, advisor)) for one in _about(advice, component, incident)]
    answer = Answer(
        data={"schema": "arf.policy-explanation/1", "explanations": [_document(*one) for one in found]},
        lines=tuple(_explanation_lines(found)) or (f"nothing is abnormal in {analysis.read} records",),
        warnings=tuple(map(str, analysis.faults)),
    )
    emit(answer, as_json=json, quiet=quiet)


def _about(advice: list[Advice], component: str | None, incident: str | None) -> list[Advice]:
    """The advice to explain: all, or that about one incident or one component."""
    wanted = [one for one in advice if incident in {None, one.incident_id}]
    if incident is not None and not wanted:
        known = ", ".join(one.incident_id for one in advice[:8]) or "none"
        raise NotFoundError(f"no open incident has the id {incident}: there are {known}")
    if component is None:
        return wanted
    about = [one for one in wanted if component in _components(one)]
    if wanted and not about:
        known = ", ".join(sorted({name for one in wanted for name in _components(one)})[:8])
        raise NotFoundError(f"nothing that is abnormal is about {component}: it is about {known}")
    return about


def _components(advice: Advice) -> set[str]:
    return {one.component for one in advice.anomalies} | {one.component for one in advice.root_causes}


def _explained(advice: Advice, action: Action, component: str | None, advisor: Advisor) -> Explanation:
    from arf_core.explanation import explain as explain_advice

    return explain_advice(advice, action=action, component=component, advisor=advisor)


def _document(advice: Advice, explanation: Explanation) -> dict[str, object]:
    from arf_core.plain import plain

    return {
        "incident_id": advice.incident_id,
        "at": write_time(advice.at),
        **{field.name: plain(getattr(explanation, field.name)) for field in fields(explanation)},
        "file": explanation.file,
        "line": explanation.line,
    }


def _explanation_lines(found: list[tuple[Advice, Explanation]]) -> Iterator[str]:
    for advice, explanation in found:
        yield heading(f"{printable(advice.incident_id)}  {write_time(advice.at)}")
        yield f"  {printable(explanation.sentence)}"


def simulate(
    sources: Annotated[list[str], typer.Argument(metavar="INPUT…", help="Recorded incidents, alerts or readings.")],
    *,
    policy: Annotated[Path, typer.Option(help="The new healing policies (YAML).")],
    against: Annotated[str, typer.Option(help="The old ones: a file, or 'defaults'.")] = DEFAULTS,
    form: FormatOption = Format.AUTO,
    memory: MemoryOption = None,
    topology: TopologyOption = None,
    now: NowOption = None,
    thresholds_only: PlainOption = False,
    fail_on_change: Annotated[bool, typer.Option("--fail-on-change", help="Exit 5 if a decision changes.")] = False,
    config: ConfigOption = None,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Replay what happened through two versions of the policies, and list which decisions change."""
    recipe = recipe_from(
        [read_input(source) for source in sources],
        form=form,
        policy=policy,
        memory=memory,
        topology=topology,
        config=config,
        now=now,
        note=None,
        thresholds_only=thresholds_only,
    )
    batch = _read(recipe)
    simulation = _simulated(recipe, batch, _old_policies(against), _policies(recipe, policy))
    answer = Answer(
        data=_simulation_document(simulation, batch),
        lines=tuple(_simulation_lines(simulation)),
        warnings=tuple(map(str, batch.faults)),
        exit_code=RegressionFound.exit_code if fail_on_change and simulation.changed else SUCCESS,
    )
    emit(answer, as_json=json, quiet=quiet)


def _simulated(recipe: Recipe, batch: Batch, old: PolicySet, new: PolicySet) -> Simulation:
    from arf_core.simulation import simulate as simulate_batch

    return simulate_batch(
        batch,
        old=_advisor(recipe, old),
        new=_advisor(recipe, new),
        edges=recipe.edges,
        adaptive=recipe.adaptive,
        watch=watched,
    )


def _policies(recipe: Recipe, named: Path | None) -> PolicySet:
    """The policies of ``recipe``, cited by the path that people gave."""
    from arf_core.policy.load import load

    return load(recipe.policies.text, file=recipe.policies.file if named is None else str(named))


def _old_policies(against: str) -> PolicySet:
    from arf_core.policy.load import load, load_defaults

    return load_defaults() if against == DEFAULTS else load(read_text(Path(against)), file=against)


def _advisor(recipe: Recipe, policies: PolicySet) -> Advisor:
    from arf_core.advisor import Advisor

    advisor = Advisor(recipe.config, policies=policies, edges=recipe.edges)
    advisor.remember(recipe.memory)
    return advisor


def _read(recipe: Recipe) -> Batch:
    from arf_core.bundle.recipe import read_sources
    from arf_core.ingest.batch import joined

    return joined(read_sources(recipe.sources, now=recipe.now, edges=recipe.edges))


def _simulation_document(simulation: Simulation, batch: Batch) -> dict[str, object]:
    from arf_core.plain import plain

    return {
        "schema": "arf.policy-simulation/1",
        "old": simulation.old,
        "new": simulation.new,
        "read": len(batch),
        "decided": simulation.decided,
        "counts": dict(simulation.counts),
        "changed": plain(simulation.changed),
        "faults": plain(batch.faults),
    }


def _simulation_lines(simulation: Simulation) -> Iterator[str]:
    for changed in simulation.changed[:MOST_SHOWN]:
        yield from _changed_lines(changed)
    if len(simulation.changed) > MOST_SHOWN:
        yield f"and {len(simulation.changed) - MOST_SHOWN} more incidents: --json lists them"
    if simulation.old == simulation.new:
        yield "the two say the same: equal digests"
    counts = ", ".join(f"{count} {what}" for what, count in simulation.counts.items() if count)
    yield f"{len(simulation.changed)} of {simulation.decided} decisions change{': ' if counts else ''}{counts}"


def _changed_lines(changed: Changed) -> Iterator[str]:
    yield heading(f"{printable(changed.incident_id)}  {write_time(changed.at)}")
    for one in changed.differences:
        subject = f" {printable(one.subject)}" if one.subject else ""
        yield f"  {one.what.value}{subject}: {printable(one.because)}"
