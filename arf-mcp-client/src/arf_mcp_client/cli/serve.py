# SPDX-License-Identifier: Apache-2.0
"""``arf-mcp serve``: the advisory server, over standard input and output or over HTTP."""

from __future__ import annotations

import json as json_format
import os
import sys
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from arf_core.cli.analyze import MemoryOption, PolicyOption, TopologyOption, remember_file
from arf_core.cli.files import read_input, read_text
from arf_core.cli.output import JsonOption, QuietOption, printable, say
from arf_core.cli.show import ConfigOption
from arf_core.errors import SettingsError
from arf_mcp_client.settings import HttpSettings, OAuth

if TYPE_CHECKING:
    from arf_mcp_client.desk import Desk

TOKEN: Final = "ARF_MCP_TOKEN"  # noqa: S105 - the name of the variable
"""The environment variable that holds the bearer token."""


class Transport(StrEnum):
    """How the server speaks to its client."""

    STDIO = "stdio"
    HTTP = "http"


TransportOption = Annotated[Transport, typer.Option(help="stdio: the client starts it. http: it listens.")]
HostOption = Annotated[str, typer.Option(help="The host to listen on (http).")]
PortOption = Annotated[int, typer.Option(min=0, max=65_535, help="The port (http); 0 takes any free one.")]
TokenOption = Annotated[Path | None, typer.Option(help=f"A file with the bearer token; or set {TOKEN} (http).")]
IssuerOption = Annotated[str | None, typer.Option(help="Take OAuth access tokens of this issuer (http).")]
AudienceOption = Annotated[str | None, typer.Option(help="The server's own address, as its tokens name it.")]
JwksOption = Annotated[Path | None, typer.Option(help="The issuer's public keys: a JWKS file.")]
ScopeOption = Annotated[list[str] | None, typer.Option(help="A scope that tokens must have; may be repeated.")]
AllowHostOption = Annotated[list[str] | None, typer.Option(help="A further name of the server; may be repeated.")]
AllowOriginOption = Annotated[list[str] | None, typer.Option(help="A web origin that may call; may be repeated.")]


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command(epilog="Example: arf-mcp serve --transport http --port 8765 --memory incidents.jsonl")(serve)


def serve(
    *,
    transport: TransportOption = Transport.STDIO,
    host: HostOption = "127.0.0.1",
    port: PortOption = 8765,
    policy: PolicyOption = None,
    memory: MemoryOption = None,
    topology: TopologyOption = None,
    config: ConfigOption = None,
    token_file: TokenOption = None,
    oauth_issuer: IssuerOption = None,
    oauth_audience: AudienceOption = None,
    oauth_jwks: JwksOption = None,
    oauth_scope: ScopeOption = None,
    allow_host: AllowHostOption = None,
    allow_origin: AllowOriginOption = None,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Serve advice to MCP clients. It listens; it never connects anywhere, and it cannot act."""
    if transport is Transport.STDIO:
        from arf_mcp_client.server import stdio

        if sys.stdin.isatty() and not quiet:
            say("waiting for an MCP client on standard input; to listen instead, add --transport http", to_errors=True)
        stdio.serve(_desk(config, policy, memory, topology))
        return
    from arf_mcp_client.server import http

    settings = HttpSettings(
        host=host,
        port=port,
        token=_token(token_file),
        oauth=_oauth(oauth_issuer, oauth_audience, oauth_jwks, oauth_scope or []),
        allowed_hosts=tuple(allow_host or ()),
        allowed_origins=tuple(allow_origin or ()),
    )
    desk = _desk(config, policy, memory, topology)
    http.serve(http.http_app(desk, settings), settings, listening=_Announce(settings, as_json=json, quiet=quiet))


class _Announce:
    """Says where the server listens, and who may come in."""

    def __init__(self, settings: HttpSettings, *, as_json: bool, quiet: bool) -> None:
        self._settings, self._as_json, self._quiet = settings, as_json, quiet

    def __call__(self, address: str) -> None:
        who = "token" if self._settings.token else "oauth" if self._settings.oauth else "none"
        if self._as_json:
            say(json_format.dumps({"listening": address, "authentication": who}))
        elif not self._quiet:
            say(f"listening on {address} (authentication: {who}); stop with Ctrl-C")


def _desk(config: Path | None, policy: Path | None, memory: Path | None, topology: Path | None) -> Desk:
    """The desk that the options describe; what people should know about its memory goes to standard error."""
    from arf_core.advisor import Advisor
    from arf_core.config.oss_config import load
    from arf_core.ingest.unpack import unpacked
    from arf_core.ingest.windows import read_edges
    from arf_core.policy.load import load as load_policies
    from arf_mcp_client.desk import Desk

    settings = load(arguments={}, environment=os.environ, file=config).config
    file = policy or (Path(settings.policy_file) if settings.policy_file else None)
    policies = None if file is None else load_policies(read_text(file), file=file.name)
    edges = () if topology is None else read_edges(unpacked(read_input(str(topology))))
    advisor = Advisor(settings, policies=policies, edges=edges)
    if memory is not None:
        for warning in remember_file(advisor, memory, default_time=_now()):
            say(f"warning: {printable(warning)}", to_errors=True)
    return Desk(advisor, clock=_now, edges=edges)


def _now() -> datetime:
    return datetime.now(UTC)  # the rim: everything further in is given its time


def _token(file: Path | None) -> str | None:
    token = os.environ.get(TOKEN, "") if file is None else read_text(file)
    if file is not None and not token.strip():
        raise SettingsError(f"the token file {file} is empty")
    return token.strip() or None


def _oauth(issuer: str | None, audience: str | None, jwks: Path | None, scopes: list[str]) -> OAuth | None:
    if issuer is None and audience is None and jwks is None and not scopes:
        return None
    if issuer is None or audience is None or jwks is None:
        raise SettingsError("OAuth needs --oauth-issuer, --oauth-audience and --oauth-jwks together")
    return OAuth(issuer=issuer, audience=audience, jwks=jwks, scopes=tuple(scopes))
