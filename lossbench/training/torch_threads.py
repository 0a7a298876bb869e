"""Limiting torch's threads, whether it is imported already or later."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager

_BEFORE: list[int] = []
"""Of every `narrowed` that is not over, how many threads torch had before; 0 as long as it is not imported."""


@contextmanager
def narrowed() -> Iterator[None]:
    """Let torch use one thread, now or once `one_thread_of_torch` imports it; restore that at the end."""
    _BEFORE.append(0)
    try:
        if "torch" in sys.modules:
            one_thread_of_torch()
        yield
    finally:
        if threads := _BEFORE.pop():
            sys.modules["torch"].set_num_threads(threads)


def one_thread_of_torch() -> None:
    """Import torch, and let it use one thread until the end of the enclosing `narrowed`, if there is one."""
    with uninterrupted():  # an exception during this import would abort the process
        import torch
    if _BEFORE and not _BEFORE[-1]:
        _BEFORE[-1] = torch.get_num_threads()
        torch.set_num_threads(1)


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Delay Ctrl-C until the end, where the system supports it."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
