"""The compiled reading of embeddings by their nearest neighbours."""

from __future__ import annotations

import numpy as np

from lossbench.metrics.gallery import Gallery
from lossbench.training.native.library import Library
from lossbench.training.native.memory import address, zeros


class CompiledGallery(Gallery):
    """A gallery that finds neighbours by compiled code; the probe is numpy's.

    Args:
        target: (rows,) class indices of the training rows, from zero without gaps.
        library: for the precision of the embeddings.
    """

    def __init__(self, target: np.ndarray, library: Library) -> None:
        super().__init__(target)
        self.calls = library.calls
        self.firsts = np.append(self.starts, len(target)).astype(np.int32)
        self.rows_by_class, self.own = self.order.astype(np.int32), self.place.astype(np.int32)
        self.work = zeros((0,), np.dtype(np.uint8))

    def by_neighbours(self, rows: np.ndarray, queries: np.ndarray | None, target: np.ndarray) -> np.ndarray:
        """Return how many classes come before the right one by the neighbours, (n,)."""
        asked, own = (rows, address(self.own)) if queries is None else (queries, None)
        found, right = np.empty(len(asked), np.int64), np.ascontiguousarray(target, np.int32)
        room = self.calls.gallery_room(*rows.shape, len(self.counts))
        if room > len(self.work):
            self.work = zeros((room,), self.work.dtype)
        self.calls.places(
            *(address(rows), *rows.shape, address(self.rows_by_class), address(self.firsts), len(self.counts)),
            *(address(asked), len(asked), own, address(right)),
            *(self.rank(queries is None), address(found), address(self.work)),
        )
        return found
