"""A loss gets two inputs, raw outputs and their target: one that needs others is refused before it is called."""

from __future__ import annotations

import inspect
import re
from collections.abc import Collection, Iterable
from typing import Any

from lossbench.errors import LossMisbehaves
from lossbench.losses.custom.order import PREDICTION, TARGET, words_of
from lossbench.losses.custom.signature import BY_POSITION, called, parameters_of, signature

EMBEDDED = {"anchor", "positive", "negative", "input1", "input2", "x1", "x2"}
"""Names of what is compared with each other, and not with a target."""

INPUT = re.compile(f"{TARGET.pattern}|{PREDICTION.pattern}|x|y|model|net|network")
"""The words of which the name of an input is made; `num_labels` has another one beside."""

WEIGHTS = re.compile("(sample|row|instance|example|case)_?weights?")
"""Names of a weight for every row."""

ALONE = re.compile(f"{WEIGHTS.pattern}|batch|features?|data|images?|embeddings?|mask|idx|index|indices")
"""Further names of inputs."""

GETS = "and a loss gets two inputs by position, raw outputs and their target"

WRITE = "write a function of these two, f(raw, target)"


def check_inputs(name: str, criterion: Any, given: Collection[str] = ()) -> None:
    """Refuse a loss that needs other inputs than a prediction and a target.

    A function may get further arguments from the spec, unless one is plainly an input: no spec has its value.

    Args:
        name: of the loss.
        criterion: the user's object.
        given: the names of the parameters in the spec.

    Raises:
        LossMisbehaves: it does.

    Example:
        >>> check_inputs("mine.py:f", lambda prediction, target, alpha: 0)
    """
    first, more = _wanted(criterion, given)
    both = [*first, *more]
    if more and len(both) > 2:
        raise LossMisbehaves(name, f"takes {len(both)} inputs ({', '.join(both)}), {GETS}; {_advice(both)}")
    if more:
        raise LossMisbehaves(name, f"takes {' and '.join(more)} by name alone, {GETS}; {WRITE}")
    made = _required(parameters_of(criterion).values()) if inspect.isclass(criterion) else []
    if lacking := [each for each in made if each not in given and is_input(each)]:
        fault = f"needs {' and '.join(lacking)} to be made, which no spec can give"
        raise LossMisbehaves(name, f"{fault}, {GETS}; {WRITE}")


def is_input(name: str) -> bool:
    """Say whether a parameter's name is that of an input and not of a number.

    Example:
        >>> is_input("y_true"), is_input("sample_weight"), is_input("num_labels"), is_input("weight")
        (True, True, False, False)
    """
    words = words_of(name)
    return bool(words and all(map(INPUT.fullmatch, words))) or bool(ALONE.fullmatch("_".join(words)))


def _wanted(criterion: Any, given: Collection[str]) -> tuple[list[str], list[str]]:
    """Return the names of the inputs that a loss has to be given: the first two by position, and others."""
    declared = signature(called(criterion))[inspect.isclass(criterion) :]
    leading = [p for p in declared if p.kind in BY_POSITION][:2]
    first, more = _required(leading), _required(p for p in declared if p not in leading)
    embedded = len(first + more) > 2 and not EMBEDDED.isdisjoint(first + more)
    if embedded or inspect.isclass(criterion):
        return first, more
    return first, [name for name in more if name not in given and is_input(name)]


def _required(parameters: Iterable[inspect.Parameter]) -> list[str]:
    """Return the names of the parameters that have no default."""
    variable = inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD
    return [p.name for p in parameters if p.default is p.empty and p.kind not in variable]


def _advice(wanted: Iterable[str]) -> str:
    """Say how to write a loss that takes more than two inputs."""
    if not EMBEDDED.isdisjoint(wanted):
        return (
            "it compares embeddings that are picked for it, and a loss of the task embedding gets those of a "
            "batch and their classes, f(embeddings, labels), and makes its pairs by itself"
        )
    weighted = any(WEIGHTS.fullmatch("_".join(words_of(name))) for name in wanted)
    return f"{WRITE}{'; weights of rows are a column, DATA:weight=NAME' * weighted}"
