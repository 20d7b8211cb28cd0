# SPDX-License-Identifier: Apache-2.0
"""The error tree: every error has a code of its own, an exit code of the documented list, and says what to do."""

from __future__ import annotations

import pytest

from arf_core import errors
from arf_core.errors import ArfError, every_error

EXIT_CODES = {1: "internal", 2: "verification failed", 3: "refused", 5: "regression", 6: "bad input", 7: "dependency"}


@pytest.mark.promise("CLI-2")
def test_every_error_has_a_code_of_its_own_a_cause_and_a_remedy() -> None:
    tree = every_error()
    assert len(tree) >= 10
    assert len({error.code for error in tree}) == len(tree)
    for error in tree:
        assert error.exit_code in EXIT_CODES
        assert error.cause.endswith(".")
        assert error.remedy.endswith(".")


def test_every_error_of_the_module_is_in_the_tree_and_in_its_drawing() -> None:
    defined = {value for value in vars(errors).values() if isinstance(value, type) and issubclass(value, Exception)}
    assert defined == set(every_error())
    for error in defined:
        assert error.__name__ in (errors.__doc__ or "")


def test_a_child_keeps_the_exit_code_of_its_parent() -> None:
    for error in every_error():
        if error.__bases__[0] is not ArfError and error is not ArfError:
            assert error.exit_code == error.__bases__[0].exit_code  # type: ignore[attr-defined]
