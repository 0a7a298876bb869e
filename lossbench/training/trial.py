"""A trial: one training, described by plain data; and attributing a failure to losses."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from lossbench.errors import LossFailed
from lossbench.losses.custom.contain import altered, is_users, meddles, running, settings
from lossbench.losses.custom.endless import clock
from lossbench.losses.custom.source import in_one_line
from lossbench.schema import USUAL
from lossbench.task import Task


@dataclass(frozen=True)
class Trial:
    """One training of one network.

    The fields are columns of `trials.csv`, all but the last in the order of its first columns; `lossbench.schema`
    defines them. Data set, model, loss, optimiser and schedule are specs, such as "mlp:64,32:tanh",
    "sgd:momentum=0.9" and "cosine:warmup=5". The kind of contamination is one of `lossbench.data.KINDS`, or
    "none". The seed fixes split, initial weights, batch order and contamination.
    """

    dataset: str
    task: Task
    model: str
    loss: str
    optimizer: str
    lr: float
    l1: float
    l2: float
    batch_size: int
    epochs: int
    outlier_kind: str
    outlier_fraction: float
    seed: int
    schedule: str = USUAL["schedule"]


@contextmanager
def blamed(losses: tuple[str, ...], dataset: str, epoch: int) -> Iterator[None]:
    """Attribute any failure inside to these losses, and say where it happened.

    Raises:
        LossFailed: an exception inside, or a changed setting on which other losses depend.
    """
    running(losses)
    before = settings()
    clock.enter()
    try:
        yield
    except BaseException as error:  # not only LossFailed: a user's backward pass may raise anything
        if is_users(error):
            raise
        said = str(error) if isinstance(error, LossFailed) else f"raised {in_one_line(error)}"
        raise _failure(losses, dataset, epoch, said) from error
    finally:
        clock.leave()
    if said := altered(before):
        raise _failure(losses, dataset, epoch, f"it {meddles(said)}")


def _failure(losses: tuple[str, ...], dataset: str, epoch: int, said: str) -> LossFailed:
    where = f"{' and '.join(losses)} on {dataset}, epoch {epoch + 1}"
    return LossFailed(f"{where}: {said}; lossbench check-loss tells more", losses)
