"""A user's code done in a copy of this process first: if it ends that one, or has no end, so much is known."""

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
    """Do work in a copy of this process, where that can be; whatever else comes of it is passed over.

    Raises:
        Ended: that was the end of the copy, or it had to be ended.
        Exception: a call had no end; this is what work made of it.
    """
    if can_fork():
        torch.set_grad_enabled(True)  # imports torch, once for both
        forked(partial(_silently, work), PATIENCE, TRIAL)


def _silently(work: Callable[[], object]) -> None:
    for stream in (1, 2):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream)  # it is going to say so again
    try:
        work()
    except Exception:
        if clock.broken:
            raise
