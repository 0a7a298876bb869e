"""Reading `manifest.json`: what else there is to know of a run than its trials hold, held to its shape once."""

from __future__ import annotations

import json
import math
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lossbench.errors import DataError
from lossbench.plan.fit.losses import Skip
from lossbench.plan.protocol import Own
from lossbench.plan.shard import Shard
from lossbench.results.advice import Advice
from lossbench.run.state import Gap
from lossbench.schema import METRICS, SCHEMA, is_own

MANIFEST = "manifest.json"

SHAPE: dict[str, Any] = {
    "schema": int,
    "trials": int,
    "config": {"tune": bool},
    "protocols": [{"dataset": str, "settings": str, "why": str}],
    "partial": [{"dataset": str, "seeds": [int], "trials": int}],
    "skipped": [{"dataset": str, "loss": str, "reason": str}],
    "sha256": {},
    "date": str,
    "command": str,
    "engine": str,
    "device": str,
    "versions": {},
    "machine": {},
    "datasets": {},
    "choice": {"answer": [str], "paste": [str]},
}
"""What is read of a manifest: the type of each value, in a list that of each item. It holds more, which is not."""

LATER = frozenset(
    {"protocols", "date", "command", "engine", "device", "versions", "machine", "datasets", "choice"}
)
"""What a manifest of an older lossbench lacks, or that of a run in which nothing was chosen."""

KINDS = {int: "a whole number", bool: "true or false", str: "a text", list: "a list", dict: "an object"}


@dataclass(frozen=True)
class Manifest:
    """A manifest that has its shape.

    Args:
        content: all of it.
    """

    content: dict[str, Any] = field(repr=False)

    @property
    def trials(self) -> int:
        """How many trials the run wrote."""
        return int(self.content["trials"])

    @property
    def tuned(self) -> bool:
        """Whether rates were tuned."""
        return bool(self.content["config"]["tune"])

    @property
    def sampler(self) -> str:
        """By what settings of a search were chosen; empty in one of an older lossbench."""
        return str(self.content["config"].get("sampler", ""))

    @property
    def margins(self) -> dict[str, float]:
        """The margins that the run declared; none in one of an older lossbench."""
        return {name: float(margin) for name, margin in self.content["config"].get("margins", {}).items()}

    @property
    def correction(self) -> float:
        """What p values are multiplied by for looks; 1 in one of an older lossbench."""
        return float(self.content.get("correction", 1.0))

    @property
    def advice(self) -> Advice | None:
        """What was chosen, in words; None where nothing was to be chosen, and in one of an older lossbench."""
        found = self.content.get("choice", {})
        return Advice(tuple(found["answer"]), tuple(found["paste"])) if found.get("answer") else None

    @property
    def own(self) -> tuple[Own, ...]:
        """What data sets had of their own; nothing in one of an older lossbench."""
        keys = ("dataset", "settings", "why")
        return tuple(Own(*(own[key] for key in keys)) for own in self.content.get("protocols", ()))

    @property
    def gaps(self) -> tuple[Gap, ...]:
        """What the run left out."""
        return tuple(Gap(gap["dataset"], tuple(gap["seeds"]), gap["trials"]) for gap in self.content["partial"])

    @property
    def skipped(self) -> tuple[Skip, ...]:
        """The losses that did not run on some of the data sets, and why."""
        return tuple(Skip(skip["dataset"], skip["loss"], skip["reason"]) for skip in self.content["skipped"])

    @property
    def date(self) -> str:
        """When the run was finished; empty in one of an older lossbench."""
        return str(self.content.get("date", ""))

    @property
    def command(self) -> str:
        """What was typed; empty where it was called from Python."""
        return str(self.content.get("command", ""))

    @property
    def engine(self) -> str:
        """What trained the networks, and on which device."""
        return " on ".join(str(self.content[name]) for name in ("engine", "device") if name in self.content)

    def listed(self, *place: str) -> str:
        """Return the entries at a place, such as "machine", in one line; empty where there are none."""
        found = self.content
        for name in place:
            found = found.get(name, {})
        plain = {name: value for name, value in found.items() if type(value) in (str, int, float)}
        return ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in plain.items())

    @property
    def datasets(self) -> tuple[str, ...]:
        """The names of the data sets of which it says something."""
        return tuple(name for name, about in self.content.get("datasets", {}).items() if isinstance(about, dict))

    @property
    def shard(self) -> Shard | None:
        """Which part of a run lies here; None where it is a whole one."""
        stated = self.content.get("shard", {})
        if any(faults(stated, {"number": int, "count": int})) or not 1 <= stated["number"] <= stated["count"]:
            return None
        return Shard(stated["number"], stated["count"])

    @property
    def sha256(self) -> dict[str, Any]:
        """The hash of each file."""
        return dict(self.content["sha256"])


