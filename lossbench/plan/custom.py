"""The `[[loss]]` tables of a config: custom losses, with the statements about each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from lossbench.errors import BadValue, ConfigError
from lossbench.losses.custom.register import check_name
from lossbench.plan.config import at
from lossbench.plan.toml import Place, read_table
from lossbench.spec import title
from lossbench.task import Task

KEYS = dict.fromkeys(("label", "loss", "convention", "gets", "target", "link"), str) | {"task": Task}
"""The keys of a `[[loss]]` table, with their types."""


class CustomLoss(NamedTuple):
    """A `[[loss]]` table of a config: its label, its spec with all statements, and its task if it states one."""

    label: str
    spec: str
    task: str | None


def read_custom(value: Any, place: Place) -> tuple[CustomLoss, ...]:
    """Read the `[[loss]]` tables that stand at a place.

    Raises:
        ConfigError: something else stands there.
        BadValue: a label is not allowed, or is given twice.

    Example:
        >>> read_custom([{"label": "mine", "loss": "my_losses.py:f"}], Place(("loss",)))[0].spec
        'my_losses.py:f:@label=mine'
    """
    if not isinstance(value, Sequence) or not all(isinstance(table, Mapping) for table in value):
        raise ConfigError(f"{place}: {value!r} is no [[loss]] table; to name losses, write losses = [...]")
    custom = tuple(_custom_loss(table, place.table(number)) for number, table in enumerate(value))
    labels = [loss.label for loss in custom]
    for number, label in enumerate(labels):
        if label in labels[:number]:
            where = place.table(number).inside("label")
            raise BadValue(f"{where}: another loss is called '{label}' already; choose another label")
    return custom


def _custom_loss(value: Mapping[str, Any], place: Place) -> CustomLoss:
    table = read_table(KEYS, ["label", "loss"], value, place)
    with at(place.inside("label")):
        check_name(table["label"])
    stated = (f"@{key}={text}" for key, text in table.items() if key != "loss")
    return CustomLoss(table["label"], ":".join((table["loss"], *stated)), table.get("task"))


def with_custom(losses: Any, custom: Sequence[CustomLoss], append: bool) -> Any:
    """Replace labels by the specs of their `[[loss]]` tables, and append the losses that are named nowhere.

    Args:
        losses: one list, or one for each task.
        custom: the tables.
        append: False where the caller names the losses, so that only those run.

    Raises:
        BadValue: two losses would have the same name in tables.

    Example:
        >>> mine = CustomLoss("mine", "my_losses.py:f:@label=mine", None)
        >>> with_custom(("mine", "mse"), [mine], append=True)
        ('my_losses.py:f:@label=mine', 'mse')
    """
    last = custom if append else ()
    if not isinstance(losses, Mapping):
        return _joined(losses, custom, last)
    return {
        task: _joined(names, custom, [loss for loss in last if loss.task in (None, task)])
        for task, names in losses.items()
    }


def _joined(names: Sequence[str], custom: Sequence[CustomLoss], last: Sequence[CustomLoss]) -> tuple[str, ...]:
    specs = {loss.label: loss.spec for loss in custom}
    joined = tuple(dict.fromkeys([*(specs.get(name, name) for name in names), *(loss.spec for loss in last)]))
    for name, count in Counter(map(title, joined)).items():
        if count > 1:
            raise BadValue(f"losses: {count} of them are called '{name}'; give them different labels")
    return joined
