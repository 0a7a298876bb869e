from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lossbench.claims import read_catalogue
from lossbench.claims.answer import answer, what_of
from lossbench.claims.claim import WORDS, Claim, Evidence, Form
from lossbench.claims.finding.forms import WEAK, find
from lossbench.claims.registry import EXPERIMENTS
from lossbench.claims.report.words import (
    KINDS,
    SHOWN,
    bounds,
    contamination_of,
    difference,
    each_once,
    plain,
    relation,
)

FORMS: tuple[Form, ...] = ("identity", "conjunction", "universal", "existential", "magnitude", "tendency")
SAID = ("holds", "refuted", "shown", "not found", "mostly", "mixed", "rarely", "true", "false", WEAK)
"""The words of verdicts that no other verdict may use; "holds everywhere tried" has one of them."""

numbers = st.floats(-1, 1).map(lambda value: round(value, 3))
units = st.builds(
    Evidence,
    st.sampled_from([word for word in WORDS if word != "not testable"]),
    st.sampled_from(["accuracy", "r2", "change of skill"]),
    dataset=st.sampled_from(["moons", "iris"]),
    arms=st.sampled_from([("bce", "mse"), ("mae", "clean")]),
    part=st.sampled_from(["one", "another"]),
    contamination=st.sampled_from(["", *KINDS]),
    shares=st.just((0.1,)),
    aspect=st.sampled_from(["outcome", "size"]),
    measured=numbers,
    reported=st.just(0.5),
    p_value=st.sampled_from([None, 0.01]),
    again=st.sampled_from([(), (0.6, 0.2, 0.0, 0.2), (0.1, 0.1, 0.4, 0.4)]),
)
evidence = st.lists(units, min_size=1, max_size=9)
claims = st.builds(
    lambda form, direction: Claim("x", "So it is.", form=form, arguments={"direction": direction}),
    st.sampled_from(FORMS),
    st.sampled_from(["better", "worse", "equal", "not worse", ""]),
)


def spoken(claim, lines):
    """Return what is found and the sentence on it."""
    finding = find(claim.form, lines)
    return finding, answer(claim, finding)


@given(claims, evidence)
def test_a_sentence_is_whole(claim, lines):
    """It begins with a capital letter and ends in a point; nothing is empty, doubled or a name of the code."""
    _, said = spoken(claim, lines)
    assert re.fullmatch(r"[A-Z].*[^ .,;:]\.", said)
    assert not re.search(r"  | [,;:.]|\(\)|;;|None|nan|[a-z]_[a-z]", said)


@given(claims, evidence)
def test_a_sentence_says_the_word_of_its_verdict_and_no_other(claim, lines):
    """Only where a claim depends on something do two words stand beside each other, each with its side."""
    finding, said = spoken(claim, lines)
    parts = [finding.verdict, *(["holds", "refuted"] if finding.split else [])]
    for word in SAID:
        if re.search(rf"\b{word}\b", said.lower()):
            of_a_part = word == "true" and claim.form == "conjunction"
            assert any(word in part for part in parts) or of_a_part


@given(claims.filter(lambda claim: claim.form != "identity"), evidence)
def test_the_counts_add_up_to_the_units(claim, lines):
    """Every unit is counted once, and none is against only where none is."""
    finding, said = spoken(claim, lines)
    tally = finding.tally
    if claim.form == "magnitude":
        found = re.search(
            r"as printed in (\d+) of (\d+) settings?, reversed in (\d+), equal in (\d+), open in (\d+)", said
        )
        counts = [*map(int, found.groups())] if found else [0] * 5
        supporting, total, *others = counts
    else:
        supporting, total = map(int, re.search(r"\bin (\d+) of (\d+) cases?\b", said).groups())
        words = (r"(\d+|none) against", r"(\d+) without a difference beyond the margin", r"(\d+) open")
        found = [re.search(word, said) for word in words]
        others = [0 if one is None or one[1] == "none" else int(one[1]) for one in found]
        assert ("none against" in said) == (not tally.opposing)
    assert total == len(tally.units) == supporting + sum(others)
    assert (supporting, *others) == tuple(map(len, (tally.supporting, tally.opposing, tally.equal, tally.open)))


