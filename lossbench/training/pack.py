"""A pack: trials that can train in one tensor program, and the numbers they train on.

Trials share a pack when their tensors have the same shapes: one data set, parts of one size (where groups are
kept together, seeds differ in it), one model, with one kind of head on its embedding or none, one number of
outputs, one batch size, one number of epochs, one kind of optimiser (of an evolution strategy, one number of
children), and losses that want their targets in one form. They may differ in everything else: loss, seed,
learning rate, penalties, schedule, contamination.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from lossbench.data.contamination import AT_TEST, MOVES_FEATURES, contaminate, contaminate_test
from lossbench.data.dataset import Dataset
from lossbench.data.fold import Fold, Part, make_fold, part_sizes
from lossbench.data.weights import training_weights
from lossbench.losses.loss import Loss
from lossbench.losses.record import POSITIVE
from lossbench.metrics.gallery import READINGS
from lossbench.metrics.scores import primary_metric
from lossbench.randomness import stream
from lossbench.schema import METRICS, Metric, watched
from lossbench.training.module.model import ModuleModel
from lossbench.training.network import Model
from lossbench.training.optimisers import Optimiser
from lossbench.training.schedule import CONSTANT, Schedule
from lossbench.training.trial import Trial

# About two megabytes a flat matrix of parameters: gradient, moments and parameters then stay in the last cache.
PARAMETERS = 1 << 19
MODELS = 512
# Each seed, and each contamination of features, brings rows of its own: together an eighth of a gigabyte.
VALUES = 1 << 24
# Of a device's free memory, half is left to row numbers, outputs and libraries. The rest holds parameters, their
# gradient, moments and best values, activations, slopes and raw outputs, at most so many of each at a time.
SHARE, COPIES, BYTES = 0.5, 8, 4

View = tuple[int, str, float]
"""What decides which rows a trial sees, and how they are contaminated: its seed, the kind and the share."""


@dataclass(frozen=True)
class Setup:
    """A data set, and what the names in its trials stand for.

    Args:
        dataset: what is trained on.
        losses: by spec, in the order of the report.
        models: by spec.
        optimisers: by spec.
        threshold: the score that chooses each training's class threshold on validation; empty for the link's own.
        schedules: by spec.
    """

    dataset: Dataset
    losses: Mapping[str, Loss]
    models: Mapping[str, Model | ModuleModel]
    optimisers: Mapping[str, Optimiser]
    threshold: str = ""
    schedules: Mapping[str, Schedule] = field(default_factory=lambda: {CONSTANT: Schedule()})

    def network(self, trial: Trial) -> Model | ModuleModel:
        """Return the network of a trial, with the head that its loss wants, or without one."""
        model, record = self.models[trial.model], self.losses[trial.loss].record
        if record.headless:
            return model.trunk
        return model.turned if record.head == "cosine" else model

    def outputs(self, trial: Trial) -> int:
        """Return the number of raw outputs of a trial."""
        record = self.losses[trial.loss].record
        if record.headless:
            return self.models[trial.model].embedding(self.dataset.features.shape[1])
        return record.width(self.dataset.targets)


@dataclass(frozen=True)
class Pack:
    """Trials of one shape.

    Args:
        setup: what they train on, and what their names stand for.
        trials: the trials; results come back in this order.
        arm: 0 but for A/A tests, whose arms differ in first weights and batch order, and in nothing else.
    """

    setup: Setup
    trials: tuple[Trial, ...]
    arm: int = 0

    @property
    def dataset(self) -> Dataset:
        """What the trials train on."""
        return self.setup.dataset

    @cached_property
    def losses(self) -> tuple[Loss, ...]:
        """The loss of every trial; trials of one loss share one object."""
        return tuple(self.setup.losses[t.loss] for t in self.trials)

    @cached_property
    def folds(self) -> dict[int, Fold]:
        """The split of every seed."""
        return {seed: make_fold(self.dataset, seed) for seed in sorted({t.seed for t in self.trials})}

    @cached_property
    def training(self) -> tuple[Part, ...]:
        """The training part of every trial, contaminated; equal contaminations share one object."""
        made: dict[View, Part] = {}
        for t in self.trials:
            if view_of(t) not in made:
                made[view_of(t)] = contaminated_part(self.folds[t.seed], t)
        return tuple(made[view_of(t)] for t in self.trials)

    @cached_property
    def tested(self) -> tuple[Part, ...]:
        """The test part of every trial, contaminated if that is asked for; equal ones share one object."""
        made: dict[View, Part] = {}
        for t in self.trials:
            if view_of(t) not in made:
                made[view_of(t)] = tested_part(self.folds[t.seed], t)
        return tuple(made[view_of(t)] for t in self.trials)

    def seen(self, index: int, part: str) -> Part:
        """Return a part of a trial's fold as it is scored: "train" clean, "validation", or "test"."""
        if part == "test":
            return self.tested[index]
        found: Part = getattr(self.folds[self.trials[index].seed], part)
        return found

    @cached_property
    def views(self) -> tuple[int, ...]:
        """Which features every trial sees: equal numbers for one object, counted in the order of the trials."""
        features = [(id(a.features), id(b.features)) for a, b in zip(self.training, self.tested, strict=True)]
        numbers = {key: number for number, key in enumerate(dict.fromkeys(features))}
        return tuple(numbers[key] for key in features)

    @property
    def model(self) -> Model | ModuleModel:
        """The network that all trials share, up to its embedding where their losses see that."""
        return self.setup.network(self.trials[0])

    @property
    def layers(self) -> Model:
        """The same where it is known to be layers in a row."""
        assert isinstance(self.model, Model)
        return self.model

    @property
    def children(self) -> int:
        """How many mutations are tried a step; 0 where a gradient is followed."""
        return self.setup.optimisers[self.trials[0].optimizer].children

    @cached_property
    def schedules(self) -> tuple[Schedule, ...]:
        """The schedule of every trial."""
        return tuple(self.setup.schedules[t.schedule] for t in self.trials)

    @cached_property
    def patience(self) -> np.ndarray:
        """After how many epochs without a gain on validation the training of every trial ends, (trials,)."""
        return np.array([schedule.patience for schedule in self.schedules])

    @cached_property
    def rates(self) -> np.ndarray:
        """The rate of every trial in each epoch, (trials, epochs)."""
        factors = {one: one.factors(self.epochs) for one in dict.fromkeys(self.schedules)}
        return np.array([t.lr * factors[one] for t, one in zip(self.trials, self.schedules, strict=True)])

    @property
    def parts(self) -> int:
        """The most parts of a sum among the losses, whose gradients are told apart; 0 where none is followed."""
        return 0 if self.children else max(len(loss.record.parts) for loss in self.losses)

    @property
    def metric(self) -> Metric:
        """The primary score, by which the data set is judged."""
        return primary_metric(self.dataset)

    @property
    def watched(self) -> Metric:
        """The score on validation, after every epoch: the primary one where that is defined there."""
        name = watched(self.dataset.task, self.metric.name)
        return self.metric if name == self.metric.name else METRICS[name]

    @property
    def outputs(self) -> int:
        """The number of raw outputs."""
        return self.setup.outputs(self.trials[0])

    @property
    def embeds(self) -> bool:
        """Whether what is scored is read off embeddings, see `lossbench.training.embedded`."""
        return self.dataset.task == "embedding"

    @property
    def shown(self) -> int:
        """How many numbers a row has that are scored: the raw outputs, or what is read off its embedding."""
        return READINGS if self.embeds else self.outputs

    @property
    def batch_size(self) -> int:
        """Rows a step, those of whole images where a data set has images; never more than there are."""
        return min(self.trials[0].batch_size * self.dataset.pixels, len(self.training[0].features))

    @property
    def epochs(self) -> int:
        """Passes over the training rows."""
        return self.trials[0].epochs

    @cached_property
    def weights(self) -> tuple[list[np.ndarray], ...]:
        """The first weights of every trial; trials of one seed share one object.

        A matrix (outputs, inputs + 1) a layer; of a module its parameters, then its constants.
        """
        shape = self.dataset.features.shape[1], self.outputs, self.dataset.targets
        made = {seed: self.model.first(self.stream, seed, *shape) for seed in self.folds}
        return tuple(made[t.seed] for t in self.trials)

    @cached_property
    def orders(self) -> dict[int, np.ndarray]:
        """The batch order of every seed, (epochs, training rows)."""
        return {seed: self.order(seed) for seed in self.folds}

    def order(self, seed: int) -> np.ndarray:
        """Return the batch order of a seed, (epochs, training rows); the pixels of an image stay together."""
        pixels, together = self.dataset.pixels, self.dataset.together
        if together > 1:
            return class_order(self.stream, seed, self.epochs, self.folds[seed].train.target, together)
        images = len(self.training[0].features) // pixels
        return of_pixels(batch_order(self.stream, seed, self.epochs, images), pixels)

    @property
    def stream(self) -> str:
        """The name by which first weights and batch orders are drawn."""
        return f"{self.dataset.stream} arm {self.arm}" if self.arm else self.dataset.stream

    def encoded(self, index: int) -> np.ndarray:
        """Return the training target of a trial as its loss wants it: (rows,) int64 or (rows, targets) float64."""
        target, record = self.training[index].target, self.losses[index].record
        if record.encoding == "index":
            return target
        zero = self.zero(index) if record.natural_zero else 0.0
        return np.asarray(target.reshape(len(target), -1) + zero)

    def zero(self, index: int) -> np.ndarray:
        """Return how far standardised targets of a trial lie below the target's own zero, (targets,)."""
        fold = self.folds[self.trials[index].seed]
        return np.asarray(fold.target_mean / fold.target_scale)

    def offset(self, index: int) -> np.ndarray:
        """Return what is added to the raw outputs of a trial before its loss sees them, (outputs,).

        Zero but for a loss that needs the target's own zero: an untrained network then predicts the mean of the
        targets, whatever the loss.
        """
        record = self.losses[index].record
        if not record.natural_zero:
            return np.zeros(self.outputs)
        zero = self.zero(index)
        # The inverse of softplus, log(exp(x) - 1), in a form that does not overflow.
        return np.asarray(zero + np.log(-np.expm1(-zero)) if record.link == "softplus" else zero)

    def prior(self, index: int) -> dict[str, np.ndarray]:
        """Return the share of each class or label in the training rows, (1, outputs), where the loss asks for it.

        No class has less than half a row, so that its logarithm is finite.
        """
        record, target = self.losses[index].record, self.training[index].target
        if not record.prior:
            return {}
        onehot = np.eye(self.outputs)[target] if record.encoding == "index" else target.reshape(len(target), -1)
        return {"prior": onehot.mean(axis=0, keepdims=True).clip(0.5 / len(target), 1 - 0.5 / len(target))}

    def predicted(self, members: np.ndarray, raw: np.ndarray) -> np.ndarray:
        """Return what trials that share a link predict, in standardised units where it is a regression.

        Args:
            members: (trials,) which trials.
            raw: (trials, rows, outputs) their raw outputs.

        Returns:
            (trials, rows, targets); the raw outputs themselves unless their link is softplus or location.
        """
        link, targets = self.losses[members[0]].link, self.dataset.targets
        if link == "location":
            return raw[..., :targets]
        if link != "softplus":
            return raw
        offset, zero = (np.stack([of(index) for index in members])[:, None] for of in (self.offset, self.zero))
        seen = raw + offset
        # logaddexp would warn of a diverged trial's NaN.
        softplus = np.maximum(seen, 0) + np.log1p(np.exp(-np.abs(seen)))
        return np.asarray(softplus + POSITIVE - zero)

    def in_units(self, members: np.ndarray, predicted: np.ndarray) -> np.ndarray:
        """Return what trials predict in the target's own units, from standardised ones (trials, rows, targets)."""
        folds = [self.folds[self.trials[index].seed] for index in members]
        scale, mean = (
            np.stack([getattr(fold, name) for fold in folds])[:, None] for name in ("target_scale", "target_mean")
        )
        return np.asarray(predicted * scale + mean)


