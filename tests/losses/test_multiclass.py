from __future__ import annotations

from functools import cache, partial

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize
from sklearn import metrics

from lossbench.checks.case import gradient
from lossbench.losses import binary, get_loss, margin, modulated
from lossbench.losses.class_prior import class_weights
from lossbench.losses.multiclass import (
    bce,
    ce,
    focal,
    hinge,
    label_smoothing,
    mae,
    mse,
    mse_logits,
    multi_margin,
)
from lossbench.losses.noise_robust import tempered_softmax
from lossbench.losses.softmax import one_hot

from .cases import CASES, close
from .strategies import several_classes

functional = torch.nn.functional
FAMILY = [case for case in CASES if case.loss.task == "multiclass"]
DEFAULTS = [case for case in FAMILY if case.loss.spec == case.loss.name]
pairs_of_classes = several_classes(most=2)


@settings(deadline=None, max_examples=25)
@given(several_classes(), st.floats(0, 0.99), st.floats(0.1, 5))
def test_agrees_with_torch(sample, epsilon, margin):
    """Cross-entropy, plain and smoothed, and the margin losses are torch's."""
    raw, target = sample
    close(ce(raw, target).mean(), torch.nn.CrossEntropyLoss()(raw, target))
    smoothed = torch.nn.CrossEntropyLoss(label_smoothing=epsilon)(raw, target)
    close(label_smoothing(raw, target, epsilon=epsilon).mean(), smoothed)
    close(multi_margin(raw, target, margin=margin).mean(), torch.nn.MultiMarginLoss(margin=margin)(raw, target))


@settings(deadline=None, max_examples=25)
@given(several_classes())
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
@given(several_classes())
def test_same_function_by_another_road(sample):
    """Focal with gamma = 0 and smoothing with epsilon = 0 are CE; squared errors are those of a one-hot target."""
    raw, target = sample
    y = functional.one_hot(target, raw.shape[-1]).to(raw.dtype)
    close(focal(raw, target, gamma=0), ce(raw, target))
    close(label_smoothing(raw, target, epsilon=0), ce(raw, target))
    close(mse(raw, target), (raw.softmax(-1) - y).square().sum(-1))
    close(mae(raw, target), 2 - 2 * raw.softmax(-1).gather(-1, target[:, None])[:, 0])
    close(mse_logits(raw, target), (raw - y).square().sum(-1))
    close(bce(raw, target), functional.binary_cross_entropy_with_logits(raw, y, reduction="none").sum(-1))


@settings(deadline=None, max_examples=25)
@given(several_classes(), st.floats(0, 5))
def test_focal_weighs_cross_entropy(sample, gamma):
    """Focal loss is cross-entropy times the probability of all other classes to the power gamma."""
    raw, target = sample
    wrong = (raw.softmax(-1) * (1 - one_hot(raw, target))).sum(-1)
    torch.testing.assert_close(
        focal(raw, target, gamma=gamma), wrong**gamma * ce(raw, target), rtol=1e-8, atol=1e-10
    )


@settings(deadline=None, max_examples=25)
@given(several_classes(), st.floats(0, 0.99))
def test_label_smoothing_mixes_classes(sample, epsilon):
    """It mixes the cross-entropy to the true class and the mean of that to every class."""
    raw, target = sample
    every = torch.stack([ce(raw, torch.full_like(target, c)) for c in range(raw.shape[-1])]).mean(0)
    close(label_smoothing(raw, target, epsilon=epsilon), (1 - epsilon) * ce(raw, target) + epsilon * every)


@settings(deadline=None, max_examples=25)
@given(pairs_of_classes, st.floats(0, 5))
def test_two_classes_are_the_binary_loss_of_the_difference(sample, gamma):
    """With two classes the softmax losses and the hinges see only z1 - z0, as the binary losses do."""
    raw, target = sample
    single, values = raw[:, 1:] - raw[:, :1], target[:, None].to(raw.dtype)
    close(ce(raw, target), binary.bce(single, values))
    close(mse(raw, target), 2 * binary.mse(single, values))
    close(mae(raw, target), 2 * binary.mae(single, values))
    close(hinge(raw, target), margin.hinge(single, values))
    close(multi_margin(raw, target), margin.hinge(single, values) / 2)
    close(focal(raw, target, gamma=gamma), modulated.focal(single, values, gamma=gamma))


ABSOLUTE = ("mse_logits", "bce", "squentropy")  # each raw output has a meaning of its own


@pytest.mark.parametrize("case", FAMILY, ids=str)
def test_only_differences_of_outputs_matter(case):
    """Softmax losses and margins do not notice a constant added to all outputs; their slopes add up to zero."""
    raw, target = case.draw(50)
    slope = gradient(case, raw, target).sum(-1)
    if case.loss.name in ABSOLUTE:
        assert slope.abs().min() > 1e-6
    else:
        close(case.value(raw + 3, target), case.value(raw, target))
        close(slope, torch.zeros_like(slope))


@settings(deadline=None, max_examples=25)
@given(several_classes())
def test_absolute_errors_of_all_classes_add_up(sample):
    """MAE summed over all possible true classes is 2 (C - 1) everywhere: what makes it tolerate flipped labels."""
    raw, target = sample
    classes = raw.shape[-1]
    total = sum(mae(raw, torch.full_like(target, c)) for c in range(classes))
    close(total, torch.full_like(total, 2 * (classes - 1)))