@given(claims.filter(lambda claim: claim.form in ("tendency", "universal", "existential")), evidence)
def test_the_typical_and_the_largest_opposing_difference_are_named(claim, lines):
    """With what was measured, the data set and the contamination in words; one line is told once."""
    finding, said = spoken(claim, lines)
    tally, case = finding.tally, finding.case
    for line in filter(None, (case, tally.typical, tally.worst)):
        assert difference(line) in said or (line.case, line.what) == (case.case, case.what)
        assert f"on {line.dataset}" in said
        assert contamination_of(line) in said
    if case is None:
        assert ("at worst" in said) == (tally.worst is not None and what_of(tally.worst) != what_of(tally.typical))


@given(evidence)
def test_every_part_of_a_conjunction_is_named_once(lines):
    """Each under its own word."""
    finding, said = spoken(Claim("x", "Both are so.", form="conjunction"), lines)
    if finding.verdict != WEAK:
        assert all(len(re.findall(rf"\b{part}\b", said)) == 1 for part in finding.parts)


@given(numbers, numbers, numbers)
def test_an_interval_is_counted_as_the_sentence_counts(first, second, third):
    """Where the first arm is below, so far below: its middle is the size that is said."""
    low, middle, high = sorted([first, second, third])
    line = Evidence("inconclusive", "f1", arms=("a", "b"), measured=middle, low=low, high=high)
    if low < high:
        ends = [*map(float, bounds(line).strip("[]").split(", "))]
        assert ends == sorted(ends)
        assert ends[0] - 0.01 <= abs(middle) <= ends[1] + 0.01


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (Evidence("reproduced", "r2", arms=("a", "b"), measured=-0.1), "a is 0.1 below b in R²"),
        (
            Evidence("reproduced", "change of skill", arms=("a", "clean"), measured=-0.1),
            "a loses 0.1 of its skill",
        ),
        (
            Evidence("reproduced", "epochs_to_target", arms=("a", "b"), measured=-3.0),
            "a takes 3 fewer epochs than b",
        ),
        (
            Evidence("reproduced", "accuracy", arms=("a",), rates=(0.1, 1.0), by_rate=True, measured=0.2),
            "a at rate 0.1 is 0.2 above rate 1 in accuracy",
        ),
        (Evidence("reproduced", "cost of a doubled error", measured=4.0), "the cost of a doubled error is 4"),
        (Evidence("not testable", "f1"), "the F1 is -"),
    ],
)
def test_each_kind_of_difference_has_its_words(line, said):
    """Who, how far, on which side, in what."""
    assert difference(line) == said


def test_a_printed_number_that_is_cut_off_is_told_by_its_digits():
    """To as many as are printed; where that is not the exact value, the rounded one is named."""
    claim = Claim("x", "It is so.", form="identity")
    for measured, printed, said in (
        (
            23.799999999999997,
            "23.79",
            "it is 23.80, but 23.799999999999997 in double precision, cut off to 23.79 instead of rounded",
        ),
        (200 / 3, "66", "it is 66.67, cut off to 66 instead of rounded to 67"),
    ):
        note = f"printed as {printed}, computed {measured!r}"
        lines = [Evidence("contradicted", "mape", reported=float(printed), measured=measured, note=note)]
        lines += [
            Evidence(
                "reproduced",
                "mape",
                reported=float(printed),
                measured=measured,
                note=note,
                reading="but for rounding",
            )
        ]
        assert spoken(claim, lines)[1] == f"True but for rounding: {said}."


@given(st.lists(st.text("abc", max_size=3), max_size=8))
def test_a_list_names_each_once_or_counts_it(names):
    """No name is lost: four at most are said and the others counted; blanks are none."""
    there = set(names) - {""}
    said = each_once(names)
    count = int(said.split(" and ")[1].split()[0]) if len(there) > 4 else 0
    assert len(there) == (said.split(" and ")[0].count(",") + 1 if there else 0) + (count or len(there) > 1)


@given(st.sampled_from([*KINDS]), st.floats(0.01, 0.9))
def test_a_contamination_is_said_in_words(kind, share):
    """Its share in per cent, and what is done to the rows."""
    said = contamination_of(Evidence("reproduced", "r2", contamination=kind, shares=(share,)))
    assert said.startswith("with ")
    assert KINDS[kind] in said
    assert "_" not in said


