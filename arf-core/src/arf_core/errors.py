# SPDX-License-Identifier: Apache-2.0
"""Every error of the open edition, in one tree.

::

    ArfError
    ├── InputError               bad input: what, which, what to do next                  exit 6
    │   ├── EventError           a telemetry record breaks a rule of its field
    │   ├── FormatError          bytes that are not the format they were said to be
    │   ├── IntentError          an intent that is malformed, or not the one it says it is
    │   ├── PolicyError          a policy file: file, line, column and what was expected
    │   ├── SettingsError        a setting that does not exist or has the wrong value
    │   ├── TooLargeError        more bytes or records than are taken at once
    │   ├── ArchiveError         a bundle or pack whose archive breaks a rule of its form
    │   └── NotFoundError        an id that nothing is known under
    ├── VerificationError        an artifact that does not verify                         exit 2
    │   └── BrokenError          the same, with the first bad place in it
    ├── BoundaryError            something the open edition does not do                   exit 3
    │   ├── FeatureRequiresEnterpriseError
    │   ├── AuthenticationError  no token, or a wrong one
    │   └── BusyError            too many requests: come back later
    ├── RegressionFound          what ARF proposes has changed                            exit 5
    └── DependencyError          an optional part that is not installed                   exit 7

Every class has a ``code`` (stable, documented, explained by ``arf explain CODE``), an ``exit_code``
and a ``cause`` and ``remedy`` in general terms; every instance has a message about its own case.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


class ArfError(Exception):
    """The root of every error that ``arf_core`` raises on purpose."""

    code: ClassVar[str] = "ARF-0001"
    exit_code: ClassVar[int] = 1
    cause: ClassVar[str] = "Something went wrong inside ARF."
    remedy: ClassVar[str] = "Run the command again with --json and report the output together with `arf --version`."


class InputError(ArfError):
    """The input cannot be used; nothing was done with it."""

    code = "ARF-1000"
    exit_code = 6
    cause = "The input is not something ARF can read."
    remedy = "Read the message: it names the field, the value and the rule. `arf analyze --help` shows an example."


class EventError(InputError):
    """A field of a telemetry record breaks its rule."""

    code = "ARF-1001"
    cause = "A field of an event has the wrong type or a value outside its range."
    remedy = "Mend the named field at its source. In a batch, the other records were analysed all the same."


class FormatError(InputError):
    """The bytes are not what they were said to be."""

    code = "ARF-1002"
    cause = "The file is not in the format it was read as, is cut short, or is not UTF-8."
    remedy = "Name the format with --format, or write the file again as UTF-8."


class IntentError(InputError):
    """An intent is malformed, or its id or digest does not recompute."""

    code = "ARF-1003"
    cause = "A field of a healing intent is missing, unknown, doubled or of the wrong type."
    remedy = "Ask whoever made the intent for the original; an intent is never mended by hand."


class PolicyError(InputError):
    """A healing policy cannot be used."""

    code = "ARF-1004"
    cause = "A policy file has an unknown key, metric or action, or a condition that does not compile."
    remedy = "Open the file at the line and column in the message."


class SettingsError(InputError):
    """A setting does not exist, has a wrong value, or would raise a sealed limit."""

    code = "ARF-1005"
    cause = "A setting is unknown, has a value of the wrong kind, or tries to raise a limit that is sealed."
    remedy = "`arf config show --origin` lists every setting, its value and where it came from."


class TooLargeError(InputError):
    """More bytes or records than are taken at once."""

    code = "ARF-1006"
    cause = "The input is larger than the limit that the message names."
    remedy = "Split the input, or raise the limit where the message says that it can be raised."


class ArchiveError(InputError):
    """The archive of a bundle or pack breaks a rule of its form."""

    code = "ARF-1007"
    cause = "A bundle or pack has an entry it must not have, lacks one it must have, or is no archive at all."
    remedy = "Do not unpack it by hand. Ask for the original, or build it again with `arf bundle build`."


class NotFoundError(InputError):
    """Nothing is known under the id."""

    code = "ARF-1008"
    cause = "The id belongs to nothing that is kept here: it is wrong, or what it named has left the memory."
    remedy = "List what is known, and use one of those ids."


class VerificationError(ArfError):
    """An artifact does not verify."""

    code = "ARF-2000"
    exit_code = 2
    cause = "The artifact was altered after it was made, or is not the artifact it claims to be."
    remedy = "Do not act on it. Ask for the original, and compare the two digests in the message."


@dataclass(frozen=True, slots=True, kw_only=True)
class BadPlace:
    """The first thing that does not verify.

    ``where`` is a place in the artifact (``line 3``, ``item 2``; empty for the whole of it), ``what`` the altered part,
    ``stated`` the digest or id the artifact states and ``computed`` the one its content gives; both are None where the
    content cannot be read far enough to compute anything.
    """

    where: str
    what: str
    stated: str | None = None
    computed: str | None = None

    def __str__(self) -> str:
        place = f"{self.where}: {self.what}" if self.where else self.what
        return place if self.stated is None else f"{place} (stated {self.stated}, computed {self.computed})"


class BrokenError(VerificationError):
    """What does not verify, and where."""

    code = "ARF-2001"
    cause = "A part of the artifact is not what the artifact says of it."
    remedy = "Do not act on it. Ask for the original, and compare the two digests in the message."

    def __init__(self, place: BadPlace) -> None:
        """Say the place as the message."""
        super().__init__(str(place))
        self.place = place


class BoundaryError(ArfError):
    """The open edition was asked for something it does not do."""

    code = "ARF-3000"
    exit_code = 3
    cause = "The open edition advises. It has no code that could carry out an action."
    remedy = "Use the sealed intent as advice, or hand it to ARF Enterprise: see docs/UPGRADE_TO_ENTERPRISE.md."


class FeatureRequiresEnterpriseError(BoundaryError):
    """A feature that only ARF Enterprise has."""

    code = "ARF-3001"
    cause = "The feature belongs to ARF Enterprise, which is a separate, separately licensed package."
    remedy = "`arf capabilities` lists what this edition does; docs/UPGRADE_TO_ENTERPRISE.md says how to get the rest."

    def __init__(self, feature_name: str, required_mode: str | None = None) -> None:
        """Say which feature was asked for, and the mode it would need."""
        mode = f" (mode: {required_mode})" if required_mode else ""
        super().__init__(f"Feature {feature_name!r} requires an ARF Enterprise license{mode}: {self.remedy}")
        self.feature_name = feature_name
        self.required_mode = required_mode


class AuthenticationError(BoundaryError):
    """No token was given, or a wrong one."""

    code = "ARF-3002"
    cause = "The server was started with a token, and the request carries none or another one."
    remedy = "Send the header `Authorization: Bearer TOKEN` with the token the server was started with."


class BusyError(BoundaryError):
    """Too many requests at once: nothing was taken."""

    code = "ARF-3003"
    cause = "More requests came than the server takes in the time, or it is stopping."
    remedy = "Send the request again after the time in the header `Retry-After`; Alertmanager does so by itself."


class RegressionFound(ArfError):
    """What ARF proposes for a recorded incident is no longer what it was."""

    code = "ARF-5000"
    exit_code = 5
    cause = "The same incident leads to other intents than the recorded ones."
    remedy = "Read what changed. If it is wanted, record the incident again with `arf regress add`."


class DependencyError(ArfError):
    """An optional part is not installed."""

    code = "ARF-7000"
    exit_code = 7
    cause = "The command needs a package that is not part of the default installation."
    remedy = "Install the extra that the message names."


def every_error() -> tuple[type[ArfError], ...]:
    """Every class of the tree, root first, in the order of their codes."""
    found: list[type[ArfError]] = [ArfError]
    for known in found:
        found.extend(known.__subclasses__())
    return tuple(sorted(found, key=lambda error: error.code))
