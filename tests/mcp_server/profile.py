# SPDX-License-Identifier: Apache-2.0
"""The server that the public conformance suites are run against: ours, filled with the fixtures that they call.

It is made by the functions that make ``arf-mcp serve`` (``bare_server``, ``guarded``, ``serve``), so what is tested is
our transport, guard and set-up; only the tools, resources and prompts are the suites' own (``test_*``).

Run as a program, it prints one line of JSON, ``{"listening": address}``, and serves until a signal.
"""

from __future__ import annotations

import argparse
import base64
import json
import sys
from pathlib import Path
from typing import Annotated, Any, Final

import anyio
from mcp.server.mcpserver import Context, MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp.server.mcpserver.prompts.base import UserMessage
from mcp_types import (
    AudioContent,
    Completion,
    ContentBlock,
    EmbeddedResource,
    ImageContent,
    TextContent,
    TextResourceContents,
)
from pydantic import Field

from arf_mcp_client.server.build import AdvisoryServer, bare_server
from arf_mcp_client.server.http import guarded, serve
from arf_mcp_client.settings import HttpSettings

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from tests.mcp_server import rounds

PIXEL: Final = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg=="
SILENCE: Final = "UklGRiYAAABXQVZFZm10IBAAAAABAAEAQB8AAAB9AAACABAAZGF0YQIAAAA="


def main() -> None:
    """Serve the profile."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=0)
    settings = HttpSettings(port=parser.parse_args().port)
    serve(
        guarded(profile(), settings),
        settings,
        listening=lambda address: print(json.dumps({"listening": address}), flush=True),  # noqa: T201 - its one line
    )


def profile() -> AdvisoryServer:
    """Our server with the suites' fixtures."""
    server = bare_server()
    add_tools(server)
    _resources(server)
    _prompts(server)
    rounds.register_prompt(server)
    return server


def add_tools(server: MCPServer[Any]) -> None:
    """Add the suites' tools to ``server``."""
    _contents(server)
    _behaviours(server)
    _schemas(server)
    rounds.register_tools(server)


def _contents(server: MCPServer[Any]) -> None:
    @server.tool()
    def test_simple_text() -> str:
        """Answers with text."""
        return "This is a simple text response for testing."

    @server.tool()
    def test_image_content() -> ImageContent:
        """Answers with an image."""
        return ImageContent(type="image", data=PIXEL, mime_type="image/png")

    @server.tool()
    def test_audio_content() -> AudioContent:
        """Answers with sound."""
        return AudioContent(type="audio", data=SILENCE, mime_type="audio/wav")

    @server.tool()
    def test_embedded_resource() -> EmbeddedResource:
        """Answers with a resource."""
        return _embedded("test://embedded-resource", "text/plain", "This is an embedded resource content.")

    @server.tool()
    def test_multiple_content_types() -> list[ContentBlock]:
        """Answers with text, an image and a resource."""
        return [
            TextContent(type="text", text="Multiple content types test:"),
            ImageContent(type="image", data=PIXEL, mime_type="image/png"),
            _embedded("test://mixed-content-resource", "application/json", '{"test": "data", "value": 123}'),
        ]


def _behaviours(server: MCPServer[Any]) -> None:
    @server.tool()
    async def test_tool_with_progress(ctx: Context) -> str:
        """Reports its progress."""
        for done in (0, 50, 100):
            await ctx.report_progress(done, 100, f"Completed step {done} of 100")
            await anyio.sleep(0.05)
        return "done"

    @server.tool()
    async def test_logging_tool() -> str:
        """Would log to its client, if it logged: our server logs to standard error alone."""
        return "done"

    @server.tool()
    def test_error_handling() -> str:
        """Fails."""
        raise ToolError("This tool intentionally returns an error for testing")


def _schemas(server: MCPServer[Any]) -> None:
    @server.tool()
    def test_custom_headers(
        region: Annotated[str, Field(json_schema_extra={"x-mcp-header": "Region"})],
        query: str = "",
    ) -> str:
        """Takes an argument that is also sent as a header."""
        return f"{region} {query}"


def _resources(server: AdvisoryServer) -> None:
    @server.resource("test://static-text", mime_type="text/plain")
    def static_text() -> str:
        """Text."""
        return "This is the content of the static text resource."

    @server.resource("test://static-binary", mime_type="image/png")
    def static_binary() -> bytes:
        """An image."""
        return base64.b64decode(PIXEL)

    @server.resource("test://template/{id}/data", mime_type="application/json")
    def template(id: str) -> str:  # noqa: A002 - the suite's name
        """Data of an id."""
        return json.dumps({"id": id, "templateTest": True, "data": f"Data for ID: {id}"})

    @server.completion()  # type: ignore[no-untyped-call, untyped-decorator]
    async def complete(_ref: Any, _argument: Any, _context: Any) -> Completion:
        return Completion(values=["paris", "park", "party"], total=3, has_more=False)


def _prompts(server: AdvisoryServer) -> None:
    @server.prompt()
    def test_simple_prompt() -> str:
        """Has no arguments."""
        return "This is a simple prompt for testing."

    @server.prompt()
    def test_prompt_with_arguments(arg1: str, arg2: str) -> str:
        """Has two arguments."""
        return f"Prompt with arguments: arg1='{arg1}', arg2='{arg2}'"

    @server.prompt()
    def test_prompt_with_embedded_resource(resourceUri: str) -> list[UserMessage]:  # noqa: N803 - the suite's name
        """Carries a resource."""
        return [
            UserMessage(_embedded(resourceUri, "text/plain", "Embedded resource content for testing.")),
            UserMessage("Please process the embedded resource above."),
        ]

    @server.prompt()
    def test_prompt_with_image() -> list[UserMessage]:
        """Carries an image."""
        return [
            UserMessage(ImageContent(type="image", data=PIXEL, mime_type="image/png")),
            UserMessage("Please analyze the image above."),
        ]


def _embedded(uri: str, kind: str, text: str) -> EmbeddedResource:
    return EmbeddedResource(type="resource", resource=TextResourceContents(uri=uri, mime_type=kind, text=text))


if __name__ == "__main__":
    main()
