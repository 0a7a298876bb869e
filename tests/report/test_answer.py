"""No sentence says more than its verdicts: each loss once, under its own, and counted where there are many."""

from __future__ import annotations

import json
import math
import re
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stats.synthetic import over, score_tables, table

from lossbench import Comparison
from lossbench.report.answer import lead, main, overall, paragraph, places, records, wrapped
from lossbench.schema import SETTING
from lossbench.stats.answer.facts import Against, Contaminated, TableAnswer, Unfinished
from lossbench.stats.answer.run import over_tables
from lossbench.stats.findings import Findings
from lossbench.stats.verdicts import APART, BETTER, WITHIN, WORSE

NAMES = [f"loss{letter}" for letter in "abcdefghij"]
VERDICTS = (*BETTER, *WORSE, "equivalent", "inconclusive")
PLAIN = dict.fromkeys(SETTING, 0.0) | {
    "model": "linear",
    "optimizer": "adam",
    "schedule": "constant",
    "outlier_kind": "none",
    "outlier_fraction": 0.0,
}


def made(verdicts: dict[str, str], score: str = "accuracy", **facts: object) -> TableAnswer:
    """Return the answer of a table with these verdicts on the losses against `ref`."""
    sign = -1.0 if score == "mae" else 1.0
    others = tuple(
        Against(loss, verdict, sign * side * 0.04, *sorted((sign * side * 0.02, sign * side * 0.06)))
        if (side := APART.get(verdict, 0))
        else Against(loss, verdict, 0.001, -0.02, 0.03, None if verdict == "inconclusive" else 0)
        for loss, verdict in verdicts.items()
    )
    beaten = {loss: ("ref",) for loss, verdict in verdicts.items() if verdict in WORSE}
    winners = tuple(loss for loss, verdict in verdicts.items() if verdict in BETTER)
    if winners:
        beaten["ref"] = winners
    given = {
        "dataset": "moons",
        "task": "binary",
        "view": "fixed",
        "setting": PLAIN,
        "margin": 0.01,
        "reference": "ref",
        "unit": "row",
        "units": 200,
        "seeds": 10,
        "best": tuple(loss for loss in ("ref", *verdicts) if loss not in beaten),
        "beaten": tuple(beaten.items()),
        "limit": "rows" if "inconclusive" in verdicts.values() else "",
    }
    return TableAnswer(**given | facts, score=score, others=others)


def verdict_of(clause: str) -> str:
    """Read back which verdict a clause is the wording of."""
    if "as good as ref" in clause:
        return "equivalent"
    if "be told from ref" in clause:
        return "inconclusive"
    (word,) = set(re.findall(r"\b(better|worse)\b", clause))
    return word + (WITHIN if "within the margin" in clause else "")


few_or_many = st.lists(st.sampled_from(VERDICTS), min_size=1, unique=True)
tables = few_or_many.flatmap(lambda words: st.lists(st.sampled_from(words), min_size=1, max_size=len(NAMES))).map(
    lambda words: dict(zip(NAMES, words, strict=False))
)


@given(verdicts=tables, score=st.sampled_from(["accuracy", "mae"]))
def test_no_sentence_says_more_than_its_verdicts(verdicts: dict[str, str], score: str) -> None:
    """Every loss is in the clause of its own verdict and in no other, by its name or as one of those counted."""
    found = main(made(verdicts, score))
    for clause in found.split("; "):
        verdict = verdict_of(clause)
        named = re.findall(r"\bloss[a-j]\b", clause)
        counted = map(int, re.findall(r"(?<![.\d])(\d+) (?:more|losses)", clause))
        assert len(set(named)) == len(named)
        assert all(verdicts[loss] == verdict for loss in named)
        assert len(named) + sum(counted) == sum(word == verdict for word in verdicts.values())
    assert {verdict_of(clause) for clause in found.split("; ")} == set(verdicts.values())


@given(verdicts=tables, score=st.sampled_from(["accuracy", "mae"]))
def test_a_difference_is_above_zero_in_its_own_direction(verdicts: dict[str, str], score: str) -> None:
    """Better and worse by how much is a size, with an interval above zero, whichever way the score goes."""
    found = main(made(verdicts, score))
    sizes = re.findall(r"by (\S+) \[(\S+), (\S+)\]", found)
    assert set(sizes) <= {("0.040", "0.020", "0.060")}
    assert bool(sizes) == bool(set(verdicts.values()) & set(APART))


@given(verdicts=tables, several=st.booleans())
def test_only_silence_is_called_the_finding(verdicts: dict[str, str], several: bool) -> None:
    """That nothing separates is said exactly where no two losses are told apart, of a table and of a run."""
    one = made(verdicts)
    every = [one, replace(one, dataset="iris")] if several else [one]
    silent = not set(verdicts.values()) & set(APART)
    assert ("that is the finding" in overall(over_tables(every))) == silent
    assert ("that is the finding" in main(one)) == (set(verdicts.values()) == {"inconclusive"})


