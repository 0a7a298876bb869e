from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar
from sklearn import metrics

from lossbench.losses import core_losses, get_loss
from lossbench.losses.binary import bce, focal, hinge, mae, mse, mse_logits, mse_pm1, squared_hinge

from .cases import close

functional = torch.nn.functional


@st.composite
def samples(draw):
    """Raw outputs and targets of shape (rows, 1), in float64."""
    raw = draw(st.lists(st.floats(-50, 50), min_size=1, max_size=12))
    target = draw(st.lists(st.sampled_from([0.0, 1.0]), min_size=len(raw), max_size=len(raw)))
    return tuple(torch.tensor(column, dtype=torch.float64)[:, None] for column in (raw, target))


@settings(deadline=None, max_examples=25)
@given(samples())
def test_agrees_with_torch(sample):
    """Cross-entropy from raw outputs is torch's."""
    expected = functional.binary_cross_entropy_with_logits(*sample, reduction="none")
    close(bce(*sample), expected.sum(-1))


@settings(deadline=None, max_examples=25)
@given(samples())
def test_agrees_with_scikit_learn(sample):
    """The mean over samples is scikit-learn's log loss, Brier score and hinge loss."""
    raw, target = sample[0][:, 0].numpy(), sample[1][:, 0].numpy()
    probability = sample[0].sigmoid()[:, 0].numpy()
    brier = metrics.brier_score_loss(target, probability, pos_label=1)
    assert float(mse(*sample).mean()) == pytest.approx(brier, abs=1e-12)
    if abs(raw).max() < 30:  # beyond, the probability itself has lost the digits
        expected = metrics.log_loss(target, probability, labels=[0, 1])
        assert float(bce(*sample).mean()) == pytest.approx(expected, rel=1e-3, abs=1e-9)
    if len(set(target)) == 2:
        assert float(hinge(*sample).mean()) == pytest.approx(metrics.hinge_loss(target, raw), abs=1e-12)


@settings(deadline=None, max_examples=25)
@given(samples())
def test_same_function_by_another_road(sample):
    """Focal with gamma = 0 is BCE; the ±1 target is the 0/1 target stretched; squared hinge is hinge squared."""
    raw, target = sample
    close(focal(raw, target, gamma=0), bce(raw, target))
    close(mse_pm1(raw, target), 4 * mse_logits((raw + 1) / 2, target))
    close(squared_hinge(raw, target), hinge(raw, target).square())
    close(mse(raw, target), mae(raw, target).square())


@settings(deadline=None, max_examples=25)
@given(samples(), st.floats(0, 5), st.floats(0.01, 0.99))
def test_focal_weighs_cross_entropy(sample, gamma, alpha):
    """It is cross-entropy times the wrong probability to the power gamma, times twice alpha or 1 - alpha."""
    raw, target = sample
    wrong = (raw.sigmoid() * (1 - target) + (-raw).sigmoid() * target)[:, 0]
    weight = 2 * (alpha * target + (1 - alpha) * (1 - target))[:, 0]
    close(focal(raw, target, gamma=gamma, alpha=alpha), weight * wrong**gamma * bce(raw, target))


@settings(deadline=None, max_examples=25)
@given(samples())
def test_absolute_errors_of_both_classes_add_up(sample):
    """MAE of a class and of its opposite sum to 1 everywhere: what makes it tolerate flipped labels."""
    raw, target = sample
    close(mae(raw, target) + mae(raw, 1 - target), torch.ones(len(raw), dtype=raw.dtype))


@pytest.mark.parametrize("raw", [17.0, 20.0, 90.0])
def test_a_sure_mistake_still_has_a_gradient(raw):
    """In single precision the gradient of BCE and of focal at a sure mistake is 1, not 0."""
    for loss in (bce, focal):
        leaf = torch.tensor([[raw]], requires_grad=True)
        (slope,) = torch.autograd.grad(loss(leaf, torch.zeros(1, 1)).sum(), leaf)
        assert float(slope) == pytest.approx(1, abs=1e-5)


SHARE = 0.7


def best_raw(spec: str) -> float:
    """Return the raw output with the least expected loss where a share of 0.7 is positive."""
    loss = get_loss(spec, "binary")

    def risk(value: float) -> float:
        values = loss.per_sample(torch.full((2, 1), value, dtype=torch.float64), torch.tensor([[0.0], [1.0]]))
        return float(values @ torch.tensor([1 - SHARE, SHARE], dtype=torch.float64))

    return minimize_scalar(risk, bounds=(-8, 8), method="bounded", options={"xatol": 1e-9}).x


def probability(raw: float, link: str) -> float:
    """Return the probability that a raw output stands for, by the definition of the link."""
    return {"sigmoid": 1 / (1 + 2.718281828459045**-raw), "clip": raw, "signed": (raw + 1) / 2}[link]


@pytest.mark.parametrize("name", [name for name in core_losses("binary") if name != "ce"])
def test_estimates_what_the_record_says(name):
    """The minimiser of the expected loss, through the link, is what the record names."""
    loss = get_loss(name, "binary")
    best = best_raw(name)
    claim = {
        "probability": lambda: probability(best, loss.link) == pytest.approx(SHARE, abs=1e-5),
        "most probable class": lambda: best > 0.99,
        "2p - 1": lambda: best == pytest.approx(2 * SHARE - 1, abs=1e-5),
        "a probability drawn towards ½": lambda: 0.5 < probability(best, loss.link) < SHARE - 0.01,
    }
    assert claim[loss.facts.estimates]()
