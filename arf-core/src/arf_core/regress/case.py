# SPDX-License-Identifier: Apache-2.0
"""One regression case: a bundle, and what is expected of it.

A case is a folder of its name with two files. ``bundle.arfb`` is the incident (``arf_core.bundle``). ``expected.json``
says what must be proposed for it, and may be edited by hand::

    {"schema": "arf.regression/1", "name": "checkout-slow", "bundle": "sha256:…", "confidence_tolerance": 0.05,
     "intents": [{"action": "rollback", "component": "checkout-api", "confidence": 0.8}]}

1. The same actions, on the same components, in the same order.
2. Where ``confidence_tolerance`` is not null, confidences may differ by that much; where it is null, at will.
3. The events, memory, calls and settings are those of the bundle. So are policies of the user's own; a case that was
   recorded with ARF's default policies is run with the present defaults, because they are part of what may regress.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

from arf_core.bundle.build import intents_of
from arf_core.bundle.recipe import Policies, cook
from arf_core.bundle.recompute import recipe_of
from arf_core.errors import FormatError, InputError, VerificationError
from arf_core.models.frozen import shown
from arf_core.models.healing_intent import HealingIntent
from arf_core.strict_json import parse_json
from arf_core.verify.bundles import Bundle, read_bundle
from arf_core.verify.fields import digest_of, list_of, matched, object_of, text_of

SCHEMA: Final = "arf.regression/1"
BUNDLE_FILE: Final = "bundle.arfb"
EXPECTED_FILE: Final = "expected.json"
MAX_EXPECTED: Final = 100_000

Status = Literal["same", "changed", "broken"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposed:
    """One recommendation: the action, its component, and how sure it was, from 0 to 1."""

    action: str
    component: str
    confidence: float

    def __str__(self) -> str:
        return f"{self.action} {self.component}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """What a case expects, in order; ``tolerance`` None leaves confidences out."""

    name: str
    bundle: str
    intents: tuple[Proposed, ...]
    tolerance: float | None = None

    def to_json(self) -> str:
        """As the text of ``expected.json``."""
        listed = [
            {"action": one.action, "component": one.component, "confidence": one.confidence} for one in self.intents
        ]
        document = {
            "schema": SCHEMA,
            "name": self.name,
            "bundle": self.bundle,
            "confidence_tolerance": self.tolerance,
            "intents": listed,
        }
        return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What came of a case: ``changes`` says what changed, or why it could not be run."""

    name: str
    status: Status
    changes: tuple[str, ...] = ()


def expectation_of(bundle: Bundle, *, name: str, tolerance: float | None = None) -> Expectation:
    """What ARF proposes for ``bundle`` now, as what is expected of it from now on.

    Raises:
        FormatError: a name or a tolerance that cannot be.
        InputError: a reference bundle, which cannot be run, or a part of it cannot be used.
    """
    matched(name, _NAME, what="the name of the case", rule="letters, digits, '.', '_' and '-', at most 100")
    _check_tolerance(tolerance)
    return Expectation(name=name, bundle=bundle.digest, intents=_proposed_now(bundle), tolerance=tolerance)


def read_expectation(data: bytes, *, what: str) -> Expectation:
    """The expectation in ``data``; ``what`` names the file in messages.

    Raises:
        FormatError: it is not in the form of this module's docstring.
    """
    keys = ("schema", "name", "bundle", "confidence_tolerance", "intents")
    given = object_of(parse_json(data, what=what), what=what, keys=keys)
    if given["schema"] != SCHEMA:
        raise FormatError(f"the schema of {what} is {shown(given['schema'])}: this version reads {SCHEMA!r}")
    intents = list_of(given["intents"], what=f"the intents of {what}", most=MAX_EXPECTED)
    return Expectation(
        name=matched(given["name"], _NAME, what=f"the name of {what}", rule="letters, digits, '.', '_' and '-'"),
        bundle=digest_of(given["bundle"], what=f"the bundle of {what}"),
        intents=tuple(_expected(item, f"intents[{number}] of {what}") for number, item in enumerate(intents)),
        tolerance=_check_tolerance(given["confidence_tolerance"]),
    )


