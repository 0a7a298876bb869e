"""The shards of one run put together: what comes of them is what one run would have written."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from lossbench.errors import BadValue, DataError
from lossbench.plan.experiment import Experiment
from lossbench.plan.request import Manner
from lossbench.results.circumstances import circumstances
from lossbench.results.comparison import Comparison, Merged, compared
from lossbench.results.part import Part, read_part, was_begun
from lossbench.run.runner import finished
from lossbench.run.shards import enter_failures, shards
from lossbench.run.state import CHUNK, Ledger
from lossbench.spec import title
from lossbench.store import Done
from lossbench.training.trial import Trial

SAME_PROCESSOR = "run all shards on one kind of processor, with one lossbench"
Held = Done | str
"""What a part holds of a trial: its results, or why it failed."""

TOLD = ("shard", "date", "command", "versions", "machine", "trials", "undone", "wall_seconds", "training_seconds")
"""What the manifest of the whole says of each part."""


def read_parts(folders: Sequence[Path]) -> list[Part]:
    """Read parts of one run; one that was begun and not finished is as one that is missing.

    Raises:
        DataError: one is no part, or none was finished, or they are not of one run, or of another lossbench than
            this; both are named.
    """
    ended = [folder for folder in folders if not was_begun(folder)]
    parts = [read_part(folder) for folder in ended or folders[:1]]
    for part in parts[1:]:
        for what, one, other in differences(parts[0].content, part.content):
            raise DataError(
                f"'{parts[0].folder}' and '{part.folder}' are not of one run: {what} {one} and {other}; "
                f"{advice(what)}"
            )
    here, there = circumstances()["versions"]["lossbench"], parts[0].content["versions"].get("lossbench")
    if here != there:
        raise DataError(
            f"'{parts[0].folder}' was trained by lossbench {there}, and this is lossbench {here}; merge with the "
            "one that trained"
        )
    return parts


def differences(one: Mapping[str, Any], other: Mapping[str, Any]) -> Iterator[tuple[str, Any, Any]]:
    """Yield in what two manifests differ that must be the same: the name, and what each of them says.

    A fingerprint only says that something differs, so what it is made of comes before it.
    """
    yield from _unequal("shard", {"count": one["shard"]["count"]}, other["shard"])
    yield from _unequal("setting", one["config"], other["config"])
    yield from _unequal("", {name: one[name] for name in ("engine", "device")}, other)
    for dataset in one["hashes"]:
        yield from _unequal(f"hash on {dataset} of", one["hashes"][dataset], other["hashes"].get(dataset, {}))
    if one["fingerprint"] != other["fingerprint"]:
        yield from _unequal("version of", one["versions"], other["versions"])
        yield from _unequal("machine's", one["machine"], other["machine"])
        yield "fingerprint", one["fingerprint"], other["fingerprint"]


def _unequal(what: str, one: Mapping[str, Any], other: Mapping[str, Any]) -> Iterator[tuple[str, Any, Any]]:
    for name in one:
        if one[name] != other.get(name):
            yield f"{what} {name}".strip(), one[name], other.get(name)


def advice(what: str) -> str:
    """Say what to do about a difference."""
    if what.startswith(("version", "machine", "fingerprint")):
        return SAME_PROCESSOR
    return "name the shards of one command"


def merge_parts(parts: Sequence[Part], experiment: Experiment) -> Comparison:
    """Put parts together.

    Args:
        parts: of one run, in any order; a shard may be there twice.
        experiment: what they are parts of, see `Part.settings`.

    Raises:
        DataError: data or losses changed since; two parts hold different results of one trial; or no seed is
            whole.
    """
    ledger = Ledger(experiment, parts[0].content["fingerprint"], None)
    refuse_changed(parts[0], ledger)
    cut = shards(experiment, parts[0].shard.count)
    for part in parts:
        ledger.impure |= part.content["moved"]
        ledger.warned |= {warning: tuple(losses) for warning, losses in part.content["warned"].items()}
    for number, same in by_number(parts).items():
        take_shard(ledger, same, cut[number - 1])
    undone = set(ledger.missing)
    missing = tuple(number for number, trials in enumerate(cut, 1) if not undone.isdisjoint(trials))
    told = tuple({name: part.content[name] for name in TOLD} for part in parts)
    manner = Manner(engine=parts[0].content["engine"], device=parts[0].content["device"])
    seconds = {name: sum(part.content[f"{name}_seconds"] for part in parts) for name in ("wall", "training")}
    ledger.seconds = seconds["training"]
    try:
        done = finished(ledger)
    except BadValue:
        absent = ", ".join(map(str, missing))
        raise DataError(
            f"no seed is whole without shards {absent} of {len(cut)}; run them, and merge all again"
        ) from None
    return compared(done, manner, seconds, Merged(len(cut), missing, told))


def refuse_changed(part: Part, ledger: Ledger) -> None:
    """Refuse to merge where a table or a loss is not what the parts were trained with."""
    for dataset, now in ledger.hashes.items():
        then = part.content["hashes"].get(dataset, {})
        for name, found in now.items():
            if then.get(name) != found:
                known = {"rows": f"the rows of '{dataset}'", "score": f"the code of the score of '{dataset}'"}
                what = known.get(name, f"the code of loss '{name}'")
                raise DataError(
                    f"{what} are not those of '{part.folder}': hash {found} here and {then.get(name)} there; "
                    "merge where the files are as they were"
                )


def by_number(parts: Sequence[Part]) -> dict[int, list[Part]]:
    """Return the parts of each shard."""
    found: defaultdict[int, list[Part]] = defaultdict(list)
    for part in parts:
        found[part.shard.number].append(part)
    return dict(sorted(found.items()))


def take_shard(ledger: Ledger, same: Sequence[Part], trials: Sequence[Trial]) -> None:
    """Enter the trials of one shard from all parts that have it."""
    failed = [failures_of(part, trials) for part in same]
    gone: dict[Trial, str] = {}
    with ExitStack() as stack:
        stores = [stack.enter_context(part.store()) for part in same]
        for start in range(0, len(trials), CHUNK):
            chunk = trials[start : start + CHUNK]
            offers = [
                ledger.recall(chunk, store) | {trial: reasons[trial] for trial in chunk if trial in reasons}
                for store, reasons in zip(stores, failed, strict=True)
            ]
            held = agreed(same, offers)
            ledger.take({trial: result for trial, result in held.items() if isinstance(result, Done)})
            gone |= {trial: result for trial, result in held.items() if isinstance(result, str)}
    enter_failures(ledger, gone)


def failures_of(part: Part, trials: Sequence[Trial]) -> dict[Trial, str]:
    """Return why trials of a part failed."""
    stated = part.content["failed"]
    if part.content["trials"] != len(trials) or any(not 0 <= one["trial"] < len(trials) for one in stated):
        raise DataError(
            f"'{part.folder}' has {part.content['trials']} trainings where shard {part.shard} has {len(trials)}; "
            f"{SAME_PROCESSOR}"
        )
    return {trials[one["trial"]]: one["reason"] for one in stated}


def agreed(parts: Sequence[Part], offers: Sequence[Mapping[Trial, Held]]) -> dict[Trial, Held]:
    """Return the results of trials, of which several parts may offer the same.

    Raises:
        DataError: two of them differ.
    """
    held: dict[Trial, tuple[Part, Held]] = {}
    for part, offered in zip(parts, offers, strict=True):
        for trial, result in offered.items():
            first, known = held.setdefault(trial, (part, result))
            if known is not result and (fault := difference(known, result)):
                raise contradiction(trial, first, part, fault)
    return {trial: result for trial, (_, result) in held.items()}


def difference(one: Held, other: Held) -> str:
    """Return in which cells two results of a trial differ; empty where they are the same."""
    if isinstance(one, Done) and isinstance(other, Done):
        alike = one.curve.tobytes() == other.curve.tobytes() and one.outputs.tobytes() == other.outputs.tobytes()
        return _unequal_cells(one.row, other.row) or ("" if alike else "their curves or raw outputs")
    return _unequal_cells(_fate(one), _fate(other))


def _unequal_cells(one: Mapping[str, Any], other: Mapping[str, Any]) -> str:
    names = [name for name in one if repr(one[name]) != repr(other.get(name))]
    return "; ".join(f"{name} {one[name]} and {other.get(name)}" for name in names)


def _fate(result: Held) -> dict[str, Any]:
    if isinstance(result, str):
        return {"status": "failed", "failure": result}
    return {name: result.row[name] for name in ("status", "failure")}


def contradiction(trial: Trial, one: Part, other: Part, fault: str) -> DataError:
    """Return the error for two results of one trial."""
    named = ", ".join(f"{name} {value}" for name, value in (vars(trial) | {"loss": title(trial.loss)}).items())
    return DataError(
        f"two results of one training in '{one.folder}' and '{other.folder}': {fault}; of {named}. On one kind of "
        "machine a training has one result: find out which is wrong, and leave its folder out"
    )
