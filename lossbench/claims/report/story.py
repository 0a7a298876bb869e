"""The full report on one claim: its sentence and form, the verdict, what decides it, and how to repeat it."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from textwrap import wrap

from lossbench.claims.catalogue import Catalogue
from lossbench.claims.claim import Form
from lossbench.claims.judgement import Judgement
from lossbench.claims.registry import EXPERIMENTS
from lossbench.claims.report.number_tables import number_table
from lossbench.claims.report.pictures import pictures
from lossbench.claims.report.sensitivity import sensitivity, single_cases
from lossbench.claims.report.tables import title_of
from lossbench.claims.report.units import units
from lossbench.claims.report.words import each_once
from lossbench.claims.study import Study
from lossbench.report.grid import labelled
from lossbench.report.terminal import WIDTH

SAYS: dict[Form, str] = {
    "identity": "an equation: it is so, or it is not",
    "conjunction": "several things at once: each part has to be so",
    "universal": "always: one opposing case beyond doubt refutes it",
    "existential": "sometimes: one case beyond doubt shows it",
    "magnitude": "numbers: how often they are in the printed order, and how large their differences are",
    "tendency": "in general: it holds where 90 % of the cases that can be decided are for it",
}
"""What a claim of each form says, and what decides it."""

NAMES = 12  # characters of the column of labels


def story(judgement: Judgement, catalogue: Catalogue, study: Study, width: int) -> Iterator[str]:
    """Yield everything about one claim, in lines that fit a terminal; a number table begins with its table."""
    claim = judgement.claim
    yield from labelled(claim.id, claim.sentence, width, column=min(len(claim.id) + 2, NAMES))
    yield from wrap(", ".join(filter(None, [title_of(claim.document, catalogue), claim.place])), width)
    yield ""
    measured = claim.form == "magnitude" and judgement.finding is not None
    if measured:
        yield from number_table(judgement, study.terms.primary, width)
        yield ""
    yield from labelled("says", SAYS[claim.form], width, column=NAMES)
    yield from labelled("verdict", judgement.verdict, width, column=NAMES)
    if not measured:
        yield from labelled("answer", judgement.answer, width, column=NAMES)
    yield from after_blank_line(pictures(judgement, min(width, WIDTH)))
    yield from after_blank_line(units(judgement, width))
    yield ""
    for name, text in facts(judgement, catalogue, study):
        yield from labelled(name, text, width, column=NAMES)


def after_blank_line(lines: Iterator[str]) -> Iterator[str]:
    """Yield lines, preceded by a blank line if there are any."""
    for number, line in enumerate(lines):
        yield from ([""] if not number else [])
        yield line


def facts(judgement: Judgement, catalogue: Catalogue, study: Study) -> Iterator[tuple[str, str]]:
    """Yield how a claim was tried, what other protocols say, and the command that repeats it; with labels."""
    claim = judgement.claim
    if claim.note:
        yield "note", claim.note
    for line in sensitivity(judgement, study):
        yield "also", line
    for line in single_cases(judgement):
        yield "hangs on", line
    names = dict.fromkeys(chain.from_iterable(one.experiments for one in catalogue.deciding(claim)))
    for name in names:
        if name in EXPERIMENTS:
            yield "decided by", first_sentence(EXPERIMENTS[name].__doc__ or "")
    if claim.same_as:
        yield "same as", ", ".join(claim.same_as)
    yield from protocols(judgement, study)
    for line in remarks(judgement):
        yield "besides", line
    if judgement.left and judgement.finding is not None:
        yield "not tried", judgement.left
    yield "repeat", judgement.command
    made = sum(line.role != "shown" for line in judgement.evidence)
    if made:
        yield "all", f"{made} comparison{'s' * (made != 1)}: -o DIR writes evidence.csv"


def protocols(judgement: Judgement, study: Study) -> Iterator[tuple[str, str]]:
    """Yield the protocol that decides, and the sizes of the run."""
    used = judgement.values(lambda line: line.protocol if line.role == "unit" else "")
    named = [study.terms.protocols[name].about for name in used if name in study.terms.protocols]
    if named:
        seeds = f"{len(study.seeds)} seed{'s' * (len(study.seeds) != 1)}"
        yield "protocol", f"{'; '.join(named)}; {study.terms.model}, {seeds}, {study.epochs} epochs"


def first_sentence(docstring: str) -> str:
    r"""Return the first paragraph of a docstring, in one line.

    Example:
        >>> first_sentence(" Do this.\n\n And that. ")
        'Do this.'
    """
    return " ".join(docstring.strip().partition("\n\n")[0].split())


def remarks(judgement: Judgement) -> Iterator[str]:
    """Yield further remarks: exact results on the losses, refusals, and diverged trainings."""
    for line in judgement.evidence:
        if line.note and line.arms and not line.protocol:
            about = ", ".join(filter(None, [" vs ".join(line.arms), line.dataset]))
            yield f"{about}: {line.note}"
    gone = [line for line in judgement.evidence if line.diverged and line.role == "unit"]
    if gone:
        places = each_once(f"{' vs '.join(line.arms)} on {line.dataset}" for line in gone)
        yield f"trainings diverged in {len(gone)} units: {places}"
