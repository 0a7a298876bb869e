"""Training a pack, from the initial weights to the trace."""

from __future__ import annotations

import numpy as np

from lossbench.training.module.model import ModuleModel
from lossbench.training.native.crew import Crew
from lossbench.training.pack import Pack
from lossbench.training.recorder import Recorder
from lossbench.training.torch_threads import one_thread_of_torch
from lossbench.training.trace import Trace

SINGLE = np.dtype(np.float32)


@np.errstate(all="ignore")  # diverging models overflow; the trace records them
def train(pack: Pack, dtype: np.dtype = SINGLE) -> Trace:
    """Train every trial of a pack, each by itself; the fused engine trains packs without a compiled step.

    Compiled is a gradient step through sequential layers. An evolution strategy spends its time on the values of
    losses, and a module, or a cosine head, is computed by torch.

    Args:
        pack: the trials.
        dtype: the precision of parameters and data.

    Returns:
        The record of the training, in the order of the pack's trials.

    Raises:
        BadValue: there is no compiled step on this machine.
    """
    if pack.children or isinstance(pack.model, ModuleModel) or pack.model.cosines:
        return by_fused(pack, dtype)
    crew = Crew(pack, dtype)
    recorder = Recorder(pack, len(pack.trials), np.arange(len(pack.trials)), crew)
    for epoch in range(pack.epochs):
        crew.epoch(epoch)
        recorder.record(epoch)
    return recorder.trace()


def by_fused(pack: Pack, dtype: np.dtype) -> Trace:
    """Train a pack by the fused engine."""
    one_thread_of_torch()
    import torch

    from lossbench.training import fused

    return fused.train(pack, getattr(torch, dtype.name))
