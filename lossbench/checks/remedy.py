"""Find what would make a custom loss lead to the targets: a statement in its spec, or a function around it."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial

import torch

from lossbench.checks import Observation, observed
from lossbench.checks.case import Case, TimeIsUp, in_its_precision
from lossbench.checks.elicits import estimated
from lossbench.checks.learns import leads_to_targets
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
        returns: the expression that it returns, in Python.
        around: computes the value from the loss, raw outputs and target.
        tasks: the tasks on which it makes sense.
        values: True if it computes with the target, which then must not be a class index.
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

DECISION = "most probable class"
"""What is estimated where only the decision is right."""

MOST_WAYS = 2
"""The largest number of ways that are reported."""


def check_learns(case: Case) -> Observation:
    """Train groups of rows without a network, and if that does not lead to the targets, say what would help."""
    if case.loss.record.flat:
        return observed("nothing by gradients, which are zero; --optimizer es needs none", noted=True)
    seen, advice = leads_to_targets(case), ""
    with suppress(TimeIsUp):
        advice = remedy(case) if seen.grade == "fail" else ""
    return replace(seen, saw=f"{seen.saw}; {advice}") if advice else seen


def remedy(case: Case) -> str:
    """Return what makes a custom loss lead to the targets: statements in its spec, or a line of Python around it.

    Ways with which it estimates a probability are preferred, and one statement is preferred to two.
    """
    if not case.loss.record.code:
        return ""
    by_statement = partial(helpful_statements, case.loss.spec, case.loss.task, until=case.until)
    ways = [*_stated(by_statement(1)), *_wraps(case)] or _stated(by_statement(2))
    best = [way for way, estimate in ways if estimate == "probability"] or [way for way, _ in ways]
    return f"it is right {' or '.join(best[:MOST_WAYS])}" if best else ""


def helpful_statements(spec: str, task: Task, number: int, until: float = math.inf) -> list[tuple[str, str]]:
    """Return sets of `number` statements with which a loss leads to the targets, and what it then estimates."""
    if is_scaled(spec):
        return []
    tried = ((said, _estimate_if_right(_restated(spec, task, said, until))) for said in _statements(task, number))
    return [(said, found) for said, found in tried if found is not None and _settles(said, found)]


def _stated(statements: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    return [(f"with {said}", found) for said, found in statements]


def _settles(said: str, estimate: str) -> bool:
    """Say whether statements settle what is wrong, by what a loss then estimates.

    A class index that was changed, as to the next class, is a sum of classes where it is one-hot: the right class
    still has the largest share, and shares are no longer those of the rows.
    """
    return "@target" not in said or estimate not in ("", DECISION)


def _wraps(case: Case) -> list[tuple[str, str]]:
    """Return the functions around the loss that lead to the targets, and what they then estimate."""
    values = case.loss.record.encoding == "values"
    fitting = [wrap for wrap in WRAPS if case.loss.task in wrap.tasks and values >= wrap.values]
    tried = ((wrap.returns, _estimate_if_right(_wrapped(case, wrap))) for wrap in fitting)
    return [(f"as a function that returns {returns}", found) for returns, found in tried if found is not None]


def _statements(task: Task, number: int) -> Iterator[str]:
    """Yield all sets of `number` statements that fit a task, as text to append to a spec."""
    links = [f":@link={link}" for link in LINKS[task]]
    targets = [f":@target={form}" for form in ("onehot", "index", "values")] * (task not in VALUED)
    gets = [":@gets=probability"] * (task not in VALUED)
    for parts in itertools.combinations([gets, targets, links], number):
        yield from map("".join, itertools.product(*parts))


def _restated(spec: str, task: Task, said: str, until: float) -> Case | None:
    """Return the loss with other statements; None where it does not fit the task with them."""
    try:
        name, given, mine = split_loss(spec)
        _, _, others = split_loss(f"{name}{said}")
        pairs = {**given, **{f"@{key}": value for key, value in {**mine, **others}.items() if key != "label"}}
        loss = get_loss(":".join([name, *(f"{key}={value}" for key, value in pairs.items())]), task)
    except LossbenchError:
        return None
    return in_its_precision(Case(loss, loss.targets or USUAL[task], until=until))


def _wrapped(case: Case, wrap: Wrap) -> Case:
    record = case.loss.record

    def fn(raw: torch.Tensor, target: torch.Tensor, **parameters: float) -> torch.Tensor:
        return wrap.around(lambda first, second: record.fn(first, second, **parameters), raw, target)

    return replace(case, loss=replace(case.loss, record=replace(record, fn=fn)))


def _estimate_if_right(case: Case | None) -> str | None:
    """Return what the loss of a case estimates; None where it raises, or leads to the targets in part or not."""
    try:
        return None if case is None or leads_to_targets(case).grade != "pass" else estimated(case)
    except (LossbenchError, RuntimeError, IndexError):
        return None
