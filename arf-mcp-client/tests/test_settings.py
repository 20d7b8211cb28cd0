# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from pathlib import Path

import pytest

from arf_core.errors import BoundaryError, SettingsError
from arf_mcp_client.settings import HttpSettings, OAuth, is_loopback

ALL = ["0.0.0.0", "::", ""]  # noqa: S104 - refused, never bound
TOKEN = "a-token-of-some-length"
OAUTH = OAuth(issuer="https://id.example", audience="https://arf.example/mcp", jwks=Path("keys.json"))


@pytest.mark.parametrize("host", [*ALL, "192.0.2.1", "arf.example"])
def test_a_host_that_others_can_reach_needs_to_know_who_may_come_in(host: str) -> None:
    with pytest.raises(BoundaryError, match="token"):
        HttpSettings(host=host, allowed_hosts=("arf.example",))
    assert HttpSettings(host=host, allowed_hosts=("arf.example",), token=TOKEN).is_open
    assert HttpSettings(host=host, allowed_hosts=("arf.example",), oauth=OAUTH).is_open


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "localhost"])
def test_the_loopback_needs_nothing(host: str) -> None:
    assert is_loopback(host)
    assert not HttpSettings(host=host).is_open


def test_every_address_at_once_needs_the_names_it_is_reached_by() -> None:
    with pytest.raises(SettingsError, match="--allow-host"):
        HttpSettings(host=ALL[0], token=TOKEN)


def test_a_token_and_an_issuer_together_are_refused() -> None:
    with pytest.raises(SettingsError, match="choose one"):
        HttpSettings(token=TOKEN, oauth=OAUTH)


@pytest.mark.parametrize("token", ["", "short", "ümlaut-in-a-token-of-some-length"])
def test_a_token_that_could_be_guessed_or_not_sent_is_refused(token: str) -> None:
    with pytest.raises(SettingsError, match="16 characters"):
        HttpSettings(token=token)


def test_a_token_is_not_shown() -> None:
    assert TOKEN not in repr(HttpSettings(token=TOKEN))


@pytest.mark.parametrize("port", [-1, 65_536])
def test_a_port_out_of_range_is_refused(port: int) -> None:
    with pytest.raises(SettingsError, match=str(port)):
        HttpSettings(port=port)


@pytest.mark.parametrize("address", ["", "id.example", "ftp://id.example", "https://"])
def test_an_issuer_that_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(SettingsError, match="issuer"):
        OAuth(issuer=address, audience="https://arf.example/mcp", jwks=Path("keys.json"))
