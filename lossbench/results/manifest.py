"""Reading `manifest.json`, which records a run beside its trials, and checking its shape."""

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
"""The part of a manifest that is read: the type of each value, in a list that of each item."""

ADDED_LATER = frozenset(
    {"protocols", "date", "command", "engine", "device", "versions", "machine", "datasets", "choice"}
)
"""What a manifest of an older lossbench lacks, or that of a run in which nothing was chosen."""

KINDS = {int: "a whole number", bool: "true or false", str: "a text", list: "a list", dict: "an object"}


@dataclass(frozen=True)
class Manifest:
    """A manifest whose shape was checked.

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
        """The sampler of the search; empty in a manifest of an older lossbench."""
        return str(self.content["config"].get("sampler", ""))

    @property
    def margins(self) -> dict[str, float]:
        """The margins that the run declared; none in a manifest of an older lossbench."""
        return {name: float(margin) for name, margin in self.content["config"].get("margins", {}).items()}

    @property
    def correction(self) -> float:
        """The factor on p values for repeated looks; 1 in a manifest of an older lossbench."""
        return float(self.content.get("correction", 1.0))

    @property
    def advice(self) -> Advice | None:
        """What was chosen, in words; None where nothing was to be chosen, and in one of an older lossbench."""
        found = self.content.get("choice", {})
        if not found.get("answer"):
            return None
        return Advice(tuple(found["answer"]), tuple(found["paste"]), tuple(found.get("code", ())))

    @property
    def protocols(self) -> tuple[Own, ...]:
        """The settings of single data sets; none in a manifest of an older lossbench."""
        keys = ("dataset", "settings", "why")
        return tuple(Own(*(own[key] for key in keys)) for own in self.content.get("protocols", ()))

    @property
    def gaps(self) -> tuple[Gap, ...]:
        """The seeds that the run left out."""
        return tuple(Gap(gap["dataset"], tuple(gap["seeds"]), gap["trials"]) for gap in self.content["partial"])

    @property
    def skipped(self) -> tuple[Skip, ...]:
        """The losses that did not run on some of the data sets, and why."""
        return tuple(Skip(skip["dataset"], skip["loss"], skip["reason"]) for skip in self.content["skipped"])

    @property
    def date(self) -> str:
        """When the run finished; empty in a manifest of an older lossbench."""
        return str(self.content.get("date", ""))

    @property
    def command(self) -> str:
        """The command that was typed; empty for a run from Python."""
        return str(self.content.get("command", ""))

    @property
    def engine(self) -> str:
        """The engine and the device."""
        return " on ".join(str(self.content[name]) for name in ("engine", "device") if name in self.content)

    def one_line(self, *place: str) -> str:
        """Return the entries at a place, such as "machine", in one line; empty if there are none."""
        found = self.content
        for name in place:
            found = found.get(name, {})
        plain = {name: value for name, value in found.items() if type(value) in (str, int, float)}
        return ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in plain.items())

    @property
    def datasets(self) -> tuple[str, ...]:
        """The names of the data sets that it describes."""
        return tuple(name for name, about in self.content.get("datasets", {}).items() if isinstance(about, dict))

    @property
    def shard(self) -> Shard | None:
        """The shard in this folder; None for a whole run."""
        stated = self.content.get("shard", {})
        if any(faults(stated, {"number": int, "count": int})) or not 1 <= stated["number"] <= stated["count"]:
            return None
        return Shard(stated["number"], stated["count"])

    @property
    def sha256(self) -> dict[str, Any]:
        """The hash of each file."""
        return dict(self.content["sha256"])


def read_manifest(folder: Path, needed: Collection[str] = ("trials", "sha256")) -> Manifest | None:
    """Return the manifest of the run in a folder; None if there is none, or only another program's.

    Raises:
        DataError: it cannot be read, is of a newer lossbench, or has the wrong shape; the message says where.
    """
    path = folder / MANIFEST
    try:
        text = path.read_text(encoding="utf-8")
        found = json.loads(
            text, parse_int=_whole_number, parse_float=_finite_number, parse_constant=_finite_number
        )
    except FileNotFoundError:
        return None
    except RecursionError:
        raise DataError(f"{path} cannot be read (it is nested too deeply); restore it, or remove it") from None
    except (OSError, ValueError) as problem:
        raise DataError(f"{path} cannot be read ({problem}); restore it, or remove it") from None
    if not isinstance(found, dict) or type(found.get("schema")) is not int:
        return None  # another program's
    if found["schema"] > SCHEMA:
        raise DataError(
            f"{path}: schema {found['schema']} is of a newer lossbench, this one reads up to {SCHEMA}; update it"
        )
    shape = {key: SHAPE[key] for key in SHAPE if key in found or key in needed}
    for fault in (*faults(found, shape), *margin_faults(found), *correction_faults(found), *code_faults(found)):
        raise DataError(f"{path}: {fault}; restore it, or remove it")
    return Manifest(found)


def _finite_number(text: str) -> float:
    if not math.isfinite(float(text)):
        raise ValueError(f"{text:.50} is no number that a float holds")
    return float(text)


def _whole_number(text: str) -> int:
    _finite_number(text)  # a whole margin is used as a float later
    return int(text)


def faults(value: Any, shape: Any, place: str = "") -> Iterator[str]:
    """Yield the places where a value does not have the expected shape.

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
    """Yield what is wrong with the correction for looks."""
    factor = found.get("correction", 1.0)
    if type(factor) not in (int, float) or not 1 <= factor < math.inf:
        yield f"correction is not a number of at least one but {factor!r:.50}"


def code_faults(found: dict[str, Any]) -> Iterator[str]:
    """Yield what is wrong with the places of code in an answer, which one of an older lossbench lacks."""
    choice = found.get("choice")
    yield from faults(choice.get("code", []) if isinstance(choice, dict) else [], [int], "choice.code")


def margin_faults(found: dict[str, Any]) -> Iterator[str]:
    """Yield what is wrong with the margins."""
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
