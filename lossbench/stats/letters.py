"""The compact letter display: losses that share a letter are not significantly different."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, combinations, count
from string import ascii_letters

import numpy as np

Column = frozenset[int]


def letters(told_apart: np.ndarray) -> list[str]:
    """Give each loss letters, so that two losses share one exactly if they are not told apart.

    Insert and absorb, then sweep (Piepho 2004, "An algorithm for a letter-based representation of all-pairwise
    comparisons", Journal of Computational and Graphical Statistics 13): all losses begin in one column; each pair
    that is told apart splits every column with both into two, each without one of them; a column contained in
    another is removed; finally each loss is taken out of the columns it does not need. Each column is then a
    letter.

    Args:
        told_apart: (losses, losses) bool, symmetric, False on the diagonal; the losses best first.

    Returns:
        The letters of each loss, in their order; the best loss has an "a".

    Example:
        >>> letters(np.array([[False, False, True], [False, False, False], [True, False, False]]))
        ['a', 'ab', 'b']
    """
    columns = sorted(map(sorted, sweep(insert_and_absorb(told_apart))))
    texts = [""] * len(told_apart)
    for letter, column in zip(alphabet(), columns, strict=False):
        for loss in column:
            texts[loss] += letter
    return texts


def insert_and_absorb(told_apart: np.ndarray) -> list[Column]:
    """Return the largest sets of losses of which no two are told apart (losses, losses)."""
    columns = [frozenset(range(len(told_apart)))]
    for pair in combinations(range(len(told_apart)), 2):
        if told_apart[pair]:
            split = [column - {one} for column in columns if column.issuperset(pair) for one in pair]
            kept = [column for column in columns if not column.issuperset(pair)]
            columns = kept + [new for new in split if not any(new <= column for column in kept)]
    return columns


def sweep(columns: list[Column]) -> list[Column]:
    """Take each loss out of the columns that it does not need, as it shares others with every loss there.

    The last columns are swept first, so that the letters of the best losses stay.
    """
    columns = sorted(columns, key=sorted, reverse=True)
    for index in range(len(columns)):
        for loss in sorted(columns[index], reverse=True):
            others = [column for place, column in enumerate(columns) if place != index and loss in column]
            if columns[index] <= frozenset().union(*others):
                columns[index] -= {loss}
    return [column for column in columns if column]


def alphabet() -> Iterator[str]:
    """Yield letters without end: a to z, A to Z, then all other letters of Unicode."""
    return chain(ascii_letters, filter(str.isalpha, map(chr, count(0xC0))))
