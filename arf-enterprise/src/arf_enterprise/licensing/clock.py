# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""The highest time this installation has seen: setting the clock back gains nothing, one wrong answer costs little.

1. It is kept in the database and only goes forward; the database refuses anything else.
2. A clock that moves on by at most :data:`LEAP` is followed at once. Servers look several times a minute.
3. A clock that is further ahead (a server that was off, or a wrong time) is followed when it has been seen to run there
   for :data:`PERSISTS` altogether. Until then its own time counts while it shows it, and is forgotten when it does not:
   one wrong answer stops nothing for longer than it lasts. Jumping there again and again adds up.
4. Servers that do not agree confirm nothing: a time that another one does not show is not adopted.
5. The signed checkpoints of the log are remembered looks as well: the time of one counts once a later one is
   :data:`PERSISTS` after it. So an old row of the database, put back, gains nothing while the log is there.
6. That the clock is behind by more than the tolerance, and that it is right again, is audited, once each.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from arf_core.canonical import read_time, write_time
from arf_core.errors import ArfError
from arf_core.verify.notes import NoteKey, check_note, read_checkpoint, read_note, read_note_key
from arf_enterprise.audit.checkpoint import note_key, origin_of
from arf_enterprise.audit.entry import Actor, Entry
from arf_enterprise.audit.log import append
from arf_enterprise.identifiers import new_id
from arf_enterprise.identity.principal import SYSTEM
from arf_enterprise.licensing.standing import TOLERANCE
from arf_enterprise.stores.postgres.database import Database, Row, Transaction

LEAP: Final = timedelta(minutes=15)
PERSISTS: Final = timedelta(hours=1)
HOME: Final = "default"
"""The tenant whose log has what concerns the installation as a whole."""
_TIME: Final = "arf.time "


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """The highest time; when the clock was last seen ahead of it, and how long in all; since when it is behind."""

    highest: datetime
    ahead_last: datetime | None = None
    ahead_for: timedelta = timedelta(0)
    behind_since: datetime | None = None

    def is_behind(self, now: datetime) -> bool:
        """Whether a clock that shows ``now`` went back further than is tolerated."""
        return now < self.highest - TOLERANCE


def observed(seen: Seen, now: datetime) -> Seen:
    """What is known after a look at the clock (rules 2 to 4)."""
    if now <= seen.highest + LEAP:
        return replace(seen, highest=max(seen.highest, now), ahead_last=None)
    gap = timedelta(0) if seen.ahead_last is None else now - seen.ahead_last
    ran = seen.ahead_for + (gap if timedelta(0) <= gap <= LEAP else timedelta(0))
    if ran >= PERSISTS:
        return replace(seen, highest=now, ahead_last=None, ahead_for=timedelta(0))
    return replace(seen, ahead_last=now, ahead_for=ran)


def confirmed(times: Sequence[datetime]) -> tuple[int, int] | None:
    """Which of ``times``, in the order of the log, is the highest that a later one confirms, and which one that is."""
    found: tuple[int, int] | None = None
    latest = len(times) - 1
    for place in range(len(times) - 2, -1, -1):
        if times[latest] >= times[place] + PERSISTS and (found is None or times[place] > times[found[0]]):
            found = (place, latest)
        if times[place] > times[latest]:
            latest = place
    return found


def look(database: Database, now: datetime, *, anchor: datetime | None = None) -> Seen:
    """Look at the clock: keep what it shows, and say in the log when it went back (rules 1 to 4 and 6)."""
    with database.transaction(HOME) as transaction:
        before = _seen(transaction.one("seen_time"))
        if anchor is not None:
            before = replace(before, highest=max(before.highest, anchor))
        found = observed(before, now)
        if found.is_behind(now) is not (found.behind_since is not None):
            found = replace(found, behind_since=now if found.behind_since is None else None)
            _say(transaction, found, now)
        transaction.run(
            "set_seen_time",
            highest=found.highest,
            ahead_last=found.ahead_last,
            ahead_for=found.ahead_for,
            behind_since=found.behind_since,
        )
    return found


def highest_seen(database: Database) -> datetime:
    """The highest time of the database alone, without a look at the clock."""
    with database.transaction(HOME) as transaction:
        return _time_of(transaction.one("highest_time"), "highest_time")


def anchored(database: Database) -> datetime | None:
    """The highest time that the signed checkpoints of all tenants confirm (rule 5), None if there is none yet."""
    with database.transaction(None) as transaction:
        installation = str(transaction.one("installation")["installation_id"])
        tenants = [str(row["tenant"]) for row in transaction.all("known_tenants")]
        keys = [bytes(row["public_key"]) for row in transaction.all("audit_keys") if row["revoked_from"] is None]
    found = (_anchor(database, tenant, origin_of(installation, tenant), keys) for tenant in tenants)
    return max((time for time in found if time is not None), default=None)


def _anchor(database: Database, tenant: str, origin: str, keys: Iterable[bytes]) -> datetime | None:
    with database.transaction(tenant) as transaction:
        rows = transaction.all("sampled_checkpoints", tenant=tenant)
    rows = sorted(rows, key=lambda row: int(row["size"]))
    pair = confirmed([_time_of(row, "signed_at") for row in rows])
    if pair is None:
        return None
    trusted = [read_note_key(note_key(origin, raw)) for raw in keys]
    times = [_signed_time(str(rows[place]["note"]), origin, trusted) for place in pair]
    # The columns only said where to look: what counts is what was signed.
    if times[0] is None or times[1] is None or times[1] < times[0] + PERSISTS:
        return None
    return times[0]


def _signed_time(text: str, origin: str, keys: Iterable[NoteKey]) -> datetime | None:
    """The time in a checkpoint; None where it is not signed by one of ``keys``: that is for ``audit`` to report."""
    try:
        note = read_note(text.encode())
        check_note(note, keys)
        checkpoint = read_checkpoint(note.text)
        stated = [line.removeprefix(_TIME) for line in checkpoint.extensions if line.startswith(_TIME)]
        return read_time(stated[0]) if checkpoint.origin == origin and len(stated) == 1 else None
    except ArfError:
        return None


def _say(transaction: Transaction, seen: Seen, now: datetime) -> None:  # rule 6
    is_behind = seen.behind_since is not None
    append(
        transaction,
        Entry(
            actor=Actor.of(SYSTEM),
            action="license.clock_went_back" if is_behind else "license.clock_is_right",
            target="installation/clock",
            at=now,
            request_id=new_id("req", now),
            details={"clock": write_time(now), "highest_seen": write_time(seen.highest)},
        ),
    )


def _seen(row: Row) -> Seen:
    return Seen(
        highest=_time_of(row, "highest_time"),
        ahead_last=row["ahead_last"],
        ahead_for=row["ahead_for"],
        behind_since=row["behind_since"],
    )


def _time_of(row: Row, name: str) -> datetime:
    found = row[name]
    assert isinstance(found, datetime)  # noqa: S101 - the column's type
    return found
