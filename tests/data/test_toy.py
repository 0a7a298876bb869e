from __future__ import annotations

import pytest
from sklearn import datasets

from lossbench.data import load_dataset

NAMES = ["breast_cancer", "wine", "iris", "digits", "diabetes", "linnerud"]


@pytest.mark.parametrize("name", NAMES)
def test_toy_data_are_those_of_scikit_learn(name: str) -> None:
    """Numbers, order of rows, class labels and names are scikit-learn's, so that results can be compared."""
    ours, theirs = load_dataset(name), getattr(datasets, f"load_{name}")()
    assert (ours.features == theirs.data).all()
    assert (ours.target.reshape(theirs.target.shape) == theirs.target).all()
    assert ours.feature_names == tuple(map(str, theirs.feature_names))
    if "target_names" in theirs:
        assert ours.classes == tuple(map(str, theirs.target_names))
