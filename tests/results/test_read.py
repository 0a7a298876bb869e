"""What is read is what was written, and what was not written so is refused with its line."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal
from stats.runs import clean, finished, with_failed
from stats.synthetic import score_tables

from lossbench import Comparison
from lossbench.errors import DataError
from lossbench.report.words.remark import words
from lossbench.results.manifest import read_manifest
from lossbench.results.read import altered, read_baseline, read_trials
from lossbench.results.sheet import READERS
from lossbench.results.write import trials_csv
from lossbench.schema import COLUMNS, DTYPES, ON_REQUEST, SCHEMA, USUAL
from lossbench.schema import TRIALS as TRIAL_COLUMNS

REFERENCE = Path(__file__).parents[2] / "results" / "reference"
TRIALS = clean({"bce": [0.5, 0.9], "mse": [0.25, 0.75]})
TEXT = trials_csv(TRIALS)
WRITTEN = [name for name in COLUMNS if name not in (*ON_REQUEST, *USUAL)]
OPTIONAL = [name for name, column in TRIAL_COLUMNS.items() if column.optional]
awkward = st.text(st.characters(codec="utf-8", exclude_characters="\r\0"), min_size=1)


def written(folder: Path, text: str = TEXT, name: str = "trials.csv") -> Path:
    """Write a file byte for byte and return its path."""
    path = folder / name
    path.write_bytes(text.encode())
    return path


def edited(row: int, **cells: str) -> str:
    """Return the text with some cells of a row written anew; row 0 stands in line 2."""
    rows = list(csv.DictReader(io.StringIO(TEXT)))
    rows[row] |= cells
    return text_of(rows)


def text_of(rows: list[dict[str, str]]) -> str:
    """Return rows of texts as CSV."""
    target = io.StringIO()
    writer = csv.DictWriter(target, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return target.getvalue()


def without(row: dict[str, str], names: set[str]) -> dict[str, str]:
    """Return a row without some of its cells."""
    return {name: cell for name, cell in row.items() if name not in names}


def refused(folder: Path, text: str) -> str:
    """Return the message that a text is refused with; it names the file."""
    path = written(folder, text)
    with pytest.raises(DataError) as caught:
        read_trials(path)
    assert str(caught.value).startswith(str(path))
    return str(caught.value).removeprefix(str(path))


def test_the_reference_reads_back_to_the_byte() -> None:
    """The committed trials, read and written, are the committed file, in the columns that it has."""
    text = (REFERENCE / "trials.csv").read_bytes().decode()
    assert trials_csv(read_trials(REFERENCE)[text.partition("\n")[0].split(",")]) == text


def test_a_run_reads_back_as_its_own_table(comparison: Comparison, tmp_path: Path) -> None:
    """Every column has the values and the type that it has in `Comparison.trials`."""
    comparison.save(tmp_path)
    assert_frame_equal(read_trials(tmp_path), comparison.trials, check_exact=True)
    assert_frame_equal(read_trials(tmp_path / "trials.csv", one_run=True), comparison.trials, check_exact=True)


@settings(max_examples=6, deadline=None)
@given(scores=score_tables(), names=st.tuples(awkward, awkward))
def test_any_table_reads_back_to_the_byte(
    tmp_path_factory: pytest.TempPathFactory, scores: dict[str, np.ndarray], names: tuple[str, str]
) -> None:
    """Missing, censored and diverged values survive, and so do names with commas, quotes and newlines."""
    dataset, loss = names
    trials = finished(scores, dataset=dataset)
    text = trials_csv(trials.assign(loss=trials.loss.replace("mae", f"mae {loss}")))
    path = written(tmp_path_factory.mktemp("run"), text)
    assert trials_csv(read_trials(path)) == text


def test_a_loss_that_failed_reads_back_to_the_byte(tmp_path: Path) -> None:
    """A row that says what it was and why it failed, without a score, goes with the others of its run."""
    text = trials_csv(with_failed(TRIALS, "bce", 'ValueError: "no, not that"'))
    path = written(tmp_path, text)
    assert trials_csv(read_trials(path, one_run=True)) == text


def test_columns_may_stand_in_any_order(tmp_path: Path) -> None:
    """A file whose columns were moved about says the same."""
    backwards = [dict(reversed(row.items())) for row in csv.DictReader(io.StringIO(TEXT))]
    assert_frame_equal(read_trials(written(tmp_path, text_of(backwards))), TRIALS)


@settings(max_examples=10, deadline=None)
@given(lacking=st.sets(st.sampled_from([name for name in OPTIONAL if name != "accuracy"]), min_size=1))
def test_what_an_older_file_lacks_is_undefined(
    tmp_path_factory: pytest.TempPathFactory, lacking: set[str]
) -> None:
    """Whichever optional columns are missing, the others read as they are."""
    rows = [without(row, lacking) for row in csv.DictReader(io.StringIO(TEXT))]
    found = read_trials(written(tmp_path_factory.mktemp("old"), text_of(rows)))
    assert_frame_equal(found, TRIALS.assign(**dict.fromkeys(lacking)).astype(DTYPES))


@pytest.mark.parametrize("name", [name for name in COLUMNS if name not in OPTIONAL])
def test_a_required_column_that_is_missing_is_refused(tmp_path: Path, name: str) -> None:
    """The message names it."""
    rows = [without(row, {name}) for row in csv.DictReader(io.StringIO(TEXT))]
    assert refused(tmp_path, text_of(rows)).startswith(f" line 1: no column {name}; the file is of an older")


def test_the_score_that_judges_must_be_there(tmp_path: Path) -> None:
    """A file that says it is judged by a score has its column."""
    rows = [without(row, {"accuracy"}) for row in csv.DictReader(io.StringIO(TEXT))]
    assert refused(tmp_path, text_of(rows)).startswith(" line 2: the score is accuracy, and there is no column")


def test_what_a_spreadsheet_writes_is_read(tmp_path: Path) -> None:
    """A mark at the head, lines that end in CR LF, and whole numbers as 3.0 are no harm."""
    text = edited(1, epochs_to_plateau="8.0").replace("\n", "\r\n")
    assert_frame_equal(read_trials(written(tmp_path, "\ufeff" + text)), TRIALS)


@pytest.mark.parametrize("name", [name for name in WRITTEN if name != "failure"])  # which is any text, or none
def test_every_column_refuses_what_is_none_of_its_values(tmp_path: Path, name: str) -> None:
    """Each column has a wrong cell, and the message has its line, its column and what it should be."""
    wrong = "o.5" if READERS[name][0] != "a text" else ""
    message = refused(tmp_path, edited(2, **{name: wrong}))
    assert message.startswith(f" line 4: column {name}: '{wrong}' is n")
    assert READERS[name][0] in message


@pytest.mark.parametrize(
    ("cells", "words"),
    [
        ({"lr": "nan"}, "column lr: 'nan' is not a number"),
        ({"accuracy": "inf"}, "column accuracy: 'inf' is neither a number below 1e+150 nor empty"),
        ({"seed": "1.5"}, "column seed: '1.5' is not a whole number"),
        ({"seed": "9" * 30}, "is not a whole number"),
        ({"train_rows": "0"}, "column train_rows: '0' is not a whole number above zero"),
        ({"converged": "yes"}, "column converged: 'yes' is neither True or False nor empty"),
        ({"score": "acc"}, "column score: 'acc' is not a score: accuracy, f1"),
        ({"task": "ranking"}, "column task: 'ranking' is not a task: regression"),
        ({"status": "great"}, "column status: 'great' is not a status: ok, diverged, failed"),
        ({"epochs_to_target": ">50"}, "epochs_to_target is '>50' where converged is False: >20 is due"),
        ({"epochs_to_target": "7"}, "epochs_to_target is '7' where converged is False: >20 is due"),
        ({"epochs_to_target": ""}, "epochs_to_target is '' where converged is False: >20 is due"),
        ({"converged": "True"}, "epochs_to_target is '>20' where converged is True: a number is due"),
        ({"converged": ""}, "epochs_to_target is '>20' where converged is empty: an empty cell is due"),
    ],
)
def test_a_wrong_value_is_refused_with_its_line(tmp_path: Path, cells: dict[str, str], words: str) -> None:
    """The message has the line, the cell, what is due, and that the file is to be restored."""
    message = refused(tmp_path, edited(0, **cells))
    assert message.startswith(" line 2: ")
    assert words in message
    assert message.endswith("restore the file")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", ": the file is empty; run the comparison again"),
        (TEXT.split("\n")[0] + "\n", " line 1: no trials below the names of the columns"),
        ("a,b\n1,2\n", " line 1: not the columns of a trials.csv"),
        ("%PDF-1.4\n", " line 1: not the columns of a trials.csv"),
        (
            TEXT.replace("weights_hash,", "", 1),
            " line 1: no column weights_hash; the file is of an older lossbench",
        ),
        (TEXT.replace("test_rows", "test_rows,zeal", 1), " line 1: unknown column zeal; the file is of a newer"),
        (TEXT.replace("test_rows", "test_rows,seed", 1), " line 1: a column is there twice"),
        (TEXT.replace("bce", '"bce', 1), " line 2: no CSV (unexpected end of data)"),
        (TEXT.replace("\nmoons", "\n\nmoons", 1), " line 2: 0 cells under 61 columns; restore"),
        (TEXT.replace("moons,binary", "moons", 1), " line 2: 60 cells under 61 columns; restore"),
        (TEXT[:-30], " line 5: "),
        (TEXT[:-1], " line 5: no newline at its end, the file is cut short"),
        (TEXT + TEXT.splitlines()[2] + "\n", " line 6: repeats line 3; remove one of the two"),
    ],
    ids=lambda value: repr(value)[:40],
)
def test_what_is_no_trials_csv_is_refused(tmp_path: Path, text: str, words: str) -> None:
    """The message says what is wrong, in which line, and what to do."""
    assert refused(tmp_path, text).startswith(
        words.replace("61", str(len(WRITTEN))).replace("60", str(len(WRITTEN) - 1))
    )


def test_a_contradiction_names_both_lines_and_both_values(tmp_path: Path) -> None:
    """The same trial with another number is refused: which one is right is not for a program to say."""
    again = list(csv.DictReader(io.StringIO(TEXT)))[1] | {"f1": "0.125"}
    text = TEXT + text_of([again]).split("\n", 1)[1]
    message = refused(tmp_path, text)
    assert message.startswith(
        " line 6: contradicts line 3: the same trial with f1 '0.125' here and '0.45' there; "
    )


def test_a_trial_that_is_judged_by_two_scores_is_no_contradiction(tmp_path: Path) -> None:
    """As in an export of a store that two runs filled: it is said which rows to keep."""
    again = list(csv.DictReader(io.StringIO(TEXT)))[1] | {"score": "f1", "f1": "0.125"}
    message = refused(tmp_path, TEXT + text_of([again]).split("\n", 1)[1])
    assert message.startswith(" line 6: the trial of line 3 again, judged by f1 and there by accuracy; ")
    assert message.endswith("keep the rows of one")


def test_line_numbers_count_lines_and_not_rows(tmp_path: Path) -> None:
    """A name with a newline in it takes two lines, and the rows behind it are found where they stand."""
    rows = list(csv.DictReader(io.StringIO(edited(0, loss="my\nloss"))))
    rows[2]["test_rows"] = "0"
    assert refused(tmp_path, text_of(rows)).startswith(" line 5: column test_rows")


@settings(max_examples=25, deadline=None)
@given(cut=st.integers(1, len(TEXT) - 1))
def test_a_file_cut_inside_a_line_is_refused(tmp_path_factory: pytest.TempPathFactory, cut: int) -> None:
    """Wherever a file is cut but between two lines, it is refused."""
    text = TEXT[:cut]
    if not text.endswith("\n"):
        assert refused(tmp_path_factory.mktemp("cut"), text).startswith(" line ")


def test_a_file_cut_between_two_lines_is_noticed_by_its_manifest(comparison: Comparison, tmp_path: Path) -> None:
    """The manifest knows the bytes of the trials: a whole file gives no warning, a shorter one does."""
    comparison.save(tmp_path)
    assert not list(altered(tmp_path))
    path = tmp_path / "trials.csv"
    path.write_text("".join(path.read_text().splitlines(keepends=True)[:-2]))
    (remark,) = altered(path)
    assert f"{len(comparison.trials)} trials" in words(remark)


def test_a_file_that_is_not_there_is_refused_with_what_to_name(tmp_path: Path) -> None:
    """A missing file, and a folder without trials, name the file that is looked for."""
    for place, looked_for in ((tmp_path / "a.csv", "a.csv"), (tmp_path, "trials.csv")):
        with pytest.raises(DataError, match=f"no file {tmp_path}/{looked_for}; name a trials.csv, or the folder"):
            read_trials(place)
        with pytest.raises(DataError, match=f"no baseline at {tmp_path}/{looked_for}; .*--baseline-if-exists"):
            read_baseline(place)
        assert read_baseline(place, first=True) is None


def test_a_file_in_another_encoding_is_refused(tmp_path: Path) -> None:
    """Bytes that are not UTF-8 are refused with their place."""
    path = tmp_path / "trials.csv"
    path.write_bytes(TEXT.replace("moons", "möns").encode("latin-1"))
    with pytest.raises(DataError, match=r"trials\.csv: byte \d+ is not UTF-8"):
        read_trials(path)


@pytest.mark.parametrize(
    ("manifest", "words"),
    [
        ('{"schema": 99}', f"schema 99 is of a newer lossbench, this one reads up to {SCHEMA}; update it"),
        ("{", "cannot be read"),
    ],
)
def test_a_manifest_of_a_newer_version_is_refused(tmp_path: Path, manifest: str, words: str) -> None:
    """What a newer lossbench means by a column is not known, and a manifest that cannot be read may be of one."""
    written(tmp_path)
    (tmp_path / "manifest.json").write_text(manifest)
    with pytest.raises(DataError) as caught:
        read_baseline(tmp_path)
    assert str(caught.value).startswith(str(tmp_path / "manifest.json"))
    assert words in str(caught.value)


@pytest.mark.parametrize("content", [[], {}, {"schema": "x", "sha256": {"trials.csv": "0"}}])
def test_another_programs_manifest_is_left_alone(tmp_path: Path, content: object) -> None:
    """A `manifest.json` without a number as schema is none of ours."""
    written(tmp_path)
    (tmp_path / "manifest.json").write_text(json.dumps(content))
    assert read_manifest(tmp_path) is None
    assert_frame_equal(read_trials(tmp_path), TRIALS)


@pytest.mark.parametrize(
    ("name", "keys"),
    [
        ("data_hash", "dataset"),
        ("sampling", "dataset"),
        ("split_hash", "dataset, seed"),
        ("weights_hash", "dataset, seed, model"),
        ("order_hash", "dataset, seed, batch_size, epochs"),
        ("loss_hash", "task, loss"),
    ],
)
def test_losses_of_different_runs_are_not_compared(tmp_path: Path, name: str, keys: str) -> None:
    """Rows that differ in more than the loss may be read, and may not be compared with each other."""
    path = written(tmp_path, edited(3, **{name: "redrawn" if name == "sampling" else "other"}))
    assert len(read_trials(path)) == len(TRIALS)
    with pytest.raises(DataError, match=rf"line 5: contradicts line [234]: another {name} for the same {keys};"):
        read_trials(path, one_run=True)
