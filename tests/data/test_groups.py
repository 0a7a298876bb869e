"""What a split of a user's table keeps together: equal rows, and rows of one group, with a note on each."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lossbench.data import Dataset, load_dataset, make_fold
from lossbench.data.fold import part_sizes
from lossbench.data.groups import joined, numbered, repeats
from lossbench.errors import DataError, UnknownName
from lossbench.report.words.remark import words

ROWS = 60


def visits(**columns: object) -> pd.DataFrame:
    """A table of twelve patients with five visits each."""
    random = np.random.default_rng(0)
    table = {
        "patient": [f"p{number}" for number in np.arange(ROWS) // 5],
        "x": random.normal(size=ROWS).round(6),
        "town": random.choice(["Ulm", "Bern"], ROWS),
        "y": random.choice(["ill", "well"], ROWS),
    }
    return pd.DataFrame(table | columns)


def load(folder: Path, table: pd.DataFrame, spec: str = "target=y:group=patient") -> Dataset:
    """Write a table and load it as a user would."""
    table.to_csv(folder / "visits.csv", index=False)
    return load_dataset(f"{folder / 'visits.csv'}:{spec}")


def said(dataset: Dataset) -> str:
    """All notes in one text."""
    return " | ".join(map(words, dataset.notes))


def sides(dataset: Dataset, values: np.ndarray, seed: int = 0) -> list[set[object]]:
    """The values of some rows' column that are in each part."""
    fold = make_fold(dataset, seed)
    return [set(values[part.rows]) for part in (fold.train, fold.validation, fold.test)]


def apart(parts: list[set[object]]) -> bool:
    """Whether no value is in two parts."""
    return sum(map(len, parts)) == len(set.union(*parts))


