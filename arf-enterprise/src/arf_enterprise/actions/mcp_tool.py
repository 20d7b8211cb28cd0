# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""Changing a component by a declared tool of any upstream MCP server.

1. Three tools are declared, none is chosen: ``status`` reads, ``apply`` does, ``revert`` undoes. Their arguments are
   JSON templates (``actions.templates``) that are filled when the change is planned, so people approve the very call.
2. The status tool must say of itself that it only reads, and the others must not: before it is called, each time, and
   in the rehearsal. Its structured content is the state, without what moves by itself.
3. The rehearsal holds the filled arguments of both directions against the tools' own schemas.
4. ``applied_when`` says what the status shows afterwards: so a crash is read back. Who shows it before already has
   nothing to be changed.
5. A tool that says it failed may have begun: the status is read, and what is as before was refused.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar, Final, cast

from arf_core.errors import FormatError
from arf_core.models.action import Action
from arf_core.models.frozen import FrozenMap, shown, thaw
from arf_enterprise.actions.adapter import Change, Fence, Given, Observation, Progress, Rehearsal, Vitals
from arf_enterprise.actions.mcp_schema import against
from arf_enterprise.actions.mcp_session import Session, within
from arf_enterprise.actions.mcp_settings import MOVING, Call, settings_of
from arf_enterprise.actions.templates import filled, shows
from arf_enterprise.actions.webhook_contract import MOST_STATE, count_of, share_of
from arf_enterprise.errors import (
    ActionImpossible,
    ExecutionRefused,
    RehearsalFailed,
    TargetMoved,
    TargetRefused,
    TargetUnavailable,
)

if TYPE_CHECKING:
    from mcp_types import Tool

NAME: Final = "mcp_tool"


class McpToolAdapter:
    """A component behind the tools of an MCP server."""

    name: ClassVar[str] = NAME
    actions: ClassVar[frozenset[Action]] = frozenset(Action)

    def __init__(self, given: Given) -> None:
        """Check the settings.

        Raises:
            SettingError: one is unknown, missing or wrong.
        """
        self._settings = settings_of(given, os.environ)
        self._component = given.component

    def observe(self) -> Observation:
        """What the status tool shows."""
        return within(self._settings, self._component, self._observed)

    def plan(self, action: Action, parameters: FrozenMap, observed: Observation) -> Change:
        """The very calls, both ways (rule 1)."""
        settings = self._settings
        wanted = filled(settings.applied_when, parameters=parameters, before=observed.state)
        if shows(observed.state, wanted):  # rule 4
            raise ActionImpossible(f"{self._component} is already as {action.value} would make it")
        forward = _call(settings.apply, parameters, observed.state) | {"applied_when": wanted}
        inverse = None if settings.revert is None else FrozenMap(_call(settings.revert, parameters, observed.state))
        instances = max(1, observed.vitals.wanted or 1)
        return Change(
            action=action,
            adapter=NAME,
            before=observed,
            forward=FrozenMap(forward),
            inverse=inverse,
            summary=f"calls {_told(forward)}",
            undo_summary=None if inverse is None else f"calls {_told(inverse)}",
            irreversible_because=None
            if inverse is not None
            else f"no tool is declared that undoes {settings.apply.tool}",
            instances=instances,
            of_instances=instances,
        )

    def rehearse(self, change: Change) -> Rehearsal:
        """Whether the tools are there, and would take the calls (rules 2 and 3)."""
        calls = [change.forward] if change.inverse is None else [change.forward, change.inverse]

        async def work(session: Session) -> None:
            tools = await session.tools()
            for call in calls:
                _check(tools, call, RehearsalFailed)
            if (await self._observed(session)).digest != change.before.digest:
                raise RehearsalFailed(f"{self._component} was changed since the change was planned")

        within(self._settings, self._component, work)
        undo = () if change.undo_summary is None else (change.undo_summary,)
        return Rehearsal(diff=(change.summary,), undo_diff=undo, by="the tools' own schemas, and the status")

    def apply(self, change: Change, fence: Fence) -> None:
        """Call the tool, unless the status shows that it was, or that the target has moved."""
        del fence  # a tool has no place for it; a second call is refused because the target has moved

        async def work(session: Session) -> None:
            observed = await self._observed(session)
            if self.progress(change, observed) is Progress.APPLIED:
                return
            if observed.digest != change.before.digest:
                raise TargetMoved(f"{self._component} was changed by somebody else since the change was planned")
            await self._called(session, change.forward, observed)

        within(self._settings, self._component, work)

    def revert(self, change: Change, fence: Fence) -> None:
        """Call the tool that undoes it, unless the status shows what was before."""
        del fence
        if (inverse := change.inverse) is None:
            raise TargetRefused(f"it cannot be undone: {change.irreversible_because}")

        async def work(session: Session) -> None:
            observed = await self._observed(session)
            if observed.digest != change.before.digest:
                await self._called(session, inverse, observed)

        within(self._settings, self._component, work)

    def progress(self, change: Change, observed: Observation) -> Progress:
        """What the status says of it (rule 4)."""
        if observed.digest == change.before.digest:
            return Progress.NOT_APPLIED
        return Progress.APPLIED if shows(observed.state, change.forward["applied_when"]) else Progress.OTHER

    def close(self) -> None:
        """Nothing is held."""

    async def _observed(self, session: Session) -> Observation:
        call = self._settings.status
        _check_reads(_declared(await session.tools(), call.tool, TargetRefused))  # rule 2
        result = await session.call(call.tool, call.arguments)
        if result.is_error or result.content is None:
            said = f": {result.says}" if result.is_error else " without structured content"
            raise TargetUnavailable(f"{call.tool} of {self._component} gives no status{said}")
        return self._read(result.content)

    def _read(self, content: FrozenMap) -> Observation:
        vitals = self._settings.vitals
        moving = {vitals[name] for name in MOVING if name in vitals}
        kept = self._settings.state or tuple(key for key in content if key not in moving)
        state = FrozenMap({key: content.get(key) for key in kept})
        if len(state.written()) > MOST_STATE:
            raise TargetUnavailable(
                f"the state of {self._component} is too large to be shown: name its keys in 'state'"
            )
        try:
            return Observation(state=state, vitals=_vitals(content, vitals))
        except FormatError as error:
            raise TargetUnavailable(f"the status of {self._component} has a vital that is none: {error}") from error

    async def _called(self, session: Session, call: Mapping[str, object], before: Observation) -> None:
        _check(await session.tools(), call, TargetRefused)
        result = await session.call(str(call["tool"]), cast("FrozenMap", call["arguments"]))
        if not result.is_error:
            return
        told = f"{call['tool']} of {self._component} failed: {result.says}"
        if (await self._observed(session)).digest == before.digest:  # rule 5
            raise TargetRefused(told)
        raise TargetUnavailable(f"{told}, and something has changed")


