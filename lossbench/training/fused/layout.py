"""The layout of a pack: which trial is in which slot, and where its numbers are in memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
import torch

from lossbench.training.pack import Pack
from lossbench.training.trial import Trial

SLOTS = 2  # models per block of the fused engine; they share the features of a step
LANES = 32  # elements per step of torch's kernels; a remainder takes other code, with other rounding


def padded(length: int, unit: int = LANES) -> int:
    """Return a length rounded up to a multiple of the unit, so that no element is left to a kernel's scalar tail.

    Example:
        >>> padded(30), padded(32), padded(33)
        (32, 32, 64)
    """
    return -(-length // unit) * unit


@dataclass(frozen=True)
class Layout:
    """The slots of a pack, in blocks of models that share optimiser, rate and schedule and see the same features.

    A block that is not full repeats its first trial; these copies are trained and discarded.

    Args:
        pack: the trials.
        slots: (models,) index of the trial in each slot; trials of one optimiser, rate and schedule are adjacent.
        home: (trials,) one slot of each trial.
        block: (blocks,) the view of the features that each block sees.
        views: (views,) index of one trial for each distinct view: a seed, and its contaminated features if any.
        dtype: the precision of everything but indices.
        device: "cpu" or "cuda".
        size: models in a block.
    """

    pack: Pack
    slots: np.ndarray
    home: np.ndarray
    block: np.ndarray
    views: np.ndarray
    dtype: torch.dtype
    device: str
    size: int = SLOTS

    @staticmethod
    def of(pack: Pack, dtype: torch.dtype = torch.float32, device: str = "cpu") -> Layout:
        """Lay out the trials of a pack."""
        views = views_of(pack)
        keys = [(*moved_alike(t), view) for t, view in zip(pack.trials, views, strict=True)]
        together = groupby(sorted(range(len(keys)), key=keys.__getitem__), key=keys.__getitem__)
        blocks = [(key[-1], block) for key, indices in together for block in full_blocks(list(indices))]
        slots = np.array([index for _, block in blocks for index in block])
        home = np.empty(len(pack.trials), dtype=np.int64)
        home[slots[::-1]] = np.arange(len(slots))[::-1]  # the first slot of a trial wins
        return Layout(pack, slots, home, np.array([view for view, _ in blocks]), firsts(views), dtype, device)

    @staticmethod
    def one_by_one(pack: Pack, indices: np.ndarray, dtype: torch.dtype) -> Layout:
        """Lay out some trials of a pack, given their numbers, each in a block of its own."""
        views = views_of(pack)
        seen, block = np.unique(np.array(views)[indices], return_inverse=True)
        return Layout(pack, indices, np.arange(len(indices)), block, firsts(views)[seen], dtype, "cpu", size=1)

    def numbers(self, values: np.ndarray) -> torch.Tensor:
        """Return values (...) as a tensor (...) of the pack's precision."""
        return torch.as_tensor(values).to(self.device, self.dtype)

    def indices(self, values: np.ndarray) -> torch.Tensor:
        """Return whole numbers (...) as a tensor (...) of their own type."""
        return torch.as_tensor(values).to(self.device)


def moved_alike(trial: Trial) -> tuple[str, float, str]:
    """Return the settings that models must share to be updated by one call of an optimiser."""
    return trial.optimizer, trial.lr, trial.schedule


def views_of(pack: Pack) -> list[int]:
    """Return a number for each trial's features: the same for one object, in the order of the trials."""
    features = [(id(a.features), id(b.features)) for a, b in zip(pack.training, pack.tested, strict=True)]
    numbers = {key: number for number, key in enumerate(dict.fromkeys(features))}
    return [numbers[key] for key in features]


def firsts(views: Sequence[int]) -> np.ndarray:
    """Return where each view occurs first, (views,).

    Example:
        >>> firsts([0, 0, 1, 0, 2]).tolist()
        [0, 2, 4]
    """
    return np.unique(views, return_index=True)[1]


def full_blocks(indices: list[int]) -> list[list[int]]:
    """Cut trials into blocks of SLOTS; the last is filled up with its first trial.

    Example:
        >>> full_blocks([3, 1, 4])
        [[3, 1], [4, 4]]
    """
    cut = (indices[start : start + SLOTS] for start in range(0, len(indices), SLOTS))
    return [block + block[:1] * (SLOTS - len(block)) for block in cut]
