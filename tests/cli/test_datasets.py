from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pandas as pd
import pytest

from lossbench.data import load_dataset, records
from lossbench.data.files.shipped import PACKAGE, tables

DATA = Path(__file__).parents[2] / "data"


@pytest.fixture
def install(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], None]]:
    """Give what installs lossbench-data, until the end of the test."""

    def now() -> None:
        monkeypatch.syspath_prepend(DATA)
        tables.cache_clear()

    tables.cache_clear()
    yield now
    tables.cache_clear()
    sys.modules.pop(PACKAGE, None)


def test_the_list_is_the_catalogue(inside: Callable) -> None:
    """Every data set is listed with its task, within 100 columns."""
    outcome = inside("datasets")
    rows = [line.split() for line in outcome.out.splitlines()]
    for record in records():
        assert any(row[:2] == [record.name, record.task] for row in rows)
    assert max(map(len, outcome.out.splitlines())) <= 100
    assert (outcome.code, outcome.err) == (0, "")


@pytest.mark.parametrize("record", [one for one in records() if one.installed], ids=lambda record: record.name)
def test_a_data_set_is_shown_whole(inside: Callable, record: object) -> None:
    """Rows, features, classes, hash, source and every parameter."""
    dataset = load_dataset(record.name)
    shown = " ".join(inside("datasets", record.name).out.split())
    for words in (str(dataset.rows), dataset.feature_names[0], dataset.digest, record.source):
        assert words in shown
    for parameter in record.parameters:
        assert parameter.description in shown


def test_a_users_table_is_shown_as_it_is_trained_on(inside: Callable, sales: pd.DataFrame) -> None:
    """The inferred task and everything that was done to the table is said."""
    shown = inside("datasets", "sales.csv:target=price").out
    assert shown.startswith("sales.csv:target=price (regression)\n")
    assert f"rows        {len(sales)}" in shown
    assert "'price' is a quantity (regression)" in shown


def test_a_users_table_is_named_alike_everywhere(inside: Callable, tmp_path: Path) -> None:
    """The options of a table hold commas of their own on the command line, and in a config."""
    rows = "".join(f"P{i};{i / 7:.3f};{i % 5}\n".replace(".", ",") for i in range(40))
    (tmp_path / "own.csv").write_text("id;a;y\n" + rows)
    spec = "own.csv:target=y:drop=id:sep=;:decimal=,"
    (tmp_path / "own.toml").write_text(f'datasets = ["{spec}", "iris"]\n')
    plans = (
        inside("compare", "-d", "own.csv:drop=id:target=y:sep=;:decimal=,", "-d", "iris", "--dry-run"),
        inside("compare", "-d", f"iris,{spec}", "--dry-run"),
        inside("compare", "-c", "own.toml", "--dry-run"),
    )
    for plan in plans:
        assert plan.code == 0
        assert "iris" in plan.out
        assert "own.csv:" in plan.out
    assert "left out, as drop= says: 'id'" in inside("datasets", spec).out


def test_an_unknown_data_set_is_refused(refusal: Callable) -> None:
    """The nearest name is offered."""
    assert "unknown data set 'irsi'; did you mean 'iris'?" in refusal("datasets", "irsi")


def test_the_tables_of_lossbench_data(inside: Callable, tmp_path: Path, install: Callable) -> None:
    """Without the package one line says how to get it; with it they are listed, and a run says which it was."""
    short = ("-l", "mse,mae", "-m", "linear", "--seeds", "2", "--epochs", "2", "--outliers", "0", "--quiet")
    refused = inside("compare", "-d", "shipped:engel", *short)
    assert (refused.code, refused.err.count("\n")) == (2, 1)
    assert "pip install lossbench-data" in refused.err
    assert "pip install lossbench-data" in inside("datasets").out
    install()
    listed, shown = inside("datasets").out, inside("datasets", "shipped:penguins").out
    assert "shipped:penguins" in listed
    assert "shipped:engel" in listed
    assert '  licence     "Data are available by CC-0' in shown
    assert inside("compare", "-d", "shipped:engel", *short, "-o", "run").code == 0
    assert '"version": "lossbench-data' in (tmp_path / "run" / "manifest.json").read_text()
