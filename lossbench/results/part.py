"""The folder of one shard: a store with its trainings, and a manifest that says which part of which run it is."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from lossbench.errors import DataError, OutputError, UsageError
from lossbench.plan.experiment import Experiment
from lossbench.plan.gate import Gate, Rule
from lossbench.plan.request import Manner
from lossbench.plan.settings import Settings, make_settings
from lossbench.plan.shard import Shard
from lossbench.results.circumstances import circumstances
from lossbench.results.folder import other_run_command
from lossbench.results.manifest import MANIFEST, faults, read_manifest
from lossbench.results.write import json_text, write_text
from lossbench.run.dataset_hashes import DatasetHashes, Hashes
from lossbench.run.provenance import fingerprint
from lossbench.run.runner import train_missing
from lossbench.run.shards import failures
from lossbench.run.state import Ledger
from lossbench.schema import SCHEMA
from lossbench.store import Store, store_path

SHAPE: dict[str, Any] = {
    "shard": {"number": int, "count": int},
    "config": {},
    "command": str,
    "engine": str,
    "device": str,
    "fingerprint": str,
    "hashes": {},
    "trials": int,
    "undone": int,
    "failed": [{"trial": int, "reason": str}],
    "moved": {},
    "warned": {},
    "versions": {},
    "machine": {},
    "date": str,
    "wall_seconds": float,
    "training_seconds": float,
}
"""What the manifest of a part holds, see `lossbench.results.manifest.faults`; trials are counted in the shard."""

RETRY = "merge with the lossbench that trained it, or run the shard again"


@dataclass(frozen=True)
class Part:
    """A trained shard."""

    folder: Path
    content: Mapping[str, Any] = field(repr=False)

    @property
    def shard(self) -> Shard:
        """Its number, and how many shards there are."""
        return Shard(self.content["shard"]["number"], self.content["shard"]["count"])

    @property
    def settings(self) -> Settings:
        """The settings of the whole experiment."""
        return settings_of(self.content["config"], self.folder / MANIFEST)

    @property
    def remaining(self) -> int:
        """How many of its trainings are not done."""
        return int(self.content["undone"])

    @property
    def whole(self) -> bool:
        """Whether all its trainings are done, and none failed."""
        return not self.remaining and not self.content["failed"]

    @property
    def hashes(self) -> Hashes:
        """Of what it was trained."""
        return {name: DatasetHashes.read(told) for name, told in self.content["hashes"].items()}

    def store(self) -> Store:
        """Open the store with its trainings."""
        return Store(store_path(self.folder), create=False)


def refuse_occupied(folder: Path, shard: Shard, settings: Settings) -> None:
    """Refuse a folder that holds a whole run, another shard, or a shard of another experiment.

    Raises:
        OutputError: it holds one of these.
    """
    found = read_manifest(folder, needed=())
    if found is None:
        return
    there = f"shard {found.shard}" if found.shard else "a whole run"
    if found.shard != shard or other_run_command(folder, settings):
        raise OutputError(
            f"'{folder}' holds {there}, of '{found.command}'; give shard {shard} a folder of its own with --output"
        )


def train_part(
    part: Experiment, manner: Manner, progress: Callable[[str, int], None], store: Store, budget: float
) -> Ledger:
    """Train the trials of one shard, and return the ledger.

    Args:
        part: see `lossbench.run.shards.part_of`.
        manner: how networks are trained.
        progress: as for `lossbench.run.runner.run`.
        store: in the folder of the part.
        budget: seconds after which no more training is begun.

    Raises:
        OutputError: the results could not be stored, so there is no part.
    """
    end = time.monotonic() + budget
    ledger = Ledger(part, fingerprint(manner.engine, manner.device), store)
    train_missing(ledger, manner, progress, end)
    if ledger.keeper.note:
        raise OutputError(ledger.keeper.note)
    return ledger


def write_part(folder: Path, shard: Shard, ledger: Ledger, manner: Manner, command: str, wall: float) -> Part:
    """Write the manifest of a part beside its store."""
    places = {trial: place for place, trial in enumerate(ledger.places)}
    here = circumstances()
    content = {
        "schema": SCHEMA,
        "shard": asdict(shard),
        "date": here["date"],
        "command": command,
        "config": asdict(ledger.experiment.settings),
        **manner.told,
        "fingerprint": ledger.fingerprint,
        "hashes": {name: hashes.told for name, hashes in ledger.keeper.hashes.items()},
        "trials": len(places),
        "undone": len(ledger.missing),
        "failed": [{"trial": places[trial], "reason": reason} for trial, reason in failures(ledger).items()],
        "moved": ledger.impure,
        "warned": ledger.warned,
        "versions": here["versions"],
        "machine": here["machine"],
        "wall_seconds": round(wall, 3),
        "training_seconds": round(float(ledger.seconds), 3),
    }
    write_text(folder / MANIFEST, json_text(content))
    return Part(folder, content)


def is_unfinished(folder: Path) -> bool:
    """Say whether a folder holds an unfinished part: a store without a manifest, so its number is unknown."""
    return store_path(folder).is_file() and not (folder / MANIFEST).exists()


def read_part(folder: Path) -> Part:
    """Read the manifest of a part.

    Raises:
        DataError: there is none, or it has the wrong shape.
    """
    found = read_manifest(folder, needed=())
    if is_unfinished(folder):
        raise DataError(f"'{folder}' has no {MANIFEST}: its shard was not finished; run its command again")
    if found is None or found.shard is None:
        raise DataError(
            f"'{folder}' is no shard of a run, and no finished run; name folders that compare -o FOLDER wrote"
        )
    for fault in _faults(found.content):
        raise DataError(f"{folder / MANIFEST}: {fault}; run the shard again")
    return Part(folder, found.content)


def _faults(content: Mapping[str, Any]) -> Iterator[str]:
    yield from faults({name: content[name] for name in SHAPE if name in content}, SHAPE)
    for dataset, hashes in content.get("hashes", {}).items():
        yield from faults(hashes, {"rows": str}, f"hashes.{dataset}")
    for name in ("moved", "warned"):
        for loss, said in content.get(name, {}).items():
            yield from faults(said, str if name == "moved" else [str], f"{name}.{loss}")


def settings_of(config: Mapping[str, Any], path: Path) -> Settings:
    """Return the settings that a manifest states.

    Args:
        config: the settings by `asdict`, after a round trip through JSON.
        path: the manifest, for messages.

    Raises:
        DataError: they are of another version.
    """
    try:
        gate = dict(config["gate"])
        gate["rules"] = tuple(Rule(**rule) for rule in gate["rules"])
        read = make_settings(None, **{name: value for name, value in config.items() if name != "gate"})
        settings = replace(read, gate=Gate(**gate))
    except (KeyError, TypeError, ValueError, UsageError) as problem:
        raise DataError(f"{path}: its settings cannot be read ({problem}); {RETRY}") from None
    if json.loads(json_text(asdict(settings))) != config:
        raise DataError(f"{path}: its settings are not those of this lossbench; {RETRY}")
    return settings
