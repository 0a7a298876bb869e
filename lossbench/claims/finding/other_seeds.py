"""What other seeds would say: the units of a claim drawn anew, and what a count of them comes to.

Which seed a run begins with is of no meaning. So a verdict is said only where other seeds would say it too. Every
unit is drawn from the probabilities of its words (`lossbench.claims.deciding`), and a verdict that fewer than nine
of ten draws come to, those left out in which too few units are decided for any, is too weak to say.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import lru_cache

import numpy as np

from lossbench.claims.claim import WORDS, Evidence, Word
from lossbench.claims.finding.tally import WEAK, Tally

STEADY = 0.9
"""The share of the draws that must come to a verdict for it to be said."""

DRAWS = 400


def elsewhere(tally: Tally, say: Callable[[Tally], str]) -> Mapping[str, float]:
    """Return what other seeds would say of units, each verdict with its share; none where all is too weak.

    Args:
        tally: the units.
        say: what a count of units comes to.

    Example:
        >>> firm, shaky = Evidence("reproduced", "f1"), Evidence("inconclusive", "f1", again=(0.0, 0.5, 0.0, 0.5))
        >>> found = elsewhere(Tally((firm, firm, firm, firm, shaky, shaky)), lambda tally: tally.lean)
        >>> {word: round(share, 1) for word, share in found.items()}
        {'mostly': 0.5, 'mixed': 0.3, 'holds': 0.2}
    """
    # Neither the order of the units nor the words that these seeds found change what others would say.
    return shares(Tally(tuple(saying(line, "inconclusive") for line in sorted(tally.units, key=place))), say)


@lru_cache(maxsize=4)  # whether a verdict hangs on one unit is asked of all of them, whose words alone then differ
def shares(tally: Tally, say: Callable[[Tally], str]) -> Mapping[str, float]:
    """Return the share of the draws of units that come to each verdict; none where all is too weak."""
    said: Counter[str] = Counter()
    for drawn, times in draws(tally):
        said[say(drawn)] += times
    del said[WEAK]
    return {word: times / said.total() for word, times in said.most_common()}


def unsteady(tally: Tally, say: Callable[[Tally], str]) -> float:
    """Return how probable it is that other seeds say otherwise of units; 0 where these stand. See `elsewhere`."""
    if not tally.units or say(tally) == WEAK:
        return 0.0
    otherwise = 1.0 - elsewhere(tally, say).get(say(tally), 0.0)
    return otherwise if otherwise > 1.0 - STEADY else 0.0


def draws(tally: Tally) -> Iterator[tuple[Tally, int]]:
    """Yield the units as other seeds may find them, each outcome once, with its number among all draws."""
    chances = np.array([line.chances for line in tally.units])
    rolls = np.random.default_rng(0).random((DRAWS, len(tally.units), 1))
    outcomes = (rolls > chances.cumsum(axis=1)[:, :-1]).sum(axis=2)
    units = [[saying(line, word) for word in WORDS[:-1]] for line in tally.units]
    for outcome, times in zip(*np.unique(outcomes, axis=0, return_counts=True), strict=True):
        words = zip(units, outcome.tolist(), strict=True)
        yield Tally(tuple(unit[word] for unit, word in words)), int(times)


def place(line: Evidence) -> tuple[object, ...]:
    """Return what tells a unit from the others of its claim."""
    return line.dataset, line.case, line.what, line.protocol, line.part, line.again, line.verdict


def saying(line: Evidence, word: Word) -> Evidence:
    """Return a unit with another word, and the chances that it has of every one."""
    return replace(line, verdict=word, again=line.chances)
