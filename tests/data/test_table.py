from __future__ import annotations

import datetime
import decimal
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lossbench.data import Dataset, load_dataset, make_fold
from lossbench.errors import DataError, UnknownName
from lossbench.report.words.remark import words

ROWS = 40


def frame() -> pd.DataFrame:
    """A table with every kind of column, complete."""
    random = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "size": random.normal(size=ROWS),
            "rooms": random.integers(1, 9, ROWS),
            "town": random.choice(["Ulm", "Bern", "Graz"], ROWS),
            "garden": random.random(ROWS) > 0.5,
            "price": random.lognormal(size=ROWS),
        }
    )


def load(folder: Path, table: pd.DataFrame, spec: str, suffix: str = "csv") -> Dataset:
    """Write a table and load it as a user would."""
    path = folder / f"table.{suffix}"
    if suffix == "csv":
        table.to_csv(path, index=False)
    else:
        table.to_parquet(path)
    return load_dataset(f"{path}:{spec}")


def same(first: Dataset, second: Dataset) -> bool:
    """Whether two data sets have the same content, whatever their names."""
    facts = [(d.digest, d.task, d.classes, d.feature_names, d.notes) for d in (first, second)]
    return facts[0] == facts[1]


@pytest.mark.parametrize("target", ["price", "garden", "town"])
def test_csv_and_parquet_agree(tmp_path: Path, target: str) -> None:
    """The same table as CSV and as Parquet is the same data set, to the last bit and the last note."""
    table = frame()
    table.loc[3, "size"] = np.nan
    table.loc[5, "town"] = None
    spec = f"target={target}"
    assert same(load(tmp_path, table, spec), load(tmp_path, table, spec, "parquet"))


@settings(deadline=None, max_examples=25)
@given(st.lists(st.floats(-1e150, 1e150), min_size=12, max_size=12, unique=True))
def test_numbers_are_read_to_the_last_bit(tmp_path_factory: pytest.TempPathFactory, values: list[float]) -> None:
    """A number written with all its digits comes back as it was."""
    table = pd.DataFrame({"x": values, "y": np.arange(12) / 7})
    dataset = load(tmp_path_factory.mktemp("numbers"), table, "target=y")
    assert (dataset.features[:, 0] == values).all()


def test_columns_keep_their_order(tmp_path: Path) -> None:
    """Features keep the order of the file; the categories of a column are sorted in its place."""
    names = ("size", "rooms", "town=Bern", "town=Graz", "town=Ulm", "garden=False", "garden=True")
    dataset = load(tmp_path, frame(), "target=price")
    assert dataset.feature_names == names
    backwards = load(tmp_path, frame()[["town", "price", "size"]], "target=price")
    assert backwards.feature_names == ("town=Bern", "town=Graz", "town=Ulm", "size")
    assert (backwards.features[:, 3] == dataset.features[:, 0]).all()


def test_categories_are_one_hot(tmp_path: Path) -> None:
    """Each row has a one in the column of its own category and zeros in the others."""
    dataset = load(tmp_path, frame(), "target=price")
    town = dataset.features[:, 2:5]
    assert (town.sum(axis=1) == 1).all()
    assert [("Bern", "Graz", "Ulm")[i] for i in town.argmax(axis=1)] == frame()["town"].tolist()


def test_rows_keep_their_order(tmp_path: Path) -> None:
    """Rows and targets keep the order of the file."""
    dataset = load(tmp_path, frame(), "target=price")
    assert (dataset.features[:, 0] == frame()["size"]).all()
    assert (dataset.target[:, 0] == frame()["price"]).all()


@pytest.mark.parametrize(
    ("values", "given", "task", "classes"),
    [
        (["no", "yes"], "", "binary", ("no", "yes")),
        (["b", "a", "c"], "", "multiclass", ("a", "b", "c")),
        ([True, False], "", "binary", ("False", "True")),
        ([0, 1], "", "binary", ("0", "1")),
        ([1.0, 2.0], "", "binary", ("1", "2")),
        ([10, 9, -1], "", "multiclass", ("-1", "9", "10")),
        (list(range(20)), "", "multiclass", tuple(map(str, range(20)))),
        (list(range(21)), "", "regression", ("y",)),
        ([0.5, 1.0], "", "regression", ("y",)),
        ([0, 1], ":task=regression", "regression", ("y",)),
        ([0, 1], ":task=multiclass", "multiclass", ("0", "1")),
        ([0.5, 1.5], ":task=binary", "binary", ("0.5", "1.5")),
        (["10", "9"], "", "binary", ("9", "10")),
    ],
)
def test_the_task_follows_from_the_target(
    tmp_path: Path, values: list[object], given: str, task: str, classes: tuple[str, ...]
) -> None:
    """Text, true/false and few whole numbers are sorted classes; the rest is a quantity; `task=` overrides."""
    rows = 6 * len(values)
    table = pd.DataFrame({"x": np.arange(rows) / 7, "y": values * 6})
    dataset = load(tmp_path, table, f"target=y{given}")
    assert (dataset.task, dataset.classes) == (task, classes)
    written = table["y"].astype(float if task == "regression" else str).tolist()
    read = dataset.target[:, 0].tolist() if task == "regression" else [classes[i] for i in dataset.target]
    assert read == [text.removesuffix(".0") if isinstance(text, str) else text for text in written]


