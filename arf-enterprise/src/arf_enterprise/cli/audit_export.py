# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""``arf-enterprise audit export``: a file that anybody verifies, or the forms that other systems read."""

from __future__ import annotations

import json as json_module
import sys
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TextIO

import typer

from arf_core.cli.output import Answer, JsonOption, QuietOption, emit, say
from arf_enterprise.cli.audit import FromOption, OutputOption, TenantOption, ToOption, asked, brought_up_to_date, moment

if TYPE_CHECKING:
    from arf_enterprise.app import App
    from arf_enterprise.audit.formats import Event
    from arf_enterprise.audit.reading import Span


class Form(StrEnum):
    """What is written."""

    JSONL = "jsonl"
    CSV = "csv"
    OCSF = "ocsf"
    CEF = "cef"
    OTLP = "otlp"


def export_records(
    *,
    form: Annotated[Form, typer.Option("--format", help="jsonl is the one that `arf verify` checks.")] = Form.JSONL,
    start: FromOption = None,
    end: ToOption = None,
    after: Annotated[int | None, typer.Option(min=-1, help="Only records after this number: to go on.")] = None,
    since_checkpoint: Annotated[
        Path | None, typer.Option(help="A checkpoint that was kept: prove that the log continues it.")
    ] = None,
    send_to: Annotated[
        str | None, typer.Option(help="syslog+udp|tcp|tls://HOST:PORT for cef, http://HOST:4318/v1/logs for otlp.")
    ] = None,
    ca: Annotated[Path | None, typer.Option(help="The certificates that a TLS receiver is held against.")] = None,
    output: OutputOption = None,
    tenant: TenantOption = "default",
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Export records. What is sent arrives at least once; after a failure, go on with --after and the number told."""
    from arf_enterprise.audit.log import append

    with brought_up_to_date(tenant) as app:
        span = _span(app, tenant, start, end, after)
        if form is Form.JSONL:
            data = _package(app, tenant, span, output, since_checkpoint)
        elif send_to is not None:
            data = _sent(app, tenant, span, form, send_to, ca)
        else:
            data = _lines(app, tenant, span, form, output)
        with app.database.transaction(tenant) as transaction:
            details = {"format": form.value, "first": span.first, "count": len(span)}
            append(transaction, asked(app, tenant).entry("audit.exported", f"log/{tenant}", details))
    is_printed = form is not Form.JSONL and output is None and send_to is None
    lines = (f"{data['count']} records, {data['first']} to {data['last']}: {data['to']}",)
    emit(Answer(data=data, lines=lines), as_json=json and not is_printed, quiet=quiet or is_printed)


def _span(app: App, tenant: str, start: str | None, end: str | None, after: int | None) -> Span:
    from arf_enterprise.audit.proofs import latest
    from arf_enterprise.audit.reading import Span, span_of
    from arf_enterprise.errors import RequestError

    with app.database.transaction(tenant) as transaction:
        size = latest(transaction).checkpoint.size
    span = Span(first=0, last=size)
    if start is not None or end is not None:
        times = [None if one is None else moment(one) for one in (start, end)]
        span = span_of(app.database, tenant, start=times[0], end=times[1])
    wanted = Span(first=max(span.first, 0 if after is None else after + 1), last=min(span.last, size))
    if wanted.last <= wanted.first:
        raise RequestError("there is no record in this window")
    return wanted


def _package(app: App, tenant: str, span: Span, output: Path | None, since: Path | None) -> dict[str, object]:
    from arf_enterprise.audit.export import export
    from arf_enterprise.audit.proofs import signed
    from arf_enterprise.errors import RequestError

    if output is None:
        raise RequestError("a verifiable export is a file: name it with -o log.arfa")
    earlier = None if since is None else signed(since.read_text(encoding="utf-8"))
    done = export(
        app.database, tenant, output, span=span, since=earlier, progress=_progress(len(span)),
    )  # fmt: skip
    return _data(done.span, ", ".join(map(str, done.files)))


def _sent(app: App, tenant: str, span: Span, form: Form, to: str, ca: Path | None) -> dict[str, object]:
    from arf_enterprise.audit.shipping import ship_cef, ship_otlp
    from arf_enterprise.errors import DeliveryError, RequestError

    if form not in {Form.CEF, Form.OTLP}:
        raise RequestError(f"{form.value} is written to a file: only cef and otlp are sent")
    done = [span.first - 1]
    try:
        if form is Form.CEF:
            ship_cef(_events(app, tenant, span), to, told=done.append, ca=ca)
        else:
            ship_otlp(_events(app, tenant, span), to, tenant=tenant, told=done.append)
    except DeliveryError as error:
        raise DeliveryError(f"{error} (go on with --after {done[-1]})") from error
    return _data(span, to)


def _lines(app: App, tenant: str, span: Span, form: Form, output: Path | None) -> dict[str, object]:
    from arf_enterprise.audit.formats import cef, csv_head, csv_line, ocsf, otlp

    write: dict[Form, Callable[[Event], str]] = {
        Form.CSV: csv_line,
        Form.OCSF: lambda event: json_module.dumps(ocsf(event), ensure_ascii=False) + "\n",
        Form.CEF: lambda event: cef(event) + "\n",
        Form.OTLP: lambda event: otlp([event], tenant=tenant).decode() + "\n",
    }
    progress = _progress(len(span))
    with _opened(output) as opened:
        if form is Form.CSV:
            opened.write(csv_head())
        for event in _events(app, tenant, span):
            opened.write(write[form](event))
            progress(1)
    return _data(span, "standard output" if output is None else str(output))


def _opened(output: Path | None) -> nullcontext[TextIO] | TextIO:
    return nullcontext(sys.stdout) if output is None else output.open("w", encoding="utf-8", newline="")


def _events(app: App, tenant: str, span: Span) -> Iterator[Event]:
    from arf_enterprise.audit.formats import Event
    from arf_enterprise.audit.reading import records

    return (Event.of(record) for record in records(app.database, tenant, first=span.first, last=span.last))


def _data(span: Span, to: str) -> dict[str, object]:
    return {
        "schema": "arf.audit-exported/1", "first": span.first, "last": span.last - 1, "count": len(span), "to": to
    }  # fmt: skip


def _progress(total: int) -> Callable[[int], None]:
    """Tells how far it is on standard error, at each tenth, where that is a terminal and there is much to do."""
    if total < 10_000 or not sys.stderr.isatty():
        return lambda _: None
    done = [0]

    def told(more: int) -> None:
        before, done[0] = done[0], done[0] + more
        if before * 10 // total != done[0] * 10 // total:
            say(f"{done[0]} of {total} records", to_errors=True)

    return told
