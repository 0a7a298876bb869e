from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lossbench.claims import Claim, Evidence, Judgement, find, read_catalogue, try_claims
from lossbench.claims.catalogue import Catalogue
from lossbench.claims.finding.forms import STANDING
from lossbench.claims.report.tables import (
    FEW,
    TOTAL,
    at_a_glance,
    in_full,
    listing,
    overview,
    scores,
    tally,
    without_copies,
)

EXACT = ("A1", "A6", "B4", "B6", "C5", "C7c", "F3", "F-round")
CATALOGUE = Catalogue(
    {"A": "The first document", "B": "The second, which has a much longer title than the first"}, {}
)

widths = st.integers(60, 200)
forms = st.sampled_from(["identity", "existential", "tendency", "magnitude", "universal"])
words = st.sampled_from(["reproduced", "contradicted", "inconclusive", "equivalent"])
sentences = st.lists(
    st.sampled_from(["MSE", "beats", "0.116", "learning", "rates", "categorical,", "of"]), min_size=1
).map(" ".join)


@st.composite
def judged(draw):
    """Return judgements of some claims, of which some repeat another."""
    made, ids = (
        [],
        draw(st.lists(st.from_regex(r"[A-C][1-9][0-9]?", fullmatch=True), min_size=2, max_size=8, unique=True)),
    )
    for number, name in enumerate(ids):
        copies = draw(st.booleans()) and number
        lines = [Evidence(word, "f1", measured=0.1) for word in draw(st.lists(words, max_size=3))]
        claim = Claim(
            name,
            draw(sentences),
            document=draw(st.sampled_from("AB")),
            form=draw(forms),
            same_as=(made[0].claim.id,) if copies else (),
        )
        made.append(Judgement(claim, tuple(lines), find(claim.form, lines) if lines else None, "", ""))
    return made


@given(judged())
def test_the_scores_count_every_claim_once(judgements):
    """Each document all of its own; the total each claim but once, so that a copy is counted with its original."""
    *documents, last = scores(judgements, CATALOGUE)
    total = last if last.name == TOTAL else None
    assert sum(one.claims for one in documents or [last]) == len(judgements)
    for one in [*documents, last]:
        assert sum(one.counts.values()) == one.claims
        assert set(one.counts) <= set(STANDING)
    if total:
        copies = [one for one in judgements if one.claim.same_as]
        assert total.claims == len(judgements) - len(copies) == len(without_copies(judgements))


@given(judged())
def test_the_sentence_on_top_says_the_totals(judgements):
    """Each count that is not zero, in the order of the columns; and how many are repeated."""
    said, mine = tally(judgements), without_copies(judgements)
    assert said.startswith(f"Of {len(mine)} claim")
    for column in STANDING:
        count = sum(one.standing == column for one in mine)
        assert (f"{count} {'' if column != 'not yet' else 'not tried yet'}".strip() in said) == bool(
            count
        ) or not count
    assert ("more only repeat" in said) == (len(mine) < len(judgements))


@given(judged(), widths)
def test_at_a_glance_fits_every_terminal(judgements, width):
    """No line is longer than the terminal or ends in blanks."""
    lines = list(at_a_glance(judgements, CATALOGUE, width))
    assert max(map(len, lines)) <= width
    assert all(line == line.rstrip() for line in lines)


@given(judged(), widths)
def test_every_claim_has_one_line_that_begins_with_its_id_and_ends_with_what_was_found(judgements, width):
    """The verdict, or where there is little room the column of the score, or where there is much the answer."""
    lines = list(listing(judgements, CATALOGUE, width))
    for judgement in judgements:
        (line,) = [line for line in lines if line.split()[:1] == [judgement.claim.id]]
        words = (judgement.verdict, judgement.standing)
        shown = judgement.answer.lower().startswith(line.split("  ")[-1].strip("… ").lower()[:6])
        assert line.endswith(words) or shown
        head = line.split("  ")[1 if len(line.split("  ")) > 1 else 0].strip().removesuffix("…")
        assert judgement.claim.sentence.startswith(head) or head == judgement.claim.id


@given(judged(), widths)
def test_a_few_claims_have_their_whole_answers(judgements, width):
    """Whoever names them wants to know: each sentence and answer stands there whole, wherever lines are broken."""

    def letters(text):
        return "".join(text.split())

    every, glance = (
        letters("".join(in_full(judgements, width))),
        letters("".join(at_a_glance(judgements[:FEW], CATALOGUE, width))),
    )
    for place, judgement in enumerate(judgements):
        said = letters(f"{judgement.claim.id} {judgement.claim.sentence} {judgement.answer}")
        assert said in every
        assert place >= FEW or said in glance


@pytest.fixture(scope="module")
def judgements(study):
    """Try some claims that need no training."""
    catalogue = read_catalogue()
    return try_claims(catalogue, catalogue.find(EXACT), study)


def test_the_overview_says_everything(judgements):
    """For Markdown, which has no width: whole sentences and answers, after the scores."""
    first, *tables = overview(judgements, read_catalogue())
    assert first.title == tally(judgements)
    cells = [cell for table in tables for row in table.rows for cell in row]
    for judgement in judgements:
        assert {judgement.claim.id, judgement.claim.sentence, judgement.verdict, judgement.answer} <= {*cells}
