"""Finished runs in order of time, such as those of a nightly job."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd

from lossbench.errors import BadValue, DataError
from lossbench.results.cell import to_cell
from lossbench.results.manifest import MANIFEST, read_manifest
from lossbench.results.read import find_trials, read_trials
from lossbench.results.sheet import read_sheet
from lossbench.schema import PLACE, USUAL

VERDICT = "verdict"
"""The column of `summary.csv` with the verdict on a loss."""

KEYS = tuple(name for name in PLACE if name != "outlier_kind")
"""The key of a verdict. The kind of contamination is left out: a summary has it for clean rows, trials do not."""


@dataclass(frozen=True, eq=False)
class DatedRun:
    """A finished run with its date.

    Args:
        folder: of its files.
        when: it finished, by its manifest.
        trials: as in `trials.csv`.
        verdicts: of each loss against the reference, by the texts of `KEYS`; empty without a summary.
    """

    folder: Path
    when: datetime
    trials: pd.DataFrame
    verdicts: dict[tuple[str, ...], str]

    @property
    def date(self) -> str:
        """Day and time."""
        return f"{self.when:%Y-%m-%d %H:%M}"


def read_dated_runs(folders: Iterable[Path]) -> list[DatedRun]:
    """Read finished runs, sorted by the dates in their manifests.

    Raises:
        BadValue: a folder is named twice.
        DataError: a manifest or its date is missing, or a file is refused; see `read_trials`.
    """
    named: dict[Path, Path] = {}
    for place in folders:
        folder = find_trials(place).parent
        if folder.resolve() in named:
            raise BadValue(f"{place} is named twice; name each run once")
        named[folder.resolve()] = folder
    dated = sorted(((date_of(folder), folder) for folder in named.values()), key=lambda pair: pair[0])
    return [DatedRun(folder, when, read_trials(folder), verdicts_of(folder)) for when, folder in dated]


def date_of(folder: Path) -> datetime:
    """Return when the run in a folder finished."""
    manifest = read_manifest(folder, needed=())
    if manifest is None or not manifest.date:
        raise DataError(
            f"{folder / MANIFEST}: no date, by which the runs are sorted; an older lossbench may have written it: "
            "run it again, or leave it out"
        )
    try:
        when = datetime.fromisoformat(manifest.date)
    except ValueError:
        raise DataError(
            f"{folder / MANIFEST}: date is no time but {manifest.date!r:.50}; restore it, or remove it"
        ) from None
    return when if when.tzinfo else when.replace(tzinfo=UTC)


def verdicts_of(folder: Path) -> dict[tuple[str, ...], str]:
    """Return the verdicts of a run's summary, by the texts of `KEYS`."""
    path = folder / "summary.csv"
    if not path.is_file():
        return {}
    sheet = read_sheet(path, check_header)
    cells = {name: (text,) * len(sheet.lines) for name, text in USUAL.items()} | sheet.cells
    places = zip(*(cells[name] for name in KEYS), strict=True)
    return {place: word for place, word in zip(places, sheet.cells[VERDICT], strict=True) if word}


def check_header(path: Path, header: list[str]) -> None:
    """Refuse a summary that lacks a column of the key or the verdict."""
    absent = [name for name in (*KEYS, VERDICT) if name not in header and name not in USUAL]
    if absent:
        raise DataError(f"{path} line 1: no column {', '.join(absent)}; restore the file, or remove it")


def key_of(place: dict[str, Any]) -> tuple[str, ...]:
    """Return the values of `KEYS` as a file has them."""
    return tuple(to_cell(str(place[name])) for name in KEYS)
