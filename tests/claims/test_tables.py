from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from lossbench.claims import Evidence, Judgement, read_catalogue, try_claims
from lossbench.claims.registry import EXPERIMENTS
from lossbench.claims.tables import (
    PICTURE,
    comparisons,
    facts,
    few_words,
    figure,
    in_full,
    overview,
    picture,
    tally,
)
from lossbench.report.terminal import WIDTH, print_tables

EXACT = ("A1", "A6", "B4", "B6", "C5", "C7c", "F3", "T5", "F-round")


@pytest.fixture
def catalogue():
    """Read the claims of the documents."""
    return read_catalogue()


@pytest.fixture
def judgements(catalogue, study):
    """Try some claims that need no training."""
    return try_claims(catalogue, catalogue.find(EXACT), study)


def printed(tables) -> list[str]:
    """Return what a terminal shows."""
    screen = Console(file=io.StringIO(), width=WIDTH)
    print_tables(screen, tables)
    return screen.file.getvalue().splitlines()


def test_the_overview_has_a_line_a_claim(judgements, catalogue):
    """By document, each verdict beside its ID, within the width of a terminal."""
    lines = printed(overview(judgements, catalogue, shortened=True))
    for judgement in judgements:
        (line,) = [line for line in lines if line.split()[:1] == [judgement.claim.id]]
        assert judgement.verdict in line
    assert max(map(len, lines)) <= WIDTH
    assert sum(line.startswith(("A: ", "B: ", "C: ", "F: ")) for line in lines) == 4


def test_unshortened_the_overview_says_everything(judgements, catalogue):
    """For Markdown, which has no width."""
    cells = [cell for table in overview(judgements, catalogue) for row in table.rows for cell in row]
    for judgement in judgements:
        assert judgement.claim.sentence in cells
        assert few_words(judgement) in cells


@pytest.mark.parametrize("name", EXACT)
def test_a_claim_in_full_fits_a_terminal_and_leaves_nothing_out(catalogue, study, name):
    """Sentence, verdict, condition, experiment and command; and every comparison, once."""
    (judgement,) = try_claims(catalogue, catalogue.find((name,)), study)
    lines = [*in_full(judgement, catalogue, study), *printed(comparisons(judgement))]
    assert max(map(len, lines)) <= WIDTH
    text = " ".join(" ".join(lines).split())
    for words in (judgement.claim.sentence, judgement.verdict, judgement.command):
        assert words in text
    assert sum(len(table.rows) for table in comparisons(judgement)) == len(judgement.evidence)


def test_protocols_are_told_in_full(catalogue, study):
    """What each is, with its seeds and epochs."""
    claim = catalogue.claims["A10"]
    judgement = Judgement(claim, (Evidence("reproduced", "f1", "adam", "multilabel"),), "reproduced", "", "again")
    told = dict(facts(judgement, catalogue, study))
    assert told["adam"] == "Adam at one rate for all losses; 3 seeds, 2 epochs"
    assert told["decided by"].startswith("contest: Train the arms")


def test_a_reported_number_that_all_share_stands_in_the_title(catalogue):
    """So that columns are left for what differs."""
    lines = tuple(Evidence("inconclusive", "f1", "adam", detail=case, reported=0.5, measured=0.1) for case in "ab")
    (table,) = comparisons(Judgement(catalogue.claims["T3"], lines, "inconclusive", "", ""))
    assert table.title == "f1; reported: 0.5"
    assert "reported" not in table.columns


@given(st.floats(-1, 1), st.floats(0, 1), st.floats(0, 1))
def test_a_picture_is_on_the_side_of_its_interval(middle, below, above):
    """Zero is in the middle; an interval that holds it is drawn over it; the width never changes."""
    line = Evidence("inconclusive", "f1", measured=middle, low=middle - below, high=middle + above, p_value=0.5)
    drawn = picture(line, reach=2.0)
    assert len(drawn) == PICTURE
    assert drawn.count("o") == 1
    assert (drawn.index("o") - PICTURE // 2) * middle >= 0
    if line.low > 0.3:
        assert "-" not in drawn[: PICTURE // 2]


def test_what_has_no_interval_has_no_picture():
    """A value is written alone, a missing one as a dash."""
    assert picture(Evidence("reproduced", "f1", measured=1.0), 1.0) == ""
    assert figure(Evidence("reproduced", "f1", measured=0.25)) == "0.25"
    assert figure(Evidence("not testable", "f1")) == "-"
    assert figure(Evidence("reproduced", "f1", measured=0.25, low=0.2, high=0.3)) == "0.250 ±0.050"


def test_the_tally_counts_claims_and_comparisons(judgements):
    """Every verdict with its number, in their order."""
    said = tally(judgements)
    assert said.startswith(
        f"{len(EXACT)} claims after {sum(len(judgement.evidence) for judgement in judgements)} comparisons"
    )
    assert said.endswith("2 reproduced, 6 depends, 1 not yet")
    assert tally(judgements[:1]).startswith("1 claim after")


def test_the_clearest_comparison_is_shown():
    """The one farthest from zero in widths of its interval, among those that agree with the verdict."""
    lines = (
        Evidence("reproduced", "f1", detail="near", measured=0.1, low=0.0, high=0.2),
        Evidence("reproduced", "f1", detail="far", measured=0.5, low=0.4, high=0.6),
        Evidence("inconclusive", "f1", detail="other", measured=9.0, low=8.9, high=9.1),
    )
    judgement = Judgement(read_catalogue().claims["A10"], lines, "reproduced", "", "")
    assert few_words(judgement) == "f1 0.500 ±0.100, far"


def test_experiments_say_what_they_do_in_a_sentence():
    """The first paragraph of each is short enough to be read in a terminal."""
    for name, experiment in EXPERIMENTS.items():
        first = experiment.__doc__.strip().partition("\n\n")[0]
        assert len(first) < 200, name
