"""All judgements at a glance: the score of each document, and every claim with its verdict."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from textwrap import wrap

from lossbench.claims.catalogue import Catalogue
from lossbench.claims.finding.forms import STANDING
from lossbench.claims.judgement import Judgement
from lossbench.grouped import grouped
from lossbench.report.grid import GAP, Column, grid
from lossbench.report.table import Table
from lossbench.report.words.english import joined

LEGEND = ("Comparisons are of rows like these: tables that might have been drawn, or further draws from a law.",)

IN_WORDS = {"too weak": "too weak to say", "not yet": "not tried yet"}
TOTAL = "in all, each claim once"
FEW = 6  # claims, of which there is room for whole answers at any width
SENTENCE = 30  # the smallest width of a sentence beside its verdict
WIDE, ANSWER = (
    120,
    50,
)  # the terminal width from which answers are shown; the smallest width of answer and sentence


@dataclass(frozen=True)
class Score:
    """The verdicts on the claims of a document.

    Args:
        name: the name of the document.
        claims: its number of claims.
        counts: the number of claims in each column of `lossbench.claims.finding.forms.STANDING`.
    """

    name: str
    claims: int
    counts: Counter[str]

    @classmethod
    def of(cls, name: str, judgements: Sequence[Judgement]) -> Score:
        """Count judgements."""
        return cls(name, len(judgements), Counter(one.standing for one in judgements))


def scores(judgements: Sequence[Judgement], catalogue: Catalogue) -> list[Score]:
    """Return the score of each document, and of all if there are several, without copies of claims."""
    parts = grouped(judgements, lambda judgement: judgement.claim.document)
    rows = [Score.of(title_of(document, catalogue), mine) for document, mine in parts.items()]
    return rows + ([Score.of(TOTAL, without_copies(judgements))] if len(rows) > 1 else [])


def without_copies(judgements: Sequence[Judgement]) -> list[Judgement]:
    """Return the judgements without those of claims that only repeat others that are judged too."""
    there = {one.claim.id for one in judgements}
    return [one for one in judgements if not (one.claim.same_as and there.issuperset(one.claim.same_as))]


def tally(judgements: Sequence[Judgement]) -> str:
    """Count the claims by standing in one sentence; a copy is counted once."""
    mine = without_copies(judgements)
    count = Counter(one.standing for one in mine)
    said = joined(f"{count[column]} {IN_WORDS.get(column, column)}" for column in STANDING if count[column])
    copies = len(judgements) - len(mine)
    more = f"; {copies} more only repeat{'s' * (copies == 1)} others" if copies else ""
    return f"Of {len(mine)} claim{'s' * (len(mine) != 1)}: {said}{more}."


def title_of(document: str, catalogue: Catalogue) -> str:
    """Name a document, or the user's file."""
    return f"{document}: {catalogue.documents[document]}" if document else str(catalogue.file)


def overview(judgements: Sequence[Judgement], catalogue: Catalogue) -> Iterator[Table]:
    """Yield the scores as a table, and a table per document with the verdict and answer of each claim."""
    headings = ("document", "claims", *STANDING)
    found = scores(judgements, catalogue)
    rows = [(one.name, str(one.claims), *(str(one.counts[column]) for column in STANDING)) for one in found]
    yield Table(tally(judgements), headings, tuple(rows), texts=headings[:1])
    columns = ("ID", "claim", "verdict", "answer")
    for document, mine in grouped(judgements, lambda judgement: judgement.claim.document).items():
        cells = tuple((one.claim.id, one.claim.sentence, one.verdict, one.answer) for one in mine)
        yield Table(title_of(document, catalogue), columns, cells, texts=columns)


def at_a_glance(judgements: Sequence[Judgement], catalogue: Catalogue, width: int) -> Iterator[str]:
    """Yield the scores of the documents, one line per claim, and the command that shows one in full."""
    yield from wrap(tally(judgements), width)
    yield ""
    yield from scoreboard(judgements, catalogue, width)
    few = len(judgements) <= FEW
    yield from in_full(judgements, width) if few else listing(judgements, catalogue, width)
    yield ""
    yield from wrap(LEGEND[0], width)
    file = ["-c", str(catalogue.file)] if catalogue.file else []
    # The example is a number table if there is one, since it shows most.
    one = max(judgements, key=lambda judgement: judgement.claim.kind == "number table").claim.id
    yield f"One in full: {shlex.join(['lossbench', 'claims', one, *file])}"


def scoreboard(judgements: Sequence[Judgement], catalogue: Catalogue, width: int) -> Iterator[str]:
    """Yield the scores of the documents, line by line."""
    found = scores(judgements, catalogue)
    counted = [
        Column(column, [str(one.counts[column] or "-") for one in found], right=True) for column in STANDING
    ]
    names = Column("", [one.name for one in found], least=20)
    yield from grid(
        [names, Column("claims", [str(one.claims) for one in found], right=True, drop=1), *counted], width
    )


def in_full(judgements: Sequence[Judgement], width: int) -> Iterator[str]:
    """Yield the whole sentence of each claim, and its whole answer below it."""
    for one in judgements:
        label = f"{one.claim.id}  "
        yield ""
        yield from wrap(f"{label}{one.claim.sentence}", width, subsequent_indent=" " * len(label))
        yield from wrap(one.answer, width, initial_indent="    ", subsequent_indent="    ")


def listing(judgements: Sequence[Judgement], catalogue: Catalogue, width: int) -> Iterator[str]:
    """Yield one line per claim, under the title of its document: ID, sentence, verdict.

    On a wide terminal the answer, which begins with the verdict, replaces it; if the room is too small for a
    verdict, its column of the score replaces it.
    """
    documents = grouped(judgements, lambda judgement: judgement.claim.document)
    mine = list(chain.from_iterable(documents.values()))
    wide = width >= WIDE
    labels, sentences = [one.claim.id for one in mine], [one.claim.sentence for one in mine]
    room = width - max(map(len, labels)) - 2 * GAP - SENTENCE
    answers = Column("", [one.answer if wide else brief(one, room) for one in mine], least=ANSWER)
    cells = [Column("", labels), Column("", sentences, least=ANSWER if wide else SENTENCE), answers]
    lines = iter(grid(cells, width, headed=False))
    for document, some in documents.items():
        yield from ("", *wrap(title_of(document, catalogue), width))
        yield from islice(lines, len(some))


def brief(judgement: Judgement, room: int) -> str:
    """Return a verdict as it fits the room: in its own words, or by its column of the score.

    Example:
        >>> from lossbench.claims import Claim, Evidence, find
        >>> lines = tuple(Evidence("reproduced", "f1", aspect=aspect) for aspect in ("outcome", "size"))
        >>> one = Judgement(Claim("T3", "A beats B."), lines, find("magnitude", lines), "", "")
        >>> brief(one, 30), brief(one, 10)
        ('order and size: holds', 'true')
    """
    found, said = judgement.finding, judgement.verdict
    if found is not None and found.word == found.size:
        said = f"order and size: {found.word}"
    return said if len(said) <= room else judgement.standing
