"""Sorting trials into packs.

Trials share a pack when their tensors have the same shapes: one data set, parts of one size (which differs between
seeds where groups are kept together), one model, with one kind of head on its embedding or none, one number of
outputs, one batch size, one number of epochs, one kind of optimiser (for an evolution strategy, one number of
children), and losses with one encoding of targets. They may differ in everything else: loss, seed, learning rate,
penalties, schedule, contamination.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

from lossbench.data.fold import part_sizes
from lossbench.training.pack import Pack
from lossbench.training.setup import Setup
from lossbench.training.trial import Trial
from lossbench.training.view import View, rows_of

# About two megabytes per flat matrix of parameters: gradient, moments and parameters then stay in the last cache.
PARAMETERS = 1 << 19
MODELS = 512
# Each seed, and each contamination of features, has rows of its own: in total an eighth of a gigabyte.
VALUES = 1 << 24
# Half of a device's free memory is left for row numbers, outputs and libraries. The rest holds parameters, their
# gradient, moments and best values, activations, slopes and raw outputs, at most COPIES of each at a time.
SHARE, COPIES, BYTES = 0.5, 8, 4


def make_packs(setup: Setup, trials: Iterable[Trial], memory: int | None = None) -> list[Pack]:
    """Sort trials of one data set into packs by shape and by size, seeds together.

    Args:
        setup: the data set, and the objects that the trials' specs name.
        trials: in any order.
        memory: bytes that are free on the device, of which as many are used as help; None for a processor, where
            packs that fit its cache are fastest.
    """
    shapes: defaultdict[tuple[object, ...], list[Trial]] = defaultdict(list)
    trials = list(trials)
    sizes = {seed: part_sizes(setup.dataset, seed) for seed in {t.seed for t in trials}}
    for trial in trials:
        shapes[*_shape(setup, trial), sizes[trial.seed]].append(trial)
    packs = []
    for group in shapes.values():
        ordered = sorted(group, key=lambda t: t.seed)
        models, views = _limits(setup, ordered[0], memory)
        packs += [Pack(setup, part) for part in _cut(ordered, models, views)]
    return packs


def _cut(trials: Iterable[Trial], models: int, views: int) -> Iterator[tuple[Trial, ...]]:
    """Cut trials into parts with at most so many models, and so many tables of features."""
    part: list[Trial] = []
    seen: set[View] = set()
    for trial in trials:
        if len(part) == models or (len(seen) == views and rows_of(trial) not in seen):
            yield tuple(part)
            part, seen = [], set()
        part.append(trial)
        seen.add(rows_of(trial))
    yield tuple(part)


def _shape(setup: Setup, trial: Trial) -> tuple[object, ...]:
    record, optimiser = setup.losses[trial.loss].record, setup.optimisers[trial.optimizer]
    shape = setup.outputs(trial), record.headless, record.head, record.encoding
    return trial.model, *shape, optimiser.name, optimiser.children, trial.batch_size, trial.epochs


def _limits(setup: Setup, trial: Trial, memory: int | None) -> tuple[int, int]:
    """Return how many models of this size a pack holds, and how many tables of features."""
    (rows, inputs), model = setup.dataset.features.shape, setup.network(trial)
    outputs = setup.outputs(trial)
    parameters = model.parameters(inputs, outputs)
    if memory is None:
        models = min(MODELS, PARAMETERS // parameters)
    else:
        units = model.units(inputs, outputs)
        batch = trial.batch_size * setup.dataset.pixels
        models = int(SHARE * memory) // (BYTES * COPIES * (parameters + batch * units))
    return max(1, models), max(1, VALUES // (rows * (inputs + trial.epochs)))
