# SPDX-License-Identifier: Apache-2.0
"""The public names: all can be had, importing the package loads nothing heavy, and errors are documented."""

from __future__ import annotations

import subprocess
import sys

import pytest

import arf_mcp_client
from arf_mcp_client import errors


@pytest.mark.promise("SDK-1")
def test_every_public_name_can_be_had() -> None:
    for name in arf_mcp_client.__all__:
        assert getattr(arf_mcp_client, name) is not None
    with pytest.raises(AttributeError, match="no_such_name"):
        _ = arf_mcp_client.no_such_name


@pytest.mark.promise("SDK-1")
@pytest.mark.parametrize("use", ["", "arf_mcp_client.OSSMCPClient().get_capabilities()"])
def test_importing_and_first_use_load_nothing_heavy(use: str) -> None:
    code = (
        f"import sys, arf_mcp_client; {use}\n"
        "print([name for name in ('mcp', 'httpx', 'httpx2', 'numpy', 'faiss', 'cel', 'fastapi', 'uvicorn', 'pydantic')"
        " if name in sys.modules])"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"


def test_every_error_has_a_code_of_its_own_a_cause_and_a_remedy() -> None:
    kinds = [errors.McpClientError]
    for kind in kinds:
        kinds.extend(kind.__subclasses__())
    assert len({kind.code for kind in kinds}) == len(kinds)
    for kind in kinds:
        assert kind.cause
        assert kind.remedy
        drawn = [line for line in (errors.__doc__ or "").splitlines() if kind.__name__ in line.split()]
        assert [line.endswith(f"exit {kind.exit_code}") for line in drawn] == [True]


def test_the_package_is_typed() -> None:
    from importlib.resources import files

    assert files("arf_mcp_client").joinpath("py.typed").is_file()
