"""A file of an older lossbench, written before the last columns were added, still serves."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from lossbench.schema import COLUMNS, ON_REQUEST, TRIALS, USUAL

REFERENCE = Path(__file__).parents[2] / "results" / "reference" / "trials.csv"
NEWER = [name for name, column in TRIALS.items() if column.since > 2 and not (column.on_request or column.usual)]
SAME = ("compare", "-d", "iris", "-l", "ce,mse", "--seeds", "2", "--outliers", "0")
"""A part of the reference run."""


def cells(path: Path) -> pd.DataFrame:
    """Return the cells of a file as texts."""
    return pd.read_csv(path, dtype=str, keep_default_na=False)


@pytest.fixture(autouse=True)
def old(tmp_path: Path) -> pd.DataFrame:
    """Write that part of the committed reference as `old.csv`, without the newest columns, and give its cells."""
    part = cells(REFERENCE).query(
        "dataset == 'iris' and loss in ('ce', 'mse') and outlier_fraction == '0.0' and seed in ('0', '1')"
    )
    part = part.drop(columns=[*NEWER, *ON_REQUEST], errors="ignore")
    part.to_csv(tmp_path / "old.csv", index=False, lineterminator="\n")
    return part.reset_index(drop=True)


def test_it_is_a_baseline(inside: Callable) -> None:
    """The same run is held to it by the scores that it has."""
    outcome = inside(*SAME, "--baseline", "old.csv", "--fail-on", "accuracy:-0.5", "--csv", "new.csv")
    assert outcome.code == 0
    assert "passed against old.csv" in outcome.out


def test_a_rule_that_it_cannot_fail_is_refused_before_training(refusal: Callable) -> None:
    """A score that the baseline does not have never passes silently."""
    message = refusal(*SAME, "--baseline", "old.csv", "--fail-on", "matthews_corrcoef:-0.02")
    assert "rule 'matthews_corrcoef:-0.02': the baseline has no value for matthews_corrcoef" in message
    assert "make the baseline again, or state rules for other scores" in message


def test_it_is_compared_with_a_new_run(inside: Callable) -> None:
    """By a score that both have; one that only the new run has is refused, and the message says which run."""
    assert inside(*SAME, "--csv", "new.csv", "--quiet").code == 0
    assert inside("diff", "old.csv", "new.csv").code == 0
    refused = inside("diff", "old.csv", "new.csv", "--score", "matthews_corrcoef")
    assert (refused.code, refused.out) == (2, "")
    assert "error: A has no value for matthews_corrcoef" in refused.err


def test_what_is_made_again_has_empty_cells(inside: Callable, tmp_path: Path, old: pd.DataFrame) -> None:
    """The report is made, and the trials have all columns: the old ones as they were, the new ones empty."""
    assert inside("report", "old.csv", "-o", "again").code == 0
    again = cells(tmp_path / "again" / "trials.csv")
    assert tuple(again) == tuple(name for name in COLUMNS if name not in (*ON_REQUEST, *USUAL))
    assert (again[NEWER] == "").all(axis=None)
    pd.testing.assert_frame_equal(again[old.columns], old)
