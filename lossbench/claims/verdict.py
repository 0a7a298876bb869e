"""From all the evidence on a claim to one verdict, by rules that know nothing of the claim.

1. Lines that are not testable say nothing. If there are no others, the claim is not testable. A word that, among
   ten tests or more, is said only by tests of one arm at its own rate on one data set counts as open: all of them
   hang on one choice of that rate, which no p value covers. The condition names such lines all the same.
2. Reproduced on some lines, and contradicted or equivalent on others: it depends, and the condition says on what.
3. Contradicted on some lines and reproduced on none: contradicted, and the condition says where.
4. What is left is all reproduced, or all equivalent, but for lines that are open (inconclusive). If these are the
   fewer, the claim is reproduced, or equivalent; else it is inconclusive. The condition says where.

A document states its claim without conditions, so one line that goes the other way beyond doubt speaks against it;
but what the seeds cannot decide speaks neither for it nor against it. The order of the lines never matters.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace

from lossbench.claims.claim import WORDS, Evidence, Verdict, Word

AXES: tuple[tuple[str, Callable[[Evidence], str]], ...] = (
    ("under", lambda line: line.protocol),
    ("on", lambda line: line.dataset),
    ("for", lambda line: line.case),
    ("in", lambda line: line.what),
)
"""On what a verdict may depend, each with its preposition."""

CROWD = 10  # tests of a claim, among which one choice of a rate turns no verdict

NAMED = 4  # values that a condition names before it only counts


def combine(evidence: Iterable[Evidence], tuned: Collection[str] = ()) -> tuple[Verdict, str]:
    """Return the verdict of all the evidence, and where it holds if not everywhere.

    Args:
        evidence: all lines on one claim.
        tuned: names of the protocols under which each arm has its own rate.

    Example:
        >>> lines = [Evidence("reproduced", "f1", protocol="sgd"), Evidence("contradicted", "f1", protocol="adam")]
        >>> combine(lines)
        ('depends', 'reproduced under sgd; contradicted under adam')
    """
    lines = [line for line in evidence if line.verdict != "not testable"]
    words = {line.verdict for line in lines}
    if not words:
        return "not testable", "nothing could be compared"
    decided = words - {"inconclusive"} - hanging(lines, tuned)
    said = condition(lines) if len(words) > 1 else ""
    if "reproduced" in decided and len(decided) > 1:
        return "depends", said
    if "contradicted" in decided:
        return "contradicted", said
    undecided = sum(line.verdict not in decided for line in lines)
    return decided.pop() if decided and 2 * undecided < len(lines) else "inconclusive", said


def hanging(lines: Collection[Evidence], tuned: Collection[str]) -> set[Word]:
    """Return the words that hang on one choice of a rate, where there are ten tests or more.

    What is exact, such as a worked example, has no p value and hangs on nothing.
    """
    tests = [line for line in lines if line.p_value is not None]
    choices: dict[Word, set[object]] = {}
    for line in lines:
        chosen = line.protocol in tuned and line.p_value is not None
        choices.setdefault(line.verdict, set()).add(rate(line) if chosen else None)
    return {
        word for word, found in choices.items() if len(found) == 1 and None not in found and len(tests) >= CROWD
    }


def rate(line: Evidence) -> tuple[str, ...]:
    """Return whose rate a tuned test hangs on, and where it was chosen: of bce against mse, that of bce."""
    return line.claim, line.protocol, line.dataset, line.arms[0] if line.arms else line.detail


def condition(lines: Collection[Evidence]) -> str:
    """Say where the lines say which word.

    Args:
        lines: with more than one word.
    """
    words = [word for word in WORDS if any(line.verdict == word for line in lines)]
    parts = [where(lines, word) for word in words if word != "inconclusive"]
    return "; ".join([*parts, *(["elsewhere open"] if "inconclusive" in words else [])])


def where(lines: Collection[Evidence], word: Word) -> str:
    """Say where one word is said: the values of each axis at which it occurs, unless it occurs at all of them.

    Axes are named until no other word is said there. Where some are to the end, the phrase counts.
    """
    mine = [line for line in lines if line.verdict == word]
    box, places = list(lines), []
    for preposition, axis in AXES:
        values = {axis(line) for line in mine}
        if len(box) > len(mine) and values != {axis(line) for line in lines}:
            places += [f"{preposition} {listed(values)}"] if any(values) else []
            box = [line for line in box if axis(line) in values]
    place, phrase = " ".join(places), "no difference" if word == "equivalent" else word
    if len(box) == len(mine):
        return f"{phrase} {place}"
    return f"{phrase} in {len(mine)} of {len(box)} comparisons{' ' if place else ''}{place}"


def listed(values: Iterable[str]) -> str:
    """Name the first few in the order of the alphabet, without blanks, and count the others.

    Example:
        >>> listed({"b", "a"}), listed("abcdef")
        ('a, b', 'a, b, c, d and 2 more')
    """
    names = sorted(filter(None, values))
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + more


def any_of(
    showing: Sequence[Evidence], tried: Sequence[Evidence], said: str, otherwise: Word = "inconclusive"
) -> Evidence:
    """Return one line for all comparisons tried: reproduced where any shows what is claimed.

    Where none does, nothing is decided: it does not say that there is none. The figures are those of the clearest
    comparison, and the note counts and names those that show it.

    Args:
        showing: those that do.
        tried: all of them, of one protocol.
        said: what they show, for the note.
        otherwise: the verdict where none does.

    Example:
        >>> line = Evidence("reproduced", "recall", arms=("a", "b"))
        >>> any_of([line], [line, line], "unlike in recall").note
        '1 of 2 comparisons unlike in recall: a vs b'
    """
    shown = max(showing or tried, key=lambda line: line.clarity)
    several = len({line.dataset for line in tried}) > 1
    cases = [f"{line.case} on {line.dataset}" if several else line.case for line in showing]
    named = f": {listed(cases)}" if showing else ""
    note = f"{len(showing)} of {len(tried)} comparisons {said}{named}"
    return replace(shown, verdict="reproduced" if showing else otherwise, note=note)


def any_differs(lines: Sequence[Evidence]) -> Evidence:
    """Return one line for comparisons that were judged as claims of equality, where one difference is enough.

    Where none is shown, it is contradicted if all are equal within the margin, and not testable if none could be
    compared.

    Args:
        lines: of one protocol and metric, judged by `judge_all` with the direction "equal".

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
    return any_of(differing, lines, "differ", otherwise)
