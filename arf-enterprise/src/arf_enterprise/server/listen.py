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

import uvicorn

from arf_core.api.logs import fields
from arf_core.api.server import MAX_HEAD, Listener
from arf_enterprise.app import App
from arf_enterprise.errors import EnterpriseError, SettingError
from arf_enterprise.server.rest import make_app
from arf_enterprise.server.serving import Background, Serving
from arf_enterprise.server.settings import ServerSettings

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
