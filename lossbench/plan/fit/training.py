"""What would be trained to no purpose, or not at all: refused, each for its own reason, before anything starts."""

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
from lossbench.task import VALUED
from lossbench.training.pack import Pack
from lossbench.training.setup import Setup
from lossbench.training.trial import Trial
from lossbench.training.view import View, view_of


def check_setup(setup: Setup, batch_size: int) -> None:
    """Refuse losses, optimisers, schedules and batches that are fine alone, and not together.

    Raises:
        BadValue: two of them do not go together.
    """
    refuse_flat(setup)
    refuse_clipped_strategy(setup)
    refuse_lone_samples(setup, batch_size)


def refuse_flat(setup: Setup) -> None:
    """Refuse a loss that no gradient can train under an optimiser that follows one.

    Raises:
        BadValue: it would leave every network as it starts.
    """
    following = [spec for spec, optimiser in setup.optimisers.items() if not optimiser.children]
    for spec, loss in setup.losses.items():
        if loss.record.flat and following:
            with naming(spec):
                raise BadValue(
                    f"loss '{spec}' on '{setup.dataset.name}' has a slope of zero wherever it has one, so "
                    f"{following[0]} would leave every network as it starts; an optimiser without gradients can "
                    "train it: --optimizer es --lr 0.1"
                )


def refuse_clipped_strategy(setup: Setup) -> None:
    """Refuse to clip gradients where an optimiser follows none.

    Raises:
        BadValue: nothing would be clipped.
    """
    blind = [spec for spec, optimiser in setup.optimisers.items() if optimiser.children]
    for spec, schedule in setup.schedules.items():
        if blind and schedule.clip < math.inf:
            with naming(spec):
                raise BadValue(
                    f"schedule '{spec}' clips gradients, and {blind[0]} follows none; leave clip out, or take "
                    "another --optimizer"
                )


def check_batches(settings: Settings, dataset: Dataset, losses: Mapping[str, Loss]) -> None:
    """Refuse a loss that compares rows where no batch has two rows of one class, or rows of two classes.

    Raises:
        BadValue: nothing would ever be learnt.
    """
    comparing = [spec for spec, loss in losses.items() if loss.record.headless]
    if not comparing:
        return
    rows = min(dataset.together, int(np.bincount(make_fold(dataset, settings.seeds[0]).train.target).min()))
    with naming(comparing[0]):
        if rows < 2:
            raise BadValue(
                f"loss '{comparing[0]}' on '{dataset.name}' compares rows of one class, and a batch is drawn with "
                f"one row a class; let more lie together, as in {dataset.name.partition(':')[0]}:together=4, and "
                "have two training rows a class or more"
            )
        if settings.batch_size < 2 * rows:
            raise BadValue(
                f"loss '{comparing[0]}' on '{dataset.name}' compares rows of two classes, and --batch-size "
                f"{settings.batch_size} holds {rows} rows of one; give {2 * rows} or more"
            )


def refuse_lone_samples(setup: Setup, batch_size: int) -> None:
    """Refuse batches of a single row where a law is to be imitated, for a loss that compares whole samples.

    Raises:
        BadValue: the batch size makes one, be it the last of an epoch.
    """
    rows, *_ = part_sizes(setup.dataset, 0)
    whole = [spec for spec, loss in setup.losses.items() if loss.record.whole_batch]
    if setup.dataset.task == "distribution" and whole and (batch_size == 1 or rows % batch_size == 1):
        raise BadValue(
            f"loss '{whole[0]}' on '{setup.dataset.name}' compares whole samples, and batches of "
            f"{batch_size} leave a single one of {rows} training rows; choose another --batch-size, such as 64"
        )


def check_contamination(setup: Setup, trials: Iterable[Trial]) -> None:
    """Refuse splits and contaminations that leave a class without training rows, by making those that might."""
    at_risk = setup.dataset.task not in (*VALUED, "anomaly") and not is_stratified(setup.dataset)
    at_risk |= setup.dataset.weights is not None  # all of a part may be zero
    seen: defaultdict[int, dict[View, Trial]] = defaultdict(dict)
    for trial in trials:
        if at_risk or trial.outlier_kind in FLIPS:
            seen[trial.seed][view_of(trial)] = trial
    with naming(setup.dataset.name):
        for views in seen.values():
            Pack(setup, tuple(views.values())).training  # noqa: B018  it is made here, seed by seed
