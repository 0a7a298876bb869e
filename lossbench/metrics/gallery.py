"""Reading embeddings: the place of a row's right class among all classes, judged by the training rows.

An embedding predicts nothing by itself. There are two ways to read it, the same for every loss, on embeddings of
length one:

    neighbours  a class has what its training rows have over the eleventh nearest of all, by their cosines; one
                that is not among the ten has what its nearest row lacks of that
    probe       a linear classifier in closed form: normal classes of one covariance

Three readings of a row are scored: how many classes come before the right one by the neighbours, and by the probe,
and the row's mean distance from the training rows.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

NEIGHBOURS = 10
"""The nearest training rows that have a say, the nearer the more."""

SHRINKAGE = 0.1
"""The share of a sphere in the covariance of the probe, so that it has an inverse."""

BY_NEIGHBOURS, BY_PROBE, APART = range(3)
"""The readings of a row: how many classes come before the right one, by the two ways; how far it lies."""

NAMED, NEAREST = 4, 4
"""Of so many rows, so many training rows next to each are named, for a page to show."""

NEXT_TO = slice(3, 3 + NEAREST)
"""Where these stand among the readings, as places in the training part; of other rows they are zero."""

READINGS = 3 + NEAREST
"""How many numbers are read off the embedding of a row."""

Reading = int | slice
EVERY: tuple[Reading, ...] = (BY_NEIGHBOURS, BY_PROBE, APART, NEXT_TO)

COLLAPSED = 1e-3
"""The spread below which all embeddings are said to be alike."""


def pictured(rows: int) -> np.ndarray:
    """Return which rows have their neighbours reported, (NAMED,): evenly spaced, so from several classes.

    Example:
        >>> pictured(10).tolist()
        [0, 3, 6, 9]
    """
    return np.linspace(0, rows - 1, NAMED).astype(int)


def normalised(embeddings: np.ndarray) -> np.ndarray:
    """Scale embeddings (..., numbers) to length one; zero stays zero.

    Example:
        >>> normalised(np.array([[3.0, 4.0], [0.0, 0.0]])).tolist()
        [[0.6, 0.8], [0.0, 0.0]]
    """
    length = np.sqrt(np.square(embeddings).sum(axis=-1, keepdims=True))
    return np.asarray(embeddings / np.where(length == 0, 1, length))


class Gallery:
    """The training rows that embeddings are compared with.

    Args:
        target: (rows,) class indices from zero, without gaps.
    """

    def __init__(self, target: np.ndarray) -> None:
        self.order = np.argsort(target, kind="stable")
        self.counts = np.bincount(target)
        self.starts = np.cumsum(self.counts) - self.counts
        self.place = np.argsort(self.order)

    def read(
        self,
        rows: np.ndarray,
        queries: np.ndarray | None,
        target: np.ndarray,
        wanted: Iterable[Reading] = EVERY,
    ) -> np.ndarray:
        """Return the readings (n, READINGS) of embeddings; NaN throughout where one is not finite.

        Args:
            rows: (rows, numbers) embeddings of the training rows.
            queries: (n, numbers) embeddings to read; None for the training rows themselves, each of which is then
                not its own neighbour.
            target: (n,) the right classes.
            wanted: which readings; the others are zero.
        """
        asked = rows if queries is None else queries
        if not (np.isfinite(rows).all() and np.isfinite(asked).all()):
            return np.full((len(asked), READINGS), np.nan)
        found = np.zeros((len(asked), READINGS))
        for reading in wanted:
            found[:, reading] = self.reading(reading, rows, queries, target)
        return found

    def unit(self, rows: np.ndarray, queries: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
        """Return the training rows, sorted by class, and the queries, both of length one."""
        known = normalised(rows)
        return known[self.order], known if queries is None else normalised(queries)

    def reading(
        self, which: Reading, rows: np.ndarray, queries: np.ndarray | None, target: np.ndarray
    ) -> np.ndarray:
        """Return one of the readings of finite embeddings, (n,) or (n, NEAREST)."""
        if which == BY_NEIGHBOURS:
            return self.by_neighbours(rows, queries, target)
        known, asked = self.unit(rows, queries)
        if which == NEXT_TO:
            return self.next_to(known, asked)
        return before(self.probe(known, asked), target) if which == BY_PROBE else 1 - asked @ known.mean(axis=0)

    def by_neighbours(self, rows: np.ndarray, queries: np.ndarray | None, target: np.ndarray) -> np.ndarray:
        """Return how many classes come before the right one by the neighbours, (n,)."""
        own = self.place if queries is None else None
        return before(self.neighbours(*self.unit(rows, queries), own), target)

    def neighbours(self, known: np.ndarray, asked: np.ndarray, own: np.ndarray | None = None) -> np.ndarray:
        """Return the weight of each class by its nearest neighbours, (n, classes); the largest is the decision.

        The weight of a neighbour is its similarity minus that of the nearest row that is no neighbour.

        Source: Dudani 1976, The distance-weighted k-nearest-neighbor rule, IEEE Transactions on Systems, Man, and
        Cybernetics 6, with cosines; a class without a neighbour has the same difference for its nearest row, which
        is negative.

        Args:
            known: (rows, numbers) the training rows, class by class, of length one.
            asked: (n, numbers) of length one.
            own: (n,) the place of each among the training rows, which is then excluded.
        """
        similar = asked @ known.T
        if own is not None:
            similar[np.arange(len(asked)), own] = -2  # below every cosine
        last = similar.shape[1] - self.rank(own is not None)
        similar -= np.partition(similar, last, axis=1)[:, last : last + 1]
        votes = np.add.reduceat(np.maximum(similar, 0), self.starts, axis=1)
        return np.asarray(votes + np.minimum(np.maximum.reduceat(similar, self.starts, axis=1), 0))

    def rank(self, without: bool) -> int:
        """Return the rank of the nearest row that is no neighbour, among all rows or without the query itself."""
        return max(1, min(NEIGHBOURS + 1, len(self.order) - without))

    def next_to(self, known: np.ndarray, asked: np.ndarray) -> np.ndarray:
        """Return the places of the training rows nearest to the `pictured` rows, (n, NEAREST)."""
        places, rows = np.zeros((len(asked), NEAREST)), pictured(len(asked))
        nearest = np.argsort(-(asked[rows] @ known.T), axis=1, kind="stable")[:, :NEAREST]
        places[rows, : nearest.shape[1]] = self.order[nearest]
        return places

    def probe(self, known: np.ndarray, asked: np.ndarray) -> np.ndarray:
        """Return the logarithm of each class's density up to a constant, (n, classes).

        log p_c + mᵀ S⁻¹ x - mᵀ S⁻¹ m / 2, S the covariance within classes, shrunk towards a sphere of its size

        Source: Fisher 1936, The use of multiple measurements in taxonomic problems; as scikit-learn's
        LinearDiscriminantAnalysis(solver="lsqr", shrinkage=0.1).

        Args:
            known: (rows, numbers) the training rows, class by class, of length one.
            asked: (n, numbers) of length one.
        """
        known = known.astype(np.float64)
        means = np.add.reduceat(known, self.starts, axis=0) / self.counts[:, None]
        within = known - np.repeat(means, self.counts, axis=0)
        covariance = within.T @ within / len(known)
        size = np.trace(covariance) / len(covariance) or 1.0  # all rows of a class may be equal
        covariance = (1 - SHRINKAGE) * covariance + SHRINKAGE * size * np.eye(len(covariance))
        weights = np.linalg.solve(covariance, means.T)
        bias = np.log(self.counts / len(known)) - (means.T * weights).sum(axis=0) / 2
        return np.asarray(asked @ weights + bias)


def before(scores: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Return how many classes come before the right one, (n,), given scores (n, classes); ties go to the first.

    Example:
        >>> before(np.array([[0.2, 0.9, 0.2]]), np.array([2]))
        array([2])
    """
    right = np.take_along_axis(scores, target[:, None], axis=1)
    earlier = (scores == right) & (np.arange(scores.shape[1]) < target[:, None])
    return np.asarray(((scores > right) | earlier).sum(axis=1))
