# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""What a server does about its licence every few seconds, beside its requests. At each beat:

1. it looks at the clock (``clock``), and once an hour at the signed checkpoints;
2. it holds, takes or gives back its place among the servers (``nodes``);
3. it says in its log when the licence has come to stand otherwise: 30, 7 and 1 days before the end, in the grace, over.

A beat that fails is said in the log, and the next one tries again. Executions ask for themselves, each time.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from arf_core.errors import ArfError
from arf_enterprise.errors import EnterpriseError, LicenseError
from arf_enterprise.licensing.clock import anchored, look
from arf_enterprise.licensing.entitlement import Entitlements
from arf_enterprise.licensing.nodes import Node
from arf_enterprise.licensing.standing import Standing
from arf_enterprise.stores.postgres.database import Database

EVERY_S: Final = 15.0
ANCHORS_EVERY: Final = timedelta(hours=1)

_log: Final = logging.getLogger(__name__)


class Watch:
    """The beats of one server; a ``Background`` of it."""

    def __init__(
        self, database: Database, entitlements: Entitlements, node: Node, *, clock: Callable[[], datetime]
    ) -> None:
        """Nothing is done before :meth:`start` or :meth:`beat`."""
        self._database, self._entitlements, self._node, self._clock = database, entitlements, node, clock
        self._anchored: datetime | None = None
        self._said: str | None = None
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Beat until :meth:`stop`; the first beat has been when this returns."""
        self._try()
        self._thread = threading.Thread(target=self._run, name="licence", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End, and return when it has ended."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join()

    def beat(self) -> None:
        """One beat.

        Raises:
            EnterpriseError: the database does not answer.
        """
        now = self._clock()
        look(self._database, now, anchor=self._anchor(now))  # 1
        try:
            found = self._entitlements.current()
        except LicenseError as error:
            self._node.beat(nodes=0, now=now)
            self._say(f"{error.code}: {error}")
            return
        may_execute = found.standing.may_execute
        self._node.beat(nodes=found.licence.nodes if may_execute else 0, now=now)  # 2
        self._say(_sentence(found.standing, self._node.refusal()))  # 3

    def _anchor(self, now: datetime) -> datetime | None:
        if self._anchored is not None and timedelta(0) <= now - self._anchored < ANCHORS_EVERY:
            return None
        found = anchored(self._database)
        self._anchored = now
        return found

    def _say(self, text: str | None) -> None:
        if text is not None and text != self._said:
            _log.warning("%s", text)
        self._said = text

    def _try(self) -> None:
        try:
            self.beat()
        except (EnterpriseError, ArfError) as error:
            self._say(f"{error.code}: {error}")

    def _run(self) -> None:
        while not self._stopping.wait(EVERY_S):
            self._try()


def _sentence(stands: Standing, refusal: str | None) -> str | None:
    if not stands.may_execute or stands.warning == 0:
        return f"licence {stands.state}: {stands.says}"
    if refusal is not None:
        return f"licence: {refusal}"
    return None if stands.warning is None else f"licence: {stands.says}, in at most {stands.warning} days"
