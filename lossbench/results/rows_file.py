"""`rows.npz`, beside `trials.csv`: what each test row of a table contributes to the scores of the trials."""

from __future__ import annotations

import io
import os.path
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd

from lossbench.errors import DataError
from lossbench.schema import METRICS, ROW_SCORES, is_own, of_one_row
from lossbench.stats.groups import identities
from lossbench.stats.row_scores import RowScores

ROWS = "rows.npz"
KINDS = {"trial": "int32", "unit": "int32", "grouped": "bool"}
UNREADABLE = (OSError, ValueError, EOFError, KeyError, MemoryError, NotImplementedError, zipfile.BadZipFile)
LEAST_SHARE = 1e-6  # a smaller contribution is rounding, as from the step of a numerical derivative
COMPRESSION = 1  # level of zlib: numpy's default 6 takes twice as long, for a file a tenth smaller
TOLERANCE = (
    1e-4  # of the largest contribution: float32 holds seven digits, and a mean over rows no fewer than this
)


def rows_bytes(contributed: RowScores) -> bytes:
    """Return the file: one array a column, as numpy's `savez_compressed` writes them; see `RowScores`."""
    content = io.BytesIO()
    columns = {name: getattr(contributed, name) for name in KINDS} | dict(contributed.values)
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED, compresslevel=COMPRESSION) as file:
        for name, column in columns.items():
            with file.open(f"{name}.npy", "w", force_zip64=True) as member:  # required from 2 GB on
                np.lib.format.write_array(member, column)
    return content.getvalue()


def read_rows(path: Path, trials: pd.DataFrame) -> RowScores | None:
    """Read the file beside some trials; None if there is none.

    Raises:
        DataError: it cannot be read, or does not belong to these trials, since one of the files was changed.
    """
    if not os.path.exists(path):
        return None
    try:
        with np.load(path, allow_pickle=False) as file:
            columns = {name: file[name] for name in file.files}
    except UNREADABLE as problem:
        raise DataError(f"{path} cannot be read ({problem}); restore it, or remove it") from None
    if fault := _shape_fault(columns) or _mismatch(columns, trials):
        raise DataError(f"{path}: {fault}; restore it, or remove it, and seeds are the unit instead of rows")
    values = {name: column for name, column in columns.items() if is_contributed(name)}
    return RowScores(columns["trial"], columns["unit"], columns["grouped"], values, identities(trials))


def is_contributed(name: str) -> bool:
    """Say whether a column holds what rows contribute to a score, or the most that one row may count in it."""
    score = name.removesuffix(of_one_row(""))
    return score in ROW_SCORES or is_own(score)


def _shape_fault(columns: dict[str, np.ndarray]) -> str:
    """Return what is wrong with the names, types or lengths of the columns; empty if nothing is."""
    expected = KINDS | {name: "float32" for name in columns if is_contributed(name)}
    absent, unknown = expected.keys() - columns.keys(), columns.keys() - expected.keys()
    if absent or unknown:
        return f"the arrays are not those of a {ROWS} ({', '.join(sorted(map(repr, absent | unknown)))})"
    length = columns["trial"].shape
    if len(length) != 1:
        return "trial is no row of numbers"
    for name, kind in expected.items():
        if columns[name].dtype != kind or columns[name].shape != length:
            return f"{name} is not {kind} of length {length[0]}"
    return ""


def _mismatch(columns: dict[str, np.ndarray], trials: pd.DataFrame) -> str:
    """Return where the rows do not match the trials; empty if they do."""
    trial = columns["trial"]
    if not len(trial):
        return ""
    place, first, sizes = np.unique(trial, return_index=True, return_counts=True)
    if (np.diff(trial) < 0).any() or place[0] < 0 or place[-1] >= len(trials):
        return f"its rows are not in the order of the {len(trials)} trials"
    mine = trials.iloc[place]
    for name in (name for name in columns if is_contributed(name) and not name.endswith(of_one_row(""))):
        if name not in mine:
            return f"it has {name}, which the trials lack"
        scores = mine[name].to_numpy(dtype=np.float64, na_value=np.nan)
        agree = _agree(name, columns[name], first, sizes, scores)
        if not agree.all() or (sizes != mine.test_rows.to_numpy()).any():
            line = int(place[np.argmin(agree)]) + 2
            return f"it is not of the trials beside it: {name} differs in trials.csv line {line}"
    return ""


def _agree(name: str, values: np.ndarray, first: np.ndarray, sizes: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """Say for each trial whether the mean over rows is its score, (trials,).

    Args:
        name: of the metric.
        values: (cells,) what rows contribute.
        first: (trials,) the first cell of each trial.
        sizes: (trials,) how many cells it has.
        scores: (trials,) NaN if undefined.
    """
    means = np.add.reduceat(values.astype(np.float64), first) / sizes
    # Errors may have any unit, however small, so they get no absolute tolerance.
    least = 1e-30 if name in METRICS and not METRICS[name].counts else LEAST_SHARE
    reach = TOLERANCE * np.maximum(least, np.nan_to_num(np.maximum.reduceat(np.abs(values), first)))
    # Rows need not contribute to a user's score.
    unknown = np.isnan(means) & (np.isnan(scores) | is_own(name))
    return np.asarray((np.abs(means - scores) <= reach) | unknown)
