# SPDX-License-Identifier: Apache-2.0
"""Results as JUnit XML, the form that CI systems read.

There are no times in it: the same results give the same bytes. Characters that XML 1.0 cannot carry become escapes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal
from xml.etree.ElementTree import Element, SubElement, indent, tostring


@dataclass(frozen=True, slots=True, kw_only=True)
class TestCase:
    """One case: how it ended, of which kind a failure or error is, what is said about it, and where it stands."""

    __test__ = False  # not a test of ours: pytest looks at the name

    name: str
    ended: Literal["passed", "failure", "error"] = "passed"
    kind: str = ""
    says: tuple[str, ...] = ()
    place: Mapping[str, str] = field(default_factory=dict)


def junit_xml(suite: str, classname: str, cases: Sequence[TestCase]) -> bytes:
    """The XML document, in UTF-8: ``cases`` of the suite, in order."""
    failures, errors = (str(sum(case.ended == ended for case in cases)) for ended in ("failure", "error"))
    counts = {"tests": str(len(cases)), "failures": failures, "errors": errors, "time": "0"}
    root = Element("testsuites", {"name": suite, **counts})
    inside = SubElement(root, "testsuite", {"name": suite, **counts, "skipped": "0"})
    for case in cases:
        _add(inside, classname, case)
    indent(root)
    xml: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return xml + b"\n"


def _add(suite: Element, classname: str, case: TestCase) -> None:
    place = {name: _written(value) for name, value in case.place.items()}
    added = SubElement(suite, "testcase", {"classname": classname, "name": _written(case.name), **place, "time": "0"})
    if case.ended != "passed":
        says = [_written(line) for line in case.says]
        SubElement(added, case.ended, {"type": case.kind, "message": "; ".join(says)}).text = "\n".join(says)


def _written(text: str) -> str:
    return _NOT_XML.sub(lambda found: found[0].encode("unicode_escape").decode("ascii"), text)


_NOT_XML: Final = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
