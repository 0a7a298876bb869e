"""A finished run, made again from its `trials.csv`."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from lossbench.errors import DataError
from lossbench.ledger import Gap
from lossbench.report.files import csv_text, json_text, prepare_folder, summary_csv, trials_csv, write_text
from lossbench.report.notes import diverged, failed, partial, tuned
from lossbench.report.reader import MANIFEST, altered, find_trials, read_comparison, read_manifest
from lossbench.stats.summary import compare_pairs, summarise
from lossbench.stats.tuning import ARM

NOT_REMADE = {
    "curves.csv": "it holds no curves",
    "tuning.csv": "the trainings that chose the rates are not reported",
}
"""What cannot be made from `trials.csv`, and why; it is kept where it stands beside it."""


@dataclass(frozen=True)
class Remade:
    """What a finished run says, from its trials.

    Args:
        path: the trials.
        trials: one row a trial.
        manifest: of the run, None where it does not stand beside the trials.
        beside: what cannot be made again and stands beside the trials, as text by its name.
        tuning: one row a loss and rate, None where no `tuning.csv` stands beside the trials.
    """

    path: Path
    trials: pd.DataFrame = field(repr=False)
    manifest: dict[str, Any] | None = field(repr=False)
    beside: dict[str, str] = field(repr=False)
    tuning: pd.DataFrame | None = field(repr=False)

    @cached_property
    def summary(self) -> pd.DataFrame:
        """One row a data set and loss."""
        return summarise(self.trials, self.tuning)

    @cached_property
    def comparisons(self) -> pd.DataFrame:
        """One row a data set and pair of losses."""
        return compare_pairs(self.trials, self.tuning)

    def save(self, folder: Path) -> None:
        """Write the trials, all that can be made from them, and what stands beside them.

        Raises:
            OutputError: the folder cannot be written.
        """
        prepare_folder(folder)
        texts = {
            "trials.csv": trials_csv(self.trials),
            "summary.csv": summary_csv(self.summary),
            "comparisons.csv": csv_text(self.comparisons),
            **self.beside,
        }
        if self.manifest is not None:
            hashes = {name: hashlib.sha256(text.encode()).hexdigest() for name, text in texts.items()}
            texts[MANIFEST] = json_text(self.manifest | {"sha256": hashes})
        for name, text in texts.items():
            write_text(folder / name, text)

    def remarks(self) -> Iterator[str]:
        """Yield what a reader of the tables must know besides."""
        yield from tuned(self.tuning, self.summary)
        for skip in (self.manifest or {}).get("skipped", []):
            yield f"skipped  {skip['loss']} on {skip['dataset']}: {skip['reason']}"
        yield from partial(Gap(**gap) for gap in (self.manifest or {}).get("partial", []))
        yield from failed(self.trials)
        yield from diverged(self.trials)
        yield from altered(self.path)
        for name in missing(self):
            yield f"absent   {name}: not made from trials.csv, {NOT_REMADE[name]}"


def missing(remade: Remade) -> list[str]:
    """Return the files that the run had and that can neither be made again nor stand beside the trials."""
    had = ["curves.csv"]
    if remade.manifest is not None and remade.manifest["config"]["tune"]:
        had.append("tuning.csv")
    return [name for name in had if name not in remade.beside]


def remake(place: Path) -> Remade:
    """Read a finished run.

    Args:
        place: its folder, or its trials; files beside the trials belong to them only if these are `trials.csv`.

    Raises:
        DataError: a file that is refused, see `lossbench.report.reader`.
    """
    path = find_trials(place)
    trials = read_comparison(path)
    if path.name != "trials.csv":
        return Remade(path, trials, None, {}, None)
    there = [path.with_name(name) for name in NOT_REMADE if path.with_name(name).is_file()]
    beside = {file.name: read_text(file) for file in there}
    tuning = read_tuning(path.with_name("tuning.csv")) if "tuning.csv" in beside else None
    return Remade(path, trials, read_manifest(path.parent), beside, tuning)


def read_text(path: Path) -> str:
    """Return the text of a file, with its ends of lines as they are.

    Raises:
        DataError: it cannot be read.
    """
    try:
        return path.read_bytes().decode("utf-8")
    except (OSError, UnicodeDecodeError) as problem:
        raise DataError(f"{path} cannot be read ({problem}); restore it, or remove it") from None


def read_tuning(path: Path) -> pd.DataFrame:
    """Read what the search for rates found.

    Raises:
        DataError: it is no such table.
    """
    try:
        # Not every pandas reads a float as the one that was written; these are matched with those of the trials.
        table = pd.read_csv(path, converters=dict.fromkeys(("lr", "l1", "l2"), float))
    except ValueError as problem:
        raise DataError(f"{path} cannot be read ({problem}); restore it, or remove it") from None
    absent = [name for name in (*ARM, "lr", "chosen", "at_edge") if name not in table]
    if absent:
        raise DataError(f"{path} line 1: no column {', '.join(absent)}; restore the file, or remove it")
    return table
