from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score, f1_score

from lossbench.claims import read_catalogue
from lossbench.claims.exact.forensics import positives
from lossbench.claims.search.prevalence import implied_share, other_f1, seen_at, with_share
from lossbench.data import load_dataset

few = settings(deadline=None, max_examples=25)
labels = st.lists(st.tuples(st.integers(0, 1), st.integers(0, 1)), min_size=1, max_size=60).map(np.array)


@few
@given(labels)
def test_the_f1_of_the_other_class_is_that_of_scikit_learn(pairs):
    """Accuracy and one F1 fix the other, where both classes occur."""
    target, predicted = np.vstack([pairs, [[0, 0], [1, 1]]]).T  # some of each class, right
    accuracy, f1 = (pd.Series([measure(target, predicted)]) for measure in (accuracy_score, f1_score))
    assert other_f1(accuracy, f1)[0] == pytest.approx(f1_score(1 - target, 1 - predicted))


def test_a_class_that_is_never_found_has_no_f1_and_leaves_the_other_its_own():
    """Always the frequent class, of a share P: accuracy P and F1 2 P / (1 + P)."""
    assert other_f1(pd.Series([0.75]), pd.Series([0.0]))[0] == pytest.approx(1.5 / 1.75)


def test_only_a_share_above_one_half_is_mirrored():
    """Below, the positive class is the generator's own."""
    trials = pd.DataFrame({"accuracy": [0.8], "f1": [0.5]})
    assert seen_at(trials, 0.5).f1.tolist() == [0.5]
    assert seen_at(trials, 0.75).f1.tolist() != [0.5]


@pytest.mark.parametrize("share", [0.1, 0.25, 0.5, 0.75, 0.9])
def test_the_data_have_the_share(share):
    """Of the positives, or of the class that takes their place."""
    target = load_dataset(with_share("imbalanced", share)).target
    found = target.mean() if share <= 0.5 else 1 - target.mean()
    assert found == pytest.approx(share, abs=0.02)


def test_the_implied_share_is_allowed_by_every_row():
    """It lies in the range of each row of T3, and above the 73 % that one of them needs at least."""
    claim = read_catalogue().claims["T3"]
    share = implied_share(claim, ("mse", "bce"))
    ranges = [positives(claim, row) for row in ("mse", "bce")]
    assert all(found.low <= share <= found.high for found in ranges)
    assert 0.72 < share < 0.81