def test_scores_are_said_in_words():
    """Also inside a longer quantity; a word that is no score stays."""
    assert plain("rank correlation of falling log_loss and rising balanced_accuracy") == (
        "rank correlation of falling log loss and rising balanced accuracy"
    )
    assert plain("no_score and roc_auc") == "no_score and area under the ROC curve"


@given(claims.filter(lambda claim: claim.form in ("tendency", "conjunction")), evidence)
def test_a_verdict_that_other_seeds_would_change_is_said_to_be_so(claim, lines):
    """A count that leans one way and is too weak to say has a reason, and it stands in the sentence."""
    finding, said = spoken(claim, lines)
    assert ("with other seeds the verdict would change in" in said) == (finding.instability > 0.0)
    assert finding.verdict == WEAK or not finding.instability


def test_every_shipped_claim_says_what_a_case_in_support_shows():
    """In words of its own; only the several parts of a conjunction, and printed tables, are "as claimed"."""
    catalogue = read_catalogue()
    for claim in catalogue.claims.values():
        tested = catalogue.claims[claim.same_as[0]] if len(claim.same_as) == 1 else claim
        if claim.form in ("tendency", "universal", "existential"):
            said = relation(tested, [Evidence("reproduced", "accuracy", arms=("a", "b"))])
            assert "as claimed" not in said, claim.id


def test_what_a_case_shows_is_said_of_experiments_that_exist():
    """By the name of the experiment, and where it asks several questions, its relation."""
    assert {name.partition(" ")[0] for name in SHOWN} <= {*EXPERIMENTS}


def test_each_part_of_a_conjunction_has_its_result():
    """An exact part what was found, a trained one its count, its typical difference and the largest against."""
    exact = Evidence("reproduced", "difference", part="equation", clause="a is b at all 9 points")
    gaps = [("reproduced", 0.2), ("reproduced", 0.3), ("contradicted", -0.4)]
    trained = [
        Evidence(
            word, "f1", dataset="iris", arms=("a", "b"), detail=str(gap), part="gain", measured=gap, p_value=0.01
        )
        for word, gap in gaps
    ]
    finding, said = spoken(Claim("x", "Both.", form="conjunction"), [exact, *trained])
    assert finding.verdict == "partly"
    assert said == (
        "Partly true: in 3 of 4 cases it is as claimed, 1 against; true: equation (a is b at all 9 points); "
        "in some cases: gain (in 2 of 3 cases; typically a is 0.2 above b in F1 on iris (0.2); "
        "at worst a is 0.4 below b in F1 on iris (-0.4))."
    )


def test_the_largest_opposing_case_stands_beside_the_one_that_shows_a_claim():
    """Who reads that something can be, reads also where it was the other way round."""
    lines = [
        Evidence(word, "f1", dataset=dataset, arms=("a", "b"), measured=gap, low=gap - 0.1, high=gap + 0.1)
        for word, dataset, gap in (("reproduced", "iris", 0.5), ("contradicted", "moons", -0.3))
    ]
    _, said = spoken(Claim("x", "It can be.", form="existential"), lines)
    assert said.startswith("Shown: a is 0.5 above b in F1 [0.4, 0.6] on iris; in 1 of 2 cases ")
    assert said.endswith("1 against; at worst a is 0.3 below b in F1 [0.2, 0.4] on moons.")


def test_a_refuted_claim_of_everything_has_its_typical_difference():
    """Beside the case that refutes it."""
    gaps = {"iris": 0.2, "wine": 0.1, "moons": -0.3}
    lines = [
        Evidence("contradicted" if gap < 0 else "reproduced", "f1", dataset=name, arms=("a", "b"), measured=gap)
        for name, gap in gaps.items()
    ]
    _, said = spoken(Claim("x", "Always.", form="universal"), lines)
    assert said == (
        "Refuted: a is 0.3 below b in F1 on moons; in 2 of 3 cases it is as claimed, 1 against; "
        "typically a is 0.1 above b in F1 on wine."
    )


def test_an_interval_of_two_rates_is_of_the_difference_that_is_said():
    """The first rate is so far below the second, and so are the ends."""
    line = Evidence("contradicted", "accuracy", arms=("mse",), rates=(0.001, 0.1), by_rate=True, measured=-0.7)
    assert bounds(replace(line, low=-0.8, high=-0.6)) == "[0.6, 0.8]"
