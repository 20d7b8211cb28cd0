# SPDX-License-Identifier: Apache-2.0
"""The advisory client.

>>> import anyio
>>> from arf_mcp_client import OSSMCPClient
>>> async def main() -> str:
...     client = OSSMCPClient()
...     intent = await client.analyze_and_recommend("rollback", "checkout-api", {"revision": "previous"})
...     return intent.justification
>>> anyio.run(main)
'rollback for checkout-api was asked for; ARF was given no telemetry to judge it by'

Without a server it asks ARF in this process, and needs no ``async with``. With one, it asks the advisory server there,
between ``async with`` and its end. The answers are the same.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from types import TracebackType
from typing import TYPE_CHECKING, Any, ClassVar, Final, Self

from arf_core.errors import FeatureRequiresEnterpriseError, InputError, IntentError
from arf_core.models.healing_intent import HealingIntent
from arf_mcp_client.client.local import LocalAnalyst
from arf_mcp_client.client.mode import Advisory, MCPMode
from arf_mcp_client.client.recommend import chosen, question_of, wished
from arf_mcp_client.errors import ServerError
from arf_mcp_client.handoff.credentials import Credentials, credentials_of

if TYPE_CHECKING:
    from arf_core.service import AdviceService
    from arf_mcp_client.client.remote import RemoteAnalyst, Server
    from arf_mcp_client.handoff.receipt import HandOffReceipt

TELEMETRY: Final = "telemetry"
"""The member of a context that carries alerts, readings, windows or incidents: text, bytes, or JSON values."""

TIMEOUT_S: Final = 60.0
"""How long a server may take for one answer, in seconds."""


class OSSMCPClient(metaclass=Advisory):
    """Asks ARF for advice, and can do nothing else: its mode is advisory, and cannot be changed."""

    MODE: ClassVar[MCPMode] = MCPMode.ADVISORY

    def __init__(
        self,
        server: Server | None = None,
        *,
        mode: str = "advisory",
        service: AdviceService | None = None,
        credentials: Credentials | str | None = None,
        allow_http: bool = False,
        timeout_s: float = TIMEOUT_S,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """A client of ``service`` here (by default one with the default policies), or of the advisory ``server``.

        ``server`` is the address of a streamable HTTP server, or the command, with its arguments, of a stdio server.
        ``credentials`` is its bearer token. ``clock`` gives aware times: that of what does not say its own.

        Raises:
            ModeError: another mode than advisory.
            ValueError: both a server and a service.
        """
        MCPMode(mode)
        if server is not None and service is not None:
            raise ValueError("give a server or a service, not both")
        self._server, self._timeout_s, self._allow_http = server, timeout_s, allow_http
        self._credentials = None if credentials is None else credentials_of(credentials)
        self._clock = clock
        self._analyst: LocalAnalyst | RemoteAnalyst | None = None
        if server is None:
            self._analyst = LocalAnalyst(service, clock=clock)
        self._open = AsyncExitStack()

    @property
    def mode(self) -> MCPMode:
        """Advisory."""
        return MCPMode.ADVISORY

    async def __aenter__(self) -> Self:
        """Connect to the server, if there is one.

        Raises:
            ModeError: the server is not advisory.
            ServerError: it cannot be reached, or is not ARF's advisory server.
        """
        if self._server is not None:
            from arf_mcp_client.client.remote import opened

            self._analyst = await opened(
                self._open,
                self._server,
                credentials=self._credentials,
                allow_http=self._allow_http,
                timeout_s=self._timeout_s,
            )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Disconnect. What was raised in between is raised as it is, not in a group of exceptions."""
        if self._server is None:
            return
        from arf_mcp_client.client.remote import closed

        self._analyst = None
        await closed(self._open, error)

    async def analyze(self, telemetry: object) -> tuple[HealingIntent, ...]:
        """Everything that ARF recommends for ``telemetry`` (text, bytes or JSON values), the most believed first.

        Raises:
            InputError: it cannot be read.
            ServerError: the server does not answer as it should.
        """
        findings = await self._asked().findings(_bytes_of(telemetry))
        if not findings.read and findings.faults:
            raise InputError(f"nothing in the telemetry could be read: {findings.faults[0]}")
        return findings.intents

    async def analyze_and_recommend(
        self,
        tool_name: str,
        component: str,
        parameters: Mapping[str, object],
        context: Mapping[str, object] | None = None,
    ) -> HealingIntent:
        """The sealed intent of taking the action ``tool_name`` at ``component``.

        With ``telemetry`` in the ``context``, ARF analyses it, and the intent rests on what it finds. Without, the
        intent is the caller's own wish and says so. ``context`` may also have ``incident_id``, ``detected_at``,
        ``severity`` and ``similar_incidents``; what it has besides is kept as evidence.

        Raises:
            IntentError: an unknown action, or a parameter or member of the context that breaks its rule.
            InputError: telemetry that cannot be read.
            NotRecommended: the telemetry does not support the action; the error has what is recommended instead.
            ServerError: the server does not answer as it should.
        """
        told = dict(context or {})
        telemetry = told.pop(TELEMETRY, None)
        question = question_of(tool_name, component, parameters, told)
        if telemetry is None:
            return wished(question, now=self._clock())
        return chosen(question, await self._asked().findings(_bytes_of(telemetry)))

    async def recommend_action(
        self,
        tool: str,
        params: Mapping[str, object],
        *,
        component: str | None = None,
        context: Mapping[str, object] | None = None,
    ) -> HealingIntent:
        """As :meth:`analyze_and_recommend`; the component may stand among ``params`` instead.

        Raises:
            IntentError: no component, or as :meth:`analyze_and_recommend`.
        """
        parameters = dict(params)
        named = parameters.pop("component", None) if component is None else component
        if not isinstance(named, str):
            raise IntentError("which component? Name it: component=… or params['component']")
        return await self.analyze_and_recommend(tool, named, parameters, context)

    async def submit_intent(
        self, server_url: str, intent: HealingIntent, credentials: Credentials | str, **options: Any
    ) -> HandOffReceipt:
        """Hand ``intent`` to an Enterprise server: see :func:`arf_mcp_client.handoff.submit.submit_intent`."""
        from arf_mcp_client.handoff.submit import submit_intent

        return await submit_intent(server_url, intent, credentials, **options)

    def get_capabilities(self) -> dict[str, object]:
        """What this client can and cannot do; connected to a server, under ``server`` what that says of itself."""
        from arf_core.capabilities import capabilities
        from arf_mcp_client.client.remote import RemoteAnalyst

        able = capabilities()
        return (
            {**able, "server": dict(self._analyst.capabilities)} if isinstance(self._analyst, RemoteAnalyst) else able
        )

    def _asked(self) -> LocalAnalyst | RemoteAnalyst:
        if self._analyst is None:
            raise ServerError("not connected: use the client between `async with` and its end")
        return self._analyst


def create_mcp_client(mode: str = "advisory", **options: Any) -> OSSMCPClient:
    """The client of the open edition, whatever the older package would have given; it warns that it only advises.

    Raises:
        FeatureRequiresEnterpriseError: a mode that only Enterprise has.
        ModeError: a mode that does not exist.
    """
    from arf_core.capabilities import ENTERPRISE_FEATURES

    if mode in ENTERPRISE_FEATURES.values():
        raise FeatureRequiresEnterpriseError("create_mcp_client", mode)
    client = OSSMCPClient(mode=mode, **options)
    warnings.warn(
        "The open edition has the advisory mode only. To have its intents carried out, hand them to ARF Enterprise: "
        "docs/UPGRADE_TO_ENTERPRISE.md.",
        UserWarning,
        stacklevel=2,
    )
    return client


def _bytes_of(telemetry: object) -> bytes:
    if isinstance(telemetry, bytes):
        return telemetry
    try:
        text = telemetry if isinstance(telemetry, str) else json.dumps(telemetry, allow_nan=False)
        return text.encode("utf-8")
    except (TypeError, ValueError, RecursionError) as error:
        raise InputError(f"the telemetry cannot be written as JSON in UTF-8: {error}") from error
