"""Small experiments, planned."""

from __future__ import annotations

from hypothesis import strategies as st

from lossbench.plan.experiment import Experiment, plan
from lossbench.plan.settings import make_settings


def planned(datasets: str | list[str], **changes: object) -> Experiment:
    """Plan a small experiment."""
    return plan(make_settings(datasets=datasets, **({"seeds": 1, "outliers": [0.0]} | changes)))


def some(*values: object) -> st.SearchStrategy[list]:
    """Some of the values, at least one."""
    return st.lists(st.sampled_from(values), min_size=1, unique=True)
