"""The spec of a user's own metric, and the name of its column.

    metrics.py:mine                         a function of a Python file, from the current folder
    sklearn.metrics:fbeta_score:beta=2      a function of a module, with values of its parameters
    metrics.py:mine:@of=probability:lower   what it is given, and which way is the better

The name of the column is the part after the path, with the direction: `mine:higher`, `fbeta_score:beta=2:higher`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, cast, get_args

from lossbench.errors import BadValue, UnknownName
from lossbench.schema import METRICS, TRIALS, Need
from lossbench.spec import split_spec

Way = Literal["higher", "lower"]
WAYS: tuple[Way, ...] = get_args(Way)
KEYS = ("@of", "@label")
"""What may be stated about a metric."""


@dataclass(frozen=True)
class Named:
    """The spec of a metric, taken apart.

    Args:
        spec: as the user wrote it.
        name: the function, such as "metrics.py:mine".
        given: values of its parameters, as text.
        needs: the part of a prediction that it gets: decisions, probabilities or rankings.
        label: its name in tables; empty for the name of the function and the parameters.
        better: the stated direction; None where none is stated.
    """

    spec: str
    name: str
    given: Mapping[str, str]
    needs: Need
    label: str
    better: Way | None

    @property
    def function(self) -> str:
        """The name of the function in its file or module."""
        return self.name.rpartition(":")[2]

    @property
    def column(self) -> str:
        """The name of its column; higher is better where nothing is stated."""
        title = self.label or ":".join([self.function, *(f"{key}={value}" for key, value in self.given.items())])
        return f"{title}:{self.better or 'higher'}"


def names_own(spec: str) -> bool:
    """Say whether the name of a score is one of a function of the user's own.

    Example:
        >>> names_own("metrics.py:mine:lower"), names_own("metrics.py"), names_own("f1"), names_own("cost")
        (True, True, False, False)
    """
    name = apart(spec)[0]
    return ":" in name or name.lower().endswith(".py")


def apart(spec: str) -> tuple[str, dict[str, str], Way | None]:
    """Return name, parameters and statements, and direction of a spec."""
    for way in WAYS:
        if spec.strip().endswith(f":{way}"):
            return *split_spec(spec.strip().removesuffix(f":{way}")), way
    return *split_spec(spec), None


def read_named(spec: str) -> Named:
    """Take the spec of a metric apart.

    Raises:
        BadValue: a file without a function, a label that cannot be one, or the name of a built-in score.
        UnknownName: an unknown statement, or a statement with an unknown value.

    Example:
        >>> made = read_named("metrics.py:mine:k=2:@of=probability:lower")
        >>> made.name, made.needs, made.column
        ('metrics.py:mine', 'probability', 'mine:k=2:lower')
    """
    name, given, better = apart(spec)
    if ":" not in name:
        raise BadValue(f"'{spec}' is a file; name a function in it: {name}:NAME")
    stated = {key: given.pop(key) for key in list(given) if key.startswith("@")}
    for key in stated:
        if key not in KEYS:
            raise UnknownName("statement", key, KEYS, where=f"'{spec}'")
    needs = stated.get("@of", "decision")
    if needs not in get_args(Need):
        raise UnknownName("value of @of", needs, get_args(Need), where=f"'{spec}'")
    made = Named(spec, name, given, cast(Need, needs), stated.get("@label", ""), better)
    check_title(made, labelled="@label" in stated)
    return made


def check_title(named: Named, labelled: bool) -> None:
    """Refuse a label that cannot be the name of a column.

    Raises:
        BadValue: a label that is no plain word, or the name of a built-in score or of another column.
    """
    called = named.label if labelled else named.function
    if labelled and not re.fullmatch(r"[^\s:,=@]+", called):
        raise BadValue(f"'{named.spec}': '{called}' cannot be a label; give a word without any of : , = @")
    if called in TRIALS or called in ("cost", "score"):
        kind = "a built-in score" if called in METRICS or called == "cost" else "another column"
        raise BadValue(
            f"'{named.spec}': {called} is the name of {kind}; rename the function, or give it a label: "
            f"{named.name}:@label=my_{called}"
        )
