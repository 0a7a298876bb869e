"""Every error a user can meet.

    LossbenchError              exit 1: something went wrong that is not the user's doing
    ├── OutOfTime               exit 4: the budget ended before anything could be said
    ├── TrainingLost            where networks are trained is gone: a process was killed, a cluster ended
    └── UsageError              exit 2: the request cannot be carried out as it stands
        ├── UnknownName         a loss, data set, model, optimiser, key ... that does not exist
        ├── BadValue            a value outside its range, or of the wrong form
        ├── LossDoesNotFit      a loss that does not fit the task or the data
        │   └── WrongTask       a loss that does not fit the task
        ├── CodeFailed          a user's code that is not found, or cannot be run
        │   ├── ModelFailed     a user's model that cannot be trained
        │   ├── ScoreFailed     a user's metric that cannot be computed
        │   └── LossFailed      a custom loss that is not found, or misbehaves
        │       └── LossMisbehaves  a custom loss that raises, or does what no loss may do
        │           └── LossLeavesTorch  a custom loss that computes with a library without gradients
        ├── DataError           a table or data set that cannot be used
        ├── ConfigError         a configuration file that cannot be read or understood
        └── OutputError         a place where the results cannot be written

A message says what is wrong, where, why, and what to do next.
"""

from __future__ import annotations

from collections.abc import Iterable

from lossbench.nearest import suggestion
from lossbench.visible import visible


class LossbenchError(Exception):
    """The root of all errors of lossbench."""

    exit_code = 1

    def __str__(self) -> str:
        """Return the message in one line; it may quote any name, cell or exception."""
        return visible(super().__str__())

    def __reduce__(self) -> tuple[object, ...]:
        """Pickle the message and the attributes, not the arguments of the constructor."""
        return _restored, (type(self), self.args, vars(self))


def _restored(kind: type[LossbenchError], args: tuple[object, ...], state: dict[str, object]) -> LossbenchError:
    error = kind.__new__(kind)
    error.args, error.__dict__ = args, state
    return error


class OutOfTime(LossbenchError):
    """The budget ended before anything could be said."""

    exit_code = 4


class TrainingLost(LossbenchError):
    """Where networks are trained is gone: a process was killed, a cluster ended.

    Args:
        why: what happened.
        remedy: what to do about it.
        kept: what became of finished trainings, see `lossbench.run.keeper.Keeper.fate`; empty until that is known.

    Example:
        >>> str(TrainingLost("the scheduler is gone", "start it", "nothing is kept"))
        'the scheduler is gone; nothing is kept; start it'
    """

    def __init__(self, why: str, remedy: str, kept: str = "") -> None:
        super().__init__("; ".join(filter(None, [why, kept, remedy])))
        self.why, self.remedy = why, remedy


class UsageError(LossbenchError):
    """The request cannot be carried out as it stands.

    `about` is the name, as the user gave it, that caused the error; None where that is not known.
    """

    exit_code = 2
    about: str | None = None


class UnknownName(UsageError):
    """A name that does not exist; the message offers the nearest ones.

    Args:
        kind: what was looked for, such as "loss".
        name: the name as the user gave it.
        known: every name that would have been right.
        where: the place of the name, such as "configs/mine.toml line 3"; may be empty.

    Example:
        >>> str(UnknownName("loss", "hubber", ["huber", "mae"]))
        "unknown loss 'hubber'; did you mean 'huber'? Known: huber, mae"
    """

    def __init__(self, kind: str, name: str, known: Iterable[str], where: str = "") -> None:
        names = list(known)
        place = f"{where}: " if where else ""
        near = suggestion(kind, name, names)
        super().__init__(f"{place}unknown {kind} '{name}'{near} Known: {', '.join(names)}")


class BadValue(UsageError):
    """A value outside its range, or of the wrong form."""


class LossDoesNotFit(UsageError):
    """A loss that does not fit the task or the data; `fact` is the message without `more`, which is advice."""

    def __init__(self, fact: str, more: str = "") -> None:
        super().__init__(f"{fact}. {more}" if more else fact)
        self.fact, self.more = fact, more


class WrongTask(LossDoesNotFit):
    """A loss that does not fit the task; `fault` says why, `more` adds advice, `wanted` has what to state.

    Example:
        >>> str(WrongTask("'huber'", "binary", "it serves regression"))
        "loss 'huber' does not fit the task binary: it serves regression"
    """

    def __init__(self, loss: str, task: str, fault: str, more: str = "", wanted: tuple[str, ...] = ()) -> None:
        super().__init__(f"loss {loss} does not fit the task {task}: {fault}", more)
        self.fault, self.wanted = fault, wanted


class CodeFailed(UsageError):
    """A user's code that is not found, or cannot be run."""


class ModelFailed(CodeFailed):
    """A user's model that is not found, raises, or does what no model may do."""


class ScoreFailed(CodeFailed):
    """A user's metric that is not found, raises, or does what no metric may do."""


class LossFailed(CodeFailed):
    """A custom loss that is not found, raises, or misbehaves.

    Args:
        message: what happened.
        losses: in training, the specs of the losses that may have caused it.
    """

    def __init__(self, message: str, losses: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.losses = losses


class LossMisbehaves(LossFailed):
    """A custom loss that raises, or does what no loss may do; `fault` says what, `where` names the line.

    Example:
        >>> str(LossMisbehaves("mine.py:f", "raised ValueError", " (mine.py line 3)"))
        "loss 'mine.py:f' raised ValueError (mine.py line 3)"
    """

    def __init__(self, loss: str, fault: str, where: str = "") -> None:
        super().__init__(f"loss '{loss}' {fault}{where}")
        self.fault, self.where = fault, where


class LossLeavesTorch(LossMisbehaves):
    """A custom loss that computes with a library without gradients, whatever it is given."""


class DataError(UsageError):
    """A table or data set that cannot be used."""


class ConfigError(UsageError):
    """A configuration file that cannot be read or understood."""


class OutputError(UsageError):
    """A place where the results cannot be written."""