def test_missing_values_are_reported_and_kept_apart(tmp_path: Path) -> None:
    """Missing numbers stay missing, missing text is a category, rows without a target go; the notes say so."""
    table = frame()
    table.loc[[1, 2], "size"] = np.nan
    table.loc[[3], "town"] = None
    table.loc[[7, 8, 9], "price"] = np.nan
    dataset = load(tmp_path, table, "target=price")
    assert dataset.rows == ROWS - 3
    assert np.isnan(dataset.features[:, 0]).tolist() == table.loc[table["price"].notna(), "size"].isna().tolist()
    assert dataset.feature_names[2:6] == ("town=Bern", "town=Graz", "town=Ulm", "town=(missing)")
    assert dataset.features[3, 2:6].tolist() == [0, 0, 0, 1]
    notes = list(map(words, dataset.notes))
    assert "rows dropped because 'price' is missing: 3" in notes
    assert "values missing in 'size': 2, filled with the median of the training part" in notes
    assert "values missing in 'town': 1, now the category (missing)" in notes
    assert np.isfinite(make_fold(dataset, 0).train.features).all()


def test_a_category_called_missing_is_the_missing_one(tmp_path: Path) -> None:
    """A text that reads "(missing)" and a missing text fall into one category."""
    table = frame().assign(town=["(missing)", None, "Ulm", "Bern"] * 10)
    dataset = load(tmp_path, table, "target=price")
    assert sorted(dataset.feature_names[2:5]) == ["town=(missing)", "town=Bern", "town=Ulm"]
    assert (dataset.features[:, 2:5].sum(axis=1) == 1).all()


def test_counted_columns_are_names(tmp_path: Path) -> None:
    """Columns named 0, 1, 2, as in a table made from a plain array, count as names."""
    table = pd.DataFrame(np.random.default_rng(0).normal(size=(ROWS, 3)))
    dataset = load(tmp_path, table, "target=2")
    assert dataset.feature_names == ("0", "1")


def test_columns_that_say_nothing_are_dropped_and_noted(tmp_path: Path) -> None:
    """A column with one value or without a name is no feature; the notes say so."""
    table = frame().assign(country="CH", version=2)
    (tmp_path / "i.csv").write_text(table.to_csv(index=True))
    dataset = load_dataset(f"{tmp_path / 'i.csv'}:target=price")
    assert dataset.feature_names == load(tmp_path, frame(), "target=price").feature_names
    for note in ("column 1 has no name", "'country' has a single value", "'version' has a single value"):
        assert any(note in words(given) for given in dataset.notes)


def test_notes_on_classes(tmp_path: Path) -> None:
    """The notes tell the positive class, that whole numbers were read as classes, and which class is rare."""
    table = frame().assign(sold=[1] * 3 + [0] * (ROWS - 3))
    notes = " | ".join(map(words, load(tmp_path, table, "target=sold").notes))
    for text in (
        "(0: 37, 1: 3)",
        "'1' is the positive class",
        "task=regression",
        "class '1' has fewer than 5 rows",
    ):
        assert text in notes


def test_parquet_types_are_understood(tmp_path: Path) -> None:
    """Nullable, decimal, true/false and categorical columns are read as what they mean."""
    table = frame().assign(
        whole=pd.array([None, 1, 2, 3] * 10, dtype="Int64"),
        fee=[decimal.Decimal(i) / 4 for i in range(ROWS)],
        flag=pd.array([None, True, False, True] * 10, dtype="boolean"),
        grade=pd.Categorical(["b", "a", None, "b"] * 10, categories=["unused", "b", "a"]),
    )
    dataset = load(tmp_path, table, "target=price", "parquet")
    names = ("whole", "fee", "flag=False", "flag=True", "flag=(missing)", "grade=a", "grade=b", "grade=(missing)")
    assert dataset.feature_names[7:] == names
    assert np.isnan(dataset.features[::4, 7]).all()
    assert dataset.features[:, 8].tolist() == [i / 4 for i in range(ROWS)]


