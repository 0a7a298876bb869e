"""A finished comparison that the tests of the reports share."""

from __future__ import annotations

import pytest

import lossbench


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
