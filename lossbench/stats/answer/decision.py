"""From the verdicts on one table to a choice: which loss, on what evidence, and what is still open.

The usual loss, which is the first, is kept unless another one is shown to be better. Then the loss with the best
mean is chosen among those that are, and that no other is shown to beat. All pairs are tested together, so that the
evidence holds for whichever loss is chosen.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any, Literal

import numpy as np

from lossbench.schema import METRICS
from lossbench.stats.answer.contaminated import at_share
from lossbench.stats.answer.facts import Contaminated, TableAnswer
from lossbench.stats.answer.looks import correction, planned
from lossbench.stats.answer.table import answer
from lossbench.stats.groups import ComparisonGroup
from lossbench.stats.pair_spread import Spread
from lossbench.stats.paired import moments
from lossbench.stats.pairs import Judged, difference_columns, pairs_of
from lossbench.stats.rows import RowSpread
from lossbench.stats.sample_size import decided, rows_to_decide
from lossbench.stats.verdicts import BETTER, WORSE

End = Literal["settled", "bound", "seeds", "budget", "nothing"]
"""Why no more seeds were added: all is decided; more would decide nothing; there are no more; there is no more
time; no training ended well."""

OPPOSITE = dict(zip((*BETTER, *WORSE), (*WORSE, *BETTER), strict=True))

FOLLOWERS_TRIED = 3
"""How many losses after the chosen one are also tried on contaminated data."""

Figure = tuple[float, float, float]
"""A mean, and the ends of its interval."""


@dataclass(frozen=True)
class Decision:
    """The choice on one table.

    Args:
        usual: the loss that others have to beat.
        chosen: the chosen loss; the usual one where nothing ended well.
        following: the other losses that no loss is shown to beat, the best mean first.
        table: the verdicts on each loss against the chosen one.
        means: the score of each loss that has one.
        end: why no more seeds were added.
        looks: the numbers of seeds after which verdicts were made; `table` has those of the last.
        most: the largest possible number of seeds.
        rows_needed: about how many tested rows, or groups, would decide all that is open, with these seeds; None
            where nothing is open, where seeds are the unit, or where not even many times the rows would suffice.
        clean: the mean of the chosen loss without contamination, on the seeds of `dirty`; NaN where that is None.
        dirty: the results of the first few losses on contaminated data, against the chosen one; None where that
            was not tried.
        dirty_seeds: the number of these seeds.
    """

    usual: str
    chosen: str
    following: tuple[str, ...]
    table: TableAnswer
    means: Mapping[str, Figure] = field(repr=False)
    end: End
    looks: tuple[int, ...]
    most: int
    rows_needed: int | None = None
    clean: float = np.nan
    dirty: Contaminated | None = None
    dirty_seeds: int = 0

    @property
    def second(self) -> str | None:
        """The runner-up; None where every other loss is beaten, or did not end well."""
        return next(iter(self.following), None)

    @property
    def front(self) -> tuple[str, ...]:
        """The losses to try on contaminated data: the chosen one, a few that follow, and the usual one."""
        return tuple(dict.fromkeys((self.chosen, *self.following[:FOLLOWERS_TRIED], self.usual)))


def decide(judged: Judged, margin: float | None, looks: tuple[int, ...], most: int) -> Decision:
    """Return the decision at a look.

    Args:
        judged: the losses at their own rates, on the smallest contaminated share; the first is the usual one.
        margin: the difference that is too small to matter; None where none is declared.
        looks: the numbers of seeds after which verdicts were made, this time included.
        most: the largest possible number of seeds.
    """
    group, found = judged.group, answer(judged, margin)
    means = means_of(group)
    worth = {
        loss: METRICS[group.score].sign * means[loss][0] for loss in found.best if loss not in dict(found.beaten)
    }
    order = sorted(worth, key=lambda loss: -worth[loss])
    chosen = first_choice(found, order)
    table = answer(compared_with(judged, chosen), margin)
    made = Decision(
        usual=found.reference,
        chosen=chosen,
        following=tuple(loss for loss in order if loss != chosen),
        table=table,
        means=means,
        end="seeds",
        looks=looks,
        most=most,
    )
    made = replace(made, end=ended(judged, made, margin) if order else "nothing")
    return replace(made, rows_needed=rows_needed(judged, made, margin))


def first_choice(found: TableAnswer, order: list[str]) -> str:
    """Return the loss that is chosen.

    Args:
        found: the answer of the table.
        order: the losses that no other is shown to beat, the best mean first.
    """
    if found.reference in order or not order:
        return found.reference
    shown = dict(found.beaten).get(found.reference, ())
    return next((loss for loss in order if loss in shown), order[0])


def ended(judged: Judged, made: Decision, margin: float | None) -> End:
    """Say why to end, if so: all is decided, or the remaining seeds would decide nothing; else "seeds"."""
    known = undecided(judged, made)
    if known is None:
        return "settled"
    return "seeds" if made.looks[-1] == made.most or can_decide(known, judged.group, made, margin) else "bound"


def undecided(judged: Judged, made: Decision) -> Spread | None:
    """Return the open differences of losses that ended well, with their uncertainty; None if there are none."""
    group, gone = judged.group, {one.loss for one in made.table.unfinished}
    left = [group.losses.index(one.loss) for one in made.table.open if one.loss not in gone]
    chosen = group.losses.index(made.chosen)
    return group.difference(np.full(len(left), chosen), np.array(left)) if left else None


def can_decide(known: Spread, group: ComparisonGroup, made: Decision, margin: float | None) -> bool:
    """Say whether one of the remaining looks would decide something, if mean and spread stayed the same."""
    counts = [made.looks[-1], *(count for count in planned(made.most) if count > made.looks[-1])]

    def decides(before: int, now: int) -> bool:
        family = correction(before, now, made.most) * (len(group.losses) - 1)
        return bool(decided(known.at(np.full(known.mean.shape, now)), margin, family).any())

    return any(decides(*look) for look in pairwise(counts))


def means_of(group: ComparisonGroup) -> dict[str, Figure]:
    """Return the score of each loss that has one, with its interval."""
    found = group.mean_of(group.score).at().interval()
    rows = zip(group.losses, *np.broadcast_arrays(found.mean, found.low, found.high), strict=True)
    return {loss: (float(mean), float(low), float(high)) for loss, mean, low, high in rows if not np.isnan(mean)}


def compared_with(judged: Judged, loss: str) -> Judged:
    """Return the same verdicts with another reference: it comes first, and differences are relative to it."""
    losses, (first, second) = judged.group.losses, pairs_of(judged.group)
    chosen = losses.index(loss)
    order = np.array([chosen, *(index for index in range(len(losses)) if index != chosen)])
    number = np.zeros((len(losses),) * 2, dtype=int)
    number[first, second] = number[second, first] = np.arange(len(first))
    one, other = order[first], order[second]
    return Judged(reordered(judged.group, order), swapped_pairs(judged.pairs, number[one, other], one > other))


def swapped_pairs(pairs: Mapping[str, Any], where: np.ndarray, swapped: np.ndarray) -> dict[str, Any]:
    """Return the columns of pairs that an answer uses, in another order.

    Args:
        pairs: columns by name.
        where: (tests,) the index of each pair.
        swapped: (tests,) whether its losses change sides.
    """
    names = ("difference", "difference_low", "difference_high", "more_seeds", "verdict")
    mean, low, high, more, words = (np.asarray(pairs[name])[where] for name in names)
    return {
        "difference": np.where(swapped, -mean, mean),
        "difference_low": np.where(swapped, -high, low),
        "difference_high": np.where(swapped, -low, high),
        "verdict": [OPPOSITE.get(word, word) if side else word for word, side in zip(words, swapped, strict=True)],
        # At least one: secondary questions may be open where Holm's worst case would decide them.
        "more_seeds": np.where(words == "inconclusive", np.maximum(more, 1), more),
    }


def reordered(group: ComparisonGroup, order: np.ndarray) -> ComparisonGroup:
    """Return a group with its losses in another order."""
    losses = [group.losses[index] for index in order]
    choice = group.choice.reordered(order) if group.choice else None
    return replace(group, losses=losses, rows=group.rows[order], choice=choice)


def rows_needed(judged: Judged, made: Decision, margin: float | None) -> int | None:
    """Return about how many rows would decide all that is open; None where none would, or seeds are the unit."""
    known = undecided(judged, made)
    if not isinstance(known, RowSpread):
        return None
    found = rows_to_decide(known, margin, judged.group.correction * (len(judged.group.losses) - 1))
    return int(found.max()) if not np.isnan(found).any() and (found > known.units).any() else None


def in_dirt(group: ComparisonGroup, made: Decision, margins: Mapping[str, float]) -> Decision:
    """Add the results of the first few losses on contaminated data, by tests of their own, made once.

    Args:
        group: of these losses, at their own rates, clean and contaminated.
        made: the decision on clean data.
        margins: the difference that is too small to matter, by score.
    """
    dirty = at_share(group, len(group.shares) - 1)
    found = compared_with(Judged(dirty, difference_columns(dirty, margins)), made.chosen)
    told = answer(found, margins.get(group.score))
    means = dict(zip(found.group.losses, moments(found.group.scored)[1].tolist(), strict=True))
    others = tuple((one.loss, one.verdict, means[one.loss]) for one in told.others)
    there = Contaminated(group.outlier_kind, float(group.shares[-1]), means[made.chosen], others, told.unfinished)
    place = group.losses.index(made.chosen)
    tried = dirty.trained()[place]
    clean = made.means[made.chosen][0] if tried.all() else float(group.clean(group.score)[place][tried].mean())
    return replace(made, clean=clean, dirty=there, dirty_seeds=int(tried.sum()))
