# SPDX-License-Identifier: Apache-2.0
"""``arf-mcp submit INTENT`` and ``arf-mcp outbox list|send``: handing sealed intents to an Enterprise server.

The token comes from a file or from the environment, never from the command line, which other processes can read.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from arf_core.cli.files import read_input
from arf_core.cli.output import SUCCESS, Answer, JsonOption, QuietOption, emit, printable

if TYPE_CHECKING:
    from arf_core.models.healing_intent import HealingIntent
    from arf_mcp_client.handoff.credentials import Credentials
    from arf_mcp_client.handoff.delivery import Delivery, Submit
    from arf_mcp_client.handoff.receipt import HandOffReceipt
    from arf_mcp_client.outbox.file import Outbox
    from arf_mcp_client.outbox.ledger import Entry

STILL_WAITING: Final = 1
REFUSED: Final = 3
APPROVAL_REQUIRED: Final = 4

ServerOption = Annotated[str, typer.Option("--server", help="The Enterprise server, such as https://arf.example.")]
CredentialsOption = Annotated[
    Path | None, typer.Option("--credentials-file", help="The file with the token, instead of ARF_ENTERPRISE_TOKEN.")
]
AuthoritiesOption = Annotated[Path | None, typer.Option("--ca-file", help="Authorities to trust (PEM).")]
HttpOption = Annotated[bool, typer.Option("--allow-http", help="Send the token unencrypted, on purpose.")]
SecondsOption = Annotated[float, typer.Option("--timeout", min=0.1, help="How long to try each intent, in seconds.")]
OutboxArgument = Annotated[Path, typer.Argument(metavar="OUTBOX", help="The outbox file.")]
OutboxOption = Annotated[Path | None, typer.Option("--outbox", help="Keep the intent there until it is answered for.")]

outbox_app = typer.Typer(help="The intents that wait for an Enterprise server.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add the commands to ``app``."""
    app.command(epilog="Example: arf-mcp submit intent.json --server https://arf.example --outbox outbox.jsonl")(submit)
    app.add_typer(outbox_app, name="outbox", epilog="Example: arf-mcp outbox list outbox.jsonl")


