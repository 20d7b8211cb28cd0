# SPDX-License-Identifier: Apache-2.0
"""What the documentation shows is what happens: its examples run, and its generated parts are up to date."""

from __future__ import annotations

import doctest
import re
from pathlib import Path

import pytest

import arf_core
import doc_pages
import write_docs

ROOT = Path(__file__).parent.parent.parent
PAGES = doc_pages.pages()


@pytest.mark.promise("CLI-2")
def test_the_page_of_error_codes_is_that_of_the_code() -> None:
    assert (ROOT / "docs/errors.md").read_text(encoding="utf-8") == write_docs.errors(), "run scripts/docs"


def test_the_readme_shows_what_the_demo_prints() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert readme == write_docs.with_demo(readme), "run scripts/docs"


def test_the_example_of_the_package_is_true() -> None:
    assert doctest.testmod(arf_core).failed == 0
    assert doctest.testmod(arf_core).attempted > 0


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_of_a_page_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)", page.read_text(encoding="utf-8")):
        if not target.startswith("http"):
            assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_the_policy_of_the_policy_page_loads() -> None:
    from arf_core.policy.load import load

    policy = next(block.text for block in doc_pages.blocks(ROOT / "docs/policies.md") if block.language == "yaml")
    assert [rule.name for rule in load(policy, file="policies.md").policies] == ["checkout-slow"]
