# SPDX-License-Identifier: Apache-2.0
"""The report on a signed statement (``verify.signatures`` has the form and the rules).

The signature is over any kind; of a list of revoked licences, the payload is read, too (``verify.revocations``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from arf_core.errors import BadPlace, BrokenError, VerificationError
from arf_core.models.frozen import shown
from arf_core.verify.entry_names import MANIFEST
from arf_core.verify.fields import object_of
from arf_core.verify.report import Report
from arf_core.verify.revocations import KIND as REVOCATIONS
from arf_core.verify.revocations import revoked_in
from arf_core.verify.signatures import Signers, Statement, check_signatures, read_statement
from arf_core.verify.steps import Steps
from arf_core.verify.trust import TrustedKeys


def verify_statement(data: bytes, *, name: str, trusted: TrustedKeys | None) -> Report:
    """The report on the statement in ``data``; without trusted keys it does not verify."""
    steps = Steps()
    try:
        with steps.step("the statement has its form"):
            statement = read_statement(data)
        with steps.step("it is signed by a trusted key"):
            signers = check_trusted(statement, trusted)
        facts = _facts(statement, steps)
    except BrokenError as error:
        return steps.failed("statement", name, error.place)
    return Report(
        kind="statement",
        name=name,
        checks=tuple(steps.checks),
        count=1,
        proven=(*proven_by(statement, signers), *facts),
        not_proven=(*not_proven_by(signers), "that what it says is true, or still holds"),
    )


def _facts(statement: Statement, steps: Steps) -> tuple[str, ...]:
    """What the payload says, of the kinds whose payload is read."""
    if statement.kind != REVOCATIONS:
        return ()
    with steps.step("its payload has the form of its kind"):
        number, ids = revoked_in(statement)
    return (f"it is list {number} of revoked licences, and names {len(ids)}",)


def check_trusted(statement: Statement, trusted: TrustedKeys | None) -> Signers:
    """Whose signatures hold.

    Raises:
        VerificationError: as ``signatures.check_signatures``, or no keys were given to hold the signatures against.
    """
    if not statement.signatures or trusted is None:
        by = statement.signatures[0].key_id if statement.signatures else None
        what = "it is not signed" if by is None else f"it says it is signed by {by}, and no key is trusted"
        raise VerificationError(f"{what}: name the keys you trust with --trust; none is ever taken from the artifact")
    return check_signatures(statement, trusted)


def check_repeats(statement: Statement, manifest: Mapping[str, object], fields: Sequence[str], *, where: str) -> None:
    """Nothing, if the payload of ``statement``, which stands at ``where``, is these fields of ``manifest``.

    Raises:
        FormatError: it has other fields.
        BrokenError: a field of it is another one than the manifest's.
    """
    payload = object_of(statement.payload, what=f"the payload of {where}", keys=fields)
    for field in fields:
        if payload[field] != manifest[field]:
            what = f"it signs another pack: {field} differs from {MANIFEST}"
            stated, computed = shown(payload[field]), shown(manifest[field])
            raise BrokenError(BadPlace(where=where, what=what, stated=stated, computed=computed))


def proven_by(statement: Statement, signers: Signers) -> tuple[str, ...]:
    """What trusted signatures prove."""
    tenant = "" if statement.tenant is None else f", for the tenant {statement.tenant!r}"
    return (f"it is {statement.kind}{tenant}, as signed by {', '.join(signers.trusted)}: nothing in it was altered",)


def not_proven_by(signers: Signers) -> tuple[str, ...]:
    """What signatures do not prove."""
    unknown = tuple(f"anything by the signature of {key_id}: it is not a key you trust" for key_id in signers.unknown)
    return (*unknown, "when it was signed: its time is what the signer says")
