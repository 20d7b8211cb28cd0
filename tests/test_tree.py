# SPDX-License-Identifier: Apache-2.0
"""What may stand in the repository, and what may not."""

from __future__ import annotations

import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
MEMBERS = sorted(path.parent for path in ROOT.glob("arf-*/pyproject.toml"))


def tracked() -> list[Path]:
    """The files git tracks, or would: ignored ones are left out."""
    if shutil.which("git") is None or not (ROOT / ".git").exists():
        pytest.skip("not a git checkout")
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"], cwd=ROOT, capture_output=True, check=True
    )
    return [ROOT / name for name in listed.stdout.decode().splitlines() if (ROOT / name).is_file()]


def test_no_lock_file_registry_address_or_machine_path_is_tracked() -> None:
    files = tracked()
    assert len(files) > 50, "the list of files is empty: nothing was checked"
    forbidden = re.compile(
        rb"/work/(?:main|steering|\.library)|/ro"
        rb"ot/|(?:pypi|registry|proxy)\.[a-z.]*(?:org|io)/(?:simple|-/)"
        rb"|files\.python"
        rb"hosted"
    )
    assert [str(file) for file in files if file.name in {"uv.lock", "package-lock.json"}] == []
    assert [str(file) for file in files if forbidden.search(file.read_bytes())] == []


def licence_of(member: Path) -> str:
    """The file of the licence that a distribution is under."""
    return "LICENSE-ENTERPRISE" if member.name == "arf-enterprise" else "LICENSE"


def test_every_distribution_carries_a_real_copy_of_its_licence() -> None:
    assert {member.name for member in MEMBERS} == {"arf-core", "arf-enterprise", "arf-mcp-client"}
    for member in MEMBERS:
        copy = member / "LICENSE"
        assert not copy.is_symlink()
        assert copy.read_bytes() == (ROOT / licence_of(member)).read_bytes()
        assert sorted(path.name for path in member.glob("LICENSE*")) == [copy.name]


def test_the_three_distributions_have_one_version_and_name_it_in_their_code() -> None:
    versions = {
        member.name: tomllib.loads((member / "pyproject.toml").read_text())["project"]["version"] for member in MEMBERS
    }
    assert len(set(versions.values())) == 1, versions
    (version,) = set(versions.values())
    for member in MEMBERS:
        code = (member / "src" / member.name.replace("-", "_") / "version.py").read_text(encoding="utf-8")
        assert f'__version__ = "{version}"' in code, member.name
        needs = tomllib.loads((member / "pyproject.toml").read_text())["project"]["dependencies"]
        assert [need for need in needs if need.startswith("arf-")] == (
            [] if member.name == "arf-core" else [f"arf-core=={version}"]
        )


def test_every_python_file_names_its_licence_in_its_first_line() -> None:
    for member in MEMBERS:
        name = "LicenseRef-ARF-Enterprise" if member.name == "arf-enterprise" else "Apache-2.0"
        files = sorted(member.glob("src/**/*.py"))
        assert files
        wrong = [str(file) for file in files if not file.read_text().startswith(f"# SPDX-License-Identifier: {name}\n")]
        assert wrong == []
