from __future__ import annotations

from dataclasses import replace
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lossbench.claims.claim import Evidence, Form
from lossbench.claims.finding.forms import FORMS, STANDING, find
from lossbench.claims.finding.tally import Tally
from lossbench.claims.finding.written import FORMER_VERDICTS, is_verdict, same_as

from ..drawn import evidence, lines, shuffled

forms = st.sampled_from(get_args(Form))


def said(form, *words, **facts):
    """Return the verdict on units that say these words."""
    return find(form, [Evidence(word, "f1", **facts) for word in words]).verdict


@given(forms, shuffled)
def test_the_order_of_the_evidence_does_not_matter(form, pair):
    """The same lines in any order come to the same verdict."""
    one, other = pair
    assert find(form, one).verdict == find(form, other).verdict


@given(forms, evidence, lines)
def test_what_is_shown_has_no_vote(form, found, more):
    """Lines of other protocols, levels, and what could not be compared change nothing."""
    aside = [replace(more, role="sensitivity"), replace(more, role="shown"), replace(more, verdict="not testable")]
    assert find(form, [*found, *aside]).verdict == find(form, found).verdict


@given(forms, evidence)
def test_every_verdict_is_one_that_can_be_read_again(form, found):
    """A file of expected verdicts knows every word, and each has its column in a document's score."""
    finding = find(form, found)
    assert is_verdict(finding.verdict)
    assert finding.standing in STANDING


@given(forms)
def test_without_a_unit_nothing_is_testable(form):
    """Whatever is claimed."""
    assert find(form, []).verdict == "not testable"


@given(evidence)
def test_one_opposing_case_refutes_a_universal_claim_and_nothing_else_does(found):
    """The largest is named, where none was tried again."""
    finding = find("universal", found)
    opposing = Tally.of(found).opposing
    assert (finding.verdict == "refuted") == bool(opposing)
    assert (finding.case is not None) == bool(opposing)


@given(evidence)
def test_a_universal_claim_holds_where_half_of_the_units_support_it_and_none_opposes(found):
    """Open ones and those within the margin do not oppose; of too many nothing is said."""
    unopposed = [line for line in found if line.verdict != "contradicted"]
    tally = Tally.of(unopposed)
    if tally.units:
        half = 2 * len(tally.supporting) >= len(tally.units)
        assert find("universal", unopposed).verdict == ("holds everywhere tried" if half else "too weak to say")


@given(evidence, st.sampled_from(["contradicted", "inconclusive"]))
def test_what_was_tried_again_alone_refutes_a_universal_claim(found, word):
    """A case that opposed at first and not again leaves the claim open, and never holds it up."""
    again = Evidence(word, "f1", role="retrial")
    finding = find("universal", [Evidence("reproduced", "f1"), *found, again])
    assert (finding.verdict == "refuted") == (word == "contradicted")
    assert finding.case is (again if word == "contradicted" else None)
    assert not (finding.verdict == "holds everywhere tried" and Tally.of(found).opposing)


@given(evidence)
def test_one_case_shows_an_existential_claim_and_nothing_else_does(found):
    """It is one of those that show it."""
    finding = find("existential", found)
    assert (finding.verdict == "shown") == bool(Tally.of(found).supporting)
    assert finding.case is None or finding.case.verdict == "reproduced"


@given(st.lists(lines, min_size=1).map(lambda found: [replace(line, verdict="inconclusive") for line in found]))
def test_open_units_decide_nothing(found):
    """No form but an identity, which is never open, says anything then."""
    if Tally.of(found).units:
        for form in ("conjunction", "universal", "tendency"):
            assert find(form, found).verdict == "too weak to say"
        assert find("existential", found).verdict == "not found"


def test_an_identity_is_true_as_stated_or_in_the_nearest_other_sense():
    """By its own words, but for rounding, or under another reading; else it is false."""
    stated, wrong = Evidence("reproduced", "mse"), Evidence("contradicted", "mse")
    rounded, other = (replace(stated, reading=reading) for reading in ("but for rounding", "another"))
    assert find("identity", [stated]).verdict == "true"
    assert find("identity", [stated, replace(other, verdict="contradicted")]).verdict == "true"
    assert find("identity", [wrong, rounded]).verdict == "true but for rounding"
    assert find("identity", [wrong, other]).verdict == "true under another reading"
    assert find("identity", [wrong]).verdict == "false"


def test_an_equation_is_true_as_stated_only_where_all_its_lines_are():
    """Of another sense one line that comes out is enough; the nearer sense is the word."""
    stated, wrong = Evidence("reproduced", "mse"), Evidence("contradicted", "mse")
    rounded, other = (
        [replace(line, reading=reading) for line in (stated, wrong)] for reading in ("but for rounding", "another")
    )
    assert find("identity", [stated, wrong]).verdict == "false"
    assert find("identity", [stated, wrong, *other]).verdict == "true under another reading"
    assert find("identity", [stated, wrong, *other, *rounded]).verdict == "true but for rounding"


