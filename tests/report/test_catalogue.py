from __future__ import annotations

import re
from pathlib import Path

import pytest

from lossbench.errors import LossDoesNotFit
from lossbench.losses import catalogue
from lossbench.report.catalogue import (
    REMAKE,
    facts_about,
    losses_document,
    matrix,
    one_loss,
    record_data,
    record_row,
    whole_catalogue,
)
from lossbench.task import TASKS

DOCUMENT = Path(__file__).parents[2] / "docs" / "losses.md"


def test_docs_are_the_records() -> None:
    """docs/losses.md is what the records say."""
    assert DOCUMENT.read_text(encoding="utf-8") == losses_document(whole_catalogue()), (
        f"the records have changed; run: {REMAKE}"
    )


def test_docs_have_a_section_a_task_and_an_entry_a_loss() -> None:
    """In the order of the catalogue, with formula, source and every parameter."""
    sections = re.split(r"^## ", losses_document(whole_catalogue()), flags=re.M)[2:]
    assert [section.partition("\n")[0] for section in sections] == list(TASKS)
    for task, section in zip(TASKS, sections, strict=True):
        mine = [record for record in catalogue() if record.task == task]
        entries = re.split(r"^### ", section, flags=re.M)[1:]
        assert [entry.partition("\n")[0] for entry in entries] == [record.name for record in mine]
        for record, entry in zip(mine, entries, strict=True):
            texts = (record.summary, f"`{record.formula}`", record.source, record.facts.estimates)
            assert all(text in entry for text in texts)
            assert all(f"`{p.name}`: {p.description}" in entry for p in record.parameters)


def test_matrix_has_a_reason_where_there_is_no_loss() -> None:
    """A cell says core or yes where there is a record, and something else where there is none."""
    there = {(record.name, record.task): record for record in catalogue()}
    rows = matrix(whole_catalogue()).rows
    assert [row[0] for row in rows] == list(dict.fromkeys(record.name for record in catalogue()))
    for name, *cells in rows:
        for task, cell in zip(TASKS, cells, strict=True):
            record = there.get((name, task))
            expected = "core" if record and record.core else "yes"
            assert cell.startswith(expected) == (record is not None)
            assert cell


def test_matrix_says_which_targets_a_loss_needs() -> None:
    """A condition on the data stands beside the yes."""
    (cell,) = [row[1] for row in matrix(whole_catalogue()).rows if row[0] == "gamma"]
    assert cell == "yes, targets above zero"


def test_values_of_the_parameters_are_those_of_the_spec() -> None:
    """One loss is shown with the values that were given, all others with their defaults."""
    one = one_loss("barron:alpha=-2")
    (record,) = one.records
    assert one.values(record) == {"alpha": -2.0, "c": 1.0}
    assert [p["value"] for p in record_data(record, one.values(record))["parameters"]] == [-2.0, 1.0]
    assert record_row(record, one.values(record))["parameters"] == "alpha=-2, c=1"
    assert "here -2" in dict(facts_about(record, one.values(record)))["alpha"]
    assert whole_catalogue().values(record) == {"alpha": 1.0, "c": 1.0}


def test_a_loss_that_fits_no_task_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the reason on each."""
    monkeypatch.chdir(tmp_path)
    Path("mine.py").write_text("def f(p, t): return p.nothing")
    with pytest.raises(LossDoesNotFit, match=rf"fits no task\. {', '.join(TASKS)}: it"):
        one_loss("mine.py:f")
