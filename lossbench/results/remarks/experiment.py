"""Remarks on what is trained: data sets, losses, networks and optimisers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from lossbench.plan.experiment import Experiment
from lossbench.plan.fit.losses import Skip
from lossbench.plan.protocol import Own
from lossbench.remark import Remark, Topic
from lossbench.training.module.model import ModuleModel


def protocols(own: Iterable[Own]) -> Iterator[Remark]:
    """Yield the settings that single data sets have of their own."""
    return (Topic.PROTOCOL(**vars(one)) for one in own)


def skipped(skips: Iterable[Skip]) -> Iterator[Remark]:
    """Yield the losses that do not fit some of the data sets, and why."""
    return (Topic.SKIPPED(**vars(skip)) for skip in skips)


OF_FILE = (Topic.FILE_WARNS, Topic.UNDONE)
"""What is noted on the file of a loss, and so on all losses in it."""


def custom_losses(experiment: Experiment) -> Iterator[Remark]:
    """Yield the notes on custom losses, each once; one on a file once for all losses in it."""
    losses = [loss for setup in experiment.setups for loss in setup.losses.values()]
    found = dict.fromkeys((loss.title, remark) for loss in losses for remark in loss.record.notes)
    told: dict[Remark, list[str]] = {}
    for title, remark in found:
        told.setdefault(remark, []).append(title)
    for title, remark in found:
        titles = told[remark] if remark.topic in OF_FILE else [title]
        if titles[0] == title:
            yield Topic.LOSS(loss=", ".join(titles), remark=remark)


def one_by_one(experiment: Experiment) -> Iterator[Remark]:
    """Yield the networks that cannot be trained many at once, and why, once for each data set."""
    for setup in experiment.setups:
        for spec, model in setup.models.items():
            if isinstance(model, ModuleModel) and model.fault:
                yield Topic.ONE_BY_ONE(model=spec, fault=model.fault)


def by_torch(experiment: Experiment) -> Iterator[Remark]:
    """Yield what is trained by torch instead of the compiled step."""
    if evolving := without_gradients(experiment):
        yield Topic.BY_TORCH(optimisers=evolving)
    if models := torch_modules(experiment):
        yield Topic.MODULES(models=models)
    if losses := cosine_losses(experiment):
        yield Topic.COSINES(losses=losses)


def without_gradients(experiment: Experiment) -> tuple[str, ...]:
    """Return the gradient-free optimisers."""
    found = {spec: one for setup in experiment.setups for spec, one in setup.optimisers.items()}
    return tuple(spec for spec, one in found.items() if one.children)


def torch_modules(experiment: Experiment) -> tuple[str, ...]:
    """Return the networks that are modules of torch."""
    found = {spec: one for setup in experiment.setups for spec, one in setup.models.items()}
    return tuple(spec for spec, one in found.items() if isinstance(one, ModuleModel))


def cosine_losses(experiment: Experiment) -> tuple[str, ...]:
    """Return the losses that train a vector for each class."""
    found = {spec: one for setup in experiment.setups for spec, one in setup.losses.items()}
    return tuple(spec for spec, one in found.items() if one.record.head == "cosine")
