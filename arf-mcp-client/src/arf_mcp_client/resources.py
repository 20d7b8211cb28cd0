# SPDX-License-Identifier: Apache-2.0
"""What a client may read: the intents and incidents that were answered lately, the policies, and the capabilities.

All of it is JSON. A list gives ids and the least that is needed to choose; a template gives one of them in full.
"""

from __future__ import annotations

from typing import Final

from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.exceptions import ResourceNotFoundError
from mcp_types import Completion, CompletionArgument, CompletionContext, PromptReference, ResourceTemplateReference

from arf_core.canonical import write_time
from arf_core.capabilities import capabilities
from arf_core.errors import NotFoundError
from arf_core.models.frozen import thaw
from arf_core.plain import plain
from arf_core.policy.load import normal_form
from arf_mcp_client.desk import Desk

JSON: Final = "application/json"
MOST_LISTED: Final = 100
"""How many intents or incidents a list names."""

MOST_COMPLETED: Final = 100
"""How many values a completion has at most: the protocol's own limit."""


def register(server: MCPServer, desk: Desk) -> None:
    """Add the resources, and the completion of their templates, to ``server``."""
    _register_intents(server, desk)
    _register_incidents(server, desk)

    @server.resource("arf://policies", name="policies", title="Healing policies", mime_type=JSON)
    def policies() -> dict[str, object]:
        """The healing policies in force: file, digest and normal form."""
        known = desk.advisor.policies
        return {"file": known.file, "digest": known.digest, **{k: thaw(v) for k, v in normal_form(known).items()}}

    @server.resource("arf://capabilities", name="capabilities", title="Capabilities", mime_type=JSON)
    def able() -> dict[str, object]:
        """What this edition does, what it leaves to Enterprise, and its sealed limits."""
        return capabilities()

    @server.completion()  # type: ignore[no-untyped-call, untyped-decorator]
    async def complete(
        ref: PromptReference | ResourceTemplateReference,
        argument: CompletionArgument,
        _context: CompletionContext | None,
    ) -> Completion:
        values = _known(desk, ref, argument.name)
        fitting = [value for value in values if value.startswith(argument.value)]
        return Completion(values=fitting[:MOST_COMPLETED], total=len(fitting), has_more=len(fitting) > MOST_COMPLETED)


def _register_intents(server: MCPServer, desk: Desk) -> None:
    @server.resource("arf://intents", name="intents", title="Recent intents", mime_type=JSON)
    def intents() -> list[dict[str, object]]:
        """The healing intents that this server sealed lately, the latest first."""
        return [
            {
                "uri": f"arf://intents/{intent.intent_id}",
                "intent_id": intent.intent_id,
                "action": intent.action.value,
                "component": intent.component,
                "incident_id": intent.incident_id,
                "detected_at": write_time(intent.detected_at),
            }
            for intent in desk.intents()[:MOST_LISTED]
        ]

    @server.resource("arf://intents/{intent_id}", name="intent", title="A sealed intent", mime_type=JSON)
    def intent(intent_id: str) -> str:
        """One sealed intent as its exact document; its id and digests recompute."""
        try:
            return desk.intent(intent_id).to_json()
        except NotFoundError as error:
            raise ResourceNotFoundError(f"{error.code}: {error}") from error


def _register_incidents(server: MCPServer, desk: Desk) -> None:
    @server.resource("arf://incidents", name="incidents", title="Recent incidents", mime_type=JSON)
    def incidents() -> list[dict[str, object]]:
        """The incidents that this server was asked about lately, the latest first."""
        return [
            {
                "uri": f"arf://incidents/{advice.incident_id}",
                "incident_id": advice.incident_id,
                "at": write_time(advice.at),
                "components": [anomaly.component for anomaly in advice.anomalies],
                "intents": [intent.intent_id for intent in advice.intents],
                "because": advice.because,
            }
            for advice in desk.incidents()[:MOST_LISTED]
        ]

    @server.resource("arf://incidents/{incident_id}", name="incident", title="Advice about an incident", mime_type=JSON)
    def incident(incident_id: str) -> object:
        """The whole advice about one incident."""
        try:
            return plain(desk.incident(incident_id))
        except NotFoundError as error:
            raise ResourceNotFoundError(f"{error.code}: {error}") from error


def _known(desk: Desk, ref: PromptReference | ResourceTemplateReference, name: str) -> list[str]:
    """What an argument of that name can be; the prompts have arguments of the same names."""
    if not isinstance(ref, PromptReference) and not ref.uri.startswith("arf://"):
        return []
    if name == "intent_id":
        return [intent.intent_id for intent in desk.intents()]
    if name == "incident_id":
        return [advice.incident_id for advice in desk.incidents()]
    return []
