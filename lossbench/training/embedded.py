"""The scored outputs of networks that embed: readings of their embeddings, see `lossbench.metrics.gallery`."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import repeat

import numpy as np

from lossbench.metrics.embedding import LOOKS_AT
from lossbench.metrics.gallery import EVERY, Gallery
from lossbench.training.pack import Pack

Embeddings = Callable[[str], Iterable[np.ndarray]]
"""From a part of the folds to where each of some models puts its rows, (rows, numbers) a model."""


class Reader:
    """Reads the embeddings of trials by comparing them with those of the clean training rows.

    The test part is scored by every score, the others only by the watched score: for them only its readings are
    made.

    Args:
        gallery: makes the reader of embeddings from the classes of the training rows.
    """

    def __init__(self, pack: Pack, gallery: Callable[[np.ndarray], Gallery] = Gallery) -> None:
        self.pack = pack
        self.galleries = {seed: gallery(fold.train.target) for seed, fold in pack.folds.items()}

    def __call__(self, indices: Iterable[int], part: str, embeddings: Embeddings) -> np.ndarray:
        """Return the readings of a part, (models, rows, READINGS); zero for readings that are not made.

        Args:
            indices: (models,) the trials.
            part: "train", "validation" or "test"; each training row is compared with the others.
            embeddings: of these trials.
        """
        own, wanted = part == "train", EVERY if part == "test" else (LOOKS_AT[self.pack.watched.name],)
        known, asked = embeddings("train"), repeat(None) if own else embeddings(part)
        found = []
        for index, rows, queries in zip(indices, known, asked, strict=False):
            gallery = self.galleries[self.pack.trials[index].seed]
            found.append(gallery.read(rows, queries, self.target(part, index), wanted))
        return np.stack(found)

    def target(self, part: str, index: int) -> np.ndarray:
        """Return the classes of the rows of a part, (rows,); of the training part as the trial saw them."""
        if part == "train":
            return self.pack.training[index].target
        target: np.ndarray = getattr(self.pack.folds[self.pack.trials[index].seed], part).target
        return target
