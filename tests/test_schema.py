"""The schema is what the code has: the fields of a trial, the functions of the metrics, the types of the data."""

from __future__ import annotations

from typing import get_args, get_type_hints

import pytest

from lossbench.data.dataset import Sampling
from lossbench.metrics import anomaly, classification, distribution, embedding, regression, segmentation
from lossbench.metrics.score import Score
from lossbench.plan.settings import make_settings
from lossbench.schema import COLUMNS, MARGINS, METRICS, SCHEMA, SCORES, TRIAL, TRIALS, USUAL, at_best
from lossbench.training.trial import Trial


def test_the_settings_are_the_fields_of_a_trial() -> None:
    """Same names, same order, and a kind of cell for each type."""
    types = {"text": str, "number": float, "count": int, "whole": int}
    hints = get_type_hints(Trial)
    assert tuple(hints) == TRIAL
    assert tuple(name for name, column in TRIALS.items() if column.group == "setting") == TRIAL
    assert COLUMNS[: len(TRIAL) - len(USUAL)] == TRIAL[: -len(USUAL)]
    for name, hint in hints.items():
        assert types[TRIALS[name].kind] is (hint if isinstance(hint, type) else type(get_args(hint)[0]))


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


def test_what_a_file_may_lack_may_be_undefined() -> None:
    """An optional column has empty cells, or a usual text; what tells trials or runs apart has no empty cell."""
    for column in TRIALS.values():
        assert column.empty or bool(column.usual) == column.optional
        assert not (column.empty and column.usual)
        assert not (column.empty and (column.name in TRIAL or column.same_for))
        assert 1 <= column.since <= SCHEMA
        assert set(column.same_for) <= set(TRIAL)


def test_the_defaults_of_others_are_those_of_the_schema() -> None:
    """The shipped config states the margins, and the data sets the kinds of sampling."""
    assert dict(make_settings().margins) == MARGINS
    assert TRIALS["sampling"].choices == get_args(Sampling)
