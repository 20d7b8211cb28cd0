# SPDX-License-Identifier: Apache-2.0
"""Measures how fast `arf verify` goes through an audit export: records a second of processor time and of wall time.

::

    python scripts/bench_verify.py [--records 60000] [--rounds 5]

The log is made here, with records as servers write them: a third by people (sealed), half with details. Medians;
processor time is what one core does, whatever else the machine is doing.
"""

from __future__ import annotations

import argparse
import base64
import json
import resource
import statistics
import time
from collections.abc import Iterator
from hashlib import sha256

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from arf_core.canonical import canonical_bytes, file_digest
from arf_core.verify.archive_form import write_archive
from arf_core.verify.artifact import verify_bytes
from arf_core.verify.manifest import sealed
from arf_core.verify.merkle import leaf_hash, root_of
from arf_core.verify.trust import TrustedKeys, read_trusted_keys

ORIGIN = "arf/bench/acme"
KEY = Ed25519PrivateKey.from_private_bytes(sha256(b"a key of the benchmark").digest())
RAW = KEY.public_key().public_bytes_raw()
AT = "2026-01-02T03:04:05.000006Z"


def lines(records: int = 60_000, rounds: int = 5) -> Iterator[str]:
    """What was measured, in one line."""
    data, keys = made_export(records), trusted()
    took = [_timed(data, keys) for _ in range(rounds)]
    wall, processor = (statistics.median(records / one for one in each) for each in zip(*took, strict=True))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    yield (
        f"verify audit export: {records:,} records, {len(data) / 2**20:.0f} MiB, {processor:,.0f}/s of processor time, "
        f"{wall:,.0f}/s of wall time; peak memory {peak} MiB, with making it"
    )


def made_export(count: int) -> bytes:
    """An export of a whole log of ``count`` records."""
    records = list(_records(count))
    leaves = [leaf_hash(line) for line in records]
    text = f"{ORIGIN}\n{count}\n{base64.b64encode(root_of(leaves)).decode()}\narf.time {AT}\n"
    key_hash = sha256(ORIGIN.encode() + b"\n\x01" + RAW).digest()[:4]
    line = base64.b64encode(key_hash + KEY.sign(text.encode())).decode()
    proof = {
        "schema": "arf.audit-range/1",
        "checkpoint": f"{text}\n— {ORIGIN} {line}\n",
        "first": 0,
        "count": count,
        "left": [],
        "right": [],
        "last": base64.b64encode(leaves[-1]).decode(),
        "since": None,
    }
    entries = {"proof.json": canonical_bytes(proof) + b"\n", "records.jsonl": b"\n".join([*records, b""])}
    fields = {"tenant": "acme", "origin": ORIGIN, "first": 0, "count": count, "size": count}
    return write_archive({**entries, "manifest.json": sealed("arf.audit-export/1", fields, entries)})


def trusted() -> TrustedKeys:
    """The key that signed it."""
    key = {
        "key_id": file_digest(RAW),
        "public_key": base64.b64encode(RAW).decode(),
        "kinds": ["arf.audit-checkpoint/1"],
        "not_before": "2026-01-01T00:00:00.000000Z",
        "not_after": "2027-01-01T00:00:00.000000Z",
    }
    return read_trusted_keys([("keys", json.dumps({"schema": "arf.trusted-keys/1", "keys": [key]}).encode())])


def _records(count: int) -> Iterator[bytes]:
    previous = None
    for number in range(count):
        is_person = number % 3 == 0
        line = canonical_bytes(
            {
                "schema": "arf.audit-record/1",
                "tenant": "acme",
                "sequence": number,
                "previous": previous,
                "entry_id": f"audit_{number:032x}",
                "at": AT,
                "actor": {"issuer": "https://id.example", "subject": f"subject_{number:024x}", "method": "oidc"},
                "action": "key.created",
                "object": f"key/{number}",
                "before": None,
                "after": file_digest(str(number).encode()),
                "request_id": f"request_{number}",
                "details": {"expires": AT, "roles": ["operator"], "n": number} if number % 2 else {},
                "sealed": base64.b64encode(bytes(90)).decode() if is_person else None,
            }
        )
        previous = leaf_hash(line).hex()
        yield line


def _timed(data: bytes, keys: TrustedKeys) -> tuple[float, float]:
    wall, processor = time.perf_counter(), time.process_time()
    report = verify_bytes(data, name="log.arfa", trusted=keys)
    assert report.ok, report.first_bad
    return time.perf_counter() - wall, time.process_time() - processor


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--records", type=int, default=60_000)
    parser.add_argument("--rounds", type=int, default=5)
    for line in lines(**vars(parser.parse_args())):
        print(line, flush=True)
