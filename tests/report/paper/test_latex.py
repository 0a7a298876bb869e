"""The tables in LaTeX say what the summary says, and no name breaks them."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stats.runs import clean, finished

import lossbench
from lossbench.report.escape import latex
from lossbench.report.paper.latex import latex_cell, latex_tables, text_tables
from lossbench.report.table import Table
from lossbench.stats.findings import Findings
from lossbench.visible import visible
from report.paper.tex import balanced, rows_of, shown

few = settings(max_examples=5)
names = st.text("ab_-,$&#%{}[]*~^\\<>|`'\"é…²", min_size=1, max_size=12).map(lambda text: f"l{text}")


@given(st.text("ab_-,$&#%{}[]*~^\\<>|`'\"?!±²≥≤−…\n") | st.text())
def test_latex_shows_the_text(text: str) -> None:
    """Nothing in an escaped text is markup or a ligature, and it prints what can be seen of the text."""
    assert shown(latex(text)) == visible(text)


def three(first: str, second: str, third: str) -> Findings:
    """Return findings on three losses, the third far behind."""
    noise = np.random.default_rng(0).normal(scale=0.005, size=(3, 12))
    return Findings(clean({first: 0.9 + noise[0], second: 0.9 + noise[1], third: 0.6 + noise[2]}))


@few
@given(st.lists(names, min_size=3, max_size=3, unique=True), names)
def test_no_name_breaks_a_table(losses: list[str], dataset: str) -> None:
    """Under any names all is closed that was opened, rows have a cell a column, and names print as they are."""
    found = three(*losses)
    text = latex_tables(Findings(found.trials.assign(dataset=dataset)))
    assert balanced(text)
    head, *rows = rows_of(text)
    assert [len(row) for row in rows] == [len(head)] * 3
    assert {shown(row[0]) for row in rows} == set(map(visible, losses))


def test_letters_stand_where_they_tell_losses_apart() -> None:
    """Losses that share a letter are those of the summary; where all share one, none is printed."""
    told, alike = three("bce", "mse", "mae"), Findings(clean({"bce": [0.8, 0.9, 0.7], "mse": [0.8, 0.9, 0.7]}))
    head, *rows = rows_of(latex_tables(told))
    place = head.index("")
    letters = told.summary.set_index("loss").letters
    assert {row[0]: row[place] for row in rows} == letters.to_dict()
    assert "share a letter" in latex_tables(told)
    assert "letter" not in latex_tables(alike)


def test_every_table_and_every_loss_is_there(comparison: lossbench.Comparison) -> None:
    """There is a table for each data set and setting, and a row for each loss, in the order of the report."""
    text = latex_tables(comparison)
    assert text == comparison.to_latex().replace("".join(f"% {note}\n" for note in comparison.notes), "")
    assert len(re.findall(r"\\caption", text)) == len(comparison.answers)
    assert text.count(r"\toprule") == text.count(r"\midrule") == text.count(r"\bottomrule")
    assert balanced(text)


def test_labels_are_unique(comparison: lossbench.Comparison) -> None:
    """No two tables of a run have one label."""
    labels = re.findall(r"\\label\{(.*?)\}", comparison.to_latex())
    assert len(set(labels)) == len(labels)


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("0.977 ±0.014", r"$0.977 \pm 0.014$"),
        ("-5.31e-11 ±0.20e-11", r"$-5.31 \times 10^{-11} \pm 0.20 \times 10^{-11}$"),
        (">100 2/10", r"\textgreater{}$100$ $2$/$10$"),
        ("3 [2, 17]", "$3$ {[}$2$, $17${]}"),
        ("-", "--"),
        ("", ""),
    ],
)
def test_numbers_are_mathematics(text: str, written: str) -> None:
    """A minus is a minus, and a power of ten is one."""
    assert latex_cell(text, "accuracy") == written


def test_the_caption_says_what_the_signs_are() -> None:
    """Each sign that stands in a table is explained in its caption, and no other."""
    text = latex_tables(three("bce", "mse", "mae"))
    (caption,) = re.findall(r"\\caption\{(.*)\}", text)
    head, *rows = rows_of(text)
    place = max(number for number, name in enumerate(head) if name == "")
    found = {row[place] for row in rows} - {"ref."}
    assert found == {sign for sign in ("$+$", "$-$", "$=$", r"$\sim$") if f"{sign} " in caption}
    assert "on rows like these" in caption


def test_what_no_loss_has_is_no_column(comparison: lossbench.Comparison) -> None:
    """Without contamination there is no robustness, with it there is."""
    assert "robustness" not in latex_tables(three("bce", "mse", "mae"))
    assert "robustness" in latex_tables(comparison)


def test_too_few_data_sets_are_said() -> None:
    """A table of ranks over three data sets says that they can show nothing."""
    runs = [clean({"bce": [0.8, 0.7, 0.9], "mse": [0.7, 0.6, 0.8]}).assign(dataset=name) for name in "abc"]
    text = latex_tables(Findings(pd.concat(runs, ignore_index=True)))
    assert "With 3 data sets no difference can be significant" in text


def test_contamination_is_in_the_caption() -> None:
    """A run whose smallest share is not zero says of what the score is."""
    scores = {"bce": np.full((4, 2), 0.8), "mse": np.full((4, 2), 0.7)}
    assert r"10\,\% of the training part contaminated (label)" in latex_tables(
        Findings(finished(scores, shares=[0.1, 0.2]))
    )


@few
@given(st.lists(st.tuples(names, names), min_size=1, max_size=4))
def test_sentences_stand_in_a_table(rows: list[tuple[str, str]]) -> None:
    """A table of texts is closed as it was opened and prints them."""
    text = text_tables([Table("of texts", ("a", "b"), tuple(rows))], ["How to read it."])
    assert balanced(text)
    assert [tuple(map(shown, row)) for row in rows_of(text)[1:]] == [tuple(map(visible, row)) for row in rows]
