"""Raw outputs become predictions through the link, and nothing else."""

from __future__ import annotations

from typing import get_args

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from lossbench.errors import BadValue
from lossbench.losses.record import Link
from lossbench.metrics.prediction import VALUES, Prediction, predict
from lossbench.task import TASKS

few = settings(max_examples=25, deadline=None)
LINKS = [link for link in get_args(Link) if link not in (*VALUES, "embedding")]
CLASSIFICATIONS = [task for task in TASKS if task != "regression"]
# Values that tie, sit on thresholds or saturate, besides ordinary ones.
outputs = st.sampled_from([0.0, 0.5, 1.0, -1.0, 2.0, 800.0, -800.0]) | st.floats(-5, 5)


def raw_outputs(columns: int) -> st.SearchStrategy[np.ndarray]:
    """Draw raw outputs of two models for up to six samples."""
    return st.integers(1, 6).flatmap(lambda n: arrays(np.float64, (2, n, columns), elements=outputs))


def parts(prediction: Prediction) -> dict[str, np.ndarray]:
    """Return every part that the prediction has."""
    found = {name: getattr(prediction, name) for name in ("decision", "probability", "ranking")}
    return {name: part for name, part in found.items() if part is not None}


@few
@given(raw=raw_outputs(1))
def test_two_outputs_through_softmax_are_one_through_sigmoid(raw: np.ndarray) -> None:
    """Softmax of (0, z) is sigmoid of z: same decision, probability and ranking."""
    one = predict(raw, "sigmoid", "binary")
    two = predict(np.concatenate([np.zeros_like(raw), raw], axis=-1), "softmax", "binary")
    for name, part in parts(one).items():
        np.testing.assert_array_equal(parts(two)[name], part)


@few
@given(raw=raw_outputs(3), shift=arrays(np.float64, (2, 1, 1), elements=st.floats(-50, 50)))
@pytest.mark.parametrize("task", ["multiclass", "multilabel"])
def test_softmax_ignores_a_constant_added_to_a_sample(task, raw: np.ndarray, shift: np.ndarray) -> None:
    """Raw outputs of a softmax are defined up to a constant for each sample; so are its predictions."""
    before, after = predict(raw, "softmax", task), predict(raw + shift, "softmax", task)
    np.testing.assert_allclose(after.probability, before.probability, atol=1e-12)
    np.testing.assert_allclose(after.ranking, before.ranking, atol=1e-9)


@few
@given(raw=raw_outputs(3))
@pytest.mark.parametrize("link", LINKS)
def test_class_probabilities_are_a_distribution_and_agree_with_the_decision(link, raw: np.ndarray) -> None:
    """Over several classes, probabilities sum to one and none exceeds that of the class decided for."""
    prediction = predict(raw, link, "multiclass")
    if link == "margin":
        assert prediction.probability is None
        return
    np.testing.assert_allclose(prediction.probability.sum(axis=-1), 1.0, atol=1e-12)
    assert (prediction.probability >= 0).all()
    chosen = np.take_along_axis(prediction.probability, prediction.decision.astype(int)[..., None], axis=-1)
    np.testing.assert_allclose(chosen[..., 0], prediction.probability.max(axis=-1), atol=1e-15)


@few
@given(raw=raw_outputs(3))
@pytest.mark.parametrize("link", ["sigmoid", "softmax", "clip", "signed"])
@pytest.mark.parametrize("task", ["binary", "multilabel"])
def test_positive_where_the_probability_exceeds_one_half(task, link, raw: np.ndarray) -> None:
    """A binary decision and a label are positive where the probability is above one half; ties are negative."""
    prediction = predict(raw[..., :1] if task == "binary" else raw, link, task)
    # Next to the threshold, rounding may bring the probability to one half exactly.
    clear = np.abs(prediction.probability - 0.5) > 1e-12
    np.testing.assert_array_equal(prediction.decision[clear], (prediction.probability > 0.5)[clear])


@pytest.mark.parametrize("link", LINKS)
def test_ties_go_to_the_first_class(link) -> None:
    """On the threshold, and between equal outputs, the first class is decided for."""
    threshold = 0.5 if link == "clip" else 0.0
    assert predict(np.full((1, 1, 1), threshold), link, "binary").decision.item() == 0
    assert predict(np.full((1, 1, 3), threshold), link, "multiclass").decision.item() == 0
    assert not predict(np.full((1, 1, 2), threshold), link, "multilabel").decision.any()


def test_classes_that_are_all_refused_are_equally_likely() -> None:
    """Where every clipped output is zero, the distribution is uniform."""
    prediction = predict(np.full((1, 1, 4), -1.0), "clip", "multiclass")
    np.testing.assert_array_equal(prediction.probability, np.full((1, 1, 4), 0.25))


@few
@given(raw=raw_outputs(2), poison=st.sampled_from([np.nan, np.inf, -np.inf]))
@pytest.mark.parametrize("task", CLASSIFICATIONS)
@pytest.mark.parametrize("link", LINKS)
def test_a_diverged_model_is_undefined_and_disturbs_nobody(task, link, poison, raw: np.ndarray) -> None:
    """One bad output makes its model NaN throughout, and leaves the neighbour's bits as they were."""
    bad = raw.copy()
    bad[0, 0, 0] = poison
    clean, mixed = parts(predict(raw, link, task)), parts(predict(bad, link, task))
    for name, part in mixed.items():
        assert np.isnan(part[0]).all()
        np.testing.assert_array_equal(part[1], clean[name][1])


@pytest.mark.parametrize("task", CLASSIFICATIONS)
@pytest.mark.parametrize("link", LINKS)
def test_the_largest_numbers_are_read_without_a_warning(task, link) -> None:
    """Outputs at both ends of float64 give a decision, and probabilities in [0, 1]."""
    raw = np.array([[[1.7e308, -1.7e308], [-1.7e308, 1.7e308]]])
    prediction = predict(raw, link, task)
    assert not np.isnan(prediction.decision).any()
    assert prediction.probability is None or ((prediction.probability >= 0) & (prediction.probability <= 1)).all()


def test_raw_outputs_of_another_shape_are_refused() -> None:
    """Without the axis of the models there is an error that says what to give."""
    with pytest.raises(BadValue, match=r"shape \(3, 1\); give \(models, samples, outputs\)"):
        predict(np.zeros((3, 1)), "sigmoid", "binary")


def test_a_classification_without_a_link_is_refused() -> None:
    """The identity makes no class of a number."""
    with pytest.raises(BadValue, match="'identity' makes no binary prediction"):
        predict(np.zeros((1, 3, 1)), "identity", "binary")
