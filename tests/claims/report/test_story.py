from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lossbench.claims import Claim, Evidence, Judgement, Study, find, read_catalogue, read_terms, try_claims
from lossbench.claims.catalogue import Catalogue
from lossbench.claims.registry import EXPERIMENTS
from lossbench.claims.report.figures import PICTURE, SIDES, picture
from lossbench.claims.report.number_tables import SHADES, number_table, shaded
from lossbench.claims.report.sensitivity import sensitivity, single_cases
from lossbench.claims.report.story import first_sentence, story
from lossbench.claims.report.units import MANY, units
from lossbench.data.contamination import KINDS

from ..planted import planted

EXACT = ("A1", "A6", "B4", "B6", "C5", "C7c", "F3", "F-round")
STUDY = Study(read_terms(), quick=True)
CATALOGUE = Catalogue({"A": "A document"}, {})

numbers = st.floats(-1, 1).map(lambda value: round(value, 3))
lines = st.builds(
    Evidence,
    st.sampled_from([word for word in SIDES if word != "not testable"]),
    st.sampled_from(["accuracy", "balanced_accuracy", "change of skill"]),
    protocol=st.sampled_from(["sgd", "adam", "tuned"]),
    dataset=st.sampled_from(["moons", "imbalanced:positives=0.01:rows=3000", "breast_cancer"]),
    arms=st.sampled_from([("bce", "mse"), ("label_smoothing", "epsilon_insensitive"), ("bce", "clean")]),
    role=st.sampled_from(["unit", "unit", "sensitivity"]),
    contamination=st.sampled_from(["", *KINDS]),
    shares=st.sampled_from([(0.1,), (0.2,)]),
    measured=numbers,
    low=st.just(-1.0),
    high=st.just(1.0),
    n=st.just(60),
    over=st.just("seeds"),
    p_value=st.just(0.01),
)


def judgement(evidence, form="tendency"):
    """Return the judgement of a claim with some evidence."""
    claim = Claim("X1", "One loss is better than another.", document="A", form=form)
    return Judgement(claim, tuple(evidence), find(form, evidence), "", "lossbench claims X1 --quick")


@given(
    st.lists(lines, max_size=60), st.integers(60, 120), st.sampled_from(["tendency", "universal", "conjunction"])
)
def test_a_story_fits_every_terminal(evidence, width, form):
    """No line is longer than the terminal or ends in blanks, whatever the names are."""
    told = list(story(judgement(evidence, form), CATALOGUE, STUDY, width))
    assert max(map(len, told)) <= width
    assert all(line == line.rstrip() for line in told)


@given(st.lists(lines, min_size=1, max_size=60), st.integers(60, 120))
def test_a_story_says_all_that_is_asked_of_a_claim(evidence, width):
    """The sentence, its document, the verdict, the whole answer, what repeats it, and where everything is."""
    one = judgement(evidence)
    text = " ".join(" ".join(story(one, CATALOGUE, STUDY, width)).split())
    made = len(one.evidence)
    for words in ("X1 One loss is better than another. A: A document", one.verdict, one.answer, one.command):
        assert words in text
    assert f"{made} comparison{'s' * (made != 1)}: -o DIR writes evidence.csv" in text


@given(st.lists(lines, min_size=1, max_size=MANY), st.integers(60, 120))
def test_every_unit_has_a_row(evidence, width):
    """With what it says as its last word; no data set and no loss is broken or cut."""
    one = judgement(evidence)
    shown = list(units(one, width))
    counted = [line for line in evidence if line.role == "unit"]
    ends = [line for line in shown[1:] if line.startswith("  ") and line.endswith(tuple(SIDES.values()))]
    assert len(ends) == len(counted)
    text = " ".join(" ".join(shown).split())
    for line in counted:
        assert line.dataset in text
        assert " vs ".join(line.arms) in text


@given(st.lists(lines.map(lambda line: replace(line, role="unit")), min_size=MANY + 1, max_size=2 * MANY))
def test_many_units_are_counted_and_none_is_lost(evidence):
    """The columns of a word add up to the units that say it."""
    head, *rows = list(units(judgement(evidence), 120))
    assert head.startswith(f"{len(evidence)} units")
    found = [
        re.findall(r"(\d+|-)(?=\s|$)", row.rpartition("  ")[0])[-4:]
        for row in rows
        if re.search(r"-?[\d.]+$", row)
    ]
    total = sum(int(cell) for row in found for cell in row if cell != "-")
    assert total == len(evidence)


@given(st.lists(lines, max_size=20))
def test_each_other_protocol_is_told_in_one_line_that_counts_its_comparisons(evidence):
    """As sensitivity: they are never counted, and always shown."""
    aside = [line for line in evidence if line.role == "sensitivity"]
    told = list(sensitivity(judgement(evidence), STUDY))
    assert len(told) == len({line.protocol for line in aside})
    assert sum(
        int(count) for line in told for count in re.findall(r"(\d+) (?:for|against|without|open)", line)
    ) == len(aside)


def test_a_protocol_that_turns_a_data_set_round_says_so():
    """Where its lines lean one way and the units the other."""
    unit = Evidence("reproduced", "f1", "tuned", "moons", ("bce", "mse"), measured=0.1)
    other = Evidence("contradicted", "f1", "sgd", "moons", ("bce", "mse"), measured=-0.1, role="sensitivity")
    same = Evidence("reproduced", "f1", "adam", "moons", ("bce", "mse"), measured=0.1, role="sensitivity")
    assert list(sensitivity(judgement([unit, other, same]), STUDY)) == [
        "under SGD at 0.1: 0 for, 1 against; reversed on moons",
        "under Adam at 0.01: 1 for, 0 against",
    ]


