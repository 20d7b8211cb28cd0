# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""The Enterprise MCP server as people construct it: with a valid licence, or not at all.

It says what it is and what its licence permits, and hands intents to the installation that it belongs to, whose servers
carry them out. The server that MCP clients connect to is ``arf-enterprise serve`` (``server.mcp_door``).
"""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import datetime
from enum import StrEnum
from functools import partial
from typing import Final

import anyio.to_thread

from arf_core.models.healing_intent import HealingIntent
from arf_enterprise.app import opened, system_clock
from arf_enterprise.errors import SettingError
from arf_enterprise.execution.intent import of_intent, rung_of
from arf_enterprise.execution.means import APPROVALS, AUTONOMY
from arf_enterprise.governance.ruling import Rung
from arf_enterprise.identifiers import new_id
from arf_enterprise.identity.access import Caller
from arf_enterprise.identity.local import local_principal
from arf_enterprise.licensing.keyring import package_keyring
from arf_enterprise.licensing.licence import Licence
from arf_enterprise.licensing.standing import Standing, standing
from arf_enterprise.licensing.verify import verify
from arf_enterprise.settings import Settings, read_settings
from arf_enterprise.version import __version__

PATIENCE_S: Final = 30.0
TENANT: Final = "default"


class Mode(StrEnum):
    """How intents are to be carried out: not at all, after a person's approval, or within the policy's autonomy."""

    ADVISORY = "advisory"
    APPROVAL = "approval"
    AUTONOMOUS = "autonomous"


class EnterpriseMCPServer:
    """An MCP server that holds a licence."""

    def __init__(
        self,
        license_key: str | None = None,
        *,
        mode: str = Mode.APPROVAL,
        customer: str | None = None,
        clock: Callable[[], datetime] = system_clock,
    ) -> None:
        """With ``license_key``, or else with what ``ARF_LICENSE_KEY`` has; the key itself is not kept.

        Raises:
            LicenseError: "Enterprise license required …", and why: the subclass says which.
            SettingError: a mode that there is not.
        """
        checked = _checked(mode)
        text = license_key if license_key is not None else os.environ.get("ARF_LICENSE_KEY")
        self.license: Licence = verify(text, keyring=package_keyring(), customer=customer)
        self._mode, self._clock = checked, clock
        self.standing().require()

    @property
    def mode(self) -> str:
        """The mode it was made with."""
        return self._mode.value

    def standing(self) -> Standing:
        """How the licence stands now."""
        return standing(self.license, now=self._clock())

    def get_capabilities(self) -> dict[str, object]:
        """What it can and cannot do, as JSON."""
        found = self.standing()
        return {
            "edition": "enterprise",
            "version": __version__,
            "mode": self.mode,
            "can_execute": found.may_execute and bool(self.license.features & {APPROVALS, AUTONOMY}),
            "license": {
                "edition": self.license.edition.value,
                "features": sorted(self.license.features),
                "state": found.state.value,
                "says": found.says,
            },
        }

    async def execute_healing_intent(
        self,
        intent: HealingIntent,
        mode: str | None = None,
        *,
        settings: Settings | None = None,
        patience_s: float = PATIENCE_S,
    ) -> dict[str, object]:
        """Hand ``intent`` to the installation of ``settings`` (default: the environment's); its receipt comes back.

        A server or worker of that installation carries it out, with its own licence, policy and approvals; ``mode`` is
        the most that may happen (default: the one this server was made with). Where nothing can be said of it within
        ``patience_s`` seconds, the status is ``accepted``. The same intent again is the same run.

        Raises:
            LicenseError: the licence has ended meanwhile.
            SettingError: a mode that there is not.
            ExecutionRefused: it was not taken; the subclass says why.
        """
        self.standing().require()
        wished = rung_of(_checked(self._mode if mode is None else mode).value)
        known = read_settings(os.environ) if settings is None else settings
        return await anyio.to_thread.run_sync(partial(_executed, intent, wished, known, patience_s))

    def __repr__(self) -> str:
        return f"EnterpriseMCPServer(mode={self.mode!r}, licence={self.license.licence_id!r})"


def create_enterprise_mcp_server(license_key: str | None = None, *, mode: str = Mode.APPROVAL) -> EnterpriseMCPServer:
    """A server with ``license_key``, or with what ``ARF_LICENSE_KEY`` has.

    Raises:
        LicenseError: "Enterprise license required …", and why.
        SettingError: a mode that there is not.
    """
    return EnterpriseMCPServer(license_key, mode=mode)


def _checked(mode: str) -> Mode:
    if mode not in set(Mode):
        raise SettingError(f"the mode is {mode!r:.60}: it must be one of {', '.join(Mode)}")
    return Mode(mode)


def _executed(intent: HealingIntent, wished: Rung, settings: Settings, patience_s: float) -> dict[str, object]:
    with opened(settings) as app:
        caller = Caller(principal=local_principal([TENANT]), tenant=TENANT, request_id=new_id("python", app.clock()))
        run = app.intake.submit(of_intent(intent), wished, by=caller)
        found = app.asking.receipt(run, patience_s=patience_s)
    return found or {"status": "accepted", "executed": False, "execution_id": run.execution_id}
