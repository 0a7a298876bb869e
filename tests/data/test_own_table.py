"""What a user's file becomes: each way of writing a table is read as the table, with a note, or refused once."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lossbench.data import Dataset, load_dataset
from lossbench.errors import UsageError
from lossbench.remark import Topic
from lossbench.report.words.remark import words

ROWS = 60
RANDOM = np.random.default_rng(0)
AGES = [int(age) for age in RANDOM.integers(18, 80, ROWS)]
B = [f"{value:.3f}" for value in RANDOM.normal(size=ROWS)]
Y = [f"{age / 10 + float(b):.3f}" for age, b in zip(AGES, B, strict=True)]
CLASSES = [("no", "yes")[i % 2] for i in range(ROWS)]
DAYS = [f"2024-{i % 12 + 1:02d}-{i % 28 + 1:02d}" for i in range(ROWS)]


def table(x: list[object], y: list[str] = Y, *, names: str = "x,b,y") -> str:
    """Write a CSV text of three columns, the middle one of plain numbers."""
    cells = [f'"{value}"' if set(str(value)) & set(',"\n') else str(value) for value in x]
    return names + "\n" + "".join(f"{a},{b},{c}\n" for a, b, c in zip(cells, B, y, strict=True))


def read(folder: Path, content: str | bytes, spec: str = "target=y") -> Dataset:
    """Load a table as a user would."""
    path = folder / "own.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return load_dataset(f"{path}:{spec}")


def said(dataset: Dataset) -> str:
    """Return all notes in words."""
    return "\n".join(map(words, dataset.notes))


def places(values: list[object], at: int, other: object) -> list[object]:
    """Return the values with another one in one place."""
    return [*values[:at], other, *values[at + 1 :]]


CLEAN = table(AGES)
SPELLINGS: dict[str, tuple[list[object], list[float], str]] = {
    "a mark for missing": (
        places(AGES, 11, "?"),
        places(AGES, 11, np.nan),
        "taken as missing in 'x': '?' 1, first in",
    ),
    "a word for missing": (places(AGES, 11, "NA"), places(AGES, 11, np.nan), "first in line 13"),
    "decimal commas": ([f"{a},5" for a in AGES], [a + 0.5 for a in AGES], "'{0},5' are read as {0}.5"),
    "thousands": ([f"{a},100" for a in AGES], [a * 1000 + 100 for a in AGES], "with decimal=, a comma is"),
    "thousands with a point": ([f"{a},100.5" for a in AGES], [a * 1000 + 100.5 for a in AGES], "'{0},100.5' are"),
    "thousands as in India": ([f"{a},00,000" for a in AGES], [a * 1e5 for a in AGES], "'{0},00,000' are read"),
    "points between thousands": ([f"{a}.100.000,5" for a in AGES], [a * 1e6 + 100000.5 for a in AGES], "000,5'"),
    "gaps between thousands": (
        [f"{a} 100" for a in AGES],
        [a * 1000 + 100 for a in AGES],
        "'{0} 100' are read as",
    ),
    "apostrophes": ([f"{a}'100" for a in AGES], [a * 1000 + 100 for a in AGES], "are read as {0}100"),
    "a typographic minus": ([f"−{a}" for a in AGES], [-a for a in AGES], "are read as -{0}"),
    "a unit": ([f"{a} kg" for a in AGES], list(AGES), "are read as {0}, without 'kg'"),
    "per cent": ([f"{a}%" for a in AGES], list(AGES), "without '%'"),
    "a currency": ([f"€{a}.50" for a in AGES], [a + 0.5 for a in AGES], "without '€'"),
    "a sign before it": ([f"-${a},000.50" for a in AGES], [-1000 * a - 0.5 for a in AGES], "without '$'"),
    "zeros in front": (
        [f"00{a}" for a in AGES],
        list(AGES),
        "zeros in front of whole numbers of 'x', such as '00{0}'",
    ),
    "beyond exactness": (
        [2**60 + a**6 for a in AGES],
        [float(2**60 + a**6) for a in AGES],
        "last digits are lost",
    ),
    "blanks": ([f"{a}  " for a in AGES], list(AGES), ""),
    "dates": (DAYS, [float((np.datetime64(d) - np.datetime64("2024-01-01")).astype(int)) for d in DAYS], "drop=x"),
}


@pytest.mark.parametrize("kind", SPELLINGS)
def test_numbers_are_read_however_they_are_written(tmp_path: Path, kind: str) -> None:
    """Where a whole column agrees, it is the numbers that it means, to the last bit, and a note says so."""
    written, meant, note = SPELLINGS[kind]
    dataset = read(tmp_path, table(written))
    assert dataset.feature_names == ("x", "b")
    assert np.array_equal(dataset.features[:, 0], np.array(meant, dtype=float), equal_nan=True)
    assert note.format(AGES[0]) in said(dataset)


def test_clean_tables_are_read_without_a_note(tmp_path: Path) -> None:
    """A table of plain numbers is read as it stands, and nothing but its task is said."""
    assert [note.topic for note in read(tmp_path, CLEAN).notes] == [Topic.QUANTITY]


finite = st.floats(-1e9, 1e9, allow_nan=False).map(lambda value: round(value, 4))
WAYS: dict[str, Callable[[str], bytes]] = {
    "UTF-8": str.encode,
    "with its mark": lambda text: text.encode("utf-8-sig"),
    "UTF-16": lambda text: text.encode("utf-16"),
    "Windows": lambda text: text.replace("\n", "\r\n").encode(),
    "old Mac": lambda text: text.replace("\n", "\r").encode(),
    "comments": lambda text: f"# made on Monday\n#\n\n{text}".encode(),
    "blank lines": lambda text: text.replace("\n", "\n\n").encode(),
}


@settings(deadline=None, max_examples=25)
@given(
    rows=st.lists(
        st.tuples(finite, finite, st.sampled_from(["a", "b b", "c'", "ü;", "x,y"])), min_size=30, max_size=40
    ),
    separator=st.sampled_from(";\t|,"),
    comma=st.booleans(),
    quoted=st.booleans(),
    way=st.sampled_from(sorted(WAYS)),
)
def test_a_table_comes_back_from_every_dialect(
    tmp_path_factory: pytest.TempPathFactory,
    rows: list[tuple[float, float, str]],
    separator: str,
    comma: bool,
    quoted: bool,
    way: str,
) -> None:
    """Separator, decimal sign, quotation marks, line ends, encoding and comments leave the table as it is."""
    folder = tmp_path_factory.mktemp("dialects")
    frame = pd.DataFrame(rows, columns=["m", "y", "t"])
    frame[["m", "y"]] += np.arange(len(frame))[:, None] + 0.25  # no constant column, and no classes
    plain = read(folder, frame.to_csv(index=False))
    text = frame.to_csv(index=False, sep=separator, decimal=",.."[comma - 1], quoting=1 if quoted else 0)
    read_back = read(folder, WAYS[way](text))
    assert (read_back.digest, read_back.feature_names) == (plain.digest, plain.feature_names)
    topics = {note.topic for note in read_back.notes}
    assert (Topic.SEPARATOR in topics) == (separator != ",")
    assert (Topic.FOREIGN_NUMBERS in topics) == comma
    assert (Topic.UTF16 in topics, Topic.COMMENT_LINES in topics) == (way == "UTF-16", way == "comments")


@settings(deadline=None, max_examples=25)
@given(st.lists(st.lists(st.text("ab1 ;\t.-é", max_size=4), min_size=2, max_size=2), min_size=12, max_size=16))
def test_both_parsers_agree(tmp_path_factory: pytest.TempPathFactory, rows: list[list[str]]) -> None:
    """A quotation mark anywhere sends a file through Python's parser, which finds the same cells and lines."""
    folder = tmp_path_factory.mktemp("parsers")
    body = "".join(f"{i / 7},{','.join(row)}\n" for i, row in enumerate(rows))
    outcomes = []
    for header in ("y,a,b\n", '"y",a,b\n'):
        try:
            dataset = read(folder, header + body)
            outcomes.append((dataset.digest, dataset.feature_names, said(dataset)))
        except UsageError as refused:
            outcomes.append((str(refused), (), ""))
    assert outcomes[0] == outcomes[1]


