"""Pairs of digits: no image of one part stands in another, and every class has its rows."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lossbench.data import load_dataset, make_fold
from lossbench.errors import BadValue


def halves(features: np.ndarray) -> set[bytes]:
    """Return every image of a digit that stands in pairs (rows, 128)."""
    images = features.reshape(-1, 8, 2, 8).transpose(0, 2, 1, 3).reshape(-1, 64)
    return {np.ascontiguousarray(image).tobytes() for image in images}


@settings(deadline=None, max_examples=10)
@given(seed=st.integers(0, 1000), classes=st.sampled_from([2, 10, 50, 100]), rows=st.sampled_from([5, 10, 20]))
def test_no_image_stands_in_two_parts(seed: int, classes: int, rows: int) -> None:
    """Source images are split before they are paired, each class 60/20/20."""
    table = load_dataset(f"digit_pairs:classes={classes}:rows={rows}").sample(seed)
    parts = [table.features[table.parts == part] for part in range(3)]
    images = [halves(part) for part in parts]
    assert len(set().union(*images)) == sum(map(len, images))
    counts = [np.bincount(table.target[table.parts == part], minlength=classes) for part in range(3)]
    assert [set(count.tolist()) for count in counts] == [{3 * rows // 5}, {rows // 5}, {rows // 5}]
    fold = make_fold(load_dataset(f"digit_pairs:classes={classes}:rows={rows}"), seed)
    assert [len(part.rows) for part in (fold.train, fold.validation, fold.test)] == [len(part) for part in parts]


def test_a_class_is_a_pair_of_digits() -> None:
    """Both halves are images of the digits that name the class."""
    digits = load_dataset("digits")
    known = {image.tobytes(): str(label) for image, label in zip(digits.features, digits.target, strict=True)}
    table = load_dataset("digit_pairs:classes=30:rows=5")
    for row, label in zip(table.features, table.target, strict=True):
        left, right = (np.ascontiguousarray(row.reshape(8, 2, 8)[:, side]).tobytes() for side in (0, 1))
        assert table.classes[label] == known[left] + known[right]


def test_digits_are_embedded_as_they_are() -> None:
    """The same images and classes as the table of many classes, under another task."""
    one, other = load_dataset("digits"), load_dataset("digit_images")
    assert (one.task, other.task) == ("multiclass", "embedding")
    np.testing.assert_array_equal(one.features, other.features)


@pytest.mark.parametrize("spec", ["digit_pairs:rows=12", "digit_pairs:classes=2.5", "digit_pairs:classes=101"])
def test_what_cannot_be_made_is_refused(spec: str) -> None:
    """Rows that cannot be split, and classes that are not there."""
    with pytest.raises(BadValue):
        load_dataset(spec)
