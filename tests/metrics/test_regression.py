"""Scores of regression are scikit-learn's, for all models at once."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn import metrics

from lossbench.metrics.prediction import predict
from lossbench.metrics.regression import mape, r2
from lossbench.metrics.scores import score_all
from lossbench.schema import METRICS

few = settings(max_examples=25, deadline=None)
values = st.integers(-20, 20).map(lambda i: i / 4) | st.floats(-100, 100, width=32)


def pair_by_pair(target: np.ndarray, said: np.ndarray) -> float:
    """Return the concordance by its definition, averaged over targets."""
    found = []
    for true, predicted in zip(target.T, said.T, strict=True):
        below = true[:, None] < true
        apart = np.sign(predicted - predicted[:, None])
        found.append((0.5 + apart / 2)[below].mean())
    return float(np.mean(found))


REFERENCE = {
    "r2": metrics.r2_score,
    "rmse": metrics.root_mean_squared_error,
    "mae": metrics.mean_absolute_error,
    "median_absolute_error": metrics.median_absolute_error,
    "mape": metrics.mean_absolute_percentage_error,
    "d2_pinball": metrics.d2_absolute_error_score,
    "concordance": pair_by_pair,
}


def pairs() -> st.SearchStrategy[tuple[np.ndarray, np.ndarray]]:
    """Draw targets (n, t) that are not zero, and predictions of two models (2, n, t)."""
    shapes = st.tuples(st.integers(2, 9), st.integers(1, 3))
    targets = values.filter(lambda value: abs(value) > 1e-6)
    return shapes.flatmap(
        lambda s: st.tuples(
            arrays(np.float64, s, elements=targets, fill=st.nothing()),  # no two rows are the same by design
            arrays(np.float64, (2, *s), elements=values),
        )
    )


@few
@given(pair=pairs())
def test_every_score_equals_scikit_learn(pair: tuple[np.ndarray, np.ndarray]) -> None:
    """All scores of all models are scikit-learn's on the same predictions, to 1e-10 of their size."""
    target, said = pair
    assume((np.ptp(target, axis=0) > 0.1).all())
    found = score_all("regression", target[None], predict(said, "identity", "regression"))
    assert found.keys() == REFERENCE.keys()
    for name, score in REFERENCE.items():
        expected = [score(target, model) for model in said]
        np.testing.assert_allclose(found[name], expected, rtol=1e-10, atol=1e-12, err_msg=name)


@few
@given(pair=pairs(), poison=st.sampled_from([np.nan, np.inf, -np.inf]))
def test_a_score_does_not_depend_on_the_neighbours(pair, poison: float) -> None:
    """A diverged model is NaN; the one beside it scores as it does alone, to the last bit."""
    target, said = pair
    alone = score_all("regression", target[None], predict(said[1:], "identity", "regression"))
    said[0, 0, 0] = poison
    beside = score_all("regression", target[None], predict(said, "identity", "regression"))
    for name, value in alone.items():
        assert np.isnan(beside[name][0])
        np.testing.assert_array_equal(beside[name][1], value[0], err_msg=name)


@pytest.mark.parametrize("constant", [0.1, 3.0])
def test_r2_of_a_constant_target_is_undefined(constant: float) -> None:
    """No variance, nothing to explain: NaN, also where rounding leaves a little variance, and for one sample."""
    for n in (1, 3):
        target = np.full((1, n, 1), constant)
        assert np.isnan(r2(target, predict(target + 1.0, "identity", "regression"))).all()


def test_mape_is_undefined_where_a_target_is_zero() -> None:
    """A relative error of zero is no number; never infinity, even where the prediction is right."""
    target = np.array([[[0.0], [1.0]], [[2.0], [1.0]]])
    np.testing.assert_array_equal(mape(target, predict(target, "identity", "regression")), [np.nan, 0.0])


def test_a_perfect_prediction_has_the_best_score() -> None:
    """Right to the last bit: every score is the best that its record states."""
    target = np.array([[[1.0, 2.0], [3.0, 4.0], [5.0, 7.0]]])
    for name, value in score_all("regression", target, predict(target, "identity", "regression")).items():
        assert value.item() == METRICS[name].best
