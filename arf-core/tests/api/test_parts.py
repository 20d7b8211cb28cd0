# SPDX-License-Identifier: Apache-2.0
"""The small parts of the server by themselves: rates, measures, settings, logs."""

from __future__ import annotations

import io
import json
import logging
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arf_core.api.failures import failure, varint
from arf_core.api.logs import fields, log_as_json
from arf_core.api.measures import TEXTS, Measures, Sample, as_csv, as_json, as_text
from arf_core.api.rates import MAX_CLIENTS, Rates
from arf_core.api.settings import ApiSettings, is_loopback, read_token
from arf_core.errors import SettingsError, every_error

ANY = "0.0.0.0"  # noqa: S104 - it is refused


@given(st.lists(st.floats(0, 5), max_size=60), st.floats(0.5, 20), st.floats(1, 4))
def test_no_more_pass_than_the_rate_allows(pauses: list[float], rate: float, burst: float) -> None:
    rates, now, passed = Rates(whole=1e9, client=rate, burst=burst), 0.0, 0
    for pause in pauses:
        now += pause
        passed += rates.wait("a", now=now) == 0
    assert passed <= max(1.0, rate * burst) + now * rate + 1e-6


@given(st.floats(0.5, 20))
def test_who_waits_as_long_as_told_may_pass(rate: float) -> None:
    rates, now = Rates(whole=1e9, client=rate, burst=1), 0.0
    while (seconds := rates.wait("a", now=now)) == 0:
        pass
    assert rates.wait("a", now=now + seconds + 1e-9) == 0


def test_one_client_does_not_use_up_another_s_rate_and_all_together_are_bounded() -> None:
    rates = Rates(whole=3, client=1, burst=1)
    assert [rates.wait(name, now=0) == 0 for name in "aabbccdd"] == [
        True,
        False,
        True,
        False,
        True,
        False,
        False,
        False,
    ]


def test_a_clock_that_goes_back_grants_nothing() -> None:
    rates = Rates(whole=1, client=1, burst=1)
    assert rates.wait("a", now=100) == 0
    assert rates.wait("a", now=0) > 0


def test_the_memory_of_clients_is_bounded() -> None:
    rates = Rates(whole=1e9, client=1, burst=1)
    for number in range(MAX_CLIENTS + 100):
        rates.wait(str(number), now=0)
    assert len(rates._clients) == MAX_CLIENTS


def test_every_measure_has_help_and_a_label_is_escaped() -> None:
    sample = Sample(name="arf_build_info", value=1, labels=(("version", 'a"b\\c\nd'),))
    assert as_text([sample]).splitlines()[2] == 'arf_build_info{version="a\\"b\\\\c\\nd"} 1'
    assert all(kind in ("counter", "gauge", "histogram") and text.endswith(".") for kind, text in TEXTS.values())


@pytest.mark.promise("API-2")
def test_a_value_is_the_same_in_all_three_forms() -> None:
    measures = Measures()
    measures.count("arf_records_read_total", 0.1, route="/x")
    measures.count("arf_records_read_total", 0.2, route="/x")
    samples = measures.samples()
    assert as_text(samples).splitlines()[-1].endswith(" 0.30000000000000004")
    assert json.loads(as_json(samples))["metrics"][0]["samples"][0]["value"] == 0.30000000000000004
    assert as_csv(samples).splitlines()[1] == "arf_records_read_total,route=/x,0.30000000000000004"


@pytest.mark.parametrize(
    ("host", "expected"),
    [("127.0.0.1", True), ("127.8.9.1", True), ("::1", True), ("[::1]", True), ("localhost", True), ("LOCALHOST", True),
     (ANY, False), ("::", False), ("", False), ("10.0.0.1", False), ("localhost.evil.example", False),
     ("127.0.0.1.evil.example", False), ("2130706433", False)],
)  # fmt: skip
def test_only_this_machine_s_own_names_are_loopback(host: str, expected: bool) -> None:
    assert is_loopback(host) is expected


@pytest.mark.parametrize("host", [ANY, "::", "10.1.2.3", "example.com"])
def test_others_are_not_listened_to_without_a_token(host: str) -> None:
    with pytest.raises(SettingsError, match="--insecure-listen"):
        ApiSettings(host=host)
    assert ApiSettings(host=host, insecure_listen=True).is_local is False
    assert ApiSettings(host=host, token="0123456789abcdef").is_local is False


@pytest.mark.parametrize(
    "token", ["short", "x" * 15, "with space 0123456", "ünicode-0123456789", "x" * 5000, "0123456789abcde\n"]
)
def test_a_token_that_is_too_weak_or_not_a_token_is_refused_without_being_said(token: str) -> None:
    with pytest.raises(SettingsError) as refused:
        ApiSettings(token=token)
    assert token not in str(refused.value)


def test_the_token_comes_from_its_file_first(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("0123456789abcdef\n")
    assert read_token(file, {"ARF_API_TOKEN": "other"}) == "0123456789abcdef"
    assert read_token(None, {"ARF_API_TOKEN": "other"}) == "other"
    assert read_token(None, {"ARF_API_TOKEN": ""}) is None
    assert "0123456789abcdef" not in repr(ApiSettings(token="0123456789abcdef"))
    file.write_text("  \n")
    with pytest.raises(SettingsError, match="is empty"):
        read_token(file, {})
    with pytest.raises(SettingsError, match="cannot be read"):
        read_token(tmp_path / "none", {})


def test_every_error_has_a_status_and_the_one_form() -> None:
    for kind in every_error():
        error = kind("a feature") if kind.code == "ARF-3001" else kind("what happened")
        told = failure(error, request_id="r")
        assert set(json.loads(told.body)["error"]) == {"code", "message", "remedy", "request_id"}
        assert 400 <= told.status < 600


@given(st.integers(0, 2**63))
def test_a_varint_is_what_protobuf_reads(number: int) -> None:
    value = 0
    for place, byte in enumerate(varint(number)):
        value |= (byte & 0x7F) << (7 * place)
    assert value == number


def test_a_log_line_is_one_json_object_however_hostile_the_fields() -> None:
    stream = io.StringIO()
    before = {name: logging.getLogger(name).handlers[:] for name in ("arf_core.api", "uvicorn")}
    try:
        log_as_json(stream)
        logging.getLogger("arf_core.api.test").info("answered", extra=fields(path='x"\n{"level":"error"}', status=200))
    finally:
        for name, handlers in before.items():
            logging.getLogger(name).handlers[:] = handlers
            logging.getLogger(name).propagate = True
    (line,) = stream.getvalue().splitlines()
    assert {**json.loads(line), "at": ""} == {
        "at": "", "level": "info", "event": "answered", "path": 'x"\n{"level":"error"}', "status": 200
    }  # fmt: skip
