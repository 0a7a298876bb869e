"""Wall time and peak memory of the command line, each in a process of its own.

python benchmarks/command.py [--runs 3]
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time

COMMANDS = {
    "lossbench --help": ["--help"],
    "lossbench losses": ["losses"],
    "lossbench compare --quick": ["compare", "--quick", "-o", "."],
    "lossbench compare": ["compare", "-o", "."],
}


def measure(arguments: list[str]) -> tuple[float, float]:
    """Return wall seconds and the peak memory of the largest process in megabytes."""
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        process = subprocess.Popen(
            [sys.executable, "-m", "lossbench", *arguments],
            cwd=folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
    if status:
        raise SystemExit(f"{arguments} failed")
    return seconds, usage.ru_maxrss / 1024


def main() -> None:
    """Measure every command."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=3)
    runs = parser.parse_args().runs
    for name, arguments in COMMANDS.items():
        seconds, memory = zip(*(measure(arguments) for _ in range(runs)), strict=True)
        print(f"{name:<28} {statistics.median(seconds):7.2f} s   peak memory {max(memory):6.0f} MB a process")


if __name__ == "__main__":
    main()
