"""Reading `trials.csv` back as the table that it was written from, or refusing it and naming the wrong line.

Reading undoes writing: `trials_csv(read_trials(path))` is the file, byte for byte. A refusal is a DataError that
names the file, the first wrong line, and what to do.
"""

from __future__ import annotations

import hashlib
import os.path
from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from lossbench.errors import DataError
from lossbench.remark import Remark, Topic
from lossbench.results.manifest import read_manifest
from lossbench.results.sheet import Sheet, read_column, read_sheet, refuse_incomplete
from lossbench.schema import COLUMNS, DTYPES, TRIAL, TRIALS, USUAL, is_own, own_columns

CENSORED_MARK = ">"


def read_trials(place: Path, one_run: bool = False) -> pd.DataFrame:
    """Read the trials of a finished run.

    Args:
        place: the file, or the folder with `trials.csv`. A `manifest.json` beside it tells its version.
        one_run: whether losses will be compared with each other. If so, rows of different runs are refused: the
            same data set and seed with different data, split or weights.

    Returns:
        One row a trial, with the columns and types of `Comparison.trials`.

    Raises:
        DataError: the file does not exist, is of a newer or an older version, is cut short, has a value of the
            wrong type, holds a trial twice, or contradicts itself. The message names the line.

    Example:
        >>> read_trials(Path("nowhere"))
        Traceback (most recent call last):
        lossbench.errors.DataError: no file nowhere; name a trials.csv, or the folder of a run
    """
    path = find_trials(place)
    read_manifest(path.parent)
    sheet = read_sheet(path, check_header)
    refuse_incomplete(sheet, "trials")
    refuse_missing_score(sheet)
    trials = typed_frame(sheet)
    refuse_duplicates(sheet, trials)
    if one_run:
        refuse_mixed_runs(sheet, trials)
    return trials


def read_baseline(place: Path, first: bool = False) -> pd.DataFrame | None:
    """Read the trials of a baseline; None for a first run, which has none yet.

    Raises:
        DataError: there is none, and this is not a first run; or as for `read_trials`.
    """
    path = trials_path(place)
    if os.path.exists(path):
        return read_trials(place)
    if first:
        return None
    raise DataError(
        f"no baseline at {path}; give the path of a trials.csv, or --baseline-if-exists for the first run, which "
        "has none yet"
    )


def trials_path(place: Path) -> Path:
    """Return the path of the trials, existing or not: the file itself, or `trials.csv` in a folder."""
    return place / "trials.csv" if os.path.isdir(place) else place


def find_trials(place: Path) -> Path:
    """Return the path of the trials, which must exist."""
    path = trials_path(place)
    if not os.path.exists(path):
        found = read_manifest(path.parent, needed=())
        if found is not None and found.shard is not None:
            raise DataError(
                f"'{path.parent}' is shard {found.shard} of a run, which says nothing alone; put all of them "
                "together first: lossbench merge PART... -o WHOLE"
            )
        raise DataError(f"no file {path}; name a trials.csv, or the folder of a run")
    return path


def altered(place: Path) -> Iterator[Remark]:
    """Yield a remark if the trials are not those that the run wrote, by the hash in the manifest beside them.

    Only the hash can tell: a file that is cut between two lines is well-formed.
    """
    path = find_trials(place)
    found = read_manifest(path.parent)
    recorded = found.sha256.get(path.name) if found else None
    if found and recorded and recorded != hashlib.sha256(path.read_bytes()).hexdigest():
        yield Topic.ALTERED(path=path, trials=found.trials)


def check_header(path: Path, header: list[str]) -> None:
    """Refuse other columns than those of `trials.csv`, in any order; optional ones may be missing."""
    place = f"{path} line 1"
    if not header:
        raise DataError(f"{path}: the file is empty; run the comparison again")
    if not set(COLUMNS) & set(header):
        raise DataError(f"{place}: not the columns of a trials.csv; name one, or the folder of a run")
    missing = [name for name, column in TRIALS.items() if not column.optional and name not in header]
    if missing:
        raise DataError(
            f"{place}: no column {', '.join(missing)}; the file is of an older lossbench: run the comparison again"
        )
    unknown = [name for name in header if name not in COLUMNS and not is_own(name)]
    if unknown:
        raise DataError(
            f"{place}: unknown column {', '.join(unknown)}; the file is of a newer lossbench, update it, or not "
            "lossbench's alone, remove the column"
        )
    if len(header) > len(set(header)):
        raise DataError(f"{place}: a column is there twice; remove one of them")


