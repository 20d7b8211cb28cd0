# SPDX-License-Identifier: Apache-2.0
"""Every command in the documentation is run, as it is printed."""

from __future__ import annotations

import json
import re
import shutil
import tempfile
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

import doc_pages
from doc_pages import ROOT, Block

PAGES = doc_pages.pages()
COMMAND = re.compile(
    r"^\s*(?:\$ )?(?:arf|arf-mcp|arf-enterprise|\./scripts/\w+|python3? -m arf_\w+)(?: |$)", re.MULTILINE
)


def named(page: Path) -> str:
    return str(page.relative_to(ROOT))


def all_blocks() -> list[Block]:
    return [block for page in PAGES for block in doc_pages.blocks(page)]


@pytest.mark.promise("DOC-1")
@pytest.mark.parametrize("page", [page for page in PAGES if doc_pages.commands(page)], ids=named)
def test_the_commands_of_a_page_do_what_it_says(page: Path) -> None:
    # Not tmp_path: others cannot enter it, and as root the embedded Postgres runs as another user.
    folder = Path(tempfile.mkdtemp(prefix="arf-page-"))
    folder.chmod(0o711)
    try:
        doc_pages.run_page(page, folder / "page")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.mark.promise("DOC-1")
def test_a_command_stands_in_a_block_that_is_run_or_says_why_not() -> None:
    found = all_blocks()
    assert sum(block.language == "sh" for block in found) > 10
    assert [str(block) for block in found if block.language in {"", "console", "bash", "shell"}] == []
    assert [str(block) for block in found if block.language != "sh" and COMMAND.search(block.text)] == []
    assert [str(block) for block in found if "not-run" in block.words and len(block.words["not-run"]) < 15] == []


def test_a_block_that_another_test_runs_is_named_there() -> None:
    for block in all_blocks():
        if named_test := block.words.get("run-by"):
            assert block.page in (ROOT / named_test).read_text(encoding="utf-8"), str(block)


def test_every_block_of_data_parses() -> None:
    read: dict[str, Callable[[str], object]] = {"json": json.loads, "toml": tomllib.loads, "yaml": yaml.safe_load}
    blocks = [block for block in all_blocks() if block.language in read]
    assert blocks
    for block in blocks:
        try:
            read[block.language](block.text)
        except ValueError as error:
            raise AssertionError(f"{block}: {error}") from error


def test_a_block_that_fails_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = tmp_path / "page.md"
    page.write_text("```sh\narf verify nothing.json\n```\n", encoding="utf-8")
    monkeypatch.setattr(doc_pages, "ROOT", tmp_path)
    with pytest.raises(AssertionError, match=r"page.md:1 exits 6, not 0"):
        doc_pages.run_page(page, tmp_path / "folder")
