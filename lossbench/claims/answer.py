"""The answer to a claim as one sentence: the verdict, its counts, and the figures that it rests on.

A sentence says no more than its verdict: it begins with the verdict and contains no other one, counts every unit
once, and names the largest opposing unit if there is one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from lossbench.claims.claim import Claim, Evidence, Form
from lossbench.claims.finding.axes import AXES, Split, by_value
from lossbench.claims.finding.forms import Finding, side_of
from lossbench.claims.finding.tally import WEAK, Tally
from lossbench.claims.report.words import difference, listed, place, plain, relation, result_of
from lossbench.report.words.english import upper
from lossbench.schema import METRICS

ROUNDING = 1e-9  # a smaller error is one of double precision
FEW = 3  # findings that a sentence names before it only counts them
NAMED = 5  # the most values of an axis that a sentence lists


def answer(claim: Claim, finding: Finding) -> str:
    """Return the answer to a claim: one sentence that says no more than its verdict.

    Example:
        >>> from lossbench.claims.finding.forms import find
        >>> line = Evidence("reproduced", "f1", dataset="iris", arms=("a", "b"), measured=0.1, low=0.05, high=0.15)
        >>> print(answer(Claim("x", "A beats b."), find("tendency", [line])))
        Holds: in 1 of 1 case it is so, none against; typically a is 0.1 above b in F1 [0.05, 0.15] on iris.
    """
    if not finding.tally.units and not finding.sizes.units:
        return "Not testable: nothing could be compared."
    if finding.verdict == WEAK:
        where = by_axis(finding.tally) if finding.instability else ""
        counted = f"{cases(claim, finding.tally)}{where}{why_weak(finding)}"
        return f"Too weak to say: {counted}{differences(finding.tally)}{retried(finding)}."
    return f"{SENTENCES[claim.form](claim, finding)}."


def why_weak(finding: Finding) -> str:
    """Say why there is no verdict: other seeds would give another one, or only large differences could be seen."""
    if finding.instability:
        return f"; with other seeds the verdict would change in {finding.instability:.0%} of draws"
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
        yield f"{len(tally.equal)} without a difference"
    if tally.open:
        yield f"{len(tally.open)} open"


def differences(tally: Tally) -> str:
    """State the median difference of the units, and the largest against the claim; empty if there is none."""
    middle, worst = tally.typical, tally.worst
    said = f"; typically {result_of(middle)}" if middle is not None else ""
    return said + (f"; at worst {result_of(worst)}" if worst is not None and worst is not middle else "")


def identity(claim: Claim, finding: Finding) -> str:
    """Write the answer to an identity."""
    line = finding.case
    assert line is not None  # an identity always has a deciding line
    head = upper(finding.verdict)
    if finding.verdict == "true but for rounding":
        return f"{head}: {cut_off(line)}"
    mine = [one for one in finding.tally.units if one.part == line.part]
    if finding.verdict == "true under another reading":
        stated = [one for one in mine if one.reading == "as stated" and one.verdict != "reproduced"]
        return f"{head}: {found(line)}, but {listed(map(found, stated))}"
    word = "contradicted" if finding.verdict == "false" else "reproduced"
    others = finding.tally.units if finding.verdict == "true" else mine
    told_of = [one for one in others if one.verdict == word and one.reading == "as stated"] or [line]
    more = f"; {len(told_of) - FEW} more likewise" if len(told_of) > FEW else ""
    return f"{head}: {'; '.join(dict.fromkeys(map(found, told_of[:FEW])))}{more}"


def cut_off(line: Evidence) -> str:
    """Say that a printed number was truncated: "it is 23.80, cut off to 23.79 instead of rounded"."""
    printed, exact = line.printed or f"{line.reported:g}", line.measured or 0.0
    rounded = f"{exact:.{len(printed.partition('.')[2])}f}"
    near = f" to {rounded}" if abs(exact - float(rounded)) > ROUNDING else ""
    value = f"{exact:.4g}" if near else rounded
    return f"{line.part or 'it'} is {value}, cut off to {printed} instead of rounded{near}"


def found(line: Evidence) -> str:
    """State the result of one exact line in a clause."""
    if line.clause:
        return line.clause
    if line.printed and line.measured is not None:
        said = "as printed" if float(line.printed) == line.measured else f"printed as {line.printed}"
        return f"{line.part or 'it'} is {line.measured:.5g}, {said}"
    about = "; ".join(filter(None, [line.detail if line.arms else "", line.note]))
    return value_of(line) + (f" ({about})" if about else "")


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
    """Write the answer to a claim of several parts: which are true, which are not, which are open."""
    groups: dict[str, list[str]] = {}
    for part, word in finding.parts.items():
        groups.setdefault(SO.get(word, side_of(word)), []).append(part or "the claim")
    said = [
        f"{listed(parts)} {'are' if plural(parts) else 'is'} {how}{reasons(finding, how, parts)}"
        for how, parts in sorted(groups.items(), key=lambda item: ORDER.index(item[0]))
    ]
    return f"{upper({'partly': 'partly true'}.get(finding.verdict, finding.verdict))}: {'; '.join(said)}"


def plural(parts: list[str]) -> bool:
    """Say whether the names of parts take a verb in the plural.

    Example:
        >>> plural(["outliers"]), plural(["cross-entropy of four classes"]), plural(["a", "b"])
        (True, False, True)
    """
    head = parts[0].partition(",")[0].partition(" of ")[0]
    return len(parts) > 1 or (head.endswith("s") and not head.endswith("ss"))


SO = {
    **dict.fromkeys(("true", "holds"), "so"),
    "true but for rounding": "so but for rounding",
    "true under another reading": "so under another reading",
    "mostly": "so in most cases",
    "mixed": "so in some cases only",
    "rarely": "so in few cases only",
    **dict.fromkeys((WEAK, "not testable"), "open"),
    **dict.fromkeys(("false", "refuted"), "not"),
}
"""How a part is described, by its own verdict."""

ORDER = list(dict.fromkeys(SO.values()))


def reasons(finding: Finding, how: str, parts: list[str]) -> str:
    """State the finding on a part that is not true, if it is the only one."""
    if how != "not" or len(parts) > 1:
        return ""
    against = [line for line in finding.tally.opposing if (line.part or "the claim") == parts[0]]
    note = against[0].note if against else ""
    return f" ({note if len(note) < 70 else note.partition(';')[0]})" if note else ""


def universal(claim: Claim, finding: Finding) -> str:
    """Write the answer to a universal claim: its counterexample, or what was tried."""
    head = upper(finding.verdict)
    if finding.case is not None:
        return f"{head}: {result_of(finding.case)}{retried(finding)}; {cases(claim, finding.tally)}"
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
        return f"Shown: {result_of(finding.case)}; {cases_so(tally)}"
    units = len(tally.units)
    shown = f"none of {units} cases shows it" if units > 1 else "the one case does not show it"
    return f"Not found: {', '.join([shown, *not_so(tally)])}{differences(tally)}"


def cases_so(tally: Tally) -> str:
    """Count the units without the relation that is claimed: "so in 2 of 12 cases, none against, 10 open"."""
    units = len(tally.units)
    return ", ".join([f"so in {len(tally.supporting)} of {units} case{'s' * (units != 1)}", *not_so(tally)])


def tendency(claim: Claim, finding: Finding) -> str:
    """Write the answer to a tendency: where it holds, in how many units, and by how much."""
    tally, head = finding.tally, upper(finding.verdict)
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
    said = [f"{len(one.supporting)} of {one.decided} {value}" for value, one in best.items()]
    return f"; of those decided, so in {', '.join(said)}"


def agreement(found: Mapping[str, Tally]) -> int:
    """Return how many decided units agree with the majority at their value of an axis."""
    return sum(max(len(one.supporting), one.against) for one in found.values())


def sides(split: Split) -> str:
    """State where a claim holds and where it does not, with counts."""
    said = []
    for word, values in (("holds", split.holds), ("refuted", split.refuted)):
        decided = sum(tally.decided for tally in values.values())
        supporting = sum(len(tally.supporting) for tally in values.values())
        said.append(f"{word} {listed(values)} (so in {supporting} of {decided} decided)")
    return "; ".join(said)


def magnitude(claim: Claim, finding: Finding) -> str:
    """Write the answer to a number table: its order, and the size of its differences."""
    size = size_of(finding)
    return f"Order {order_of(finding)}" + (f"; size {size}" if size else "")


def order_of(finding: Finding) -> str:
    """State how often the order is as printed: "rarely: as printed in 2 of 54 settings, reversed in 12 ..."."""
    tally, word = finding.tally, finding.order
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
        f"open in {len(sizes.open)}; the nearest is {sign * gap.measured:.{digits}}, printed as "
        f"{abs(gap.reported):.{digits}}, {sides_in(gap)} in {where}"
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
