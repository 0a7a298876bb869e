"""Losses that are not in the catalogue: finding the object that a name means.

    my_losses.py:my_loss      a name in a Python file, from the current folder
    torch.nn:SmoothL1Loss     a name in a module that can be imported, the current folder included
    my_loss                   one given to `register_loss`, or an installed entry point of group `lossbench.losses`

Whether the object is a loss, and how it is called, is decided in `lossbench.losses.custom.conventions`.
"""

from __future__ import annotations

import difflib
import importlib
import sys
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import replace
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, NamedTuple

from lossbench.apart import Ended
from lossbench.errors import BadValue, CodeFailed, LossFailed, ModelFailed, ScoreFailed, UnknownName
from lossbench.losses.composed.grammar import PREFIX
from lossbench.losses.composed.scaled import SCALED
from lossbench.losses.custom.candidate import Candidate, all_registered, check_callable, registered
from lossbench.losses.custom.carry import file_at
from lossbench.losses.custom.contain import contained, failing
from lossbench.losses.custom.rehearse import rehearse
from lossbench.losses.custom.source import (
    SEEN,
    code_of,
    file_of,
    in_one_line,
    on_path,
    run_again,
    run_file,
)
from lossbench.losses.registry import names, served

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

GROUP = "lossbench.losses"
NAMED = 12  # names that a message lists; of more, only the nearest are listed


class Sort(NamedTuple):
    """A kind of user's object: the word for it, an example of its file, and its error."""

    word: str
    file: str
    failed: type[CodeFailed]


LOSS = Sort("loss", "my_losses.py", LossFailed)
MODEL = Sort("model", "nets.py", ModelFailed)
SCORE = Sort("score", "metrics.py", ScoreFailed)


def locate(name: str) -> Candidate:
    """Return the object that a name outside the catalogue means.

    Raises:
        UnknownName: there is no such loss, or none of that name in the file or module.
        BadValue: the name cannot be that of a loss.
        LossFailed: a file or a module that cannot be imported, or an object that cannot be called.
    """
    place, _, attribute = name.rpartition(":")
    if is_file(name):
        raise BadValue(f"'{name}' is a file; name a loss in it: {name}:NAME")
    if is_file(place):
        file = file_at(place)
        module, code = run_file(file)
        return _in_file(module, name, attribute, str(file), code)
    if ":" in place:
        raise _no_parameter(name)
    if place:
        return _in_module(name, place, attribute)
    if candidate := registered(name):
        return candidate
    if name in installed():
        return _of_entry_point(name, installed()[name])
    raise _unknown(name)


def afresh(candidate: Candidate) -> Candidate:
    """Return a fresh copy of a candidate, as far as possible without state from earlier calls.

    A file is run again, and a registered instance is copied. A class needs neither, since new instances are made;
    the state of a function of an installed module stays.

    Raises:
        LossFailed: a file that cannot be run twice.
    """
    place, _, attribute = candidate.name.rpartition(":")
    if is_file(place):
        module = run_again(Path(candidate.file), candidate.code)
        return replace(candidate, criterion=find_in(module, attribute, place))
    return replace(candidate, criterion=deepcopy(candidate.criterion))  # functions and classes stay the same


def _no_parameter(name: str) -> BadValue:
    """Return the error for a loss followed by a value without a key."""
    first = name.partition(":")[0]
    loss = first if served(first) else name.rpartition(":")[0]
    return BadValue(f"'{name}': '{name[len(loss) + 1 :]}' is no parameter; write {loss}:KEY=VALUE")


def _unknown(name: str) -> BadValue | UnknownName:
    """Return the error for an unknown name, with suggestions."""
    if {"+", "*"} & set(name):
        return BadValue(f"'{name}' is no loss; a weighted sum begins with sum, as in {PREFIX}bce+0.5*dice")
    if "=" in name:
        return BadValue(f"'{name}' is no loss; a parameter stands behind a name and a colon: huber:delta=1.35")
    module, _, attribute = name.rpartition(".")
    if module and attribute:
        return BadValue(f"'{name}' is no loss; a colon parts a module or a file from a name: {module}:{attribute}")
    return UnknownName("loss", name, dict.fromkeys([*names(), SCALED, *all_registered(), *installed()]))


