"""Names for the places of a run: only the settings that vary in it are named."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from typing import Any

from lossbench.schema import SETTING

SHARE = "outlier_fraction"
BARE = ("model", "optimizer")  # settings whose value speaks for itself


def varying(places: Iterable[Mapping[Any, Any]]) -> tuple[str, ...]:
    """Return the settings that differ between places, in the order of the columns.

    Args:
        places: the values of `SETTING`, outlier_kind and outlier_fraction by name.
    """
    listed = list(places)
    return tuple(name for name in (*SETTING, SHARE) if len({place[name] for place in listed}) > 1)


def label(place: Mapping[Any, Any], names: Sequence[str]) -> str:
    """Name a place by some of its settings; empty where none is given.

    Example:
        >>> label({"model": "linear", "lr": 0.01, "l1": 0.0}, ("model", "lr"))
        'linear, lr 0.01'
    """
    return ", ".join(_piece(place, name) for name in names)


def _piece(place: Mapping[Any, Any], name: str) -> str:
    value = place[name]
    if name == SHARE:
        return f"{100 * value:g} % {place['outlier_kind']}" if value else "clean"
    return str(value) if name in BARE else f"{name} {value:g}"


def listed_seeds(seeds: Sequence[int]) -> str:
    """Name seeds, consecutive ones by the first and the last.

    Example:
        >>> listed_seeds([0, 1, 2, 5]), listed_seeds([7])
        ('seeds 0-2, 5', 'seed 7')
    """
    runs = [
        [seed for _, seed in run]
        for _, run in groupby(enumerate(seeds), key=lambda numbered: numbered[1] - numbered[0])
    ]
    texts = [f"{run[0]}-{run[-1]}" if len(run) > 1 else str(run[0]) for run in runs]
    return f"seed{'s' if len(seeds) > 1 else ''} {', '.join(texts)}"
