"""A run says what its tables say together, and no more."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from stats.synthetic import score_tables, table

from lossbench import Comparison
from lossbench.report.answer.run import lead, overall, records
from lossbench.report.answer.table import main_clause, paragraph
from lossbench.stats.answer.facts import Contaminated, Unfinished
from lossbench.stats.answer.run import over_tables
from lossbench.stats.findings import Findings
from lossbench.stats.verdicts import APART, BETTER, WORSE
from report.answer.made import NAMES, VERDICTS, made, tables


@given(verdicts=tables, several=st.booleans())
def test_only_silence_is_called_the_finding(verdicts: dict[str, str], several: bool) -> None:
    """That nothing separates is said exactly where no two losses are told apart, and not all shown to be alike."""
    one = made(verdicts)
    every = [one, replace(one, dataset="iris")] if several else [one]
    silent = not set(verdicts.values()) & set(APART) and set(verdicts.values()) != {"equivalent"}
    assert ("that is the finding" in overall(over_tables(every))) == silent
    assert ("that is the finding" in main_clause(one)) == (set(verdicts.values()) == {"inconclusive"})


@given(verdicts=tables)
def test_a_run_recommends_what_nothing_beats(verdicts: dict[str, str]) -> None:
    """A loss that is beaten by more than the margin is named or counted, and never among those to choose from."""
    text = overall(over_tables([made(verdicts)]))
    if "Choose among" in text:
        _, _, chosen = text.partition("Choose among those that are beaten nowhere: ")
        offered, _, but = chosen.partition(" but ")
        losers = {loss for loss, verdict in verdicts.items() if verdict == WORSE[0]}
        assert not set(re.findall(r"\bloss[a-j]\b", offered)) & losers
        assert set(re.findall(r"\bloss[a-j]\b|ref", but)) <= losers | {"ref"}


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


def test_where_nothing_ended_well_silence_is_no_finding() -> None:
    """That losses diverged is not that they are alike: it is said instead."""
    gone = tuple(Unfinished(loss, 3, 0, 3) for loss in ("ref", "mse"))
    one = made({"mse": "inconclusive"}, unfinished=gone, best=(), limit="")
    for text in (paragraph(one), overall(over_tables([one]))):
        assert "othing is compared, since trainings did not end well" in text
        assert "finding" not in text


@given(words=st.lists(st.tuples(*[st.sampled_from(VERDICTS)] * 2), min_size=2, max_size=3))
def test_a_run_names_the_losses_that_dirt_tells_apart_and_where(words: list[tuple[str, str]]) -> None:
    """Each loss stands on its side of the reference with exactly the data sets whose test says so, or nowhere."""
    tables = [
        made(
            dict.fromkeys(NAMES[:2], "equivalent"),
            dataset=f"data{number}",
            contaminated=(Contaminated("label", 0.4, 0.5, ((NAMES[0], one, 0.7), (NAMES[1], other, 0.3))),),
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


def test_a_comparison_shows_its_answer(comparison: Comparison) -> None:
    """In Python too, the answer is what is seen first."""
    words = " ".join(repr(comparison).split())
    assert all(" ".join(one.split()) in words for one in lead(comparison.answer))
