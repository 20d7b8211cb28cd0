# SPDX-License-Identifier: Apache-2.0
"""The outbox: nothing that was acknowledged is lost, doubled or altered unnoticed."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
import threading
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from arf_core.models.healing_intent import HealingIntent
from arf_mcp_client import Outbox, OutboxError
from arf_mcp_client.outbox.ledger import Entry, Ledger, State

pytestmark = pytest.mark.promise("MCP-3")

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)


def made(number: int) -> HealingIntent:
    return HealingIntent(
        action="rollback",  # type: ignore[arg-type]
        component=f"service-{number}",
        incident_id="inc_1",
        detected_at=NOON,
        justification="it fails",
        confidence=0.5,
        evidence={"n": number},  # type: ignore[arg-type]
    )


def outbox_in(folder: Path) -> Outbox:
    return Outbox(folder / "outbox.jsonl", clock=lambda: NOON)


@pytest.fixture
def outbox(tmp_path: Path) -> Outbox:
    return outbox_in(tmp_path)


def test_what_is_added_waits_in_its_order_and_whole(outbox: Outbox) -> None:
    intents = [made(number) for number in (3, 1, 2)]
    assert [outbox.add(intent) for intent in intents] == [True, True, True]
    again = Outbox(outbox.file)
    assert again.pending() == tuple(intents)
    assert [intent.to_json() for intent in again.pending()] == [intent.to_json() for intent in intents]


def test_an_intent_that_is_there_is_not_added_again_even_when_it_is_settled(outbox: Outbox) -> None:
    assert outbox.add(made(1)) is True
    assert outbox.add(made(1)) is False
    outbox.settle(made(1), State.SENT, {})
    assert outbox.add(made(1)) is False
    assert outbox.pending() == ()
    assert len(outbox.file.read_bytes().splitlines()) == 2


def test_an_intent_leaves_the_waiting_with_its_receipt_or_refusal_which_are_kept(outbox: Outbox) -> None:
    for number in (1, 2, 3):
        outbox.add(made(number))
    outbox.settle(made(1), State.SENT, {"audit_trail_id": "aud_1"})
    outbox.settle(made(2), State.REFUSED, {"reason": "frozen"})
    assert Outbox(outbox.file).entries() == (
        Entry(intent=made(1), added_at=NOON, state=State.SENT, answer={"audit_trail_id": "aud_1"}),  # type: ignore[arg-type]
        Entry(intent=made(2), added_at=NOON, state=State.REFUSED, answer={"reason": "frozen"}),  # type: ignore[arg-type]
        Entry(intent=made(3), added_at=NOON),
    )
    assert (outbox.is_pending(made(1)), outbox.is_pending(made(3)), outbox.is_pending(made(4))) == (False, True, False)


def test_the_first_settlement_counts(outbox: Outbox) -> None:
    outbox.add(made(1))
    outbox.settle(made(1), State.SENT, {"a": 1})
    outbox.settle(made(1), State.REFUSED, {"a": 2})
    assert Outbox(outbox.file).entries()[0].state is State.SENT


@pytest.mark.parametrize("state", [State.SENT, State.PENDING])
def test_what_is_not_there_or_settles_nothing_cannot_be_settled(outbox: Outbox, state: State) -> None:
    with pytest.raises(OutboxError, match="not in the outbox, or"):
        outbox.settle(made(1), state, {})


def test_an_outbox_that_is_not_there_is_empty_and_reading_does_not_make_it(outbox: Outbox) -> None:
    assert outbox.entries() == ()
    assert not outbox.file.exists()


def test_only_its_owner_can_read_it(outbox: Outbox) -> None:
    outbox.add(made(1))
    assert stat.S_IMODE(outbox.file.stat().st_mode) == 0o600


def test_a_copy_made_before_sees_what_another_wrote_and_starts_anew_with_another_file(outbox: Outbox) -> None:
    other = Outbox(outbox.file)
    outbox.add(made(1))
    assert other.pending() == (made(1),)
    other.add(made(2))
    assert outbox.pending() == (made(1), made(2))
    outbox.file.rename(outbox.file.with_suffix(".old"))
    assert outbox.pending() == ()
    outbox.add(made(3))
    assert other.pending() == (made(3),)


def lines_of(outbox: Outbox) -> list[bytes]:
    return outbox.file.read_bytes().splitlines(keepends=True)


@pytest.fixture
def three(outbox: Outbox) -> Outbox:
    """An outbox of two intents and one receipt: three lines."""
    outbox.add(made(1))
    outbox.add(made(2))
    outbox.settle(made(1), State.SENT, {"status": "succeeded"})
    return outbox


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cut=st.integers(min_value=1, max_value=100_000))
def test_a_last_line_that_was_cut_anywhere_costs_no_other_line(three: Outbox, tmp_path: Path, cut: int) -> None:
    lines = lines_of(three)
    cut = cut % len(lines[-1]) or 1
    torn = Outbox(tmp_path / "torn.jsonl")
    torn.file.write_bytes(b"".join(lines)[:-cut])
    whole = cut == 1  # only the newline is missing: the line itself is whole
    assert torn.pending() == ((made(2),) if whole else (made(1), made(2)))
    assert torn.add(made(3)) is True
    assert Outbox(torn.file).pending() == torn.pending()
    assert torn.pending()[-1] == made(3)
    torn.file.unlink()


def test_a_tail_of_zeros_as_a_power_cut_leaves_is_an_unfinished_line(three: Outbox) -> None:
    with three.file.open("ab") as file:
        file.write(b"\0" * 512)
    again = Outbox(three.file)
    assert again.pending() == (made(2),)
    again.add(made(3))
    assert Outbox(three.file).pending() == (made(2), made(3))


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.integers(min_value=0, max_value=100_000), mark=st.integers(min_value=32, max_value=126))
def test_any_altered_character_is_noticed_and_its_line_is_named(
    three: Outbox, tmp_path: Path, place: int, mark: int
) -> None:
    data = bytearray(three.file.read_bytes())
    place %= len(data) - 1
    if data[place] in (mark, 10):
        return
    number = data[:place].count(b"\n") + 1
    data[place] = mark
    altered = Outbox(tmp_path / "altered.jsonl")
    altered.file.write_bytes(bytes(data))
    with pytest.raises(OutboxError, match=rf"altered\.jsonl: line {number} of the outbox was altered"):
        altered.pending()
    with pytest.raises(OutboxError):
        altered.add(made(9))
    assert altered.file.read_bytes() == bytes(data)


@pytest.mark.parametrize(
    ("order", "line"),
    [((1, 2), 1), ((0, 2), 2), ((1, 0, 2), 1), ((0, 1, 1, 2), 3), ((2, 0, 1), 1)],
    ids=["first left out", "second left out", "swapped", "doubled", "moved"],
)
def test_lines_left_out_moved_or_doubled_are_noticed(three: Outbox, order: tuple[int, ...], line: int) -> None:
    lines = lines_of(three)
    three.file.write_bytes(b"".join(lines[number] for number in order))
    with pytest.raises(OutboxError, match=f"line {line} of"):
        Outbox(three.file).entries()


def test_a_line_of_another_outbox_does_not_fit_in(three: Outbox, tmp_path: Path) -> None:
    other = Outbox(tmp_path / "other.jsonl")
    for number in (7, 8):
        other.add(made(number))
    lines = lines_of(three)
    three.file.write_bytes(lines[0] + lines_of(other)[1] + lines[2])
    with pytest.raises(OutboxError, match="line 2 of"):
        Outbox(three.file).entries()


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (b"", "not JSON"),
        (b"[]", "not a line of an outbox"),
        (b"{}", "not a line of an outbox"),
        (b'{"schema":"arf.outbox/2","seal":"x"}', "its schema is not"),
        (b'{"schema":"arf.outbox/1","seal":"x"}', "its seal does not recompute"),
        (b'{"a":1,"a":2}', "twice"),
        (b"\xff", "not UTF-8"),
        (b"[" * 100_000, "nested too deep"),
    ],
)
def test_a_line_of_another_form_is_refused_by_number(line: bytes, said: str) -> None:
    with pytest.raises(OutboxError, match=f"line 1 of the outbox was altered: .*{said}"):
        Ledger().read(line)


@pytest.mark.parametrize(
    ("kind", "carried", "said"),
    [
        ("intent", {}, "an intent is a JSON object"),
        ("intent", {"intent": {**made(1).to_dict(), "confidence": 0.9}}, "digest is"),
        ("receipt", {"digest": made(1).digest, "answer": {}}, "not above it"),
        ("wish", {}, "none of intent, receipt and refusal"),
    ],
)
def test_a_line_with_a_right_seal_and_a_wrong_content_is_refused_too(
    kind: str, carried: dict[str, object], said: str
) -> None:
    line = Ledger().line(kind, carried, at=NOON)
    with pytest.raises(OutboxError, match=said):
        Ledger().read(line.rstrip(b"\n"))


def test_the_file_is_what_the_documentation_says(outbox: Outbox) -> None:
    outbox.add(made(1))
    outbox.settle(made(1), State.REFUSED, {"reason": "frozen"})
    first, second = [json.loads(line) for line in lines_of(outbox)]
    assert (first["schema"], first["line"], first["previous"], first["kind"]) == ("arf.outbox/1", 1, None, "intent")
    assert first["intent"] == json.loads(made(1).to_json())
    assert (second["line"], second["previous"], second["kind"]) == (2, first["seal"], "refusal")
    assert (second["digest"], second["answer"]) == (made(1).digest, {"reason": "frozen"})


FILLER = """
import sys
from dataclasses import replace
from arf_core.models.healing_intent import HealingIntent
from arf_mcp_client import Outbox
outbox = Outbox(sys.argv[1])
intent = HealingIntent.from_json(sys.argv[3])
intents = [replace(intent, incident_id=f"inc_{number}") for number in range(int(sys.argv[2]), int(sys.argv[2]) + 100)]
print("ready", flush=True)
sys.stdin.read()
for one in intents:
    outbox.add(one)
