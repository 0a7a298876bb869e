"""The answer to a claim as one sentence: the verdict, its counts, and the figures that it rests on."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from lossbench.claims.axes import Split
from lossbench.claims.claim import Claim, Evidence, Form
from lossbench.claims.forms import WEAK, Finding, side_of
from lossbench.claims.tally import Tally
from lossbench.report.figures import NOT_DEFINED

NAMED = 4  # things that a sentence names before it only counts


def answer(claim: Claim, finding: Finding) -> str:
    """Return the answer to a claim: one sentence that says no more than its verdict.

    Example:
        >>> from lossbench.claims.forms import find
        >>> line = Evidence("reproduced", "f1", arms=("a", "b"), measured=0.1, low=0.05, high=0.15)
        >>> print(answer(Claim("x", "A beats b."), find("tendency", [line])))
        Holds: 1 case for it, none against; typically a is 0.1 above b in f1.
    """
    if finding.verdict in ("not testable", WEAK):
        return too_weak(finding.tally)
    return f"{SENTENCES[claim.form](finding)}."


def too_weak(tally: Tally) -> str:
    """Say that too little was decided, and what would have been seen."""
    if not tally.units:
        return "Not testable: nothing could be compared."
    seen = f"; a difference of {tally.visible:.2g} would have been seen" if tally.visible else ""
    return f"Too weak to say: {cases(tally)}{seen}."


def cases(tally: Tally) -> str:
    """Count the units: "8 cases for it, 1 against, 2 without a difference, 3 open"."""
    supporting = len(tally.supporting)
    said = [
        f"{supporting or 'no'} case{'s' * (supporting != 1)} for it",
        f"{len(tally.opposing) or 'none'} against",
    ]
    said += [f"{len(tally.equal)} without a difference"] if tally.equal else []
    said += [f"{len(tally.open)} open"] if tally.open else []
    return ", ".join(said)


def identity(finding: Finding) -> str:
    """Word an equation."""
    line = finding.case
    assert line is not None  # an identity has one
    verdict = f"{finding.verdict[0].upper()}{finding.verdict[1:]}"
    if finding.verdict == "true under another reading":
        stated = listed(one.detail for one in finding.tally.units if one.reading == "as stated")
        return f"{verdict}: for {line.detail}, not for {stated}"
    if finding.verdict == "true but for rounding":
        about = f"{line.part} " if line.part else ""
        return f"{verdict}: {about}is {line.measured:.7g}, and its digits are cut off to {line.reported:g}"
    return f"{verdict}: {stated_value(line)}"


def stated_value(line: Evidence) -> str:
    """Say what one exact line measured, and what it should be."""
    about = " ".join(filter(None, [line.part, line.what]))
    if line.measured is None:
        return about
    if line.reported == 0.0:
        points = f" over {line.n} points" if line.n else ""
        return f"{about} is {line.measured:.2g} at most{points}"
    beside = f", and stated as {line.reported:g}" if line.reported is not None else ""
    return f"{about} is {line.measured:.5g}{beside}"


def conjunction(finding: Finding) -> str:
    """Word a claim of several parts: which are so, which not, which open."""
    sides = {part: side_of(word) for part, word in finding.parts.items()}
    named = {
        side: listed(part or "it" for part, mine in sides.items() if mine == side)
        for side in ("true", "false", "open")
    }
    verdict = f"{finding.verdict[0].upper()}{finding.verdict[1:]}"
    said = [f"{text} {word}" for text, word in zip(named.values(), ("so", "not so", "open"), strict=True) if text]
    return f"{verdict}: {'; '.join(said)}"


def universal(finding: Finding) -> str:
    """Word a claim of everything: its counterexample, or what was tried."""
    if finding.case is not None:
        return f"Refuted: {told(finding.case)} ({cases(finding.tally)})"
    return f"Holds everywhere tried: {cases(finding.tally)}{typically(finding.tally)}"


def existential(finding: Finding) -> str:
    """Word a claim of something: the case that shows it, or how many were tried."""
    if finding.case is not None:
        count = f" ({cases(finding.tally)})" if len(finding.tally.units) > 1 else ""
        return f"Shown: {told(finding.case)}{count}"
    return f"Not found in {len(finding.tally.units)} cases"


def tendency(finding: Finding) -> str:
    """Word a tendency: where it holds, how many units say so, and by how much."""
    tally = finding.tally
    if finding.split is not None:
        return f"Depends on {finding.split.axis.name}: {sides(finding.split)}"
    verdict = f"{finding.verdict[0].upper()}{finding.verdict[1:]}"
    return f"{verdict}: {cases(tally)}{typically(tally)}{opposed(tally)}"


def sides(split: Split) -> str:
    """Say where a claim holds and where it does not, each with its counts."""
    said = []
    for word, values in (("holds", split.holds), ("refuted", split.refuted)):
        decided = sum(tally.decided for tally in values.values())
        supporting = sum(len(tally.supporting) for tally in values.values())
        said.append(f"{word} {listed(values)} ({supporting} of {decided})")
    return "; ".join(said)


def magnitude(finding: Finding) -> str:
    """Word a table of numbers: its order, and the size of its differences."""
    tally, sizes = finding.tally, finding.sizes
    where = f"; {sides(finding.split)}" if finding.split else ""
    said = (
        f"The order is as printed in {len(tally.supporting)} of {len(tally.units)} settings, reversed in "
        f"{len(tally.opposing)}, equal in {len(tally.equal)}, open in {len(tally.open)}{where}"
    )
    gap = max(sizes.units, key=nearness, default=None)
    if gap is None or gap.measured is None or gap.reported is None:
        return said
    return f"{said}; the largest gap measured is {gap.measured:.3f} of {gap.reported:.3f}, {told(gap)}"


def nearness(line: Evidence) -> float:
    """Return how large a difference is, counted in the direction of the reported one."""
    sign = 1 if (line.reported or 0.0) >= 0 else -1
    return sign * (line.measured or 0.0)


def typically(tally: Tally) -> str:
    """Say the middle difference of the units; empty where nothing was measured."""
    line = tally.typical
    return f"; typically {difference(line)}" if line is not None else ""


def opposed(tally: Tally) -> str:
    """Say the largest difference against a claim; empty where there is none."""
    return f"; at worst {told(tally.worst)}" if tally.worst is not None else ""


def told(line: Evidence) -> str:
    """Say what one line shows, and where."""
    return " ".join(filter(None, [difference(line), bounds(line), line.where]))


def difference(line: Evidence) -> str:
    """Say what one line measured: "mae is 0.1 below mse in r2"."""
    if line.measured is None:
        return f"{line.quantity} is {NOT_DEFINED}"
    if line.by_rate and len(line.rates) == 2:
        sides = [f"rate {rate:g}" for rate in line.rates]
        return f"{sides[0]} is {apart(line.measured)} {sides[1]} in {line.quantity} of {line.arms[0]}"
    if len(line.arms) != 2 or line.aspect == "level":
        named = f" of {' and '.join(line.arms)}" if line.arms else ""
        about = f" {line.detail}" if line.detail else ""
        return f"{line.quantity}{named}{about} is {line.measured:.3g}"
    first, other = line.arms
    rate = f" at rate {line.rates[0]:g}" if line.rates else ""
    return f"{first} is {apart(line.measured)} {other} in {line.quantity}{rate}"


def apart(difference: float) -> str:
    """Say how far and on which side one value is of another: "0.1 above"."""
    return f"{abs(difference):.2g} {'above' if difference > 0 else 'below'}"


def bounds(line: Evidence) -> str:
    """Write the interval of a difference, with its size as the sentence says it; empty without one."""
    if line.low is None or line.high is None or line.low == line.high:
        return ""
    ends = sorted((abs(line.low), abs(line.high))) if line.low * line.high > 0 else (line.low, line.high)
    return f"[{ends[0]:.2g}, {ends[1]:.2g}]"


def listed(values: Iterable[str]) -> str:
    """Name the first few things, each once, and count the others.

    Example:
        >>> listed(["b", "a", "a"]), listed("abcdef")
        ('b and a', 'a, b, c, d and 2 more')
    """
    names: Sequence[str] = list(dict.fromkeys(filter(None, values)))
    if len(names) > NAMED:
        return f"{', '.join(names[:NAMED])} and {len(names) - NAMED} more"
    return " and ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))


SENTENCES: dict[Form, Callable[[Finding], str]] = {
    "identity": identity,
    "conjunction": conjunction,
    "universal": universal,
    "existential": existential,
    "magnitude": magnitude,
    "tendency": tendency,
}