def test_the_sign_of_the_table_decides_what_a_column_leaves_open(tmp_path: Path) -> None:
    """A text like 1,234 is a decimal where another column shows decimal commas, or decimal=, says so."""
    open_column = table([f"{a},234" for a in AGES])
    for content, spec, first in (
        (open_column, "target=y", AGES[0] * 1000 + 234),
        (open_column, "target=y:decimal=,", AGES[0] + 0.234),
        (open_column, "target=y:decimal=.", AGES[0] * 1000 + 234),
        (open_column.replace(f'"{AGES[0]},234"', '"0,5"', 1), "target=y", 0.5),
        (CLEAN.replace(",", ";").replace(".", ","), "target=y", AGES[0]),
    ):
        assert read(tmp_path, content, spec).features[0, 0] == first


def test_a_target_is_data_unless_said_otherwise(tmp_path: Path) -> None:
    """A class that reads like a missing value is a class; with na= its rows go; among numbers it is missing."""
    three = [("Mild", "None", "Severe")[i % 3] for i in range(ROWS)]
    kept = read(tmp_path, table(AGES, three))
    assert kept.classes == ("Mild", "None", "Severe")
    assert "'None' in 'y' (line 3) is read as a class; na=None takes it as missing" in said(kept)
    assert read(tmp_path, table(AGES, three), "target=y:na=None").classes == ("Mild", "Severe")
    numbers = read(tmp_path, table(AGES, places(Y, 3, "NA")))
    assert (numbers.task, numbers.rows) == ("regression", ROWS - 1)
    assert "taken as missing in 'y': 'NA' 1, first in line 5" in said(numbers)