def submit(
    intent: Annotated[str, typer.Argument(metavar="INTENT|-", help="A sealed intent (JSON).")],
    *,
    server: ServerOption,
    credentials_file: CredentialsOption = None,
    outbox: OutboxOption = None,
    ca_file: AuthoritiesOption = None,
    timeout: SecondsOption = 60.0,
    allow_http: HttpOption = False,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Hand a sealed intent to an Enterprise server. Exit 3 if it refuses, 4 if people must approve first."""
    import anyio

    from arf_core.models.healing_intent import HealingIntent
    from arf_mcp_client.handoff.delivery import deliver
    from arf_mcp_client.outbox.file import Outbox

    sealed = HealingIntent.from_json(read_input(intent))
    kept = None if outbox is None else Outbox(outbox)
    if kept is not None:
        kept.add(sealed)  # before anything can go wrong with the server or the credentials
    hand_over = _submitting(server, credentials_file, ca_file, timeout, allow_http=allow_http)
    receipt = anyio.run(hand_over, sealed) if kept is None else anyio.run(deliver, kept, hand_over, sealed)
    emit(_receipt_answer(receipt), as_json=json, quiet=quiet)


@outbox_app.command("list", epilog="Example: arf-mcp outbox list outbox.jsonl")
def list_outbox(outbox: OutboxArgument, *, json: JsonOption = False, quiet: QuietOption = False) -> None:
    """List the intents of an outbox: which wait, which were taken, which were refused and why."""
    from arf_core.plain import plain
    from arf_mcp_client.outbox.file import Outbox

    entries = _existing(Outbox(outbox)).entries()
    documents = [
        {
            "intent_id": entry.intent.intent_id,
            "digest": entry.intent.digest,
            "action": entry.intent.action.value,
            "component": entry.intent.component,
            "added_at": plain(entry.added_at),
            "state": entry.state.value,
            "answer": plain(entry.answer),
        }
        for entry in entries
    ]
    lines = tuple(_entry_line(entry) for entry in entries) or ("the outbox is empty",)
    emit(Answer(data={"outbox": str(outbox), "intents": documents}, lines=lines), as_json=json, quiet=quiet)


@outbox_app.command("send", epilog="Example: arf-mcp outbox send outbox.jsonl --server https://arf.example")
def send_outbox(
    outbox: OutboxArgument,
    *,
    server: ServerOption,
    credentials_file: CredentialsOption = None,
    ca_file: AuthoritiesOption = None,
    timeout: SecondsOption = 60.0,
    allow_http: HttpOption = False,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Hand over every intent that waits. Exit 1 if any still waits, 3 if the server refused any."""
    import anyio

    from arf_mcp_client.handoff.delivery import send_all
    from arf_mcp_client.outbox.file import Outbox

    kept = _existing(Outbox(outbox))
    hand_over = _submitting(server, credentials_file, ca_file, timeout, allow_http=allow_http)
    deliveries = anyio.run(send_all, kept, hand_over)
    emit(_sent_answer(deliveries, len(kept.pending())), as_json=json, quiet=quiet)


def _submitting(
    server: str, credentials_file: Path | None, ca_file: Path | None, timeout: float, *, allow_http: bool
) -> Submit:
    from arf_mcp_client.handoff.patience import Patience
    from arf_mcp_client.handoff.submit import submit_intent

    credentials, patience = _credentials(credentials_file), Patience(total_s=timeout)

    async def hand_over(intent: HealingIntent) -> HandOffReceipt:
        return await submit_intent(
            server, intent, credentials, allow_http=allow_http, ca_file=ca_file, patience=patience
        )

    return hand_over


def _credentials(file: Path | None) -> Credentials:
    from arf_mcp_client.handoff.credentials import Credentials

    return Credentials.from_environment(os.environ) if file is None else Credentials.from_file(file)


def _existing(outbox: Outbox) -> Outbox:
    from arf_mcp_client.errors import OutboxError

    if not outbox.file.exists():
        raise OutboxError(f"there is no outbox {outbox.file}: `arf-mcp submit INTENT --outbox {outbox.file}` makes one")
    return outbox


def _receipt_answer(receipt: HandOffReceipt) -> Answer:
    from arf_mcp_client.handoff.delivery import receipt_document
    from arf_mcp_client.handoff.receipt import PENDING

    code = APPROVAL_REQUIRED if receipt.status == PENDING else SUCCESS
    return Answer(data=receipt_document(receipt), lines=tuple(_receipt_lines(receipt)), exit_code=code)


def _receipt_lines(receipt: HandOffReceipt) -> Iterator[str]:
    yield f"{receipt.intent_id}: {receipt.status}{', executed' if receipt.executed else ', not executed'}"
    for name in ("approval_id", "audit_trail_id", "execution_id"):
        if (value := getattr(receipt, name)) is not None:
            yield f"  {name}: {printable(value)}"


def _entry_line(entry: Entry) -> str:
    intent = entry.intent
    said = {"sent": entry.answer.get("status"), "refused": entry.answer.get("reason")}.get(entry.state.value)
    detail = f"  {printable(str(said))}" if said else ""
    return f"{entry.state:8} {intent.intent_id} {intent.action} {printable(intent.component)}{detail}"


def _sent_answer(deliveries: tuple[Delivery, ...], waiting: int) -> Answer:
    from arf_mcp_client.handoff.delivery import receipt_document

    refused = any(delivery.state.value == "refused" for delivery in deliveries)
    documents = [
        {
            "intent_id": delivery.intent.intent_id,
            "state": delivery.state.value,
            "receipt": None if delivery.receipt is None else receipt_document(delivery.receipt),
            "error": None if delivery.error is None else {"code": delivery.error.code, "message": str(delivery.error)},
        }
        for delivery in deliveries
    ]
    return Answer(
        data={"tried": documents, "waiting": waiting},
        lines=(*map(_delivery_line, deliveries), f"{waiting} still waiting"),
        exit_code=STILL_WAITING if waiting else REFUSED if refused else SUCCESS,
    )


def _delivery_line(delivery: Delivery) -> str:
    said = delivery.receipt.status if delivery.receipt is not None else str(delivery.error)
    return f"{delivery.state:8} {delivery.intent.intent_id}  {printable(said)}"
