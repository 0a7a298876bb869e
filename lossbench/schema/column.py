"""What a column of a file is; a metric is one with a direction and a range."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from typing import Any, Literal

from lossbench.schema.names import is_own
from lossbench.task import TASKS, VALUED, Task

Group = Literal["setting", "status", "score", "convergence", "hash", "context"]
CellType = Literal["text", "number", "whole", "count", "truth"]
Need = Literal["decision", "probability", "ranking"]


@dataclass(frozen=True)
class Column:
    """One column of `trials.csv`.

    Args:
        name: the word in the header.
        group: the group of the column; columns of "setting" are the fields of a trial, and identify it.
        kind: what a cell is: "count" is a whole number above zero, "truth" is True or False.
        meaning: in a few words.
        empty: whether a cell may be empty, where the value is undefined.
        optional: whether a file may lack the column, as files of an older lossbench do; it then reads as
            undefined.
        since: the schema version that introduced the column.
        same_for: the columns that determine the value: rows that agree in them but not in this one are of
            different runs, and may not be compared.
        choices: the allowed texts of a cell; empty where any is allowed.
        or_own: whether a cell may also be the name of a metric of the run's own, see `is_own`.
        greater_is_better: the direction; None where there is none.
        margin: the difference that is too small to matter: a hundredth of the scale, or for times the unit in
            which they are counted. None where the scale depends on the data set: the user must then declare one,
            or nothing is ever equivalent.
        tasks: those that have the column; rows of others leave it empty.
        on_request: the setting that adds the column to a run's file; empty for a column that is always there.
        usual: for an optional column that identifies trials, the text that every row of a file without it has; a
            file has the column only if some row differs.
    """

    name: str
    group: Group
    kind: CellType
    meaning: str
    _: KW_ONLY
    empty: bool = False
    optional: bool = False
    since: int = 1
    same_for: tuple[str, ...] = ()
    choices: tuple[str, ...] = ()
    or_own: bool = False
    greater_is_better: bool | None = None
    margin: float | None = None
    tasks: tuple[Task, ...] = TASKS
    on_request: str = ""
    usual: str = ""

    @property
    def dtype(self) -> str:
        """The pandas type of a column that may hold undefined values."""
        types = {"text": "string", "number": "float64", "whole": "Int64", "count": "Int64", "truth": "boolean"}
        return types[self.kind]

    def admits(self, text: str) -> bool:
        """Say whether a cell may be this text."""
        return not self.choices or text in self.choices or (self.or_own and is_own(text))


@dataclass(frozen=True)
class Metric(Column):
    """One score, shared by all losses; the function of this name in `lossbench.metrics` computes it.

    Args:
        needs: the part of a prediction that it uses; it is NaN where it needs a probability and there is none.
        low: its least possible value.
        high: its greatest possible value.
    """

    _: KW_ONLY
    greater_is_better: bool
    needs: Need
    low: float = 0.0
    high: float = 1.0

    @property
    def counts(self) -> bool:
        """Whether it counts rows that are right or wrong, or ordered pairs, and so moves in steps."""
        return self.tasks[0] not in VALUED and self.needs != "probability"

    @property
    def best(self) -> float:
        """The score of a perfect prediction."""
        return 1.0 if self.greater_is_better else 0.0

    @property
    def sign(self) -> float:
        """The factor on a score after which greater is better."""
        return 1.0 if self.greater_is_better else -1.0


def asked(what: str, since: int) -> dict[str, Any]:
    """Return the common fields of columns that a file has only if its run asks for them, see `Column`."""
    return {"empty": True, "optional": True, "since": since, "on_request": what}
