"""Combine many comparisons, any one of which is enough, into one line of evidence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import prod

from lossbench.claims.claim import Evidence, Word
from lossbench.claims.report.words import each_once


def any_of(
    showing: Sequence[Evidence], tried: Sequence[Evidence], said: str, otherwise: Word = "inconclusive"
) -> Evidence:
    """Return one line for all comparisons: reproduced if any of them shows what is claimed.

    If none does, nothing is decided: not being shown does not mean that there is none. The figures are those of
    the clearest comparison, and the note counts and names those that show it.

    Example:
        >>> line = Evidence("reproduced", "recall", arms=("a", "b"))
        >>> any_of([line], [line, line], "unlike in recall").note
        '1 of 2 comparisons unlike in recall: a vs b'
    """
    shown = max(showing or tried, key=lambda line: line.clarity)
    several = len({line.dataset for line in tried}) > 1
    cases = [f"{line.case} on {line.dataset}" if several else line.case for line in showing]
    named = f": {each_once(sorted(cases))}" if showing else ""
    note = f"{len(showing)} of {len(tried)} comparisons {said}{named}"
    return replace(shown, verdict="reproduced" if showing else otherwise, note=note, again=())


def any_differs(lines: Sequence[Evidence]) -> Evidence:
    """Return one line for comparisons that were judged as claims of equality: one difference is enough.

    If none is shown, the line is contradicted if all are equal within the margin, and not testable if nothing
    could be compared.

    Args:
        lines: comparisons of one protocol and metric, judged by `judge_all` with the direction "equal".

    Example:
        >>> one, other = (Evidence(word, "f1") for word in ("reproduced", "contradicted"))
        >>> any_differs([one, other]).verdict, any_differs([one]).verdict
        ('reproduced', 'contradicted')
    """
    words = {line.verdict for line in lines if line.verdict != "not testable"}
    otherwise: Word = "inconclusive" if words else "not testable"
    if words == {"reproduced"}:
        otherwise = "contradicted"
    differing = [line for line in lines if line.verdict == "contradicted"]
    return replace(any_of(differing, lines, "differ", otherwise), again=any_again(lines))


def any_again(lines: Sequence[Evidence]) -> tuple[float, ...]:
    """Return the probability of each of the first four `WORDS` on other seeds, for independent comparisons."""
    tried = [line.chances for line in lines if line.verdict != "not testable"]
    equal, same = prod(chances[0] for chances in tried), prod(1.0 - chances[1] for chances in tried)
    return (1.0 - same, equal, 0.0, same - equal)
