"""The contest: one arm against another, or against many, by a score, with a direction claimed.

Every comparison is paired by seed, with the corrected variance of Nadeau and Bengio; p values are corrected by
Holm over all comparisons of the claim, under all protocols and on all data sets. If the document reports a score
of both arms, the size of the difference is compared too: reproduced if the measured one is the same within the
margin, contradicted if it differs significantly.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

from lossbench.claims.cell import Cell
from lossbench.claims.claim import Claim, Evidence
from lossbench.claims.contrast import Contrast, Direction
from lossbench.claims.design import Design, Training, by_score
from lossbench.claims.registry import experiment
from lossbench.claims.scores import CONSTANT
from lossbench.claims.study import Study
from lossbench.data import Dataset, load_dataset
from lossbench.errors import BadValue, LossDoesNotFit, UnknownName, UsageError
from lossbench.grouped import grouped
from lossbench.losses.registry import core_losses
from lossbench.plan.fit.losses import check_fit
from lossbench.plan.settings import make_settings
from lossbench.schema import METRICS
from lossbench.task import Task


@dataclass(frozen=True)
class Pairing:
    """The two sides of a contest on the data sets of one task.

    Args:
        task: the task of the data sets.
        datasets: the specs of the data sets.
        first: the readings of the first arm.
        others: the readings of the other arms.
        arms: the arm of the claim that each reading belongs to.
    """

    task: Task
    datasets: tuple[str, ...]
    first: tuple[str, ...]
    others: tuple[str, ...]
    arms: Mapping[str, str]

    @property
    def losses(self) -> list[str]:
        """The losses that are trained."""
        return [loss for loss in dict.fromkeys((*self.first, *self.others)) if loss != CONSTANT]

    @property
    def axes(self) -> dict[str, Any]:
        """The same as fields of `lossbench.plan.settings.Settings`."""
        return {"datasets": self.datasets, "losses": self.losses}

    def pairs(self, cell: Cell) -> list[tuple[str, str]]:
        """Return the pairs to compare: each reading of the first arm with each other loss that was trained."""
        trained = {CONSTANT, *cell.losses}  # a rival that the claim does not name may not fit the data
        pairs = product(self.first, self.others)
        return [(first, other) for first, other in pairs if first != other and {first, other} <= trained]


@experiment("contest")
def contest(
    claim: Claim,
    study: Study,
    *,
    arms: tuple[str, ...],
    score: tuple[str, ...],
    direction: Direction,
    datasets: tuple[str, ...] = (),
    outliers: tuple[float, ...] = (0.0,),
    outlier_kind: str = "auto",
    model: str = "",
    margin: float = 0.0,
) -> Design:
    """Train the arms under every protocol and compare them by the paired test, data set by data set.

    arms: the first against each of the others; a single arm against every other core loss of the task. An arm that
    may stand for several losses ("mse" on classes) is tried in all its readings. "constant" is the best constant
    answer.
    direction: the first arm is better, worse, equal (within the margin) or not worse (by more than the margin).
    datasets: by default, those of the default experiment that the arms and the score fit.
    outliers: contaminated shares of the training part.
    margin: the difference that is too small to matter for this claim; without one, that of the score.
    """
    axes: dict[str, Any] = {"outliers": list(outliers), "outlier_kind": outlier_kind}
    axes |= {"models": [model]} if model else {}
    study = study.with_margin(margin, score) if margin else study
    made = partial(contrasts_of, claim=claim, study=study, direction=direction)
    trainings = []
    for pairing in pairings(study, arms, score, datasets):
        alone = CONSTANT in arms  # the constant answer has only the score that is judged
        trainings += by_score(study, partial(made, pairing), score, alone, **pairing.axes, **axes)
    return Design(trainings)


def pairings(
    study: Study, arms: tuple[str, ...], score: tuple[str, ...], datasets: tuple[str, ...] = ()
) -> list[Pairing]:
    """Pair the arms on the data sets, task by task.

    Raises:
        UsageError: a loss, data set or score does not exist or does not fit.
    """
    for name in score:
        if name not in METRICS:
            raise UnknownName("score", name, METRICS)
    loaded = [load_dataset(spec) for spec in datasets or make_settings().datasets]
    obstacles = [obstacle(dataset, arms, score, study) for dataset in loaded]
    for error in obstacles:
        # Data sets that the claim names must all fit; by default those that fit are taken.
        if error is not None and (datasets or all(obstacles)):
            raise error
    fitting = [dataset for dataset, error in zip(loaded, obstacles, strict=True) if error is None]
    tasks = grouped(fitting, lambda dataset: dataset.task)
    return [make_pairing(arms, task, [one.name for one in mine], study) for task, mine in tasks.items()]


def obstacle(dataset: Dataset, arms: tuple[str, ...], scores: tuple[str, ...], study: Study) -> UsageError | None:
    """Return why a contest cannot be held on a data set; None if it can.

    Raises:
        UnknownName: a loss does not exist.
    """
    for score in scores:
        if dataset.task not in METRICS[score].tasks:
            return BadValue(
                f"'{dataset.name}' is a {dataset.task} data set, which has no {score}; name another score"
            )
    try:
        for arm in arms:
            for loss in study.readings(arm, dataset.task):
                if loss != CONSTANT:
                    check_fit(loss, dataset, study.seeds)
    except LossDoesNotFit as error:
        return error
    return None


def make_pairing(arms: tuple[str, ...], task: Task, datasets: list[str], study: Study) -> Pairing:
    """Return the two sides on the data sets of one task; a single arm meets every other core loss."""
    first, *named = arms
    mine = study.readings(first, task)
    rest = named or [loss for loss in core_losses(task) if loss not in mine]
    others = {loss: arm for arm in rest for loss in (study.readings(arm, task) if named else (arm,))}
    return Pairing(task, tuple(datasets), mine, tuple(others), others | dict.fromkeys(mine, first))


def contrasts_of(
    pairing: Pairing, cell: Cell, score: str, claim: Claim, study: Study, direction: Direction
) -> Iterator[Contrast]:
    """Yield the contrasts of two losses, and if the document reports both scores, that of their difference."""
    tuned = study.terms.protocols[cell.protocol].tune
    for at, pair in product(map(cell.at, cell.shares), pairing.pairs(cell)):
        rates = [f"{loss} at rate {at.of('lr', loss)[0]:g}" for loss in pair if tuned and loss != CONSTANT]
        contrast = at.compared(score, pair, direction, study, ", ".join(rates))
        yield contrast
        reported = [claim.reported.get((pairing.arms[loss], score)) for loss in pair]
        if all(reported):
            yield contrast.sized(*map(float, filter(None, reported)))


@dataclass(frozen=True)
class Mismatch:
    """A loss where it does not belong.

    Args:
        loss: the mismatched loss.
        fits: the loss that belongs there.
        datasets: the data sets.
        score: the scores by which the two are compared.
    """

    loss: str
    fits: str
    datasets: tuple[str, ...]
    score: tuple[str, ...]


@experiment("mismatch")
def mismatch(claim: Claim, study: Study, *, mismatches: tuple[Mismatch, ...]) -> Design:
    """Train losses where they do not belong and compare them with those that do.

    Reproduced if the mismatched loss is worse. A loss that the catalogue refuses, because it is undefined for such
    targets, cannot be tried; that is noted, but does not count.
    """
    refused: list[Evidence] = []
    trainings: list[Training] = []
    for one in map(from_file, mismatches):
        fitting: dict[Task, list[str]] = {}
        for dataset in map(load_dataset, one.datasets):
            error = refusal(one, dataset, study)
            if error is None:
                fitting.setdefault(dataset.task, []).append(dataset.name)
            else:
                about = Evidence("not testable", " and ".join(one.score), dataset=dataset.name)
                note = f"refused before any training: {error.fact}"
                refused.append(replace(about, arms=(one.loss, one.fits), note=note, advice=error.more))
        for task, names in fitting.items():
            alike = {loss: loss for loss in (one.loss, one.fits)}
            pairing = Pairing(task, tuple(names), (one.loss,), (one.fits,), alike)
            made = partial(contrasts_of, pairing, claim=claim, study=study, direction="worse")
            trainings += by_score(study, made, one.score, **pairing.axes)
    return Design(trainings, lambda lines: [*lines, *refused])


FILE = "my_losses.py"


def from_file(mismatch: Mismatch) -> Mismatch:
    """Return a mismatch with the full path of its loss, if that is in `my_losses.py` of this folder."""
    if not mismatch.loss.startswith(FILE):
        return mismatch
    return replace(mismatch, loss=f"{Path(__file__).with_name(FILE)}{mismatch.loss.removeprefix(FILE)}")


def refusal(mismatch: Mismatch, dataset: Dataset, study: Study) -> LossDoesNotFit | None:
    """Return why the mismatched loss is refused on a data set; None if it is not.

    Raises:
        UsageError: a loss or score does not exist, or the loss that should fit does not.
    """
    if error := obstacle(dataset, (mismatch.fits,), mismatch.score, study):
        raise error
    error = obstacle(dataset, (mismatch.loss, mismatch.fits), mismatch.score, study)
    return error if isinstance(error, LossDoesNotFit) else None
