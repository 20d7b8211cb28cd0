# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""The licence: what it says, and its strict reading.

Schema ``arf.licence/1`` (docs/contracts/licence/1/README.md). An empty list of features means no features. No fact of a
licence enters the digest of any artifact.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final

from arf_core.canonical import read_time, write_time
from arf_core.errors import InputError
from arf_core.models.frozen import shown
from arf_enterprise.errors import LicenseMalformed

SCHEMA: Final = "arf.licence/1"
PRODUCT: Final = "arf-enterprise"
ALGORITHM: Final = "ed25519"
MOST_FEATURES: Final = 64
MOST_GRACE_DAYS: Final = 90
LAST: Final = datetime(9000, 1, 1, tzinfo=UTC)
"""The latest end: whatever is added to it is still a date."""

_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,63}")
_KEY_ID: Final = re.compile(r"sha256:[0-9a-f]{64}")


class Edition(StrEnum):
    """What is sold; ``development`` is what the development key may sign, and nothing else."""

    TRIAL = "trial"
    STARTER = "starter"
    PROFESSIONAL = "professional"
    ENTERPRISE = "enterprise"
    DEVELOPMENT = "development"


@dataclass(frozen=True, slots=True, kw_only=True)
class Licence:
    """What was granted, to whom, from when until when.

    It is valid from ``not_before`` until just before ``not_after``; for ``grace`` after that executions still start.
    ``nodes`` is how many servers may run at once, ``seats`` how many people may have an account.
    """

    licence_id: str
    customer: str
    edition: Edition
    product: str
    features: frozenset[str]
    nodes: int
    seats: int
    not_before: datetime
    not_after: datetime
    grace: timedelta
    issued_at: datetime
    key_id: str

    @property
    def ends(self) -> datetime:
        """When its grace is over, too."""
        return self.not_after + self.grace

    def document(self) -> dict[str, object]:
        """The licence as the JSON value that is signed."""
        return {
            "schema": SCHEMA,
            "alg": ALGORITHM,
            "key_id": self.key_id,
            "licence_id": self.licence_id,
            "customer": self.customer,
            "edition": self.edition.value,
            "product": self.product,
            "features": sorted(self.features),
            "limits": {"nodes": self.nodes, "seats": self.seats},
            "not_before": write_time(self.not_before),
            "not_after": write_time(self.not_after),
            "grace_days": self.grace.days,
            "issued_at": write_time(self.issued_at),
        }


def read_licence(document: Mapping[str, object]) -> Licence:
    """The licence in a JSON value that was parsed strictly.

    Raises:
        LicenseMalformed: a key is missing, unknown or of the wrong type, or the times make no sense.
    """
    _exactly(document, _KEYS, "the licence")
    if document["schema"] != SCHEMA or document["alg"] != ALGORITHM:
        raise LicenseMalformed(f"schema and alg must be {SCHEMA!r} and {ALGORITHM!r}")
    limits = document["limits"]
    if not isinstance(limits, Mapping):
        raise LicenseMalformed("limits must be an object")
    _exactly(limits, {"nodes", "seats"}, "limits")
    licence = Licence(
        licence_id=_text(document["licence_id"], "licence_id"),
        customer=_text(document["customer"], "customer"),
        edition=_edition(document["edition"]),
        product=_text(document["product"], "product"),
        features=_features(document["features"]),
        nodes=_count(limits["nodes"], "nodes"),
        seats=_count(limits["seats"], "seats"),
        not_before=_time(document["not_before"], "not_before"),
        not_after=_time(document["not_after"], "not_after"),
        grace=timedelta(days=_count(document["grace_days"], "grace_days", most=MOST_GRACE_DAYS)),
        issued_at=_time(document["issued_at"], "issued_at"),
        key_id=_key_id(document["key_id"]),
    )
    if not licence.not_before < licence.not_after <= LAST:
        raise LicenseMalformed("not_after must be later than not_before, and before the year 9000")
    return licence


_KEYS: Final = frozenset(
    "schema alg key_id licence_id customer edition product features limits not_before not_after grace_days"
    " issued_at".split()
)


def _exactly(given: Mapping[str, object], keys: frozenset[str] | set[str], what: str) -> None:
    if unlike := sorted(set(given) ^ keys):
        known = "is missing" if unlike[0] in keys else "is unknown"
        raise LicenseMalformed(f"{shown(unlike[0])} of {what} {known}")


def _text(value: object, name: str) -> str:
    if not isinstance(value, str) or not 0 < len(value) <= 200 or not value.isprintable():
        raise LicenseMalformed(f"{name} must be 1 to 200 printable characters")
    return value


def _count(value: object, name: str, *, most: int = 1_000_000) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= most:
        raise LicenseMalformed(f"{name} must be a whole number from 0 to {most}")
    return value


def _edition(value: object) -> Edition:
    try:
        return Edition(value)  # type: ignore[arg-type]  # anything else is what it refuses
    except ValueError as error:
        raise LicenseMalformed("edition is none of those that are sold") from error


def _features(value: object) -> frozenset[str]:
    if not isinstance(value, list) or len(value) > MOST_FEATURES:
        raise LicenseMalformed(f"features must be a list of at most {MOST_FEATURES}")
    names = [name for name in value if isinstance(name, str) and _NAME.fullmatch(name)]
    if len(names) != len(value) or names != sorted(set(names)):
        raise LicenseMalformed("features must be names in order, each once")
    return frozenset(names)


def _key_id(value: object) -> str:
    if not isinstance(value, str) or not _KEY_ID.fullmatch(value):
        raise LicenseMalformed("key_id must be sha256: and 64 hex digits")
    return value


def _time(value: object, name: str) -> datetime:
    try:
        return read_time(value if isinstance(value, str) else "")
    except InputError as error:
        raise LicenseMalformed(f"{name} must be a time such as 2026-01-02T03:04:05.000006Z") from error
