from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from scipy.optimize import minimize_scalar
from scipy.special import expit, logit
from sklearn import metrics

from lossbench.losses.binary import bce, mae, minus_sign, mse, mse_logits, mse_pm1

from .cases import CASES, close
from .strategies import yes_or_no

ONE_OUTPUT = [case for case in CASES if case.loss.task == "binary" and case.loss.record.encoding == "values"]
SINGLE = [case for case in ONE_OUTPUT if not case.loss.record.whole_batch]


@settings(deadline=None, max_examples=25)
@given(yes_or_no())
def test_agrees_with_torch(sample):
    """Cross-entropy from raw outputs is torch's, in both of its forms."""
    raw, target = sample
    close(bce(raw, target).mean(), torch.nn.BCEWithLogitsLoss()(raw, target))
    close(bce(raw, target).mean(), torch.nn.SoftMarginLoss()(raw, 2 * target - 1))


@settings(deadline=None, max_examples=25)
@given(yes_or_no())
def test_agrees_with_scikit_learn(sample):
    """The mean over samples is scikit-learn's log loss and Brier score."""
    target, probability = sample[1][:, 0].numpy(), sample[0].sigmoid()[:, 0].numpy()
    brier = metrics.brier_score_loss(target, probability, pos_label=1)
    assert float(mse(*sample).mean()) == pytest.approx(brier, abs=1e-12)
    if sample[0].abs().max() < 30:  # beyond, the probability itself has lost the digits
        expected = metrics.log_loss(target, probability, labels=[0, 1])
        assert float(bce(*sample).mean()) == pytest.approx(expected, rel=1e-3, abs=1e-9)


@settings(deadline=None, max_examples=25)
@given(yes_or_no())
def test_same_function_by_another_road(sample):
    """The ±1 target is the 0/1 target stretched; the Brier score is the absolute error squared."""
    raw, target = sample
    close(minus_sign(target), 1 - 2 * target)
    close(mse_pm1(raw, target), 4 * mse_logits((raw + 1) / 2, target))
    close(mse(raw, target), mae(raw, target).square())


@settings(deadline=None, max_examples=25)
@given(yes_or_no())
def test_absolute_errors_of_both_classes_add_up(sample):
    """MAE of a class and of its opposite sum to 1 everywhere: what makes it tolerate flipped labels."""
    raw, target = sample
    close(mae(raw, target) + mae(raw, 1 - target), torch.ones(len(raw), dtype=raw.dtype))


@pytest.mark.parametrize("raw", [17.0, 20.0, 90.0])
def test_a_sure_mistake_still_has_a_gradient(raw):
    """In single precision the gradient of BCE at a sure mistake is 1, not 0."""
    leaf = torch.tensor([[raw]], requires_grad=True)
    (slope,) = torch.autograd.grad(bce(leaf, torch.zeros(1, 1)).sum(), leaf)
    assert float(slope) == pytest.approx(1, abs=1e-5)


def test_every_loss_of_single_samples_states_its_slope():
    """None is left to autograd, on one label or several."""
    family = [case.loss for case in CASES if case.loss.task in ("binary", "multilabel")]
    assert all(loss.record.slope or loss.record.whole_batch for loss in family)


RAW = torch.linspace(-8, 8, 1601, dtype=torch.float64)[:, None]


def best_raw(case, share: float) -> float:
    """Return the raw output of the least expected loss where a share is positive: a grid's best, then scipy's."""

    def risk(raw: torch.Tensor) -> torch.Tensor:
        no, yes = (case.value(raw, torch.full_like(raw, target)) for target in (0.0, 1.0))
        return (1 - share) * no + share * yes

    start = float(RAW[risk(RAW).argmin()])
    near = {"bounds": (start - 0.02, start + 0.02), "method": "bounded", "options": {"xatol": 1e-10}}
    return minimize_scalar(lambda raw: float(risk(torch.tensor([[raw]], dtype=torch.float64))), **near).x


PROBABILITY = {"sigmoid": expit, "clip": lambda raw: raw, "signed": lambda raw: (raw + 1) / 2}
# The shares under test give each claim its expected value of the probability, or of the raw output itself.
PROBABILITIES = {
    "probability": lambda share: share,
    # The tests' prior is one third: two negatives for each positive.
    "the probability if both classes were equally frequent": lambda share: expit(logit(share) + np.log(2)),
}
RAW_OUTPUTS = {"2p - 1": lambda share: 2 * share - 1, "½ log(p / (1 - p))": lambda share: logit(share) / 2}
DRAWN = {"a probability drawn towards ½": -1, "a probability drawn away from ½": 1}


@pytest.mark.parametrize("share", [0.05, 0.3, 0.55, 0.9])
@pytest.mark.parametrize("case", [case for case in SINGLE if case.loss.spec == case.loss.name], ids=str)
def test_estimates_what_the_record_says(case, share):
    """The minimiser of the expected loss, through the link, is what the record names at any share of positives."""
    claim, best = case.loss.facts.estimates, best_raw(case, share)
    if claim in PROBABILITIES:
        assert PROBABILITY[case.loss.link](best) == pytest.approx(PROBABILITIES[claim](share), abs=1e-5)
    elif claim in RAW_OUTPUTS:
        assert best == pytest.approx(RAW_OUTPUTS[claim](share), abs=1e-5)
    elif claim in DRAWN:
        assert np.sign(best) == np.sign(share - 0.5)
        assert np.sign(abs(best) - abs(logit(share))) == DRAWN[claim]
    elif claim == "whether the probability is above alpha / (alpha + beta)":
        assert np.sign(best) == np.sign(share - 1 / 6)  # by default a false negative costs five false positives
    elif claim == "most probable class":
        # A margin loss has its minimum at 1; a loss that only counts has none but a side.
        assert best * np.sign(share - 0.5) > (0.0 if case.loss.record.flat else 0.99)
    else:
        assert claim == "a score that grows with the probability and reaches ½ where that is 0.15"
        assert np.sign(best) == np.sign(share - 0.15)
        assert best_raw(case, share - 0.01) < best < best_raw(case, share + 0.01)


def test_two_outputs_are_one():
    """Cross-entropy of two outputs, the placebo, has the value and the gradient of `bce` of their difference."""
    placebo = next(case for case in CASES if case.loss.record.placebo and case.loss.task == "binary")
    raw, target = placebo.draw(50)
    difference = raw[:, 1:] - raw[:, :1]
    close(placebo.value(raw, target), bce(difference, target[:, None].to(raw.dtype)))
    slope = placebo.loss.record.slope(raw, target)
    close(slope, torch.cat([-slope[:, 1:], slope[:, 1:]], dim=-1))
    close(slope[:, 1:], difference.sigmoid() - target[:, None])
