"""The experiments by name: what decides a claim.

    @experiment("contest")
    def contest(claim: Claim, study: Study, *, arms: tuple[str, ...], score: str) -> list[Evidence]: ...

An experiment is a function of the claim and the study. Its keywords are the keys that a claim may give it in the
catalogue; their types and defaults are read from the signature, so a file is checked without its help.
It returns every comparison that it made. Those that train do it through `study.compare` and no other way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from lossbench.claims.arguments import parameters_of, required_by
from lossbench.claims.claim import Claim
from lossbench.claims.evidence import Evidence
from lossbench.errors import ConfigError, UnknownName
from lossbench.plan.toml import read_as

Experiment = Callable[..., list[Evidence]]
Check = Callable[..., object]
Explanation = Callable[..., Iterator[str]]
Function = TypeVar("Function", bound=Callable[..., Any])

EXPERIMENTS: dict[str, Experiment] = {}
CHECKS: dict[str, Check] = {}
EXPLANATIONS: dict[str, Explanation] = {}


def experiment(name: str, check: Check | None = None) -> Callable[[Function], Function]:
    """Return a decorator that enters an experiment under a name and leaves the function as it is.

    Args:
        name: as claims give it.
        check: takes what the experiment takes, and raises where it could not be carried out. It is called for
            every claim before the first training.
    """

    def enter(function: Function) -> Function:
        EXPERIMENTS[name] = function
        if check is not None:
            CHECKS[name] = check
        return function

    return enter


def explanation(name: str) -> Callable[[Function], Function]:
    """Return a decorator that enters the search behind `--explain` for the claims that an experiment decides.

    The function takes what the experiment takes, and yields lines of text: under which settings the reported
    result would come out, and how large a share of the settings searched that is.
    """

    def enter(function: Function) -> Function:
        EXPLANATIONS[name] = function
        return function

    return enter


def missing(claim: Claim) -> tuple[str, ...]:
    """Return the experiments of a claim that this version does not have."""
    return tuple(name for name in claim.experiments if name not in EXPERIMENTS)


def check_arguments(claim: Claim, known: tuple[str, ...] = ()) -> None:
    """Refuse keys that no experiment of a claim takes, values of the wrong type, and keys that are missing.

    A claim with an experiment that this version does not have may have keys for that one.

    Args:
        claim: as read.
        known: the keys that every claim may have, for the message.

    Raises:
        UnknownName: a key that none of the claim's experiments takes.
        ConfigError: a key is missing, or a value is of the wrong type.
    """
    taken = [key for name in claim.experiments if name in EXPERIMENTS for key in parameters_of(EXPERIMENTS[name])]
    for key in claim.arguments:
        if key not in taken and not missing(claim):
            raise UnknownName("key", key, [*known, *taken], where=str(claim.source.inside(key)))
    for name in claim.experiments:
        if name in EXPERIMENTS:
            arguments_for(claim, name)


def arguments_for(claim: Claim, name: str) -> dict[str, Any]:
    """Return what one experiment of a claim is told, in the types that it asks for.

    Raises:
        UnknownName: a text that is none of those allowed.
        ConfigError: a key is missing, or a value is of the wrong type.
    """
    function = EXPERIMENTS[name]
    for key in required_by(function):
        if key not in claim.arguments:
            raise ConfigError(f"{claim.source}: experiment '{name}' needs '{key}'; add {key} = ...")
    return {
        key: read_as(kind, claim.arguments[key], claim.source.inside(key))
        for key, kind in parameters_of(function).items()
        if key in claim.arguments
    }