"""


def test_processes_that_write_at_once_lose_and_double_nothing(outbox: Outbox) -> None:
    writers = []
    for first in (0, 20, 40):
        command = [sys.executable, "-c", FILLER, str(outbox.file), str(first), made(1).to_json()]
        writers.append(subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True))
    for writer in writers:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "ready\n"
    for writer in writers:
        assert writer.stdin is not None
        writer.stdin.close()  # all begin now
    assert [writer.wait() for writer in writers] == [0, 0, 0]
    assert {intent.incident_id for intent in outbox.pending()} == {f"inc_{number}" for number in range(140)}
    assert len(lines_of(outbox)) == 140
    for writer in writers:
        assert writer.stdout is not None
        writer.stdout.close()


@pytest.mark.parametrize("shared", [True, False], ids=["one outbox", "an outbox each"])
def test_threads_that_write_at_once_lose_and_double_nothing(outbox: Outbox, *, shared: bool) -> None:
    def fill() -> None:
        own = outbox if shared else Outbox(outbox.file)
        for number in range(100):
            own.add(made(number))

    threads = [threading.Thread(target=fill) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [intent.component for intent in outbox.pending()] == [f"service-{number}" for number in range(100)]
    assert len(lines_of(outbox)) == 100


WRITER = """
import sys
from dataclasses import replace
from arf_core.models.healing_intent import HealingIntent
from arf_mcp_client import Outbox
outbox = Outbox(sys.argv[1])
intent = HealingIntent.from_json(sys.stdin.read())
for number in range(int(sys.argv[2]), 10**9):
    one = replace(intent, incident_id=f"inc_{number}")
    outbox.add(one)
    print(one.digest, flush=True)
