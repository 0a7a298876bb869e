"""A loss that no gradient can minimise, under an optimiser that needs none."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from lossbench.claims.cell import Cell, cells_of
from lossbench.claims.claim import Claim, Evidence, decided
from lossbench.claims.design import Design, Found, Training, as_sensitivity
from lossbench.claims.registry import experiment
from lossbench.claims.scores import CONSTANT
from lossbench.claims.study import Study
from lossbench.claims.trial_results import TrialResults
from lossbench.errors import BadValue
from lossbench.lazy import torch
from lossbench.losses import get_loss
from lossbench.spec import split_spec

MODEL = "linear"  # with cross-entropy under Adam it is logistic regression
ALL_ROWS = 1_000_000  # a batch of all training rows, so that an epoch is one step
STEPS = 300


@experiment("gradient_free")
def gradient_free(
    claim: Claim,
    study: Study,
    *,
    loss: str,
    beside: tuple[str, ...],
    datasets: tuple[str, ...],
    without: str,
    along: str,
    lr: tuple[float, ...],
) -> Design:
    """Train a linear model on a loss with zero gradient, and compare it with the best constant answer.

    Reproduced if it is better by more than chance and by more than the margin. Every loss under every optimiser
    has its own rate, chosen on validation over seeds that are not reported; a batch is all training rows. Other
    losses under both optimisers are shown, and the gradient.

    loss: a loss whose gradient is zero wherever it exists.
    beside: losses that a gradient can minimise.
    datasets: data sets of two classes.
    without: spec of the optimiser that needs no gradient.
    along: spec of an optimiser that follows gradients; its rates are a tenth of those of the former.
    lr: the rates of the former.
    """
    if not get_loss(loss, "binary").record.flat:
        raise BadValue(f"'{loss}' has a gradient to follow; name a loss whose gradient is zero, such as zero_one")
    common: dict[str, Any] = {"datasets": datasets, "models": [MODEL], "batch_size": ALL_ROWS, "epochs": STEPS}
    common |= {"tune": True}
    runs = [
        {**common, "losses": [loss, *beside], "optimizers": [without], "lr": list(lr)},
        {**common, "losses": [*beside], "optimizers": [along], "lr": [rate / 10 for rate in lr]},
    ]
    made = partial(found_in, loss=loss, without=without, study=study)
    return Design([Training(study.terms.primary, runs, made)], lambda lines: [*lines, slope_of(loss)])


def found_in(*runs: TrialResults, loss: str, without: str, study: Study) -> Iterator[Found]:
    """Yield the contrast with the constant answer on each data set, and those with everything else, only shown."""
    trials = named_by_optimiser([run.trials for run in runs])
    choosing = named_by_optimiser([run.choosing for run in runs if run.choosing is not None])
    tried, first = TrialResults(trials, np.empty((0, 0)), choosing=choosing), arm(loss, without)
    for cell in cells_of("", tried):  # no protocol has one of these optimisers
        yield cell.compared(cell.primary.name, (first, CONSTANT), "better", study)
        yield levels(cell, first)
        yield from map(as_sensitivity, beside(cell, first, study))


def named_by_optimiser(parts: list[pd.DataFrame]) -> pd.DataFrame:
    """Return all trials, with the optimiser in the name of each loss."""
    trials = pd.concat(parts, ignore_index=True)
    return trials.assign(loss=[arm(*pair) for pair in zip(trials.loss, trials.optimizer, strict=True)])


def arm(loss: str, optimiser: str) -> str:
    """Return the name of a loss under an optimiser.

    Example:
        >>> arm("zero_one", "es:children=8")
        'zero_one by es'
    """
    return f"{loss} by {split_spec(optimiser)[0]}"


def levels(cell: Cell, first: str) -> Evidence:
    """Return a line that shows the mean score of each loss, and its chosen rate."""
    score = cell.primary.name
    means = {one: cell.scores.score_of(one, score).mean() for one in cell.losses}
    told = ", ".join(f"{one} {mean:.3f} at rate {cell.of('lr', one)[0]:g}" for one, mean in means.items())
    return Evidence(
        "not testable",
        score,
        dataset=cell.dataset,
        arms=(first,),
        role="shown",
        aspect="level",
        measured=float(means[first]),
        n=len(cell.of(score, first)),
        note=f"mean {score}: {told}",
    )


def beside(cell: Cell, first: str, study: Study) -> Iterable[Found]:
    """Yield the contrasts of the first arm with every other."""
    for other in cell.losses:
        if other != first:
            yield cell.compared(cell.primary.name, (first, other), "not worse", study)


def slope_of(loss: str) -> Evidence:
    """Return the largest gradient of a loss over outputs from -10 to 10."""
    raw = torch.linspace(-10, 10, 2000, dtype=torch.float64)[:, None].repeat(2, 1).requires_grad_()
    target = torch.arange(2, dtype=torch.float64).repeat_interleave(2000)[:, None]
    (slope,) = torch.autograd.grad(get_loss(loss, "binary").per_sample(raw, target).sum(), raw)
    largest = float(slope.abs().max())
    return Evidence(
        decided(largest == 0.0),
        f"largest slope of {loss}",
        role="shown",
        reported=0.0,
        measured=largest,
        n=len(raw),
        note="a gradient leaves the network as it starts, so none is tried",
    )
