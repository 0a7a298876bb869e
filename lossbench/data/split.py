"""How rows are dealt out to parts: one by one, or so that those of a group stay together."""

from __future__ import annotations

import numpy as np

SHARES = np.array([0.6, 0.2, 0.2])
"""What the training, validation and test part should have of the rows, and of each class."""

TRAIN = 0
MANY = 20  # from so many on, groups with the same rows of each class are dealt out at once


def divide(rows: int, held_out: int, classes: np.ndarray | None, random_state: int) -> list[np.ndarray]:
    """Divide rows at random into those that are kept and those that are held out, class by class if there are any.

    The result is that of scikit-learn's `train_test_split`, in the same order. Importing scikit-learn would take
    half as long as everything else in a run that has nothing to train.

    Args:
        rows: how many there are.
        held_out: how many of them are held out.
        classes: (rows,) int from 0 on, the class of each; None for a division that is not stratified.
        random_state: the seed, in [0, 2³²).

    Returns:
        The places of the rows that are kept, and of those that are held out, each in random order.

    Example:
        >>> kept, held_out = divide(15, 6, np.repeat([0, 1], [10, 5]), random_state=0)
        >>> len(kept), sorted(held_out.tolist())
        (9, [0, 3, 5, 7, 13, 14])
    """
    random = np.random.RandomState(random_state)
    if classes is None:
        order = random.permutation(rows)
        return [order[held_out:], order[:held_out]]
    counts = np.bincount(classes)
    kept = _apportioned(counts, rows - held_out, random)
    lent = _apportioned(counts - kept, held_out, random)
    members = np.split(np.argsort(classes, kind="stable"), np.cumsum(counts)[:-1])
    shuffled = [own[random.permutation(len(own))] for own in members]
    parts = zip(shuffled, kept.tolist(), lent.tolist(), strict=True)
    cut = [(own[:first], own[first : first + second]) for own, first, second in parts]
    return [random.permutation(np.concatenate(part)) for part in zip(*cut, strict=True)]


def _apportioned(counts: np.ndarray, number: int, random: np.random.RandomState) -> np.ndarray:
    """Apportion `number` rows to classes by their counts: largest remainders first, ties at random."""
    exact = counts / counts.sum() * number
    given = np.floor(exact)
    remainders, left = exact - given, int(number - given.sum())
    for remainder in np.unique(remainders)[::-1]:
        if left == 0:
            break
        tied = np.flatnonzero(remainders == remainder)
        lucky = random.choice(tied, size=min(len(tied), left), replace=False)
        given[lucky] += 1
        left -= len(lucky)
    return np.asarray(given.astype(int))


def deal(groups: np.ndarray, classes: np.ndarray | None, random: np.random.Generator) -> list[np.ndarray]:
    """Deal the rows of a table out to three parts, group by group: 60/20/20 in every class, as nearly as possible.

    The largest group comes first; groups of one size are in random order. Each goes to a part that has room for
    it, drawn in proportion to what the parts still lack of its classes; where no part has room, to the one that
    lacks the largest share. So any group that is no larger than the test part may be tested. Many equal groups,
    such as single rows, are dealt out at once. Where there are enough groups, every part has rows, and rows of
    every class; the training part comes first.

    Args:
        groups: (rows,) int, the number of each row's group, counted from 0.
        classes: (rows,) int, the class of each row; None where there are none.
        random: the generator to draw from.

    Returns:
        The rows of each part, ascending.

    Example:
        >>> visits = np.repeat(np.arange(10), 3)
        >>> parts = deal(visits, None, np.random.default_rng(0))
        >>> [len(set(visits[rows])) for rows in parts]
        [6, 2, 2]
    """
    counts = _counts(groups, np.zeros_like(groups) if classes is None else classes)
    kinds, kind = np.unique(counts, axis=0, return_inverse=True)
    part, table = np.empty(len(counts), dtype=np.int64), _Table(counts)
    for number in np.lexsort((random.random(len(kinds)), -kinds[:, -1])):
        alike = random.permutation(np.flatnonzero(kind.reshape(-1) == number))
        if len(alike) >= MANY:
            part[alike] = table.fill(kinds[number], len(alike))
        else:
            part[alike] = [table.place(kinds[number], random.random()) for _ in alike]
    return [np.flatnonzero(part[groups] == place) for place in range(len(SHARES))]


def _counts(groups: np.ndarray, classes: np.ndarray) -> np.ndarray:
    """Return the rows of each class in each group, and all of them in the last column: (groups, classes + 1)."""
    wide = int(classes.max()) + 1
    table = np.bincount(groups * wide + classes, minlength=(int(groups.max()) + 1) * wide).reshape(-1, wide)
    return np.column_stack([table, table.sum(axis=1)])


class _Table:
    """What three parts have and lack while groups are dealt out; one column for each class, the last for all rows.

    Args:
        counts: (groups, columns) rows.
    """

    def __init__(self, counts: np.ndarray) -> None:
        self.total = np.maximum(counts.sum(axis=0), 1)
        self.lacking = SHARES[:, None] * self.total
        self.empty = np.ones(self.lacking.shape, dtype=bool)
        self.left = np.count_nonzero(counts, axis=0)  # groups that have rows of a column and are not placed yet

    def place(self, rows: np.ndarray, chance: float) -> int:
        """Put a group with these rows (columns,) into a part; `chance`, in [0, 1), decides among several."""
        allowed, share = self._allowed(rows > 0), self._missing(rows)
        room = (self.lacking >= rows - 0.5)[:, rows > 0]
        fits = allowed & (share > 0.0) & room.all(axis=1)
        if not fits.any():  # in every class: then it need only fit in total
            fits = allowed & (share > 0.0) & room[:, -1]
        if fits.any():
            steps = np.cumsum(share * fits)
            part = int(np.searchsorted(steps, chance * steps[-1], side="right"))
        else:
            part = int(np.where(allowed, self.lacking / self.total @ rows / SHARES, -np.inf).argmax())
        self._put(rows, part, 1)
        return part

    def fill(self, rows: np.ndarray, groups: int) -> np.ndarray:
        """Put groups with these rows each into the parts that lack them; return the part of each group."""
        share = self._missing(rows)
        steps = np.cumsum(share if share.any() else SHARES)
        found = np.diff(np.rint(steps / steps[-1] * groups).astype(int), prepend=0)
        for part, number in enumerate(found.tolist()):
            self._put(rows, part, number)
        return np.repeat(np.arange(len(SHARES)), found)

    def _missing(self, rows: np.ndarray) -> np.ndarray:
        """Return how much each part lacks of a group's columns, (parts,), weighted by the group's rows in each."""
        return np.asarray(np.maximum(self.lacking, 0.0) @ (rows / self.total))

    def _put(self, rows: np.ndarray, part: int, groups: int) -> None:
        self.lacking[part] -= groups * rows
        self.empty[part] &= (groups * rows) == 0
        self.left -= groups * (rows > 0)

    def _allowed(self, mine: np.ndarray) -> np.ndarray:
        """Say which parts may have a group with rows of these columns, (parts,)."""
        scarce = mine & (self.left <= self.empty.sum(axis=0))
        waiting = self.empty[:, scarce].sum(axis=1)
        last = (self.empty[TRAIN] & mine & (self.left == 1)).any()
        waiting[TRAIN] += mine.size * last
        waiting += 2 * mine.size * (self.empty[:, -1] & scarce[-1])  # most important: no part is without rows
        return np.asarray(waiting == waiting.max())
