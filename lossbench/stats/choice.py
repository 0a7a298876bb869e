"""The variance of comparisons of tuned losses that is due to which seeds chose the rates.

Each loss is reported at the rate that a few tuning seeds chose for it. Other seeds might have chosen another rate,
and other differences would have been found; so an interval that takes the rates as given is too narrow for tuned
losses. The reported seeds, which are trained at every rate as well, show what other tuning seeds would have
chosen: any subset as large as the tuning set is a tuning set like it. Let m(a) be the mean over the reported seeds
of the score of loss a at the rate that one such set chooses, m'(a) the same for another set that shares no seed
with the first, and likewise for another loss b:

    var(choice) = ½ mean over pairs of sets of  ((m(b) - m(a)) - (m'(b) - m'(a)))² - s²/n

Two sets without a common seed are independent, so half the square is the variance over sets (Hoeffding 1948, A
class of statistics with asymptotically normal distribution). The second term, the variance of that mean of n
paired values, removes their noise from the square.

`tests/tuned.py` tries it where the truth is known, on laws and on fresh tables, and prints the coverage with and
without it. A bootstrap of the five tuning seeds themselves would also keep its level, but with wider intervals: it
counts the noise of these seeds twice.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from lossbench.randomness import stream
from lossbench.schema import METRICS, watched
from lossbench.stats.paired import moments

DRAWS = 200
"""Number of pairs of tuning sets to draw; of ten seeds there are 126 pairs."""


@dataclass(frozen=True, eq=False)
class Choice:
    """The rates that pairs of tuning sets choose for the losses of one comparison group.

    Args:
        trials: the trials at every rate.
        rows: (losses, rates, seeds) the row of each clean trial in `trials`, -1 where there is none.
        chosen: (2, losses, draws) the rate, by index, that each set of each pair chooses.
        at_shares: the same choice with the trials at each contaminated share, ascending; the first is this one.
    """

    trials: pd.DataFrame = field(repr=False)
    rows: np.ndarray = field(repr=False)
    chosen: np.ndarray = field(repr=False)
    at_shares: tuple[Choice, ...] = field(default=(), repr=False)

    def moves(self, column: str) -> np.ndarray:
        """Return the difference in score of each loss between the sets of each pair, (losses, draws, seeds)."""
        here, there = cube(self.trials, self.picked, column)
        return np.asarray(here - there)

    @property
    def picked(self) -> np.ndarray:
        """The rows in `trials` at the rates that each set chooses, (2, losses, draws, seeds)."""
        return np.asarray(self.rows[np.arange(len(self.rows))[:, None], self.chosen])

    def reordered(self, order: np.ndarray) -> Choice:
        """Return the choice with its losses in another order."""
        others = tuple(one.reordered(order) for one in self.at_shares)
        return replace(self, rows=self.rows[order], chosen=self.chosen[:, order], at_shares=others)


def make_choice(trials: pd.DataFrame, losses: list[str], size: int) -> Choice:
    """Let pairs of tuning sets choose rates.

    Args:
        trials: of one data set and setting, at every rate and contaminated share.
        losses: in the order of the result.
        size: seeds in a tuning set; fewer where there are too few seeds for two such sets.
    """
    by_share = [mine for _, mine in trials.groupby("outlier_fraction")]
    clean = by_share[0]
    rows = places(clean, losses)
    worth = cube(clean, rows, "validation_score") * METRICS[watched(clean.task.iloc[0], clean.score.iloc[0])].sign
    diverged = np.append((clean.status == "diverged").to_numpy(), False)[rows]
    sets = disjoint_pairs(rows.shape[2], min(size, rows.shape[2] // 2))
    chosen = best_rate(mean_worth(np.where(diverged, -np.inf, worth)[:, :, sets]))
    at_shares = tuple(Choice(mine, places(mine, losses), chosen) for mine in by_share)
    return replace(at_shares[0], at_shares=at_shares)


def places(trials: pd.DataFrame, losses: list[str]) -> np.ndarray:
    """Return the row of each trial, (losses, settings, seeds), -1 where there is none.

    A setting is a rate; where a parameter is tuned, a value of it and a rate.
    """
    arms = trials.grid.fillna(trials.loss)
    wanted = dict(zip(trials.loss, arms, strict=True))
    loss = pd.Index([wanted.get(one, one) for one in losses]).get_indexer(pd.Index(arms))
    settings = trials.groupby([pd.factorize(trials.loss)[0], "lr"]).ngroup()
    setting = settings.groupby(loss).rank("dense").to_numpy(dtype=int) - 1
    seeds, seed = np.unique(trials.seed, return_inverse=True)
    rows = np.full((len(losses), setting.max() + 1, len(seeds)), -1)
    asked = np.flatnonzero(loss >= 0)
    rows[loss[asked], setting[asked], seed[asked]] = asked
    return rows


def cube(trials: pd.DataFrame, rows: np.ndarray, column: str) -> np.ndarray:
    """Return one column at some rows of trials, NaN for row -1."""
    return np.asarray(np.append(trials[column].to_numpy(dtype=np.float64, na_value=np.nan), np.nan)[rows])


def disjoint_pairs(seeds: int, size: int) -> np.ndarray:
    """Draw pairs of disjoint sets of seeds, by index, (2, draws, size).

    Example:
        >>> sets = disjoint_pairs(10, 5)
        >>> sets.shape, sorted(sets[:, 0].ravel().tolist())
        ((2, 200, 5), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
    """
    order = np.argsort(stream("choice", "", 0, seeds).random((DRAWS, seeds)), axis=1, kind="stable")
    return np.stack([order[:, :size], order[:, size : 2 * size]])


def mean_worth(values: np.ndarray) -> np.ndarray:
    """Return the means (losses, rates, 2, draws) over the seeds of each set, as (2, losses, draws, rates).

    A rate without a value, or with a diverged seed, gets minus infinity.
    """
    defined = ~np.isnan(values)
    total, n = np.where(defined, values, 0.0).sum(axis=-1), defined.sum(axis=-1)
    return np.moveaxis(np.where(n > 0, total / np.maximum(n, 1), -np.inf), (2, 1), (0, 3))


def best_rate(worth: np.ndarray) -> np.ndarray:
    """Return the index of the best of several rates; of tied ones, the middle one.

    Args:
        worth: (..., rates), greater is better.

    Example:
        >>> best_rate(np.array([[0.1, 0.3, 0.2], [0.3, 0.3, 0.3]]))
        array([1, 1])
    """
    best = worth == worth.max(axis=-1, keepdims=True)
    return np.asarray((best.cumsum(axis=-1) > best.sum(axis=-1, keepdims=True) // 2).argmax(axis=-1))


def choice_variance(moves: np.ndarray) -> np.ndarray:
    """Return the variance over tuning sets (...) of a mean over seeds; at least 0, and 0 where unknown.

    Args:
        moves: (..., draws, seeds) its differences between the sets of each pair; NaN where undefined.

    Example:
        >>> moves = np.array([[0.2, 0.2], [0.0, 0.0], [-0.2, -0.2]])
        >>> round(float(choice_variance(moves)), 4)
        0.0133
    """
    n, mean, deviation = moments(moves)
    squares = mean**2 - deviation**2 / np.maximum(n, 1)
    known = ~np.isnan(squares)
    total = np.where(known, squares, 0.0).sum(axis=-1) / np.maximum(known.sum(axis=-1), 1)
    return np.asarray(np.maximum(total / 2.0, 0.0))
