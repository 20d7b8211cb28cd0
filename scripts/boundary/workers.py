# SPDX-License-Identifier: Apache-2.0
"""Spreads work over forked processes. They inherit what was read already; what they find comes back through pipes.

Whatever goes wrong in one of them (an exception, a signal, a torn answer) is raised in the parent: nothing is ever
taken for clean because nobody answered.
"""

from __future__ import annotations

import os
import pickle
import signal
import threading
from collections.abc import Callable, Sequence
from typing import TypeVar

_Portion = TypeVar("_Portion")
_Result = TypeVar("_Result")


class WorkerError(Exception):
    """A process did not finish its portion; the message says how it ended."""


def possible() -> bool:
    """Whether this process may be forked: the platform can, and no other thread is running."""
    return hasattr(os, "fork") and threading.active_count() == 1


def spread(portions: Sequence[_Portion], work: Callable[[_Portion], _Result]) -> list[_Result]:
    """``work`` of every portion, in order: the first in this process, each other one in a process of its own.

    Raises:
        WorkerError: a process ended without a whole answer.
    """
    running: list[tuple[int, int]] = []
    try:
        for portion in portions[1:]:
            running.append(_forked(portion, work))  # noqa: PERF401 -- what was started must be known if the next fails
        results = [work(portions[0])]
        while running:
            results.append(_answer(*running.pop(0)))
        return results
    finally:
        for pid, pipe in running:
            os.close(pipe)
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)


def _forked(portion: _Portion, work: Callable[[_Portion], _Result]) -> tuple[int, int]:
    pipe, into = os.pipe()
    pid = os.fork()
    if pid:
        os.close(into)
        return pid, pipe
    code = 1
    try:
        os.close(pipe)
        try:
            answer = pickle.dumps((True, work(portion)))
        except BaseException:  # noqa: BLE001 -- the edge of the process: the parent raises it again
            import traceback  # late: only for this

            answer = pickle.dumps((False, traceback.format_exc(limit=-4)))
        with os.fdopen(into, "wb") as out:
            out.write(answer)
        code = 0
    finally:
        os._exit(code)  # neither the parent's buffers nor its exit handlers belong to the child


def _answer(pid: int, pipe: int) -> _Result:  # type: ignore[type-var]  # the caller knows what its work returns
    with os.fdopen(pipe, "rb") as source:
        data = source.read()
    _, status = os.waitpid(pid, 0)
    if status != 0 or not data:
        raise WorkerError(f"a process of the scan ended with status {status} and {len(data)} bytes of an answer")
    done, result = pickle.loads(data)  # noqa: S301 -- written by our own fork
    if not done:
        raise WorkerError(f"a process of the scan failed:\n{result}")
    return result  # type: ignore[no-any-return]
