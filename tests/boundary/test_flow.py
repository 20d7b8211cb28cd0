# SPDX-License-Identifier: Apache-2.0
"""A capability that one file hands to another under an everyday name is found where it is used."""

from __future__ import annotations

from pathlib import Path

import pytest

from boundary.main import scan
from boundary.settings import Settings

USED = {
    "the search path": ("import sys\nsearch = sys.path\n", "from p.a import search\nsearch.append('x')\n"),
    "the search path, sliced": ("import sys\nsearch = sys.path\n", "from p.a import search\nsearch[0:0] = ['x']\n"),
    "the search path, imported": ("from sys import path as search\n", "from p.a import search\nsearch.append('x')\n"),
    "the search path, returned": (
        "import sys\ndef places():\n    return sys.path\n",
        "from p.a import places\nplaces().append('x')\n",
    ),
    "a process, by a module's other name": ("import os as tools\n", "from p.a import tools\ntools.system('x')\n"),
    "a process, by a name": ("import os\ntools = os\n", "from p.a import tools\ntools.system('x')\n"),
    "a process, by a list": ("import os\ntools = [os]\n", "from p.a import tools\ntools[0].kill(1, 9)\n"),
    "a process, by a mapping": ("import os\ntools = {'a': os}\n", "from p.a import tools\ntools['a'].system('x')\n"),
    "a process, by a function": (
        "import os\ndef give():\n    return os\n",
        "from p.a import give\ngive().system('x')\n",
    ),
    "a process, by a class": ("import os\nclass T:\n    m = os\n", "from p.a import T\nT.m.system('x')\n"),
    "a process, by the package": ("import os as tools\n", "import p.a\np.a.tools.system('x')\n"),
    "a process, by a relative import": ("import os as tools\n", "from . import a\na.tools.system('x')\n"),
    "a process, by everything": ("import os as tools\n", "from p.a import *\ntools.system('x')\n"),
    "a process, by a module's own __getattr__": (
        "import os\ndef __getattr__(name):\n    return os\n",
        "from p.a import anything\nanything.system('x')\n",
    ),
    "every loaded module": (
        "import sys\nloaded = sys.modules\n",
        "from p.a import loaded\nname = input()\nloaded[name]\n",
    ),
    "any member": (
        "fetch = getattr\n",
        "import os\nfrom p.a import fetch\nfetch(os, input())\n",
    ),
    "a namespace": (
        "import os\nspace = vars(os)\n",
        "from p.a import space\nspace['sys' + 'tem']('x')\n",
    ),
    "any module": ("load = __import__\n", "from p.a import load\nload(input())\n"),
}


@pytest.mark.promise("BND-3")
@pytest.mark.parametrize("what", USED)
def test_what_is_handed_on_is_found_where_it_is_used(what: str, tmp_path: Path) -> None:
    assert "b.py" in found(tmp_path, *USED[what])


@pytest.mark.promise("BND-3")
@pytest.mark.parametrize("what", ["the search path", "a process, by a name", "any module"])
def test_it_is_found_behind_a_third_file(what: str, tmp_path: Path) -> None:
    first, second = USED[what]
    name = second.split()[3].partition("(")[0]
    plant(tmp_path, c=first, a=f"from p.c import {name} as {name}\n", b=second)
    assert "b.py" in found_in(tmp_path)


@pytest.mark.promise("BND-2")
def test_a_module_that_only_asks_for_the_search_path_taints_nobody(tmp_path: Path) -> None:
    giver = "import sys\n\n\ndef known():\n    return len(sys.path)\n"
    assert not found(tmp_path, giver, "from p.a import known\nitems = []\nitems.append(known())\n")


def found(folder: Path, giver: str, user: str) -> set[str]:
    """The names of the files with findings in a package of two modules."""
    plant(folder, a=giver, b=user)
    return found_in(folder)


def plant(folder: Path, **sources: str) -> None:
    """Write the package ``p``."""
    (folder / "p").mkdir()
    for name, text in {"__init__": "", **sources}.items():
        (folder / "p" / f"{name}.py").write_text(text, encoding="utf-8")


def found_in(folder: Path) -> set[str]:
    """The names of the files with findings."""
    return {Path(finding.path).name for finding in scan([folder], [], Settings(folder)).findings}
