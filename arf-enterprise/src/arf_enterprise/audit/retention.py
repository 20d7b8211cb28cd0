# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""Erasing personal data, keeping it as long as is due, and holding it for the law.

1. Erasing a person destroys every key of their data, and who their reference stands for, in the transaction that
   records it. The record names the reference alone.
2. A class of retention says for how many days its personal data are kept. :func:`expire` destroys what is older, month
   by month: a month's key goes when its last day is old enough.
3. What is held for the law, a person or a class, is neither erased nor expires until the hold is released. Holds and
   erasures of a tenant come one after the other, so that none slips past.
4. Every one of these acts is an audit record.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, cast

from arf_core.strict_json import parse_json
from arf_enterprise.audit.entry import Actor, Entry, told
from arf_enterprise.audit.log import append
from arf_enterprise.audit.privacy import lookup_of, unseal
from arf_enterprise.audit.reading import records
from arf_enterprise.errors import ConflictError, RequestError
from arf_enterprise.identifiers import new_id
from arf_enterprise.stores.postgres.database import Database, Row, Transaction

Kind = Literal["subject", "class"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Who asks for it, when, and in which request."""

    actor: Actor
    at: datetime
    request_id: str

    def entry(self, action: str, target: str, details: Mapping[str, object]) -> Entry:
        """The record of what was asked for."""
        return Entry(
            actor=self.actor, action=action, target=target, at=self.at, request_id=self.request_id, details=details
        )


def erase(transaction: Transaction, subject: str, *, asked: Asked) -> str:
    """Erase ``subject`` from the log of the transaction's tenant (rule 1); the reference that remains.

    Raises:
        RequestError: nothing is known of the subject.
        ConflictError: it is held, or a class that it has data of.
    """
    transaction.one("lock_privacy", tenant=transaction.tenant)  # rule 3
    ref = reference_of(transaction, subject)
    place = {"tenant": transaction.tenant, "ref": ref}
    classes = {str(row["class"]) for row in transaction.all("audit_subject_keys", **place)}
    _refuse_held(transaction, {("subject", ref), *(("class", name) for name in classes)})
    keys = transaction.run("erase_audit_subject_keys", **place)
    transaction.run("erase_audit_subject", **place)
    transaction.remembered.clear()
    append(transaction, asked.entry("privacy.erased", ref, {"keys": keys}))  # rule 4
    return ref


def expire(transaction: Transaction, *, asked: Asked) -> dict[str, int]:
    """Destroy the keys of every class that are older than it is kept (rule 2): how many of each class."""
    transaction.one("lock_privacy", tenant=transaction.tenant)
    held = {str(row["target"]) for row in holds(transaction) if row["kind"] == "class"}
    done: dict[str, int] = {}
    for row in classes(transaction):
        name, before = str(row["class"]), asked.at - timedelta(days=int(row["keep_days"]))
        if name in held:  # rule 3
            continue
        done[name] = transaction.run(
            "expire_audit_subject_keys", tenant=transaction.tenant, before=before, **{"class": name}
        )
    gone = {name: keys for name, keys in done.items() if keys}
    if gone:
        transaction.remembered.clear()
        append(transaction, asked.entry("privacy.expired", "personal_data", {"keys": gone}))
    return gone


def hold(transaction: Transaction, kind: Kind, target: str, *, reason: str, asked: Asked) -> str:
    """Hold a subject (by name) or a class for the law (rule 3); the id of the hold.

    Raises:
        RequestError: nothing is known of the subject.
    """
    transaction.one("lock_privacy", tenant=transaction.tenant)
    held = reference_of(transaction, target) if kind == "subject" else target
    hold_id = new_id("hold", asked.at)
    transaction.run(
        "place_privacy_hold", tenant=transaction.tenant, hold_id=hold_id, kind=kind, target=held,
        reason=told(reason), now=asked.at,
    )  # fmt: skip
    append(transaction, asked.entry("privacy.held", held, {"hold_id": hold_id, "kind": kind, "reason": told(reason)}))
    return hold_id


def release(transaction: Transaction, hold_id: str, *, asked: Asked) -> None:
    """End a hold.

    Raises:
        RequestError: there is no such hold in force.
    """
    transaction.one("lock_privacy", tenant=transaction.tenant)
    found = next((row for row in holds(transaction) if row["hold_id"] == hold_id), None)
    if found is None:
        raise RequestError(f"there is no hold {hold_id[:80]!r} in force: `arf-enterprise privacy hold list`")
    transaction.run("release_privacy_hold", tenant=transaction.tenant, hold_id=hold_id, now=asked.at)
    append(transaction, asked.entry("privacy.released", str(found["target"]), {"hold_id": hold_id}))


def keep(transaction: Transaction, name: str, days: int, *, asked: Asked) -> None:
    """From now on keep personal data of the class ``name`` for ``days``."""
    transaction.run("set_privacy_class", tenant=transaction.tenant, keep_days=days, now=asked.at, **{"class": name})
    append(transaction, asked.entry("privacy.class_set", f"class/{name}", {"keep_days": days}))


def holds(transaction: Transaction) -> list[Row]:
    """The holds in force: ``hold_id``, ``kind``, ``target``, ``reason``, ``placed_at``."""
    return list(transaction.all("privacy_holds", tenant=transaction.tenant))


def classes(transaction: Transaction) -> list[Row]:
    """The classes that were set: ``class``, ``keep_days``, ``said_at``."""
    return list(transaction.all("privacy_classes", tenant=transaction.tenant))


def reference_of(transaction: Transaction, subject: str) -> str:
    """The reference that stands for ``subject`` in records.

    Raises:
        RequestError: nothing is known of it: it never did anything, or was erased.
    """
    row = transaction.maybe(
        "audit_subject_by_lookup", tenant=transaction.tenant, lookup=lookup_of(transaction, subject)
    )
    if row is None:
        raise RequestError("the audit log knows nothing of this subject: it never did anything, or was erased")
    return str(row["ref"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Own:
    """A record that a person made: its number, and their personal data in it, None where the key is gone."""

    sequence: int
    action: str
    at: str
    personal: Mapping[str, object] | None


def data_of(database: Database, tenant: str, subject: str) -> tuple[str, list[Own]]:
    """The reference of ``subject``, and everything the log has of them: for an answer to their own question.

    Raises:
        RequestError: nothing is known of the subject.
    """
    with database.transaction(tenant) as transaction:
        ref = reference_of(transaction, subject)
        rows = transaction.all("audit_subject_keys", tenant=tenant, ref=ref)
        keys = [bytes(row["key"]) for row in rows]
        found = transaction.all("audit_sequences_of_subject", tenant=tenant, ref=ref)
    return ref, [_own(database, tenant, int(row["sequence"]), keys) for row in found]


def _own(database: Database, tenant: str, sequence: int, keys: list[bytes]) -> Own:
    (record,) = records(database, tenant, first=sequence, last=sequence + 1)
    value = cast("Mapping[str, object]", parse_json(record.text, what=f"record {sequence}"))
    sealed, entry_id = value["sealed"], str(value["entry_id"])
    opened = None if sealed is None else _opened(keys, str(sealed), entry_id)
    return Own(sequence=sequence, action=str(value["action"]), at=str(value["at"]), personal=opened)


def _opened(keys: list[bytes], sealed: str, entry_id: str) -> Mapping[str, object] | None:
    for key in keys:
        try:
            return cast("Mapping[str, object]", parse_json(unseal(key, sealed, entry_id=entry_id)))
        except ValueError:
            continue
    return None


def _refuse_held(transaction: Transaction, wanted: set[tuple[str, str]]) -> None:
    for row in holds(transaction):
        if (row["kind"], row["target"]) in wanted:
            raise ConflictError(
                f"{row['kind']} {row['target']} is held for the law ({row['hold_id']}, {row['reason']}): "
                f"release it first with `arf-enterprise privacy hold release {row['hold_id']}`"
            )
