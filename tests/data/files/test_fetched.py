"""What scikit-learn has fetched, from a cache as scikit-learn lays it out, without a network."""

from __future__ import annotations

import gzip
import hashlib
import json
import urllib.request
from pathlib import Path

import joblib
import numpy as np
import pytest

from lossbench.data import load_dataset
from lossbench.errors import BadValue, DataError, UnknownName
from lossbench.report.words.remark import words

ROWS = 40
API = "openml/openml.org/api/v1/json/data"


def put(home: Path, place: str, content: bytes) -> None:
    """Lay something into the cache, as scikit-learn does: packed, under the path of its address."""
    path = home / f"{place}.gz"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(content))


def arff() -> bytes:
    """A small table: a quantity, a word and a class."""
    random = np.random.default_rng(0)
    lines = [
        "@RELATION toy",
        "@ATTRIBUTE size REAL",
        "@ATTRIBUTE town {Ulm,Bern}",
        "@ATTRIBUTE class {bad,good}",
        "@DATA",
    ]
    lines += [
        f"{random.normal():.6f},{'Ulm' if row % 2 else 'Bern'},{'good' if row % 3 else 'bad'}"
        for row in range(ROWS)
    ]
    return ("\n".join(lines) + "\n").encode()


def record(home: Path, targets: tuple[str, ...] = ("class",)) -> None:
    """Record the answers of OpenML to a request for its data set 31, here a table of forty rows."""
    content = arff()
    about = {
        **{"id": "31", "name": "toy", "version": "1", "format": "ARFF", "status": "active", "description": "made"},
        **{"url": "https://www.openml.org/data/v1/download/31/toy.arff", "file_id": "31"},
        "md5_checksum": hashlib.md5(content).hexdigest(),
    }
    features = [
        {
            **{"index": str(place), "name": name, "data_type": kind, "is_target": str(name in targets).lower()},
            **{"is_ignore": "false", "is_row_identifier": "false", "number_of_missing_values": "0"},
        }
        for place, (name, kind) in enumerate([("size", "numeric"), ("town", "nominal"), ("class", "nominal")])
    ]
    qualities = [{"name": "NumberOfInstances", "value": str(ROWS)}]
    found = {"dataset": [{"did": 31, "name": "toy", "version": 1, "status": "active"}]}
    answers = {
        f"{API}/31": {"data_set_description": about},
        f"{API}/features/31": {"data_features": {"feature": features}},
        f"{API}/qualities/31": {"data_qualities": {"quality": qualities}},
        f"{API}/list/data_name/toy/limit/2/data_version/1": {"data": found},
        f"{API}/list/data_name/toy/limit/2/status/active/": {"data": found},
    }
    for place, answer in answers.items():
        put(home, place, json.dumps(answer).encode())
    put(home, "openml/openml.org/data/v1/download/31/toy.arff", content)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache of scikit-learn's."""
    monkeypatch.setenv("SCIKIT_LEARN_DATA", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize("spec", ["openml:31", "openml:toy@1", "openml:toy"])
def test_a_data_set_of_openml_is_a_table(home: Path, spec: str) -> None:
    """By number, or by name, with its own target; read with the notes of a table, and what it is stands in one."""
    record(home)
    dataset = load_dataset(spec)
    assert (dataset.task, dataset.classes, dataset.rows) == ("binary", ("bad", "good"), ROWS)
    assert dataset.feature_names == ("size", "town=Bern", "town=Ulm")
    assert dataset.version.startswith("OpenML 31, toy, version 1, md5 ")
    assert words(dataset.notes[0]) == f"read from scikit-learn's cache: {dataset.version}"
    assert any("'good' is the positive class" in words(note) for note in dataset.notes)


def test_another_target_and_the_other_keys_of_a_table_count(home: Path) -> None:
    """`:target=`, `:drop=`, `:class_weight=` are as for a file."""
    record(home)
    dataset = load_dataset("openml:31:target=town:drop=class:class_weight=balanced")
    assert (dataset.classes, dataset.feature_names, dataset.balanced) == (("Bern", "Ulm"), ("size",), True)


@pytest.mark.parametrize("targets", [(), ("town", "class")])
def test_a_data_set_without_one_target_wants_it_named(home: Path, targets: tuple[str, ...]) -> None:
    """None, or several, are no choice to be made silently."""
    record(home, targets)
    with pytest.raises(DataError, match="name the column to predict, as openml:31:target="):
        load_dataset("openml:31")
    assert load_dataset("openml:31:target=class").classes == ("bad", "good")


@pytest.mark.parametrize(
    ("spec", "line"),
    [
        ("openml:31", "fetch_openml; fetch_openml(data_id=31)"),
        ("openml:credit-g@1", "fetch_openml; fetch_openml(name='credit-g', version=1)"),
        ("sklearn:california_housing", "fetch_california_housing; fetch_california_housing(as_frame=True)"),
        ("sklearn:covtype", "fetch_covtype; fetch_covtype(as_frame=True)"),
    ],
)
def test_what_is_not_in_the_cache_is_refused(home: Path, spec: str, line: str) -> None:
    """One message, with the line that fills the cache; nothing asks the network, and later others may."""
    before = getattr(urllib.request, "_opener", None)
    with pytest.raises(DataError) as error:
        load_dataset(spec)
    assert (
        f'this line puts it there, or says that it does not exist: python -c "from sklearn.datasets import {line}"'
        in str(error.value)
    )
    assert getattr(urllib.request, "_opener", None) is before


def test_a_cache_that_is_damaged_is_refused(home: Path) -> None:
    """By the checksum that OpenML states, and by what cannot be unpacked."""
    record(home)
    put(home, "openml/openml.org/data/v1/download/31/toy.arff", arff().replace(b"Ulm", b"Bonn"))
    with pytest.raises(DataError, match="scikit-learn's cache"):
        load_dataset("openml:31")


@pytest.mark.parametrize("spec", ["openml:0", "openml:-3", "openml:31@2", "openml:a@b", "openml:@1"])
def test_an_id_that_cannot_be_one_is_refused(spec: str) -> None:
    """Without a look at the cache."""
    with pytest.raises(BadValue, match="is no data set of OpenML"):
        load_dataset(spec)


def test_a_table_that_scikit_learn_does_not_fetch_is_refused() -> None:
    """The message offers the nearest one."""
    with pytest.raises(UnknownName, match="did you mean 'california_housing'"):
        load_dataset("sklearn:california")


def test_california_housing_is_a_table(home: Path) -> None:
    """From the file that scikit-learn keeps of it, here with forty rows."""
    values = np.abs(np.random.default_rng(0).normal(5, 1, (ROWS, 9)))
    joblib.dump(values, home / "cal_housing_py3.pkz", compress=6)
    dataset = load_dataset("sklearn:california_housing")
    assert (dataset.task, dataset.classes, dataset.rows) == ("regression", ("MedHouseVal",), ROWS)
    np.testing.assert_allclose(dataset.target[:, 0], values[:, 0] / 100000)
