from __future__ import annotations

import dataclasses
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lossbench.data import Fold, contaminate, load_dataset, make_fold
from lossbench.data.contamination import KINDS, OUTLIER_SIZE, check_fraction, check_kind, default_kind
from lossbench.errors import BadValue, DataError, UnknownName
from lossbench.task import TASKS

CASES = [
    ("moons", "label"),
    ("wine", "label"),
    ("multilabel", "label"),
    ("diabetes", "target"),
    ("linnerud", "target"),
    ("diabetes", "target_symmetric"),
    ("linnerud", "target_symmetric"),
    ("moons", "feature"),
    ("digits", "feature"),
    ("multilabel", "feature"),
    ("friedman1", "feature"),
    ("friedman1", "feature_one_sided"),
    ("digits", "feature_one_sided"),
]
shares = st.floats(0, 0.6)
every_case = pytest.mark.parametrize(("name", "kind"), CASES)


@cache
def split(name: str, seed: int = 0) -> Fold:
    """A split of a data set; no test may change it."""
    return make_fold(load_dataset(name), seed)


def changed(name: str, kind: str, fraction: float, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """What the contamination adds to features (rows, columns) and target (rows, targets)."""
    fold = split(name)
    features, target = contaminate(fold, kind, fraction, seed)
    rows = len(target)
    return features - fold.train.features, (target - fold.train.target).reshape(rows, -1)


def hits(name: str, kind: str, fraction: float, seed: int = 0) -> np.ndarray:
    """Which rows, or for flips of several labels which entries, are corrupted."""
    by_feature, by_target = changed(name, kind, fraction, seed)
    if name == "multilabel" and kind == "label":
        return by_target.ravel() != 0
    return (by_feature != 0).any(axis=1) | (by_target != 0).any(axis=1)


@every_case
@settings(deadline=None, max_examples=12)
@given(fraction=shares)
def test_exactly_the_share_is_corrupted(name: str, kind: str, fraction: float) -> None:
    """round(share · n) rows (entries, for several labels) are corrupted, no more and no fewer."""
    hit = hits(name, kind, fraction)
    assert hit.sum() == round(fraction * len(hit))


@every_case
@settings(deadline=None, max_examples=12)
@given(first=shares, second=shares)
def test_contamination_is_nested(name: str, kind: str, first: float, second: float) -> None:
    """What is corrupted at a small share is corrupted at a larger one, and in the same way."""
    low, high = sorted((first, second))
    small, large = changed(name, kind, low), changed(name, kind, high)
    for few, many in zip(small, large, strict=True):
        assert (few[few != 0] == many[few != 0]).all()
    assert (hits(name, kind, low) <= hits(name, kind, high)).all()


@every_case
def test_the_seed_decides_who_is_hit(name: str, kind: str) -> None:
    """The same seed hits the same rows in the same way, another seed others."""
    first, again, other = (contaminate(split(name), kind, 0.3, seed) for seed in (3, 3, 4))
    assert all((a == b).all() for a, b in zip(first, again, strict=True))
    assert (hits(name, kind, 0.3, 3) != hits(name, kind, 0.3, 4)).any()
    assert not all((a == b).all() for a, b in zip(first, other, strict=True))


@every_case
def test_clean_parts_stay_clean(name: str, kind: str) -> None:
    """The fold itself, with its validation and test part, is never changed, and the results are not its arrays."""
    fold = split(name)
    arrays = [a for part in (fold.train, fold.validation, fold.test) for a in (part.features, part.target)]
    before = [array.tobytes() for array in arrays]
    features, target = contaminate(fold, kind, 0.4, 0)
    assert [array.tobytes() for array in arrays] == before
    corrupted, original = (
        (features, fold.train.features) if kind.startswith("feature") else (target, fold.train.target)
    )
    assert not np.shares_memory(corrupted, original)
    assert corrupted.dtype == original.dtype
    assert corrupted.shape == original.shape


@every_case
def test_no_contamination_is_the_clean_data(name: str, kind: str) -> None:
    """A share of zero gives the clean arrays themselves."""
    fold = split(name)
    features, target = contaminate(fold, kind, 0.0, 0)
    assert features is fold.train.features
    assert target is fold.train.target


@pytest.mark.parametrize("name", ["wine", "digits"])
def test_flips_choose_every_wrong_class_alike(name: str) -> None:
    """A flipped label is a class of the data set, and each distance to the true class is about as likely."""
    fold = split(name)
    classes = len(fold.dataset.classes)
    moves = np.concatenate(
        [(contaminate(fold, "label", 0.5, seed)[1] - fold.train.target) % classes for seed in range(40)]
    )
    counts = np.bincount(moves[moves != 0], minlength=classes)[1:]
    expected = counts.sum() / (classes - 1)
    assert len(counts) == classes - 1
    assert (np.abs(counts - expected) < 5 * np.sqrt(expected)).all()  # five standard deviations, fixed seeds


@pytest.mark.parametrize("name", ["diabetes", "linnerud"])
def test_target_outliers_are_vertical(name: str) -> None:
    """A corrupted target is five training deviations too high, in every target; features stay."""
    by_feature, by_target = changed(name, "target", 0.3)
    hit = hits(name, "target", 0.3)
    np.testing.assert_allclose(by_target[hit], OUTLIER_SIZE)
    assert not by_target[~hit].any()
    assert not by_feature.any()


@pytest.mark.parametrize("name", ["diabetes", "linnerud"])
def test_symmetric_target_outliers_lie_on_both_sides(name: str) -> None:
    """The targets of a row move together, five training deviations up or down, about as often; features stay."""
    rows = []
    for seed in range(20):
        by_feature, by_target = changed(name, "target_symmetric", 0.5, seed)
        assert not by_feature.any()
        rows.append(by_target[hits(name, "target_symmetric", 0.5, seed)])
    moved = np.concatenate(rows) / OUTLIER_SIZE
    np.testing.assert_allclose(np.abs(moved), 1.0)
    assert (moved.round() == moved[:, :1].round()).all()
    assert abs(moved[:, 0].mean()) < 4 / np.sqrt(len(moved))


@pytest.mark.parametrize("name", ["moons", "digits", "friedman1"])
def test_one_sided_leverage_points_lie_in_one_corner(name: str) -> None:
    """The rows are those of the two-sided kind; every feature that varies moves up."""
    by_feature, by_target = changed(name, "feature_one_sided", 0.3)
    both, _ = changed(name, "feature", 0.3)
    np.testing.assert_allclose(by_feature, np.abs(both), atol=1e-9)
    assert not by_target.any()


@pytest.mark.parametrize("name", ["moons", "digits", "friedman1"])
def test_feature_outliers_are_leverage_points(name: str) -> None:
    """Every feature that varies moves by five training deviations, up or down; constant ones and targets stay."""
    by_feature, by_target = changed(name, "feature", 0.3)
    fold = split(name)
    varies = fold.train.features.std(axis=0) > 1e-9
    moved = by_feature[hits(name, "feature", 0.3)]
    np.testing.assert_allclose(np.abs(moved[:, varies]), OUTLIER_SIZE)
    assert not moved[:, ~varies].any()
    assert abs(np.sign(moved[:, varies]).mean()) < 0.15
    assert not by_target.any()


def test_kinds_share_one_ranking() -> None:
    """For one data set and seed, rows hit by one kind are hit by the other: the kinds can be compared."""
    assert (hits("moons", "label", 0.2) == hits("moons", "feature", 0.2)).all()
    assert (hits("diabetes", "target", 0.2) == hits("diabetes", "feature", 0.2)).all()
    assert (hits("diabetes", "target", 0.2) == hits("diabetes", "target_symmetric", 0.2)).all()


@pytest.mark.parametrize("task", TASKS)
def test_every_task_has_a_default_kind(task: str) -> None:
    """The default of a task is one of its kinds; features are spoilt, but no patches, noise or targets."""
    assert check_kind(default_kind(task), task) == default_kind(task)
    if task not in ("segmentation", "distribution", "anomaly"):
        assert check_kind("feature", task) == "feature"


@pytest.mark.parametrize("fraction", [-0.1, 1.0, 1.5, float("nan"), float("inf")])
def test_shares_outside_the_range_are_refused(fraction: float) -> None:
    """A share lies in [0, 1); the message says so."""
    with pytest.raises(BadValue, match=r"out of range; give shares in \[0, 1\)"):
        contaminate(split("moons"), "label", fraction, 0)


@pytest.mark.parametrize("fraction", [0.0, 0.1, 0.999])
def test_shares_inside_the_range_pass(fraction: float) -> None:
    """A share in [0, 1) is returned."""
    assert check_fraction(fraction) == fraction


@pytest.mark.parametrize(
    ("name", "kind", "right"),
    [
        ("diabetes", "label", "target or target_symmetric or feature"),
        ("moons", "target", "label or feature or feature_one_sided"),
    ],
)
def test_a_kind_the_task_lacks_is_refused(name: str, kind: str, right: str) -> None:
    """A data set without labels has no label flips; the message lists the kinds it has."""
    with pytest.raises(BadValue, match=f"has no '{kind}' contamination; choose {right}"):
        contaminate(split(name), kind, 0.1, 0)


def test_unknown_kinds_are_refused() -> None:
    """The error for a misspelt kind has the nearest one and the whole list."""
    with pytest.raises(UnknownName, match=f"did you mean 'label'\\? Known: {', '.join(KINDS)}"):
        contaminate(split("moons"), "lable", 0.1, 0)


def test_flips_that_empty_a_class_are_refused() -> None:
    """When flips leave a class without a training row, the message names data set, share, seed, class, way out."""
    iris = load_dataset("iris")
    keep = np.r_[0:50, 50:55]
    few = dataclasses.replace(
        iris, name="few", task="binary", features=iris.features[keep], target=iris.target[keep], classes=("a", "b")
    )
    # 0.99 of 33 rows rounds to all of them. With no b to become a, a is empty for certain.
    fold = make_fold(few, 0)
    one_class = dataclasses.replace(fold.train, target=np.zeros_like(fold.train.target))
    with pytest.raises(DataError) as caught:
        contaminate(dataclasses.replace(fold, train=one_class), "label", 0.99, 7)
    message = str(caught.value)
    assert all(text in message for text in ("'few'", "0.99", "seed 7", "class 'a'", "choose a smaller share"))


@pytest.mark.parametrize("name", ["wine", "breast_cancer"])
@given(fraction=st.floats(0.01, 0.5))
@settings(max_examples=10)
def test_noise_by_class_goes_one_way(name: str, fraction: float) -> None:
    """A class is taken for the next one and for no other; of two classes the negative one never is."""
    fold = split(name)
    _, found = contaminate(fold, "label_by_class", fraction, 0)
    before, after = fold.train.target[found != fold.train.target], found[found != fold.train.target]
    classes = len(fold.dataset.classes)
    np.testing.assert_array_equal(after, (before + 1) % classes)
    if classes == 2:
        assert set(before.tolist()) <= {1}
    else:
        assert len(before) == round(fraction * len(found))
