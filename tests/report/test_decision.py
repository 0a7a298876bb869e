"""What is said of a choice: no more than its verdicts, and a line that runs."""

from __future__ import annotations

import math
import re
import shlex
from dataclasses import replace
from functools import partial
from types import SimpleNamespace
from typing import get_args

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from stats.synthetic import MANY, score_tables, table

import lossbench
from lossbench.cli.compare import compare
from lossbench.data.given import given_tables
from lossbench.losses.record import Link
from lossbench.plan.candidates import Trait
from lossbench.plan.choosing import RATES, Plan, plan_choice
from lossbench.report.answer.place import places
from lossbench.report.answer.table import paragraph, unsized
from lossbench.report.decision import (
    RARE_LABELS,
    SIGN_TEXTS,
    choice_lines,
    choice_record,
    lines_to_paste,
)
from lossbench.report.words.links import READINGS
from lossbench.results.advice import Code
from lossbench.results.choosing import Choice
from lossbench.stats.answer.decision import Decision, End, decide
from lossbench.stats.answer.facts import Contaminated, Unfinished
from lossbench.stats.findings import Findings
from lossbench.stats.groups import comparison_groups
from lossbench.stats.pairs import Judged, difference_columns

MARGINS = {"accuracy": 0.05}


@pytest.fixture(scope="module")
def plan() -> Plan:
    """Give a choice among three losses."""
    return plan_choice("moons:rows=50", ["bce", "mse", "mae"], seeds=40)


def chosen(plan: Plan, trials: pd.DataFrame, **changes: object) -> Choice:
    """Return what would be chosen on some trials."""
    (group,) = comparison_groups(trials)
    made = decide(Judged(group, difference_columns(group, MARGINS)), 0.05, (10,), 40)
    return Choice(plan, Findings(trials, margins=MARGINS), replace(made, **changes))


def with_rows(choice: Choice, tested: int = 40) -> Choice:
    """Return a choice of which rows are counted: 40 of the 50 were tested."""
    table = replace(choice.decision.table, unit="row", units=tested)
    return replace(choice, decision=replace(choice.decision, table=table))


def of(*means: float, spread: float = 0.01, **options: object) -> pd.DataFrame:
    """Return trials of losses with these mean accuracies."""
    noise = np.random.default_rng(1).normal(scale=spread, size=(len(means), 10))
    scores = {
        loss: (mean + row)[:, None] for loss, mean, row in zip(("bce", "mse", "mae"), means, noise, strict=True)
    }
    return table(scores, [0.0], **MANY | options)


@given(score_tables(), st.sampled_from(get_args(End)))
def test_only_a_verdict_says_that_the_usual_loss_is_worse(plan: Plan, scores: dict, end: str) -> None:
    """The first sentence names the choice; that another is better, or settled, is said where it was told."""
    choice = chosen(plan, table(scores, **MANY))
    made = choice.decision
    choice = (
        choice if made.end == "nothing" or end == "nothing" else replace(choice, decision=replace(made, end=end))
    )
    made = choice.decision
    said = choice_lines(choice)[0]
    if made.end == "nothing":
        assert said == "On moons, nothing can be chosen: trainings of no loss ended well."
        assert lines_to_paste(choice) == []
        return
    assert ("no other candidate is shown to be better" in said) == (made.chosen == made.usual)
    worse = f"{made.usual}, the usual loss, is worse"
    assert (worse in said) == (made.usual in dict(made.table.beaten))
    assert ("That is settled" in said) == (made.end == "settled")
    assert ("budget ended" in said) == (made.end == "budget")


@given(score_tables())
def test_the_evidence_is_in_the_words_of_every_report(plan: Plan, scores: dict) -> None:
    """It is the paragraph of the table, told of the choice: there is no second wording."""
    choice = chosen(plan, table(scores, **MANY))
    made = choice.decision.table
    made = (
        made if made.unlearned is None else replace(unsized(made), unlearned=None)
    )  # the first paragraph says it
    assert choice_lines(choice)[1] == paragraph(made, places([made])[0])


@given(score_tables(), st.none() | st.integers(41, 10**6), st.booleans())
def test_one_remedy_is_spoken_of(plan: Plan, scores: dict, needed: int | None, cut: bool) -> None:
    """More seeds, where they would tell all that is open; else more rows in all, where these would; never both."""
    choice = with_rows(chosen(plan, table(scores, **MANY)))
    made = replace(choice.decision, rows_needed=needed, **{"end": "budget"} if cut else {})
    first, evidence, *_ = choice_lines(replace(choice, decision=made))
    gone = {one.loss for one in made.table.unfinished}
    short = [one for one in made.table.open if one.loss not in gone and one.more_seeds is None]
    rows = re.search(r"about (\d+) rows like these in all would, and there are 50", first)
    assert bool(rows) == (needed is not None and bool(short) and made.end in ("seeds", "bound"))
    assert rows is None or int(rows[1]) > 50
    assert not (rows and re.search(r"more( seeds?)? (alone )?would", evidence))


