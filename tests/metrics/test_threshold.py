"""Class thresholds that are chosen: the best there is, and the link's own where there is nothing to choose."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lossbench.metrics.prediction import predict
from lossbench.metrics.scores import function_of
from lossbench.metrics.threshold import choose_by_label, choose_thresholds
from lossbench.schema import METRICS, THRESHOLDS_OF

ROWS = st.lists(st.tuples(st.booleans(), st.integers(-6, 6)), min_size=2, max_size=12)


def scored(name: str, target: np.ndarray, ranking: np.ndarray, threshold: float) -> float:
    """Return a score where rows above a threshold are called positive."""
    prediction = predict(ranking[None, :, None], "margin", "binary").at(np.array([threshold]))
    return float(function_of(METRICS[name])(target[None], prediction)[0])


@pytest.mark.parametrize("name", THRESHOLDS_OF["binary"])
@given(rows=ROWS, own=st.sampled_from([0.0, 0.5]))
def test_no_threshold_between_two_values_does_better(name: str, rows: list[tuple[bool, int]], own: float) -> None:
    """Neither the link's own nor any that parts the values has a higher score, by the score's own function."""
    target, ranking = np.array([one for one, _ in rows], int), np.array([two for _, two in rows], float)
    (chosen,) = choose_thresholds(name, target[None], ranking[None], own)
    values = np.unique(ranking)
    tried = [own, *((values[:-1] + values[1:]) / 2)]
    found = [scored(name, target, ranking, one) for one in tried]
    if np.isnan(found).all():  # one class only: nothing can be told
        assert chosen == own
        return
    assert scored(name, target, ranking, chosen) == pytest.approx(np.nanmax(found), abs=1e-12)
    equal = [one for one, score in zip(tried, found, strict=True) if score > np.nanmax(found) - 1e-12]
    assert abs(chosen - own) == min(abs(one - own) for one in equal)


@pytest.mark.parametrize("name", THRESHOLDS_OF["binary"])
@pytest.mark.parametrize("value", [-3.0, 0.0, 2.0])
def test_outputs_that_are_all_equal_leave_the_links_own(name: str, value: float) -> None:
    """A constant network has nothing between its values."""
    assert choose_thresholds(name, np.array([[0, 1, 1]]), np.full((1, 3), value), own=0.5) == 0.5


@pytest.mark.parametrize("name", THRESHOLDS_OF["segmentation"])
@given(
    pixels=st.lists(st.tuples(st.booleans(), st.integers(-6, 6)), min_size=9, max_size=9),
    own=st.sampled_from([0.0, 0.5]),
)
def test_masks_are_decided_where_their_own_score_is_best(
    name: str, pixels: list[tuple[bool, int]], own: float
) -> None:
    """Three images of three pixels, some without an object: no threshold that parts the values does better."""
    target, ranking = np.array(pixels, float).T.reshape(2, 1, 3, 3)
    (chosen,) = choose_thresholds(name, target, ranking, own)
    values = np.unique(ranking)
    tried = [own, *((values[:-1] + values[1:]) / 2)]
    prediction = predict(ranking, "margin", "segmentation")
    found = [float(function_of(METRICS[name])(target, prediction.at(np.array([one])))[0]) for one in tried]
    best = float(function_of(METRICS[name])(target, prediction.at(np.array([chosen])))[0])
    assert best == pytest.approx(max(found), abs=1e-12)
    equal = [one for one, score in zip(tried, found, strict=True) if score > max(found) - 1e-12]
    assert abs(chosen - own) == min(abs(one - own) for one in equal)


def test_of_two_thresholds_as_near_the_lower_is_chosen() -> None:
    """Rows that are perfectly parted on both sides of the link's own: the choice hangs on no order of rows."""
    target, ranking = np.array([[0, 1, 0, 1]]), np.array([[-2.0, -1.0, 1.0, 2.0]])
    assert choose_thresholds("accuracy", target, ranking, own=0.0) == -1.5
    assert choose_thresholds("accuracy", target[:, ::-1], ranking[:, ::-1], own=0.0) == -1.5


def test_a_model_that_diverged_has_no_threshold_and_disturbs_no_other() -> None:
    """NaN for it alone."""
    target, ranking = np.array([[0, 1], [0, 1]]), np.array([[np.nan, 1.0], [1.0, 3.0]])
    np.testing.assert_array_equal(choose_thresholds("f1", target, ranking, own=0.0), [np.nan, 2.0])


@pytest.mark.parametrize("name", THRESHOLDS_OF["multilabel"])
@given(rows=st.lists(st.tuples(*[st.tuples(st.booleans(), st.integers(-6, 6))] * 2), min_size=2, max_size=8))
def test_each_label_is_decided_as_two_classes_would_be(
    name: str, rows: list[tuple[tuple[bool, int], ...]]
) -> None:
    """Whatever the other labels are; and macro F1 is best where each is."""
    target, ranking = np.array(rows, float).transpose(2, 0, 1)
    found = choose_by_label(name, target[None], ranking[None], own=0.0)
    alone = [choose_thresholds(name, target[:, k][None], ranking[:, k][None], own=0.0) for k in (0, 1)]
    np.testing.assert_array_equal(found, np.stack(alone, axis=1))
    if name == "f1":
        prediction, score = predict(ranking[None], "sigmoid", "multilabel"), function_of(METRICS["f1"])
        best = score(target[None], prediction.at(found))[0]
        for first in np.unique(ranking[:, 0]):
            for second in np.unique(ranking[:, 1]):
                tried = score(target[None], prediction.at(np.array([[first, second]])))[0]
                every = (ranking > [first, second]).all()
                assert every or tried <= best + 1e-12
