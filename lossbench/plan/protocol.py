"""Settings that a data set has of its own: weight decay or penalties where networks would memorise its rows.

They are the same for every loss, and fixed before results. An optimiser or a penalty that is named later, in a
config or on the command line, replaces them on all data sets.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lossbench.spec import split_spec

OWN = ("optimizers", "l1", "l2")
"""The settings that a data set may have of its own: each can regularise a network."""

WHY = "why"
"""The key that says how they were chosen."""

Protocols = Mapping[str, Mapping[str, Any]]
"""The settings that data sets have of their own, and the reason, by data set."""


@dataclass(frozen=True)
class Own:
    """The settings that a data set has of its own, in words.

    Args:
        dataset: the spec of the data set.
        settings: such as "optimizer adamw:weight_decay=2".
        why: how they were chosen; may be empty.
    """

    dataset: str
    settings: str
    why: str


def protocol_of(protocols: Protocols, dataset: str) -> Mapping[str, Any]:
    """Return a data set's own settings; those of a name without parameters hold for all parameters.

    Example:
        >>> protocol_of({"blobs": {"l2": (0.1,)}}, "blobs:classes=5"), protocol_of({}, "iris")
        ({'l2': (0.1,)}, {})
    """
    return protocols[dataset] if dataset in protocols else protocols.get(split_spec(dataset)[0], {})


def in_words(protocols: Protocols, dataset: str) -> Own | None:
    """Return a data set's own settings in words; None where it has none.

    Example:
        >>> in_words({"diabetes": {"l2": (0.1,), "why": "chosen on validation"}}, "diabetes")
        Own(dataset='diabetes', settings='l2 0.1', why='chosen on validation')
    """
    own = protocol_of(protocols, dataset)
    texts = [f"{name.removesuffix('s')} {', '.join(map(_text, own[name]))}" for name in OWN if name in own]
    return Own(dataset, ", ".join(texts), own.get(WHY, "")) if texts else None


def _text(value: str | float) -> str:
    return value if isinstance(value, str) else f"{value:g}"
