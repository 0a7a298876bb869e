"""On fresh tables of a law it is counted what a comparison on each of them promises."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from lossbench.errors import BadValue
from lossbench.selftest.tables import Analysis, calibrate, calibration, plan_tables
from lossbench.stats.estimate import Estimate

MIRRORED = ["pinball:tau=0.2", "pinball:tau=0.8"]


def judgements(truth: np.ndarray, spread: float, error: float, tables: int = 4000) -> list[Analysis]:
    """Return what tables say whose differences scatter by `spread` about the truth, and that state an error."""
    means = truth + np.random.default_rng(0).normal(scale=spread, size=(tables, len(truth)))
    estimates = [Estimate(mean, np.full(len(truth), error), np.full(len(truth), 1e6), 99) for mean in means]
    return [Analysis(found.interval(), found.p_value(), np.full(len(truth), 2.0)) for found in estimates]


@pytest.mark.parametrize(("error", "coverage", "false_rate"), [(1.0, 0.95, 0.05), (2.0, 0.9999, 0.0001)])
def test_what_is_stated_is_held_to_what_happens(error: float, coverage: float, false_rate: float) -> None:
    """A true error covers at its level, one twice too large nearly always; a shift of four errors is found."""
    found = calibration(judgements(np.zeros(3), 1.0, error), equal=True)
    assert found["coverage"] == pytest.approx(coverage, abs=0.01)
    assert found["false_rate"] == pytest.approx(false_rate, abs=0.01)
    shifted = calibration(judgements(np.array([0.0, 4.0 * error]), 1.0, error), equal=False)
    assert shifted["power"] > 0.95
    assert shifted["largest_difference"] == pytest.approx(4.0 * error, abs=0.1)
    assert shifted["half_width"] == pytest.approx(1.96 * error, rel=1e-3)
    assert "false_rate" not in shifted
    # Their intervals over seeds are ±2, so a difference of 2 is found by half of them.
    assert calibration(judgements(np.full(1, 2.0), 1.0, error), False)["power_over_seeds"] == pytest.approx(
        0.5, abs=0.03
    )


def test_one_function_by_two_roads_is_left_out() -> None:
    """A pair that never differs by a fiftieth of the usual width says nothing of coverage."""
    placebo = judgements(np.zeros(1), 1e-9, 1.0, tables=50)
    assert calibration(placebo, equal=False) == {"pairs": 0}


def test_every_metric_of_every_law_is_counted_and_jobs_mean_nothing() -> None:
    """One row a law and metric, rates in their intervals; two processes count what one does."""
    plan = plan_tables(["line:rows=60", "moons:rows=60"], None, "linear", tables=3, seeds=2, epochs=1)
    found, again = (pd.DataFrame(calibrate(plan, 3, jobs=jobs)) for jobs in (1, 2))
    assert found.equals(again)
    assert found.groupby("law").metric.count().to_dict() == {"line:rows=60": 7, "moons:rows=60": 13}
    known = found[found.pairs > 0]
    for name in ("coverage", "power"):
        assert ((known[f"{name}_low"] <= known[name]) & (known[name] <= known[f"{name}_high"])).all()


def test_losses_that_a_symmetry_makes_equal_are_seldom_told_apart() -> None:
    """Of forty tables on which two mirrored quantile losses are equal, at most a tenth are told apart by R²."""
    plan = plan_tables(["line:rows=80"], MIRRORED, "linear", tables=40, seeds=4, epochs=10)
    found = pd.DataFrame(calibrate(plan, 40, equal=True, jobs=1)).set_index("metric")
    assert found.false_rate["r2"] <= 0.1
    assert found.coverage["r2"] >= 0.85


@pytest.mark.parametrize(
    ("datasets", "losses", "tables", "said"),
    [
        (["iris"], None, 9, "fresh tables of 'iris' cannot be drawn"),
        (["moons"], ["bce"], 9, "there is only one loss to compare"),
        (["moons"], None, 1, "--tables is 1; give 2 to"),
    ],
)
def test_what_cannot_be_counted_is_refused(datasets, losses, tables, said) -> None:
    """A table, one loss, one table: one message, before any training."""
    with pytest.raises(BadValue, match=said):
        plan_tables(datasets, losses, "linear", tables=tables, seeds=2, epochs=1)
