"""Losses of a whole sample: how far the distribution of a batch's outputs is from that of its targets.

Only `mse` pairs each output with a target: for the others both are samples, in any order. Written with x for the n
outputs of a batch, y for its n targets and |x - y| for the Euclidean distance; a mean over x, x' is one over all
n² pairs. Targets are standardised, so all distances are in standard deviations of the training target. The batch
size is part of a loss; its facts are those of a batch of one sample, in one or two dimensions.
"""

from __future__ import annotations

import math
from functools import partial, reduce

from lossbench.lazy import torch
from lossbench.losses.record import Facts, smooth
from lossbench.losses.registry import find, register
from lossbench.losses.regression import mse, scale
from lossbench.losses.structured.directions import directions
from lossbench.spec import Parameter

LAW = "the law of the targets"

DIRECTIONS = 8
ITERATIONS = 10
BINS = 6  # on each side of the middle one, along each axis

BANDWIDTH = scale("bandwidth", 1.0, meaning="standard deviation of the kernel")
BLUR = scale("epsilon", 0.2, meaning="weight of the plan's entropy: how far it blurs")
WIDTH = scale(
    "width", 0.5, meaning="width of a bin, and standard deviation of the kernel that shares a sample out"
)
FLOOR = Parameter("epsilon", 0.001, low=0, open_low=True, meaning="added to the share of every bin")

_register = partial(register, task="distribution", encoding="values", link="identity", core=True)
_of_samples = partial(_register, whole_batch=True)