def test_a_verdict_that_hangs_on_one_case_names_it():
    """Nine of ten hold; without the one against, or with one for it less, another word would stand there."""
    held = [Evidence("reproduced", "f1", "tuned", f"d{number}", ("bce", "mse")) for number in range(8)]
    other = Evidence("contradicted", "f1", "tuned", "moons", ("bce", "mse"))
    assert list(single_cases(judgement([*held, other]))) == [
        "were bce vs mse in F1 on moons open, the verdict would be: holds"
    ]
    assert list(single_cases(judgement(held))) == []


@pytest.fixture(scope="module")
def exact(study):
    """Give the catalogue, and the judgements of these claims."""
    catalogue = read_catalogue()
    judgements = try_claims(catalogue, catalogue.find(EXACT), study)
    assert not any(one.failed for one in judgements)
    return catalogue, {one.claim.id: one for one in judgements}


@pytest.mark.parametrize("width", [60, 80, 100])
@pytest.mark.parametrize("name", EXACT)
def test_a_claim_without_training_is_told_too(exact, study, name, width):
    """Within the terminal, with its units or why there are none."""
    catalogue, judgements = exact
    one = judgements[name]
    told = list(story(one, catalogue, study, width))
    assert max(map(len, told)) <= width
    text = " ".join(" ".join(told).split())
    assert one.answer in text
    assert one.claim.sentence in text


@pytest.fixture(scope="module")
def number_tables():
    """Give the stories of the number tables, of scores that are as high as the rate or the loss says."""
    catalogue, made = (
        read_catalogue(),
        planted(lambda trial: 0.9 - 0.1 * (trial["loss"] != "bce") - trial["lr"] / 100, seeds=3),
    )
    judgements = try_claims(catalogue, catalogue.find(("T3", "T4", "T7", "T9")), made)
    return {one.claim.id: list(story(one, catalogue, made, 80)) for one in judgements}


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("T3", ["size", "order", "printed", "0.859", "0.743", "0.912", "24 % positive"]),
        ("T4", ["order", "printed", "0.872", "0.901", "0.827", "best rate on", "in the printed order in"]),
        ("T7", ["order", "printed", "0.903", "0.817", "loss", "penalty", "both"]),
        ("T9", ["order", "printed", "18", "23", "25", "few epochs to", "in the printed order in"]),
    ],
)
def test_a_number_table_leads_with_its_table(number_tables, name, said):
    """Its two verdicts and the printed numbers beside the measured ones stand before everything else."""
    told = number_tables[name]
    assert max(map(len, told)) <= 80
    text = "\n".join(told)
    head = text[: text.index("\nsays ")]
    for words in said:
        assert words in head or words == "24 % positive"
    assert "verdict" in text[len(head) :]


RANKS = {"bce": 5.0, "ce": 10.0}
AS_PRINTED = {0.001: 0.872, 0.01: 0.901, 0.1: 0.827}


@pytest.mark.parametrize(
    ("name", "rule", "said"),
    [
        ("T4", lambda trial: AS_PRINTED.get(trial["lr"], 0.5), "in the printed order in 22 of 22 curves"),
        ("T4", lambda trial: trial["lr"] / 10, "in the printed order in 0 of 22 curves"),
        ("T9", lambda trial: RANKS.get(trial["loss"], 15.0), "in the printed order in 21 of 21 settings"),
        ("T9", lambda trial: 20 - RANKS.get(trial["loss"], 15.0), "in the printed order in 0 of 21 settings"),
    ],
)
def test_the_settings_in_the_printed_order_are_counted(name, rule, said):
    """All of them where the planted numbers have it, and none where they have the opposite one."""
    catalogue, study = read_catalogue(), planted(rule, seeds=3, spread=0.0)
    (one,) = try_claims(catalogue, catalogue.find((name,)), study)
    assert said in " ".join(" ".join(number_table(one, study.terms.primary, 80)).split())


@given(st.lists(st.floats(0, 30), min_size=2, max_size=6))
def test_a_darker_cell_is_of_more_epochs(epochs):
    """The shades have the order of the numbers, and the most has the darkest."""
    lines = [Evidence("not testable", "epochs_to_target", measured=value) for value in sorted(epochs)]
    shades = [SHADES.index(shaded(line, max(epochs) or 1.0)[-1]) for line in lines]
    assert shades == sorted(shades)
    assert shades[-1] == len(SHADES) - 1 or not max(epochs)


@given(st.floats(-1, 1), st.floats(0, 1), st.floats(0, 1))
def test_a_picture_is_on_the_side_of_its_interval(middle, below, above):
    """Zero is in the middle; an interval that holds it is drawn over it; it is never wider than it may be."""
    line = Evidence("inconclusive", "f1", measured=middle, low=middle - below, high=middle + above, p_value=0.5)
    drawn = picture(line, reach=2.0)
    assert len(drawn) <= PICTURE
    assert drawn.count("o") == 1
    assert (drawn.index("o") - PICTURE // 2) * middle >= 0
    if line.low > 0.3:
        assert "-" not in drawn[: PICTURE // 2]


def test_what_has_no_interval_has_no_picture():
    """A value alone is drawn as nothing."""
    assert picture(Evidence("reproduced", "f1", measured=1.0), 1.0) == ""


def test_experiments_say_what_they_do_in_a_sentence():
    """The first paragraph of each is short enough to be read in a terminal."""
    for name, experiment in EXPERIMENTS.items():
        assert 0 < len(first_sentence(experiment.__doc__)) < 200, name
