"""Refuse combinations that cannot be trained, or would learn nothing, before anything starts."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping

import numpy as np

from lossbench.data.contamination import FLIPS
from lossbench.data.dataset import Dataset
from lossbench.data.fold import is_stratified, make_fold, part_sizes
from lossbench.errors import BadValue
from lossbench.losses import Loss
from lossbench.plan.names import naming
from lossbench.plan.settings import Settings
from lossbench.spoken import option
from lossbench.task import VALUED
from lossbench.training.pack import Pack
from lossbench.training.setup import Setup
from lossbench.training.trial import Trial
from lossbench.training.view import View, view_of


def check_setup(setup: Setup, batch_size: int) -> None:
    """Refuse losses, optimisers, schedules and batch sizes that do not work together.

    Raises:
        BadValue: two of them do not work together.
    """
    refuse_zero_gradients(setup)
    refuse_useless_clipping(setup)
    refuse_single_row_batches(setup, batch_size)


def refuse_zero_gradients(setup: Setup) -> None:
    """Refuse a loss whose gradient is zero under an optimiser that follows gradients.

    Raises:
        BadValue: no network would change.
    """
    by_gradient = [spec for spec, optimiser in setup.optimisers.items() if not optimiser.children]
    for spec, loss in setup.losses.items():
        if loss.record.flat and by_gradient:
            with naming(spec):
                raise BadValue(
                    f"loss '{spec}' on '{setup.dataset.name}' has a gradient of zero wherever it has one, so "
                    f"{by_gradient[0]} would change no network; an optimiser without gradients can train it: "
                    f"{option('optimizer', 'es')}, {option('lr', 0.1)}"
                )


def refuse_useless_clipping(setup: Setup) -> None:
    """Refuse to clip gradients for an optimiser that uses none.

    Raises:
        BadValue: nothing would be clipped.
    """
    without_gradients = [spec for spec, optimiser in setup.optimisers.items() if optimiser.children]
    for spec, schedule in setup.schedules.items():
        if without_gradients and schedule.clip < math.inf:
            with naming(spec):
                raise BadValue(
                    f"schedule '{spec}' clips gradients, but {without_gradients[0]} uses none; leave clip out, or "
                    f"choose another optimizer ({option('optimizer')})"
                )


def check_batches(settings: Settings, dataset: Dataset, losses: Mapping[str, Loss]) -> None:
    """Refuse a loss that compares rows where batches lack two rows of one class, or rows of two classes.

    Raises:
        BadValue: nothing would be learnt.
    """
    comparing = [spec for spec, loss in losses.items() if loss.record.headless]
    if not comparing:
        return
    rows = min(dataset.together, int(np.bincount(make_fold(dataset, settings.seeds[0]).train.target).min()))
    with naming(comparing[0]):
        if rows < 2:
            raise BadValue(
                f"loss '{comparing[0]}' on '{dataset.name}' compares rows of one class, and its batches have only "
                f"one row of each class; draw more at once, as in {dataset.name.partition(':')[0]}:together=4, "
                "from at least two training rows per class"
            )
        if settings.batch_size < 2 * rows:
            raise BadValue(
                f"loss '{comparing[0]}' on '{dataset.name}' compares rows of two classes, but "
                f"{option('batch-size', settings.batch_size)} with {rows} rows per class holds only one "
                f"class; give {2 * rows} or more"
            )


def refuse_single_row_batches(setup: Setup, batch_size: int) -> None:
    """Refuse batches of a single row for a loss that compares whole samples of a distribution.

    Raises:
        BadValue: some batch, perhaps the last of an epoch, would have a single row.
    """
    rows, *_ = part_sizes(setup.dataset, 0)
    whole = [spec for spec, loss in setup.losses.items() if loss.record.whole_batch]
    if setup.dataset.task == "distribution" and whole and (batch_size == 1 or rows % batch_size == 1):
        raise BadValue(
            f"loss '{whole[0]}' on '{setup.dataset.name}' compares whole samples, but batches of {batch_size} "
            f"leave a batch of one of {rows} training rows; choose another one, such as {option('batch-size', 64)}"
        )


def check_contamination(setup: Setup, trials: Iterable[Trial]) -> None:
    """Refuse splits and contaminations that leave a class without training rows: those at risk are made here."""
    at_risk = setup.dataset.task not in (*VALUED, "anomaly") and not is_stratified(setup.dataset)
    at_risk |= setup.dataset.weights is not None  # all weights of a part may be zero
    seen: defaultdict[int, dict[View, Trial]] = defaultdict(dict)
    for trial in trials:
        if at_risk or trial.outlier_kind in FLIPS:
            seen[trial.seed][view_of(trial)] = trial
    with naming(setup.dataset.name):
        for views in seen.values():
            Pack(setup, tuple(views.values())).training  # noqa: B018  a cached property, made here seed by seed
