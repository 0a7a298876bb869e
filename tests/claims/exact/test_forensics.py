from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score, f1_score, roc_auc_score

from lossbench.claims import Claim, Study, read_catalogue, read_terms
from lossbench.claims.exact.forensics import (
    OperatingPoint,
    Range,
    common_share,
    constant_predictor,
    f1_of_share,
    operating_points,
    other_f1,
    positives,
    true_positives,
    with_share,
)
from lossbench.data import load_dataset
from lossbench.errors import UnknownName

few = settings(deadline=None, max_examples=25)
counts = st.tuples(st.integers(1, 500), *(st.integers(0, 500),) * 3)
STUDY = Study(read_terms())


def labels(tp, fp, fn, tn):
    """Return truth and prediction with these counts."""
    return np.repeat([1, 0, 1, 0], [tp, fp, fn, tn]), np.repeat([1, 1, 0, 0], [tp, fp, fn, tn])


@few
@given(counts)
def test_accuracy_and_f1_fix_the_true_positives(cells):
    """From the scores that scikit-learn gives to any table of counts, the share of true positives comes back."""
    truth, said = labels(*cells)
    accuracy, f1 = accuracy_score(truth, said), f1_score(truth, said)
    assume(f1 < 1)
    assert true_positives(accuracy, f1) == pytest.approx(cells[0] / len(truth))


@few
@given(counts)
def test_the_share_of_positives_lies_within_what_a_row_implies(cells):
    """Rounded scores bound it, whatever the counts were."""
    truth, said = labels(*cells)
    accuracy, f1 = accuracy_score(truth, said), f1_score(truth, said)
    assume(f1 < 0.99)
    claim = Claim("x", "y", reported={("row", "accuracy"): f"{accuracy:.4f}", ("row", "f1"): f"{f1:.4f}"})
    share = positives(claim, "row")
    assert share.low - 1e-9 <= truth.mean() <= share.high + 1e-9


def test_two_rows_that_exclude_each_other_are_found():
    """A row with few positives and one with many are of no one data set."""
    reported = {("a", "accuracy"): "0.99", ("a", "f1"): "0.10", ("b", "accuracy"): "0.99", ("b", "f1"): "0.99"}
    (line,) = constant_predictor(Claim("x", "y", reported=reported), STUDY, rows=("a", "b"))
    assert line.verdict == "contradicted"
    assert line.low > line.high


def test_the_constant_answer_is_held_to_each_row():
    """A row above the constant's scores everywhere is reproduced, one below is contradicted."""
    reported = {("a", "accuracy"): "0.60", ("a", "f1"): "0.70", ("b", "accuracy"): "0.95", ("b", "f1"): "0.97"}
    lines = constant_predictor(Claim("x", "y", reported=reported), STUDY, rows=("a", "b"))
    found = {(line.case, line.what.split()[0]): line.verdict for line in lines}
    assert found[("b", "accuracy")] == "reproduced"
    assert found[("a", "f1")] == "contradicted"


def test_a_row_that_is_not_reported_is_refused():
    """It names what is missing and what there is."""
    with pytest.raises(UnknownName, match="unknown reported number 'c accuracy'"):
        constant_predictor(Claim("x", "y", reported={("a", "accuracy"): "0.9"}), STUDY, rows=("c",))


@few
@given(st.lists(st.floats(0.05, 5), min_size=3, max_size=8), st.data())
def test_a_concave_curve_has_its_area_within_the_bounds(slopes, data):
    """Of any concave curve from (0, 0) to (1, 1), each of its corners bounds the area."""
    steps = np.sort(slopes)[::-1]
    x = np.linspace(0, 1, len(steps) + 1)
    y = np.concatenate([[0], np.cumsum(steps)]) / steps.sum()
    corner = data.draw(st.integers(1, len(steps) - 1))
    area = OperatingPoint(hits=y[corner], alarms=x[corner]).area()
    assert area.low - 1e-9 <= np.trapezoid(y, x) <= area.high + 1e-9


def test_the_least_area_is_that_of_the_one_threshold():
    """scikit-learn's area under the curve of a yes or no is the lower bound."""
    truth, said = labels(40, 10, 20, 60)
    point = OperatingPoint(hits=40 / 60, alarms=10 / 70)
    assert point.area().low == pytest.approx(roc_auc_score(truth, said))


@few
@given(st.floats(0.01, 0.99), st.floats(0.01, 0.99))
def test_alarms_are_useful_from_where_most_are_true(hits, alarms):
    """At that prevalence half of the alarms are true, and accuracy equals that of never raising one."""
    prevalence = OperatingPoint(hits, alarms).useful_from()
    assert prevalence * hits == pytest.approx((1 - prevalence) * alarms)
    accuracy = prevalence * hits + (1 - prevalence) * (1 - alarms)
    assert accuracy == pytest.approx(1 - prevalence)


def test_a_point_with_more_hits_and_fewer_alarms_is_better_there():
    """More of both decides nothing."""
    reported = {
        ("a", "tpr"): "0.80",
        ("a", "fpr"): "0.05",
        ("b", "tpr"): "0.90",
        ("b", "fpr"): "0.02",
        ("c", "tpr"): "0.90",
        ("c", "fpr"): "0.09",
    }
    claim = Claim("x", "y", reported=reported)
    assert operating_points(claim, STUDY, worse="a", better="b")[0].verdict == "reproduced"
    assert operating_points(claim, STUDY, worse="a", better="c")[0].verdict == "inconclusive"


def test_a_range_has_a_sign_or_leaves_it_open():
    """Above zero, below zero, or around it; differences widen."""
    assert Range(0.1, 0.2).sign("reproduced", "contradicted") == "reproduced"
    assert Range(-0.2, -0.1).sign("reproduced", "contradicted") == "contradicted"
    assert Range(-0.1, 0.1).sign("reproduced", "contradicted") == "inconclusive"
    assert Range(1.0, 2.0).minus(Range(0.5, 1.0)) == Range(0.0, 1.5)


classes = st.lists(st.tuples(st.integers(0, 1), st.integers(0, 1)), min_size=1, max_size=60).map(np.array)


@few
@given(classes)
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
    assert f1_of_share(trials, 0.5).f1.tolist() == [0.5]
    assert f1_of_share(trials, 0.75).f1.tolist() != [0.5]


@pytest.mark.parametrize("share", [0.1, 0.25, 0.5, 0.75, 0.9])
def test_the_data_have_the_share(share):
    """Of the positives, or of the class that takes their place."""
    target = load_dataset(with_share("imbalanced", share)).target
    found = target.mean() if share <= 0.5 else 1 - target.mean()
    assert found == pytest.approx(share, abs=0.02)


def test_the_implied_share_is_allowed_by_every_row():
    """It lies in the range of each row of T3, and above the 73 % that one of them needs at least."""
    claim = read_catalogue().claims["T3"]
    share = common_share(claim, ("mse", "bce")).middle
    ranges = [positives(claim, row) for row in ("mse", "bce")]
    assert all(found.low <= share <= found.high for found in ranges)
    assert 0.72 < share < 0.81
