"""Judgements as tables of text: all of them by document, or one in full."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import chain
from textwrap import wrap

from lossbench.claims.catalogue import Catalogue
from lossbench.claims.claim import WORDS, Evidence, grouped
from lossbench.claims.forms import STANDING, standing
from lossbench.claims.judgement import Judgement
from lossbench.claims.registry import EXPERIMENTS
from lossbench.claims.study import Study
from lossbench.report.figures import NOT_DEFINED, interval
from lossbench.report.tables import Table
from lossbench.report.terminal import WIDTH

CLAIM, FEW_WORDS = 32, 39  # columns of the terminal for a claim and for its evidence
PICTURE = 15  # columns of the picture of an interval; odd, so that zero has the middle one

LEGEND = ("Comparisons are of rows like these: tables that might have been drawn, or further draws from a law.",)


def overview(judgements: Sequence[Judgement], catalogue: Catalogue, shortened: bool = False) -> Iterator[Table]:
    """Yield one table a document: each claim with its verdict and its evidence in a few words.

    Args:
        judgements: one a claim.
        catalogue: where they are from.
        shortened: whether claims and evidence are cut to two lines of a terminal.
    """
    columns = ("ID", "claim", "verdict", "evidence")
    for document, mine in grouped(judgements, lambda judgement: judgement.claim.document).items():
        rows = []
        for judgement in mine:
            sentence, evidence = judgement.claim.sentence, judgement.answer
            if shortened:
                sentence, evidence = two_lines(sentence, CLAIM), two_lines(evidence, FEW_WORDS)
            rows.append((judgement.claim.id, sentence, judgement.verdict, evidence))
        yield Table(title_of(document, catalogue), columns, tuple(rows), texts=columns)


def two_lines(text: str, width: int) -> str:
    r"""Break a text into two lines at most; what does not fit is left out, and dots say so.

    Example:
        >>> two_lines("a loss for each of the tasks", 10)
        'a loss for\neach ...'
    """
    return "\n".join(wrap(text, width, max_lines=2, placeholder=" ...", break_on_hyphens=False))


def title_of(document: str, catalogue: Catalogue) -> str:
    """Name a document, or the user's file."""
    return f"{document}: {catalogue.documents[document]}" if document else str(catalogue.file)


def figure(line: Evidence) -> str:
    """Write what was measured, with half of its interval."""
    if line.measured is None:
        return NOT_DEFINED
    if line.low is None or line.high is None or line.low == line.high:
        return f"{line.measured:.4g}"
    return interval(line.measured, line.low, line.high)


def tally(judgements: Sequence[Judgement]) -> str:
    """Say how many claims stand, how many do not, after how many comparisons; a copy is counted once."""
    own = [one for one in judgements if not one.claim.same_as]
    count = Counter(standing(one.verdict) for one in own)
    said = ", ".join(f"{count[column]} {column}" for column in STANDING if count[column])
    compared = sum(line.role != "shown" for judgement in own for line in judgement.evidence)
    return f"{len(own)} claim{'s' * (len(own) != 1)} after {compared} comparisons: {said}"


def in_full(judgement: Judgement, catalogue: Catalogue, study: Study) -> Iterator[str]:
    """Yield everything about one claim but its comparisons, in lines that a terminal holds."""
    yield from wrap(f"{judgement.claim.id}: {judgement.claim.sentence}", WIDTH)
    for name, text in facts(judgement, catalogue, study):
        yield from wrap(f"  {name:<11} {text}", WIDTH, subsequent_indent=" " * 14, break_on_hyphens=False)


