"""An object that a user names as a loss, and the objects that were registered under a name in Python."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from lossbench.errors import LossFailed
from lossbench.losses.custom.contain import Seen


@dataclass(frozen=True, eq=False)
class Candidate:
    """An object that the user names as a loss.

    Args:
        name: as the user wrote it, without parameters.
        criterion: the function, class or instance.
        file: where it is defined; empty where there is no such file.
        origin: where it comes from, in words.
        code: a hash of its code.
        stated: what was stated when it was registered.
        seen: what its file did when it ran.
    """

    name: str
    criterion: Any
    file: str
    origin: str
    code: str
    stated: Mapping[str, str] = field(default_factory=dict)
    seen: Seen = field(default_factory=Seen)


_REGISTERED: dict[str, Candidate] = {}


def remember(candidate: Candidate) -> None:
    """Register a candidate under its name; the same object stays if it is already known."""
    known = _REGISTERED.get(candidate.name)
    if known is None or (known.code, known.stated) != (candidate.code, candidate.stated):
        _REGISTERED[candidate.name] = candidate


def registered(name: str) -> Candidate | None:
    """Return the candidate registered under a name."""
    return _REGISTERED.get(name)


def all_registered() -> tuple[str, ...]:
    """Return the names that were registered."""
    return tuple(_REGISTERED)


def check_callable(criterion: Any, name: str) -> None:
    """Refuse an object that is not callable."""
    if not callable(criterion):
        raise LossFailed(
            f"'{name}' is no loss but {type(criterion).__name__}; name a function f(prediction, target), a class "
            "or an instance that can be called"
        )