@pytest.mark.parametrize(
    "written",
    [
        pytest.param(lambda text: b"\xef\xbb\xbf" + text.encode(), id="byte order mark"),
        pytest.param(lambda text: text.replace("\n", "\r\n").encode(), id="Windows line ends"),
        pytest.param(lambda text: text.replace(",", ", ").encode(), id="spaces after commas"),
        pytest.param(lambda text: text.replace("town", " town ").encode(), id="spaces around names"),
        pytest.param(lambda text: text.rstrip("\n").encode(), id="no last line end"),
    ],
)
def test_ways_of_writing_csv_do_not_matter(tmp_path: Path, written) -> None:  # type: ignore[no-untyped-def]
    """What editors and spreadsheets do to a CSV file leaves the data set alone."""
    path = tmp_path / "variant.csv"
    path.write_bytes(written(frame().to_csv(index=False)))
    assert same(load_dataset(f"{path}:target=price"), load(tmp_path, frame(), "target=price"))


def lines(row: str, count: int = 20, header: str = "a,y") -> str:
    """A CSV text whose rows are `row` with `{i}` counted up, and `{f}` a number that is not whole."""
    return "\n".join([header, *(row.format(i=i, f=i / 7 + 0.01) for i in range(count))]) + "\n"


BAD_CSV = {
    "empty": ("", "target=y", "the file is empty"),
    "blank": ("\n\n", "target=y", "no line of names"),
    "header only": ("a,y\n", "target=y", "no rows; add rows"),
    "no header": (lines("{i},{f}", header="1,2"), "target=y", "line 1 holds numbers; put a line of names"),
    "long line": ("a,y\n1,2\n1,2,3\n", "target=y", "line 3 has 3 values, but line 1 has 2 names"),
    "short line": ("a,y\n1,2\n1\n", "target=y", "line 3 has 1 value, but line 1 has 2 names"),
    "other separator": ("a,b;c,d;y\n1;2;3\n", "target=y", ", or if ; stands between the values, write sep=;"),
    "open quote": ('a,y\n1,2\n"1,2\n3,4\n', "target=y", "line 3: a quotation mark opens here and never closes"),
    "text after a quote": ('a,y\n1,"5" x"\n', "target=y", "line 2: text follows a closing quotation mark"),
    "not UTF-8": (b"a,y\n\xe4,1\n", "target=y", "byte 4 (0xE4, in line 2) is not UTF-8; save the file in UTF-8"),
    "NUL": ("a,y\n1,2\n1\0,3\n", "target=y", "line 3 holds a NUL byte"),
    "names twice": (lines("1,2,{f}", header="a,a,y"), "target=y", "2 columns are named 'a'; give each its own"),
    "no target given": (lines("{i},{f}"), "task=binary", "name the column to predict"),
    "no such target": (lines("1,{f}", header="a,yield"), "target=yeild", "did you mean 'yield'? Known: a, yield"),
    "no target at all": (lines("{i},"), "target=y", "'y' is missing in every row; name another column"),
    "one class": (lines("{i},yes"), "target=y", "'y' is yes in every row; there is nothing to predict"),
    "one number": (lines("{i},1.5"), "target=y:task=regression", "'y' is 1.5 in every row"),
    "only the target": (lines("{f}", header="y"), "target=y", "no column to predict 'y' from; add one"),
    "only constants": (lines("7,{f}"), "target=y", "no column to predict 'y' from; add one"),
    "missing column": (lines(",{f}"), "target=y", "no column to predict 'y' from; add one"),
    "infinite": (
        lines("{i},{f}") + "inf,1\n-inf,1\n",
        "target=y",
        "'a' is infinite, or beyond 1e+150, in line 22",
    ),
    "infinite target": (
        lines("{i},{f}") + "3,-inf\n",
        "target=y",
        "'y' is infinite, or beyond 1e+150, in line 22",
    ),
    "gigantic": (lines("{i},{f}") + "1e200,1\n", "target=y", "line 22; correct the value or leave it empty"),
    "below a blank line": (lines("{i},{f}") + "\ninf,1\n", "target=y", "in line 23"),
    "few rows": (lines("{i},{f}", 9), "target=y", "has 9 usable rows"),
    "few usable rows": (lines("{i},{f}", 9) + "3,\n" * 5, "target=y", "needs at least 10; add rows"),
    "free text": (
        lines("word{i},{f}", 60) + lines("word{i},{f}", 60, header="word,1"),
        "target=y",
        "text with 61 different values in 121 rows, such as 'word0'; leave it out with drop=a",
    ),
    "nearly numbers": (
        lines("{f},{f}", 60) + "12 kg,1\n",
        "target=y",
        "except '12 kg' (line 62); correct it, or add na=12 kg,",
    ),
    "many classes": (lines("{i},name{i}"), "target=y", "20 classes in 20 rows; a split needs about 5 rows"),
    "not binary": (
        lines("{i},a\n{i},b\n{i},c"),
        "target=y:task=binary",
        "3 classes, not the two of task=binary; write",
    ),
    "not numeric": (lines("{i},yes") + "1,no\n", "target=y:task=regression", "leave out task=regression"),
    "names as a quantity": (lines("{i},n{i}"), "target=y:task=regression", "no quantity; name another column"),
    "no such task": (lines("{i},{f}"), "target=y:task=multilabel", "unknown task 'multilabel'"),
    "no such key": (lines("{i},{f}"), "target=y:tsk=binary", "unknown parameter 'tsk'; did you mean 'task'?"),
}


