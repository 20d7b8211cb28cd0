# SPDX-License-Identifier: Apache-2.0
"""Checkpoints that the verifier has kept, and what an artifact is held against them.

Whoever owns the database and the signing key can write another log from its beginning, and sign it. What shows that,
and that a tail was cut off, is a checkpoint that somebody else has kept:

1. A kept checkpoint verifies by the verifier's own keys, as every other does.
2. It is of the same log: of the same origin.
3. Of two checkpoints of one log, the longer is not the older one.
4. The log did not get shorter: a kept checkpoint with more records than the artifact says that records are missing.
5. The root over as many records as the kept checkpoint has must be its root; another one is a fork or a rewrite.
6. Where the artifact does not show that root, it has not been compared, and that is a failure.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from arf_core.canonical import write_time
from arf_core.errors import BadPlace, BrokenError, FormatError, VerificationError
from arf_core.verify.checkpoints import SignedCheckpoint, check_checkpoint, read_signed_checkpoint, spelled
from arf_core.verify.steps import Steps
from arf_core.verify.trust import TrustedKeys


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A file that the verifier brings: its name and its bytes."""

    name: str
    data: bytes


def read_kept(
    kept: Iterable[Kept], trusted: TrustedKeys | None, *, steps: Steps
) -> tuple[tuple[str, SignedCheckpoint], ...]:
    """The checkpoints in ``kept``, each verified (rule 1), with their names.

    Raises:
        BrokenError: one is none, or does not verify.
    """
    return tuple((one.name, _read(one, trusted, steps)) for one in kept)


def check_kept(
    kept: Iterable[tuple[str, SignedCheckpoint]],
    newest: SignedCheckpoint,
    roots: Mapping[int, bytes],
    *,
    steps: Steps,
    hint: str,
) -> None:
    """Hold the log under ``newest`` against each of ``kept``; ``roots`` are those that were computed, by their sizes.

    ``hint`` says what to ask for where there is no root to compare.

    Raises:
        BrokenError: a rule does not hold; the error has both roots.
    """
    for name, held in kept:
        with steps.step(f"it continues {held}", name):
            _check_order(name, held, newest)
            _check_root(name, held, roots, hint)


def unknown_after(newest: SignedCheckpoint, kept: Iterable[object]) -> tuple[str, ...]:
    """What stays unknown about completeness, with and without kept checkpoints."""
    later = f"whether the log goes on after its first {newest.size} records: hold a later checkpoint against it"
    alone = "that there is one log only, and no record was cut off: no checkpoint that you have kept was given"
    return (later,) if tuple(kept) else (alone, later)


def _read(one: Kept, trusted: TrustedKeys | None, steps: Steps) -> SignedCheckpoint:
    with steps.step("the checkpoint that was kept verifies", one.name):
        try:
            held = read_signed_checkpoint(one.data, what=one.name)
            check_checkpoint(held, trusted)
        except (FormatError, VerificationError) as error:
            raise BrokenError(BadPlace(where=one.name, what=str(error))) from error
    return held


def _check_order(name: str, held: SignedCheckpoint, newest: SignedCheckpoint) -> None:
    if held.origin != newest.origin:  # rule 2
        raise _broken(name, f"it is of another log than {name}", held.origin, newest.origin)
    if held.size > newest.size:  # rule 4
        older = newest.at <= held.at
        why = "this is an older state of the log, or a tail was cut off" if older else "the tail of the log was cut off"
        what = f"records {newest.size} to {held.size - 1} are missing, {name} has {held.size}: {why}"
        raise _broken(name, what, f"{held.size} at {write_time(held.at)}", f"{newest.size} at {write_time(newest.at)}")
    if held.size < newest.size and held.at > newest.at:  # rule 3
        what = f"{name} was signed later and has fewer records: the log was cut, or a clock went back"
        raise _broken(name, what, f"{held.size} at {write_time(held.at)}", f"{newest.size} at {write_time(newest.at)}")


def _check_root(name: str, held: SignedCheckpoint, roots: Mapping[int, bytes], hint: str) -> None:
    computed = roots.get(held.size)
    if computed is None:  # rule 6
        raise _broken(name, f"it does not show what its first {held.size} records were: {hint}")
    if computed != held.root:  # rule 5
        what = f"its first {held.size} records are not those of {name}: the log was forked or rewritten"
        raise _broken(name, what, spelled(held.root), spelled(computed))


def _broken(name: str, what: str, stated: str | None = None, computed: str | None = None) -> BrokenError:
    return BrokenError(BadPlace(where=name, what=what, stated=stated, computed=computed))


HINT_EXPORT: Final = "ask for an export since that checkpoint, or of all records"
HINT_PROOF: Final = "ask for a consistency proof from that checkpoint"
