# SPDX-License-Identifier: Apache-2.0
"""The six tools. Each reads, and none changes anything: their annotations say so, and the code can do no more.

The work is done in a thread, so that one long analysis does not hold up the others; when the caller gives up, it stops.
"""

from __future__ import annotations

import base64
import binascii
import inspect
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Final, Literal, TypeVar

from anyio import from_thread, to_thread
from mcp.server.mcpserver import Context, MCPServer
from mcp_types import ToolAnnotations

from arf_core.errors import InputError
from arf_core.ingest.formats import Format
from arf_core.stages import Subject
from arf_core.verify.artifact import verify_bytes
from arf_mcp_client.desk import Desk, checked
from arf_mcp_client.settings import MAX_INPUT
from arf_mcp_client.tools import answers, shapes
from arf_mcp_client.tools.arguments import (
    ActionName,
    Artifact,
    ComponentName,
    InFull,
    InputFormat,
    Most,
    MostSimilar,
    Telemetry,
)

LONG_WORK: Final = 20
"""From how many incidents on an analysis reports its progress."""

REPORTS: Final = 20
"""How many reports of progress one analysis makes at most, roughly."""

_T = TypeVar("_T")
READS_ONLY: Final = ToolAnnotations(
    read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=False
)


@dataclass(frozen=True, slots=True)
class Tools:
    """The tools, as one desk answers them."""

    desk: Desk

    async def analyze(
        self,
        telemetry: Telemetry,
        ctx: Context,
        input_format: InputFormat = Format.AUTO,
        limit: Most = 20,
        include_sealed: InFull = False,  # noqa: FBT002 - MCP hands arguments over by name
    ) -> shapes.AnalysisAnswer:
        """Find what is wrong in alerts, metrics or incident records: abnormal components, where it began, similar past
        incidents, and recommended actions with the rules behind them.

        Use it first, with everything you have. It only advises; it changes nothing.
        """
        analysis = await _in_thread(
            partial(self.desk.analyze, telemetry, form=input_format, watch=partial(_watched, ctx))
        )
        return answers.analysis_answer(analysis, limit=limit, sealed=include_sealed)

    async def recommend_action(
        self, telemetry: Telemetry, input_format: InputFormat = Format.AUTO
    ) -> shapes.Recommendation:
        """Recommend the best action for ONE reading, alert group or incident: a sealed healing intent, its
        alternatives, and what was refused and why.

        Use it when you know the incident and want one answer; for a file of many, use analyze. Nothing is carried out:
        show the advice to a person.
        """
        answered = await _in_thread(partial(self.desk.one, telemetry, form=input_format))
        return answers.recommendation(answered.advice)

    async def find_similar_incidents(
        self, telemetry: Telemetry, input_format: InputFormat = Format.AUTO, limit: MostSimilar = 5
    ) -> shapes.SimilarIncidents:
        """Recall past incidents that resemble ONE reading, alert group or incident, with what they turned out to be and
        what healed them.

        The answer is empty if the server remembers none.
        """
        found = await _in_thread(partial(self.desk.similar, telemetry, form=input_format, limit=limit))
        return shapes.SimilarIncidents(
            remembered=len(self.desk.advisor.memory), incidents=[answers.similar_incident(match) for match in found]
        )

    async def explain_decision(
        self,
        telemetry: Telemetry,
        action: ActionName,
        component: ComponentName = None,
        input_format: InputFormat = Format.AUTO,
    ) -> shapes.DecisionExplained:
        """Explain why an action was, or was not, recommended for ONE reading, alert group or incident: one sentence,
        the policy rule with its file and line, and the smallest change that would flip it.
        """
        found = await _in_thread(
            partial(self.desk.explain, telemetry, form=input_format, action=action, component=component)
        )
        return answers.explanation_answer(found)

    async def verify_artifact(
        self, artifact: Artifact, encoding: Literal["text", "base64"] = "text"
    ) -> shapes.VerificationAnswer:
        """Verify a healing intent, a file of intents, a receipt or a bundle from its bytes alone: which id and digest
        recompute, what is proven and what is not, and the first altered place.

        Use it before trusting an intent that you were given.
        """
        data = _decoded(artifact) if encoding == "base64" else checked(artifact)
        return answers.verification_answer(await _in_thread(partial(verify_bytes, data, name="artifact")))

    async def get_capabilities(self) -> shapes.ServerCapabilities:
        """Say what this server can and cannot do: formats, actions, sealed limits, policies, and how many incidents it
        remembers. It can never execute an action.
        """
        return answers.server_capabilities(self.desk)


def register(server: MCPServer, tools: Tools) -> None:
    """Add the tools to ``server``; the docstring of each is what a model reads about it."""
    for tool, title in (
        (tools.analyze, "Analyse telemetry"),
        (tools.recommend_action, "Recommend an action"),
        (tools.find_similar_incidents, "Find similar incidents"),
        (tools.explain_decision, "Explain a decision"),
        (tools.verify_artifact, "Verify an artifact"),
        (tools.get_capabilities, "Get capabilities"),
    ):
        text = inspect.cleandoc(tool.__doc__ or "")
        server.add_tool(tool, title=title, description=text, annotations=READS_ONLY, structured_output=True)


async def _in_thread(work: Callable[[], _T]) -> _T:
    return await to_thread.run_sync(work)


def _watched(ctx: Context, work: list[Subject]) -> Iterable[Subject]:
    """``work``, piece by piece, in a worker thread: it stops when the caller gave up; long work tells how far it is."""
    return _telling(ctx, work) if len(work) >= LONG_WORK else _stopping(work)


def _stopping(work: list[Subject]) -> Iterator[Subject]:
    for piece in work:
        from_thread.check_cancelled()
        yield piece


def _telling(ctx: Context, work: list[Subject]) -> Iterator[Subject]:
    every = max(1, len(work) // REPORTS)
    for done, piece in enumerate(_stopping(work)):
        if done % every == 0:
            from_thread.run(ctx.report_progress, done, len(work), f"{done} of {len(work)} incidents analysed")
        yield piece
    from_thread.run(ctx.report_progress, len(work), len(work), f"{len(work)} incidents analysed")


def _decoded(text: str) -> bytes:
    if len(text) > MAX_INPUT * 4 // 3 + 4:
        checked(text)  # says by how much it is too large
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise InputError(f"the artifact is not base64: {error}") from error
