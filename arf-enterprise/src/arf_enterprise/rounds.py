# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""A service of the server that goes round the tenants, again and again, on a thread of its own.

1. When something is away it goes on trying, ever more slowly, up to :attr:`Rounds.slowest_s`; its state says so, and
   the log once for each other reason.
2. One tenant that fails does not keep the others from theirs.
"""

from __future__ import annotations

import logging
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import ClassVar, Self

from arf_enterprise.errors import EnterpriseError


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """How a service stands: entries it has dealt with, failures in a row, and what the last one was."""

    is_running: bool = False
    entries: int = 0
    failures: int = 0
    error: str | None = None


class Rounds(ABC):
    """The service, from :meth:`start` to :meth:`stop`, or for the block of ``with …:``.

    ``failed_event`` is what its failures are logged as; it ``hurries`` if it goes on at once while there is more.
    """

    name: ClassVar[str]
    failed_event: ClassVar[str]
    slowest_s: ClassVar[float]
    hurries: ClassVar[bool] = False

    def __init__(self, *, poll_s: float) -> None:
        """A service that is not running yet; it looks every ``poll_s`` seconds."""
        self._poll_s = poll_s
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self.state = State()

    def __enter__(self) -> Self:
        """Start, for the block."""
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop after the block."""
        self.stop()

    @abstractmethod
    def step(self) -> int:
        """One round; how many entries were dealt with.

        Raises:
            EnterpriseError: the first failure, after every tenant had its turn (rule 2).
        """

    def start(self) -> None:
        """Begin."""
        self._stop.clear()
        self._thread = threading.Thread(target=self._run, name=self.name, daemon=True)
        self.state = State(is_running=True)
        self._thread.start()

    def stop(self) -> None:
        """End, when what is under way is finished."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
        self.state = replace(self.state, is_running=False)

    def _run(self) -> None:
        pause = self._poll_s
        while not self._stop.wait(pause):
            try:
                done = self.step()
            except Exception as error:  # noqa: BLE001 - the edge of the thread: it outlives whatever happens (rule 1)
                self._failed(error)
                pause = min(pause * 2 or self._poll_s, self.slowest_s)
            else:
                self.state = State(is_running=True, entries=self.state.entries + done)
                pause = 0.0 if done and self.hurries else self._poll_s

    def _failed(self, error: Exception) -> None:
        told = str(error) if isinstance(error, EnterpriseError) else type(error).__name__
        if self.state.error != told:
            logging.getLogger(type(self).__module__).warning(
                self.failed_event, extra={"error": told}, exc_info=not isinstance(error, EnterpriseError)
            )
        self.state = replace(self.state, is_running=True, failures=self.state.failures + 1, error=told)


def round_of(tenants: Iterable[str], work: Callable[[str], int]) -> int:
    """What ``work`` did for all of ``tenants`` together.

    Raises:
        EnterpriseError: the first failure, after every tenant had its turn (rule 2).
    """
    done, failed = 0, list[EnterpriseError]()
    for tenant in tenants:
        try:
            done += work(tenant)
        except EnterpriseError as error:
            failed.append(error)
    if failed:
        raise failed[0]
    return done