def test_a_choice_among_losses_that_learn_nothing_says_so(plan: Plan) -> None:
    """Before all else, and it asks for no more of the same: neither seeds nor rows."""
    said = " ".join(choice_lines(chosen(plan, of(0.24, 0.25, 0.2, spread=0.03), rows_needed=900))[:2])
    assert (
        "No candidate is shown to do better than a constant answer, which has 0.250: look at the features" in said
    )
    assert "would decide" not in said
    assert "rows like these in all" not in said
    assert "constant" not in " ".join(choice_lines(chosen(plan, of(0.8, 0.8, 0.8))))


def test_rows_that_no_seed_tested_are_told_apart(plan: Plan) -> None:
    """Where not all rows were in a test part, both numbers are said; where all were, that one."""
    choice = chosen(plan, of(0.8, 0.8, 0.8))
    assert "(accuracy; 40 of 50 rows tested, 10 seeds)" in choice_lines(with_rows(choice))[1]
    assert "(accuracy; 50 rows, 10 seeds)" in choice_lines(with_rows(choice, 50))[1]


@pytest.mark.parametrize(
    ("trials", "end", "begins"),
    [
        (
            of(0.8, 0.8, 0.8),
            "settled",
            "On moons, choose bce, the usual loss: no other candidate is shown to be bett",
        ),
        (
            of(0.7, 0.9, 0.7),
            "settled",
            "On moons, choose mse: bce, the usual loss, is worse in accuracy by 0.196 [0.",
        ),
        (
            of(0.8, 0.8, math.nan),
            "settled",
            "On moons, choose bce, the usual loss: no other candidate is shown to be",
        ),
        (of(math.nan, 0.8, 0.8), "seeds", "On moons, choose m"),
        (of(math.nan, math.nan, math.nan), "nothing", "On moons, nothing can be chosen"),
    ],
)
def test_the_first_sentence(plan: Plan, trials: pd.DataFrame, end: str, begins: str) -> None:
    """Which loss, and why it is that one."""
    choice = chosen(plan, trials)
    assert choice.decision.end == end
    assert choice_lines(choice)[0].startswith(begins)


def test_a_usual_loss_that_diverged_gives_way(plan: Plan) -> None:
    """And it is said that this is the reason."""
    said = choice_lines(chosen(plan, of(math.nan, 0.8, 0.8)))[0]
    assert "bce, the usual loss, did not end well in every training." in said


def test_tiny_test_parts_decide_nothing(plan: Plan) -> None:
    """Said first, with the rows of a test part; no second choice and no dirty data are told then."""
    trials = of(0.8, 0.8, 0.8, spread=0.3, train_rows=9, test_rows=3)
    lines = choice_lines(with_rows(chosen(plan, trials, rows_needed=5456)))
    assert lines[0].startswith("On moons, nothing can be decided with test parts of 3 rows; stay with bce")
    assert "about 6900 rows like these in all would, and there are 50." in lines[0]
    assert not [line for line in lines if line.startswith(("Second", "If", "Dirtier"))]


def test_dirt_names_the_sturdier_loss_only_where_it_is_told(plan: Plan) -> None:
    """By a test; and what the choice itself loses."""
    dirty = Contaminated("label", 0.2, 0.61, (("mse", "better", 0.7), ("mae", "inconclusive", 0.62)))
    (said,) = [line for line in dirt_lines(plan, dirty) if line.startswith("If")]
    assert said == (
        "If the data were dirtier than these (tried on 7 seeds): with 20 % of the training labels wrong, mse "
        "(0.700) is better than bce (0.610); bce goes from 0.800 to 0.610 there; if you expect that, take mse."
    )
    (said,) = dirt_lines(plan, replace(dirty, others=(("mse", "inconclusive", 0.7),)))
    assert said.endswith("no loss can be told apart from bce; bce goes from 0.800 to 0.610 there.")
    both = replace(dirty, others=(("mse", "better", 0.7), ("mae", "better", 0.72)))
    assert dirt_lines(plan, both)[0].endswith("if you expect that, take mae.")
    (said,) = dirt_lines(plan, replace(dirty, unfinished=(Unfinished("bce", 6, 1, 7),)))
    assert said == "If the data were dirtier than these, by 20 %, no training of bce would end well."


