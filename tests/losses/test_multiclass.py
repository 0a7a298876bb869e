from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize
from sklearn import metrics

from lossbench.losses import binary, core_losses, get_loss, multiclass
from lossbench.losses.multiclass import bce, ce, focal, hinge, label_smoothing, mae, mse, mse_logits, one_hot

from .cases import close

functional = torch.nn.functional


@st.composite
def samples(draw, least=2, most=6):
    """Raw outputs of shape (rows, classes) in float64, and class indices."""
    width, rows = draw(st.integers(least, most)), draw(st.integers(1, 6))
    raw = draw(st.lists(st.floats(-30, 30), min_size=rows * width, max_size=rows * width))
    target = draw(st.lists(st.integers(0, width - 1), min_size=rows, max_size=rows))
    return torch.tensor(raw, dtype=torch.float64).reshape(rows, width), torch.tensor(target)


pairs_of_classes = samples(most=2)


def one_output(raw):
    """Return the difference of two outputs as the one output of a binary loss."""
    return raw[:, 1:] - raw[:, :1]


@settings(deadline=None, max_examples=25)
@given(samples(), st.floats(0, 0.99))
def test_agrees_with_torch(sample, epsilon):
    """Cross-entropy, plain and smoothed, is torch's; Crammer-Singer's hinge of two classes is its multi-margin."""
    raw, target = sample
    close(ce(raw, target), functional.cross_entropy(raw, target, reduction="none"))
    smoothed = functional.cross_entropy(raw, target, reduction="none", label_smoothing=epsilon)
    close(label_smoothing(raw, target, epsilon=epsilon), smoothed)
    pair, index = raw[:, :2], target.clamp(max=1)
    close(hinge(pair, index), 2 * functional.multi_margin_loss(pair, index, reduction="none"))


@settings(deadline=None, max_examples=25)
@given(samples())
def test_agrees_with_scikit_learn(sample):
    """The mean over samples is scikit-learn's log loss and Crammer-Singer hinge loss."""
    raw, target = sample
    labels = list(range(raw.shape[-1]))
    probabilities = raw.softmax(-1)
    if probabilities.min() > 1e-12:
        expected = metrics.log_loss(target.numpy(), probabilities.numpy(), labels=labels)
        assert float(ce(raw, target).mean()) == pytest.approx(expected, rel=1e-6, abs=1e-9)
    if len(labels) > 2:
        expected = metrics.hinge_loss(target.numpy(), raw.numpy(), labels=labels)
        assert float(hinge(raw, target).mean()) == pytest.approx(expected, abs=1e-10)


@settings(deadline=None, max_examples=25)
@given(samples())
def test_same_function_by_another_road(sample):
    """Focal with gamma = 0 and smoothing with epsilon = 0 are CE; squared errors are those of a one-hot target."""
    raw, target = sample
    y = functional.one_hot(target, raw.shape[-1]).to(raw.dtype)
    close(one_hot(raw, target), y)
    close(focal(raw, target, gamma=0), ce(raw, target))
    close(label_smoothing(raw, target, epsilon=0), ce(raw, target))
    close(mse(raw, target), (raw.softmax(-1) - y).square().sum(-1))
    close(mae(raw, target), 2 - 2 * raw.softmax(-1).gather(-1, target[:, None])[:, 0])
    close(mse_logits(raw, target), (raw - y).square().sum(-1))
    close(bce(raw, target), functional.binary_cross_entropy_with_logits(raw, y, reduction="none").sum(-1))


@settings(deadline=None, max_examples=25)
@given(samples(), st.floats(0, 5))
def test_focal_weighs_cross_entropy(sample, gamma):
    """Focal loss is cross-entropy times the probability of all other classes to the power gamma."""
    raw, target = sample
    wrong = (raw.softmax(-1) * (1 - one_hot(raw, target))).sum(-1)
    torch.testing.assert_close(
        focal(raw, target, gamma=gamma), wrong**gamma * ce(raw, target), rtol=1e-8, atol=1e-10
    )


@settings(deadline=None, max_examples=25)
@given(samples(), st.floats(0, 0.99))
def test_label_smoothing_mixes_classes(sample, epsilon):
    """It mixes the cross-entropy to the true class and the mean of that to every class."""
    raw, target = sample
    every = torch.stack([ce(raw, torch.full_like(target, c)) for c in range(raw.shape[-1])]).mean(0)
    close(label_smoothing(raw, target, epsilon=epsilon), (1 - epsilon) * ce(raw, target) + epsilon * every)


