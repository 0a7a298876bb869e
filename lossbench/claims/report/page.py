"""The page `claims.html`: a card for each claim, with its verdict, answer, figures, and its command."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from lossbench.claims.catalogue import Catalogue
from lossbench.claims.judgement import Judgement
from lossbench.claims.report.drawn import drawn
from lossbench.claims.report.story import SAYS, facts
from lossbench.claims.report.tables import LEGEND, overview, tally, title_of
from lossbench.claims.study import Study
from lossbench.grouped import grouped
from lossbench.report.charts.look import looks
from lossbench.report.escape import html as escape
from lossbench.report.html.document import Section, document, pairs, paragraph
from lossbench.report.html.table import grid
from lossbench.report.words.english import MOST_NAMED, listed
from lossbench.results.circumstances import circumstances
from lossbench.results.manifest import Manifest

SIGNS = {"true": "✓", "refuted": "✗", "mixed": "≈", "too weak": "?", "not yet": "…"}
"""The mark of each column of the score."""

LOOKS = 40
"""The number of looks in the style sheet of the page: more than the losses in any figure of a claim."""


def claims_page(judgements: Sequence[Judgement], catalogue: Catalogue, study: Study) -> str:
    """Return the page of some judgements."""
    cards = [(one, card(one, f"c{number}", catalogue, study)) for number, one in enumerate(judgements)]
    documents = grouped(cards, lambda pair: title_of(pair[0].claim.document, catalogue))
    sections = [
        Section(f"doc{number}", name, escape(name), "".join(text for _, text in mine))
        for number, (name, mine) in enumerate(documents.items())
    ]
    table = replace(next(overview(judgements, catalogue)), drops=("not yet", "too weak", "claims"))
    lead = f'<p class="lead">{escape(tally(judgements))}</p>\n{paragraph(LEGEND[0])}'
    top = (
        f'<section id="answer" class="answer" aria-label="The answer">\n{lead}</section>\n'
        f"{grid(table, 'How the claims of each document came out', {}, table.columns[0])}"
        '<div class="filters" data-by="document form verdict"></div>\n'
    )
    ids = [one.claim.id for one in judgements]
    title = (
        f"Claim{'s' * (len(ids) != 1)} {listed(ids)}"
        if len(ids) <= MOST_NAMED
        else f"{len(ids)} claims about losses"
    )
    found = Manifest(circumstances())
    below = f"lossbench claims · {found.date}"
    return document(title, below, top, [*sections, about(found, study)], looks([map(str, range(LOOKS))]).values())


def about(found: Manifest, study: Study) -> Section:
    """Return when, where, with what and how the claims were tried."""
    terms, seeds = study.terms, study.seeds
    rows = [("date", found.date), ("versions", found.one_line("versions")), ("machine", found.one_line("machine"))]
    rows += [("protocol", f"{one.name}: {one.about}") for one in study.protocols]
    sizes = f"{terms.model}, {len(seeds)} seeds from {seeds.start} on, {study.epochs} epochs"
    shown = "" if study.quick else f"; sensitivity has {len(study.for_sensitivity().seeds)} seeds"
    rows += [("decides", terms.primary), ("trainings", f"{sizes}, batches of {terms.batch_size}{shown}")]
    return Section("run", "The run", "The run", pairs(rows))


def card(judgement: Judgement, key: str, catalogue: Catalogue, study: Study) -> str:
    """Return the card of one claim; `key` is a prefix of its element names."""
    claim, stands = judgement.claim, judgement.standing
    data = {"document": title_of(claim.document, catalogue), "form": claim.form, "verdict": stands}
    attributes = "".join(f' data-{name}="{escape(value)}"' for name, value in data.items())
    head = f"<h3>{escape(claim.id)}: {escape(claim.sentence)}</h3>\n"
    sign = f'<span aria-hidden="true">{SIGNS[stands]}</span>'
    verdict = f'<p class="stands">{sign} {escape(judgement.verdict)}</p>\n'
    more = f"<details><summary>How it was tried</summary>{pairs(_facts(judgement, catalogue, study))}</details>\n"
    figures = f'<div class="figures">{drawn(judgement, key)}</div>\n'
    body = f"{head}{verdict}{paragraph(judgement.answer)}{figures}{more}"
    return f'<article class="card" id="{escape(anchor(claim.id))}"{attributes}>\n{body}</article>\n'


def anchor(name: str) -> str:
    """Return the address of a claim on the page.

    Example:
        >>> anchor("A1"), anchor("mine, too")
        ('claim-A1', 'claim-mine--too')
    """
    return f"claim-{re.sub('[^A-Za-z0-9]', '-', name)}"


def _facts(judgement: Judgement, catalogue: Catalogue, study: Study) -> Iterator[tuple[str, str]]:
    """Yield the form of a claim, its place in the document, and all further facts."""
    claim = judgement.claim
    yield "form", f"{claim.form}: {SAYS[claim.form]}"
    if claim.place:
        yield "place", claim.place
    yield from facts(judgement, catalogue, study)
