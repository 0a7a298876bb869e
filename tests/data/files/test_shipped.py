"""The tables of the package lossbench-data, read from the folder `data/` of this repository."""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lossbench.data import load_dataset
from lossbench.data.files import shipped
from lossbench.errors import DataError, UnknownName
from lossbench.report.words.remark import words
from lossbench.spec import split_spec

DATA = Path(__file__).parents[3] / "data"
PLACE = DATA / "lossbench_data" / "tables"
NAMES = sorted(path.stem for path in PLACE.glob("*.toml"))
LARGEST = 3_000_000  # bytes of the whole package


def forget() -> None:
    """Forget the package, so that it is looked for anew."""
    shipped.tables.cache_clear()
    sys.modules.pop(shipped.PACKAGE, None)


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Path], None]]:
    """Give what installs the package of a folder, until the end of the test."""

    def install(folder: Path) -> None:
        forget()
        monkeypatch.syspath_prepend(folder)

    yield install
    forget()


@pytest.fixture
def installed(at: Callable[[Path], None]) -> None:
    """Install the package."""
    at(DATA)


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize("name", NAMES)
def test_a_table_is_what_stands_beside_it(name: str) -> None:
    """Its target, its task and its groups; version and hash of the file are recorded."""
    dataset, known = load_dataset(f"shipped:{name}"), shipped.tables()[name]
    assert dataset.task == known.task
    assert dataset.name == f"shipped:{name}"
    assert re.fullmatch(rf"lossbench-data \d+\.\d+\.\d+, {name}, sha256 [0-9a-f]{{16}}", dataset.version)
    assert f"read from the package {dataset.version}" in map(words, dataset.notes)
    grouped = [note for note in map(words, dataset.notes) if f"'{known.group}', no feature, makes" in note]
    assert len(grouped) == (known.group is not None)


@pytest.mark.usefixtures("installed")
def test_every_table_says_where_it_comes_from() -> None:
    """The page has source and statement of each, and each file its hash; all of it is small."""
    page, sums = (DATA / "SOURCES.md").read_text(encoding="utf-8"), (PLACE / "SHA256SUMS").read_text("utf-8")
    for name, table in shipped.tables().items():
        section = page.partition(f"\n## {name}\n")[2].partition("\n## ")[0]
        assert all(
            text in section for text in (table.summary, table.source, f'"{table.statement}"', table.changed)
        )
        assert f"  {name}.parquet\n" in sums
    assert len(re.findall("^## ", page, re.MULTILINE)) == len(NAMES) == len(list(PLACE.glob("*.parquet")))
    assert sum(path.stat().st_size for path in DATA.rglob("*") if path.is_file()) < LARGEST


def test_without_the_package() -> None:
    """There are no tables, and one that is asked for says how to get them."""
    forget()
    assert shipped.tables() == {}
    with pytest.raises(DataError, match="pip install lossbench-data"):
        load_dataset("shipped:penguins")


@pytest.mark.usefixtures("installed")
def test_a_table_that_there_is_not() -> None:
    """The nearest is named; what is said behind a name is read as of any table."""
    with pytest.raises(UnknownName, match="penguins"):
        load_dataset("shipped:penguin")
    assert load_dataset("shipped:penguins:target=body_mass_g").task == "regression"
    assert split_spec("shipped:penguins:target=sex")[0] == "shipped:penguins"


def test_a_table_that_was_changed_is_refused(at: Callable[[Path], None], tmp_path: Path) -> None:
    """Its hash is not the one that was recorded when it was made."""
    shutil.copytree(DATA / "lossbench_data", tmp_path / "lossbench_data")
    shutil.copy(PLACE / "engel.parquet", tmp_path / "lossbench_data" / "tables" / "statecrime.parquet")
    at(tmp_path)
    with pytest.raises(DataError, match="is not the table that was put into lossbench-data"):
        load_dataset("shipped:statecrime")
