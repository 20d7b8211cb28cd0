# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""What the rules of ``actions.testing`` are made of: no test framework is needed, and a failure says what was seen."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from arf_core.models.action import Action
from arf_core.models.frozen import FrozenMap
from arf_enterprise.actions.adapter import Adapter, Change, Fence, Given, Observation, Progress, Vitals
from arf_enterprise.errors import EnterpriseError


@contextmanager
def made(kind: type[Adapter], given: Given) -> Iterator[Adapter]:
    """An adapter, closed when the block ends."""
    adapter = kind(given)  # type: ignore[call-arg]  # a Protocol cannot promise __init__
    try:
        yield adapter
    finally:
        adapter.close()


def hold(is_so: object, otherwise: str) -> None:
    """It is so.

    Raises:
        AssertionError: it is not; the message is ``otherwise``.
    """
    if not is_so:
        raise AssertionError(otherwise)


def fails(
    wanted: type[EnterpriseError], call: Callable[[], object], *, patience_s: float, secrets: Sequence[str]
) -> None:
    """``call`` raises ``wanted`` within ``patience_s``, and neither its message nor its cause has one of ``secrets``.

    Raises:
        AssertionError: it does not.
    """
    start = time.monotonic()
    try:
        call()
    except EnterpriseError as error:
        hold(isinstance(error, wanted), f"{type(error).__name__} ({error}) instead of {wanted.__name__}")
        told = f"{error!r} {error.__cause__!r}"
        hold(not any(secret in told for secret in secrets), "it tells a secret")
    else:
        raise AssertionError(f"it went through instead of raising {wanted.__name__}")
    took = time.monotonic() - start
    hold(took < patience_s, f"it took {took:.1f} s to give up")


def shows(adapter: Adapter, change: Change, wanted: Progress) -> None:
    """The target shows ``change`` as ``wanted``.

    Raises:
        AssertionError: it shows something else.
    """
    shown = adapter.progress(change, adapter.observe())
    hold(shown is wanted, f"the target shows {shown}, not {wanted}: {adapter.observe().state}")


def well_as(now: Vitals, before: Vitals) -> bool:
    """Whether as many are there as before, as far as that is told."""
    pairs = ((now.wanted, before.wanted), (now.ready, before.ready))
    return now.exists and all((new or 0) >= (old or 0) for new, old in pairs)


def difference(change: Change, now: Observation) -> str:
    """For a message: the state is not what it was before ``change``."""
    return f"not as before: {change.before.state} became {now.state}"


def planner(adapter: Adapter, action: Action, parameters: FrozenMap, observed: Observation) -> Callable[[], object]:
    """A call that plans ``action``."""
    return lambda: adapter.plan(action, parameters, observed)


def apply_and_die(kind: type[Adapter], given: Given, change: Change, fence: Fence) -> None:
    """In a process of its own: apply, and end as by a power failure; nothing is closed, nothing is recorded."""
    kind(given).apply(change, fence)  # type: ignore[call-arg]  # a Protocol cannot promise __init__
    os.kill(os.getpid(), signal.SIGKILL)
