# SPDX-License-Identifier: Apache-2.0
"""Reads the payload of a list of revoked licences: a statement of the kind ``arf.licence-revocations/1``.

The form is docs/contracts/licence/1, "Revocations"; the signature is for ``verify.signatures``.
"""

from __future__ import annotations

from typing import Final

from arf_core.errors import FormatError
from arf_core.models.frozen import shown
from arf_core.verify.fields import list_of, object_of, size_of, text_of, time_of
from arf_core.verify.signatures import Statement

KIND: Final = "arf.licence-revocations/1"
PRODUCT: Final = "arf-enterprise"
MOST: Final = 100_000


def revoked_in(statement: Statement) -> tuple[int, tuple[str, ...]]:
    """The number of the list, and the ids on it.

    Raises:
        FormatError: it is for a tenant or another product, or not in the form.
    """
    what = "the list of revocations"
    given = object_of(statement.payload, what=what, keys=("product", "number", "revoked"))
    if given["product"] != PRODUCT or statement.tenant is not None:
        raise FormatError(f"{what} is of the product {shown(given['product'])}, or for a tenant")
    ids = tuple(_id(item, n) for n, item in enumerate(list_of(given["revoked"], what=what, most=MOST)))
    if list(ids) != sorted(set(ids)):
        raise FormatError(f"{what} names a licence twice, or not in the order of their ids")
    return size_of(given["number"], what=f"the number of {what}"), ids


def _id(item: object, number: int) -> str:
    what = f"revoked[{number}]"
    given = object_of(item, what=what, keys=("licence_id", "revoked_at", "reason"))
    time_of(given["revoked_at"], what=f"the revoked_at of {what}")
    text_of(given["reason"], what=f"the reason of {what}")
    return text_of(given["licence_id"], what=f"the licence_id of {what}", most=200)
