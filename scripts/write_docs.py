# SPDX-License-Identifier: Apache-2.0
"""Makes the generated parts of the documentation: see scripts/docs."""

from __future__ import annotations

import contextlib
import io
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from arf_core.cli.main import run
from arf_core.errors import ArfError, every_error
from arf_enterprise.errors import EnterpriseError
from arf_enterprise.errors import every_error as every_enterprise_error
from arf_mcp_client.errors import McpClientError
from arf_mcp_client.errors import every_error as every_mcp_error

ROOT: Final = Path(__file__).resolve().parent.parent
_DEMO = re.compile(r"(<!-- demo output[^\n]*-->\n```text\n).*?(```)", re.DOTALL)


Coded = type[ArfError] | type[McpClientError] | type[EnterpriseError]


def main() -> None:
    """Write both files."""
    (ROOT / "docs/errors.md").write_text(errors(), encoding="utf-8")
    readme = ROOT / "README.md"
    readme.write_text(with_demo(readme.read_text(encoding="utf-8")), encoding="utf-8")


def errors() -> str:
    """The table of error codes."""
    head = (
        "# Error codes\n\nMade by `scripts/docs` from the code; do not edit. "
        "`arf explain CODE` says the same of the open edition's.\n"
    )
    parts: dict[str, Sequence[Coded]] = {
        "arf-core": every_error(),
        "arf-mcp-client": every_mcp_error(),
        "arf-enterprise": every_enterprise_error(),
    }
    return head + "".join(_table(name, errors) for name, errors in parts.items())


def _table(name: str, errors: Sequence[Coded]) -> str:
    rows = (
        f"| {error.code} | `{error.__name__}` | {error.exit_code} | {error.cause} | {error.remedy} |\n"
        for error in errors
    )
    head = f"\n## {name}\n\n| code | name | exit | cause | what to do |\n|---|---|---|---|---|\n"
    return head + "".join(rows)


def with_demo(readme: str) -> str:
    """The README with the present output of ``arf demo`` in it, shortened."""
    changed, count = _DEMO.subn(lambda found: found[1] + shortened(demo()) + found[2], readme)
    assert count == 1, "README.md has no place for the demo's output"
    return changed


def demo() -> str:
    """What ``arf demo`` prints."""
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        assert run(["demo"]) == 0
    return printed.getvalue()


def shortened(output: str) -> str:
    """The first incident and the last part; other parts are left out, and long lines are cut."""
    lines = output.splitlines()
    second = next(place for place, line in enumerate(lines) if line.startswith("tvdiag/"))
    last = next(place for place, line in enumerate(lines) if line.startswith("4  "))
    kept = [*lines[: second - 1], "…", *lines[last:-2]]
    return "".join(f"{line[:117]}…\n" if len(line) > 118 else f"{line}\n" for line in kept)


if __name__ == "__main__":
    main()