def test_an_identity_of_several_equations_is_as_true_as_the_worst():
    """Each part on its own."""
    parts = [Evidence("reproduced", "mse", part="one"), Evidence("contradicted", "mse", part="other")]
    assert find("identity", parts).verdict == "false"


@pytest.mark.parametrize(
    ("words", "verdict"),
    [
        (("reproduced", "reproduced"), "true"),
        (("reproduced", "contradicted"), "partly"),
        (("reproduced", "inconclusive"), "too weak to say"),
        (("contradicted", "inconclusive"), "too weak to say"),
        (("reproduced", "contradicted", "inconclusive"), "partly"),
        (("contradicted", "contradicted"), "false"),
        (("inconclusive", "inconclusive"), "too weak to say"),
    ],
)
def test_a_conjunction_is_true_where_all_its_parts_are(words, verdict):
    """True and false parts make it partly so; one that is open may make it either, and leaves it open."""
    found = [Evidence(word, "f1", part=str(place), p_value=0.5) for place, word in enumerate(words)]
    assert find("conjunction", found).verdict == verdict


@pytest.mark.parametrize(
    ("other", "verdict"),
    [("reproduced", "partly"), ("contradicted", "false"), ("inconclusive", "too weak to say")],
)
def test_what_numbers_leave_untold_is_no_part_of_the_truth(other, verdict):
    """Where nothing is drawn at random, no more seeds will tell: beside a true part the claim is partly so."""
    parts = [Evidence("inconclusive", "f1", part="one"), Evidence(other, "f1", part="other")]
    assert find("conjunction", parts).verdict == verdict


def test_a_part_of_which_anything_was_tested_is_counted_and_else_one_open_line_leaves_it_untold():
    """Nine of ten are enough for what is tested; an equation must be told in every line."""
    tested = [Evidence("reproduced", "f1", part="one", p_value=0.01)] * 9
    exact = [Evidence("reproduced", "f1", part="other"), Evidence("inconclusive", "f1", part="other")]
    finding = find("conjunction", [*tested, Evidence("contradicted", "f1", part="one"), *exact])
    assert finding.parts == {"one": "holds", "other": "not testable"}


def test_a_tendency_names_the_axis_that_separates():
    """Where none does, the share of the units is the word."""
    by_score = [Evidence("reproduced", "f1"), Evidence("contradicted", "accuracy")] * 2
    assert find("tendency", by_score).verdict == "depends on the score"
    assert said("tendency", "reproduced", "contradicted") == "mixed"


def test_what_holds_depends_on_nothing():
    """Although what opposes it, two units of twenty-two, is all on one data set."""
    lines = [Evidence("reproduced", "f1", dataset="iris")] * 20 + [
        Evidence("contradicted", "f1", dataset="wine")
    ] * 2
    assert find("tendency", lines).verdict == "holds"
    assert find("tendency", lines[3:]).verdict == "depends on the data set"


def test_a_verdict_of_a_table_needs_both_words():
    """One that says of its order or size what cannot be said of it is none."""
    assert is_verdict("order holds; size mostly")
    assert not is_verdict("order perhaps; size mostly")
    assert not is_verdict("order holds; size perhaps")


def test_a_table_has_a_verdict_on_its_order_and_one_on_its_size():
    """Each of its own lines."""
    order, size = Evidence("reproduced", "f1"), Evidence("contradicted", "f1", aspect="size", reported=0.1)
    assert find("magnitude", [order, size]).verdict == "order holds; size refuted"
    assert find("magnitude", [order]).verdict == "order holds"


@pytest.mark.parametrize(("old", "new"), [("reproduced", "true"), ("depends", "refuted"), ("depends", "mixed")])
def test_a_verdict_of_an_older_file_is_the_expected_one_where_it_may_have_become_it(old, new):
    """For one version; the opposite never is."""
    assert same_as(old, "any", new)
    assert not same_as("reproduced", "false", "refuted")
    assert not same_as("contradicted", "holds", "true")
    assert all(column in STANDING for columns in FORMER_VERDICTS.values() for column in columns)


@given(st.text(max_size=20))
def test_a_verdict_is_the_expected_one_only_where_it_is_the_same(text):
    """Of files of this version."""
    if text not in FORMER_VERDICTS:
        assert same_as(text, "holds", "true") == (text == "holds")


def test_every_form_has_a_rule():
    """Those that a claim may have, and no other."""
    assert set(FORMS) == set(get_args(Form))
