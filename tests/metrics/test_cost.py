"""The cost of decisions is the mean of a matrix over the table of confusion."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.metrics import confusion_matrix

from lossbench.data import load_dataset
from lossbench.errors import BadValue
from lossbench.metrics.cost import cost_score
from lossbench.metrics.prediction import predict


@given(
    costs=arrays(np.float64, (3, 3), elements=st.integers(0, 9).map(float)),
    rows=st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2)), min_size=1, max_size=20),
)
def test_it_is_the_mean_over_the_table_of_confusion(costs: np.ndarray, rows: list[tuple[int, int]]) -> None:
    """A row is a true class and a column a decision, as scikit-learn has them; right decisions may cost too."""
    target, decided = np.array(rows).T
    metric = cost_score(costs.tolist(), load_dataset("iris"))
    prediction = predict(np.stack([np.eye(3)[decided], np.full((len(rows), 3), np.nan)]), "clip", "multiclass")
    found, rows_of_it = (
        metric.function(target[None], prediction),
        metric.function.contributions(target[None], prediction),
    )
    table = confusion_matrix(target, decided, labels=range(3))
    assert found[0] == pytest.approx((table * costs).sum() / len(rows))
    np.testing.assert_array_equal(rows_of_it[0], costs[target, decided])
    assert np.isnan(found[1])
    assert not metric.greater_is_better


def test_costs_must_fit_the_classes() -> None:
    """The message has the classes; other tasks have none."""
    with pytest.raises(BadValue, match=r"3 rows of 3, and 'moons' has 2 classes \(upper, lower\)"):
        cost_score(np.ones((3, 3)), load_dataset("moons"))
    with pytest.raises(BadValue, match="'diabetes' is regression, and a cost is of classes"):
        cost_score(np.ones((2, 2)), load_dataset("diabetes"))


def test_other_costs_have_another_hash() -> None:
    """Runs with different matrices are not compared."""
    codes = {cost_score(costs, load_dataset("moons")).code for costs in ([[0, 1], [10, 0]], [[0, 1], [9, 0]])}
    assert len(codes) == 2
