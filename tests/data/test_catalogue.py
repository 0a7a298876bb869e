from __future__ import annotations

import dataclasses
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from lossbench.data import load_dataset, records
from lossbench.data.catalogue import DatasetRecord
from lossbench.errors import BadValue, DataError, UnknownName
from lossbench.spec import numbers
from lossbench.task import VALUED

RECORDS = [record for record in records() if record.installed]
NAMES = [record.name for record in RECORDS]
every_record = pytest.mark.parametrize("record", RECORDS, ids=NAMES)


def test_names_are_unique() -> None:
    """A name stands for one data set."""
    assert len(set(NAMES)) == len(NAMES)


@every_record
def test_records_keep_their_word(record: DatasetRecord) -> None:
    """A data set has the task, shapes, types and names that its record and the `Dataset` contract promise."""
    dataset = load_dataset(record.name)
    assert (dataset.name, dataset.task) == (record.name, record.task)
    assert dataset.features.shape == (dataset.rows, len(dataset.feature_names))
    assert dataset.features.dtype == np.float64
    assert np.isfinite(dataset.features).all()
    if dataset.task in VALUED:
        assert dataset.target.shape == (dataset.rows, dataset.targets)
        assert dataset.target.dtype == np.float64
        assert (dataset.target.std(axis=0) > 0).all()
    else:
        assert dataset.target.dtype == np.int64
    if dataset.task in ("binary", "multiclass"):
        assert set(dataset.target.tolist()) == set(range(len(dataset.classes)))
        assert (len(dataset.classes) == 2) == (dataset.task == "binary")
    if dataset.image_shape is not None:
        assert np.prod(dataset.image_shape) == dataset.features.shape[1]
    if dataset.task == "anomaly":
        assert set(np.unique(dataset.target)) == {0, 1}
        assert dataset.features.min() >= 0.0
        assert dataset.features.max() <= 1.0
    if dataset.task == "multilabel":
        assert dataset.target.shape == (dataset.rows, len(dataset.classes))
        assert set(np.unique(dataset.target)) == {0, 1}


@every_record
def test_records_are_documented(record: DatasetRecord) -> None:
    """Every record has a summary, a source, and parameters whose defaults are allowed and explained."""
    assert record.summary.endswith(".")
    assert record.source
    for parameter in record.parameters:
        assert parameter.accepts(parameter.default)
        assert parameter.meaning


@every_record
def test_a_data_set_is_one_fixed_table(record: DatasetRecord) -> None:
    """Making it twice, or writing the defaults out, gives the same numbers to the last bit."""
    spelt = ":".join([record.name, *(f"{p.name}={p.default}" for p in record.parameters)])
    first, written_out = load_dataset(record.name), load_dataset(spelt)
    again = record.load(**numbers(record.name, {}, record.parameters))
    assert first.digest == again.digest == written_out.digest
    assert written_out.name == spelt


@every_record
def test_nobody_writes_into_what_others_load(record: DatasetRecord) -> None:
    """A named data set is made once, and its arrays are read-only."""
    dataset = load_dataset(record.name)
    assert load_dataset(record.name) is dataset
    for array in (dataset.features, dataset.target):
        with pytest.raises(ValueError, match="read-only"):
            array[:] = 0


def test_a_table_is_read_each_time(tmp_path: Path) -> None:
    """A file is read anew at each call, as it may have changed."""
    file = tmp_path / "shop.csv"
    for offset in (0, 1):
        file.write_text("price,sales\n" + "".join(f"{row},{row / 2 + offset}\n" for row in range(12)))
        assert load_dataset(f"{file}:target=sales").target[0] == offset


@every_record
def test_one_number_changes_the_digest(record: DatasetRecord) -> None:
    """The smallest change of one feature or one target changes the digest."""
    dataset = load_dataset(record.name)
    features, target = dataset.features.copy(), dataset.target.copy()
    features[-1, -1] = np.nextafter(features[-1, -1], np.inf)
    target.flat[-1] += 1
    assert dataclasses.replace(dataset, features=features).digest != dataset.digest
    assert dataclasses.replace(dataset, target=target).digest != dataset.digest
    assert dataclasses.replace(dataset, features=dataset.features.copy()).digest == dataset.digest


@pytest.mark.parametrize(
    ("spec", "error", "message"),
    [
        (
            "irsi",
            UnknownName,
            "unknown data set 'irsi'; did you mean 'iris'?.*or a file as file.csv:target=column",
        ),
        ("iris:rows=3", UnknownName, "'iris:rows=3': unknown parameter 'rows'"),
        ("moons:nois=1", UnknownName, "did you mean 'noise'?"),
        ("moons:noise=-1", BadValue, r"noise=-1 is out of range; give a number in \[0, 100\]"),
        ("moons:noise=loud", BadValue, "noise=loud is not a number"),
        ("moons:rows=60.5", BadValue, "rows=60.5 is not a whole number; give one such as 60"),
        ("moons:rows=10", BadValue, r"rows=10 is out of range; give a number in \[50, 1e\+06\]"),
        ("imbalanced:positives=0", BadValue, r"give a number in \(0, 0.5\]"),
        ("imbalanced:positives=0.6", BadValue, r"give a number in \(0, 0.5\]"),
        ("imbalanced:positives=0.004", BadValue, "makes 4 positive rows; a split needs 5, so give more rows"),
    ],
)
def test_bad_specs_are_refused(spec: str, error: type[Exception], message: str) -> None:
    """The error for a wrong spec says what is wrong and what would be right."""
    with pytest.raises(error, match=message):
        load_dataset(spec)


def test_a_table_that_was_drawn_is_not_drawn_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process keeps the tables of the last seeds, as many as there is room for, and the last one at least."""
    law = load_dataset("line:rows=70")
    monkeypatch.setattr("lossbench.data.catalogue.KEPT", 3 * law.features.nbytes)
    first, *_, last = [law.sample(seed) for seed in range(1, 4)]
    assert law.sample(1) is first
    assert law.sample(3) is last
    law.sample(4)  # in the place of 2, which was asked for longest ago
    assert law.sample(1) is first
    law.sample(2)  # in the place of 3
    assert law.sample(3) is not last
    assert law.sample(3).digest == last.digest
    monkeypatch.setattr("lossbench.data.catalogue.KEPT", 0)
    assert law.sample(5) is law.sample(5)


@pytest.mark.parametrize("spec", ["sales.csv:target=y", "folder/iris", "./iris", "iris.data"])
def test_what_looks_like_a_path_is_one(spec: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A name with a folder or a suffix is a file; the error for a missing one has its absolute path."""
    monkeypatch.chdir(tmp_path)
    absolute = Path(spec.partition(":")[0]).absolute()
    with pytest.raises(DataError, match=f"no file {absolute}; check the path"):
        load_dataset(spec)


def test_a_folder_is_no_table(tmp_path: Path) -> None:
    """The error for a folder says that it is one."""
    with pytest.raises(DataError, match=f"{tmp_path} is a folder; name a file in it"):
        load_dataset(f"{tmp_path}:target=y")


def test_the_catalogue_is_light() -> None:
    """Listing the data sets loads neither scikit-learn nor pandas nor torch."""
    code = (
        "import sys; from lossbench.data import records; [r.summary for r in records()]; "
        "print(sorted({'sklearn', 'pandas', 'torch', 'scipy'} & set(sys.modules)))"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
