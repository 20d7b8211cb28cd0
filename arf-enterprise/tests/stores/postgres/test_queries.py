# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""Named queries: described, named once, and nowhere else."""

from __future__ import annotations

import pytest

from arf_enterprise.stores.postgres.queries import parse, queries


def test_every_query_is_described_and_named_once() -> None:
    assert len(queries()) > 10
    assert all(query.description for query in queries().values())


@pytest.mark.parametrize("text", ["-- a --\nSELECT 1", "-- a --\n-- says what\n"])
def test_a_query_without_description_or_statement_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no description, or no statement"):
        list(parse(text))
