"""The notebooks of the docs run, and show what they say they show."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import matplotlib
import pytest
from notebook import DOCS, code_cells, run_notebook

matplotlib.use("agg")
NOTEBOOKS = sorted(DOCS.glob("*.ipynb"))


def kinds(cell: dict[str, Any]) -> list[list[str]]:
    """Return what kinds of things a cell shows."""
    return [[one["output_type"], *sorted(one.get("data", ()))] for one in cell["outputs"]]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=[path.name for path in NOTEBOOKS])
def test_a_notebook_runs(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every cell runs, in order and from nothing, and shows the kinds of things that the file holds."""
    monkeypatch.chdir(tmp_path)
    stored = json.loads(path.read_text(encoding="utf-8"))
    run = run_notebook(path)
    assert [*map(kinds, code_cells(run))] == [*map(kinds, code_cells(stored))]
    assert [cell["execution_count"] for cell in code_cells(stored)] == [*range(1, len(code_cells(stored)) + 1)]
    assert list(tmp_path.iterdir()) == []


def test_there_is_one() -> None:
    """A first look at the package is among the docs, and small enough to be read on a page."""
    assert [path.name for path in NOTEBOOKS] == ["first-look.ipynb"]
    assert all(path.stat().st_size < 400_000 for path in NOTEBOOKS)
