"""The registry of experiments, which decide claims.

    @experiment("contest")
    def contest(claim: Claim, study: Study, *, arms: tuple[str, ...], score: str) -> Design: ...

An experiment is a function of the claim and the study. Its keywords are the keys that a claim may have in the
catalogue; their types and defaults are read from the signature, so that a file is checked before anything runs.
An experiment that trains returns its design; any other returns every comparison that it made.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from inspect import Parameter, signature
from typing import Any, TypeVar, get_type_hints

from lossbench.claims.claim import Claim, Evidence
from lossbench.claims.design import Design
from lossbench.claims.search.found import Conditions
from lossbench.errors import ConfigError, UnknownName
from lossbench.plan.toml import read_as

Procedure = Callable[..., list[Evidence] | Design]
Explanation = Callable[..., Conditions]
Function = TypeVar("Function", bound=Callable[..., Any])

EXPERIMENTS: dict[str, Procedure] = {}
EXPLANATIONS: dict[str, Explanation] = {}


def experiment(name: str) -> Callable[[Function], Function]:
    """Return a decorator that registers an experiment under a name and leaves the function unchanged."""
    return partial(_register, EXPERIMENTS, name)


def _register(functions: dict[str, Callable[..., Any]], name: str, function: Function) -> Function:
    functions[name] = function
    return function


def trains(name: str) -> bool:
    """Say whether an experiment trains: whether it is declared to return a design."""
    return get_type_hints(EXPERIMENTS[name]).get("return") is Design


def keywords_of(function: Callable[..., Any]) -> dict[str, tuple[Any, bool]]:
    """Return the type of each keyword of a function, and whether it must be given.

    Example:
        >>> def toss(claim: Claim, *, coin: str, times: float = 1.0) -> None: ...
        >>> keywords_of(toss)
        {'coin': (<class 'str'>, True), 'times': (<class 'float'>, False)}
    """
    hints = get_type_hints(function)
    keywords = (p for p in signature(function).parameters.values() if p.kind is Parameter.KEYWORD_ONLY)
    return {one.name: (hints[one.name], one.default is Parameter.empty) for one in keywords}


def explanation(name: str) -> Callable[[Function], Function]:
    """Return a decorator that registers the search behind `--explain` for the claims that an experiment decides.

    The function takes the arguments of the experiment, and returns the settings under which the reported result is
    found, and their share of all settings searched.
    """
    return partial(_register, EXPLANATIONS, name)


def missing(claim: Claim) -> tuple[str, ...]:
    """Return the experiments of a claim that this version does not have."""
    return tuple(name for name in claim.experiments if name not in EXPERIMENTS)


def check_arguments(claim: Claim, known: tuple[str, ...] = ()) -> None:
    """Refuse keys that no experiment of a claim takes, values of the wrong type, and keys that are missing.

    A claim with an experiment that this version does not have may have any keys.

    Raises:
        UnknownName: a key is taken by none of the claim's experiments.
        ConfigError: a key is missing, or a value has the wrong type.
    """
    taken = [key for name in claim.experiments if name in EXPERIMENTS for key in keywords_of(EXPERIMENTS[name])]
    for key in claim.arguments:
        if key not in taken and not missing(claim):
            raise UnknownName("key", key, [*known, *taken], where=str(claim.source.inside(key)))
    for name in claim.experiments:
        if name in EXPERIMENTS:
            arguments_for(claim, name)


def arguments_for(claim: Claim, name: str) -> dict[str, Any]:
    """Return the arguments of one experiment of a claim, in the types of its signature.

    Raises:
        UnknownName: a text is not among those allowed.
        ConfigError: a key is missing, or a value has the wrong type.
    """
    keywords = keywords_of(EXPERIMENTS[name])
    for key, (_, required) in keywords.items():
        if required and key not in claim.arguments:
            raise ConfigError(f"{claim.source}: experiment '{name}' needs '{key}'; add {key} = ...")
    return {
        key: read_as(kind, claim.arguments[key], claim.source.inside(key))
        for key, (kind, _) in keywords.items()
        if key in claim.arguments
    }