def facts(judgement: Judgement, catalogue: Catalogue, study: Study) -> Iterator[tuple[str, str]]:
    """Yield what is known about a claim, each thing with its name."""
    claim, deciding = judgement.claim, catalogue.deciding(judgement.claim)
    yield "stands in", ", ".join(filter(None, [title_of(claim.document, catalogue), claim.place]))
    yield "kind", claim.kind
    yield "form", claim.form
    yield "verdict", judgement.verdict
    yield "answer", judgement.answer
    for name in dict.fromkeys(chain.from_iterable(one.experiments for one in deciding)):
        if name in EXPERIMENTS:
            yield "decided by", f"{name}: {first_sentence(EXPERIMENTS[name].__doc__ or '')}"
    if claim.same_as:
        yield "same as", ", ".join(claim.same_as)
    for name in judgement.values(lambda line: line.protocol):
        yield name, f"{study.terms.protocols[name].about}; {len(study.seeds)} seeds, {study.epochs} epochs"
    if claim.reported:
        yield "reported", ", ".join(" ".join([*name, text]).strip() for name, text in claim.reported.items())
    count = Counter(line.verdict for line in judgement.evidence)
    said = ", ".join(f"{count[word]} {word}" for word in WORDS if count[word])
    yield "evidence", ": ".join(filter(None, [f"{len(judgement.evidence)} comparisons", said]))
    yield "again", judgement.command


def first_sentence(docstring: str) -> str:
    r"""Return what a docstring says first.

    Example:
        >>> first_sentence(" Do this.\n\n And that. ")
        'Do this.'
    """
    return " ".join(docstring.strip().partition("\n\n")[0].split())


def comparisons(judgement: Judgement) -> Iterator[Table]:
    """Yield every comparison that was made for a claim, a table for each thing that was measured.

    Columns that no line needs are left out, and what all lines report alike stands in the title.
    """
    columns = ("protocol", "data set", "for", "reported", "measured", "", "p", "n", "verdict")
    reach = extents(judgement.evidence)
    for what in judgement.values(lambda line: line.what):
        lines = [line for line in judgement.evidence if line.what == what]
        rows = [row_of(line, reach[what, line.dataset]) for line in lines]
        told = {line.reported for line in lines} - {None}
        shared = columns.index("reported") if len(told) == 1 and len(lines) > 1 else None
        kept = [index for index in range(len(columns)) if any(row[index] for row in rows) and index != shared]
        yield Table(
            what if shared is None else f"{what}; reported: {rows[0][shared]}",
            tuple(columns[index] for index in kept),
            tuple(tuple(row[index] for index in kept) for row in rows),
            texts=("for",),
        )


def row_of(line: Evidence, reach: float) -> tuple[str, ...]:
    """Return the cells of one comparison."""
    return (
        line.protocol,
        line.dataset,
        line.case,
        "" if line.reported is None else f"{line.reported:.4g}",
        figure(line),
        picture(line, reach),
        "" if line.p_value is None else f"{line.p_value:.2g}",
        "" if line.n is None else str(line.n),
        line.verdict,
    )


def extents(lines: Sequence[Evidence]) -> dict[tuple[str, str], float]:
    """Return how far from zero the intervals reach, of each thing measured on each data set."""
    reach: dict[tuple[str, str], float] = {}
    for line in lines:
        place = line.what, line.dataset
        reach[place] = max(reach.get(place, 0.0), abs(line.low or 0.0), abs(line.high or 0.0))
    return reach


def picture(line: Evidence, reach: float) -> str:
    """Draw the interval of a difference, o for its middle and | for zero.

    Args:
        line: with an interval on which zero means that nothing differs, or without one.
        reach: the distance from zero to either end of the picture.

    Example:
        >>> picture(Evidence("reproduced", "f1", p_value=0.01, measured=0.5, low=0.2, high=0.8), reach=1.0)
        '       |--o--- '
    """
    if line.p_value is None or line.measured is None or line.low is None or line.high is None:
        return ""
    low, middle, high = (
        round((value / reach + 1) / 2 * (PICTURE - 1)) for value in (line.low, line.measured, line.high)
    )
    drawn = ["-" if low <= place <= high else " " for place in range(PICTURE)]
    drawn[PICTURE // 2] = "|"
    drawn[middle] = "o"
    return "".join(drawn)


def remarks(judgement: Judgement) -> Iterator[str]:
    """Yield what the comparisons of a claim say in words, each thing once; of trainings, that they diverged."""
    for line in judgement.evidence:
        if line.note and (not line.protocol or line.diverged):
            about = ", ".join(filter(None, [line.protocol, line.dataset, line.case]))
            yield f"{about}: {line.note}" if about else line.note