def typed_frame(sheet: Sheet) -> pd.DataFrame:
    """Return the cells as values, each column with its type; a missing column has its usual value, or none."""
    own = own_columns(sheet.cells)
    names = (*COLUMNS, *own)
    absent = {name: (USUAL.get(name, ""),) * len(sheet.lines) for name in COLUMNS if name not in sheet.cells}
    times = tuple(cell if not cell.startswith(CENSORED_MARK) else "" for cell in sheet.cells["epochs_to_target"])
    cells = sheet.cells | absent | {"epochs_to_target": times}
    values = {name: read_column(sheet, TRIALS[name], cells[name]) for name in names}
    trials = pd.DataFrame(values).astype(DTYPES | dict.fromkeys(own, "float64"))
    refuse_inconsistent_times(sheet, trials)
    return trials


def refuse_missing_score(sheet: Sheet) -> None:
    """Refuse rows judged by a score for which the file has no column."""
    for row, score in enumerate(sheet.cells["score"]):
        if (score in COLUMNS or is_own(score)) and score not in sheet.cells:
            raise sheet.error(row, f"the score is {score}, and there is no column {score}; restore the file")


def refuse_inconsistent_times(sheet: Sheet, trials: pd.DataFrame) -> None:
    """Refuse a time to the target that does not agree with `converged` and `epochs`."""
    for row, (cell, converged, epochs) in enumerate(
        zip(sheet.cells["epochs_to_target"], trials.converged, trials.epochs, strict=True)
    ):
        if pd.isna(converged):
            agrees, wanted = cell == "", "an empty cell"
        elif converged:
            agrees, wanted = cell != "" and not cell.startswith(CENSORED_MARK), "a number"
        else:
            wanted = f"{CENSORED_MARK}{epochs:g}"
            agrees = cell == wanted
        if not agrees:
            stands = "empty" if pd.isna(converged) else converged
            raise sheet.error(
                row, f"epochs_to_target is '{cell}' where converged is {stands}: {wanted} is due; restore the file"
            )


def refuse_duplicates(sheet: Sheet, trials: pd.DataFrame) -> None:
    """Refuse a trial that occurs twice, with equal or different numbers."""
    again = trials.duplicated(list(TRIAL)).to_numpy()
    if not again.any():
        return
    row = int(again.argmax())
    first = int((trials[list(TRIAL)] == trials.loc[row, list(TRIAL)]).all(axis="columns").to_numpy().argmax())
    there = f"line {sheet.lines[first]}"
    here, before = (trials.score[one] for one in (row, first))
    if here != before:  # as in an export of a store that several runs filled: neither is wrong
        raise sheet.error(
            row,
            f"the trial of {there} again, judged by {here} and there by {before}; a file is read by one judge of "
            "each data set: keep the rows of one",
        )
    for name, cells in sheet.cells.items():
        if cells[row] != cells[first]:
            raise sheet.error(
                row,
                f"contradicts {there}: the same trial with {name} '{cells[row]}' here and '{cells[first]}' there; "
                "keep the row that is right",
            )
    raise sheet.error(row, f"repeats {there}; remove one of the two")


def refuse_mixed_runs(sheet: Sheet, trials: pd.DataFrame) -> None:
    """Refuse rows whose data, split, weights, order or loss differ where they must not."""
    shared = {name: column.same_for for name, column in TRIALS.items() if column.same_for}
    for name, fixed_by in (shared | {"score_hash": ("dataset",)}).items():
        firsts = trials.index.to_series().groupby([trials[key] for key in fixed_by]).transform("first").to_numpy()
        found = trials[name].fillna("").to_numpy()
        differs = found != found[firsts]
        if differs.any():
            row = int(differs.argmax())
            raise sheet.error(
                row,
                f"contradicts line {sheet.lines[firsts[row]]}: another {name} for the same "
                f"{', '.join(fixed_by)}; these rows are of different runs: keep one run's",
            )
