"""How much rows count in training: a column of weights, and classes that count alike."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from training.cases import trial

from lossbench.data import Dataset, load_dataset, make_fold
from lossbench.data.contamination import contaminate
from lossbench.data.given import given_table, given_tables
from lossbench.data.weights import training_weights
from lossbench.errors import DataError, UsageError
from lossbench.report.words.remark import words
from lossbench.training.view import contaminated_part

ROWS = 40
IRIS = load_dataset("iris")


def orders(**columns: object) -> pd.DataFrame:
    """A table of forty rows with a weight."""
    random = np.random.default_rng(0)
    table = {"x": random.normal(size=ROWS), "w": 1 + np.arange(ROWS) % 3, "y": random.normal(size=ROWS)}
    return pd.DataFrame(table | columns)


def load(folder: Path, table: pd.DataFrame, spec: str = "target=y:weight=w") -> Dataset:
    """Write a table and load it as a user would."""
    table.to_csv(folder / "orders.csv", index=False)
    return load_dataset(f"{folder / 'orders.csv'}:{spec}")


def test_a_column_of_weights_is_no_feature_and_moves_no_split(tmp_path: Path) -> None:
    """The rows are split as without weights; only the training part has some, and a note says what they do."""
    table = orders()
    plain, weighted = load(tmp_path, table, "target=y:drop=w"), load(tmp_path, table)
    assert weighted.feature_names == plain.feature_names == ("x",)
    np.testing.assert_array_equal(weighted.weights, table.w)
    beside = replace(plain, name=weighted.name.replace(":weight=w", ""))
    fold, without = make_fold(weighted, 3), make_fold(beside, 3)
    np.testing.assert_array_equal(fold.train.rows, without.train.rows)
    assert fold.train.weights is not None
    np.testing.assert_allclose(fold.train.weights, table.w[fold.train.rows] / table.w[fold.train.rows].mean())
    assert (fold.test.weights, fold.validation.weights, without.train.weights) == (None, None, None)
    assert "'w' weighs the rows in training, from 1 to 3" in words(weighted.notes[-1])


def test_weights_stand_in_the_hash_of_the_data(tmp_path: Path) -> None:
    """Rows that were trained under other weights are never taken for one another."""
    digests = {load(tmp_path, orders(w=values)).digest for values in (1, 1 + np.arange(ROWS), np.arange(ROWS))}
    digests |= {load_dataset(spec).digest for spec in ("wine", "wine:class_weight=balanced")}
    assert len(digests) == 5


@pytest.mark.parametrize(
    "spec",
    [
        *("a.csv:target=y:weight=w", "a.csv:weight=w:target=y", 'a.csv:target=y:weight="u:v, w"'),
        *("a.csv:target=y:class_weight=balanced", "a.csv:weight=w:target=y:class_weight=balanced"),
    ],
)
def test_streams_go_by_the_spec_without_weights(spec: str) -> None:
    """So splits, first weights and batch orders are those of the same table without weights."""
    assert replace(IRIS, name=spec).stream == "a.csv:target=y"


@given(st.lists(st.floats(0, 1e6), min_size=5, max_size=5).filter(any), st.floats(1e-6, 1e6))
def test_the_unit_of_weights_does_not_count(values: list[float], unit: float) -> None:
    """A step is no larger for it: weights have the mean one, whatever they are counted in."""
    weighted = replace(IRIS, weights=np.array(values))
    rows = np.arange(5)
    found = training_weights(weighted, rows, rows)
    other = training_weights(replace(weighted, weights=unit * np.array(values)), rows, rows)
    assert found is not None
    assert other is not None
    assert abs(found.mean() - 1) < 1e-9
    np.testing.assert_allclose(found, other, rtol=1e-9, atol=1e-9)


@given(st.lists(st.integers(0, 2), min_size=3, max_size=30), st.booleans())
def test_balanced_classes_count_alike(classes: list[int], weighed: bool) -> None:
    """Each class that has rows has the same total, with weights of rows beside it and without."""
    target = np.array(classes)
    weights = 1.0 + np.arange(len(target)) % 4 if weighed else None
    found = training_weights(replace(IRIS, weights=weights, balanced=True), np.arange(len(target)), target)
    totals = np.bincount(target, found)
    np.testing.assert_allclose(totals[totals > 0], len(target) / np.count_nonzero(totals))


def test_balanced_is_that_of_scikit_learn() -> None:
    """That is n / (k n_c), as `compute_sample_weight("balanced", y)` has it."""
    from sklearn.utils.class_weight import compute_sample_weight

    part = make_fold(load_dataset("wine:class_weight=balanced"), 0).train
    np.testing.assert_allclose(part.weights, compute_sample_weight("balanced", part.target))


def test_classes_are_weighed_as_they_are_trained_on() -> None:
    """Where labels are flipped, by the flipped ones: nobody knows the others."""
    fold = make_fold(load_dataset("wine:class_weight=balanced"), 0)
    spoilt = trial("wine", outlier_kind="label", outlier_fraction=0.3)
    part = contaminated_part(fold, spoilt)
    _, target = contaminate(fold, "label", 0.3, 0)
    np.testing.assert_array_equal(part.target, target)
    np.testing.assert_allclose(np.bincount(target, part.weights), len(target) / 3)


@pytest.mark.parametrize(
    ("columns", "spec", "said"),
    [
        (
            {"w": [-1.0] + [1.0] * 39},
            "target=y:weight=w",
            "weight 'w' is -1, below zero, in line 2; give every row",
        ),
        ({"w": [None] + [1.0] * 39}, "target=y:weight=w", "weight 'w' is missing in line 2; give every row"),
        ({"w": [np.inf] + [1.0] * 39}, "target=y:weight=w", "weight 'w' is infinite in line 2"),
        ({"w": 0}, "target=y:weight=w", "weight 'w' is 0 in every row"),
        ({"w": ["much", "little"] * 20}, "target=y:weight=w", "weight 'w' is text, such as 'much'"),
        ({}, "target=y:weight=y", "weight=y is the target"),
        ({}, "target=y:weight=w:drop=w", "take it out of drop="),
        ({}, "target=y:weight=w:group=w", "makes the groups and is to be the weight too"),
        ({}, "target=y:weight=ww", "unknown weight column 'ww'; did you mean 'w'"),
        ({}, "target=y:class_weight=balanced", "a regression data set has no class a row"),
        (
            {"y": ["a", "b"] * 20},
            "target=y:class_weight=0.3",
            "class_weight=0.3 is unknown; write class_weight=bal",
        ),
    ],
)
def test_weights_that_are_none_are_refused(tmp_path: Path, columns: dict, spec: str, said: str) -> None:
    """One message says what is wrong, where, and what to do."""
    with pytest.raises(UsageError, match=said.replace("(", r"\(")):
        load(tmp_path, orders(**columns), spec)


def test_a_training_part_that_counts_nothing_is_refused(tmp_path: Path) -> None:
    """One row of forty has a weight: in some splits it is tested."""
    dataset = load(tmp_path, orders(w=[1] + [0] * 39))
    with pytest.raises(DataError, match="every row of a training part has the weight 0"):
        [make_fold(dataset, seed) for seed in range(20)]


def test_an_array_of_weights_is_a_column() -> None:
    """From Python a weight is an array or the name of a column; a wrong one is refused as in a file."""
    table = orders()
    named = given_table("mine", table, "y", weight="w")
    (given_alone,) = given_tables(table[["x"]], table.y, {}, None, table.w).values()
    np.testing.assert_array_equal(named.weights, given_alone.weights)
    assert named.digest == given_alone.digest
    for wrong, said in ((table.w[:5], "X has 40 rows and weight 5"), (np.ones((40, 2)), "give one number a row")):
        with pytest.raises(DataError, match=said):
            given_table("mine", table, "y", weight=wrong)
