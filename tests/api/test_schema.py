# SPDX-License-Identifier: Apache-2.0
"""schemathesis against a real server: what the OpenAPI document says is so, for good and bad requests alike."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from lib.servers.processes import api

# 422 is an honest answer to JSON of the right shape whose records cannot be read, such as alerts without labels.
CONFIG = """\
[checks.positive_data_acceptance]
expected-statuses = ["2xx", "422", "400", "404"]
"""


@pytest.mark.promise("API-1")
@pytest.mark.parametrize("token", ["", "0123456789abcdef-token"])
def test_schemathesis_finds_nothing(tmp_path: Path, token: str) -> None:
    (tmp_path / "schemathesis.toml").write_text(CONFIG, encoding="utf-8")
    with api(tmp_path, "--rate", "100000", "--client-rate", "100000", environment={"ARF_API_TOKEN": token}) as served:
        headers = ["-H", f"Authorization: Bearer {token}"] if token else []
        done = subprocess.run(
            [
                str(Path(sys.executable).with_name("schemathesis")),
                "--config-file",
                str(tmp_path / "schemathesis.toml"),
                "run",
                f"{served.url}/openapi.json",
                "--max-examples=30",
                "--seed=7",
                "--generation-database=none",
                "--no-color",
                "--suppress-health-check=all",
                *headers,
            ],
            capture_output=True,
            text=True,
            check=False,
            timeout=900,
            cwd=tmp_path,
        )
        assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
        assert "14" in done.stdout or "Operations" in done.stdout
        assert served.stop() == 0
        assert "Traceback" not in served.log.read_text()
