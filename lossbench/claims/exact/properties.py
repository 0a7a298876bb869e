"""Identities and properties of the catalogue's losses, and of the networks trained with them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Set
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from lossbench.claims.claim import Claim, Evidence, decided
from lossbench.claims.exact.growth import best_constant
from lossbench.claims.registry import experiment
from lossbench.claims.study import Study
from lossbench.lazy import torch
from lossbench.losses import get_loss
from lossbench.losses.registry import losses_of
from lossbench.metrics.prediction import predict
from lossbench.report.words.english import joined
from lossbench.task import TASKS, Task

if TYPE_CHECKING:
    from torch import Tensor

POINTS = 1000
TOLERANCE = 1e-12  # double precision leaves some 1e-16 of the size of the values

Definition = Literal["(y - p)²", "|y - p|", "½ (y - p)²"]

DEFINITIONS: dict[Definition, Callable[[np.ndarray], np.ndarray]] = {
    "(y - p)²": np.square,
    "|y - p|": np.abs,
    "½ (y - p)²": lambda error: np.square(error) / 2,
}
"""Definitions that a document may state for the loss of one sample, as functions of its error."""


def draw(*shape: int, seed: int = 0) -> np.ndarray:
    """Return normal numbers of a shape (n, ...), the same at every call."""
    return np.random.default_rng(seed).normal(size=shape)


def agreement(what: str, difference: Any, n: int, detail: str = "", note: str = "", same: str = "") -> Evidence:
    """Return the evidence that some differences are all zero, by the largest of them; if so, `same` says it."""
    largest = float(np.abs(difference).max())
    agrees = largest <= TOLERANCE
    left = f"to within {largest:.2g}, no more than rounding" if largest else "exactly"
    clause = f"{same}, {left}" if agrees and same else ""
    about = Evidence(decided(agrees), what, detail=detail, clause=clause, note=note)
    return replace(about, reported=0.0, measured=largest, n=n)


@experiment("definition")
def definition(claim: Claim, study: Study, *, loss: str, formula: Definition) -> list[Evidence]:
    """Compare the mean of a loss over samples with the mean of the stated formula."""
    raw, target = 3 * draw(POINTS, 20, 1), 3 * draw(POINTS, 20, 1, seed=1)
    stated = DEFINITIONS[formula](target - raw)[..., 0].mean(-1)
    computed = np.asarray(get_loss(loss, "regression")(torch.tensor(raw), torch.tensor(target)).mean(-1))
    what, same = f"difference of {loss} to the mean of {formula}", f"{loss} is the mean of {formula}"
    return [agreement(what, computed - stated, POINTS, detail="value", same=f"{same} at all {POINTS} points")]


@experiment("proportional")
def proportional(claim: Claim, study: Study, *, loss: str, to: str, factor: float) -> list[Evidence]:
    """Compare the gradients and best constants of two losses, one claimed to be a multiple of the other."""
    first, second = get_loss(loss, "regression"), get_loss(to, "regression")
    target, samples = torch.tensor(draw(POINTS, 1)), draw(POINTS, 20, seed=1)
    raw = torch.tensor(draw(POINTS, 1, seed=2), requires_grad=True)
    slopes = [torch.autograd.grad(one.per_sample(raw, target).sum(), raw)[0] for one in (first, second)]
    bests = [[best_constant(one, values) for values in samples[:20]] for one in (first, second)]
    gaps, apart = np.asarray(slopes[0] - factor * slopes[1]), np.subtract(bests[0], bests[1])
    scaled = f"its gradient is {factor:g} times that of {to} at all {POINTS} points"
    best = f"both have the same minimum on all {len(apart)} samples"
    return [
        agreement(f"difference to {factor:g} of the gradient", gaps, POINTS, "gradient", same=scaled),
        agreement("difference of the minimisers", apart, len(apart), "minimiser", same=best),
    ]


Weight = Literal["growing", "alike"]


@experiment("weight_of_errors")
def weight_of_errors(claim: Claim, study: Study, *, loss: str, weight: Weight) -> list[Evidence]:
    """Double errors from 0.001 to 1000, and measure the change of their cost and of their pull, the gradient.

    growing: the cost more than doubles and the pull grows, at every error.
    alike: the cost doubles and the pull stays the same, at every error.
    """
    sizes = np.geomspace(1e-3, 1e3, 61)
    costs, pulls = cost_and_pull(loss, np.stack([sizes, 2 * sizes, -sizes, -2 * sizes]))
    cost, pull = (np.concatenate([of[1] / of[0], of[3] / of[2]]) for of in (costs, pulls))
    return [
        multiple("cost", cost, 2.0, weight),
        multiple("pull", pull, 1.0, weight),
    ]


def cost_and_pull(spec: str, errors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the loss at each error and the size of its gradient there, both in the shape of the errors."""
    raw = torch.tensor(errors[..., None], requires_grad=True)
    cost = get_loss(spec, "regression").per_sample(raw, torch.zeros_like(raw))
    (gradient,) = torch.autograd.grad(cost.sum(), raw)
    return cost.detach().numpy(), gradient[..., 0].abs().numpy()


