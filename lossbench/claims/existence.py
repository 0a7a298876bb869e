"""Claims that something exists: many comparisons, of which one that shows it is enough."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import replace

from lossbench.claims.evidence import Evidence, Word
from lossbench.claims.verdict import listed

Group = tuple[Hashable, ...]


def in_groups(lines: Sequence[Evidence]) -> list[list[Evidence]]:
    """Sort judged comparisons by protocol, data set and what was measured, in their order."""
    groups: dict[Group, list[Evidence]] = {}
    for line in lines:
        groups.setdefault((line.protocol, line.dataset, line.what), []).append(line)
    return list(groups.values())


def any_differs(lines: Sequence[Evidence]) -> Evidence:
    """Return one line for comparisons that were judged as claims of equality, where one difference is enough.

    Reproduced where any is contradicted: there is a difference. Contradicted where all are reproduced: nothing
    differs beyond the margin. The figures are those of the clearest difference; the note counts and names them.

    Args:
        lines: of one protocol, data set and measure, judged by `judge_all` with the direction "equal".

    Example:
        >>> one, other = Evidence("reproduced", "f1", case="a vs b"), Evidence("contradicted", "f1", case="a vs c")
        >>> any_differs([one, other]).verdict, any_differs([one, other]).note
        ('reproduced', '1 of 2 comparisons differ: a vs c')
    """
    tried = [line for line in lines if line.verdict != "not testable"]
    differing = [line for line in tried if line.verdict == "contradicted"]
    verdict: Word = "inconclusive"
    if differing or not tried:
        verdict = "reproduced" if differing else "not testable"
    elif all(line.verdict == "reproduced" for line in tried):
        verdict = "contradicted"
    shown = max(differing or tried or lines, key=lambda line: line.clarity)
    named = f": {listed(line.case for line in differing)}" if differing else ""
    return replace(shown, verdict=verdict, note=f"{len(differing)} of {len(tried)} comparisons differ{named}")


def any_pair(found: Sequence[tuple[Evidence, Evidence]], said: str) -> Evidence:
    """Return one line for pairs of comparisons, where one pair that is reproduced in both is enough.

    Otherwise nothing is shown: that no pair was found among those tried does not say that there is none.

    Args:
        found: two judged comparisons of each pair; the figures shown are those of the second.
        said: what a pair shows, for the note: "equal in accuracy, not in recall".

    Example:
        >>> line = Evidence("reproduced", "recall", case="a vs b")
        >>> any_pair([(line, line)], "a pair").note
        '1 of 1 pairs: a pair: a vs b'
    """
    shows = [second for first, second in found if first.verdict == second.verdict == "reproduced"]
    shown = max(shows or [second for _, second in found], key=lambda line: line.clarity)
    named = f": {said}: {listed(line.case for line in shows)}" if shows else f" are {said}"
    verdict: Word = "reproduced" if shows else "inconclusive"
    return replace(shown, verdict=verdict, note=f"{len(shows)} of {len(found)} pairs{named}")
