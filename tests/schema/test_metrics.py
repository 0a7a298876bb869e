"""Every metric of the schema is a function, and two columns."""

from __future__ import annotations

import pytest

from lossbench.metrics import anomaly, classification, distribution, embedding, regression, segmentation
from lossbench.metrics.score import Score
from lossbench.schema import METRICS, SCORES, TRIALS, at_best


def test_every_metric_has_its_function_and_every_function_its_metric() -> None:
    """One line and one function each, in the module of its task; a helper of theirs has an underscore."""
    own = {
        "regression": regression,
        "segmentation": segmentation,
        "distribution": distribution,
        "anomaly": anomaly,
        "embedding": embedding,
    }
    for module in (classification, *own.values()):
        mine = {name for name, metric in METRICS.items() if own.get(metric.tasks[0], classification) is module}
        there = {
            name: value
            for name, value in vars(module).items()
            if getattr(value, "__module__", "") == module.__name__ and name[0] != "_"
        }
        assert mine == there.keys()
        assert all(isinstance(function, Score) for function in there.values())


@pytest.mark.parametrize("name", METRICS)
def test_every_metric_has_a_column_at_the_best_epoch(name: str) -> None:
    """It is of the same kind, direction and tasks; margins are for the last epoch alone."""
    last, best = TRIALS[name], TRIALS[at_best(name)]
    assert {last.name, best.name} <= set(SCORES)
    for what in ("kind", "group", "tasks", "greater_is_better", "since", "optional", "needs"):
        assert getattr(last, what) == getattr(best, what)
    assert best.margin is None
