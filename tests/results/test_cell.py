"""A text in a CSV file is no formula to a spreadsheet, and reads back as itself."""

from __future__ import annotations

import io

import pandas as pd
from hypothesis import example, given
from hypothesis import strategies as st

from lossbench.results.cell import from_cell, to_cell
from lossbench.results.write import csv_text
from lossbench.visible import visible

texts = st.text("'=+-@a1.e ", max_size=6) | st.text(max_size=6)


@given(texts)
@example("=cmd|' /C calc'!A0")
@example("'=1+1")
@example("-0.5")
def test_a_text_comes_back_and_computes_nothing(text: str) -> None:
    """Marks that the text had of its own are kept; a number needs none."""
    cell = to_cell(text)
    assert from_cell(cell) == visible(text)
    assert cell[:1] not in "=+-@" or len(cell) < 2 or isinstance(float(cell), float)


def test_numbers_and_undefined_cells_are_as_they_were() -> None:
    """Only texts get a mark, in whatever column they stand."""
    frame = pd.DataFrame({"=name": ["-x", "mse", None], "mixed": [-0.5, None, "@b"], "x": [-1.5, 2.0, None]})
    found = pd.read_csv(io.StringIO(csv_text(frame)), dtype=str, keep_default_na=False)
    assert found.to_numpy().tolist() == [["'-x", "-0.5", "-1.5"], ["mse", "", "2.0"], ["", "'@b", ""]]