def read_manifest(folder: Path, needed: Collection[str] = ("trials", "sha256")) -> Manifest | None:
    """Return the manifest of the run in a folder, None where there is none, or one of another program.

    Args:
        folder: of the run.
        needed: the keys that must be there.

    Raises:
        DataError: it cannot be read, is of a newer lossbench, or has not the shape of one; the message has the
            place.
    """
    path = folder / MANIFEST
    try:
        text = path.read_text(encoding="utf-8")
        found = json.loads(text, parse_int=_whole, parse_float=_finite, parse_constant=_finite)
    except FileNotFoundError:
        return None
    except RecursionError:
        raise DataError(f"{path} cannot be read (it is nested too deep); restore it, or remove it") from None
    except (OSError, ValueError) as problem:
        raise DataError(f"{path} cannot be read ({problem}); restore it, or remove it") from None
    if not isinstance(found, dict) or type(found.get("schema")) is not int:
        return None  # another program's
    if found["schema"] > SCHEMA:
        raise DataError(
            f"{path}: schema {found['schema']} is of a newer lossbench, this one reads up to {SCHEMA}; update it"
        )
    shape = {key: SHAPE[key] for key in SHAPE if key in found or key in needed}
    for fault in (*faults(found, shape), *margin_faults(found), *correction_faults(found)):
        raise DataError(f"{path}: {fault}; restore it, or remove it")
    return Manifest(found)


def _finite(text: str) -> float:
    if not math.isfinite(float(text)):
        raise ValueError(f"{text:.50} is no number that a float holds")
    return float(text)


def _whole(text: str) -> int:
    _finite(text)  # a margin may be whole, and is used as a float
    return int(text)


def faults(value: Any, shape: Any, place: str = "") -> Iterator[str]:
    """Yield where a value has not the shape that it should have.

    Example:
        >>> list(faults({"seeds": [1, "2"]}, {"seeds": [int]}))
        ["seeds.1 is not a whole number but '2'"]
    """
    kind: type = shape if isinstance(shape, type) else type(shape)
    items: Iterable[tuple[Any, Any]] = ()
    if type(value) is not kind:
        yield f"{place} is not {KINDS[kind]} but {value!r:.50}"
    elif isinstance(shape, list) and isinstance(value, list):
        items = ((number, shape[0]) for number in range(len(value)))
    elif isinstance(shape, dict):
        items = shape.items()
    for key, inner in items:
        inside = f"{place}.{key}".removeprefix(".")
        there = isinstance(shape, list) or key in value
        yield from faults(value[key], inner, inside) if there else [f"{inside} is missing"]


def correction_faults(found: dict[str, Any]) -> Iterator[str]:
    """Yield where the correction for looks is none."""
    factor = found.get("correction", 1.0)
    if type(factor) not in (int, float) or not 1 <= factor < math.inf:
        yield f"correction is not a number of at least one but {factor!r:.50}"


def margin_faults(found: dict[str, Any]) -> Iterator[str]:
    """Yield where the margins are none."""
    config = found["config"] if isinstance(found.get("config"), dict) else {}
    margins = config.get("margins", {})
    if not isinstance(margins, dict):
        yield f"config.margins is not an object but {margins!r:.50}"
        return
    for name, margin in margins.items():
        if name not in (*METRICS, "epochs_to_target") and not is_own(name):
            yield f"config.margins has {name!r:.50}, which is no score"
        if type(margin) not in (int, float) or not 0 <= margin < math.inf:
            yield f"config.margins.{name} is not a number of at least zero but {margin!r:.50}"
