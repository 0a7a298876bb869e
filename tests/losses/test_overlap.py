from __future__ import annotations

from itertools import product

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize
from sklearn import metrics

from lossbench.checks.case import gradient
from lossbench.losses.overlap import dice, f_measure, soft_f1, tversky

from .cases import CASES, close
from .strategies import above_zero, between_0_and_1, yes_or_no

several = yes_or_no(labels=st.integers(1, 4))
WHOLE = [case for case in CASES if case.loss.record.fn in (dice, tversky, soft_f1)]


@settings(deadline=None, max_examples=25)
@given(yes_or_no(), above_zero)
def test_even_tversky_is_dice(sample, epsilon):
    """With both weights ½ the Tversky index is the Dice coefficient, at every smoothing."""
    close(tversky(*sample, alpha=0.5, beta=0.5, epsilon=epsilon), dice(*sample, epsilon=epsilon))


@settings(deadline=None, max_examples=25)
@given(yes_or_no(), between_0_and_1, above_zero, above_zero)
def test_tversky_is_one_minus_the_overlap_of_its_formula(sample, alpha, beta, epsilon):
    """The overlap weighs hits twice, and false alarms and misses by 2α and 2β."""
    p, y = sample[0].sigmoid(), sample[1]
    tp, fp, fn = (p * y).sum(), (p * (1 - y)).sum(), ((1 - p) * y).sum()
    overlap = (2 * tp + epsilon) / (2 * tp + 2 * alpha * fp + 2 * beta * fn + epsilon)
    close(tversky(*sample, alpha=alpha, beta=beta, epsilon=epsilon), 1 - overlap)


@settings(deadline=None, max_examples=25)
@given(yes_or_no(), above_zero, above_zero)
def test_f_measure_is_of_decisions_alone(sample, beta, epsilon):
    """It is one minus scikit-learn's F of beta, smoothed; at beta 1 `dice` of probabilities 0 and 1."""
    raw, target = torch.where(sample[0] > 0, 0.01, -1e3).double(), sample[1]
    f = metrics.fbeta_score(target[:, 0], raw[:, 0] > 0, beta=beta, zero_division=1.0)
    assert float(f_measure(raw, target, beta=beta, epsilon=1e-12)) == pytest.approx(1 - f, abs=1e-9)
    close(f_measure(raw, target, epsilon=epsilon), dice(1e5 * raw, target, epsilon=epsilon))


@settings(deadline=None, max_examples=25)
@given(several)
def test_sure_decisions_have_scikit_learn_s_f1(sample):
    """Where every probability is 0 or 1, Dice is one minus F1, and soft F1 the same for each label."""
    raw, target = torch.where(sample[0] > 0, 1e3, -1e3).double(), sample[1]
    decision, truth = (raw > 0).numpy(), target.numpy()
    f1 = metrics.f1_score(truth, decision, average=None, zero_division=1.0) if raw.shape[-1] > 1 else None
    single = metrics.f1_score(truth[:, 0], decision[:, 0], zero_division=1.0)
    assert float(dice(raw[:, :1], target[:, :1], epsilon=1e-12)) == pytest.approx(1 - single, abs=1e-9)
    if f1 is not None:
        assert float(soft_f1(raw, target, epsilon=1e-12)) == pytest.approx((1 - f1).sum(), abs=1e-9)


@settings(deadline=None, max_examples=25)
@given(several, above_zero)
def test_soft_f1_sums_the_dice_loss_of_the_labels(sample, epsilon):
    """Each label has the Dice loss of its own column."""
    raw, target = sample
    columns = zip(raw.split(1, dim=-1), target.split(1, dim=-1), strict=True)
    close(soft_f1(raw, target, epsilon=epsilon), sum(dice(*column, epsilon=epsilon) for column in columns))


@pytest.mark.parametrize("case", WHOLE, ids=str)
def test_batch_without_positives_pushes_down(case):
    """Smoothing gives a batch without positives a value and a direction, where the bare fraction is 0 / 0."""
    raw, _ = case.draw(6)
    nothing = torch.zeros_like(raw)
    assert 0 < case.value(raw, nothing) < case.outputs
    assert (gradient(case, raw, nothing) > 0).all()
    assert float(case.value(torch.full((6, case.outputs), -1e4), nothing.float())) == 0


@pytest.mark.parametrize("case", [case for case in WHOLE if case.loss.spec == case.loss.name], ids=str)
def test_no_batch_is_steeper_than_a_single_sample(case):
    """What the record says of the gradient of one sample alone holds in every batch."""
    for size, scale in product((1, 2, 3, 10), (0.3, 1.0, 3.0)):
        raw, target = case.draw(500, size, scale=scale)
        assert gradient(case, raw, target).abs().max() <= case.loss.facts.lipschitz


# Three groups of twenty samples, of which so many are positive.
POSITIVES = (2, 9, 16)
TARGET = torch.tensor([[float(i < n)] for n in POSITIVES for i in range(20)], dtype=torch.float64)
INDICES = {
    "dice": lambda tp, fp, fn: 2 * tp / (2 * tp + fp + fn),
    "soft_f1": lambda tp, fp, fn: 2 * tp / (2 * tp + fp + fn),
    "tversky": lambda tp, fp, fn: tp / (tp + 0.3 * fp + 0.7 * fn),
}


def counts(decisions):
    """Return true positives, false positives and false negatives of one decision for each group."""
    yes, no = np.array(POSITIVES), 20 - np.array(POSITIVES)
    return decisions @ yes, decisions @ no, (1 - decisions) @ yes


@pytest.mark.parametrize("case", [case for case in WHOLE if case.loss.spec == case.loss.name], ids=str)
def test_estimates_the_decisions_of_the_best_index(case):
    """Outputs go where the decisions are best: a group that is positive in less than half is decided positive."""
    width = case.outputs

    def risk(raw):
        leaf = torch.tensor(raw, requires_grad=True)
        outputs = leaf.repeat_interleave(20)[:, None].repeat(1, width)
        loss = case.value(outputs, TARGET.repeat(1, width))
        return loss.item(), torch.autograd.grad(loss, leaf)[0].numpy()

    found = minimize(risk, np.zeros(3), jac=True, bounds=[(-9, 9)] * 3).x > 0
    choices = [np.array(decisions) for decisions in product((0, 1), repeat=3) if any(decisions)]
    best = max(choices, key=lambda decisions: INDICES[case.loss.name](*counts(decisions)))
    assert found.tolist() == best.astype(bool).tolist() == [False, True, True]
