"""Tables are named by what tells them apart."""

from __future__ import annotations

import math
from dataclasses import replace

from lossbench.report.answer.place import places
from report.answer.made import PLAIN, made


def test_settings_are_named_where_they_tell_tables_apart() -> None:
    """A setting that differs only between data sets is no name of a table; one within a data set is."""
    one = made({"mse": "equivalent"})
    named = [
        one,
        replace(one, setting=PLAIN | {"model": "mlp:4"}),
        replace(one, dataset="iris", setting=PLAIN | {"optimizer": "sgd"}),
    ]
    assert places(named[:2]) == ["moons, linear", "moons, mlp:4"]
    assert places([named[0], named[2]]) == ["moons", "iris"]


def test_a_table_at_own_rates_is_named_so() -> None:
    """Where each loss has its own rate, the table has none."""
    one = made({"mse": "equivalent"}, view="tuned", setting=PLAIN | {"lr": math.nan})
    assert places([one]) == ["moons, each loss at its own lr"]
