# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""One contract for every place that a licence comes from, and what is asked of it before something starts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from arf_enterprise.errors import (
    LicenseError,
    LicenseForged,
    LicenseLimitError,
    LicenseMalformed,
    LicenseMissing,
    LicenseRevoked,
    LicenseWrongCustomer,
)
from arf_enterprise.licensing.clock import HOME
from arf_enterprise.licensing.entitlement import (
    Entitlement,
    EntitlementProvider,
    Entitlements,
    EnvironmentEntitlement,
    FileEntitlement,
    FirstEntitlement,
    Known,
    StoredEntitlement,
)
from arf_enterprise.licensing.licence import Edition
from arf_enterprise.licensing.marketplace import Marketplace, MarketplaceEntitlement
from arf_enterprise.licensing.revocations import Revocation, Revocations
from arf_enterprise.licensing.standing import State
from arf_enterprise.licensing.testing import DEVELOPMENT, STRANGER, VENDOR, development, key_string
from arf_enterprise.licensing.token import MAX_SIZE
from arf_enterprise.stores.postgres.database import Database

NOW = datetime(2027, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)
NOTHING = Known()
Having = Callable[..., EntitlementProvider]
"""The provider that has a text, or none, in an installation that knows what is said."""


@pytest.fixture(params=["environment", "file", "database", "marketplace", "first"])
def having(request: pytest.FixtureRequest, tmp_path: Path) -> Having:
    """Each provider in turn."""

    def environment(text: str | None, known: Known = NOTHING) -> EntitlementProvider:
        return EnvironmentEntitlement(key=text, known=lambda: known)

    def file(text: str | None, known: Known = NOTHING) -> EntitlementProvider:
        path = tmp_path / "licence.key"
        if text is not None:
            path.write_text(f"{text}\n", encoding="utf-8")
        return FileEntitlement(file=path, known=lambda: known)

    def database(text: str | None, known: Known = NOTHING) -> EntitlementProvider:
        store: Database = request.getfixturevalue("database")
        if text is not None:  # as whoever can write to the database would: nobody asks whether it verifies
            with store.transaction(HOME) as transaction:
                digest = f"sha256:{'0' * 64}"
                transaction.run("install_licence", licence_id="lic_1", digest=digest, key=text, now=NOW)
        return StoredEntitlement(database=store, known=lambda: known)

    def marketplace(text: str | None, known: Known = NOTHING) -> EntitlementProvider:
        service: Any = request.getfixturevalue("service")
        service.licence = text
        client = Marketplace(service.url, service.token, sleep=lambda _: None)
        return MarketplaceEntitlement(marketplace=client, cache=tmp_path / "cache" / "last.key", known=lambda: known)

    def first(text: str | None, known: Known = NOTHING) -> EntitlementProvider:
        return FirstEntitlement(providers=(environment(None, known), file(text, known)))

    makers: dict[str, Having] = {
        "environment": environment, "file": file, "database": database, "marketplace": marketplace, "first": first
    }  # fmt: skip
    return makers[request.param]


@pytest.mark.promise("LIC-5")
def test_a_licence_entitles_to_what_it_says(having: Having) -> None:
    provider = having(development(now=NOW, features=frozenset({"audit_trails"})))
    found = provider.entitlement(NOW)
    assert found.licence.edition is Edition.DEVELOPMENT
    assert found.licence.features == {"audit_trails"}
    assert found.standing.state is State.WARNING
    assert found.source in provider.name
    assert found.document()["edition"] == "development"
    assert found.document()["features"] == ["audit_trails"]


@pytest.mark.promise("LIC-5")
def test_none_is_said_to_be_missing(having: Having) -> None:
    with pytest.raises(LicenseMissing, match="Enterprise license required"):
        having(None).entitlement(NOW)


@pytest.mark.promise("LIC-1")
@pytest.mark.parametrize("key", [VENDOR, STRANGER])
def test_no_place_makes_a_key_trusted_that_this_build_does_not_have(having: Having, key: Any) -> None:
    with pytest.raises((LicenseForged, LicenseMissing)):
        having(key_string(key=key)).entitlement(NOW)


@pytest.mark.promise("LIC-1")
def test_the_development_key_is_no_way_to_enterprise(having: Having) -> None:
    with pytest.raises((LicenseForged, LicenseMissing)):
        having(key_string(Edition.ENTERPRISE, key=DEVELOPMENT)).entitlement(NOW)


def test_another_customers_and_a_revoked_one_are_refused(having: Having) -> None:
    text, revoked = development(now=NOW), Revocation(licence_id="lic_0123456789abcdef", revoked_at=NOW, reason="…")
    known = Revocations(number=1, signed_at=NOW, revoked={revoked.licence_id: revoked}, is_development=True)
    with pytest.raises((LicenseWrongCustomer, LicenseMissing)):
        having(text, Known(customer="globex")).entitlement(NOW)
    with pytest.raises((LicenseRevoked, LicenseMissing)):
        having(text, Known(revocations=(known,))).entitlement(NOW)


