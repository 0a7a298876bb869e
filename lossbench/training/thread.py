"""The state of a process that trains: one thread, and no slow subnormal numbers.

On networks this small, two threads in a process are slower than one; two processes are nearly twice as fast.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
from threadpoolctl import threadpool_limits

from lossbench.training.native.library import best_library, fault
from lossbench.training.torch_threads import narrowed, one_thread_of_torch

TRIM_THRESHOLD, MMAP_THRESHOLD = -1, -3  # numbers of the C library's malloc.h
KEPT = 32 << 20  # bytes; the largest allowed threshold


@contextmanager
def one_thread() -> Iterator[None]:
    """Let torch and the BLAS use one thread and flush slow subnormal numbers; restore both at the end.

    Torch is imported only if there is no compiled step. Code that imports it inside calls `one_thread_of_torch`.
    """
    keep_freed_memory()
    for kind in (np.float32, np.float64):
        np.finfo(kind)  # cached here: later an older numpy would warn that the smallest number is zero
    with narrowed(), threadpool_limits(1), flushed():
        yield


@contextmanager
def flushed() -> Iterator[None]:
    """Treat subnormal numbers as zero in this thread: by the compiled step, which needs no torch, or by torch."""
    if fault():
        one_thread_of_torch()
        import torch

        torch.set_flush_denormal(True)
        try:
            yield
        finally:
            torch.set_flush_denormal(False)
        return
    calls = best_library(np.dtype(np.float32)).calls
    before = calls.flush_from_here()
    try:
        yield
    finally:
        calls.flush_to_here(before)


def keep_freed_memory() -> None:
    """Let the GNU C library reuse freed memory.

    By default it returns each large tensor to the system, which clears the pages of the next one: up to a sixth of
    the time of a step.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if os.name == "posix" else None
    if mallopt is not None:
        for option, size in ((TRIM_THRESHOLD, KEPT), (MMAP_THRESHOLD, KEPT)):
            mallopt(option, size)