@given(verdicts=tables)
def test_a_run_recommends_what_nothing_beats(verdicts: dict[str, str]) -> None:
    """A loss that is beaten is named as such or counted, and is never among those to choose from."""
    text = overall(over_tables([made(verdicts)]))
    if "Choose among" in text:
        _, _, chosen = text.partition("Choose among those that are beaten nowhere: ")
        offered, _, but = chosen.partition(" but ")
        losers = {loss for loss, verdict in verdicts.items() if verdict in WORSE}
        assert not set(re.findall(r"\bloss[a-j]\b", offered)) & losers
        assert set(re.findall(r"\bloss[a-j]\b|ref", but)) <= losers | {"ref"}


@pytest.mark.parametrize(
    ("verdicts", "said"),
    [
        ({"mse": "inconclusive"}, "mse cannot be told from ref, and that is the finding"),
        (
            {"mse": "inconclusive", "ce": "inconclusive"},
            "none of the other 2 losses can be told from ref, and that is the finding",
        ),
        ({"mse": "equivalent"}, "mse is as good as ref (within 0.01 accuracy)"),
        (
            {"mse": "equivalent", "ce": "equivalent", "mae": "worse"},
            "mse and ce are as good as ref (within 0.01 accuracy); mae is worse than ref by 0.040 [0.020, 0.060]",
        ),
        (
            {"mse": BETTER[1], "mae": "inconclusive"},
            "mse is better than ref by 0.040 [0.020, 0.060], within the margin of 0.01; "
            "mae cannot be told from ref",
        ),
        (
            dict.fromkeys("abcdef", "worse"),
            "a is worse than ref by 0.040 [0.020, 0.060], b by 0.040 [0.020, 0.060], c by 0.040 [0.020, 0.060] "
            "and 3 more are worse too",
        ),
        ({}, "ref alone, so nothing is compared"),
    ],
)
def test_what_is_said_of_each_combination(verdicts: dict[str, str], said: str) -> None:
    """One and several, few and many, one verdict and all of them."""
    assert main(made(verdicts)) == said


def test_pairs_without_the_reference_are_told() -> None:
    """A loss that another one beats is named where the reference does not tell it; then silence is no finding."""
    one = made({"mse": "inconclusive", "mae": "inconclusive"}, beaten=(("mae", ("mse",)),), best=("ref", "mse"))
    text = paragraph(one)
    assert "none of the other 2 losses can be told from ref. Among the others, mae is worse than mse." in text
    assert "finding" not in text


@pytest.mark.parametrize(
    ("seeds", "limit", "said"),
    [
        ([5], "", "About 5 more seeds would tell it."),
        ([1, 1], "", "About 1 more seed would tell them."),
        ([5, 30], "", "About 30 more seeds would tell them."),
        (
            [5, None],
            "rows",
            "About 5 more seeds would tell 1 of them; 1000 more would not tell the other, more rows may.",
        ),
        ([None], "rows", "1000 more seeds would not tell it, more rows may."),
        ([None, None], "seeds", "1000 more seeds would not tell them."),
        ([None], "one seed", "One seed shows no spread, so give more."),
    ],
)
def test_what_would_help_is_said(seeds: list[int | None], limit: str, said: str) -> None:
    """The number of seeds where it is known, and what is short where no number would do."""
    others = tuple(Against(NAMES[place], "inconclusive", 0.0, -0.1, 0.1, more) for place, more in enumerate(seeds))
    assert paragraph(replace(made({}), others=others, limit=limit)).endswith(f". {said}")


def test_trainings_that_did_not_end_well_speak_for_nothing() -> None:
    """They are counted, and no number of seeds is promised for them."""
    verdicts = {"mape": "inconclusive", "mse": "equivalent"}
    one = made(verdicts, unfinished=(Unfinished("mape", 3, 1, 10),), best=("ref", "mse"), limit="")
    assert paragraph(one).endswith(
        "Nothing counts in favour of losses whose trainings did not end well: "
        "mape (3 diverged and 1 failed of 10)."
    )
    assert "seeds would" not in paragraph(one)
    assert "moons (mape)" in overall(over_tables([one]))


def test_a_reference_that_diverged_is_no_finding() -> None:
    """That no loss can be told from it is said with the reason."""
    one = made({"mse": "inconclusive", "mae": "inconclusive"}, unfinished=(Unfinished("ref", 3, 0, 3),), limit="")
    assert main(one) == "no loss can be told from ref, whose trainings did not all end well"


def test_where_nothing_ended_well_silence_is_no_finding() -> None:
    """That losses diverged is not that they are alike: it is said instead."""
    gone = tuple(Unfinished(loss, 3, 0, 3) for loss in ("ref", "mse"))
    one = made({"mse": "inconclusive"}, unfinished=gone, best=(), limit="")
    for text in (paragraph(one), overall(over_tables([one]))):
        assert "othing is compared, since trainings did not end well" in text
        assert "finding" not in text


