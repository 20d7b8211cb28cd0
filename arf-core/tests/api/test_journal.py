# SPDX-License-Identifier: Apache-2.0
"""The journal: what is committed comes back, what is torn is cut off, what is altered is refused by its line."""

from __future__ import annotations

import os
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Barrier, Thread

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arf_core.advisor import Advisor
from arf_core.api import journal as journal_module
from arf_core.api.journal import HEADER, Journal
from arf_core.api.journal_lines import read_step, write_step
from arf_core.errors import BusyError, FormatError, InputError
from arf_core.ingest.batch import Batch
from arf_core.models.event import METRICS, Alert, ReliabilityEvent, Status
from arf_core.models.frozen import FrozenMap
from arf_core.models.signal import Severity, SignalKind
from arf_core.service import AdviceService
from arf_core.service.delivery import Delivered
from arf_core.strict_json import parse_json
from arf_core.testing import MOMENT, made_event


def step(*numbers: int) -> Delivered:
    """A step of readings of the components with these numbers, each its own incident."""
    events = tuple(made_event(component=f"c{number}") for number in numbers)
    return Delivered(at=MOMENT, events=events, homes=tuple((f"inc_{number}",) for number in numbers))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where a journal may be."""
    return tmp_path / "arf.journal"


@pytest.fixture
def written(path: Path) -> Path:
    """A journal with five commits of a step each."""
    journal = Journal(path)
    for number in range(5):
        journal.add(step(number))
        journal.commit()
    journal.close()
    return path


def components(path: Path) -> list[str]:
    """The components of what a journal holds."""
    journal = Journal(path)
    found = [event.component for kept in journal.steps() for event in kept.events]
    journal.close()
    return found


def test_what_was_committed_comes_back_in_its_order(written: Path) -> None:
    assert components(written) == ["c0", "c1", "c2", "c3", "c4"]


def test_steps_that_wait_share_one_line_and_one_sync(path: Path) -> None:
    journal = Journal(path)
    for number in range(5):
        journal.add(step(number))
    journal.commit()
    journal.commit()
    assert journal.commits == 1
    assert len(path.read_bytes().splitlines()) == 2
    journal.close()
    assert components(path) == ["c0", "c1", "c2", "c3", "c4"]


def test_wherever_the_last_line_is_torn_all_before_it_comes_back(written: Path, tmp_path: Path) -> None:
    data = written.read_bytes()
    last = data.rindex(b"\n", 0, len(data) - 1) + 1
    for end in range(last, len(data)):
        torn = tmp_path / "torn"
        torn.write_bytes(data[:end])
        assert components(torn) == ["c0", "c1", "c2", "c3"], end
        assert torn.read_bytes() == data[:last]


def test_a_torn_journal_goes_on_and_says_which_line_was_cut(written: Path) -> None:
    written.write_bytes(written.read_bytes()[:-7])
    journal = Journal(written)
    assert journal.torn == 6
    journal.add(step(9))
    journal.commit()
    journal.close()
    assert components(written) == ["c0", "c1", "c2", "c3", "c9"]


@pytest.mark.parametrize("line", [2, 3, 5])
@pytest.mark.parametrize("how", ["altered", "removed", "doubled", "swapped"])
def test_an_earlier_line_that_was_changed_is_refused_by_its_number(written: Path, line: int, how: str) -> None:
    lines = written.read_bytes().splitlines(keepends=True)
    place = line - 1
    match how:
        case "altered":
            lines[place] = lines[place].replace(b"firing", b"firinG")
        case "removed":
            del lines[place]
        case "doubled":
            lines.insert(place, lines[place])
            line += 1
        case _:
            lines[place], lines[place - 1 if line == 5 else place + 1] = (
                lines[place - 1 if line == 5 else place + 1],
                lines[place],
            )
            line = 4 if line == 5 else line
    before = b"".join(lines)
    written.write_bytes(before)
    with pytest.raises(FormatError, match=rf"altered in line {line}\b"):
        Journal(written)
    assert written.read_bytes() == before


@pytest.mark.parametrize("content", [b"{}\n", b"hello", b'{"schema":"arf.journal/2"}\n', b"\x00" * 50])
def test_what_is_no_journal_is_refused_and_left_alone(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(FormatError, match="is not a journal"):
        Journal(path)
    assert path.read_bytes() == content


@pytest.mark.parametrize("size", range(len(HEADER)))
def test_a_header_that_was_torn_is_written_again(path: Path, size: int) -> None:
    path.write_bytes(HEADER[:size])
    Journal(path).close()
    assert path.read_bytes() == HEADER


def test_a_folder_is_no_journal(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be opened"):
        Journal(tmp_path)


def test_a_second_server_on_one_journal_is_noticed_before_it_writes(path: Path) -> None:
    first, second = Journal(path), Journal(path)
    first.add(step(1))
    first.commit()
    second.add(step(2))
    with pytest.raises(BusyError, match="another process writes to it"):
        second.commit()
    first.close()
    with pytest.raises(BusyError):
        second.close()
    assert components(path) == ["c1"]


def test_what_could_not_be_written_is_written_by_the_next_commit(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal = Journal(path)
    journal.add(step(1))

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        for _ in range(2):  # the sender repeats: nothing new is added, and it must not be told that all is well
            with pytest.raises(BusyError, match="No space left"):
                journal.commit()
    assert path.read_bytes() == HEADER
    journal.add(step(2))
    journal.commit()
    journal.close()
    assert components(path) == ["c1", "c2"]


def test_threads_that_commit_at_one_moment_all_find_theirs(path: Path) -> None:
    journal, barrier = Journal(path), Barrier(16)

    def work(number: int) -> None:
        barrier.wait()
        for turn in range(5):
            journal.add(step(100 * number + turn))
            journal.commit()
            assert f'"c{100 * number + turn}"'.encode() in path.read_bytes()

    threads = [Thread(target=work, args=(number,)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert journal.commits <= 80
    journal.close()
    assert len(components(path)) == 80


def test_compaction_keeps_what_belongs_to_known_incidents(written: Path) -> None:
    journal = Journal(written, known=lambda: frozenset({"inc_1", "inc_4"}))
    size = journal.size
    journal.compact()
    assert journal.size < size
    journal.add(step(7))
    journal.commit()
    journal.close()
    assert components(written) == ["c1", "c4", "c7"]


def test_the_file_is_bounded_by_what_is_known(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal_module, "LEAST_SIZE", 10_000)
    journal = Journal(path, known=lambda: frozenset({"inc_3"}))
    for number in range(300):
        journal.add(step(number))
        journal.commit()
        assert journal.size < 12_000
    journal.close()
    assert "c3" in components(path)


def test_a_crash_while_the_file_is_written_anew_leaves_the_old_one(
    written: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = Journal(written)

    def crash(*_: object) -> None:
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as patched:
        patched.setattr(Path, "replace", crash)
        with pytest.raises(BusyError):
            journal.compact()
    journal.close()
    assert components(written) == ["c0", "c1", "c2", "c3", "c4"]


def test_a_service_comes_back_as_it_was_and_repeats_double_nothing(path: Path) -> None:
    service = AdviceService(Advisor())
    service.keeper = journal = Journal(path, known=service.incident_ids)
    batch = Batch(events=tuple(made_event(component=f"c{number}") for number in range(30)))
    service.take(batch, now=MOMENT)
    copied = path.with_name("copied")
    shutil.copy(path, copied)  # what a kill at this moment would leave
    again = AdviceService(Advisor())
    resumed = Journal(copied)
    assert again.resume(resumed.steps()) == 30
    resumed.close()
    assert again.recent_intents() == service.recent_intents()
    again.take(batch, now=MOMENT + timedelta(minutes=1))
    assert again.recent_intents() == service.recent_intents()
    assert again.incident_ids() == service.incident_ids()
    journal.close()


_TIMES = st.datetimes(datetime(1970, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - bounds are naive
_TEXTS = st.text(st.characters(blacklist_categories=["Cs"]), max_size=20)
_NAMES = st.text(st.characters(whitelist_categories=["L", "N"]), min_size=1, max_size=20)
_ALERTS = st.builds(
    Alert, name=_NAMES, severity=st.sampled_from(Severity), kind=st.sampled_from(SignalKind), text=_TEXTS
)
_EVENTS = st.builds(
    ReliabilityEvent,
    component=_NAMES,
    timestamp=_TIMES,
    status=st.sampled_from(Status),
    alert=st.none() | _ALERTS,
    fingerprint=st.none() | _NAMES,
    labels=st.dictionaries(_TEXTS, _TEXTS, max_size=4).map(FrozenMap),
    upstream_deps=st.lists(_NAMES, max_size=2).map(tuple),
    source=_NAMES,
    **{name: st.none() | st.floats(0, 1) for name in METRICS},
)


@given(st.lists(st.tuples(_EVENTS, st.lists(_NAMES, max_size=2).map(tuple)), min_size=1, max_size=3), _TIMES)
def test_a_step_is_read_as_it_was_written(pairs: list[tuple[ReliabilityEvent, tuple[str, ...]]], at: datetime) -> None:
    events, homes = zip(*pairs, strict=True)
    made = Delivered(at=at, events=events, homes=homes)
    assert read_step(parse_json(write_step(made)), where="here") == made


@pytest.mark.parametrize(
    "value", [None, [], {}, {"at": "x"}, {"at": "2026-01-02T03:04:05.000006Z", "events": [1], "homes": [[]]}]
)
def test_what_is_no_step_is_refused_with_its_place(value: object) -> None:
    with pytest.raises(FormatError, match="line 7 is not a step"):
        read_step(value, where="line 7")
