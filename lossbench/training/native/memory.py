"""Arrays aligned for the compiled step."""

from __future__ import annotations

from math import prod

import numpy as np

LINE = 64  # bytes of a cache line


def zeros(shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
    """Return zeros that begin at a cache line.

    Example:
        >>> address(zeros((3, 5), np.dtype(np.float32))) % LINE
        0
    """
    size = prod(shape) * dtype.itemsize
    whole = np.zeros(size + LINE, np.uint8)
    start = -address(whole) % LINE
    return whole[start : start + size].view(dtype).reshape(shape)


def address(array: np.ndarray) -> int:
    """Return the address of an array's first number."""
    return int(array.ctypes.data)
