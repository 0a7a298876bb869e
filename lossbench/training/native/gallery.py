"""The compiled reading of embeddings: by the nearest neighbours."""

from __future__ import annotations

import numpy as np

from lossbench.metrics.gallery import Gallery
from lossbench.training.native.library import Library
from lossbench.training.native.memory import address, zeros


class CompiledGallery(Gallery):
    """A gallery whose neighbours are found by the compiled step; the probe is that of numpy.

    Args:
        target: (rows,) class indices of the training rows, each from zero on present.
        library: of the precision in which embeddings come.
    """

    def __init__(self, target: np.ndarray, library: Library) -> None:
        super().__init__(target)
        self.calls = library.calls
        self.firsts = np.append(self.starts, len(target)).astype(np.int32)
        self.work = zeros((0,), np.dtype(np.uint8))

    def by_neighbours(
        self, known: np.ndarray, asked: np.ndarray, target: np.ndarray, own: np.ndarray | None
    ) -> np.ndarray:
        """Return how many classes come before the right one by the neighbours, (n,)."""
        found, shape = np.empty(len(asked), np.int64), (*known.shape, len(self.counts))
        room = self.calls.gallery_room(*shape)
        if room > len(self.work):
            self.work = zeros((room,), self.work.dtype)
        right, place = np.ascontiguousarray(target, np.int32), None if own is None else own.astype(np.int32)
        self.calls.places(
            *(address(known), *known.shape, address(self.firsts), len(self.counts)),
            *(address(asked), len(asked), None if place is None else address(place), address(right)),
            *(self.rank(own is not None), address(found), address(self.work)),
        )
        return found
