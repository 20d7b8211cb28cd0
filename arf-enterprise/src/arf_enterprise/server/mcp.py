# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""The Enterprise MCP server as people construct it: with a valid licence, or not at all.

What it can do now is to say what it is and what its licence permits. It carries no intent out: it says so, and refuses.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import datetime
from enum import StrEnum
from typing import NoReturn

from arf_enterprise.app import system_clock
from arf_enterprise.errors import NotAvailable, SettingError
from arf_enterprise.licensing.keyring import package_keyring
from arf_enterprise.licensing.licence import Licence
from arf_enterprise.licensing.standing import Standing, standing
from arf_enterprise.licensing.verify import verify
from arf_enterprise.version import __version__


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
        if mode not in set(Mode):
            raise SettingError(f"the mode is {mode!r:.60}: it must be one of {', '.join(Mode)}")
        text = license_key if license_key is not None else os.environ.get("ARF_LICENSE_KEY")
        self.license: Licence = verify(text, keyring=package_keyring(), customer=customer)
        self._mode, self._clock = Mode(mode), clock
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
            "can_execute": False,
            "license": {
                "edition": self.license.edition.value,
                "features": sorted(self.license.features),
                "state": found.state.value,
                "says": found.says,
            },
        }

    def execute_healing_intent(self, intent: object) -> NoReturn:
        """Refuses: this version carries no intent out.

        Raises:
            LicenseError: the licence has ended meanwhile.
            NotAvailable: always otherwise. Nothing was done.
        """
        del intent
        self.standing().require()
        raise NotAvailable("this version of arf-enterprise carries no intent out: nothing was done")

    def __repr__(self) -> str:
        return f"EnterpriseMCPServer(mode={self.mode!r}, licence={self.license.licence_id!r})"


def create_enterprise_mcp_server(license_key: str | None = None, *, mode: str = Mode.APPROVAL) -> EnterpriseMCPServer:
    """A server with ``license_key``, or with what ``ARF_LICENSE_KEY`` has.

    Raises:
        LicenseError: "Enterprise license required …", and why.
        SettingError: a mode that there is not.
    """
    return EnterpriseMCPServer(license_key, mode=mode)
