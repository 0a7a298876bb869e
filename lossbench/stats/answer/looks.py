"""Looking more than once: seeds are added until a choice is settled, and each look could find by chance.

    of the level α = 5 %, at the look after n of at most N seeds:   α n / N  has been spent
    a look after n seeds that follows one after m:                  tested at α (n - m) / N

The first line is alpha spending in proportion to what was gathered (Lan and DeMets 1983, Discrete sequential
boundaries for clinical trials, Biometrika 70). Their boundaries rest on how looks hang together. On a table no
such law is known, since seeds split the same rows; so each look is tested at what is newly spent, and by
Bonferroni's inequality the chance of any false verdict at any look is at most α, however they hang together. That
holds for looks that were not planned too, as at the end of a budget, as long as their time does not depend on what
was seen. To stop because nothing more can be found spends nothing.

A verdict is corrected by `correction`, with which p values are multiplied; the interval beside it is at the level
of its look, so that those of all looks hold together (Jennison and Turnbull 1989, Interim analyses: the repeated
confidence interval approach, Journal of the Royal Statistical Society B 51). `tests/looks.py` tries it where
nothing differs.
"""

from __future__ import annotations

SHARES = (0.25, 0.5, 1.0)
"""Of the seeds that may be trained: when it is looked."""

FEWEST = 5
"""Seeds at the first look: of fewer, an interval is mostly Student's t."""


def planned(most: int) -> tuple[int, ...]:
    """Return after how many seeds it is looked, the last time after all.

    Example:
        >>> planned(40), planned(12), planned(3)
        ((10, 20, 40), (6, 12), (3,))
    """
    counts = (-(-int(4 * share) * most // 4) for share in SHARES)
    return tuple(dict.fromkeys(count for count in counts if count >= FEWEST or count == most))


def correction(before: int, seeds: int, most: int) -> float:
    """Return what p values are multiplied by at a look, at least 1.

    Args:
        before: the seeds at the look before, 0 at the first.
        seeds: those at this one, more than before.
        most: how many there may be.

    Example:
        >>> [correction(*look, most=40) for look in ((0, 10), (10, 20), (20, 40))], correction(0, 40, 40)
        ([4.0, 4.0, 2.0], 1.0)
    """
    return most / (seeds - before)
