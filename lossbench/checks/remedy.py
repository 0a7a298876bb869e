"""What would make a user's loss right that does not lead to the targets: a statement, or a line around it."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial

import torch

from lossbench.checks import Observation, observed
from lossbench.checks.case import Case, TimeIsUp, in_its_precision
from lossbench.checks.elicits import estimated
from lossbench.checks.learns import judged
from lossbench.errors import LossbenchError
from lossbench.losses import get_loss
from lossbench.losses.composed.scaled import is_scaled
from lossbench.losses.custom.conventions import LINKS, split_loss
from lossbench.losses.custom.record import USUAL
from lossbench.task import TASKS, VALUED, Task


@dataclass(frozen=True)
class Wrap:
    """A function around a loss.

    Args:
        returns: what it returns, in Python.
        around: from the loss, raw outputs and target to the value.
        tasks: those on which it makes sense.
        values: True where it computes with the target, which must then be no class index.
    """

    returns: str
    around: Callable[[Callable[..., torch.Tensor], torch.Tensor, torch.Tensor], torch.Tensor]
    tasks: tuple[Task, ...] = TASKS
    values: bool = False


WRAPS = (
    Wrap("-loss(prediction, target)", lambda loss, raw, target: -loss(raw, target)),
    Wrap("loss(-prediction, target)", lambda loss, raw, target: loss(-raw, target)),
    Wrap("loss(target, prediction)", lambda loss, raw, target: loss(target, raw), values=True),
    Wrap(
        "loss(prediction, 2 * target - 1)",
        lambda loss, raw, target: loss(raw, 2 * target - 1),
        ("binary", "multilabel"),
        values=True,
    ),
    Wrap(
        "loss(prediction.log_softmax(-1), target)",
        lambda loss, raw, target: loss(raw.log_softmax(-1), target),
        ("multiclass",),
    ),
)

ENOUGH = 2
"""The most ways that are told."""


def check_learns(case: Case) -> Observation:
    """Train groups of rows without a network, and where they do not come to the targets, say what would help."""
    if case.loss.record.flat:
        return observed("nothing by a gradient, which is zero; --optimizer es needs none", noted=True)
    seen, advice = judged(case), ""
    with suppress(TimeIsUp):
        advice = remedy(case) if seen.grade == "fail" else ""
    return replace(seen, saw=f"{seen.saw}; {advice}") if advice else seen


def remedy(case: Case) -> str:
    """Say what makes a user's loss lead to the targets: statements of its spec, or a line of Python around it.

    Ways by which it then estimates a probability are told rather than others, and one statement rather than two.
    """
    if not case.loss.record.code:
        return ""
    by_statement = partial(stated, case.loss.spec, case.loss.task, until=case.until)
    ways = [*by_statement(1), *_wraps(case)] or by_statement(2)
    best = [way for way, estimate in ways if estimate == "probability"] or [way for way, _ in ways]
    return f"it is right {' or '.join(best[:ENOUGH])}" if best else ""


def stated(spec: str, task: Task, number: int, until: float = math.inf) -> list[tuple[str, str]]:
    """Return the ways to state so many keys by which a loss leads to the targets, and what it then estimates."""
    if is_scaled(spec):
        return []
    tried = ((told, _tried(_restated(spec, task, told, until))) for told in _statements(task, number))
    return [(f"with {told}", estimate) for told, estimate in tried if estimate is not None]


def _wraps(case: Case) -> list[tuple[str, str]]:
    """Return the functions around the loss that lead to the targets, and what they then estimate."""
    values = case.loss.record.encoding == "values"
    fitting = [wrap for wrap in WRAPS if case.loss.task in wrap.tasks and values >= wrap.values]
    tried = ((wrap.returns, _tried(_wrapped(case, wrap))) for wrap in fitting)
    return [(f"as a function that returns {returns}", found) for returns, found in tried if found is not None]


def _statements(task: Task, number: int) -> Iterator[str]:
    """Yield statements of so many keys that a task knows."""
    links = [f":@link={link}" for link in LINKS[task]]
    targets = [f":@target={form}" for form in ("onehot", "index", "values")] * (task not in VALUED)
    gets = [":@gets=probability"] * (task not in VALUED)
    for parts in itertools.combinations([gets, targets, links], number):
        yield from map("".join, itertools.product(*parts))


def _restated(spec: str, task: Task, told: str, until: float) -> Case | None:
    """Return the loss with other statements; None where it does not fit the task with them."""
    try:
        name, given, mine = split_loss(spec)
        _, _, others = split_loss(f"{name}{told}")
        said = {**given, **{f"@{key}": value for key, value in {**mine, **others}.items() if key != "label"}}
        loss = get_loss(":".join([name, *(f"{key}={value}" for key, value in said.items())]), task)
    except LossbenchError:
        return None
    return in_its_precision(Case(loss, loss.targets or USUAL[task], until=until))


def _wrapped(case: Case, wrap: Wrap) -> Case:
    record = case.loss.record

    def fn(raw: torch.Tensor, target: torch.Tensor, **parameters: float) -> torch.Tensor:
        return wrap.around(lambda first, second: record.fn(first, second, **parameters), raw, target)

    return replace(case, loss=replace(case.loss, record=replace(record, fn=fn)))


def _tried(case: Case | None) -> str | None:
    """Return what the loss of a case estimates; None where it raises an error or does not lead to the targets."""
    try:
        return None if case is None or judged(case).grade == "fail" else estimated(case)
    except (LossbenchError, RuntimeError, IndexError):
        return None
