# SPDX-License-Identifier: Apache-2.0
"""The API server under the hook: it listens on loopback, is visited by another process, and stops when told."""

from __future__ import annotations

import json
import os
import runpy
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

PORT_FILE: Final = "port"
"""Holds the server's process and port when it is about to listen: ``PID PORT``."""
RESULT_FILE: Final = "visited.json"
"""What the visitor found wrong."""


def drive(inputs: Path, outputs: Path) -> Iterator[str]:
    """Serve until the visitor says stop; what went wrong comes back. Then call what only worker threads called."""
    yield from _served(inputs, outputs)
    _beside(outputs)
    _with_a_torn_journal(outputs)
    _service()


def _served(inputs: Path, outputs: Path) -> Iterator[str]:
    from arf_core.api.command import run

    port = _free_port(outputs)
    options = f"--port {port} --max-body 65536 --journal {outputs / 'journal'} --topology {inputs / 'calls.json'}"
    (outputs / PORT_FILE).write_text(f"{os.getpid()} {port}\n", encoding="ascii")
    if (code := run(options.split())) != 0:
        yield f"python -m arf_core.api ended with {code}, not 0"
    yield from json.loads((outputs / RESULT_FILE).read_text(encoding="utf-8"))
    for line, expected in (("--help", 0), ("--nonsense", 6), ("--host 0.0.0.0", 6), (f"--journal {outputs}", 6)):
        if (code := run(line.split())) != expected:
            yield f"python -m arf_core.api {line} ended with {code}, not {expected}"
    if (code := _as_module()) != 0:
        yield f"python -m arf_core.api --help ended with {code}, not 0"


def _free_port(outputs: Path) -> int:
    """A port from the process's own number: asking the system for one would be a socket of the proof's own."""
    return 20_000 + (os.getpid() * 7 + len(str(outputs))) % 30_000


def _beside(outputs: Path) -> None:
    """The parts that the server calls in threads of its own, where the profiler of older Pythons does not look."""
    from arf_core.advisor import Advisor
    from arf_core.api import documents
    from arf_core.api.body import unpack
    from arf_core.api.failures import failure
    from arf_core.api.measures import as_csv, as_json, as_text
    from arf_core.api.rates import Rates
    from arf_core.api.server import listener
    from arf_core.api.serving import Serving
    from arf_core.api.settings import ApiSettings, read_token
    from arf_core.service import AdviceService

    (outputs / "token").write_text("0123456789abcdef0123456789abcdef\n", encoding="ascii")
    settings = ApiSettings(host="0.0.0.0", token=read_token(outputs / "token", {}))  # noqa: S104 - not listened on
    serving = Serving(settings=settings, service=AdviceService(Advisor()))
    samples = serving.samples()
    assert as_text(samples)
    assert as_json(samples)
    assert as_csv(samples)
    assert unpack(b"{}", limit=10, packed=False) == b"{}"
    assert failure(ValueError(), request_id="r", path="/v1/otlp/v1/metrics", content_type="application/x-protobuf").body
    assert Rates(whole=1, client=1, burst=1).wait("a", now=0.0) == 0.0
    assert documents.incidents(serving.service.incidents())
    assert not settings.is_local
    stopping = listener(serving)
    # The signal may have come while the profiler was at work, which then does not see what it started.
    stopping.handle_exit(15, None)
    assert stopping.should_exit


def _with_a_torn_journal(outputs: Path) -> None:
    """A journal that is resumed, compacted, torn and altered."""
    from arf_core.advisor import Advisor
    from arf_core.api import documents
    from arf_core.api.journal import Journal
    from arf_core.errors import FormatError
    from arf_core.ingest.batch import Batch
    from arf_core.service import AdviceService
    from arf_core.testing import MOMENT, made_event

    path = outputs / "own.journal"
    service = AdviceService(Advisor())
    journal = Journal(path, known=service.incident_ids)
    service.keeper = journal
    documents.accepted(service.take(Batch(events=(made_event(),)), now=MOMENT))
    known = service.incidents()[0]
    documents.as_bytes([documents.incident(known), documents.intents(known.intents)])
    journal.compact()
    assert journal.size
    journal.close()
    path.write_bytes(path.read_bytes() + b"torn")
    again = Journal(path)
    assert again.torn
    assert AdviceService(Advisor()).resume(again.steps()) == 1
    again.close()
    path.write_bytes(path.read_bytes().replace(b"2026", b"2027") + b"x y\n")
    with suppress(FormatError):
        Journal(path)


def _service() -> None:
    """What the server does not ask of the service."""
    from arf_core.advisor import Advisor
    from arf_core.errors import NotFoundError
    from arf_core.ingest.batch import Batch
    from arf_core.service import AdviceService
    from arf_core.service.delivery import Delivered, Keeper, KeepsNothing
    from arf_core.testing import MOMENT, made_event

    service = AdviceService(Advisor(), edges=(("front", "cart"),))
    assert isinstance(service.keeper, KeepsNothing)
    service.analyze(Batch(events=(made_event(),)))
    service.take(Batch(events=(made_event(),)), now=MOMENT)
    known = service.incidents()[0]
    assert service.incident(known.group.incident_id) == known
    assert service.intent(known.intents[0].intent_id) == known.intents[0]
    assert service.size().open == 1
    assert service.recent_intents(1)
    with suppress(NotFoundError):
        service.intent("none")
    Keeper.add(service.keeper, Delivered(at=MOMENT, events=(), homes=()))
    Keeper.commit(service.keeper)


def _as_module() -> int:
    before, sys.argv = sys.argv, ["arf_core.api", "--help"]
    try:
        runpy.run_module("arf_core.api", run_name="__main__", alter_sys=True)
    except SystemExit as ended:
        return int(ended.code or 0)
    finally:
        sys.argv = before
    return -1
