"""The columns of `trials.csv` are what the code has: the fields of a trial, the types of the data."""

from __future__ import annotations

from typing import get_args, get_type_hints

from lossbench.data.dataset import Sampling
from lossbench.plan.settings import make_settings
from lossbench.schema import COLUMNS, MARGINS, SCHEMA, TRIAL, TRIALS, USUAL
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
