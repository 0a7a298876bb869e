"""Scores of masks against scikit-learn's, image by image; what an empty mask has."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn import metrics

from lossbench.metrics import classification, segmentation
from lossbench.metrics.prediction import predict

MASKS = arrays(np.int64, (4, 6), elements=st.integers(0, 1))


@given(target=MASKS, said=MASKS)
def test_scores_are_scikit_learn_s_of_each_image(target: np.ndarray, said: np.ndarray) -> None:
    """F1 and Jaccard of an image's pixels, 1 where both masks are empty, and the mean over images."""
    prediction = predict((2.0 * said - 1)[None], "sigmoid", "segmentation")
    for name, theirs in (("dice", metrics.f1_score), ("iou", metrics.jaccard_score)):
        wanted = [theirs(*image, zero_division=1.0) for image in zip(target, said, strict=True)]
        score = getattr(segmentation, name)
        np.testing.assert_allclose(score(target[None], prediction), np.mean(wanted))
        np.testing.assert_allclose(score.contributions(target[None], prediction)[0], wanted)
    np.testing.assert_allclose(classification.accuracy(target[None], prediction), (target == said).mean())


@pytest.mark.parametrize(("true", "said", "score"), [(0, 0, 1.0), (0, 1, 0.0), (1, 0, 0.0), (1, 1, 1.0)])
@pytest.mark.parametrize("name", ["dice", "iou"])
def test_empty_masks_are_defined(name: str, true: int, said: int, score: float) -> None:
    """Nothing there and nothing seen is right; something seen there is wrong, and so is a missed object."""
    prediction = predict(np.full((1, 1, 5), 2.0 * said - 1), "sigmoid", "segmentation")
    assert getattr(segmentation, name)(np.full((1, 1, 5), true), prediction) == score


@given(target=MASKS, said=MASKS)
def test_iou_follows_from_dice_in_each_image(target: np.ndarray, said: np.ndarray) -> None:
    """Dice / (2 - Dice)."""
    prediction = predict((2.0 * said - 1)[None], "sigmoid", "segmentation")
    dice, iou = (score.contributions(target[None], prediction) for score in (segmentation.dice, segmentation.iou))
    np.testing.assert_allclose(iou, dice / (2 - dice))
