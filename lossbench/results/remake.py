"""A finished run, made again from its `trials.csv`."""

from __future__ import annotations

import os.path
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from lossbench.errors import DataError
from lossbench.plan.fit.losses import Skip
from lossbench.remark import Remark, Topic
from lossbench.results.examples_file import EXAMPLES, read_examples
from lossbench.results.manifest import ADDED_LATER, SHAPE, Manifest, read_manifest
from lossbench.results.read import altered, find_trials, read_trials
from lossbench.results.remarks.across import across
from lossbench.results.remarks.experiment import protocols, skipped
from lossbench.results.remarks.training import diverged, ended_early, failed, partial, undefined
from lossbench.results.remarks.verdicts import (
    adaptive_search,
    by_seeds,
    chosen_thresholds,
    correction_for_looks,
    tuning_effects,
    verdicts_by_budget,
)
from lossbench.results.rows_file import ROWS, read_rows
from lossbench.results.sheet import read_column, read_sheet, refuse_incomplete
from lossbench.run.examples import Examples
from lossbench.run.state import Gap
from lossbench.schema import CURVES, MARGINS, PARTS, TUNING, USUAL
from lossbench.stats.findings import Findings

KEPT_TABLES = {"curves.csv": CURVES, "tuning.csv": TUNING, "parts.csv": PARTS}
"""Tables that cannot be made from `trials.csv` and are kept if they are beside it, with their columns."""

SOURCES = ("trials.csv", *KEPT_TABLES, ROWS, EXAMPLES)
"""The files from which all others are made."""

REPORTS = ("report.md", "report.html")
"""Reports also describe the run itself, and so are kept where all that they tell of is as the run wrote it."""


@dataclass(frozen=True)
class Remade(Findings):
    """The findings of a finished run, from its trials; see `lossbench.stats.findings.Findings`.

    Args:
        path: of the trials.
        manifest: of the run; None if it is not beside the trials.
        kept: the files beside the trials that are kept unchanged, by name.
        curves: from the file beside the trials; None if there is none.
        examples: likewise.
    """

    path: Path = field(kw_only=True)
    manifest: Manifest | None = field(kw_only=True, repr=False)
    kept: dict[str, str | bytes] = field(kw_only=True, repr=False)
    curves: pd.DataFrame | None = field(default=None, kw_only=True, repr=False)
    examples: Examples = field(default_factory=dict, kw_only=True, repr=False)

    @property
    def gaps(self) -> tuple[Gap, ...]:
        """What the run left out, as its manifest says."""
        return self.manifest.gaps if self.manifest else ()

    @property
    def skips(self) -> tuple[Skip, ...]:
        """The losses that did not run on some of the data sets, as its manifest says."""
        return self.manifest.skipped if self.manifest else ()

    def remarks(self) -> Iterator[Remark]:
        """Yield the remarks on the run, for readers of its tables."""
        yield from tuning_effects(self.tuning, self.summary, self.arms)
        yield from verdicts_by_budget(self.budget)
        yield from adaptive_search(self.manifest.sampler if self.manifest else "")
        yield from chosen_thresholds(self.trials, self.thresholds)
        yield from across(self.ranks)
        yield from protocols(self.manifest.protocols if self.manifest else ())
        yield from skipped(self.skips)
        yield from partial(self.gaps)
        yield from correction_for_looks(self.correction)
        yield from failed(self.trials)
        yield from diverged(self.trials)
        yield from undefined(self.trials)
        yield from ended_early(self.trials)
        yield from by_seeds(self.trials, self.summary, self.contributed)
        yield from altered(self.path)
        # Files that the run had, that cannot be made again and are not beside the trials.
        if self.curves is None:
            yield Topic.NO_CURVES()
        if self.tuning is None and self.manifest is not None and self.manifest.tuned:
            yield Topic.NO_TUNING()
        if self.contributed is None and self.manifest is not None and ROWS in self.manifest.sha256:
            yield Topic.NO_ROWS()


def remake(place: Path) -> Remade:
    """Read a finished run.

    Args:
        place: its folder or its trials; files beside the trials are read only if these are named `trials.csv`.

    Raises:
        DataError: a file that is refused, see `lossbench.results.read`.
    """
    path = find_trials(place)
    trials = read_trials(path, one_run=True)
    if path.name != "trials.csv":
        return Remade(trials, path=path, manifest=None, kept={})
    texts = kept_texts(path)
    contributed = read_rows(path.with_name(ROWS), trials)
    examples = read_examples(path.with_name(EXAMPLES), trials)
    tables = {name: read_table(path.with_name(name)) for name in KEPT_TABLES if name in texts}
    manifest = read_manifest(path.parent, needed=set(SHAPE) - ADDED_LATER)
    return Remade(
        trials,
        tables.get("tuning.csv"),
        MARGINS | (manifest.margins if manifest else {}),
        contributed,
        correction=manifest.correction if manifest else 1.0,
        path=path,
        manifest=manifest,
        kept={**texts, **kept_binaries(path)},
        curves=tables.get("curves.csv"),
        examples=examples,
    )


def kept_texts(path: Path) -> dict[str, str]:
    """Return the text files beside the trials that are kept unchanged, by name."""
    there = [path.with_name(name) for name in (*KEPT_TABLES, *REPORTS) if os.path.isfile(path.with_name(name))]
    return {file.name: read_text(file) for file in there}


def kept_binaries(path: Path) -> dict[str, bytes]:
    """Return the binary files that are kept, by name; they were read before."""
    there = [path.with_name(name) for name in (ROWS, EXAMPLES) if os.path.isfile(path.with_name(name))]
    return {file.name: file.read_bytes() for file in there}


def read_text(path: Path) -> str:
    """Return the text of a file, with its line endings unchanged."""
    try:
        return path.read_bytes().decode("utf-8")
    except (OSError, UnicodeDecodeError) as problem:
        raise DataError(f"{path} cannot be read ({problem}); restore it, or remove it") from None


def read_table(path: Path) -> pd.DataFrame:
    """Read a table that stands beside the trials."""
    sheet = read_sheet(path, check_header)
    columns = {name: column for name, column in KEPT_TABLES[path.name].items() if name in sheet.cells}
    refuse_incomplete(sheet, "rows")
    cells = {name: read_column(sheet, column, sheet.cells[name]) for name, column in columns.items()}
    numbers = {name: column.dtype for name, column in columns.items() if column.kind == "number"}
    found = pd.DataFrame(cells).astype(numbers)
    return found.assign(**{name: text for name, text in USUAL.items() if name not in sheet.cells})


def check_header(path: Path, header: list[str]) -> None:
    """Refuse a table that lacks a column; further columns are ignored."""
    absent = [
        name for name, column in KEPT_TABLES[path.name].items() if not column.optional and name not in header
    ]
    if not header:
        raise DataError(f"{path} cannot be read (the file is empty); restore it, or remove it")
    if absent:
        raise DataError(f"{path} line 1: no column {', '.join(absent)}; restore the file, or remove it")
