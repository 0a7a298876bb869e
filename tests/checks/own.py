"""Losses as users write them, in the ways in which they go wrong and are sound, each for one model at a time."""

from __future__ import annotations

import torch
from torch.nn import functional

WEIGHTS = torch.tensor([1.0, 2.0, 3.0])
"""In single precision, as a user's constants are."""


# What cannot learn, or learns the opposite: a pair of task and function.


def likelihood(p, t):
    """A log-likelihood that should have been negated."""
    return -functional.binary_cross_entropy_with_logits(p, t)


def log_probability(p, t):
    """A log-probability that should have been negated."""
    return functional.log_softmax(p, 1).gather(1, t[:, None]).mean()


def score(p, t):
    """A coefficient of determination, which is best where it is greatest."""
    return 1 - (p - t).square().sum() / (t - t.mean()).square().sum()


def overlap(p, t):
    """A Dice coefficient, likewise."""
    q = p.sigmoid()
    return (2 * (q * t).sum() + 1) / (q.sum() + t.sum() + 1)


def closeness(p, t):
    """A bounded reward for being close, likewise."""
    return torch.exp(-(p - t).square()).mean()


def plain_hinge(p, t):
    """A hinge for targets of -1 and 1."""
    return (1 - p * t).clamp(min=0).mean()


def turned_hinge(p, t):
    """A hinge whose sign is wrong."""
    return (1 + p * (2 * t - 1)).clamp(min=0).mean()


def one_sided(p, t):
    """Nothing is ever lost on a negative row."""
    return (t * functional.softplus(-p)).mean()


def all_but_one(p, t):
    """Class 1 of several is masked."""
    return (functional.cross_entropy(p, t, reduction="none") * (t != 1)).mean()


def linear(p, t):
    """The raw output of the true class, as if it were a log-probability."""
    return -p.gather(1, t[:, None]).mean()


def rewards_only(p, t):
    """Each row pushes its own class up, and none down."""
    return -functional.logsigmoid(p.gather(1, t[:, None])).mean()


def next_class(p, t):
    """Classes that are numbered from one."""
    return functional.cross_entropy(p, (t + 1) % p.shape[1])


def offset(p, t):
    """Its least is far from every target."""
    return (p - t - 100).square().mean()


def other_units(p, t):
    """It wants the logarithm of the target."""
    return (p - t.abs().log1p()).square().mean()


def mean_only(p, t):
    """Only the mean of the batch is compared."""
    return (p.mean() - t.mean()).square()


def floods(p, t):
    """Only rows with a target above zero count, where targets are centred."""
    return ((t > 0) * (p - t).square()).mean()


def clamped(p, t):
    """A focal loss of probabilities, given raw outputs."""
    q = p.clamp(1e-6, 1 - 1e-6)
    return -(t * (1 - q) ** 2 * q.log() + (1 - t) * q**2 * (1 - q).log()).mean()


def raw_squares(p, t):
    """Squares of raw outputs against 0 and 1: with the border at zero, every class is the positive one."""
    return (p - t).square().mean()


def softmax_twice(p, t):
    """The cross-entropy of torch takes raw outputs, and gets probabilities."""
    return functional.cross_entropy(p.softmax(1), t)


def sigmoid_twice(p, t):
    """Likewise, with two classes."""
    return functional.binary_cross_entropy_with_logits(p.sigmoid(), t)


def softmax_of_rows(p, t):
    """The softmax goes along the rows of the batch."""
    return functional.nll_loss(p.log_softmax(0), t)


def relu_outputs(p, t):
    """A network that ends in a relu, which belongs before the last layer."""
    return functional.cross_entropy(p.relu(), t)


def relu_squares(p, t):
    """Likewise: nothing below zero can be predicted."""
    return functional.mse_loss(p.relu(), t)


def clamped_squares(p, t):
    """Nothing beyond one can be predicted."""
    return functional.mse_loss(p.clamp(-1, 1), t)


def squashed_squares(p, t):
    """Nothing beyond zero and one can be predicted; the other way round, every target is between them."""
    return (p.sigmoid() - t).square().mean()


def raw_overlap(p, t):
    """A Dice loss of raw outputs, beside one that wants them."""
    bce = functional.binary_cross_entropy_with_logits(p, t)
    return bce + 1 - ((2 * p * t + 1e-5) / (p + t + 1e-5)).mean()


