"""Finding, checking and loading the compiled step, with the widest vectors that the processor has."""

from __future__ import annotations

import ctypes
import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from lossbench.errors import BadValue
from lossbench.training.native.build import BUILT, LEVELS, file_name, file_names, source_hash

if TYPE_CHECKING:
    import numpy as np

FORCED = "LOSSBENCH_NATIVE_LEVEL"
"""The environment variable that names a lower level than the highest, for tests and for comparisons."""

AGAIN = "have a C compiler (cc) at hand and run: python -m lossbench.training.native"

POINTER, WHOLE = ctypes.c_void_p, ctypes.c_int64
ARGUMENTS = {
    "measures": [POINTER, POINTER],
    "lay_out": [POINTER, POINTER, POINTER],
    "epoch": [POINTER, POINTER, WHOLE, WHOLE, POINTER],
    "outputs": [POINTER, POINTER, WHOLE, POINTER, WHOLE, POINTER, POINTER],
    "judge": [POINTER, POINTER, WHOLE, POINTER, POINTER, POINTER, WHOLE, POINTER, POINTER, POINTER],
    "gallery_room": [WHOLE, WHOLE, WHOLE],
    "model_size": [],
    "places": [
        POINTER,
        WHOLE,
        WHOLE,
        *[POINTER] * 2,
        WHOLE,
        POINTER,
        WHOLE,
        *[POINTER] * 2,
        WHOLE,
        *[POINTER] * 2,
    ],
    "losses": [POINTER, POINTER, WHOLE, POINTER, POINTER, POINTER],
    "ahead": [POINTER, POINTER, WHOLE, WHOLE, WHOLE, WHOLE, POINTER, POINTER],
    "evaluate": [WHOLE, POINTER, WHOLE],
    "back": [POINTER, POINTER, WHOLE, WHOLE, WHOLE, WHOLE, POINTER, POINTER],
    "flush_from_here": [],
    "flush_to_here": [ctypes.c_uint64],
}
RESULTS = {"flush_from_here": ctypes.c_uint64, "gallery_room": WHOLE, "model_size": WHOLE}
"""What functions return that return anything."""

RANKS = {"x86-64-v4": 4, "x86-64-v3": 3}  # the least value that `level` must return


@dataclass(frozen=True)
class Library:
    """A loaded library.

    Args:
        level: of its vectors, such as "x86-64-v3".
        calls: its functions.
    """

    level: str
    calls: ctypes.CDLL


@cache
def fault() -> str:
    """Say why there is no usable compiled step, and how to get one; empty where there is one."""
    return next(filter(None, (fault_of(BUILT / name) for name in file_names())), "")


def fault_of(file: Path) -> str:
    """Say what is wrong with a library; empty where nothing is."""
    if not file.is_file():
        return f"there is none here; to get it, {AGAIN}"
    try:
        calls = ctypes.CDLL(str(file))
        calls.source.restype = ctypes.c_char_p
        built_from = calls.source().decode()
    except (OSError, AttributeError) as error:
        return f"{file} does not load ({error}); to get it anew, {AGAIN}"
    return "" if built_from == source_hash() else f"it was built from other sources; to get it anew, {AGAIN}"


def levels() -> list[str]:
    """Return the levels that the processor can run, the highest first; none where there is no library."""
    if fault():
        return []
    calls = ctypes.CDLL(str(BUILT / file_names()[-1]))
    calls.level.restype = WHOLE
    return [level for level in LEVELS if calls.level() >= RANKS.get(level, 0)]


def chosen_level() -> str:
    """Return the level to train with: the highest, or the one that the environment forces.

    Raises:
        BadValue: there is no library, or not that level.
    """
    if fault():
        raise BadValue(f"engine native needs the compiled step: {fault()}; or choose --engine fused")
    forced = os.environ.get(FORCED, "")
    if forced and forced not in levels():
        raise BadValue(f"{FORCED}={forced} is no level of this processor; it has {', '.join(levels())}")
    return forced or levels()[0]


def kind() -> str:
    """Return what the bits of a training depend on besides the sources: the level, and the processor's vendor.

    Raises:
        BadValue: as `chosen_level`.
    """
    level = chosen_level()
    calls = ctypes.CDLL(str(BUILT / file_names()[-1]))
    calls.maker.restype = WHOLE
    return f"{level} {calls.maker()}"


def best_library(dtype: np.dtype) -> Library:
    """Return the library of the highest level for a precision.

    Raises:
        BadValue: as `chosen_level`.
    """
    return loaded(chosen_level(), dtype.name)


@cache
def loaded(level: str, precision: str) -> Library:
    """Return the library of a level, such as "x86-64-v3", and a precision, such as "float32"."""
    calls = ctypes.CDLL(str(BUILT / file_name(level, precision)))
    for name, types in ARGUMENTS.items():
        function = getattr(calls, name)
        function.argtypes, function.restype = types, RESULTS.get(name)
    return Library(level, calls)
