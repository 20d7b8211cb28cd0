# SPDX-License-Identifier: Apache-2.0
"""``arf benchmark``: quality on fault data beside its baselines."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from arf_core.cli.output import Answer, JsonOption, QuietOption, emit


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command(epilog="Example: arf benchmark ../shared/data recall actions")(benchmark)


def benchmark(
    data: Annotated[Path, typer.Argument(help="The folder with the fault data sets.")],
    questions: Annotated[list[str] | None, typer.Argument(help="Which benchmarks; all if none is named.")] = None,
    *,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Measure detection, localisation, recall and choice of action on fault data. An empty table is a failure."""
    from arf_core.benchmark.suite import markdown, run
    from arf_core.plain import plain

    rows = run(data, questions or ())
    emit(Answer(data=plain(rows), lines=(markdown(rows).rstrip(),)), as_json=json, quiet=quiet)
