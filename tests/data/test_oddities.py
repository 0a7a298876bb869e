"""What is odd about a column is said, and nothing is said of columns that are not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lossbench.data import Dataset, load_dataset, make_fold, records
from lossbench.data.oddities import gives_away
from lossbench.errors import DataError
from lossbench.report.words.remark import words

ROWS = 120


def load(folder: Path, spec: str = "target=y", **columns: object) -> Dataset:
    """Write a table of two numbers and a target, with more columns or others, and load it as a user would."""
    random = np.random.default_rng(0)
    a, b = random.normal(size=(2, ROWS)).round(3)
    pd.DataFrame({"a": a, "b": b, "y": (a + random.normal(size=ROWS)).round(3)} | columns).to_csv(
        folder / "odd.csv", index=False
    )
    return load_dataset(f"{folder / 'odd.csv'}:{spec}")


def said(dataset: Dataset) -> str:
    """All notes in one text."""
    return " | ".join(map(words, dataset.notes))


def few(value: object, *others: object) -> list[object]:
    """A column with a single value but for a few rows, among them the first."""
    return [*others, *[value] * (ROWS - len(others))]


def test_nothing_is_said_of_usual_columns(tmp_path: Path) -> None:
    """Two numbers and a quantity that hangs on one of them: the only note is what is predicted."""
    assert said(load(tmp_path)) == "'y' is a quantity (regression)"


def test_rounding_is_no_value(tmp_path: Path) -> None:
    """A column whose numbers differ by rounding is dropped, and the data set is that of the table without it."""
    dataset = load(tmp_path, k=[0.3, 0.1 + 0.2] * (ROWS // 2))
    assert "column 'k' differs by rounding only and was dropped" in said(dataset)
    assert dataset.digest == load(tmp_path).digest
    with pytest.raises(DataError, match="there is nothing to predict"):
        load(tmp_path, y=[0.3, 0.1 + 0.2] * (ROWS // 2))


@pytest.mark.parametrize("number", [0.1, 0.3, 1.1, -37.7, 1234.56, 1e-7 / 3])
@pytest.mark.parametrize("form", ["{0!r}", "{0:.10g}", "{1}"])
def test_rounding_to_float32_is_no_value(tmp_path: Path, number: float, form: str) -> None:
    """Beside its float64 twin, or beside its neighbour in float32: in all digits, in ten, or in the fewest."""
    narrow = np.float32(number)
    for other in (number, float(np.nextafter(narrow, np.float32(1e9)))):
        cells = [other if row % 3 else form.format(float(narrow), narrow) for row in range(ROWS)]
        dataset = load(tmp_path, k=cells)
        assert "k" not in dataset.feature_names
    with pytest.raises(DataError, match="there is nothing to predict"):
        load(tmp_path, y=cells)


@pytest.mark.parametrize(
    "values",
    [[0.1, 0.1000001], [300.00001, 300.00002, 300.00004], [16e6, 16e6 + 1], [1.7e9, 1.7e9 + 0.5, 1.7e9 + 0.25]],
    ids=str,
)
def test_numbers_that_differ_a_little_are_values(tmp_path: Path, values: list[float]) -> None:
    """Decimals beyond float32, and whole numbers, were written so by somebody."""
    assert "k" in load(tmp_path, k=[values[row % len(values)] for row in range(ROWS)]).feature_names


def test_rounding_in_the_training_part_is_no_value(tmp_path: Path) -> None:
    """A column that varies by rounding where it is learnt from is only centred there."""
    dataset = load(tmp_path, k=few(0.3, 0.30000000000000004, 2.5))
    for seed in range(5):
        fold = make_fold(dataset, seed)
        assert abs(fold.train.features[:, 2]).max() < 20
        assert abs(fold.test.features[:, 2]).max() < 20


@pytest.mark.parametrize(
    ("columns", "note"),
    [
        ({"k": few(3, 1, 4)}, "'k' is 3 in all but 2 of 120 rows"),
        ({"y": few(0, 20.0, 4.5, 40.5)}, "'y' is 0 in all but 3 of 120 rows"),
        ({"k": few(1, *range(2, 7))}, None),
        ({"y": np.arange(ROWS) * 1e-11}, "very small or very large numbers: 'y' about 6e-10"),
        ({"k": np.random.default_rng(1).random(ROWS) * 1e12}, "numbers: 'k' about 5e+11"),
    ],
)
def test_notes_on_numbers(tmp_path: Path, columns: dict[str, object], note: str | None) -> None:
    """A column that hardly varies, and far-off units, are said; a column with five other values varies."""
    found = said(load(tmp_path, **columns))
    assert note in found if note else "in all but" not in found


VALUE = np.random.default_rng(2).normal(size=ROWS)
CLASSES = np.array(["u", "v", "w"])[np.digitize(VALUE, [-0.5, 0.5])]


@pytest.mark.parametrize(
    ("leak", "y"),
    [
        (np.exp(VALUE), VALUE),
        (-3 * VALUE + 1e-6, VALUE),
        (VALUE, CLASSES),
        (np.where(CLASSES == "u", 5, np.where(CLASSES == "v", 9, 7)), CLASSES),
        (np.char.add("code ", CLASSES), CLASSES),
        (
            np.where(CLASSES == "u", np.random.default_rng(3).random(ROWS), np.nan),
            np.where(CLASSES == "u", "u", "w"),
        ),
    ],
    ids=["monotone", "linear", "thresholds", "code", "text", "missing"],
)
def test_a_column_that_tells_the_target_is_named(tmp_path: Path, leak: np.ndarray, y: np.ndarray) -> None:
    """The order of the target, its classes cut from numbers, a code of them, or where a value is missing."""
    found = said(load(tmp_path, leak=leak, y=y))
    assert (
        "'leak' alone tells 'y', or nearly; if it is not known before 'y' is, leave it out with drop=leak" in found
    )
    assert "'a' alone tells" not in found


def test_no_column_of_the_built_in_tables_gives_its_target_away() -> None:
    """On no data set of the catalogue is there an alarm."""
    for record in records():
        if record.installed and record.task != "multilabel":
            dataset = load_dataset(record.name)
            target = dataset.target[:, :1] if dataset.target.ndim == 2 else dataset.target
            assert not any(gives_away(column[:, None], target) for column in dataset.features.T), record.name


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 10**6), rows=st.integers(20, 200), distinct=st.integers(2, 200), classes=st.integers(0, 4)
)
def test_chance_gives_nothing_away(seed: int, rows: int, distinct: int, classes: int) -> None:
    """A column that has nothing to do with the target is no leak, however few values either has."""
    random = np.random.default_rng(seed)
    column = random.integers(distinct, size=(rows, 1)).astype(float)
    column[random.random(rows) < 0.1] = np.nan
    target = random.integers(classes + 1, size=rows) if classes else random.normal(size=(rows, 1))
    assert not gives_away(column, target)


def test_a_group_counts_once(tmp_path: Path) -> None:
    """What is the same in all rows of a group tells its target; that is no leak, since whole groups are tested."""
    patient = np.arange(ROWS) // 5
    sick = np.random.default_rng(0).random(24) > 0.5
    columns = {
        "patient": patient,
        "height": 150 + (patient * 7) % 24,
        "y": np.where(sick, "sick", "well")[patient],
    }
    assert "'height' alone tells" in said(load(tmp_path, **columns))
    assert "alone tells" not in said(load(tmp_path, "target=y:group=patient", **columns))


DAYS = pd.date_range("2021-11-20", periods=ROWS, freq="9D")
CLOCK = DAYS + pd.Timedelta(hours=5)
AS_NUMBERS = {
    "year, month, day": ("x", DAYS.strftime("%Y%m%d").astype(int)),
    "to the minute": ("x", CLOCK.strftime("%Y%m%d%H%M").astype(int)),
    "to the second": ("x", CLOCK.strftime("%Y%m%d%H%M%S").astype(int)),
    "year, month": ("x", DAYS.strftime("%Y%m").astype(int)),
    "day of the year": ("sale_date", DAYS.strftime("%Y%j").astype(int)),
    "a spreadsheet's": ("OrderDate", (DAYS - pd.Timestamp("1899-12-30")).days),
    "a spreadsheet's, with a time": ("birthdate", (DAYS - pd.Timestamp("1899-12-30")).days + 0.25),
    "days since 1970": ("date", (DAYS - pd.Timestamp("1970-01-01")).days),
    "seconds": ("created_at", (DAYS - pd.Timestamp("1970-01-01")) // pd.Timedelta(seconds=1)),
    "milliseconds": ("x", (DAYS - pd.Timestamp("1970-01-01")) // pd.Timedelta(milliseconds=1)),
    "nanoseconds": ("x", (DAYS - pd.Timestamp("1970-01-01")) // pd.Timedelta(nanoseconds=1)),
}


@pytest.mark.parametrize("kind", AS_NUMBERS)
def test_dates_written_as_numbers_are_said(tmp_path: Path, kind: str) -> None:
    """By their digits, their size, or their size and name; as feature and as target."""
    name, numbers = AS_NUMBERS[kind]
    values = np.random.default_rng(4).permutation(np.asarray(numbers))
    assert f"the numbers of '{name}', such as {values[0]}" in said(load(tmp_path, **{name: values}))
    assert "look like dates" in said(load(tmp_path, f"target={name}", **{name: values}))
    assert "look like dates" not in said(load(tmp_path, f"target=y:drop={name}", **{name: values}))


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("year", np.arange(1900, 1900 + ROWS)),
        ("date", np.arange(ROWS) % 12 + 1),
        ("update", np.arange(ROWS) * 500 + 20_000),
        ("candidates", np.arange(ROWS) * 500 + 20_000),
        ("price", np.arange(ROWS) * 31_337 + 19_000_000),
        ("rent", np.arange(ROWS) + 200_000),
        ("id", np.arange(ROWS) + 20_240_101),
        ("lifetime", np.arange(ROWS) * 77.5 + 3000),
        ("time", np.arange(ROWS) * 0.1),
        ("time", np.arange(ROWS) * 77 + 300),
        ("time", np.arange(ROWS) * 77 + 1000),
        ("timed", np.arange(ROWS) * 77.5 + 3000),
        ("barcode", np.arange(ROWS) * 7919 + 4_006_381_333_931),
    ],
)
def test_other_numbers_are_no_dates(tmp_path: Path, name: str, values: np.ndarray) -> None:
    """Years, counts and prices; and what is called almost like a date."""
    assert "look like dates" not in said(load(tmp_path, **{name: np.random.default_rng(4).permutation(values)}))


AGES = np.random.default_rng(5).integers(18, 90, ROWS).astype(float)


def changed(*numbers: float) -> np.ndarray:
    """Ages, with other numbers in the first rows."""
    return np.concatenate([numbers, AGES[len(numbers) :]])


@pytest.mark.parametrize(
    "wrong", [[1e9], [1e9, 1e9], [1e9, 3e8], [-1e9, 1e9], [4321.0], [-5000.0], [12345.5, 12345.5], [1e30]], ids=str
)
def test_one_or_two_numbers_that_hold_the_variance_are_said(tmp_path: Path, wrong: list[float]) -> None:
    """The others are squashed; what the note says to add takes them as missing. Of a target too."""
    for column in ("x", "y"):
        found = said(load(tmp_path, **{column: changed(*wrong)}))
        assert f"'{column}' is " in found
        assert "so far from all its other numbers" in found
    heeded = load(tmp_path, "target=y:" + found.rpartition("add ")[2].split(" | ")[0], y=changed(*wrong))
    assert heeded.rows == ROWS - len(wrong)


@pytest.mark.parametrize("mark", [999, -999, 9999, -9999])
@pytest.mark.parametrize("rows", [1, 2])
def test_a_mark_for_missing_in_one_row_is_said(tmp_path: Path, mark: int, rows: int) -> None:
    """Where it lies far beyond all others, one row is enough."""
    found = said(load(tmp_path, x=changed(*[mark] * rows)))
    assert f"'x' is {mark} in {rows} of its rows, far from all its other numbers" in found
    assert f"add na={mark}" in found


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    law=st.sampled_from(["normal", "lognormal", "exponential", "standard_t", "laplace", "gamma", "poisson"]),
)
def test_long_tails_are_not(tmp_path_factory: pytest.TempPathFactory, seed: int, law: str) -> None:
    """The largest of a law with a variance does not hold nearly all of it."""
    random = np.random.default_rng(seed)
    shape = {"standard_t": [3], "gamma": [0.3]}.get(law, [])
    values = getattr(random, law)(*shape, size=ROWS)
    assert "so far from" not in said(load(tmp_path_factory.mktemp("tails"), x=values))