def batch_order(dataset: str, seed: int, epochs: int, rows: int) -> np.ndarray:
    """Draw the order of the training rows in each epoch, (epochs, rows); more epochs only add rows at the end.

    Example:
        >>> bool((batch_order("iris", 0, 2, 90) == batch_order("iris", 0, 5, 90)[:2]).all())
        True
    """
    keys = stream("order", dataset, seed).random((epochs, rows))
    # Two keys of an epoch are equal once in 10^10 epochs: the faster sort, which is not stable, will do.
    return np.argsort(keys, axis=1).astype(np.int32)


def class_order(dataset: str, seed: int, epochs: int, target: np.ndarray, together: int) -> np.ndarray:
    """Draw the order of the training rows in each epoch, so that a batch has several rows of each of its classes.

    The rows of each class are shuffled and cut into pieces of nearly equal length, and the pieces are shuffled.

    Source: Hermans, Beyer and Leibe 2017, In defense of the triplet loss, section 2: batches of P classes with K
    rows each.

    Args:
        dataset: by what name the stream is drawn.
        seed: the repetition.
        epochs: how many.
        target: (rows,) class indices.
        together: K, about how many rows of a class lie side by side.

    Returns:
        (epochs, rows); more epochs only add rows at the end.

    Example:
        >>> class_order("digit_pairs", 0, 1, np.repeat([0, 1], 4), together=4)[0].tolist()
        [2, 1, 0, 3, 4, 5, 6, 7]
    """
    keys = stream("order", dataset, seed).random((epochs, 2, len(target)))
    counts = np.bincount(target)
    starts = np.cumsum(counts) - counts
    pieces = np.maximum(1, np.round(counts / together)).astype(int)
    classes = np.sort(target, kind="stable")
    rank = np.arange(len(target)) - starts[classes]
    piece = starts[classes] + rank * pieces[classes] // counts[classes]  # one number for each piece
    orders = []
    for within, across in keys:
        shuffled = np.lexsort((within, target))  # class by class
        orders.append(shuffled[np.argsort(across[piece], kind="stable")])
    return np.array(orders, dtype=np.int32)


