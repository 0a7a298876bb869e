"""The uncertainty of differences of which some have rows as the unit, and others seeds."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from lossbench.stats.estimate import Estimate
from lossbench.stats.paired import SeedSpread
from lossbench.stats.rows import RowSpread


@dataclass(frozen=True)
class PairSpread:
    """The uncertainty of the differences of a table on which trainings of some losses diverged.

    Args:
        rows: (tests,) over rows, for pairs of losses of which every training has a score.
        seeds: (tests,) over seeds, for the other pairs.
        by_seed: (tests,) bool, which pairs these are.
    """

    rows: RowSpread
    seeds: SeedSpread
    by_seed: np.ndarray

    @property
    def mean(self) -> np.ndarray:
        """The mean difference, (tests,)."""
        return np.where(self.by_seed, self.seeds.mean, self.rows.mean)

    @property
    def n(self) -> np.ndarray:
        """The number of seeds, (tests,)."""
        return np.where(self.by_seed, self.seeds.n, self.rows.n)

    def widened(self, choice: np.ndarray) -> PairSpread:
        """Return the spread with a variance (tests,) due to the choice of the rates."""
        return replace(self, rows=self.rows.widened(choice), seeds=self.seeds.widened(choice))

    def at(self, seeds: np.ndarray | None = None) -> Estimate:
        """Return the estimate; for other numbers of seeds (tests,), as it would be with all else the same."""
        pairs = zip(vars(self.seeds.at(seeds)).values(), vars(self.rows.at(seeds)).values(), strict=True)
        return Estimate(*(np.where(self.by_seed, one, other) for one, other in pairs))


Spread = SeedSpread | RowSpread | PairSpread
"""How the mean of differences varies, by what is independent."""