@pytest.mark.parametrize("place", ["target", "feature"])
def test_blanks_and_spellings_of_truth_make_no_classes(tmp_path: Path, place: str) -> None:
    """`yes` and `yes `, `true` and `TRUE` are one; `yes` and `Yes` stay two; each is said."""
    for values, classes, note in (
        (["no ", "yes", "no", "yes "], ("no", "yes"), "blanks around values of"),
        (["true", "FALSE", "True", "false"], ("False", "True"), "are read as True or False"),
        (["yes", "Yes", "no", "no"], ("Yes", "no", "yes"), "'yes', 'Yes' of"),
    ):
        column = values * (ROWS // 4)
        dataset = read(tmp_path, table(AGES, column) if place == "target" else table(column))
        found = dataset.classes if place == "target" else tuple(n[2:] for n in dataset.feature_names[:-1])
        assert found == classes
        assert note in said(dataset)


def test_identifiers_do_not_pass_in_silence(tmp_path: Path) -> None:
    """A text that differs in every row is left out; a number that does is trained on; drop= leaves it out."""
    names = read(tmp_path, table([f"P{i:03d}" for i in range(ROWS)]))
    assert names.feature_names == ("b",)
    assert "column 'x' is text that differs in every row, such as 'P000'" in said(names)
    for column, name in ((list(range(1, ROWS + 1)), "x"), ([i * i for i in range(ROWS)], "patient_id")):
        numbers = read(tmp_path, table(column, CLASSES, names=f"{name},b,y"))
        assert numbers.feature_names == (name, "b")
        assert f"drop={name} leaves it out" in said(numbers)
        assert read(tmp_path, table(column, CLASSES, names=f"{name},b,y"), f"target=y:drop={name}").rows == ROWS


FORMS = (
    *("%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%d.%m.%Y", "%m/%d/%Y", "%d/%m/%Y", "%d-%m-%Y", "%m-%d-%Y"),
    *("%d %b %Y", "%d %B %Y", "%d-%b-%Y", "%d-%B-%Y", "%d%b%Y", "%b %d, %Y", "%B %d, %Y", "%B %d %Y"),
    *("%Y-%m-%dT00:00:00Z", "%d.%m.%Y 00:00", "%m/%d/%Y 00:00:00", "%d/%m/%Y 12:00 AM", "%d %B %Y 00:00"),
)


def test_dates_are_days(tmp_path: Path) -> None:
    """Dates become days since the first, in whichever of the usual forms they stand, of CSV or of Parquet."""
    written = pd.to_datetime(pd.Series(DAYS))
    days = (written - written.min()).dt.days
    for form in FORMS:
        dataset = read(tmp_path, table(written.dt.strftime(form).tolist()))
        assert dataset.features[:, 0].tolist() == days.tolist()
        assert "days since 2024-01-01; drop=x leaves them out" in said(dataset)
    for stored in (written, written.dt.date, written.dt.tz_localize("UTC")):
        pd.DataFrame({"x": stored, "b": AGES, "y": np.array(Y, float)}).to_parquet(tmp_path / "t.parquet")
        assert load_dataset(f"{tmp_path / 't.parquet'}:target=y").features[:, 0].tolist() == days.tolist()


ODD_NAMES = ["a,b", "a:k=1", 'say "x"', "a=b", "naïve ü", "with blank", "(1)", "a:b", "'x'", "=x"]


@pytest.mark.parametrize("name", ODD_NAMES)
def test_columns_of_any_name_can_be_named(tmp_path: Path, name: str) -> None:
    """As target and in drop=, a name may hold anything: in double quotes where the grammar needs it."""
    frame = pd.DataFrame({name: np.array(Y, float), "b": np.array(B, float), "y": np.array(Y, float)})
    frame.to_csv(tmp_path / "odd.csv", index=False)
    inside = '"' + name.replace('"', '""') + '"'
    assert load_dataset(f"{tmp_path / 'odd.csv'}:target={inside}").classes == (name,)
    assert load_dataset(f"{tmp_path / 'odd.csv'}:target=y:drop={inside}").feature_names == ("b",)


REFUSED: dict[str, tuple[str | bytes, str, str]] = {
    "one bad target": (
        table(AGES, places(Y, 17, "n.a.")),
        "target=y",
        "except 'n.a.' (line 19); correct it, or add na=",
    ),
    "one bad feature": (
        table(places(AGES, 5, "12 kg")),
        "target=y",
        "numbers except '12 kg' (line 7); correct it",
    ),
    "censored": (table(places(AGES, 5, "<5")), "target=y", "except '<5' (line 7)"),
    "several units": (
        table([f"{a} {'kg' if a % 2 else 'g'}" for a in AGES]),
        "target=y",
        "different units, such as",
    ),
    "one bad date": (table(places(DAYS, 5, "soon")), "target=y", "dates except 'soon' (line 7)"),
    "no such day": (table(places(DAYS, 5, "2023-02-31")), "target=y", "dates except '2023-02-31' (line 7)"),
    "day or month": (
        table([f"{i % 12 + 1}/{i * 5 % 12 + 1}/2023" for i in range(ROWS)]),
        "target=y",
        "told apart",
    ),
    "decimal as stated": (table([f"{a},5" for a in AGES]), "target=y:decimal=.", "which decimal=. does not read"),
    "separator as stated": (CLEAN, "target=y:sep=;", "line 1, that of the names, has none; it has ,: write sep=,"),
    "blanks between": (
        CLEAN.replace(",", " "),
        "target=y",
        "single column; say what stands between the values with",
    ),
    "a word as a quantity": (table(AGES, CLASSES), "target=y:task=regression", "no quantity; leave out task=reg"),
    "three as two": (
        table(AGES, [*"abc"] * 20),
        "target=y:task=binary",
        "not the two of task=binary; write task=",
    ),
    "missing nowhere": (CLEAN, "target=y:na=-7", "na=-7 stands in no cell"),
    "dropped target": (CLEAN, "target=y:drop=y", "is the target and cannot be dropped"),
    "no such column": (CLEAN, "target=y:drop=x,iris", "repeat -d): unknown column to drop 'iris'. Known: x, b, y"),
    "unquoted name": (
        CLEAN.replace("x,", '"x:k=1",', 1),
        "target=x:k=1",
        "whose name has a colon or a comma stands",
    ),
    "no separator": (CLEAN, "target=y:sep=comma", "sep=comma is no separator"),
    "no decimal sign": (CLEAN, "target=y:decimal=,,iris", "is no decimal sign; give . or , (to name another"),
    "twice": (
        CLEAN,
        "target=y:drop=x,other.csv:target=y",
        "gives target twice; keep one, and name another thing in",
    ),
    "a spreadsheet": (
        b"PK\x03\x04....",
        "target=y",
        "is a spreadsheet or a zip archive and not CSV; save the table",
    ),
    "Latin letters": (
        CLEAN.replace("x", "ä").encode("latin-1"),
        "target=y",
        "byte 0 (0xE4, in line 1) is not UTF-8",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_read_is_refused_once(tmp_path: Path, case: str) -> None:
    """One line says what and where; each way that it offers within the spec is a way out."""
    content, spec, message = REFUSED[case]
    with pytest.raises(UsageError, match=re.escape(message)) as caught:
        read(tmp_path, content, spec)
    for way in re.findall(r"(?:add|write|with) ((?:na|drop|sep|task)=(?:,|[^,;)]+))", str(caught.value)):
        key = way.partition("=")[0]
        kept = [part for part in spec.split(":") if not part.startswith(f"{key}=")]
        assert read(tmp_path, content, ":".join([*kept, way])).rows >= ROWS - 1


def test_lines_are_those_of_the_file(tmp_path: Path) -> None:
    """Quoted line breaks, comments, blank lines, Windows ends and a byte order mark do not move a line number."""
    rows = "".join(f'"first\nsecond",{b},{y}\n\n' for b, y in zip(B, Y, strict=True))
    text = f"# a\n\n# b\nx,b,y\n{rows}third,inf,1\n"
    line = text.split("\n").index("third,inf,1") + 1
    for content in (text.encode(), b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode()):
        with pytest.raises(UsageError, match=f"infinite, or beyond 1e.150, in line {line};"):
            read(tmp_path, content)


def test_names_may_stand_in_a_comment_and_a_separator_above(tmp_path: Path) -> None:
    """A line of names that begins with #, and the line by which spreadsheets state a separator, are understood."""
    names = read(tmp_path, "# made on Monday\n#" + CLEAN)
    assert "a line that begins with # ('#x,b,y')" in said(names)
    above = read(tmp_path, "sep=;\n" + CLEAN.replace(",", ";"))
    assert above.digest == names.digest == read(tmp_path, CLEAN).digest


def test_numbers_stored_as_text_are_numbers(tmp_path: Path) -> None:
    """Text columns of Parquet are read as those of CSV; a named index is a column; na= may be a number."""
    frame = pd.DataFrame({"x": [str(a) for a in AGES], "b": [-999.0, *map(float, B[1:])], "y": np.array(Y, float)})
    frame.index = pd.Index(range(ROWS), name="visit")
    frame.to_parquet(tmp_path / "t.parquet")
    dataset = load_dataset(f"{tmp_path / 't.parquet'}:target=y:na=-999")
    assert dataset.feature_names == ("visit", "x", "b")
    assert dataset.features[:, 1].tolist() == AGES
    assert np.isnan(dataset.features[0, 2])


def test_a_target_that_rounding_moves_is_said_to_be_that(tmp_path: Path) -> None:
    """Its values differ, by what its numbers cannot hold: the message does not call them one."""
    with pytest.raises(UsageError, match=r"target 'y' is 1000000000000000 to 1000000000000002, but for rounding"):
        read(tmp_path, table(AGES, [f"{10**15 + age % 3}" for age in AGES]))


@pytest.mark.parametrize("odd", ["?", ".", "x", "-", "unknown", "n.a.", "12 kg", "3+"])
@pytest.mark.parametrize("most", [(0, 1), (0.0, 1.0), (1, 2, 3), (-1, 1)], ids=str)
def test_a_text_among_few_numbers_of_a_target_makes_no_class_by_itself(
    tmp_path: Path, odd: str, most: tuple[object, ...]
) -> None:
    """It is refused, as among many numbers; each way of the message works: missing, or classes, with a note."""
    values = [most[i % len(most)] for i in range(ROWS)]
    for rows in (1, 5):
        content = table(AGES, values[:17] + [odd] * rows + values[17 + rows :])  # type: ignore[arg-type, list-item]
        for spec in ("target=y", "target=y:task=binary", "target=y:task=regression"):
            if spec != "target=y:task=binary" or len(most) == 2:
                with pytest.raises(UsageError, match=re.escape(f"except '{odd}' (line 19)")) as caught:
                    read(tmp_path, content, spec)
                assert f"add na={odd}, which takes it as missing" in str(caught.value)
        assert ("write task=multiclass" in str(caught.value)) == (rows == 5)
        assert len(read(tmp_path, content, f"target=y:na={odd}").classes) == len(most)
    classes = read(tmp_path, content, "target=y:task=multiclass")
    assert len(classes.classes) == len(most) + 1
    assert f"'y' is read as text, since '{odd}' (line 19) is not among numbers; na={odd}" in said(classes)


def test_a_text_among_few_numbers_of_a_feature_is_said_with_the_way_out(tmp_path: Path) -> None:
    """Codes may be numbers and letters; the note says what to add where one stands for a missing value."""
    content = table(places([i % 4 for i in range(ROWS)], 17, "x"))
    assert "'x' (line 19) is not among numbers; na=x takes it as missing" in said(read(tmp_path, content))


@pytest.mark.parametrize("mark", ["?", "-", "..", "unknown", "Missing", "n.a.", "None"])
def test_a_mark_for_missing_among_classes_of_text_is_a_class_and_said(tmp_path: Path, mark: str) -> None:
    """The note says what takes it as missing, and that does."""
    content = table(AGES, CLASSES[:17] + [mark] * 3 + CLASSES[20:])
    assert f"'{mark}' in 'y' (line 19) is read as a class; na={mark} takes it as missing" in said(
        read(tmp_path, content)
    )
    assert read(tmp_path, content, f"target=y:na={mark}").classes == ("no", "yes")


@pytest.mark.parametrize("mark", ["?", "-", ".", "*"])
def test_a_mark_among_categories_is_one_and_said(tmp_path: Path, mark: str) -> None:
    """A sign alone is hardly a word; a word such as `none` may be one."""
    content = table(places(CLASSES, 17, mark))
    assert f"'{mark}' in 'x' (line 19) is read as a category; na={mark} takes it as missing" in said(
        read(tmp_path, content)
    )
    assert "as a category" not in said(read(tmp_path, table(places(CLASSES, 17, "unknown"))))


@pytest.mark.parametrize("place", ["target", "feature"])
@pytest.mark.parametrize(
    "values", ["True 1 False", "0 True true", "FALSE 0 1 True", "1.0 False false", "1 1 0 1 False"]
)
def test_one_and_zero_beside_true_and_false_mean_the_same(tmp_path: Path, place: str, values: str) -> None:
    """However few of either there are, and it is said."""
    column = [values.split()[i % len(values.split())] for i in range(ROWS)]
    dataset = read(tmp_path, table(AGES, column) if place == "target" else table(column))
    found = dataset.classes if place == "target" else tuple(n[2:] for n in dataset.feature_names[:-1])
    assert found == ("False", "True")
    assert "are read as True or False" in said(dataset)


def test_words_for_yes_stay_apart_and_are_said(tmp_path: Path) -> None:
    """Whether `y` is `yes`, and `1` too, only the user knows; two words alone are two classes."""
    mixed = read(tmp_path, table(AGES, ["yes", "no", "y", "N"] * (ROWS // 4)))
    assert "'yes', 'y' of 'y' may mean the same, and stay apart" in said(mixed)
    assert "'no', 'N' of 'y' may mean the same" in said(mixed)
    for pair in (["yes", "no"], ["t", "n"], ["on", "maybe"]):
        assert "may mean the same" not in said(read(tmp_path, table(AGES, pair * (ROWS // 2))))


@pytest.mark.parametrize("form", ["%d %b %Y", "%d%b%Y", "%B %d, %Y"])
def test_names_of_months_are_read_in_any_case(tmp_path: Path, form: str) -> None:
    """As SAS, Oracle and others write them; a month alone is its first day."""
    written = pd.to_datetime(pd.Series(DAYS))
    for texts in (written.dt.strftime(form).str.upper(), written.dt.strftime(form).str.lower()):
        assert read(tmp_path, table(texts.tolist())).features[:, 0].max() > 300
    months = read(tmp_path, table(written.dt.strftime("%B %Y").tolist()))
    firsts = pd.date_range("2024-01-01", periods=12, freq="MS")
    assert set(months.features[:, 0]) == set((firsts - firsts[0]).days)


@pytest.mark.parametrize(
    "form",
    [
        *("%m/%d/%y", "%d.%m.%y", "%d-%m-%y", "%a, %d %b %Y", "%a %b %d %Y", "%d. %B %Y", "%b-%d", "%d %b '%y"),
        *("%Y-W%V-%u", "%d%b%y", "%Y-%m-%d at noon", "%d %b. %Y", "%A %d %B %Y", "%d-%b-%y", "%Y %b %d"),
        "%a %b %d 00:00:00 UTC %Y",
    ],
)
def test_dates_in_other_forms_are_named_as_dates(tmp_path: Path, form: str) -> None:
    """Refused where they are many, with the form that is read; said where they are few."""
    written = pd.to_datetime(pd.Series(DAYS)).dt.strftime(form)
    if written.nunique() > 20:
        with pytest.raises(UsageError, match=r"holds what looks like dates, such as .* write them as 2024-12-31"):
            read(tmp_path, table(written.tolist()))
    few = read(tmp_path, table([written[i % 12] for i in range(ROWS)]))
    assert f"though '{written[0]}' (line 2) looks like a date" in said(few)


@pytest.mark.parametrize(
    "cells", ["Jan,May,June", "Market 7,Decision 12,Octet 3", "7-18-5,7732-18-5", "Mary 2,maybe 3"]
)
def test_names_of_people_and_codes_are_no_dates(tmp_path: Path, cells: str) -> None:
    """A month's name alone, or in another word, makes no date."""
    found = cells.split(",")
    assert "looks like a date" not in said(read(tmp_path, table([found[i % len(found)] for i in range(ROWS)])))


COUNTS = [(0, 0, 0, 1, 1, 2)[i % 6] for i in range(ROWS)]


@pytest.mark.parametrize("rows", [1, 2, 3, 4])
@pytest.mark.parametrize("names", [(0, 1, 2, 6), (0.0, 1.0, 2.0, 6.0), ("a", "b", "c", "d, e")], ids=str)
def test_a_rare_class_is_seen_in_the_table(tmp_path: Path, rows: int, names: tuple[object, ...]) -> None:
    """Refused where no split has it in all parts, else said; na= leaves it out, and numbers are a quantity too."""
    values = [names[count] for count in COUNTS[rows:]] + [names[3]] * rows
    content = table(values, [str(age) for age in AGES], names="y,b,x")
    if rows < 3:
        with pytest.raises(UsageError, match=f"of target 'y' has {rows} row.*, too few for training") as caught:
            read(tmp_path, content)
        message = str(caught.value)
    else:
        message = said(read(tmp_path, content))
        assert "a seed whose training part has none stops the run" in message
    numeric = names[3] != "d, e"
    assert ("write task=regression" in message) == numeric
    way = 'na="d, e"' if not numeric else "na=6"
    assert f"add {way}, which leaves them out" in message
    assert len(read(tmp_path, content, f"target=y:{way}").classes) == 3
    if numeric:
        assert read(tmp_path, content, "target=y:task=regression").rows == ROWS


def test_two_numbers_in_a_cell_are_an_identifier_and_not_to_be_dropped(tmp_path: Path) -> None:
    """What is left out already is not advised to be left out; one row is one row."""
    found = said(read(tmp_path, table([f"{age / 7:.4f}, {i / 9:.4f}" for i, age in enumerate(AGES)])))
    assert "one in a column" in found
    assert "drop" not in found
    with pytest.raises(UsageError, match="has 1 usable row; a split"):
        read(tmp_path, "x,y\n1,2.5\n")
