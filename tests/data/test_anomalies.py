"""Data sets with anomalies: who is learnt from, who sets the threshold, and who is tested."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lossbench.data import load_dataset, make_fold
from lossbench.data.contamination import contaminate
from lossbench.data.fold import part_sizes
from lossbench.errors import BadValue

digits = st.integers(0, 9).map(lambda digit: load_dataset(f"digits_but:digit={digit}"))
seeds = st.integers(0, 1000)


@given(data=digits, seed=seeds)
def test_anomalies_are_tested_and_never_learnt_from(data, seed) -> None:
    """Every normal row is in one part, all anomalies are in the test part, and parts have the sizes foretold."""
    fold = make_fold(data, seed)
    parts = [part.rows for part in (fold.train, fold.validation, fold.test)]
    assert tuple(map(len, parts)) == part_sizes(data, seed)
    np.testing.assert_array_equal(np.sort(np.concatenate(parts)), np.arange(data.rows))
    assert [int(data.target[rows].sum()) for rows in parts] == [0, 0, int(data.target.sum())]


@given(data=digits, seed=seeds)
def test_what_is_learnt_is_the_row_itself(data, seed) -> None:
    """Features stay as they are, in [0, 1], and are the target."""
    for part in (make_fold(data, seed).train, make_fold(data, seed).test):
        np.testing.assert_array_equal(part.features, data.features[part.rows])
        assert part.target is part.features or (part.target == part.features).all()


@given(seed=seeds, share=st.floats(0.01, 0.5))
def test_noise_replaces_whole_rows_by_numbers_from_0_to_1(seed, share) -> None:
    """So many rows of the training part, in what goes in and in what should come back; the others stay."""
    fold = make_fold(load_dataset("digits_but"), seed)
    features, target = contaminate(fold, "noise", share, seed)
    assert target is features
    moved = (features != fold.train.features).any(axis=1)
    assert moved.sum() == round(share * len(features))
    assert features.min() >= 0.0
    assert features.max() <= 1.0


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("digits_but:digit=2.5", "digit=2.5 is not a whole number"),
        ("digits_but:digit=-1", "out of range"),
        ("digits_but:alarms=0.003", "alarms=0.003 is less than one of the 324 normal rows"),
        ("digits_but:alarms=0", "out of range"),
    ],
)
def test_what_cannot_be_found_is_refused(spec, message) -> None:
    """A digit that is none, and a false-positive rate that validation cannot resolve."""
    with pytest.raises(BadValue, match=message):
        load_dataset(spec)


def test_the_same_question_with_labels_has_the_same_positives() -> None:
    """One digit among all, where both kinds are learnt from."""
    for digit in (0, 7):
        with_labels, without = (load_dataset(f"{name}:digit={digit}") for name in ("one_digit", "digits_but"))
        np.testing.assert_array_equal(with_labels.target, without.target)
