"""The time to evaluate losses, as multiples of that of `mse` in the same run."""

from __future__ import annotations

from collections.abc import Callable
from timeit import Timer

import numpy as np

from lossbench.claims.claim import Claim, Evidence
from lossbench.claims.registry import experiment
from lossbench.claims.study import Study
from lossbench.lazy import torch
from lossbench.losses import Loss, get_loss
from lossbench.losses.registry import losses_of, served
from lossbench.task import TASKS, VALUED, Task

REFERENCE = "mse"
ROWS, PAIRED = 1024, 256  # samples; the latter for losses of all pairs of samples
WIDTH: dict[Task, int] = {
    **{"regression": 1, "binary": 1, "multiclass": 10, "multilabel": 10},
    **{"distribution": 2, "anomaly": 10, "embedding": 10, "segmentation": 256},
}
"""The number of targets, classes, labels, columns or pixels."""

ROUNDS = 25
DEARER = 1.5  # times the reference, in nine rounds of ten: more than a busy machine causes by itself
NAMED = 3


@experiment("evaluation_cost")
def evaluation_cost(claim: Claim, study: Study) -> list[Evidence]:
    """Time one evaluation of each loss and its gradient by autograd, on 1024 samples and one core, in 25 rounds.

    For distributions, whose losses compare all pairs of samples, it is 256. Every round times all losses of a task
    in turn, and only ratios to `mse` within a round count. They are those of this machine. Reproduced if the
    slowest loss takes more than one and a half times as long in nine rounds of ten. A task without `mse`, such as
    embeddings, is left out.
    """
    from lossbench.training.thread import one_thread
    from lossbench.training.torch_threads import one_thread_of_torch

    with one_thread():
        one_thread_of_torch()
        return [line(task, ratios(task)) for task in TASKS if task in served(REFERENCE)]


def line(task: Task, found: dict[str, np.ndarray]) -> Evidence:
    """Return the evidence from the ratios of one task, (rounds,) for each loss."""
    typical = {loss: float(np.median(values)) for loss, values in found.items()}
    order = sorted(typical, key=lambda loss: -typical[loss])
    low, high = np.quantile(found[order[0]], (0.1, 0.9)).tolist()
    ends = dict.fromkeys((*order[:NAMED], *order[-NAMED:]))
    named = ", ".join(f"{loss} {typical[loss]:.1f}" for loss in ends)
    return Evidence(
        "reproduced" if low > DEARER else "contradicted" if high < DEARER else "inconclusive",
        quantity=f"cost of the dearest loss, as a multiple of {REFERENCE}",
        detail=task,
        measured=typical[order[0]],
        low=low,
        high=high,
        n=ROUNDS,
        over="rounds",
        clause=f"{order[0]}, the dearest of {len(found)} losses for the task {task}, "
        f"takes {typical[order[0]]:.3g} times as long as {REFERENCE} on this machine",
        note=f"on this machine; the dearest and the cheapest of {len(found)}: {named}",
    )


def ratios(task: Task) -> dict[str, np.ndarray]:
    """Return the time of each loss of a task divided by that of the reference in the same round, (rounds,)."""
    steps = {record.name: Timer(step(get_loss(record.name, task))) for record in losses_of(task)}
    rounds = np.array([[one.timeit(1) for one in steps.values()] for _ in range(ROUNDS + 1)])
    seconds = rounds[1:]  # the first warms up
    reference = seconds[:, list(steps).index(REFERENCE)]
    return {name: seconds[:, index] / reference for index, name in enumerate(steps)}


def step(loss: Loss) -> Callable[[], object]:
    """Return a function that evaluates a loss and its gradient once."""
    random = torch.Generator().manual_seed(0)
    record, width = loss.record, WIDTH[loss.task]
    rows = PAIRED if loss.task == "distribution" else ROWS
    raw = torch.randn(rows, record.width(width), generator=random, requires_grad=True)
    if record.encoding == "index":
        target = torch.randint(raw.shape[1], (rows,), generator=random)
    elif loss.task in VALUED:
        target = torch.rand(rows, width, generator=random) + 0.5  # above zero, for losses of a relative error
    else:
        target = torch.randint(2, (rows, width), generator=random).float()
    prior = {"prior": torch.full((1, raw.shape[1]), 1 / max(2, raw.shape[1]))} if record.prior else {}

    def evaluate() -> object:
        return torch.autograd.grad(loss.per_sample(raw, target, **prior).mean(), raw)

    return evaluate