@_of_samples(
    formula="mean over directions θ, and over i, of the distance of the i-th of all θ·x in order to the i-th of "
    "all θ·y; one direction on a line, 8 in the plane, as long as makes it a distance",
    source="Deshpande, Zhang and Schwing (2018), Generative modeling using the sliced Wasserstein distance, CVPR, "
    "with distances for their squares",
    facts=Facts(convex=True, symmetric=True, lipschitz=1, estimates=LAW),
)
def wasserstein(raw: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """How far a sample has to be moved to become the other, along lines.

    On a line the way of least work keeps the order, so this is the Wasserstein distance itself. In the plane it is
    at most that distance. The directions are fixed: with random ones it would be no function of its batch.

    Example:
        >>> wasserstein(torch.tensor([[3.0], [0.0]]), torch.tensor([[0.5], [3.0]]))
        tensor(0.2500)
    """
    ways = raw.new_tensor(directions(raw.shape[-1], DIRECTIONS))
    # Stable, so that the order of equal outputs does not depend on the processor.
    here, there = (_along(one, ways).sort(dim=-1, stable=True).values for one in (raw, target))
    return _mean((here - there).abs())


@_of_samples(
    formula="2 mean |x - y| - mean |x - x'| - mean |y - y'|",
    source="Székely and Rizzo (2013), Energy statistics: a class of statistics based on distances, Journal of "
    "Statistical Planning and Inference 143",
    facts=Facts(convex=True, symmetric=True, lipschitz=2, estimates=LAW),
)
def energy(raw: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Energy distance: samples are as far from each other as from themselves only where their laws are the same.

    On a line it is twice the integrated square of the difference of both distribution functions.

    Example:
        >>> energy(torch.tensor([[3.0], [0.0]]), torch.tensor([[1.0], [3.0]]))
        tensor(0.5000)
    """
    if raw.shape[-1] == 1:
        both = torch.cat([raw, target], dim=-2)
        return (_pairs(both) - 2 * _pairs(raw) - 2 * _pairs(target)) / raw.shape[-2] ** 2
    apart = 2 * _mean(_distances(raw, target))
    return apart - _mean(_distances(raw, raw)) - _mean(_distances(target, target))


@_of_samples(
    formula="mean k(x, x') + mean k(y, y') - 2 mean k(x, y), with k(x, y) = exp(-|x - y|² / (2 bandwidth²))",
    source="Gretton, Borgwardt, Rasch, Schölkopf and Smola (2012), A kernel two-sample test, Journal of Machine "
    "Learning Research 13, section 2.2",
    range="[0, 2]",
    parameters=(BANDWIDTH,),
    # Lipschitz: at a distance of one bandwidth
    facts=smooth(bounded=True, lipschitz=2 / math.sqrt(math.e), estimates=LAW),
)
def mmd(
    raw: torch.Tensor, target: torch.Tensor, *, bandwidth: float | torch.Tensor = BANDWIDTH.default
) -> torch.Tensor:
    """Squared maximum mean discrepancy under a Gaussian kernel.

    Outputs many bandwidths away from all targets hardly feel them.

    Example:
        >>> mmd(torch.tensor([[1.0]]), torch.tensor([[0.0]]))
        tensor(0.7869)
    """

    def alike(left: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
        return _mean((-0.5 * _squares(left / bandwidth, right / bandwidth)).exp())

    return alike(raw, raw) + alike(target, target) - 2 * alike(raw, target)


@_of_samples(
    formula="S(x, y) - ½ S(x, x) - ½ S(y, y), with S(x, y) the least mean of |x - y| under a plan, plus epsilon "
    "times the plan's divergence from independence, after 10 iterations of Sinkhorn's",
    source="Genevay, Peyré and Cuturi (2018), Learning generative models with Sinkhorn divergences, AISTATS, with "
    "the dual value of Feydy, Séjourné, Vialard, Amari, Trouvé and Peyré (2019), Interpolating between optimal "
    "transport and MMD using Sinkhorn divergences, AISTATS",
    parameters=(BLUR,),
    facts=Facts(convex=True, symmetric=True, lipschitz=1, estimates=LAW),
)
def sinkhorn(
    raw: torch.Tensor, target: torch.Tensor, *, epsilon: float | torch.Tensor = BLUR.default
) -> torch.Tensor:
    """Cost of moving one sample to the other by a blurred plan, less that of moving each to itself.

    A small epsilon is near the Wasserstein distance, a large one near half of the energy distance. The number of
    iterations is fixed, so that the value is a function of the batch alone.

    Example:
        >>> sinkhorn(torch.tensor([[3.0], [0.0]]), torch.tensor([[1.0], [3.0]]))
        tensor(0.5000)
    """
    itself = _self_transport(raw, epsilon) + _self_transport(target, epsilon)
    return _transport(raw, target, epsilon) - itself


@_of_samples(
    formula="Σ over bins of p log(p / q), p the share of the targets in a bin and q that of the outputs, each "
    "plus epsilon and divided by their sum; 13 bins along each axis about the mean target, a sample shared out "
    "among them in proportion to exp(-½ (distance to the bin's centre / width)²)",
    source="Kullback and Leibler (1951), On information and sufficiency, The Annals of Mathematical Statistics "
    "22; histograms made smooth as in Ustinova and Lempitsky (2016), Learning deep embeddings with histogram "
    "loss, NIPS, but by another kernel",
    range="[0, log(1 + 1 / epsilon)]",
    parameters=(WIDTH, FLOOR),
    # Lipschitz: on a line, 2.4 widths away from the target
    facts=smooth(bounded=True, lipschitz=3.419, estimates=LAW),
)
def kl_histogram(
    raw: torch.Tensor,
    target: torch.Tensor,
    *,
    width: float | torch.Tensor = WIDTH.default,
    epsilon: float | torch.Tensor = FLOOR.default,
) -> torch.Tensor:
    """Kullback-Leibler divergence of the outputs' histogram from that of the targets.

    An output beyond the bins counts in the last of them, and hardly feels where the targets are.

    Example:
        >>> kl_histogram(torch.tensor([[5.0], [6.0]]), torch.tensor([[0.0], [1.0]]))
        tensor(5.1191)
    """
    middle = target.mean(-2, keepdim=True)
    counted = (_shares((one - middle) / width) + _flat(epsilon) for one in (target, raw))
    p, q = (shares / shares.sum(-1, keepdim=True) for shares in counted)
    return (p * (p.log() - q.log())).sum(-1)


_PAIRED = find("mse", "regression")
_register(formula=_PAIRED.formula, source=_PAIRED.source, slope=_PAIRED.slope, facts=_PAIRED.facts)(mse)


def _mean(pairs: torch.Tensor) -> torch.Tensor:
    """Return the mean over all pairs (..., n, n), (...)."""
    return pairs.mean((-2, -1))


def _along(sample: torch.Tensor, ways: torch.Tensor) -> torch.Tensor:
    """Project a sample (..., n, targets) on directions (targets, directions): (..., directions, n)."""
    columns = zip(sample.unsqueeze(-3).unbind(-1), ways, strict=True)
    along: torch.Tensor = reduce(torch.add, [column * way.unsqueeze(-1) for column, way in columns])
    return along


def _pairs(sample: torch.Tensor) -> torch.Tensor:
    """Return the sum of the distances of all pairs of a sample on a line (..., n, 1), (...), by sorting."""
    ordered, n = sample.squeeze(-1).sort(dim=-1, stable=True).values, sample.shape[-2]
    # The i-th smallest is the upper one of i - 1 pairs and the lower one of n - i; each pair counts twice.
    return 2 * (ordered * torch.arange(1 - n, n, 2, dtype=sample.dtype, device=sample.device)).sum(-1)


def _distances(left: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
    """Return the distances of all pairs from two samples (..., n, targets), (..., n, n)."""
    # Neither by products, which lose digits, nor by a root, whose slope is infinite where two points coincide.
    found: torch.Tensor = torch.cdist(left, right, compute_mode="donot_use_mm_for_euclid_dist")
    return found


def _squares(left: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
    """Return the squared distances of all pairs from two samples (..., n, targets), (..., n, n)."""
    columns = zip(left.unsqueeze(-2).unbind(-1), right.unsqueeze(-3).unbind(-1), strict=True)
    squares: torch.Tensor = reduce(torch.add, [(here - there).square() for here, there in columns])
    return squares


def _transport(left: torch.Tensor, right: torch.Tensor, epsilon: float | torch.Tensor) -> torch.Tensor:
    """Return the cost of moving one sample to another, entropy included, (...), by the dual problem."""
    cost = _distances(left, right) / epsilon
    there = torch.zeros_like(cost[..., :1, :])
    for _ in range(ITERATIONS):
        here = _soft_least(cost - there, -1)
        there = _soft_least(cost - here, -2)
    return _mean(epsilon * (here + there))


def _self_transport(sample: torch.Tensor, epsilon: float | torch.Tensor) -> torch.Tensor:
    """Return half the cost of moving a sample to itself, (...); both potentials are the same."""
    cost = _distances(sample, sample) / epsilon
    both = torch.zeros_like(cost[..., :1, :])
    for _ in range(ITERATIONS):
        both = 0.5 * (both + _soft_least(cost - both, -1).transpose(-2, -1))
    return _mean(epsilon * both)


def _soft_least(cost: torch.Tensor, axis: int) -> torch.Tensor:
    """Return a smooth minimum along an axis, -log mean exp(-cost), with the axis kept."""
    return math.log(cost.shape[axis]) - (-cost).logsumexp(axis, keepdim=True)


def _shares(sample: torch.Tensor) -> torch.Tensor:
    """Return the share of a sample (..., n, targets) in each bin about the middle one, (..., bins)."""
    bins = torch.arange(-BINS, BINS + 1, dtype=sample.dtype, device=sample.device)
    weight = (-0.5 * (sample.unsqueeze(-1) - bins).square()).softmax(-1)
    cells = weight[..., 0, :]
    for axis in range(1, sample.shape[-1]):
        # Not a product of matrices, whose bits may depend on how many of them there are.
        cells = (cells.unsqueeze(-1) * weight[..., axis, :].unsqueeze(-2)).flatten(-2)
    return cells.mean(-2)


def _flat(parameter: float | torch.Tensor) -> float | torch.Tensor:
    """Return a parameter (..., 1, 1) of several models without its last axis."""
    return parameter.squeeze(-1) if torch.is_tensor(parameter) else parameter
