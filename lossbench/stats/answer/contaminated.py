"""The largest contaminated share: the test of the table, made again on the trainings that saw the most dirt.

Robustness, slope and breakdown describe a loss; none of them is a test. Whether a loss does better than the
reference on dirty data is a question of its own, with a family of its own, as every contaminated share has: all
pairs of losses at the largest share, corrected as those of the table are, over rows where they are known.
`tests/dirtied.py` tries the intervals on fresh tables.
"""

from __future__ import annotations

from dataclasses import replace

from lossbench.stats.answer.facts import Contaminated
from lossbench.stats.groups import ComparisonGroup
from lossbench.stats.paired import moments
from lossbench.stats.pairs import pairs_of, tested


def at_largest_share(group: ComparisonGroup, margin: float | None, kind: str) -> Contaminated:
    """Return what the losses do on clean test rows after training on the largest contaminated share.

    Args:
        group: of several shares.
        margin: the difference that is too small to matter; None where none is declared.
        kind: of contamination.
    """
    dirty = dirtiest(group)
    known = dirty.difference_of(dirty.score, *pairs_of(dirty))
    words = tested(dirty, known, margin).words[: len(dirty.losses) - 1].tolist()
    means = moments(dirty.clean(dirty.score))[1].tolist()
    others = zip(dirty.losses[1:], words, means[1:], strict=True)
    return Contaminated(kind, float(dirty.shares[0]), means[0], tuple(others))


def dirtiest(group: ComparisonGroup) -> ComparisonGroup:
    """Return the trainings at the largest contaminated share as a group of their own, which is looked at once."""
    choice = group.choice.dirtiest if group.choice else None
    rows, shares = group.rows[..., -1:], group.shares[-1:]
    return replace(group, rows=rows, shares=shares, choice=choice, correction=1.0)