@pytest.mark.parametrize("case", BAD_CSV)
def test_bad_csv_is_refused(tmp_path: Path, case: str) -> None:
    """A CSV file that cannot be used is one clear error: the file, the column or line, and what to do."""
    content, spec, message = BAD_CSV[case]
    path = tmp_path / "bad.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises((DataError, UnknownName), match=re.escape(message)) as caught:
        load_dataset(f"{path}:{spec}")
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


BAD_PARQUET = {"lists": [1, 2], "bytes": b"ab", "records": {"a": 1}, "times of day": datetime.time(12)}


@pytest.mark.parametrize("kind", BAD_PARQUET)
def test_columns_of_other_types_are_refused(tmp_path: Path, kind: str) -> None:
    """For neither numbers nor dates nor texts the error names the column and how to leave it out; that does it."""
    table = frame().assign(odd=[BAD_PARQUET[kind]] * ROWS)
    with pytest.raises(DataError, match=r"table.parquet: column 'odd' holds .*; leave it out with drop=odd"):
        load(tmp_path, table, "target=price", "parquet")
    assert "odd" not in load(tmp_path, table, "target=price:drop=odd", "parquet").feature_names


def test_a_file_that_is_no_parquet_is_refused(tmp_path: Path) -> None:
    """A file that is named as Parquet but is not is refused."""
    (tmp_path / "x.parquet").write_text("a,y\n1,2\n")
    with pytest.raises(DataError, match=r"x.parquet: the file cannot be read .*; repair it or save it again"):
        load_dataset(f"{tmp_path / 'x.parquet'}:target=y")


@pytest.mark.parametrize("suffix", ["tsv", "txt", "TSV", "Txt"])
@pytest.mark.parametrize("mark", ["\t", ",", ";"], ids=["tab", "comma", "semicolon"])
def test_text_of_another_suffix_is_read_as_csv(tmp_path: Path, suffix: str, mark: str) -> None:
    """By its separator, whatever the file is called."""
    path = tmp_path / f"x.{suffix}"
    frame().to_csv(path, index=False, sep=mark)
    assert load_dataset(f"{path}:target=price").digest == load(tmp_path, frame(), "target=price").digest


def test_commas_in_names_are_no_separator_where_tabs_are(tmp_path: Path) -> None:
    """A .tsv with tabs in line 1 has tabs."""
    path = tmp_path / "x.tsv"
    path.write_text("size, in m\ty, in kg\n" + "".join(f"{i / 7}\t{i / 3}\n" for i in range(20)))
    assert load_dataset(f'{path}:target="y, in kg"').feature_names == ("size, in m",)


@pytest.mark.parametrize(
    ("name", "way"),
    [
        ("x.xlsx", "save the table as one of them"),
        ("x.csv.gz", "unpack it with gunzip"),
        ("x.zip", "unpack it with unzip"),
        ("x.dat", "if it is text with a line of names, name it FILE.csv"),
        ("table", "if it is text with a line of names, name it FILE.csv"),
    ],
)
def test_other_suffixes_are_refused(tmp_path: Path, name: str, way: str) -> None:
    """A file of another kind is refused with the kinds that are read, and how it becomes one."""
    (tmp_path / name).write_text("a\ty\n1\t2\n")
    with pytest.raises(
        DataError, match=rf"{name}: only .csv, .tsv, .txt, .parquet and .npz files are read; {way}"
    ):
        load_dataset(f"{tmp_path / name}:target=y")
