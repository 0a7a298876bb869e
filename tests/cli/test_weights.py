"""Weights of rows and sums of losses, as a user runs them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from .conftest import BRIEF


@pytest.fixture
def orders(sales: pd.DataFrame, tmp_path: Path) -> pd.DataFrame:
    """The table of sales with a weight and a bad one."""
    frame = sales.assign(w=1 + sales.index % 3, bad=sales.price - 5)
    frame.to_csv(tmp_path / "orders.csv", index=False)
    return frame


def test_a_weighted_table_is_trained_otherwise_and_split_the_same(
    inside: Callable, orders: pd.DataFrame, tmp_path: Path
) -> None:
    """The weights move the outcome; split, first weights and batch order are those of the same table without."""
    found = []
    for weighing in ("", ":weight=w"):
        spec = f"orders.csv:target=price{weighing}:drop=bad"
        assert inside("compare", "-d", spec, "-l", "mse,huber", "-o", "out", *BRIEF).code == 0
        found.append(pd.read_csv(tmp_path / "out" / "trials.csv"))
    plain, weighted = found
    for same in ("split_hash", "order_hash"):
        assert (plain[same] == weighted[same]).all()
    assert (plain.data_hash != weighted.data_hash).all()
    assert (plain.r2 != weighted.r2).all()


def test_weights_are_told_and_whole_batches_skipped(inside: Callable) -> None:
    """A note says what is weighted, and a loss of whole batches is named with the reason; the others run."""
    both = "moons:rows=60:class_weight=balanced,moons:rows=60"
    outcome = inside("compare", "-d", both, "-l", "bce,dice", "-m", "linear", "-o", "out", *BRIEF)
    assert outcome.code == 0
    said = " ".join(outcome.out.split())
    assert "in training each of the 2 classes counts as much as any other, under every loss" in said
    assert "dice on moons:rows=60:class_weight=balanced: loss 'dice' has one value for a whole batch" in said


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ("orders.csv:target=price:weight=bad", "the weight 'bad' is -"),
        ("orders.csv:target=price:weight=price", "weight=price is the target"),
        ("orders.csv:target=price:weight=town", "the weight 'town' is text"),
        ("diabetes:class_weight=balanced", "a regression data set has no class a row"),
        ("wine:class_weight=2", "class_weight=2 is unknown"),
        ("openml:0", "is no data set of OpenML"),
    ],
)
def test_a_weight_that_is_none_is_refused(refusal: Callable, orders: pd.DataFrame, spec: str, said: str) -> None:
    """Exit code 2 and one line, before anything is trained."""
    assert said in refusal("compare", "-d", spec, *BRIEF)


def test_a_weighted_loss_of_whole_batches_alone_is_refused(refusal: Callable) -> None:
    """It is the only one that was named."""
    assert "has one value for a whole batch" in refusal(
        "compare", "-d", "moons:class_weight=balanced", "-l", "dice"
    )


def test_the_shares_of_a_sum_are_in_a_file(inside: Callable, tmp_path: Path) -> None:
    """A row a part and epoch; they add up to one, also when they come from the store; report keeps the file."""
    line = ("compare", "-d", "discs:images=20", "-l", "bce,sum:bce+0.5*dice", "-o", "out", *BRIEF)
    outcome = inside(*line)
    assert outcome.code == 0
    assert "sum:bce+0.5*dice on discs:images=20, of the gradient, from the first epoch" in " ".join(
        outcome.out.split()
    )
    first = (tmp_path / "out" / "parts.csv").read_text()
    parts = pd.read_csv(tmp_path / "out" / "parts.csv")
    assert parts.part.tolist() == ["bce", "bce", "dice", "dice"]
    assert parts.epoch.tolist() == [1, 2, 1, 2]
    assert parts.groupby("epoch")["mean"].sum().tolist() == pytest.approx([1, 1])
    assert inside(*line).code == 0
    assert (tmp_path / "out" / "parts.csv").read_text() == first
    assert inside("report", "out").code == 0
    assert inside("compare", "-d", "moons", "-l", "bce,mse", "-o", "other", *BRIEF).code == 0
    assert not (tmp_path / "other" / "parts.csv").exists()


def test_a_weight_of_a_sum_is_tuned(inside: Callable, tmp_path: Path) -> None:
    """As a parameter of a loss is, with the same budget for every loss."""
    line = ("-l", "bce,sum:bce+w*mse:w=0.1|1|10", "--lr", "0.003,0.03", "--tune", "-o", "out")
    outcome = inside("compare", "-d", "moons", *line, *BRIEF)
    assert outcome.code == 0, outcome.err
    tuning = pd.read_csv(tmp_path / "out" / "tuning.csv")
    assert tuning.groupby(tuning.grid.fillna("bce")).size().tolist() == [6, 6]


@pytest.mark.parametrize(
    ("loss", "said"),
    [
        ("sum:bce+hinge", "bce has sigmoid, hinge has margin"),
        ("sum:bce+mse:w=2", "unknown parameter 'w'"),
        ("sum:bce", "a sum has two terms or more"),
        ("sum:bce+w*mse:w=-1..10", "out of range"),
    ],
)
def test_a_sum_that_is_none_is_refused(refusal: Callable, loss: str, said: str) -> None:
    """Exit code 2 and one line, before anything is trained."""
    assert said in refusal("compare", "-d", "moons", "-l", loss, *BRIEF)


def test_dirtier_test_rows_are_told_as_such(inside: Callable, tmp_path: Path) -> None:
    """The training is the same; the words say that it is the test rows that are contaminated."""
    line = (
        "-d",
        "iris",
        "-l",
        "ce,hinge",
        "-m",
        "linear",
        "--outliers",
        "0,0.4",
        "--outlier-kind",
        "feature_at_test",
    )
    outcome = inside("compare", *line, "--seeds", "4", "--epochs", "4", "-o", "out")
    assert outcome.code == 0, outcome.err
    assert "40 % of the test rows with features far off" in " ".join(outcome.out.split())
    trials = pd.read_csv(tmp_path / "out" / "trials.csv").set_index(["outlier_fraction", "loss", "seed"])
    assert (trials.loc[0.0].train_loss == trials.loc[0.4].train_loss).all()
    assert (trials.loc[0.0].accuracy >= trials.loc[0.4].accuracy).all()
