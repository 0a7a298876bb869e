"""A process that writes to a store: `python -m store.writer FILE FIRST LAST`, in the folder of the tests.

It behaves as a run does: it asks what is there, stores the missing seeds from FIRST to LAST block by block, and
says which blocks are stored.
"""

from __future__ import annotations

import sys
from pathlib import Path

from lossbench.errors import OutputError
from lossbench.store import Store

from .cases import block, key

SIZE = 5  # seeds a block


def write(path: Path, first: int, last: int) -> None:
    """Store the blocks of some seeds."""
    print("ready", flush=True)
    with Store(path) as store:
        for start in range(first, last, SIZE):
            trials = block(range(start, start + SIZE))
            there = store.get([key(done.row) for done in trials])
            assert len(there) in (0, SIZE), "half a block is stored"
            if not there:
                store.put(trials)
                print(start, flush=True)


if __name__ == "__main__":
    try:
        write(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
    except OutputError as refusal:
        sys.exit(str(refusal))