def multiple(what: Literal["cost", "pull"], found: np.ndarray, same: float, weight: Weight) -> Evidence:
    """Return the evidence that all multiples (n,) equal the one of equal weight, or that all are above it."""
    alike = np.allclose(found, same, rtol=1e-9, atol=0)
    held = alike if weight == "alike" else bool((found > same * (1 + 1e-9)).all())
    low, middle, high = (float(of(found)) for of in (np.min, np.median, np.max))
    note = f"as a multiple; {same:g} is what it is where errors weigh alike"
    clause = f"doubling an error multiplies its {'gradient' if what == 'pull' else what} by {middle:.3g}"
    clause += "" if weight == "alike" else f" (by {same:g} if all errors weighed alike)"
    about = Evidence(decided(held), f"{what} of a doubled error", clause=clause, note=note)
    return replace(about, measured=middle, low=low, high=high, n=found.size)


@experiment("asymmetry")
def asymmetry(claim: Claim, study: Study) -> list[Evidence]:
    """Exchange the two distributions of a cross-entropy: it is not symmetric if any pair gives two values.

    H(p, q) = -Σ p log q. Two distributions over two outcomes that mirror each other give the same value.
    """
    p, q = (torch.tensor(draw(POINTS, 4, seed=seed)).softmax(-1) for seed in (0, 1))
    mirrored = p[:, :2] / p[:, :2].sum(-1, keepdim=True)
    gaps, gap = (
        (entropy(one, other) - entropy(other, one)).abs() for one, other in ((p, q), (mirrored, mirrored.flip(-1)))
    )
    differ, largest = int((gaps > TOLERANCE).sum()), float(gaps.max())
    mirror = "for mirrored pairs (a, 1 - a), (1 - a, a)"
    note = f"different in {differ} of {POINTS} random pairs; {mirror} at most {float(gap.max()):.1g}"
    clause = (
        f"exchanging p and q changes H(p, q) for {differ} of {POINTS} random pairs, by up to {largest:.3g}; "
        f"{mirror} by {float(gap.max()):.1g}"
    )
    about = Evidence(decided(largest > TOLERANCE), "largest |H(p, q) - H(q, p)|", clause=clause, note=note)
    return [replace(about, measured=largest, n=POINTS)]


def entropy(p: Tensor, q: Tensor) -> Tensor:
    """Return -Σ p log q of each pair, (batch,), by a loss with labels p (batch, classes) and softmax q."""
    return get_loss("ce", "multilabel").per_sample(q.log(), p)


@experiment("softmax_range")
def softmax_range(claim: Claim, study: Study) -> list[Evidence]:
    """Check softmax outputs at raw outputs of every size: each in [0, 1], and those of a sample sum to 1."""
    raw = np.concatenate([draw(1, POINTS, 5) * scale for scale in (0.01, 1.0, 100.0, 1e4)])
    probability = predict(raw, "softmax", "multiclass").probability
    assert probability is not None  # the link has one
    beyond = np.maximum(probability - 1, -probability).clip(min=0)
    outputs, samples = raw.size, raw[..., 0].size
    within, sums = f"all {outputs} outputs lie in [0, 1]", f"those of each of {samples} samples sum to 1"
    return [
        agreement("distance beyond [0, 1]", beyond, outputs, detail="range", same=within),
        agreement("difference of the sum to 1", probability.sum(-1) - 1, samples, detail="sum", same=sums),
    ]


@experiment("cost")
def cost(claim: Claim, study: Study) -> list[Evidence]:
    """Compare the cost that the loop engine minimises with its parts by hand: mean loss, Σ|w| and Σw²."""
    from lossbench.training.loop.networks import penalty

    network, features, layers = sigmoid_network()
    target = torch.tensor(draw(len(features), 1))
    per_sample = get_loss("mse", "regression").per_sample(network(features), target)
    total = per_sample.mean() + penalty(network, l1=0.03, l2=0.02)
    weights = np.concatenate([layer[:, :-1].ravel() for layer in layers])
    errors = network(features).detach().numpy() - target.numpy()
    by_hand = np.square(errors).mean() + 0.03 * np.abs(weights).sum() + 0.02 * np.square(weights).sum()
    note = (
        "the loss is averaged over samples and biases are free; were it summed, a penalty would weigh 1/n as much"
    )
    what = "cost minus loss and penalty"
    same = "the cost is the loss averaged over samples plus the penalties of all weights but biases"
    return [agreement(what, total.item() - by_hand, len(features), note=note, same=same)]


