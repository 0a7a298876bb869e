"""Which trial sits in which slot."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lossbench.training.pack import Pack

SLOTS = 4  # models a block: enough to fill the first product, few enough to pad cheaply
LANES = 32  # elements that torch's kernels handle at a time; what is left over goes another road, to other bits
WIDTH = 8  # columns of a product; with a few other widths, its kernel gives each row of a block other bits


def padded(length: int, unit: int = LANES) -> int:
    """Return a length rounded up to whole units, so that no element is left to a kernel's scalar tail.

    Example:
        >>> padded(30), padded(32), padded(33)
        (32, 32, 64)
    """
    return -(-length // unit) * unit


@dataclass(frozen=True)
class Layout:
    """The slots of a pack, in blocks of SLOTS models that see the same features in the same order.

    A block that is not full repeats its first trial, and there are always two blocks or more: the width of every
    product is then the same in every pack, and with it the kernel that computes it. Padding is trained and thrown
    away.

    Args:
        slots: (models,) index of the trial in each slot.
        home: (trials,) a slot of each trial.
        block: (blocks,) which view of the features each block sees.
        views: (views,) index of one trial for each distinct view: a seed, and its contaminated features if any.
    """

    slots: np.ndarray
    home: np.ndarray
    block: np.ndarray
    views: np.ndarray

    @staticmethod
    def of(pack: Pack) -> Layout:
        """Lay out the trials of a pack."""
        members: dict[int, list[int]] = {}
        for index, part in enumerate(pack.training):
            members.setdefault(id(part.features), []).append(index)
        blocks = [
            (view, indices[start : start + SLOTS])
            for view, indices in enumerate(members.values())
            for start in range(0, len(indices), SLOTS)
        ]
        blocks *= 2 if len(blocks) == 1 else 1
        slots = np.concatenate([(indices + indices[:1] * SLOTS)[:SLOTS] for _, indices in blocks])
        home = np.empty(len(pack.trials), dtype=np.int64)
        home[slots[::-1]] = np.arange(len(slots))[::-1]  # the first slot of a trial wins
        views = np.array([indices[0] for indices in members.values()])
        return Layout(slots, home, np.array([view for view, _ in blocks]), views)
