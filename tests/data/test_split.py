"""Rows are divided as by scikit-learn; those of a group stay together, and parts are near 60/20/20."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.model_selection import train_test_split

from lossbench.data.split import SHARES, deal, divide

sizes = st.lists(st.integers(1, 12), min_size=3, max_size=60)
seeds = st.integers(0, 10**6)


def dealt(groups: np.ndarray, classes: np.ndarray | None, seed: int) -> list[np.ndarray]:
    """Return the parts that a seed makes."""
    return deal(groups, classes, np.random.default_rng(seed))


@settings(max_examples=100, deadline=None)
@given(
    counts=st.lists(st.integers(2, 60), min_size=2, max_size=8), state=st.integers(0, 2**32 - 1), data=st.data()
)
def test_rows_are_divided_as_by_scikit_learn(counts: list[int], state: int, data: st.DataObject) -> None:
    """With classes and without, the same rows are held out, in the same order."""
    rows = np.random.default_rng(state).permutation(np.repeat(np.arange(len(counts)), counts))
    held_out = data.draw(st.integers(len(counts), len(rows) - len(counts)))
    for classes in (rows, None):
        theirs = train_test_split(range(len(rows)), test_size=held_out, stratify=classes, random_state=state)
        ours = divide(len(rows), held_out, classes, state)
        assert [part.tolist() for part in ours] == list(map(list, theirs))


@settings(max_examples=25, deadline=None)
@given(sizes=sizes, classes=st.integers(1, 4), seed=seeds)
def test_no_group_is_in_two_parts(sizes: list[int], classes: int, seed: int) -> None:
    """Each row is in one part, with all rows of its group; each part has rows, and the same seed the same ones."""
    groups = np.repeat(np.arange(len(sizes)), sizes)
    labels = np.random.default_rng(seed).integers(classes, size=len(groups))
    parts = dealt(groups, labels, seed)
    assert sorted(np.concatenate(parts)) == list(range(len(groups)))
    assert sum(len(set(groups[rows])) for rows in parts) == len(sizes)
    assert all(len(rows) > 0 and (np.diff(rows) > 0).all() for rows in parts)
    assert all(map(np.array_equal, parts, dealt(groups, labels, seed)))


@settings(max_examples=25, deadline=None)
@given(sizes=sizes, seed=seeds)
def test_shares_are_as_near_as_groups_allow(sizes: list[int], seed: int) -> None:
    """No part is off its share by more than two of the largest groups."""
    groups = np.repeat(np.arange(len(sizes)), sizes)
    found = np.array([len(rows) for rows in dealt(groups, None, seed)])
    assert (np.abs(found - SHARES * len(groups)) <= 2 * max(sizes)).all()


@settings(max_examples=25, deadline=None)
@given(
    sizes=st.lists(st.integers(1, 12), min_size=12, max_size=60),
    classes=st.integers(2, 4),
    seed=seeds,
    rare=st.integers(1, 4),
)
def test_training_has_every_class(sizes: list[int], classes: int, seed: int, rare: int) -> None:
    """However few groups have a class, if there are others for the other parts, the training part has it."""
    groups = np.repeat(np.arange(len(sizes)), sizes)
    labels = np.random.default_rng(seed).integers(classes, size=len(groups))
    labels[groups < rare] = classes
    train, _, _ = dealt(groups, labels, seed)
    assert set(labels[train]) == set(labels)


@settings(max_examples=25, deadline=None)
@given(each=st.integers(1, 9), fifths=st.integers(1, 12), classes=st.integers(1, 3), seed=seeds)
def test_alike_groups_are_split_as_rows_would_be(each: int, fifths: int, classes: int, seed: int) -> None:
    """Of groups of one size, five times so many a class, the parts have exactly three, one and one fifth."""
    labels = np.repeat(np.arange(classes), 5 * fifths)
    groups = np.repeat(np.arange(len(labels)), each)
    for rows, share in zip(dealt(groups, np.repeat(labels, each), seed), (3, 1, 1), strict=True):
        assert (np.bincount(np.repeat(labels, each)[rows]) == share * fifths * each).all()


def test_any_group_that_fits_is_tested_by_some_seed() -> None:
    """Seeds differ, and each group is tested by some and not by others, whatever its size."""
    sizes = np.arange(1, 25)
    groups = np.repeat(np.arange(len(sizes)), sizes)
    tested = np.zeros(len(sizes))
    for seed in range(200):
        tested[np.unique(groups[dealt(groups, None, seed)[2]])] += 1 / 200
    assert (tested > 0.1).all()
    assert (tested < 0.45).all()
