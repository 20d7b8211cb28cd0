# SPDX-License-Identifier: Apache-2.0
"""A verification as a list of steps: each is done or the first that fails, and then nothing further is looked at."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from arf_core.errors import BadPlace, BrokenError, InputError, VerificationError
from arf_core.verify.report import Check, Report


@dataclass(slots=True)
class Steps:
    """The steps that were taken, as checks: the last may have failed."""

    checks: list[Check] = field(default_factory=list)

    @contextmanager
    def step(self, what: str, detail: str = "") -> Iterator[None]:
        """Do a step, which says ``what`` if it holds.

        Raises:
            BrokenError: an error of the step, with its place.
        """
        try:
            yield
        except BrokenError as error:
            self.checks.append(Check(what=what, ok=False, detail=error.place.what))
            raise
        except (InputError, VerificationError) as error:
            self.checks.append(Check(what=what, ok=False, detail=str(error)))
            raise BrokenError(BadPlace(where="", what=str(error))) from error
        self.checks.append(Check(what=what, ok=True, detail=detail))

    def failed(self, kind: str, name: str, place: BadPlace, *, count: int = 0) -> Report:
        """The report on an artifact that failed at ``place``: nothing is proven."""
        checks = tuple(self.checks)
        return Report(kind=kind, name=name, checks=checks, count=count, not_proven=("anything",), first_bad=place)


def broken_if(place: BadPlace | None) -> None:
    """Nothing, if there is no bad place.

    Raises:
        BrokenError: there is.
    """
    if place is not None:
        raise BrokenError(place)