@given(words=st.lists(st.sampled_from(VERDICTS), min_size=1, max_size=4))
def test_contamination_is_worded_by_its_own_test(words: list[str]) -> None:
    """A loss is named as better or worse there exactly if the test at the largest share says so."""
    others = tuple((loss, verdict, 0.75) for loss, verdict in zip(NAMES, words, strict=False))
    dirt = Contaminated("label", 0.4, 0.5, others)
    text = paragraph(made(dict.fromkeys(NAMES[: len(words)], "equivalent"), contaminated=dirt))
    _, _, said = text.partition("With 40 % of the training labels wrong, ")
    better = said.partition(" better")[0] if " better" in said else ""
    worse = said.removeprefix(better).partition(" worse")[0] if " worse" in said else ""
    for side, part in ((BETTER, better), (WORSE, worse)):
        told = {loss for loss, verdict, _ in others if verdict in side}
        assert set(re.findall(r"\bloss[a-j]\b", part)) == told
    assert ("no loss can be told from ref" in said) == (not set(words) & set(APART))


@given(words=st.lists(st.tuples(*[st.sampled_from(VERDICTS)] * 2), min_size=2, max_size=3))
def test_a_run_names_the_losses_that_dirt_tells_apart_and_where(words: list[tuple[str, str]]) -> None:
    """Each loss stands on its side of the reference with exactly the data sets whose test says so, or nowhere."""
    tables = [
        made(
            dict.fromkeys(NAMES[:2], "equivalent"),
            dataset=f"data{number}",
            contaminated=Contaminated("label", 0.4, 0.5, ((NAMES[0], one, 0.7), (NAMES[1], other, 0.3))),
        )
        for number, (one, other) in enumerate(words)
    ]
    _, _, said = overall(over_tables(tables)).partition("With contaminated training data, ")
    for verdicts in (BETTER, WORSE):
        word = "better" if verdicts is BETTER else "worse"
        (part,) = [one for one in said.split("; ") if f" {word}" in one] or [""]
        told = {loss: re.findall(r"data\d", where) for loss, where in re.findall(r"(loss.) \(on ([^)]*)\)", part)}
        found = {
            loss: where
            for place, loss in enumerate(NAMES[:2])
            if (where := [f"data{number}" for number, both in enumerate(words) if both[place] in verdicts])
        }
        assert told == found


def test_tuned_losses_have_their_step_sizes_and_where_views_disagree() -> None:
    """Those that can be recommended are named with their rates."""
    rates = (("ref", 0.01), ("mse", 0.1), ("mae", 0.3))
    one = made(
        {"mse": "equivalent", "mae": "worse"}, view="tuned", rates=rates, disagree=(("mae", 0.01, "better"),)
    )
    text = paragraph(one)
    assert "Step sizes: 0.01 for ref; 0.1 for mse." in text
    assert text.endswith("The views disagree: mae is better at lr 0.01 for all.")
    assert places([replace(one, setting=PLAIN | {"lr": math.nan})]) == ["moons, each loss at its own lr"]


def test_settings_are_named_where_they_tell_tables_apart() -> None:
    """A setting that differs only between data sets is no name of a table; one within a data set is."""
    one = made({"mse": "equivalent"})
    named = [
        one,
        replace(one, setting=PLAIN | {"model": "mlp:4"}),
        replace(one, dataset="iris", setting=PLAIN | {"optimizer": "sgd"}),
    ]
    assert places(named[:2]) == ["moons, linear", "moons, mlp:4"]
    assert places([named[0], named[2]]) == ["moons", "iris"]


@settings(max_examples=15)
@given(scores=score_tables(("bce", "mse", "mae", "ce")))
def test_every_run_has_an_answer_that_is_data_too(scores: dict[str, np.ndarray]) -> None:
    """Whatever the scores, there are sentences for the run and its table, and they are JSON with their facts."""
    findings = Findings(table(scores))
    first, *others = lead(findings.answer)
    assert len(others) == 1
    assert "nan" not in " ".join([first, *others])
    said = json.loads(json.dumps(records(findings.answer, findings.answers), allow_nan=False))
    assert (said["answer"], [one["answer"] for one in said["tables"]]) == (first, others)
    assert [one["loss"] for one in said["tables"][0]["others"]] == ["mse", "mae", "ce"]


@pytest.mark.parametrize("width", [60, 80, 100])
def test_paragraphs_fit_the_width(width: int) -> None:
    """No line is longer, and no word is lost or broken."""
    paragraphs = lead(Findings(over(4, 3)).answer)
    lines = wrapped(paragraphs, width)
    assert max(map(len, lines)) <= width
    assert " ".join(lines).split() == " ".join(paragraphs).split()


def test_a_comparison_shows_its_answer(comparison: Comparison) -> None:
    """In Python too, the answer is what is seen first."""
    words = " ".join(repr(comparison).split())
    assert all(" ".join(one.split()) in words for one in lead(comparison.answer))