def of_pixels(order: np.ndarray, pixels: int) -> np.ndarray:
    """Return the order of rows (epochs, images * pixels) from that of images (epochs, images).

    The pixels of an image stay together, and in their own order.

    Example:
        >>> of_pixels(np.array([[1, 0]], dtype=np.int32), 3)
        array([[3, 4, 5, 0, 1, 2]], dtype=int32)
    """
    rows = order[..., None] * np.int32(pixels) + np.arange(pixels, dtype=np.int32)
    return rows.reshape(len(order), -1)


def view_of(trial: Trial) -> View:
    """Return the view of a trial."""
    return trial.seed, trial.outlier_kind, trial.outlier_fraction


def rows_of(trial: Trial) -> View:
    """Return what decides which features a trial sees, and in which order; spoilt targets share the clean ones."""
    seed, kind, fraction = view_of(trial)
    return (seed, kind, fraction) if kind in (*MOVES_FEATURES, *AT_TEST) else (seed, "none", 0.0)


def contaminated_part(fold: Fold, trial: Trial) -> Part:
    """Return the training part of a fold as a trial sees it."""
    if trial.outlier_kind in ("none", *AT_TEST):
        return fold.train
    features, target = contaminate(fold, trial.outlier_kind, trial.outlier_fraction, trial.seed)
    weights = training_weights(fold.dataset, fold.train.rows, target)  # classes are weighed as they are trained on
    return replace(fold.train, features=features, target=target, weights=weights)


def tested_part(fold: Fold, trial: Trial) -> Part:
    """Return the test part of a fold as a trial is tested on it."""
    if trial.outlier_kind not in AT_TEST:
        return fold.test
    features = contaminate_test(fold, trial.outlier_kind, trial.outlier_fraction, trial.seed)
    return replace(fold.test, features=features)


def make_packs(setup: Setup, trials: Iterable[Trial], memory: int | None = None) -> list[Pack]:
    """Sort trials of one data set into packs by shape and by size, seeds together.

    Args:
        setup: what they train on, and what their names stand for.
        trials: in any order.
        memory: bytes that are free on the device, as many of which are used as do good; None for a processor,
            where packs do best that fit its cache.
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
    """Cut trials into parts of so many models, and so many tables of features, at most."""
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
    """Return how many such models a pack holds, and how many tables of features; the larger, the fewer."""
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