def _call(call: Call, parameters: FrozenMap, state: FrozenMap) -> dict[str, object]:
    return {"tool": call.tool, "arguments": filled(call.arguments, parameters=parameters, before=state)}


def _told(call: Mapping[str, object]) -> str:
    return f"{call['tool']} with {cast('FrozenMap', call['arguments']).written()}"


def _declared(tools: Mapping[str, Tool], name: str, refusal: type[ExecutionRefused]) -> Tool:
    if name not in tools:
        raise refusal(f"the MCP server has no tool {name!r:.200}: it has {', '.join(sorted(tools))[:300]}")
    return tools[name]


def _check_reads(tool: Tool) -> None:
    if tool.annotations is None or tool.annotations.read_only_hint is not True:
        raise TargetRefused(f"the tool {tool.name!r} does not say that it only reads: it cannot be the status")


def _check(tools: Mapping[str, Tool], call: Mapping[str, object], refusal: type[ExecutionRefused]) -> None:
    """Nothing, if the tool of ``call`` is there, is for changing something and would take it (rules 2 and 3)."""
    tool, arguments = _declared(tools, str(call["tool"]), refusal), cast("FrozenMap", call["arguments"])
    if tool.annotations is not None and tool.annotations.read_only_hint:
        raise refusal(f"the tool {tool.name!r} says that it only reads: it cannot be what changes something")
    if (complaint := against(tool.input_schema, thaw(arguments))) is not None:
        raise refusal(f"{tool.name} does not take {arguments.written()[:300]}: {complaint}")


def _vitals(content: FrozenMap, keys: Mapping[str, str]) -> Vitals:
    def found(name: str) -> object:
        return content.get(keys[name]) if name in keys else None

    exists = found("exists") if "exists" in keys else True
    if not isinstance(exists, bool):
        raise FormatError(f"exists is {shown(exists)}: it must be true or false")
    return Vitals(
        exists=exists,
        wanted=count_of(found("wanted"), what="wanted"),
        ready=count_of(found("ready"), what="ready"),
        traffic=share_of(found("traffic"), what="traffic"),
    )