"""


def test_a_writer_that_is_killed_loses_nothing_that_it_was_told_is_kept(outbox: Outbox) -> None:
    acknowledged: list[str] = []
    for start in (0, 10_000, 20_000):
        command = [sys.executable, "-c", WRITER, str(outbox.file), str(start)]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as writer:
            assert writer.stdin is not None
            assert writer.stdout is not None
            writer.stdin.write(made(1).to_json())
            writer.stdin.close()
            acknowledged.extend(writer.stdout.readline().strip() for _ in range(20))
            os.kill(writer.pid, signal.SIGKILL)
            acknowledged.extend(line.strip() for line in writer.stdout if line.endswith("\n"))
    kept = [intent.digest for intent in Outbox(outbox.file).pending()]
    assert len(acknowledged) >= 60
    assert set(acknowledged) <= set(kept)
    assert len(kept) == len(set(kept)) <= len(acknowledged) + 3


@pytest.mark.parametrize("kind", ["folder", "pipe", "no folder"])
def test_what_is_no_file_is_an_error_and_holds_nobody(tmp_path: Path, kind: str) -> None:
    file = tmp_path / "o"
    if kind == "folder":
        file.mkdir()
    elif kind == "pipe":
        os.mkfifo(file)
    else:
        file = tmp_path / "none" / "o"
    with pytest.raises(OutboxError):
        Outbox(file).add(made(1))


def test_a_full_disk_is_an_error_and_leaves_no_half_line(three: Outbox, monkeypatch: pytest.MonkeyPatch) -> None:
    before = three.file.read_bytes()
    real = os.write

    def full(opened: int, data: bytes) -> int:
        real(opened, data[:10])
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "write", full)
        with pytest.raises(OutboxError, match="No space left on device"):
            three.add(made(5))
    assert three.file.read_bytes() == before
    three.add(made(5))
    assert Outbox(three.file).pending() == (made(2), made(5))


def test_an_outbox_that_would_grow_too_large_says_to_begin_another(
    three: Outbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("arf_mcp_client.outbox.file.MAX_FILE", three.file.stat().st_size + 10)
    with pytest.raises(OutboxError, match="full"):
        three.add(replace(made(5), incident_id="x"))
    assert three.pending() == (made(2),)


def test_threads_that_read_at_once_take_every_line_in_once(outbox: Outbox) -> None:
    for number in range(300):
        outbox.add(made(number))
    found: list[int] = []
    for _ in range(5):
        fresh = Outbox(outbox.file)
        threads = [threading.Thread(target=lambda: found.append(len(fresh.pending()))) for _ in range(8)]  # noqa: B023
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert found == [300] * 40
