# SPDX-License-Identifier: Apache-2.0
"""Kills writers, sequencers and Postgres at random points during writes, and then looks whether anything is amiss.

::

    python scripts/crash_audit.py --kills 100

Writers put changes into a table of their own, each with its audit record in the same transaction, and note in a journal
what was acknowledged, taken back, or left unknown. Two sequencers take turns. After each kill -9 whatever died is
started again, and must make progress. At the end:

1. no change without its record, no record without its change;
2. everything acknowledged is there; nothing that was taken back is;
3. no entry was lost: each is one leaf, and none waits;
4. the log verifies with ``arf_core.verify``: every leaf recomputes, every checkpoint that was ever acknowledged is
   signed, has the root of its size and leads to the next one, and leaves prove that they are in it;
5. nothing waited for ever: after each kill the next acknowledged write came in time, and no lock is left.
"""

from __future__ import annotations

import argparse
import random
import shutil
import tempfile
import time
from pathlib import Path

from arf_enterprise.audit.signing import create_key_file
from crashes.crew import VICTIMS, crew_in
from crashes.figures import Figures
from crashes.journal import PASSPHRASE
from crashes.look import look


def run(folder: Path, *, kills: int, seed: int) -> Figures:
    """Kill ``kills`` times in ``folder``, which must not exist, and look at what is left."""
    chance, figures = random.Random(seed), Figures()  # noqa: S311 - a dice, not a secret
    folder.mkdir(mode=0o711)
    (folder / "journal").mkdir()
    create_key_file(folder / "key.pem", PASSPHRASE)
    with crew_in(folder) as crew:
        for _ in range(kills):
            crew.wait_for("acknowledged.*")
            time.sleep(chance.uniform(0, 0.2))
            victim = chance.choices(list(VICTIMS), list(VICTIMS.values()))[0]
            figures.kills[victim] += 1
            figures.slowest_s = max(figures.slowest_s, crew.kill(victim, chance))
        crew.finish()
        look(folder, figures, chance)
    return figures


def main() -> None:
    """Run, print the table, and exit with 1 if anything is amiss."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    base = Path(tempfile.mkdtemp(prefix="arf-crash-"))
    base.chmod(0o711)  # as root, Postgres runs as another user
    try:
        figures = run(base / "run", kills=given.kills, seed=given.seed)
    finally:
        shutil.rmtree(base, ignore_errors=True)
    print(figures.table())
    raise SystemExit(bool(figures.amiss))


if __name__ == "__main__":
    main()
