"""Wall time and peak memory of the command line, fresh and from the store; the share of time outside training.

python benchmarks/command.py [--runs 3]
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

COMMANDS = {
    "lossbench --help": ["--help"],
    "lossbench losses": ["losses"],
    "lossbench compare --quick": ["compare", "--quick", "-o", ".", "--no-cache"],
    "lossbench compare --jobs 1": ["compare", "-o", ".", "--no-cache", "--jobs", "1"],
    "lossbench compare": ["compare", "-o", "."],
    "lossbench compare, again": ["compare", "-o", "."],
}


def measure(arguments: list[str], cache: str) -> tuple[float, float, float | None]:
    """Return wall seconds, the peak memory of the main process in megabytes, and the share outside training."""
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        process = subprocess.Popen(
            [sys.executable, "-m", "lossbench", *arguments],
            cwd=folder,
            env=os.environ | {"LOSSBENCH_CACHE": cache},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
        outside = outside_training(Path(folder), seconds) if "1" in arguments else None
    if status:
        raise SystemExit(f"{arguments} failed")
    return seconds, usage.ru_maxrss / 1024, outside


def outside_training(folder: Path, seconds: float) -> float:
    """Return the share of a run in one process that is start, data, scores, statistics and files."""
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    return 1 - manifest["training_seconds"] / seconds


def main() -> None:
    """Measure every command."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=3)
    results: dict[str, list[tuple[float, float, float | None]]] = {name: [] for name in COMMANDS}
    for _ in range(parser.parse_args().runs):
        with tempfile.TemporaryDirectory() as cache:
            for name, arguments in COMMANDS.items():
                results[name].append(measure(arguments, cache))
    for name, runs in results.items():
        seconds, memory, outside = zip(*runs, strict=True)
        share = "" if outside[0] is None else f"   outside training {statistics.median(outside):.0%}"
        print(f"{name:<28} {statistics.median(seconds):7.2f} s   peak memory {max(memory):6.0f} MB{share}")


if __name__ == "__main__":
    main()