@pytest.mark.promise("LIC-4")
@pytest.mark.parametrize(
    ("now", "highest", "state"),
    [
        (NOW - 2 * DAY, None, State.NOT_YET),
        (NOW + 20 * DAY, None, State.GRACE),
        (NOW + 27 * DAY, None, State.EXPIRED),
        (NOW, NOW + DAY, State.CLOCK),
    ],
)
def test_how_it_stands_is_a_thing_of_its_own(
    having: Having, now: datetime, highest: datetime | None, state: State
) -> None:
    found = having(development(now=NOW), Known(highest_seen=highest)).entitlement(now)
    assert found.standing.state is state


@pytest.mark.promise("LIC-2")
def test_no_provider_shows_the_key(having: Having) -> None:
    text = development(now=NOW)
    provider = having(text)
    said = repr(provider) + repr(provider.entitlement(NOW)) + str(provider.entitlement(NOW).document())
    assert not any(text[place : place + 8] in said for place in range(8, len(text) - 7))


def test_the_first_that_has_one_decides_and_a_bad_one_is_not_passed_over() -> None:
    good = EnvironmentEntitlement(key=development(now=NOW), known=Known)
    bad = EnvironmentEntitlement(key="ARF-ENT-x", known=Known)
    with pytest.raises(LicenseMalformed):
        FirstEntitlement(providers=(bad, good)).entitlement(NOW)
    assert FirstEntitlement(providers=(good, bad)).entitlement(NOW).source == "ARF_LICENSE_KEY"


@pytest.mark.parametrize("content", [b"A" * (MAX_SIZE + 1), "ARF-ENT-é".encode(), b"\xff\xfe\x00"])
def test_a_file_that_has_something_else_is_malformed(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "licence.key"
    file.write_bytes(content)
    with pytest.raises(LicenseMalformed):
        FileEntitlement(file=file, known=Known).entitlement(NOW)


def test_a_file_that_cannot_be_read_is_said(tmp_path: Path) -> None:
    with pytest.raises(LicenseError, match="cannot be read"):
        FileEntitlement(file=tmp_path, known=Known).entitlement(NOW)


def entitlements(*, features: frozenset[str] = frozenset({"audit_trails"}), place: str = "") -> Entitlements:
    provider = EnvironmentEntitlement(key=development(now=NOW, features=features), known=Known)
    return Entitlements(provider, clock=lambda: NOW, place=lambda: place)


def test_a_feature_that_is_listed_may_be_used_and_no_other() -> None:
    entitlements().require("audit_trails")
    with pytest.raises(LicenseLimitError, match="does not include learning_engine"):
        entitlements().require("learning_engine")


def test_an_empty_list_of_features_is_none() -> None:
    with pytest.raises(LicenseLimitError):
        entitlements(features=frozenset()).require("audit_trails")


def test_a_server_without_a_place_starts_nothing_and_says_why() -> None:
    with pytest.raises(LicenseLimitError, match="held by another"):
        entitlements(place="its one place is held by another").require("audit_trails")


@pytest.mark.promise("LIC-4")
def test_a_licence_that_ends_between_two_questions_is_over_at_once() -> None:
    times = iter([NOW, NOW + 27 * DAY])
    found = Entitlements(EnvironmentEntitlement(key=development(now=NOW), known=Known), clock=lambda: next(times))
    found.require("audit_trails")
    with pytest.raises(LicenseError, match="expired"):
        found.require("audit_trails")


def test_a_licence_is_verified_once_for_many_questions_and_again_after_a_while() -> None:
    counted = _Counting()
    now = [NOW]
    found = Entitlements(counted, clock=lambda: now[0])
    for _ in range(100):
        found.require("audit_trails")
    assert counted.asked == 1
    now[0] += timedelta(seconds=5)
    found.require("audit_trails")
    now[0] -= timedelta(seconds=60)
    found.require("audit_trails")
    assert counted.asked == 3


def test_what_ended_while_it_was_remembered_is_not_used() -> None:
    now = [NOW + 27 * DAY - timedelta(seconds=1)]
    found = Entitlements(EnvironmentEntitlement(key=development(now=NOW), known=Known), clock=lambda: now[0])
    found.require("audit_trails")
    now[0] += timedelta(seconds=1)
    with pytest.raises(LicenseError, match="expired"):
        found.require("audit_trails")


class _Counting:
    """A provider that counts how often it is asked."""

    name = "counted"

    def __init__(self) -> None:
        self.asked = 0

    def entitlement(self, now: datetime) -> Entitlement:
        self.asked += 1
        found = EnvironmentEntitlement(key=development(now=NOW), known=Known).entitlement(now)
        return replace(found, source=self.name)
