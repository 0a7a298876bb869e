"""What all tests share."""

from __future__ import annotations

import pytest
from hypothesis import settings

import lossbench

# A law is no law about time, and the machine may be busy.
settings.register_profile("lossbench", deadline=None)
settings.load_profile("lossbench")


@pytest.fixture(scope="session")
def comparison() -> lossbench.Comparison:
    """Give a comparison of three losses on two data sets, where one loss does not fit and one rate diverges."""
    return lossbench.compare(
        ["diabetes", "iris"],
        ["mse", "mae", "huber:delta=1.35"],
        models="linear",
        optimizers="sgd",
        lr=[0.01, 1e6],
        seeds=3,
        epochs=4,
        outliers=[0, 0.2],
    )
