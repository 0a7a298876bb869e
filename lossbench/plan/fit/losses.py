"""Which losses run on which data set, and why the others do not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from lossbench.data.dataset import Dataset
from lossbench.errors import LossDoesNotFit
from lossbench.losses import Loss, get_loss
from lossbench.losses.record import Domain
from lossbench.losses.registry import served
from lossbench.plan.grids import Grids
from lossbench.plan.judged import check_judge, rows_named
from lossbench.plan.names import naming
from lossbench.plan.settings import Settings
from lossbench.plan.trials import tuning_seeds
from lossbench.spec import split_spec, title
from lossbench.task import Task

Fitting = dict[str, dict[str, Loss]]
"""The losses of each data set, by the name of the data set and the spec of the loss."""

Refusal = tuple[Dataset, LossDoesNotFit]
"""A data set that a loss does not fit, and why."""

ROWS_JUDGED = (
    50_000  # rows of a law that are checked in any case; a rarer target is only found where a seed draws it
)


@dataclass(frozen=True)
class Skip:
    """A loss that does not run on a data set, and why."""

    dataset: str
    loss: str
    reason: str


def match_losses(
    settings: Settings, datasets: tuple[Dataset, ...], grids: Mapping[Task, Grids]
) -> tuple[Fitting, tuple[Skip, ...]]:
    """Say which losses run on which data set.

    Returns:
        The losses of each data set, and the pairs that do not fit.

    Raises:
        UsageError: a loss does not exist, or was named and fits none of the data sets; or a data set has no
            fitting loss of its task.
    """
    fitting: Fitting = {dataset.name: {} for dataset in datasets}
    refusals: dict[str, list[Refusal]] = {}
    seeds = (*tuning_seeds(settings), *settings.seeds)
    for dataset in datasets:
        for spec in grids[dataset.task].expanded(settings.losses_for(dataset.task)):
            try:
                fitting[dataset.name][spec] = check_fit(spec, dataset, seeds)
            except LossDoesNotFit as error:
                refusals.setdefault(spec, []).append((dataset, error))
    refuse_unmatched(settings, grids, fitting, refusals)
    skips = [
        Skip(dataset.name, title(spec), str(error)) for spec, pairs in refusals.items() for dataset, error in pairs
    ]
    return fitting, tuple(skips)


def refuse_unmatched(
    settings: Settings, grids: Mapping[Task, Grids], fitting: Fitting, refusals: Mapping[str, list[Refusal]]
) -> None:
    """Refuse a loss that fits none of the data sets.

    A loss of a task's list may be left out (mape, where a target is zero) as long as another one fits.
    """
    own = isinstance(settings.losses, Mapping)
    for spec, refused in refusals.items():
        others = all(fitting[dataset.name] for dataset, _ in refused)
        spared = own and others and spec not in named_everywhere(settings)
        values = {value for one in grids.values() for value in one.expanded((spec,))}
        if not spared and all(values.isdisjoint(losses) for losses in fitting.values()):
            raise refused[0][1]


def named_everywhere(settings: Settings) -> set[str]:
    """Return the custom losses that are listed under every task because they do not state one."""
    lists = settings.losses.values() if isinstance(settings.losses, Mapping) else ()
    shared = set.intersection(*map(set, lists)) if lists else set()
    return {spec for spec in shared if not served(split_spec(spec)[0])}


def check_listed(settings: Settings, grids: Mapping[Task, Grids]) -> None:
    """Refuse a loss that is listed under a task that it does not serve, even if no data set has that task.

    Raises:
        UsageError: a loss does not exist, or does not serve the task.
    """
    if not isinstance(settings.losses, Mapping):
        return
    everywhere = named_everywhere(settings)
    for task, specs in settings.losses.items():
        for spec in grids[task].expanded(specs):
            try:
                with naming(spec):
                    get_loss(spec, task)
            except LossDoesNotFit:
                if spec not in everywhere:
                    raise


def check_fit(spec: str, dataset: Dataset, seeds: Iterable[int]) -> Loss:
    """Return a loss; refuse one that does not fit a data set, or the rows that some seed draws from it."""
    with naming(spec):
        loss = get_loss(spec, dataset.task, dataset.targets * dataset.pixels)
        check_judge(loss, dataset)
        check_weights(loss, dataset)
        if loss.record.domain is not None:
            check_targets(loss, loss.record.domain, dataset, seeds)
    return loss


def check_weights(loss: Loss, dataset: Dataset) -> None:
    """Refuse a loss with one value per batch on rows that have weights."""
    if dataset.weighted and loss.record.whole_batch:
        way = "let it return one value per row (in torch, :reduction=none), or " if loss.record.code else ""
        raise LossDoesNotFit(
            f"loss '{loss.spec}' has one value for a whole batch, so the row weights of '{dataset.name}' "
            f"cannot be applied to it; {way}leave out the loss, or the weights"
        )


def check_targets(loss: Loss, domain: Domain, dataset: Dataset, seeds: Iterable[int]) -> None:
    """Refuse a loss that is undefined for some of the targets."""
    for seed in judged_seeds(dataset, seeds):
        table = dataset.sample(seed)
        rows = np.flatnonzero(domain.violations(table.target.reshape(table.rows, -1)))
        if len(rows):
            raise LossDoesNotFit(
                f"loss '{loss.spec}' needs {domain.description}; '{dataset.name}' breaks that in "
                f"{rows_named(dataset, seed, rows)}: {domain.advice}"
            )


def judged_seeds(dataset: Dataset, seeds: Iterable[int]) -> Iterable[int]:
    """Return the seeds whose tables decide whether a loss fits.

    For a law the first seeds are always checked; otherwise the choice of seeds would decide which losses run.
    """
    if dataset.sampling == "resplit":
        return [0]
    return sorted({*range(-(-ROWS_JUDGED // dataset.rows)), *seeds})