def run_case(name: str, bundle: bytes, expected: bytes) -> Result:
    """Whether ARF still proposes what the case called ``name`` expects. A case that cannot be run is broken."""
    try:
        expectation, opened = _opened(name, bundle, expected)
        changes = tuple(_changes(expectation, _proposed_now(opened)))
    except (InputError, VerificationError) as error:
        return Result(name=name, status="broken", changes=(str(error),))
    return Result(name=name, status="changed" if changes else "same", changes=changes)


def _opened(name: str, bundle: bytes, expected: bytes) -> tuple[Expectation, Bundle]:
    expectation = read_expectation(expected, what=EXPECTED_FILE)
    if expectation.name != name:
        raise FormatError(f"{EXPECTED_FILE} is of the case {expectation.name!r}")
    opened = read_bundle(bundle)
    if opened.digest != expectation.bundle:
        stated = f"{EXPECTED_FILE} names {expectation.bundle}, and {BUNDLE_FILE} is {opened.digest}"
        raise VerificationError(f"the bundle was replaced: {stated}")
    return expectation, opened


def _proposed_now(bundle: Bundle) -> tuple[Proposed, ...]:
    recipe = recipe_of(bundle)
    if not recipe.policies.own:  # rule 3
        recipe = replace(recipe, policies=Policies.defaults())
    return tuple(map(_proposed, intents_of(cook(recipe).analysis)))


def _changes(expectation: Expectation, found: Sequence[Proposed]) -> Iterator[str]:
    before, after = [str(one) for one in expectation.intents], [str(one) for one in found]
    if before == after:  # rule 1
        if expectation.tolerance is not None:
            yield from _other_confidences(expectation.intents, found, expectation.tolerance)
        return
    yield from (f"no longer proposed: {name}" for name in _beyond(before, after))
    yield from (f"newly proposed: {name}" for name in _beyond(after, before))
    if Counter(before) == Counter(after):
        place = next(n for n, pair in enumerate(zip(before, after, strict=True), 1) if pair[0] != pair[1])
        yield f"in another order: from place {place} on {', '.join(after[place - 1 :][:5])}"


def _beyond(names: Iterable[str], others: Iterable[str]) -> list[str]:
    return list((Counter(names) - Counter(others)).elements())


def _other_confidences(expected: Sequence[Proposed], found: Sequence[Proposed], tolerance: float) -> Iterator[str]:
    for old, new in zip(expected, found, strict=True):  # rule 2
        if abs(old.confidence - new.confidence) > tolerance + _ROUNDING:
            yield f"confidence of {old}: {new.confidence:g}, and {old.confidence:g} ± {tolerance:g} is expected"


def _proposed(intent: HealingIntent) -> Proposed:
    return Proposed(action=intent.action.value, component=intent.component, confidence=intent.confidence)


def _expected(item: object, what: str) -> Proposed:
    given = object_of(item, what=what, keys=("action", "component", "confidence"))
    return Proposed(
        action=text_of(given["action"], what=f"the action of {what}"),
        component=text_of(given["component"], what=f"the component of {what}"),
        confidence=_share(given["confidence"], what=f"the confidence of {what}"),
    )


def _check_tolerance(value: object) -> float | None:
    return None if value is None else _share(value, what="the confidence tolerance")


def _share(value: object, *, what: str) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= 1:
        raise FormatError(f"{what} is {shown(value)}: it must be a number from 0 to 1")
    return float(value)


_NAME: Final = re.compile("[A-Za-z0-9_-](?:[A-Za-z0-9._-]{0,98}[A-Za-z0-9_-])?")
_ROUNDING: Final = 1e-9
"""Confidences have four decimals; their difference, in binary, a little more."""
