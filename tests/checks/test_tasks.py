from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from lossbench.checks.tasks import fits, in_words
from lossbench.errors import BadValue, UnknownName
from lossbench.losses import Loss, catalogue
from lossbench.losses.registry import served
from lossbench.task import TASKS


@pytest.mark.parametrize("name", sorted({record.name for record in catalogue()}))
def test_a_loss_fits_the_tasks_that_it_serves(name: str) -> None:
    """Where there is a record there is a loss, and elsewhere a reason."""
    found = fits(name)
    assert tuple(found) == TASKS
    assert tuple(task for task, loss in found.items() if isinstance(loss, Loss)) == tuple(served(name))
    assert all(found[task] for task in TASKS)


def test_a_parameter_need_not_be_known_on_every_task() -> None:
    """`mse_logits` has k on several classes only: there it fits, and on two the reason is the parameter."""
    found = fits("mse_logits:k=3")
    assert isinstance(found["multiclass"], Loss)
    assert "unknown parameter 'k'" in found["binary"]


def test_what_is_wrong_on_every_task_is_an_error() -> None:
    """A parameter that no task knows, or a value that none allows, is told as such."""
    with pytest.raises(UnknownName, match="unknown parameter 'c'"):
        fits("huber:c=3")
    with pytest.raises(BadValue, match="out of range"):
        fits("huber:delta=-1")
    with pytest.raises(UnknownName, match="unknown task 'binry'"):
        fits("bce", ["binry"])


def test_the_same_reason_is_said_once() -> None:
    """Tasks with one reason stand together, in their order."""
    reasons = {"binary": "a", "multiclass": "b", "multilabel": "a"}
    assert in_words(reasons) == "binary, multilabel: a; multiclass: b"


def test_a_scaled_loss_fits_what_the_other_fits() -> None:
    """A constant changes nothing about the task; alone it is the reference loss of each."""
    assert isinstance(fits("scaled:factor=4:loss=huber")["regression"], Loss)
    assert isinstance(fits("scaled:factor=4:loss=huber")["binary"], str)
    assert fits("scaled:factor=4:loss=huber")["binary"] == "numbers only"
    assert all(isinstance(loss, Loss) for loss in fits("scaled:factor=4").values())


def test_a_scaled_loss_that_is_not_there_is_an_error() -> None:
    """What is wrong with either part is told as of any other loss."""
    with pytest.raises(UnknownName, match="did you mean 'huber'"):
        fits("scaled:loss=hubber")
    with pytest.raises(BadValue, match="'3' is no parameter"):
        fits("scaled:3:loss=huber")
    with pytest.raises(BadValue, match="has a factor of its own"):
        fits("scaled:loss=scaled:loss=huber")


def test_of_one_task_the_whole_reason_is_told(write: Callable[..., Path]) -> None:
    """What the loss was given, and what may be stated; of several tasks the fault alone, which they may share."""
    write("def f(p, t): return (p - t).square()")
    alone, among = (fits("mine.py:f", tasks)["multiclass"] for tasks in (["multiclass"], TASKS))
    assert isinstance(alone, str)
    assert alone.startswith(f"{among}. It was given raw outputs (batch, classes) and class index (batch)")
    assert alone.endswith("with :@target=onehot it runs")
