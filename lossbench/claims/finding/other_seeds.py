"""The stability of a verdict on other seeds: the units of a claim are redrawn, and each draw gives a verdict.

The first seed of a run is arbitrary. So a verdict is only given if other seeds would give it too. Every unit is
drawn from the probabilities of its words (`lossbench.claims.deciding`). A verdict in fewer than nine of ten draws
is too weak to say; draws with too few decided units are left out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import lru_cache

import numpy as np

from lossbench.claims.claim import WORDS, Evidence, Word
from lossbench.claims.finding.tally import WEAK, Tally

STABLE = 0.9
"""The share of the draws that must agree on a verdict."""

DRAWS = 400


def on_other_seeds(tally: Tally, say: Callable[[Tally], str]) -> Mapping[str, float]:
    """Return the verdicts of units on other seeds, with their shares; empty if all draws are too weak.

    Example:
        >>> firm, shaky = Evidence("reproduced", "f1"), Evidence("inconclusive", "f1", again=(0.0, 0.5, 0.0, 0.5))
        >>> found = on_other_seeds(Tally((firm, firm, firm, firm, shaky, shaky)), lambda tally: tally.lean)
        >>> {word: round(share, 1) for word, share in found.items()}
        {'mostly': 0.5, 'mixed': 0.3, 'holds': 0.2}
    """
    # Neither the order of the units nor their words on these seeds may change the result.
    return shares(
        Tally(tuple(with_word(line, "inconclusive") for line in sorted(tally.units, key=identity_of))), say
    )


@lru_cache(maxsize=4)  # `single_cases` asks again for every unit, and only the unit's word differs
def shares(tally: Tally, say: Callable[[Tally], str]) -> Mapping[str, float]:
    """Return the share of each verdict among the draws of units; empty if all draws are too weak."""
    said: Counter[str] = Counter()
    for drawn, times in draws(tally):
        said[say(drawn)] += times
    del said[WEAK]
    return {word: times / said.total() for word, times in said.most_common()}


def instability(tally: Tally, say: Callable[[Tally], str]) -> float:
    """Return the probability of another verdict on other seeds; 0 if it is stable. See `on_other_seeds`."""
    if not tally.units or say(tally) == WEAK:
        return 0.0
    otherwise = 1.0 - on_other_seeds(tally, say).get(say(tally), 0.0)
    return otherwise if otherwise > 1.0 - STABLE else 0.0


def draws(tally: Tally) -> Iterator[tuple[Tally, int]]:
    """Yield each distinct draw of the units on other seeds, with its number of occurrences."""
    chances = np.array([line.chances for line in tally.units])
    rolls = np.random.default_rng(0).random((DRAWS, len(tally.units), 1))
    outcomes = (rolls > chances.cumsum(axis=1)[:, :-1]).sum(axis=2)
    units = [[with_word(line, word) for word in WORDS[:-1]] for line in tally.units]
    for outcome, times in zip(*np.unique(outcomes, axis=0, return_counts=True), strict=True):
        words = zip(units, outcome.tolist(), strict=True)
        yield Tally(tuple(unit[word] for unit, word in words)), int(times)


def identity_of(line: Evidence) -> tuple[object, ...]:
    """Return what distinguishes a unit from the others of its claim."""
    return line.dataset, line.case, line.what, line.protocol, line.part, line.again, line.verdict


def with_word(line: Evidence, word: Word) -> Evidence:
    """Return a unit with another word, but the same chances of every word."""
    return replace(line, verdict=word, again=line.chances)
