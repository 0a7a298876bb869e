"""Contaminated shares: the tests of the table, repeated on the trainings at each share.

Robustness, slope and breakdown describe a loss; none of them is a test. Whether a loss does better than the
reference on contaminated data is a question of its own. It is asked at every share, since at a large share every
loss may fail, and at a small one none may suffer: all pairs of losses, corrected as those of the table are, and by
Bonferroni for the number of shares. At the largest share the unit is the row where rows are known. Contributions
of rows at the shares between are not kept, so there it is the seed. `tests/dirtied.py` tries the intervals of both
on fresh tables.
"""

from __future__ import annotations

from dataclasses import replace

from lossbench.stats.answer.facts import Contaminated, unfinished
from lossbench.stats.groups import ComparisonGroup
from lossbench.stats.paired import moments
from lossbench.stats.pairs import pairs_of, tested


def at_each_share(group: ComparisonGroup, margin: float | None) -> tuple[Contaminated, ...]:
    """Return the results on clean test rows after training on each contaminated share, ascending.

    Args:
        group: with the smallest share, that of the table, and any others.
        margin: the difference that is too small to matter; None where none is declared.
    """
    others = len(group.shares) - 1
    dirty = (replace(at_share(group, place), correction=float(others)) for place in range(1, others + 1))
    return tuple(against_reference(one, margin) for one in dirty)


def against_reference(dirty: ComparisonGroup, margin: float | None) -> Contaminated:
    """Return the verdict on each loss against the first at one share; see `at_each_share`."""
    known = dirty.difference(*pairs_of(dirty))
    words = tested(dirty, known, margin).words[: len(dirty.losses) - 1].tolist()
    means = moments(dirty.scored)[1].tolist()
    others = zip(dirty.losses[1:], words, means[1:], strict=True)
    return Contaminated(dirty.outlier_kind, float(dirty.shares[0]), means[0], tuple(others), unfinished(dirty))


def at_share(group: ComparisonGroup, place: int) -> ComparisonGroup:
    """Return the trainings at one contaminated share, by its index, as a group of their own for a single look."""
    choice = group.choice.at_shares[place] if group.choice else None
    one = slice(place, place + 1)
    return replace(group, rows=group.rows[..., one], shares=group.shares[one], choice=choice, correction=1.0)
