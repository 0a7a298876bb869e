"""The paragraph on methods says what a run was, no more, and cites what it names."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stats.runs import clean, with_failed

import lossbench
from lossbench.report.paper.methods import methods
from lossbench.report.save import manifest
from lossbench.results.remake import remake
from lossbench.stats.findings import Findings
from report.paper.tex import balanced

REFERENCE = Path(__file__).parents[3] / "results" / "reference"


@pytest.fixture(scope="module")
def reference() -> str:
    """Give the paragraph of the reference run."""
    run = remake(REFERENCE)
    assert run.manifest is not None
    return methods(run, run.manifest.content)


def test_every_citation_has_its_entry(reference: str) -> None:
    """What is cited stands in the BibTeX, once, and nothing stands there that is not cited."""
    cited = {key for keys in re.findall(r"\\citep\{(.*?)\}", reference) for key in keys.split(",")}
    entries = re.findall(r"^@misc\{(.*?),$", reference, re.MULTILINE)
    assert sorted(cited) == entries
    assert len(cited) > 30
    assert balanced(reference)


def test_it_says_what_the_run_was(reference: str) -> None:
    """Data sets with their units, protocol, tests, margins, estimand, losses that were left out, versions."""
    for fact in (
        "498 rows (breast\\_cancer)",
        "$n$ = 10 seeds each",
        "a hidden layer of 16 units (ReLU)",
        "10 repetitions (seeds 0--9)",
        "Adam~",
        "AdamW with a decay of 2",
        "10, 20 and 40\\,\\%",
        "0.01 in accuracy",
        "rows like these",
        "mape on friedman1",
        "PyTorch 2.",
        "Holm",
        "two one-sided tests",
    ):
        assert fact in reference, fact


def test_of_trials_alone_less_is_said() -> None:
    """Without a manifest nothing is said of versions, and a comment says why."""
    text = methods(Findings(clean({"bce": [0.8, 0.9, 0.7], "mse": [0.7, 0.9, 0.6]})), {})
    assert "no manifest.json" in text
    assert "Computed by" not in text
    assert "equivalent" in text


def test_two_losses_need_no_family() -> None:
    """What is not done is not said: correction, letters, contamination, tuning, ranks."""
    text = methods(Findings(clean({"bce": [0.8, 0.9, 0.7], "mse": [0.7, 0.9, 0.6]})), {})
    for word in ("Holm", "letter", "contaminated", "own rate", "Wilcoxon", "Not run"):
        assert word not in text
    alone = methods(Findings(clean({"bce": [0.8, 0.9, 0.7]})), {})
    assert "Differences are paired" not in alone


def test_a_score_without_margin_is_said() -> None:
    """Where none is declared, nothing is equivalent, and the reader is told."""
    trials = clean({"bce": [0.8, 0.9, 0.7], "mse": [0.7, 0.9, 0.6]})
    assert "No margin is declared for accuracy" in methods(Findings(trials, margins={}), {})


def test_failures_are_counted() -> None:
    """How many trainings did not end well, of how many."""
    trials = with_failed(clean({"bce": [0.8, 0.9, 0.7], "mse": [0.7, 0.9, 0.6]}), "mse")
    assert "3 failed of 6" in methods(Findings(trials), {})


def test_a_tuned_run_says_how_rates_were_chosen() -> None:
    """The grid, the score and the seeds of the choice are named; what a program would say is what a run says."""
    run = lossbench.compare("iris", ["ce", "mse"], seeds=2, epochs=2, outliers=0, lr=[0.01, 0.1], tune=True)
    text = methods(run, manifest(run, "lossbench compare"))
    assert "its own rate, chosen among 0.01 and 0.1" in text
    assert "% the run: lossbench compare" in text


@settings(max_examples=10)
@given(
    st.dictionaries(
        st.sampled_from(["command", "versions", "machine", "datasets", "protocols", "skipped", "partial"]),
        st.recursive(
            st.none() | st.integers() | st.text(),
            lambda inner: (
                st.lists(inner, max_size=3)
                | st.dictionaries(st.sampled_from(["torch", "dataset", "loss", "why", "system", "moons"]), inner)
            ),
        ),
    )
)
def test_no_manifest_breaks_it(content: dict[str, Any]) -> None:
    """Whatever stands in a manifest that somebody edited, the paragraph is LaTeX."""
    trials = clean({"b_c$e": np.linspace(0.5, 0.9, 4), "m&e": np.linspace(0.6, 0.9, 4)})
    assert balanced(methods(Findings(trials), content))


def test_rows_are_not_claimed_where_seeds_are_counted() -> None:
    """Of a table of which only the scores are known, seeds are counted, with the correction for shared rows."""
    runs = clean({"bce": [0.8, 0.9, 0.7], "mse": [0.7, 0.9, 0.6]}).assign(sampling="resplit", dataset="wine")
    text = methods(Findings(pd.DataFrame(runs)), {})
    assert "nadeau2003inference" in text
    assert "cameron2011robust" not in text
