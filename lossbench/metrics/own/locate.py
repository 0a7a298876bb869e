"""Finding the function that the name of a metric means."""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from lossbench.errors import ScoreFailed
from lossbench.losses.custom.carry import file_at
from lossbench.losses.custom.locate import SCORE, find_in, imported, is_file
from lossbench.losses.custom.order import PREDICTION, TARGET, says
from lossbench.losses.custom.signature import parameters_of, read_arguments, signature
from lossbench.losses.custom.source import code_of, digest, run_file
from lossbench.metrics.own.named import Named


@dataclass(frozen=True)
class Located:
    """A function that is a metric.

    Args:
        function: of the target, the prediction, and the parameters of the spec.
        arguments: the values of its parameters.
        file: where it is defined, for the line of an error; empty where there is no such file.
        code: a hash of everything that its values depend on.
    """

    function: Callable[..., Any]
    arguments: dict[str, Any]
    file: str
    code: str


def locate(named: Named) -> Located:
    """Return the function that a spec names.

    Raises:
        ScoreFailed: no such file or module, or an object that cannot be called with a target and a prediction.
        UnknownName: it has no such name, or no such parameter; the nearest one is named.
        UsageError: a file that cannot be run, or a value that its parameter cannot have.
    """
    place, _, attribute = named.name.rpartition(":")
    module, code = in_file(place) if is_file(place) else (imported(place, attribute, SCORE), "")
    function = find_in(module, attribute, place, SCORE)
    check_called(named, function)
    arguments = read_arguments(named.spec, named.given, parameters_of(function))
    whole = digest(code or code_of(function), attribute, repr(sorted(arguments.items())), named.needs)
    file = str(file_at(place)) if code else ""
    return Located(function, arguments, file, whole[:12])


def in_file(place: str) -> tuple[ModuleType, str]:
    """Run a file, and return the module and a hash of its code."""
    file = file_at(place)
    if not file.is_file():
        beside = sorted(path.name for path in file.parent.glob("*.py")) if file.parent.is_dir() else []
        near = difflib.get_close_matches(file.name, beside, n=1, cutoff=0.5)
        hint = f"did you mean {Path(place).with_name(near[0])}? " if near else ""
        raise ScoreFailed(f"no file {file} to take a score from; {hint}Give a path from the current folder")
    return run_file(file)


def check_called(named: Named, function: Any) -> None:
    """Refuse an object that is no function of a target and a prediction, in this order.

    Raises:
        ScoreFailed: it is none; the error says what it is.
    """
    if not callable(function) or inspect.isclass(function):
        kind = "a class" if inspect.isclass(function) else type(function).__name__
        raise ScoreFailed(
            f"score '{named.spec}': {named.function} is {kind}; name a function of target and prediction, "
            "f(y_true, y_pred)"
        )
    leading = [p for p in signature(function) if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    some = any(p.kind is p.VAR_POSITIONAL for p in signature(function))
    wanted = [p.name for p in leading if p.default is p.empty and p.name not in named.given]
    takes = len(leading) >= 2 or some or not signature(function)
    if not takes or len(wanted) > 2:
        raise ScoreFailed(
            f"score '{named.spec}' takes ({', '.join(p.name for p in leading)}), and is called with two, target "
            "and prediction: f(y_true, y_pred); give others a value in the spec"
        )
    first, second = [*(p.name for p in leading), "", ""][:2]
    if says(first, PREDICTION) and says(second, TARGET) and not says(first, TARGET):
        raise ScoreFailed(
            f"score '{named.spec}' reads f({first}, {second}), and is called with the target first, "
            "f(y_true, y_pred); exchange the two"
        )
