# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""The listening socket, by uvicorn.

1. SIGTERM and SIGINT stop it: no new requests, those under way finish, the sequencer ends, then the process ends with
   0. A second SIGINT does not wait.
2. The log is JSON lines; uvicorn's own access log, which has queries and addresses, is off.
3. Who says ``X-Forwarded-For`` is believed only if it is one of the proxies of the settings.
"""

from __future__ import annotations

import logging
import ssl
import sys
from types import FrameType
from typing import Final, TextIO

import uvicorn

from arf_core.api.logs import JsonLines, fields
from arf_enterprise.app import App
from arf_enterprise.errors import EnterpriseError, SettingError
from arf_enterprise.server.rest import make_app
from arf_enterprise.server.serving import Background, Serving
from arf_enterprise.server.settings import ServerSettings

MAX_HEAD: Final = 64 * 1024
"""How many bytes the head of a request may have."""
log = logging.getLogger(__name__)


def serve(app: App, settings: ServerSettings, *, background: Background | None = None) -> None:
    """Serve until told to stop.

    Raises:
        SettingError: the address cannot be listened on, or the certificate cannot be read.
        EnterpriseError: what runs beside it cannot start.
    """
    serving = Serving(settings=settings)
    server = Listener(config_of(app, serving, background), serving)
    log.info("starting", extra=fields(host=settings.host, port=settings.port, has_tls=settings.certificate is not None))
    try:
        server.run()
    except SystemExit as error:  # uvicorn's word for a start that failed
        raise SettingError(
            f"{settings.host}:{settings.port} cannot be listened on: is another server there?"
        ) from error
    if not server.started:
        raise EnterpriseError("the server did not start: the log above says why")
    log.info("stopped", extra=fields())


def config_of(app: App, serving: Serving, background: Background | None = None) -> uvicorn.Config:
    """How uvicorn serves ``app``.

    Raises:
        SettingError: the certificate or its key cannot be used.
    """
    settings = serving.settings
    config = uvicorn.Config(
        app=make_app(app, serving=serving, background=background),
        host=settings.host,
        port=settings.port,
        loop="asyncio",
        http="h11",
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=bool(settings.proxies),
        forwarded_allow_ips=list(settings.proxies),
        limit_concurrency=settings.max_connections,
        timeout_keep_alive=int(settings.head_seconds),
        timeout_graceful_shutdown=int(settings.stop_seconds),
        h11_max_incomplete_event_size=MAX_HEAD,
        ssl_certfile=settings.certificate,
        ssl_keyfile=settings.certificate_key,
    )
    try:
        config.load()
    except (OSError, ssl.SSLError) as error:
        raise SettingError(f"{settings.certificate} and its key cannot be used: {type(error).__name__}") from error
    return config


class Listener(uvicorn.Server):
    """A server that ends quietly when it is told to stop, instead of raising the signal anew."""

    def __init__(self, config: uvicorn.Config, serving: Serving) -> None:
        """Serve as ``config`` says; ``serving`` is told when it stops."""
        super().__init__(config)
        self._serving = serving

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002 - uvicorn's signature
        """Stop; on being told twice, at once (rule 1)."""
        self.force_exit = self.should_exit
        self.should_exit = True
        self._serving.is_stopping = True


def log_as_json(stream: TextIO | None = None, *, level: int = logging.INFO) -> None:
    """Write our log from ``level`` on, and uvicorn's warnings, to ``stream`` (standard error if None)."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonLines())
    for name, least in (("arf_enterprise", level), ("uvicorn", logging.WARNING)):
        logger = logging.getLogger(name)
        logger.handlers[:] = [handler]
        logger.setLevel(least)
        logger.propagate = False
