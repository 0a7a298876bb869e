"""The answer to a claim as one sentence: the verdict, its counts, and the figures that it rests on.

A sentence says no more than its verdict: it begins with the verdict and contains no other one, counts every unit
once, and names the largest opposing unit if there is one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from lossbench.claims.claim import Claim, Evidence, Form
from lossbench.claims.finding.axes import AXES, Split, by_value
from lossbench.claims.finding.forms import Finding
from lossbench.claims.finding.tally import WEAK, Tally
from lossbench.claims.report.words import difference, each_once, place, plain, relation, result_of
from lossbench.grouped import grouped
from lossbench.report.words.english import joined, upper
from lossbench.schema import METRICS

ROUNDING = 1e-9  # a smaller error is one of double precision
FEW = 3  # findings that a sentence names before it only counts them
NAMED = 5  # the most values of an axis that a sentence lists


def answer(claim: Claim, finding: Finding) -> str:
    """Return the answer to a claim: one sentence that says no more than its verdict.

    Example:
        >>> from lossbench.claims.finding.forms import find
        >>> line = Evidence("reproduced", "f1", dataset="iris", arms=("a", "b"), measured=0.1, low=0.05, high=0.15)
        >>> print(answer(Claim("x", "A beats b."), find("tendency", [line])))  # doctest: +NORMALIZE_WHITESPACE
        Holds: in 1 of 1 case it is as claimed, none against; typically a is 0.1 above b in F1 [0.05, 0.15] on
        iris.
    """
    if not finding.tally.units and not finding.sizes.units:
        return "Not testable: nothing could be compared."
    if finding.word == WEAK and finding.size is None:
        where = by_part(finding) or by_axis(finding.tally) if finding.instability else ""
        counted = f"{cases(claim, finding.tally)}{where}{why_weak(finding)}"
        return f"Too weak to say: {counted}{differences(finding.tally)}{retried(finding)}."
    return f"{SENTENCES[claim.form](claim, finding)}."


def why_weak(finding: Finding) -> str:
    """Say why there is no verdict: other seeds would give another one, or only large differences could be seen."""
    if finding.instability:
        return f"; with other seeds the verdict would change in {100 * finding.instability:.0f} % of draws"
    seen = finding.tally.visible
    return f"; only a difference of some {seen:.2g} or more would have been seen" if seen else ""


def cases(claim: Claim, tally: Tally) -> str:
    """Count the units: "in 8 of 9 cases mae loses less skill than mse, none against, 1 open"."""
    units, supporting = len(tally.units), len(tally.supporting)
    said = f"in {supporting} of {units} case{'s' * (units != 1)} {relation(claim, tally.units)}"
    return ", ".join([said, *not_so(tally)])


def not_so(tally: Tally) -> Iterator[str]:
    """Count the units that do not support the claim."""
    yield f"{len(tally.opposing) or 'none'} against"
    if tally.equal:
        yield f"{len(tally.equal)} without a difference beyond the margin"
    if tally.open:
        yield f"{len(tally.open)} open"


def differences(tally: Tally, case: Evidence | None = None) -> str:
    """State the median difference of the units, and the largest against the claim; empty if there is none.

    Args:
        tally: the units.
        case: a line that is told already, and a retrial of it.
    """
    return "".join(f"; {word} {result}" for word, result in named_differences(tally, case))


def named_differences(tally: Tally, case: Evidence | None = None) -> Iterator[tuple[str, str]]:
    """Yield the median difference of the units and the largest against the claim, each with its name."""
    told = [what_of(case)] if case is not None else []
    for word, line in (("typically", tally.typical), ("at worst", tally.worst)):
        if line is not None and what_of(line) not in told:
            yield word, result_of(line)
            told.append(what_of(line))


def what_of(line: Evidence) -> tuple[str, ...]:
    """Return what a line compares, and on what; the same for a retrial."""
    return line.case, line.what, line.dataset, line.protocol


def identity(claim: Claim, finding: Finding) -> str:
    """Write the answer to an identity."""
    line = finding.case
    assert line is not None  # an identity always has a deciding line
    head = upper(finding.word)
    if finding.word == "true but for rounding":
        return f"{head}: {line.part or 'it'} is {cut_off(line)}{as_printed(finding.tally, line.part)}"
    mine = [one for one in finding.tally.units if one.part == line.part]
    if finding.word == "true under another reading":
        stated = [one for one in mine if one.reading == "as stated" and one.verdict != "reproduced"]
        return f"{head}: {found(line)}, but {each_once(map(found, stated))}"
    word = "contradicted" if finding.word == "false" else "reproduced"
    others = finding.tally.units if finding.word == "true" else mine
    told_of = [one for one in others if one.verdict == word and one.reading == "as stated"] or [line]
    more = f"; {len(told_of) - FEW} more likewise" if len(told_of) > FEW else ""
    other = [one.clause for one in others if one.reading == "another" and one.verdict != word and one.clause]
    but = f", but {each_once(other)}" if other and finding.word == "true" else ""
    return f"{head}: {'; '.join(dict.fromkeys(map(found, told_of[:FEW])))}{more}{but}"


def cut_off(line: Evidence) -> str:
    """Say that a printed number was truncated: "66.67, cut off to 66 instead of rounded to 67".

    A value that double precision holds as one just below it may only then be truncated to what is printed.
    """
    printed, exact = line.printed or f"{line.reported:g}", line.measured or 0.0
    rounded = f"{exact:.{len(printed.partition('.')[2])}f}"
    if abs(exact - float(rounded)) > ROUNDING:
        return f"{exact:.4g}, cut off to {printed} instead of rounded to {rounded}"
    return f"{rounded}, but {exact!r} in double precision, cut off to {printed} instead of rounded"


def as_printed(tally: Tally, part: str) -> str:
    """Count the other results that are as printed; empty if there is none."""
    others = {line.part for line in tally.supporting if line.reading == "as stated"} - {part}
    return f"; the other {len(others)} results are as printed" if len(others) > 1 else ""


def found(line: Evidence) -> str:
    """State the result of one exact line in a clause."""
    if line.clause:
        return line.clause
    if line.printed and line.measured is not None:
        return f"{line.part or 'it'} is {printed_as(line)}"
    about = "; ".join(filter(None, [line.distinction if line.arms else "", line.note]))
    return value_of(line) + (f" ({about})" if about else "")


def printed_as(line: Evidence) -> str:
    """State a result, and how it is printed: "1.204, printed as 1.20"."""
    said = "as printed" if float(line.printed) == line.measured else f"printed as {line.printed}"
    return f"{line.measured:.5g}, {said}"


def value_of(line: Evidence) -> str:
    """State the value of one exact line."""
    if line.measured is None or line.reported != 0.0:
        return difference(line)
    points = f" over {line.n} points" if line.n else ""
    if abs(line.measured) < ROUNDING:
        size = f"{line.measured:.2g} at most" if line.measured else "0"
        return f"the {line.quantity} is {size}{points}{', no more than rounding' if line.measured else ''}"
    return f"the {line.quantity} is up to {line.measured:.3g}{points}"


def conjunction(claim: Claim, finding: Finding) -> str:
    """Write the answer to a claim of several parts: the counts, then each part with what was found of it."""
    head = "Partly true" if finding.word == "partly" else upper(finding.word)
    said = f"{head}: {cases(claim, finding.tally)}"
    groups = grouped(finding.parts, lambda part: HOW[finding.parts[part]])
    if len(groups) == 1:
        return "; ".join([said, *(f"{plain(part)}: {of_part(finding, part)}" for part in finding.parts)])
    ordered = sorted(groups, key=lambda how: [*HOW.values()].index(how))
    return "; ".join([said, *(f"{how}: {parts_said(finding, groups[how])}" for how in ordered)])


HOW = {
    **dict.fromkeys(("true", "holds"), "true"),
    "true but for rounding": "true but for rounding",
    "true under another reading": "true under another reading",
    "mostly": "in most cases",
    "mixed": "in some cases",
    "rarely": "in few cases",
    **dict.fromkeys((WEAK, "not testable"), "open"),
    **dict.fromkeys(("false", "refuted"), "not true"),
}
"""What is said of a part, by its own verdict."""


def parts_said(finding: Finding, parts: list[str]) -> str:
    """Name parts of one verdict, each with what was found of it unless they are many."""
    if len(parts) > FEW:
        return each_once(map(plain, parts))
    return joined(f"{plain(part)} ({of_part(finding, part)})" for part in parts)


def of_part(finding: Finding, part: str) -> str:
    """State what was found of one part: its equations, or its typical difference and the largest opposing one."""
    tally = Tally(tuple(line for line in finding.tally.units if line.part == part))
    if all(line.p_value is None for line in tally.units):
        return joined(dict.fromkeys(map(result_on_part, tally.supporting or tally.opposing or tally.units)))
    units = len(tally.units)
    if units > 1:
        return f"in {len(tally.supporting)} of {units} cases{differences(tally)}"
    return "; ".join(result for _, result in named_differences(tally))


def result_on_part(line: Evidence) -> str:
    """State the result of one exact line without the name of its part."""
    if line.reading == "but for rounding":
        return cut_off(line)
    return printed_as(line) if line.printed and line.measured is not None else found(line)


def universal(claim: Claim, finding: Finding) -> str:
    """Write the answer to a universal claim: its counterexample, or what was tried."""
    head = upper(finding.word)
    if finding.case is not None:
        counted = f"{cases(claim, finding.tally)}{differences(finding.tally, finding.case)}"
        return f"{head}: {result_of(finding.case)}{retried(finding)}; {counted}"
    return f"{head}: {cases(claim, finding.tally)}{differences(finding.tally)}{retried(finding)}"


def retried(finding: Finding) -> str:
    """Describe the retrial of the strongest counterexample on fresh seeds; empty if there was none."""
    if finding.again is None:
        return ""
    if finding.case is finding.again:
        return ", found on other seeds and seen again on fresh ones"
    return (
        f"; the case most against it, tried again on fresh seeds, does not refute it: {result_of(finding.again)}"
    )


def existential(claim: Claim, finding: Finding) -> str:
    """Write the answer to an existential claim: the case that shows it, or how many were tried."""
    tally = finding.tally
    if finding.case is not None:
        return f"Shown: {result_of(finding.case)}; {cases(claim, tally)}{differences(tally, finding.case)}"
    return f"Not found: {cases(claim, tally)}{differences(tally)}"


def tendency(claim: Claim, finding: Finding) -> str:
    """Write the answer to a tendency: where it holds, in how many units, and by how much."""
    tally, head = finding.tally, upper(finding.word)
    if finding.split is not None:
        head = f"{head}: {sides(finding.split)}"
        return f"{head}; {cases(claim, tally)}{differences(tally)}"
    return f"{head}: {cases(claim, tally)}{by_axis(tally)}{differences(tally)}"


def by_axis(tally: Tally) -> str:
    """Count the support at each value of the axis that separates best; empty if units mostly agree."""
    if tally.lean not in ("mostly", "mixed", "rarely"):
        return ""
    few = [found for axis in AXES if 0 < len(found := by_value(tally, axis)) <= NAMED]
    if not few:
        return ""
    best = max(few, key=agreement)
    return decided_of(f"{len(one.supporting)} of {one.decided} {value}" for value, one in best.items())


def by_part(finding: Finding) -> str:
    """Count the support of each part of a claim; empty if it has only one."""
    if not finding.parts:
        return ""
    parts = grouped(finding.tally.units, lambda line: line.part)
    found = {part: Tally(tuple(lines)) for part, lines in parts.items()}
    return decided_of(f"{len(one.supporting)} of {one.decided} on {plain(part)}" for part, one in found.items())


def decided_of(counts: Iterable[str]) -> str:
    """State how many of the decided units are for the claim, each where they are."""
    return f"; of those decided, {joined(counts)} are for it"


def agreement(found: Mapping[str, Tally]) -> int:
    """Return how many decided units agree with the majority at their value of an axis."""
    return sum(max(len(one.supporting), one.against) for one in found.values())


def sides(split: Split) -> str:
    """State where a claim holds and where it does not, with counts."""
    said = []
    for word, values in (("holds", split.holds), ("refuted", split.refuted)):
        decided = sum(tally.decided for tally in values.values())
        supporting = sum(len(tally.supporting) for tally in values.values())
        said.append(f"{word} {each_once(values)} (for it {supporting} of {decided} decided)")
    return "; ".join(said)


def magnitude(claim: Claim, finding: Finding) -> str:
    """Write the answer to a number table: its order, and the size of its differences."""
    size = size_of(finding)
    return f"Order {order_of(finding)}" + (f". Size {size}" if size else "")


def order_of(finding: Finding) -> str:
    """State how often the order is as printed: "rarely: as printed in 2 of 54 settings, reversed in 12 ..."."""
    tally, word = finding.tally, finding.word
    if not tally.units:
        return f"{word}: no setting could be compared"
    where = f"{sides(finding.split)}; " if finding.split else ""
    weak = why_weak(finding) if finding.instability else ""
    units = f"{len(tally.units)} setting{'s' * (len(tally.units) != 1)}"
    return (
        f"{word}: {where}as printed in {len(tally.supporting)} of {units}, reversed in {len(tally.opposing)}, "
        f"equal in {len(tally.equal)}, open in {len(tally.open)}{weak}{differences(tally)}"
    )


def size_of(finding: Finding) -> str:
    """State how often the printed difference is found, and the nearest one; empty if no sizes are printed."""
    sizes = finding.sizes
    gap = min(sizes.units, key=distance, default=None)
    if gap is None or gap.measured is None or gap.reported is None:
        return ""
    where, digits = (
        " ".join(filter(None, [plain(gap.quantity), place(gap)])),
        "3f" if gap.quantity in METRICS else "3g",
    )
    sign = 1 if gap.reported >= 0 else -1
    units = f"{len(sizes.units)} setting{'s' * (len(sizes.units) != 1)}"
    return (
        f"{finding.size}: as printed in {len(sizes.supporting)} of {units}, excluded in {sizes.against}, "
        f"open in {len(sizes.open)}; the nearest is {sign * gap.measured:.{digits}} where "
        f"{abs(gap.reported):.{digits}} is printed, {sides_in(gap)} in {where}"
    )


def sides_in(gap: Evidence) -> str:
    """Name the two things that a difference is between: losses, or rates of one loss."""
    if gap.by_rate:
        return f"{' '.join(gap.arms)} at rate {' against '.join(f'{rate:g}' for rate in gap.rates)}"
    return " against ".join(gap.arms)


def distance(line: Evidence) -> float:
    """Return how far a measured difference is from the reported one."""
    return abs((line.measured or 0.0) - (line.reported or 0.0))


SENTENCES: dict[Form, Callable[[Claim, Finding], str]] = {
    "identity": identity,
    "conjunction": conjunction,
    "universal": universal,
    "existential": existential,
    "magnitude": magnitude,
    "tendency": tendency,
}
