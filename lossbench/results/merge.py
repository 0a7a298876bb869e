"""Merging the shards of a run: the result is what one run would have written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Literal, NamedTuple

from lossbench.errors import DataError, OutOfTime
from lossbench.grouped import grouped
from lossbench.plan.experiment import Experiment
from lossbench.plan.request import Manner
from lossbench.results.circumstances import circumstances
from lossbench.results.comparison import Comparison, Merged, make_comparison
from lossbench.results.part import Part, is_unfinished, read_part
from lossbench.run.dataset_hashes import Hashes
from lossbench.run.runner import finished
from lossbench.run.shards import enter_failures, shards
from lossbench.run.state import CHUNK, Ledger
from lossbench.spec import title
from lossbench.store import Done
from lossbench.training.trial import Trial

SAME_PROCESSOR = "run all shards on one kind of processor, with one lossbench"
SAME_COMMAND = "name the shards of one command, or runs that differ in seeds, losses and data sets alone"

Kind = Literal["shard", "setting", "manner", "hash", "version", "machine", "fingerprint"]
"""What of two manifests differs."""

PHRASES: dict[Kind, str] = {
    "shard": "shard {name}",
    "setting": "setting {name}",
    "manner": "{name}",
    "hash": "hash on {dataset} of {name}",
    "version": "version of {name}",
    "machine": "machine's {name}",
    "fingerprint": "{name}",
}
OF_THE_MACHINE = ("version", "machine", "fingerprint")


class Difference(NamedTuple):
    """A name under which two manifests have other values, where they must agree; `dataset` for a hash alone."""

    kind: Kind
    name: str
    one: Any
    other: Any
    dataset: str = ""


TrialResult = Done | str
"""The stored result of a trial, or why it failed."""

PART_FIELDS = (
    "shard",
    "date",
    "command",
    "versions",
    "machine",
    "trials",
    "undone",
    "wall_seconds",
    "training_seconds",
)
"""What the manifest of the whole run records of each part."""


def read_parts(folders: Sequence[Path]) -> list[Part]:
    """Read the parts of one run; an unfinished part counts as missing.

    Raises:
        DataError: a folder holds no part, none is finished, or two are of different runs or of another lossbench
            than this; the message names both.
    """
    ended = [folder for folder in folders if not is_unfinished(folder)]
    parts = [read_part(folder) for folder in ended or folders[:1]]
    for part in parts[1:]:
        refuse_unlike(parts[0], part, agreed(parts[0]), agreed(part))
    refuse_other_lossbench(parts[0])
    return parts


def agreed(part: Part) -> dict[str, Any]:
    """Return what two parts must agree in."""
    return {**part.content, "hashes": part.hashes}


def refuse_unlike(one: Part, other: Part, mine: Mapping[str, Any], theirs: Mapping[str, Any]) -> None:
    """Refuse two parts whose manifests, given as far as they must agree, differ."""
    for found in differences(mine, theirs):
        what = PHRASES[found.kind].format(name=found.name, dataset=found.dataset)
        raise DataError(
            f"'{one.folder}' and '{other.folder}' are not of one run: {what} {found.one} and {found.other}; "
            f"{SAME_PROCESSOR if found.kind in OF_THE_MACHINE else SAME_COMMAND}"
        )


def refuse_other_lossbench(part: Part) -> None:
    """Refuse what another lossbench than this trained."""
    here, there = circumstances()["versions"]["lossbench"], part.content["versions"].get("lossbench")
    if here != there:
        raise DataError(
            f"'{part.folder}' was trained by lossbench {there}, and this is lossbench {here}; merge with the "
            "one that trained"
        )


def differences(one: Mapping[str, Any], other: Mapping[str, Any]) -> Iterator[Difference]:
    """Yield how two manifests differ where they must agree.

    A fingerprint only shows that something differs, so its components come first.
    """
    if "shard" in one:  # a whole run has none
        yield from _unequal("shard", {"count": one["shard"]["count"]}, other["shard"])
    yield from _unequal("setting", one["config"], other["config"])
    yield from _unequal("manner", {name: one[name] for name in ("engine", "device")}, other)
    for dataset, hashes in one["hashes"].items():
        for what, here, there in hashes.unlike(other["hashes"].get(dataset)):
            yield Difference("hash", what, here, there, dataset)
    if one["fingerprint"] != other["fingerprint"]:
        yield from _unequal("version", one["versions"], other["versions"])
        yield from _unequal("machine", one["machine"], other["machine"])
        yield from _unequal("fingerprint", {"fingerprint": one["fingerprint"]}, other)


def _unequal(kind: Kind, one: Mapping[str, Any], other: Mapping[str, Any]) -> Iterator[Difference]:
    for name in one:
        if one[name] != other.get(name):
            yield Difference(kind, name, one[name], other.get(name))


def merge_parts(parts: Sequence[Part], experiment: Experiment) -> Comparison:
    """Merge parts.

    Raises:
        DataError: data or losses have changed since; two parts hold different results of one trial; or no seed
            is complete.
    """
    ledger = Ledger(experiment, parts[0].content["fingerprint"], None)
    refuse_changed(parts[0], ledger.keeper.hashes)
    trials_by_shard = shards(experiment, parts[0].shard.count)
    for part in parts:
        ledger.impure |= part.content["moved"]
        ledger.warned |= {warning: tuple(losses) for warning, losses in part.content["warned"].items()}
    for number, copies in by_shard(parts).items():
        enter_shard(ledger, copies, trials_by_shard[number - 1])
    remaining = set(ledger.missing)
    missing = tuple(number for number, trials in enumerate(trials_by_shard, 1) if not remaining.isdisjoint(trials))
    part_records = tuple({name: part.content[name] for name in PART_FIELDS} for part in parts)
    manner = Manner(engine=parts[0].content["engine"], device=parts[0].content["device"])
    seconds = {name: sum(part.content[f"{name}_seconds"] for part in parts) for name in ("wall", "training")}
    ledger.seconds = seconds["training"]
    try:
        done = finished(ledger)
    except OutOfTime:
        absent = ", ".join(map(str, missing))
        raise DataError(
            f"no seed is complete without shards {absent} of {len(trials_by_shard)}; run them, and merge all again"
        ) from None
    return make_comparison(done, manner, seconds, Merged(len(trials_by_shard), missing, part_records))


def refuse_changed(part: Part, hashes: Hashes) -> None:
    """Refuse to merge if a table or a loss has changed since the parts were trained; hashes are those of now."""
    for dataset, now in hashes.items():
        for what, here, there in now.unlike(part.hashes.get(dataset)):
            raise DataError(
                f"{what} on {dataset}: hash {here} now, and {there} in '{part.folder}'; merge where the files are "
                "as they were"
            )


def by_shard(parts: Sequence[Part]) -> dict[int, list[Part]]:
    """Return the parts by the number of their shard."""
    return dict(sorted(grouped(parts, lambda part: part.shard.number).items()))


def enter_shard(ledger: Ledger, copies: Sequence[Part], trials: Sequence[Trial]) -> None:
    """Enter the trials of one shard into the ledger, from all parts that hold it."""
    failed = [failures_of(part, trials) for part in copies]
    failed_trials: dict[Trial, str] = {}
    with ExitStack() as stack:
        stores = [stack.enter_context(part.store()) for part in copies]
        for start in range(0, len(trials), CHUNK):
            chunk = trials[start : start + CHUNK]
            offers = [
                ledger.keeper.recall(chunk, store) | {trial: reasons[trial] for trial in chunk if trial in reasons}
                for store, reasons in zip(stores, failed, strict=True)
            ]
            accepted = consistent_results(copies, offers)
            ledger.take({trial: result for trial, result in accepted.items() if isinstance(result, Done)})
            failed_trials |= {trial: result for trial, result in accepted.items() if isinstance(result, str)}
    enter_failures(ledger, failed_trials)


def failures_of(part: Part, trials: Sequence[Trial]) -> dict[Trial, str]:
    """Return the failed trials of a part, each with its reason."""
    stated = part.content["failed"]
    if part.content["trials"] != len(trials) or any(not 0 <= one["trial"] < len(trials) for one in stated):
        raise DataError(
            f"'{part.folder}' has {part.content['trials']} trainings where shard {part.shard} has {len(trials)}; "
            f"{SAME_PROCESSOR}"
        )
    return {trials[one["trial"]]: one["reason"] for one in stated}


def consistent_results(
    parts: Sequence[Part], offers: Sequence[Mapping[Trial, TrialResult]]
) -> dict[Trial, TrialResult]:
    """Return the results of trials, checking that parts which hold the same trial agree.

    Raises:
        DataError: two results of one trial differ.
    """
    accepted: dict[Trial, tuple[Part, TrialResult]] = {}
    for part, offered in zip(parts, offers, strict=True):
        for trial, result in offered.items():
            first, known = accepted.setdefault(trial, (part, result))
            if known is not result and (fault := difference(known, result)):
                raise contradiction(trial, first, part, fault)
    return {trial: result for trial, (_, result) in accepted.items()}


def difference(one: TrialResult, other: TrialResult) -> str:
    """Return the cells in which two results of a trial differ; empty if they are equal."""
    if isinstance(one, Done) and isinstance(other, Done):
        alike = one.curve.tobytes() == other.curve.tobytes() and one.outputs.tobytes() == other.outputs.tobytes()
        return unequal_cells(one.row, other.row) or ("" if alike else "their curves or raw outputs")
    return unequal_cells(_status(one), _status(other))


def unequal_cells(one: Mapping[str, Any], other: Mapping[str, Any]) -> str:
    """Return the cells in which two rows differ, with both values; empty if they are equal."""
    names = [name for name in one if repr(one[name]) != repr(other.get(name))]
    return "; ".join(f"{name} {one[name]} and {other.get(name)}" for name in names)


def _status(result: TrialResult) -> dict[str, Any]:
    if isinstance(result, str):
        return {"status": "failed", "failure": result}
    return {name: result.row[name] for name in ("status", "failure")}


def contradiction(trial: Trial, one: Part, other: Part, fault: str) -> DataError:
    """Return the error for two different results of one trial."""
    named = ", ".join(f"{name} {value}" for name, value in (vars(trial) | {"loss": title(trial.loss)}).items())
    return DataError(
        f"two results of one training in '{one.folder}' and '{other.folder}': {fault}; of {named}. On one kind of "
        "machine a training has one result: find out which is wrong, and leave its folder out"
    )
