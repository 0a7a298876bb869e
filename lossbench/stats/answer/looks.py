"""Several looks: seeds are added until a choice is settled, and each look may find something by chance.

    of the level α = 5 %, at the look after n of at most N seeds:   α n / N  has been spent
    a look after n seeds that follows one after m:                  tested at α (n - m) / N

The first line is alpha spending in proportion to the seeds (Lan and DeMets 1983, Discrete sequential boundaries
for clinical trials, Biometrika 70). Their boundaries rely on the joint distribution of the looks. On a table that
is unknown, since seeds split the same rows; so each look is tested at the newly spent level, and by Bonferroni's
inequality the chance of any false verdict at any look is at most α, however the looks depend on each other. That
also holds for unplanned looks, as at the end of a budget, if their time does not depend on the results. Stopping
because nothing more can be found spends nothing.

A verdict is corrected by `correction`, a factor on p values; the interval beside it is at the level of its look,
so that the intervals of all looks hold together (Jennison and Turnbull 1989, Interim analyses: the repeated
confidence interval approach, Journal of the Royal Statistical Society B 51). `tests/looks.py` tries it on data
without differences.
"""

from __future__ import annotations

SHARES = (0.25, 0.5, 1.0)
"""The shares of all seeds after which there is a look."""

FEWEST = 5
"""The fewest seeds at the first look: with fewer, the width of an interval is mostly due to Student's t."""


def planned(most: int) -> tuple[int, ...]:
    """Return the numbers of seeds after which there is a look, the last one being all.

    Example:
        >>> planned(40), planned(12), planned(3)
        ((10, 20, 40), (6, 12), (3,))
    """
    counts = (-(-int(4 * share) * most // 4) for share in SHARES)
    return tuple(dict.fromkeys(count for count in counts if count >= FEWEST or count == most))


def correction(before: int, seeds: int, most: int) -> float:
    """Return the factor on p values at a look, at least 1.

    Args:
        before: the seeds at the previous look, 0 at the first.
        seeds: the seeds at this look, more than before.
        most: the largest possible number of seeds.

    Example:
        >>> [correction(*look, most=40) for look in ((0, 10), (10, 20), (20, 40))], correction(0, 40, 40)
        ([4.0, 4.0, 2.0], 1.0)
    """
    return most / (seeds - before)