def is_file(place: str) -> bool:
    """Say whether the part before a colon names a Python file."""
    return place.lower().endswith(".py")


@cache
def _in_file(module: ModuleType, name: str, attribute: str, file: str, code: str) -> Candidate:
    criterion = find_in(module, attribute, Path(file).name)
    check_callable(criterion, name)
    return Candidate(name, criterion, file, Path(file).name, code, seen=SEEN[module.__name__])


@cache
def _in_module(name: str, place: str, attribute: str) -> Candidate:
    try:
        module = imported(place, attribute, LOSS)
    except ModuleNotFoundError as error:  # the part before the colon is the name of a built-in loss
        raise _no_parameter(name) from error
    criterion = find_in(module, attribute, place)
    check_callable(criterion, name)
    return Candidate(name, criterion, file_of(criterion), origin_of(place), code_of(criterion))


def imported(place: str, attribute: str, kind: Sort) -> ModuleType:
    """Import the module of a user's object, the current folder included in the search.

    Raises:
        ModuleNotFoundError: there is no such module, and its name is that of a built-in loss.
        CodeFailed: it cannot be imported.
    """

    def fault(error: BaseException) -> BaseException:
        missing = error.name if isinstance(error, ModuleNotFoundError) else None
        if kind is LOSS and missing == place and served(place):
            return error
        advice = "install the package that has it" if missing else "mend it"
        return kind.failed(
            f"{kind.word} '{place}:{attribute}': module {place} cannot be imported: {in_one_line(error)}; {advice}"
            f", or name a file: {kind.file}:{attribute}"
        )

    def execute() -> ModuleType:
        with contained(), failing(fault), on_path(Path.cwd()):
            return importlib.import_module(place)

    if place not in sys.modules:
        try:
            rehearse(execute)
        except Ended as error:
            raise kind.failed(f"{kind.word} '{place}:{attribute}': module {place} {error}; mend it") from None
    return execute()


def origin_of(place: str) -> str:
    """Return where a module's objects come from, in words, with the version of its package."""
    version = getattr(importlib.import_module(place.partition(".")[0]), "__version__", "")
    return f"module {place}{f', version {version}' if version else ''}"


@cache
def installed() -> Mapping[str, EntryPoint]:
    """Return the losses that installed packages offer, by name."""
    from importlib.metadata import entry_points  # slow to import, and rarely needed

    return {entry.name: entry for entry in entry_points(group=GROUP)}


@cache
def _of_entry_point(name: str, entry: EntryPoint) -> Candidate:
    package = entry.dist.name if entry.dist else "?"

    def fault(error: BaseException) -> LossFailed:
        return LossFailed(
            f"loss '{name}' of the installed package {package} cannot be loaded from {entry.value}: "
            f"{in_one_line(error)}; ask those who make the package"
        )

    def load() -> Any:
        with contained(), failing(fault):
            return entry.load()

    try:
        rehearse(load)
    except Ended as error:
        raise LossFailed(
            f"loss '{name}' of the installed package {package} {error}; ask those who make it"
        ) from None
    criterion = load()
    check_callable(criterion, name)
    return Candidate(name, criterion, file_of(criterion), f"package {package}, {entry.value}", code_of(criterion))


def find_in(module: ModuleType, attribute: str, place: str, kind: Sort = LOSS) -> Any:
    """Return an attribute of a module.

    Raises:
        UnknownName: there is none; the message lists what the module defines, the nearest names first.
    """
    if hasattr(module, attribute):
        return getattr(module, attribute)
    own = [
        key
        for key, value in vars(module).items()
        if callable(value) and str(getattr(value, "__module__", "")).startswith(module.__name__) and key[0] != "_"
    ]
    known = own if len(own) <= NAMED else _nearest(attribute, own, kind)
    raise UnknownName(kind.word, attribute, known or ["none, it defines nothing that can be called"], where=place)


def _nearest(name: str, known: list[str], kind: Sort) -> list[str]:
    """Return the names most similar to one, ignoring case; else those that contain the word for their kind."""
    folded = {key.lower(): key for key in known}
    near = [folded[key] for key in difflib.get_close_matches(name.lower(), folded, NAMED, cutoff=0.5)]
    return near or [key for key in known if kind.word in key.lower()][:NAMED] or known[:NAMED]
