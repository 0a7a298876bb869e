"""The page of claims has a card for each, and a mark for each of its units."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from report.html.reading import pictures, read, sections, seen

from lossbench.claims import Claim, Evidence, Judgement, find, read_catalogue, try_claims
from lossbench.claims.catalogue import Catalogue
from lossbench.claims.report.drawn import drawn, unit_of
from lossbench.claims.report.page import claims_page
from lossbench.claims.report.tables import tally
from lossbench.claims.report.units import counted_units

EXACT = ("A1", "A6", "B4", "B5", "C5", "F3")
words = st.sampled_from(["reproduced", "contradicted", "inconclusive", "equivalent"])
numbers = st.floats(-1, 1)


@st.composite
def units(draw):
    """Return a line of evidence with an interval, or without one."""
    middle, half = draw(numbers), draw(st.floats(0, 1))
    known = {"measured": middle, "low": middle - half, "high": middle + half, "p_value": 0.1, "n": 3}
    return Evidence(
        draw(words),
        draw(st.sampled_from(["f1", "r2"])),
        arms=("bce", "mse"),
        dataset=draw(st.sampled_from(["moons", "iris", "<b>"])),
        **(known if draw(st.booleans()) else {}),
    )


def made(lines, sentence="MSE beats MAE."):
    """Return a judgement of a claim of the user's own."""
    return Judgement(Claim("mine, too", sentence), tuple(lines), find("tendency", lines), "", "again")


@given(st.lists(units(), min_size=1, max_size=40))
def test_every_unit_has_a_mark(lines):
    """A square each, which says its name, its figures and its side; an interval each where it has one."""
    judgement = made(lines)
    first, *others = pictures(drawn(judgement, "c0"))
    told = sorted(mark.findtext("title") for mark in first.iter("g"))
    assert told == sorted(unit_of(line).told for line in counted_units(judgement))
    intervals = [picture for picture in others if picture.get("class") == "intervals"]
    shown = sum(1 for picture in intervals for mark in picture.iter("g"))
    assert shown <= sum(line.p_value is not None for line in lines)


def test_larger_differences_stand_above_and_to_the_right():
    """Sorted by what was measured, each at its place."""
    lines = [
        Evidence("reproduced", "f1", dataset=str(n), measured=n / 10, low=n / 10 - 1, high=n / 10 + 1, p_value=0.1)
        for n in (3, 1, 2)
    ]
    picture = next(one for one in pictures(drawn(made(lines), "c0")) if one.get("class") == "intervals")
    places = [(float(dot.get("cx")), float(dot.get("cy"))) for dot in picture.iter("circle")]
    assert places == sorted(places, key=lambda place: -place[0]) == sorted(places, key=lambda place: place[1])


@pytest.fixture(scope="module")
def judgements(study):
    """Try some claims that need no training."""
    catalogue = read_catalogue()
    return try_claims(catalogue, catalogue.find(EXACT), study)


def test_every_claim_has_a_card(judgements, study):
    """With its sentence, its verdict, its answer, what repeats it, and what it can be filtered by."""
    text = claims_page(judgements, read_catalogue(), study)
    read(text)
    cards = re.findall(r"<article(.*?)</article>", text, re.DOTALL)
    for card, judgement in zip(cards, judgements, strict=True):
        said = seen(f"<{card}")
        claim = judgement.claim
        assert all(part in said for part in (claim.id, claim.sentence, judgement.verdict, judgement.answer))
        assert judgement.command in said
        assert f'data-form="{claim.form}" data-verdict="{judgement.standing}"' in card
    assert tally(judgements) in seen(sections(text)["answer"])


@pytest.mark.parametrize("text", ["<script>x</script>", '"><b>', "a & b", "' onclick='x"])
def test_names_are_text(text, study):
    """A sentence, an ID or a data set of the user's that looks like markup is shown as it is."""
    known = {"measured": 0.1, "low": 0.0, "high": 0.2, "p_value": 0.1}
    lines = [Evidence("reproduced", text, arms=(text, "mse"), dataset=text, **known)]
    page = claims_page([made(lines * 2, text)], Catalogue({}, {}), study)
    assert text in seen(page)
    assert page.count("<script") == 1
    assert "<b>" not in page
    read(page)