@pytest.mark.parametrize("case", FAMILY, ids=str)
def test_slope_at_ties_and_kinks_is_autograd_s(case):
    """Where several classes are the best, or a margin is just met, the stated slope is what autograd takes."""
    corners = torch.cartesian_prod(*[torch.tensor([0.0, 1.0, 1.4], dtype=torch.float64)] * 4)
    raw, target = corners.expand(4, -1, -1), torch.arange(4)[:, None].expand(-1, len(corners))
    slope = case.loss.record.slope(raw, target, **case.prior(raw), **case.loss.parameters)
    close(slope, gradient(case, raw, target))


def test_every_loss_of_several_classes_states_its_slope():
    """None is left to autograd."""
    assert all(case.loss.record.slope for case in FAMILY)


SHARES = torch.tensor([0.2, 0.65, 0.15], dtype=torch.float64)


def risks(case, raw: torch.Tensor, function=None) -> torch.Tensor:
    """Return the expected loss of raw outputs at the shares above, or its expected slope."""
    every, target = raw.expand(3, 3), torch.arange(3)
    values = (function or case.loss.record.fn)(every, target, **case.prior(every), **case.loss.parameters)
    return SHARES @ values


@cache
def by_search(case) -> torch.Tensor:
    """Return the raw outputs of the least expected loss, found by scipy on the value alone."""
    options = {"xatol": 1e-9, "fatol": 1e-13, "maxfev": 2000}
    search = partial(minimize, x0=np.zeros(3), method="Nelder-Mead", options=options)
    return torch.as_tensor(search(lambda raw: float(risks(case, torch.as_tensor(raw)))).x)


@cache
def by_descent(case) -> torch.Tensor:
    """Return the same, found by scipy along the record's own slope."""

    def value_and_slope(raw: np.ndarray) -> tuple[float, np.ndarray]:
        point = torch.as_tensor(raw)
        return float(risks(case, point)), risks(case, point, case.loss.record.slope).numpy()

    return torch.as_tensor(minimize(value_and_slope, np.zeros(3), jac=True, method="L-BFGS-B").x)


@pytest.mark.parametrize("case", [case for case in DEFAULTS if case.loss.facts.nonnegative], ids=str)
def test_descent_along_the_slope_finds_the_least_loss(case):
    """Following the slope, and searching by the value alone, end at the same least loss, if there is one."""
    assert float(risks(case, by_descent(case))) == pytest.approx(float(risks(case, by_search(case))), abs=1e-3)


def scaled(weights: torch.Tensor) -> torch.Tensor:
    """Return shares in proportion to weights times those above."""
    return weights * SHARES / (weights * SHARES).sum()


PRIOR = torch.tensor([1, 2, 3], dtype=torch.float64) / 6  # what the cases give
LINKS = {
    "softmax": lambda raw: raw.softmax(-1),
    "sigmoid": torch.sigmoid,
    "clip": lambda raw: raw.clamp(0, 1),
    "margin": lambda raw: tempered_softmax(raw, 1.2)[0].exp(),
}
PROBABILITIES = {
    "probability": SHARES,
    "probability, by the tempered softmax": SHARES,
    "probability / share^tau, scaled to a sum of 1": scaled(1 / PRIOR),
    "probability times weight, scaled to a sum of 1": scaled(class_weights(PRIOR[None], 0.999, 1000)[0]),
}


@pytest.mark.parametrize("search", [by_search, by_descent])
@pytest.mark.parametrize("case", DEFAULTS, ids=str)
def test_estimates_what_the_record_says(case, search):
    """The minimiser of the expected loss, through the link, is what the record names."""
    best, claim = search(case), case.loss.facts.estimates.partition(" (")[0]
    probabilities = LINKS[case.loss.link](best)
    if claim in PROBABILITIES:
        torch.testing.assert_close(probabilities, PROBABILITIES[claim], rtol=0, atol=1e-4)
    elif claim == "a probability drawn towards uniform":
        assert 1 / 3 < probabilities.max() < SHARES.max() - 0.01
    elif claim == "a probability drawn towards the most probable class":
        assert probabilities[1] > SHARES.max() + 0.01
    elif claim.startswith("which class is the least probable"):
        assert best[2] < min(best[0], best[1]) - 0.9
    else:
        assert claim.startswith("most probable class")
        assert best[1] > max(best[0], best[2]) + 0.9


@pytest.mark.parametrize(("k", "height"), [(3.0, 2.0), (15.0, 30.0)])
def test_rescaled_squared_error_keeps_the_order_of_the_classes(k, height):
    """Its minimiser is kMp / (kp + 1 - p) for each class, as its docstring says: a zero of the gradient."""
    best = k * height * SHARES / (k * SHARES + 1 - SHARES)
    slope = SHARES @ get_loss("mse_logits", "multiclass").record.slope(
        best.expand(3, 3), torch.arange(3), k=k, M=height
    )
    torch.testing.assert_close(slope, torch.zeros_like(slope), rtol=0, atol=1e-12)
    assert best.argsort().tolist() == SHARES.argsort().tolist()