def dirt_lines(plan: Plan, dirty: Contaminated) -> list[str]:
    """Return what is said of dirty data."""
    choice = chosen(plan, of(0.8, 0.8, 0.8), dirty=dirty, clean=0.8, dirty_seeds=7)
    return [line for line in choice_lines(choice) if line.startswith("If")]


RARE = "imbalanced:rows=300:positives=0.05"


@pytest.mark.parametrize(
    ("dataset", "options", "said"),
    [
        (RARE, {}, ("bce,mse", "--score balanced_accuracy --threshold balanced_accuracy")),
        (RARE, {"score": ["f1"], "model": "mlp:8"}, ("bce,mse", "--model mlp:8 --score f1 --threshold f1")),
        (RARE, {"score": ["log_loss"]}, ()),
        ("moons:rows=50", {}, ()),
    ],
)
def test_rare_classes_come_with_a_line_that_tries_thresholds(dataset: str, options: dict, said: tuple) -> None:
    """Where the score is of decisions: the usual loss and the choice, at the same rates; the line is a command."""
    made = plan_choice(dataset, ["bce", "mse", "mae"], seeds=10, **options)
    lines = [line for line in choice_lines(chosen(made, of(0.7, 0.9, 0.7))) if isinstance(line, Code)]
    assert len(lines) == bool(said)
    for line in lines:
        assert all(part in line for part in said)
        _, name, *arguments = shlex.split(line)
        context = compare.make_context(name, arguments)
        assert context.params["lr"] == list(RATES)


def test_the_line_for_a_table_of_a_program_is_python(monkeypatch: pytest.MonkeyPatch) -> None:
    """No command can name it; the call has the names X and y, and is one that `lossbench.compare` takes."""
    X, y = np.random.default_rng(0).normal(size=(60, 2)), np.arange(60) < 6
    made = plan_choice("data", ["bce", "mse", "mae"], seeds=10, tables=given_tables(X, y, {}, None))
    (line,) = [line for line in choice_lines(chosen(made, of(0.7, 0.9, 0.7))) if isinstance(line, Code)]
    monkeypatch.setattr("lossbench.compare", partial(lossbench.compare, epochs=1, jobs=1))
    space = {"lossbench": lossbench, "X": X, "y": y}
    found = eval(line.replace("seeds=10", "seeds=2").replace(str(list(RATES)), "[0.01, 0.03]"), space)
    assert found.trials.threshold_by.unique().tolist() == ["balanced_accuracy"]
    assert found.trials.loss.unique().tolist() == ["bce", "mse"]


def test_every_sign_and_every_link_has_words() -> None:
    """A new one is worded here."""
    assert set(SIGN_TEXTS) == set(get_args(Trait))
    assert set(READINGS) == set(get_args(Link))
    assert "{share}" in RARE_LABELS


@pytest.mark.parametrize("dataset", ["breast_cancer", "iris", "multilabel", "diabetes", "linnerud", "imbalanced"])
def test_the_line_to_paste_runs(dataset: str) -> None:
    """Every candidate's, as it stands, in a module that takes the outputs and targets that the comments name."""
    made = plan_choice(dataset, seeds=1)
    table_of = made.experiment.setups[0]
    for spec, loss in table_of.losses.items():
        facts = Decision(made.usual, spec, (), SimpleNamespace(rates=()), {}, "settled", (1,), 1)
        lines = lines_to_paste(Choice(made, None, facts))
        space: dict[str, object] = {"lossbench": lossbench}
        exec("\n".join(lines), space)
        targets = made.dataset.targets
        raw = torch.zeros(4, loss.record.width(targets), requires_grad=True)
        wide = targets > 1 and made.dataset.task != "multiclass"
        target = torch.ones(4, targets) if wide else torch.ones(4)
        target = target.long() if made.dataset.task == "multiclass" else target
        value = space["criterion"](raw, target)
        value.backward()
        assert math.isfinite(value.item())
        shapes = [line for line in lines if line.startswith("# call it")]
        assert shapes == [
            f"# call it with the raw outputs, (batch, {raw.shape[1]}), and the target, "
            + (f"(batch, {targets})" if wide else "(batch,)")
        ]


def test_the_record_holds_the_answer_and_its_facts(plan: Plan) -> None:
    """As plain data."""
    found = choice_record(chosen(plan, of(0.7, 0.9, 0.7)))
    assert (found["chosen"], found["usual"], found["end"]) == ("mse", "bce", "settled")
    assert found["answer"][0].startswith("On moons, choose mse")
    assert found["means"]["mse"]["mean"] == pytest.approx(0.9, abs=0.01)
    assert found["dirty"] is None
