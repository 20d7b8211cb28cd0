# SPDX-License-Identifier: Apache-2.0
"""``python -m arf_core.api``: its options, and what it says when it cannot start.

Exit codes: 0 stopped when told to, 1 internal error or the address is taken, 6 bad input, 7 missing dependency.
"""

from __future__ import annotations

import json
import logging
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from typer.exceptions import TyperException

from arf_core.api.logs import fields, log_as_json
from arf_core.api.settings import ApiSettings, read_token
from arf_core.errors import ArfError, DependencyError, InputError, SettingsError

if TYPE_CHECKING:
    from arf_core.api.journal import Journal
    from arf_core.service import AdviceService

log = logging.getLogger(__name__)

INSTALL = "pip install 'arf-core[api]'"
_DEFAULTS = ApiSettings()

HostOption = Annotated[str, typer.Option(envvar="ARF_API_HOST", help="Where to listen.")]
PortOption = Annotated[int, typer.Option(envvar="ARF_API_PORT", min=0, max=65535, help="0 takes any that is free.")]
TokenOption = Annotated[
    Path | None, typer.Option(envvar="ARF_API_TOKEN_FILE", help="A file with the token (or set ARF_API_TOKEN).")
]
InsecureOption = Annotated[bool, typer.Option("--insecure-listen", help="Listen to other machines without a token.")]
JournalOption = Annotated[
    Path | None, typer.Option(envvar="ARF_API_JOURNAL", help="Keep deliveries there, so that a restart loses none.")
]
BodyOption = Annotated[int, typer.Option(envvar="ARF_API_MAX_BODY", min=1024, help="Bytes of a body.")]
RateOption = Annotated[float, typer.Option(envvar="ARF_API_RATE", min=0.1, help="Requests a second, all together.")]
ClientRateOption = Annotated[
    float, typer.Option(envvar="ARF_API_CLIENT_RATE", min=0.1, help="Requests a second of one address.")
]
BodyTimeOption = Annotated[float, typer.Option(envvar="ARF_API_BODY_SECONDS", min=0.1, help="Time for a body to come.")]
HeadTimeOption = Annotated[
    float, typer.Option(envvar="ARF_API_HEAD_SECONDS", min=1, help="Time for the head of a request to come.")
]
TopologyOption = Annotated[Path | None, typer.Option(help="Calls: a JSON list of [caller, callee].")]
PolicyOption = Annotated[Path | None, typer.Option(help="Healing policies (YAML) instead of the defaults.")]
ConfigOption = Annotated[Path | None, typer.Option(help="A TOML file with settings.")]
PlainOption = Annotated[bool, typer.Option("--thresholds-only", help="Leave out the adaptive detector.")]


def main() -> None:
    """Serve as the arguments say, and exit with the code."""
    raise SystemExit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Serve as ``arguments`` say and return the exit code. Every error ends here."""
    app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
    app.command(epilog="Example: python -m arf_core.api --port 8000 --journal arf.journal")(serve)
    try:
        return int(app(arguments, prog_name="python -m arf_core.api", standalone_mode=False) or 0)
    except TyperException as error:
        return _say(InputError(error.format_message()))
    except ArfError as error:
        return _say(error)
    except Exception as error:  # the edge of the process
        log.exception("internal error")
        return _say(ArfError(f"{type(error).__name__}: {error}"))


def serve(
    *,
    host: HostOption = _DEFAULTS.host,
    port: PortOption = _DEFAULTS.port,
    token_file: TokenOption = None,
    insecure_listen: InsecureOption = False,
    journal: JournalOption = None,
    max_body: BodyOption = _DEFAULTS.max_body,
    rate: RateOption = _DEFAULTS.rate,
    client_rate: ClientRateOption = _DEFAULTS.client_rate,
    body_seconds: BodyTimeOption = _DEFAULTS.body_seconds,
    head_seconds: HeadTimeOption = _DEFAULTS.head_seconds,
    topology: TopologyOption = None,
    policy: PolicyOption = None,
    config: ConfigOption = None,
    thresholds_only: PlainOption = False,
) -> None:
    """Listen for telemetry and answer with advice. It only listens: it never opens a connection, and cannot act."""
    settings = ApiSettings(
        host=host,
        port=port,
        token=read_token(token_file, os.environ),
        insecure_listen=insecure_listen,
        max_body=max_body,
        max_waiting_bytes=max(_DEFAULTS.max_waiting_bytes, 2 * max_body),
        rate=rate,
        client_rate=client_rate,
        body_seconds=body_seconds,
        head_seconds=head_seconds,
    )
    log_as_json()
    service = _service(topology, policy, config, adaptive=not thresholds_only)
    _listen(settings, service, _resumed(journal, service))


def _listen(settings: ApiSettings, service: AdviceService, journal: Journal | None) -> None:
    try:
        from arf_core.api.server import listener
        from arf_core.api.serving import Serving
    except ModuleNotFoundError as error:
        raise DependencyError(f"the API server needs the package {error.name}: {INSTALL}") from error
    server = listener(Serving(settings=settings, service=service, journal=journal))
    log.info("starting", extra=fields(host=settings.host, port=settings.port, has_token=settings.token is not None))
    try:
        server.run()
    except SystemExit as error:  # uvicorn's word for a start that failed
        where = f"{settings.host}:{settings.port}"
        raise SettingsError(f"{where} cannot be listened on: the log above says why; choose another --port") from error
    finally:
        if journal is not None:
            journal.close()
    log.info("stopped", extra=fields())


def _service(topology: Path | None, policy: Path | None, config: Path | None, *, adaptive: bool) -> AdviceService:
    from arf_core.advisor import Advisor
    from arf_core.config.oss_config import load
    from arf_core.ingest.windows import read_edges
    from arf_core.policy.load import load as load_policies
    from arf_core.service import AdviceService

    settings = load(arguments={}, environment=os.environ, file=config).config
    file = policy or (Path(settings.policy_file) if settings.policy_file else None)
    policies = None if file is None else load_policies(_read(file).decode("utf-8", "replace"), file=file.name)
    edges = () if topology is None else read_edges(_read(topology))
    return AdviceService(Advisor(settings, policies=policies, edges=edges), edges=edges, adaptive=adaptive)


def _resumed(path: Path | None, service: AdviceService) -> Journal | None:
    """The journal at ``path``, what it holds taken once more."""
    if path is None:
        return None
    from arf_core.api.journal import Journal

    journal = Journal(path, known=service.incident_ids)
    if journal.torn:
        log.warning("torn line cut off", extra=fields(journal=str(path), line=journal.torn))
    count = service.resume(journal.steps())
    service.keeper = journal
    log.info("resumed", extra=fields(journal=str(path), events=count, incidents=len(service.incident_ids())))
    return journal


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise InputError(f"{file} cannot be read: {error.strerror}") from error


def _say(error: ArfError) -> int:
    line = {"level": "error", "event": "not started", "code": error.code, "message": str(error), "remedy": error.remedy}
    print(json.dumps(line, ensure_ascii=True), file=sys.stderr)  # noqa: T201 - the log may not be there yet
    return error.exit_code
