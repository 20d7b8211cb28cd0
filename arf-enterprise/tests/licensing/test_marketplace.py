# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""A licence that comes with a subscription: offline, cancelled, faked; and usage that counts once."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from arf_enterprise.errors import LicenseError, LicenseMissing, SettingError
from arf_enterprise.licensing.entitlement import Known
from arf_enterprise.licensing.marketplace import (
    ATTEMPTS,
    EVERY,
    Marketplace,
    MarketplaceEntitlement,
    record_usage,
    report_usage,
)
from arf_enterprise.licensing.standing import State
from arf_enterprise.licensing.testing import STRANGER, development, key_string
from arf_enterprise.stores.postgres.database import Database

NOW = datetime(2027, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)


def client(service: Any) -> Marketplace:
    return Marketplace(service.url, service.token, sleep=lambda _: None)


def provider(service: Any, folder: Path) -> MarketplaceEntitlement:
    return MarketplaceEntitlement(marketplace=client(service), cache=folder / "last.key", known=Known)


@pytest.mark.promise("LIC-5")
def test_offline_the_last_licence_counts_until_its_grace_is_over(service: Any, tmp_path: Path) -> None:
    service.licence = development(now=NOW, days=2, grace=DAY)
    assert provider(service, tmp_path).entitlement(NOW).standing.may_execute
    assert (tmp_path / "last.key").stat().st_mode & 0o777 == 0o600
    service.failures = [503] * 100
    offline = provider(service, tmp_path)  # started again, with nothing but the file
    assert offline.entitlement(NOW + 2 * DAY).standing.state is State.GRACE
    assert offline.entitlement(NOW + 3 * DAY).standing.state is State.EXPIRED


def test_a_new_licence_takes_the_place_of_the_last_one_in_time(service: Any, tmp_path: Path) -> None:
    service.licence = development(now=NOW, days=2)
    found = provider(service, tmp_path)
    found.entitlement(NOW)
    found.entitlement(NOW + EVERY / 2)
    assert service.asked == 1
    service.licence = development(now=NOW, days=4)
    assert found.entitlement(NOW + EVERY).licence.not_after == NOW + 4 * DAY
    assert service.asked == 2


@pytest.mark.promise("LIC-5")
def test_a_subscription_that_was_cancelled_entitles_to_nothing_from_then_on(service: Any, tmp_path: Path) -> None:
    service.licence = development(now=NOW)
    found = provider(service, tmp_path)
    found.entitlement(NOW)
    service.licence = None
    with pytest.raises(LicenseMissing, match="no subscription"):
        found.entitlement(NOW + EVERY)
    service.failures = [503] * 100
    with pytest.raises(LicenseMissing):
        found.entitlement(NOW + 2 * EVERY)


@pytest.mark.promise("LIC-1")
def test_somebody_puts_a_server_of_their_own_in_its_place_and_gets_nothing(service: Any, tmp_path: Path) -> None:
    service.licence = key_string(key=STRANGER)
    with pytest.raises(LicenseMissing):
        provider(service, tmp_path).entitlement(NOW)
    assert not (tmp_path / "last.key").exists()


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"licence": 5}', b'{"licence": ""}', b"\xff", b"x" * 1_000_000])
def test_an_answer_that_is_none_takes_the_place_of_nothing(service: Any, tmp_path: Path, body: bytes) -> None:
    service.licence = good = development(now=NOW)
    found = provider(service, tmp_path)
    found.entitlement(NOW)
    service.body = body
    assert found.entitlement(NOW + EVERY).standing.may_execute
    assert (tmp_path / "last.key").read_text(encoding="ascii") == good


def test_an_answer_that_is_too_long_is_not_read_to_its_end(service: Any, tmp_path: Path) -> None:
    service.licence = good = development(now=NOW)
    found = provider(service, tmp_path)
    found.entitlement(NOW)
    service.body = json.dumps({"licence": development(now=NOW, days=5)}).encode() + b" " * 1_000_000
    found.entitlement(NOW + EVERY)
    assert (tmp_path / "last.key").read_text(encoding="ascii") == good


def test_a_service_that_fails_for_a_moment_is_asked_again(service: Any, tmp_path: Path) -> None:
    service.licence = development(now=NOW)
    service.failures = [500, 0]
    assert provider(service, tmp_path).entitlement(NOW).standing.may_execute
    assert service.asked == ATTEMPTS


def test_a_service_that_is_down_is_not_asked_at_every_question(service: Any, tmp_path: Path) -> None:
    service.failures = [503] * 100
    found = provider(service, tmp_path)
    for second in range(59):
        with pytest.raises(LicenseMissing):
            found.entitlement(NOW + timedelta(seconds=second))
    assert service.asked == ATTEMPTS


def test_a_wrong_token_gives_nothing_and_is_not_shown(service: Any, tmp_path: Path) -> None:
    wrong = Marketplace(service.url, "the wrong token", sleep=lambda _: None)
    found = MarketplaceEntitlement(marketplace=wrong, cache=tmp_path / "last.key", known=Known)
    with pytest.raises(LicenseError) as raised:
        found.entitlement(NOW)
    assert "wrong token" not in repr(found) + repr(wrong) + str(raised.value)


@pytest.mark.parametrize("url", ["http://example.com", "ftp://127.0.0.1", "file:///etc/passwd", "example.com", ""])
def test_a_marketplace_is_reached_over_https_alone(url: str) -> None:
    with pytest.raises(SettingError, match="https"):
        Marketplace(url, "a-token")


@pytest.mark.promise("LIC-5")
def test_usage_is_reported_later_and_counts_once_however_often_it_is_sent(service: Any, database: Database) -> None:
    with database.transaction("default") as transaction:
        ids = [record_usage(transaction, "executions", number + 1, at=NOW) for number in range(5)]
    service.failures = [503] * 100
    assert report_usage(database, client(service), now=NOW) == 0
    service.failures = [0, 500]  # counted, but nobody hears of it
    assert report_usage(database, client(service), now=NOW) == 5
    assert report_usage(database, client(service), now=NOW) == 0
    assert sorted(service.usage) == sorted(ids)
    assert answers(database) == ["taken"] * 5
    assert sum(int(usage["quantity"]) for usage in service.usage.values()) == 15


def test_usage_that_is_refused_is_not_sent_again(service: Any, database: Database) -> None:
    with database.transaction("default") as transaction:
        record_usage(transaction, "executions", 5000, at=NOW)
        record_usage(transaction, "executions", 1, at=NOW)
    assert report_usage(database, client(service), now=NOW) == 2
    assert report_usage(database, client(service), now=NOW) == 0
    assert len(service.usage) == 1
    assert answers(database) == ["refused", "taken"]


def test_usage_of_what_did_not_happen_is_not_reported(service: Any, database: Database) -> None:
    def give_up() -> None:
        with database.transaction("default") as transaction:
            record_usage(transaction, "executions", 1, at=NOW)
            raise KeyError

    with pytest.raises(KeyError):
        give_up()
    assert report_usage(database, client(service), now=NOW) == 0


def answers(database: Database) -> list[str]:
    with database.transaction(None) as transaction:
        rows = transaction.connection.execute("SELECT answer FROM licence_usage ORDER BY answer").fetchall()
    return [str(row["answer"]) for row in rows]
