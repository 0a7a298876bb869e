"""A claim: what a document says, and how it is put to the test."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from lossbench.plan.toml import Place

ClaimKind = Literal["arithmetic", "derivative", "property", "experiment", "number table", "forensic"]
"""What decides a claim.

- arithmetic: a worked example or an identity, decided exactly.
- derivative: autograd against the formula that is stated, at many points.
- property: the function itself (how it grows, how far one target can pull).
- experiment: training, on paired seeds.
- number table: an experiment whose reported numbers are shown beside the measured ones.
- forensic: the reported numbers alone.
"""


@dataclass(frozen=True)
class Claim:
    """One line of the catalogue; see `configs/claims.toml`.

    Args:
        id: its name.
        sentence: the claim in our own words.
        document: short name of the document; empty for a claim of the user's own.
        place: where in the document.
        kind: what decides it.
        experiments: names of the experiments that decide it.
        arguments: what the experiments are told, as it stands in the file.
        reported: the document's own numbers as printed, by name: "bce accuracy" -> "0.859".
        same_as: claims whose evidence decides this one too; then it has no experiments of its own.
        not_yet: why it cannot be tried; empty where it can.
        source: where it stands, for messages.
    """

    id: str
    sentence: str
    document: str = ""
    place: str = ""
    kind: ClaimKind = "experiment"
    experiments: tuple[str, ...] = ("contest",)
    arguments: Mapping[str, Any] = field(default_factory=dict, repr=False)
    reported: Mapping[str, str] = field(default_factory=dict, repr=False)
    same_as: tuple[str, ...] = ()
    not_yet: str = ""
    source: Place = field(default=Place(()), repr=False, compare=False)