@experiment("forward_pass")
def forward_pass(claim: Claim, study: Study) -> list[Evidence]:
    """Compute the outputs of a network of four weight matrices by dot products and sigmoids only.

    A bias is the weight of an input that is always 1. The last sigmoid is the link.
    """
    network, features, layers = sigmoid_network()
    by_hand = np.asarray(features)
    for layer in layers:
        by_hand = 1 / (1 + np.exp(-np.pad(by_hand, ((0, 0), (0, 1)), constant_values=1) @ layer.T))
    probability = predict(network(features).detach().numpy()[None], "sigmoid", "binary").probability
    note = "its outputs lie in (0, 1); for a regression the last sigmoid has to go"
    difference = np.asarray(probability)[0] - by_hand[:, 0]
    what, n = "engine's outputs minus those by hand", len(features)
    same = f"dot products and sigmoids by hand give the outputs of the network for all {n} rows"
    return [agreement(what, difference, n, detail="forward pass", note=note, same=same)]


def sigmoid_network() -> tuple[Any, Tensor, list[np.ndarray]]:
    """Return a network of the loop engine with three hidden layers of sigmoids, its features, and its weights.

    The weights are (units, inputs + 1) for each layer, the bias last.
    """
    from lossbench.plan.experiment import plan
    from lossbench.plan.settings import make_settings
    from lossbench.training.loop.networks import build_network
    from lossbench.training.packing import make_packs

    settings = make_settings(
        datasets=["breast_cancer"], losses=["bce"], models=["mlp:6,4,3:sigmoid"], seeds=1, outliers=[0.0]
    )
    experiment = plan(settings)
    (pack,) = make_packs(experiment.setups[0], experiment.trials)
    return build_network(pack, 0, torch.float64), torch.tensor(pack.training[0].features), pack.weights[0]


@experiment("heads")
def heads(claim: Claim, study: Study) -> list[Evidence]:
    """Count the heads among the losses of one task: output activations (links), and raw outputs per target."""
    activations = {task: {record.link for record in losses_of(task)} for task in TASKS}
    units = {task: {record.outputs_per_target for record in losses_of(task)} for task in TASKS}
    return [variety("output activations", activations), variety("output units a target", units)]


def variety(what: str, found: Mapping[Task, Set[Any]]) -> Evidence:
    """Return the evidence that some task has several of something."""
    task = max(found, key=lambda task: len(found[task]))
    most, values = len(found[task]), joined(sorted(map(str, found[task])))
    said = "; ".join(f"{task}: {', '.join(sorted(map(str, values)))}" for task, values in found.items())
    clause = f"losses for the task {task} have {most} different {what} ({values})"
    about = Evidence(decided(most > 1), f"{what} among the losses of one task", clause=clause, note=said)
    return replace(about, measured=float(most))


@experiment("line_fit")
def line_fit(claim: Claim, study: Study, *, loss: str) -> list[Evidence]:
    """Fit a line by gradient descent on the mean loss: does every step lower it, and does it end at least squares?

    200 points around a line, both coordinates of unit size; 2000 steps at a rate of 0.1.
    """
    x = torch.tensor(draw(200))
    y = 1.5 * x - 0.5 + 0.3 * torch.tensor(draw(200, seed=1))
    criterion = get_loss(loss, "regression").per_sample
    line = torch.zeros(2, dtype=torch.float64, requires_grad=True)
    costs = []
    for _ in range(2000):
        value = criterion((line[0] * x + line[1])[:, None], y[:, None]).mean()
        (gradient,) = torch.autograd.grad(value, line)
        line = (line - 0.1 * gradient).detach().requires_grad_()
        costs.append(value.item())
    risen = max(after - before for before, after in pairwise(costs))
    least_squares = np.polyfit(np.asarray(x), np.asarray(y), 1)
    falls, ends = f"no step of {len(costs)} raises the loss", "the fitted line is that of least squares"
    apart = line.detach().numpy() - least_squares
    return [
        agreement("largest rise of the loss in a step", max(risen, 0.0), len(costs), detail="descent", same=falls),
        agreement("distance to the least-squares line", apart, 2, detail="end", same=ends),
    ]
