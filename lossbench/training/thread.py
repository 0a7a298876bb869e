"""The state of a process that trains: one thread, and no number so small that it is slow.

Two threads in one process are slower than one on networks this small; two processes are nearly twice as fast.
"""

from __future__ import annotations

import ctypes
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
from threadpoolctl import threadpool_limits

TRIM_THRESHOLD, MMAP_THRESHOLD = -1, -3  # numbers of the C library's malloc.h
KEPT = 32 << 20  # bytes; the largest threshold that it takes


@contextmanager
def one_thread() -> Iterator[None]:
    """Let torch and the BLAS use one thread and flush subnormal numbers, which are many times slower; undo it."""
    keep_freed_memory()
    with uninterrupted():  # an exception in the midst of this import would abort the process
        import torch

    for kind in (np.float32, np.float64):
        np.finfo(kind)  # kept from here on: below, an older numpy warns that the smallest number is zero
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    try:
        with threadpool_limits(1):
            yield
    finally:
        torch.set_flush_denormal(False)
        torch.set_num_threads(threads)


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Hold Ctrl-C back until the end, where the system can."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def keep_freed_memory() -> None:
    """Let the C library reuse what is freed, where it is GNU's.

    By default it gives each large tensor back to the system, which fills the next one's pages with zeros again: up
    to a sixth of the time of a step.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if os.name == "posix" else None
    if mallopt is not None:
        for option, size in ((TRIM_THRESHOLD, KEPT), (MMAP_THRESHOLD, KEPT)):
            mallopt(option, size)