def test_a_group_stays_on_one_side_and_is_no_feature(tmp_path: Path) -> None:
    """The column of groups is not learnt from; its rows are in one part, which part differs between seeds."""
    table = visits()
    dataset = load(tmp_path, table)
    assert dataset.feature_names == ("x", "town=Bern", "town=Ulm")
    assert np.array_equal(dataset.groups, np.arange(ROWS) // 5)
    found = [sides(dataset, table["patient"].to_numpy(), seed) for seed in range(5)]
    assert all(map(apart, found))
    assert len({frozenset(test) for *_, test in found}) > 1
    assert "'patient', no feature, makes 12 groups of 5 rows" in said(dataset)
    fold = make_fold(dataset, 3)
    assert part_sizes(dataset, 3) == tuple(len(part.rows) for part in (fold.train, fold.validation, fold.test))


def test_the_groups_and_not_their_names_make_the_split(tmp_path: Path) -> None:
    """Groups of other names are split alike; other groups make another data set, though features are the same."""
    dataset = load(tmp_path, visits())
    renamed = load(tmp_path, visits(patient=100 - np.arange(ROWS) // 5))
    other = load(tmp_path, visits(patient=np.arange(ROWS) // 4))
    assert dataset.digest == renamed.digest != other.digest
    assert [make_fold(d, 0).digest == make_fold(dataset, 0).digest for d in (renamed, other)] == [True, False]


def test_a_table_without_groups_is_split_as_ever(tmp_path: Path) -> None:
    """Without equal rows or `group=`, rows stand for themselves, and so do those of the built-in data sets."""
    dataset = load(tmp_path, visits().drop(columns="patient"), "target=y")
    assert dataset.groups is None
    assert "equal another's" not in said(dataset)
    assert load_dataset("iris").groups is None


@settings(deadline=None, max_examples=20)
@given(times=st.integers(2, 8), different=st.integers(12, 30), seed=st.integers(0, 1000))
def test_equal_rows_stay_on_one_side(
    tmp_path_factory: pytest.TempPathFactory, times: int, different: int, seed: int
) -> None:
    """Rows that stand several times, with any target and number, are in one part; the note counts them."""
    random = np.random.default_rng(seed)
    once = pd.DataFrame({name: random.normal(size=different).round(2) for name in "abc"})
    table = once.loc[random.permutation(np.repeat(np.arange(different), times))].reset_index(drop=True)
    table = table.assign(y=random.normal(size=len(table)))
    dataset = load(tmp_path_factory.mktemp("equal"), table.assign(id=np.arange(len(table)) + 7), "target=y")
    assert apart(sides(dataset, np.array([row[:3].tobytes() for row in dataset.features], dtype=object)))
    assert f"features equal another's: {different * times} ({different} different)" in said(dataset)


def test_rows_that_chance_makes_equal_stand_for_themselves(tmp_path: Path) -> None:
    """Where columns have few values, equal rows are no repeats: each is split by itself, and a note says so."""
    random = np.random.default_rng(0)
    coarse = pd.DataFrame({name: random.choice(list("uvw"), 200) for name in "abcd"} | {"y": random.random(200)})
    dataset = load(tmp_path, coarse, "target=y")
    assert dataset.groups is None
    assert "as columns with few values make by chance" in said(dataset)


def test_rows_that_are_equal_in_a_rich_target_too_stay_on_one_side(tmp_path: Path) -> None:
    """Of features with few values the target tells repeats from chance; other rows stand for themselves."""
    random = np.random.default_rng(0)
    once = pd.DataFrame({"a": random.integers(30, size=100), "y": random.normal(size=100)})
    dataset = load(tmp_path, pd.concat([once, once]), "target=y")
    assert np.array_equal(dataset.groups, np.arange(200) % 100)
    assert "rows that equal another, target and all: 200 (100 different)" in said(dataset)


def test_equal_rows_join_groups(tmp_path: Path) -> None:
    """Two groups that share a row are on the same side; the note counts the groups that are left."""
    table = visits()
    table.loc[7, ["x", "town"]] = table.loc[1, ["x", "town"]]
    dataset = load(tmp_path, table)
    assert len(set(dataset.groups[:10])) == 1
    assert "12 groups become 11" in said(dataset)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), min_size=1, max_size=12))
def test_joined_groups_hang_together(pairs: list[tuple[int, int]]) -> None:
    """Two rows are in one group exactly if a chain of rows leads from one to the other, sharing a value a step."""
    first, second = np.array(pairs).T
    near = (first[:, None] == first) | (second[:, None] == second)
    for _ in pairs:
        near = near @ near
    found = joined(numbered(first), numbered(second))
    assert np.array_equal(found[:, None] == found, near)


def test_missing_values_are_equal_to_each_other() -> None:
    """Two rows that lack the same value, and are else equal, are equal rows."""
    columns = [numbered(np.array([np.nan, 1.5, np.nan, *range(20)])), numbered(np.array([1, 1, 1, *range(20)]))]
    assert repeats(columns).number[:3].tolist() == [0, 1, 0]


@pytest.mark.parametrize(
    ("columns", "note"),
    [
        (
            {"patient": [None] * 5 + [i // 5 for i in range(55)]},
            "rows without 'patient': 5, each a group of its own",
        ),
        ({"patient": np.arange(ROWS)}, "'patient' differs in every row, so it keeps no rows together"),
        ({"patient": np.arange(ROWS) // 20}, "3 groups are few"),
        ({"patient": np.maximum(np.arange(ROWS) - 40, 0)}, "group '0' of 'patient' has 41 rows, too many"),
        ({"y": ["rare"] * 12 + ["ill", "well"] * 24}, "class 'rare' is in 3 groups"),
    ],
)
def test_notes_on_groups(tmp_path: Path, columns: dict[str, object], note: str) -> None:
    """What is odd about the groups is said, and the table can be split all the same."""
    dataset = load(tmp_path, visits(**columns))
    assert note in said(dataset)
    assert all(sides(dataset, dataset.target))


@pytest.mark.parametrize(
    ("columns", "spec", "message"),
    [
        ({}, "target=y:group=patent", "unknown group column 'patent'; did you mean 'patient'? Known: patient, x,"),
        ({}, "target=y:group=y", "group=y is the target; name the column that tells whose rows they are"),
        ({}, "target=y:group=patient:drop=patient", "'patient' makes the groups, and is no feature anyway; take"),
        ({"patient": 1}, "target=y:group=patient", "group=patient makes 1 group; training, validation and test"),
        ({"patient": [1, 2] * 30}, "target=y:group=patient", "makes 2 groups;"),
        ({"y": ["rare"] * 5 + ["ill"] * 55}, "target=y:group=patient", "class 'rare' has rows in one group of"),
    ],
)
def test_groups_that_cannot_be_split_are_refused(
    tmp_path: Path, columns: dict[str, object], spec: str, message: str
) -> None:
    """One clear error: the file, the column, and what to do."""
    with pytest.raises((DataError, UnknownName), match=re.escape(message)) as caught:
        load(tmp_path, visits(**columns), spec)
    assert "visits.csv: " in str(caught.value)
