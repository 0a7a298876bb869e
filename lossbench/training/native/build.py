"""Compiles the step, for each kind of processor and both precisions. It imports only the standard library.

`hatch_build.py` calls it at an install; by hand, run `python -m lossbench.training.native`.
"""

from __future__ import annotations

import hashlib
import os
import platform
import shlex
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

SOURCES = Path(__file__).parent
BUILT = SOURCES / "built"

# No -ffast-math: it would miss NaN, and results would depend on how the compiler reorders sums.
FLAGS = (
    "-std=gnu11",
    "-O3",
    "-ffp-contract=off",  # fused multiply-add only where the source says so
    "-fno-math-errno",  # a square root is one instruction, without setting errno
    "-fvisibility=hidden",
    "-fPIC",
    "-shared",
)
LEVELS: Mapping[str, tuple[str, ...]] = (
    {
        "x86-64-v4": ("-mavx512f", "-mavx512dq", "-mavx512bw", "-mavx512vl", "-mavx2", "-mfma"),
        "x86-64-v3": ("-mavx2", "-mfma"),
        "x86-64": (),
    }
    if platform.machine().lower() in ("x86_64", "amd64")
    else {platform.machine().lower(): ()}
)
"""What is asked of the compiler for each level of vectors, the highest first; elsewhere there is one level."""

PRECISIONS: Mapping[str, tuple[str, ...]] = {"float32": (), "float64": ("-DDOUBLE",)}


class NotBuilt(Exception):
    """There is no compiler, or it failed."""


def source_hash() -> str:
    """Return a hash of the sources and the flags, which is also stored in every library."""
    files = sorted([*SOURCES.glob("*.c"), *SOURCES.glob("*.h")])
    content = b"".join(file.read_bytes() for file in files) + repr((FLAGS, LEVELS, PRECISIONS)).encode()
    return hashlib.sha256(content).hexdigest()[:16]


def file_name(level: str, precision: str) -> str:
    """Return the name of a library.

    Example:
        >>> file_name("x86-64-v3", "float32")
        'step-x86-64-v3-float32.so'
    """
    return f"step-{level}-{precision}.so"


def file_names() -> list[str]:
    """Return the names of all libraries, the lowest level last."""
    return [file_name(level, precision) for level in LEVELS for precision in PRECISIONS]


def build(folder: Path = BUILT) -> list[Path]:
    """Compile all libraries into a folder, or none; skip it if they are there already from these sources.

    Raises:
        NotBuilt: there is no compiler, it failed, or the folder is not writable; in one line.
    """
    stamp, mark = folder / "sources.txt", source_hash()
    names = file_names()
    if not (stamp.is_file() and stamp.read_text() == mark and all((folder / name).is_file() for name in names)):
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(dir=folder) as beside:
                compile_all(Path(beside), mark)
                for name in names:
                    os.replace(Path(beside) / name, folder / name)
            stamp.write_text(mark)
        except OSError as error:
            raise NotBuilt(f"{folder} cannot be written to: {error.strerror}") from None
    return [folder / name for name in names]


def compile_all(folder: Path, mark: str) -> None:
    """Compile every library into a folder, in parallel.

    Raises:
        NotBuilt: there is no compiler, or it failed.
    """
    compiler = shlex.split(os.environ.get("CC", "cc"))
    running = []
    for level, wide in LEVELS.items():
        for precision, defined in PRECISIONS.items():
            target = str(folder / file_name(level, precision))
            flags = *FLAGS, *wide, *defined, f'-DSOURCE="{mark}"'
            command = [*compiler, *flags, str(SOURCES / "kernel.c"), "-o", target, "-lm"]
            try:
                running.append(subprocess.Popen(command, stderr=subprocess.PIPE, text=True))
            except OSError as error:
                raise NotBuilt(f"the C compiler '{compiler[0]}' does not run: {error.strerror}") from None
    said = [(process.communicate()[1], process.returncode) for process in running]
    failed = [text for text, code in said if code]
    if failed:
        first = next((line for line in failed[0].splitlines() if "error" in line), "it said nothing")
        raise NotBuilt(f"the C compiler '{compiler[0]}' failed: {first}")