def contrasted(p, t):
    """Rows of one class are drawn together, and others pushed apart."""
    apart = (p[:, None] - p[None]).square().sum(-1)
    same = (t[:, None] == t[None]).to(p.dtype)
    return (same * apart + (1 - same) * (1 - apart).clamp(min=0)).mean()


# What is sound.


def weighted(p, t):
    """Class weights in single precision, which refuse double."""
    return functional.cross_entropy(p, t, weight=WEIGHTS)


def transported(p, t):
    """A distance between the ordered predictions and the ordered targets of a batch."""
    return (p.sort(0).values - t.sort(0).values).abs().mean()


def penalised(p, t):
    """A penalty on a gradient that the loss computes by itself."""
    errors = (p - t).square()
    (slope,) = torch.autograd.grad(errors.sum(), p, create_graph=True)
    return errors.mean() + 0.01 * slope.square().mean()


def rounded(p, t):
    """Single precision inside, whatever goes in and comes out."""
    return functional.mse_loss(p.float(), t.float()).to(p.dtype)


def smoothed(p, t):
    """Smoothed labels."""
    return functional.cross_entropy(p, t, label_smoothing=0.1)


def masked(p, t):
    """A mean over some of the rows."""
    kept = (t.abs() > 0.6).to(p.dtype)
    return (kept * (p - t).square()).sum() / kept.sum().clamp(min=1)


def narrow(p, t):
    """A robust loss that is flat beyond an error of one."""
    return (1 - (1 - (p - t).square()).clamp(min=0) ** 3).mean()


def skewed(p, t):
    """A quantile near the end."""
    return torch.maximum(0.95 * (t - p), 0.05 * (p - t)).mean()


def correlated(p, t):
    """One minus a correlation, which leaves shift and scale open."""
    left, right = p - p.mean(), t - t.mean()
    return 1 - (left * right).sum() / (left.norm() * right.norm() + 1e-8)


def margin(p, t):
    """A margin between classes."""
    return functional.multi_margin_loss(p, t)


def dice(p, t):
    """One minus a Dice coefficient."""
    return 1 - overlap(p, t)


def costly(p, t):
    """A missed positive costs twenty times a false one."""
    return functional.binary_cross_entropy_with_logits(p, t, pos_weight=torch.tensor(20.0))


def worst_half(p, t):
    """The mean of the larger half of the losses."""
    each = functional.binary_cross_entropy_with_logits(p, t, reduction="none").flatten()
    return each.topk(max(1, len(each) // 2)).values.mean()


def ranking(p, t):
    """The share of pairs of a positive and a negative that are in the wrong order, smoothed."""
    pairs = t[:, None, 0] * (1 - t[None, :, 0])
    return (torch.sigmoid(p[None, :, 0] - p[:, None, 0]) * pairs).sum() / pairs.sum().clamp(min=1)


def bounded(p, t):
    """A power of the probability of the true class, which saturates."""
    return ((1 - p.softmax(1).gather(1, t[:, None]) ** 0.7) / 0.7).mean()


def unsure(p, t):
    """The error of probabilities from smoothed labels, which certain ones do not reach."""
    return (p.sigmoid() - (0.8 * t + 0.1)).square().mean()


def hinge_of_probability(p, t):
    """A margin that probabilities do not reach: the absolute error, and one more for every negative."""
    return (1 - (2 * t - 1) * p.sigmoid()).clamp(min=0).mean()


def tolerant(p, t):
    """Errors below a half cost nothing."""
    return ((p - t).abs() - 0.5).clamp(min=0).mean()


def branching(p, t):
    """It takes a number out of a tensor, so that models are evaluated one after the other."""
    each = functional.cross_entropy(p, t, reduction="none")
    return each.mean() if each.exp().mean().item() < 1.01 else ((1 - (-each).exp()) ** 2 * each).mean()


def indexed(p, t):
    """Rows are selected by their error, likewise."""
    error = (p - t).abs()
    near = error < 1
    return (0.5 * error[near].square()).sum() / len(p) + (error[~near] - 0.5).sum() / len(p)


# What fails on some batches.


def balanced(p, t):
    """The weight of a positive row is infinite where there is none."""
    weight = len(t) / t.sum() / 2
    return (functional.binary_cross_entropy_with_logits(p, t, reduction="none") * (t * weight + 1 - t)).mean()


def one_hot(p, t):
    """As many columns as the greatest class that happens to be there."""
    return -(functional.one_hot(t) * functional.log_softmax(p, 1)).sum(1).mean()
