"""What the spec of a table says: `visits.csv:target=pain:drop=id,date:sep=;:decimal=,:na=?:group=patient`."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from lossbench.errors import BadValue, UnknownName
from lossbench.home import expand
from lossbench.spec import split_spec
from lossbench.task import Task

KEYS = ("target", "task", "drop", "sep", "decimal", "na", "positive", "group", "weight", "class_weight")
TASKS: tuple[Task, ...] = ("regression", "binary", "multiclass")
_SEPARATORS = {"tab": "\t", r"\t": "\t", "space": " "}
SOURCES = ("openml", "sklearn", "shipped")
"""What stands before the colon of a table that scikit-learn fetches, or that lossbench-data has."""

_REPEAT = "to name another data set, repeat -d"


@dataclass(frozen=True)
class TableSpec:
    """A table as the user names it.

    Args:
        spec: the whole spec.
        path: the file.
        target: the column to predict; None where none is named.
        task: what to predict; None where it follows from the target.
        drop: columns to be left out.
        separator: between the values; None to find it from the file.
        decimal: "." or ","; None to find it from the numbers.
        missing: texts that stand for a missing value, in every column.
        positive: of two classes the one of which F1, precision and recall speak; None for the second, sorted.
        group: the column whose rows of one value stay in one part of a split; None where there is none.
        weight: the column of how much each row counts in training; None where all count alike.
        class_weight: how classes are weighed in training, as given; None where they are not.
    """

    spec: str
    path: Path
    target: str | None = None
    task: str | None = None
    drop: tuple[str, ...] = ()
    separator: str | None = None
    decimal: str | None = None
    missing: tuple[str, ...] = ()
    positive: str | None = None
    group: str | None = None
    weight: str | None = None
    class_weight: str | None = None


def table_spec(spec: str) -> TableSpec:
    """Read the spec of a table.

    Raises:
        UnknownName: a key or a task that does not exist.
        BadValue: a separator or a decimal sign that cannot be one.

    Example:
        >>> table_spec('sales.csv:target=price:drop=id,"a,b"').drop
        ('id', 'a,b')
    """
    name, given = split_spec(spec)
    for key in given:
        if key not in KEYS:
            known = [*KEYS, "and a column whose name has a colon or a comma stands in double quotes"]
            raise UnknownName("parameter", key, known, where=f"'{spec}'")
    if given.get("task", "binary") not in TASKS:
        raise UnknownName("task", given["task"], TASKS, where=f"'{spec}'")
    return TableSpec(
        spec,
        Path(expand(name)),
        _name(given["target"]) if "target" in given else None,
        given.get("task"),
        _names(given.get("drop", "")),
        _separator(spec, given),
        _decimal(spec, given),
        _names(given.get("na", "")),
        _name(given["positive"]) if "positive" in given else None,
        _name(given["group"]) if "group" in given else None,
        _name(given["weight"]) if "weight" in given else None,
        given.get("class_weight"),
    )


def is_fetched(name: str) -> bool:
    """Say whether a data set is a table that scikit-learn fetches, or one of lossbench-data, by its name.

    Example:
        >>> is_fetched("openml:31"), is_fetched("sales.csv")
        (True, False)
    """
    source, colon, _ = name.partition(":")
    return bool(colon) and source in SOURCES


def written(name: str) -> str:
    """Write the name of a column as in a spec, quoted where needed.

    Example:
        >>> print(written("price"), written("price, net"))
        price "price, net"
    """
    return '"' + name.replace('"', '""') + '"' if set(name) & set(',:"') else name


def _name(text: str) -> str:
    text = text.strip()
    quoted = len(text) > 1 and text[0] == text[-1] == '"'
    return text[1:-1].replace('""', '"') if quoted else text


def _names(text: str) -> tuple[str, ...]:
    names = next(csv.reader([text], skipinitialspace=True), [])
    return tuple(dict.fromkeys(name.strip() for name in names if name.strip()))


def _separator(spec: str, given: Mapping[str, str]) -> str | None:
    if "sep" not in given:
        return None
    mark = _SEPARATORS.get(given["sep"], given["sep"])
    if len(mark) != 1 or mark.isalnum() or mark in '"\r\n':
        raise BadValue(
            f"'{spec}': sep={mark} is no separator; give one mark such as ; or |, or tab or space ({_REPEAT})"
        )
    return mark


def _decimal(spec: str, given: Mapping[str, str]) -> str | None:
    mark = given.get("decimal")
    if mark not in (None, ".", ","):
        raise BadValue(f"'{spec}': decimal={mark} is no decimal sign; give . or , ({_REPEAT})")
    return mark
