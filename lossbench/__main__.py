"""Lets `python -m lossbench` do what `lossbench` does."""

import sys
from pathlib import Path

if __name__ == "__main__":
    # The current folder stands first, where a `queue.py` may lie; it stays only where lossbench itself is there.
    if not sys.flags.safe_path and Path(sys.path[0]).resolve() != Path(__file__).resolve().parents[1]:
        del sys.path[0]

    from lossbench.cli import main

    main()
