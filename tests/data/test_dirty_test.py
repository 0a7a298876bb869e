"""Test data dirtier than training data: the features of a share of the test rows are moved."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lossbench.data import Fold, contaminate, load_dataset, make_fold
from lossbench.data.contamination import AT_TEST, KINDS, OUTLIER_SIZE, contaminate_test, kinds_of
from lossbench.errors import BadValue
from lossbench.task import TASKS

FOLD = make_fold(load_dataset("digits"), 0)  # some pixels never differ
shares = st.floats(0, 0.9)


def moves(kind: str, fraction: float, seed: int = 0, fold: Fold = FOLD) -> np.ndarray:
    """What is added to the features of the test rows."""
    return contaminate_test(fold, kind, fraction, seed) - fold.test.features


@pytest.mark.parametrize("kind", AT_TEST)
@given(first=shares, second=shares)
def test_the_share_is_moved_and_shares_are_nested(kind: str, first: float, second: float) -> None:
    """So many rows, by five standard deviations in every column that differs; a smaller share is in it."""
    low, high = sorted((first, second))
    few, many = moves(kind, low), moves(kind, high)
    moving = np.ptp(FOLD.train.features, axis=0) > 0
    assert (many != 0).any(axis=1).sum() == round(high * len(many))
    np.testing.assert_allclose(np.abs(many[(many != 0).any(axis=1)][:, moving]), OUTLIER_SIZE)
    assert not many[:, ~moving].any()
    np.testing.assert_array_equal(few[few != 0], many[few != 0])


@pytest.mark.parametrize("kind", AT_TEST)
def test_training_stays_clean(kind: str) -> None:
    """The training part is what it is, to the object; another seed moves other rows."""
    assert contaminate(FOLD, kind, 0.5, 0) == (FOLD.train.features, FOLD.train.target)
    assert ((moves(kind, 0.3, 0) != 0) != (moves(kind, 0.3, 1) != 0)).any()


def test_one_sided_moves_up() -> None:
    """And the other kind to both sides."""
    assert (moves("feature_one_sided_at_test", 0.5) >= 0).all()
    assert (moves("feature_at_test", 0.5) < 0).any()


def test_they_are_kinds_of_the_tasks_whose_features_can_be_moved() -> None:
    """Wherever training rows can be moved, test rows can."""
    for task in TASKS:
        for kind in AT_TEST:
            assert (kind in kinds_of(task)) == (kind.removesuffix("_at_test") in kinds_of(task))
    assert set(AT_TEST) < set(KINDS)
    with pytest.raises(BadValue, match="a segmentation data set has no 'feature_at_test' contamination"):
        contaminate_test(make_fold(load_dataset("discs:images=20"), 0), "feature_at_test", 0.1, 0)
