from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import datasets

from lossbench.data import load_dataset
from lossbench.randomness import stream

SAME = {
    "moons": lambda rows, state: datasets.make_moons(rows, noise=0.3, random_state=state),
    "friedman1": lambda rows, state: datasets.make_friedman1(rows, noise=1.0, random_state=state),
    "multilabel": lambda rows, state: datasets.make_multilabel_classification(
        rows, n_labels=2, random_state=state
    ),
    "imbalanced": lambda rows, state: datasets.make_classification(
        rows, 10, n_informative=4, n_redundant=2, weights=[1 - 0.1], flip_y=0, random_state=state
    ),
}
"""By name of a law that is scikit-learn's, what draws it there."""


@settings(deadline=None, max_examples=25)
@given(rows=st.integers(50, 1001), seed=st.integers(0, 10**6))
@pytest.mark.parametrize("name", SAME)
def test_laws_of_scikit_learn_are_drawn_as_there(name: str, rows: int, seed: int) -> None:
    """Where a law is scikit-learn's, every seed has its rows to the last bit."""
    ours = load_dataset(f"{name}:rows={rows}").sample(seed)
    features, target = SAME[name](rows, int(stream("generate", name, seed).integers(2**32)))
    assert np.array_equal(ours.features, features)
    assert np.array_equal(ours.target.reshape(target.shape), target)


@settings(deadline=None, max_examples=20)
@given(rows=st.integers(50, 400))
@pytest.mark.parametrize("name", ["moons", "imbalanced", "friedman1", "demand", "multilabel", "reviews"])
def test_rows_are_as_asked(name: str, rows: int) -> None:
    """A generator gives the number of rows asked for."""
    assert load_dataset(f"{name}:rows={rows}").rows == rows


@settings(deadline=None, max_examples=25)
@given(positives=st.floats(0.01, 0.5))
def test_the_share_of_positives_is_as_asked(positives: float) -> None:
    """The share of the positive class is the parameter, to within the rounding of its clusters."""
    dataset = load_dataset(f"imbalanced:positives={positives}")
    assert abs(dataset.target.mean() - positives) <= 2 / dataset.rows
    assert dataset.score == "balanced_accuracy"


def test_moons_without_noise_lie_on_circles() -> None:
    """Without noise each class is a half circle of radius one about its centre."""
    dataset = load_dataset("moons:noise=0")
    centres = np.array([[0.0, 0.0], [1.0, 0.5]])
    np.testing.assert_allclose(np.linalg.norm(dataset.features - centres[dataset.target], axis=1), 1)


def test_friedman1_without_noise_is_its_formula() -> None:
    """Without noise the target is the formula of the docstring."""
    dataset = load_dataset("friedman1:noise=0")
    x = dataset.features.T
    wanted = 10 * np.sin(np.pi * x[0] * x[1]) + 20 * (x[2] - 0.5) ** 2 + 10 * x[3] + 5 * x[4]
    np.testing.assert_allclose(dataset.target[:, 0], wanted)
    assert round(dataset.target.std(), 1) == 5.0


def test_demand_without_noise_is_its_formula() -> None:
    """Without noise the logarithm of the target is the formula of the docstring."""
    dataset = load_dataset("demand:noise=0")
    price, promotion, sine, _, size = dataset.features.T
    wanted = 4 - 1.5 * np.log(price) + 0.8 * promotion + 0.5 * sine + 0.4 * size
    np.testing.assert_allclose(np.log(dataset.target[:, 0]), wanted)


def test_demand_is_positive_skewed_and_multiplicative() -> None:
    """Demand is positive and skewed to the right; its errors grow with its size, by the lognormal factor."""
    noisy = load_dataset("demand:rows=5000").target[:, 0]
    clean = load_dataset("demand:rows=5000:noise=0").target[:, 0]
    assert noisy.min() > 0
    assert noisy.mean() > 1.2 * np.median(noisy)
    errors = np.log(noisy / clean)
    assert abs(errors.std() - 0.4) < 0.02
    assert abs(np.corrcoef(np.abs(errors), clean)[0, 1]) < 0.05
    assert np.corrcoef(np.abs(noisy - clean), clean)[0, 1] > 0.5


def test_every_topic_is_neither_rare_nor_common() -> None:
    """Every label is on in a fifth to a half of the texts; some texts have none and some have several."""
    target = load_dataset("multilabel").target
    assert ((target.mean(axis=0) > 0.2) & (target.mean(axis=0) < 0.5)).all()
    assert {0, 1, 2, 3} <= set(target.sum(axis=1).tolist())
