"""Trying a user's code in a fork first, to learn whether it ends its process, or does not end."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial

from lossbench.apart import can_fork, forked
from lossbench.lazy import torch
from lossbench.losses.custom.endless import TRIAL, clock

PATIENCE = 60.0
"""Seconds that it may take in all, in however many calls."""


def rehearse(work: Callable[[], object]) -> None:
    """Do work in a fork of this process, where that is possible; any other outcome is ignored.

    Raises:
        Ended: the work ended the fork, or the fork had to be ended.
        Exception: a call did not end; this is what the work raised then.
    """
    if can_fork():
        torch.set_grad_enabled(True)  # imports torch, once for both
        forked(partial(_silently, work), PATIENCE, TRIAL)


def _silently(work: Callable[[], object]) -> None:
    for stream in (1, 2):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream)  # the code will print the same again in this process
    try:
        work()
    except Exception:
        if clock.broken:
            raise