@settings(deadline=None, max_examples=25)
@given(pairs_of_classes, st.floats(0, 5))
def test_two_classes_are_the_binary_loss_of_the_difference(sample, gamma):
    """With two classes the softmax losses and the hinge see only z1 - z0, as the binary losses do."""
    raw, target = sample
    single, values = one_output(raw), target[:, None].to(raw.dtype)
    close(ce(raw, target), binary.bce(single, values))
    close(mse(raw, target), 2 * binary.mse(single, values))
    close(mae(raw, target), 2 * binary.mae(single, values))
    close(hinge(raw, target), binary.hinge(single, values))
    close(focal(raw, target, gamma=gamma), binary.focal(single, values, gamma=gamma))


@settings(deadline=None, max_examples=25)
@given(samples(), st.floats(-20, 20))
def test_only_differences_of_outputs_matter(sample, shift):
    """Softmax losses and the hinge do not notice a constant added to all outputs."""
    raw, target = sample
    for loss in (ce, mse, mae, focal, label_smoothing, hinge):
        torch.testing.assert_close(loss(raw + shift, target), loss(raw, target), rtol=1e-8, atol=1e-9)


@settings(deadline=None, max_examples=25)
@given(samples())
def test_absolute_errors_of_all_classes_add_up(sample):
    """MAE summed over all possible true classes is 2 (C - 1) everywhere: what makes it tolerate flipped labels."""
    raw, target = sample
    classes = raw.shape[-1]
    total = sum(mae(raw, torch.full_like(target, c)) for c in range(classes))
    close(total, torch.full_like(total, 2 * (classes - 1)))


SHARES = torch.tensor([0.2, 0.65, 0.15], dtype=torch.float64)
LINKS = {"softmax": lambda raw: raw.softmax(-1), "sigmoid": torch.sigmoid, "clip": lambda raw: raw.clamp(0, 1)}


def best_raw(name: str) -> torch.Tensor:
    """Return the raw outputs with the least expected loss where the classes have the shares above."""
    loss = get_loss(name, "multiclass")

    def risk(raw: np.ndarray) -> float:
        return float(loss.per_sample(torch.as_tensor(raw).expand(3, 3), torch.arange(3)) @ SHARES)

    options = {"xatol": 1e-9, "fatol": 1e-13, "maxfev": 2000}
    return torch.as_tensor(minimize(risk, np.zeros(3), method="Nelder-Mead", options=options).x)


@pytest.mark.parametrize("name", core_losses("multiclass"))
def test_estimates_what_the_record_says(name):
    """The minimiser of the expected loss, through the link, is what the record names."""
    loss, best = get_loss(name, "multiclass"), best_raw(name)
    probabilities = LINKS.get(loss.link, LINKS["softmax"])(best)
    if loss.facts.estimates.startswith("probability"):
        torch.testing.assert_close(probabilities, SHARES, rtol=0, atol=1e-4)
    elif loss.facts.estimates == "a probability drawn towards uniform":
        assert 1 / 3 < probabilities.max() < SHARES.max() - 0.01
    else:
        assert loss.facts.estimates.startswith("most probable class")
        assert best.argmax() == SHARES.argmax()
        assert best[1] > best[0] + 0.9


@pytest.mark.parametrize(("k", "height"), [(3.0, 2.0), (15.0, 30.0)])
def test_rescaled_squared_error_keeps_the_order_of_the_classes(k, height):
    """Its minimiser is kMp / (kp + 1 - p) for each class, as its docstring says: a zero of the gradient."""
    best = (k * height * SHARES / (k * SHARES + 1 - SHARES)).requires_grad_()
    risk = mse_logits(best.expand(3, 3), torch.arange(3), k=k, M=height) @ SHARES
    (slope,) = torch.autograd.grad(risk, best)
    torch.testing.assert_close(slope, torch.zeros_like(slope), rtol=0, atol=1e-12)
    assert best.argsort().tolist() == SHARES.argsort().tolist()


def test_a_shared_target_serves_every_model():
    """A target without the models' axis is read by all models, not by the first one only."""
    raw = torch.randn(4, 5, 3, generator=torch.Generator().manual_seed(0))
    target = torch.tensor([0, 1, 2, 1, 0])
    for name in core_losses("multiclass"):
        loss = getattr(multiclass, name)
        torch.testing.assert_close(loss(raw, target[None]), loss(raw, target.expand(4, -1)))
