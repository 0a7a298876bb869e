"""`rows.npz`: what the test rows of tables contribute to the scores of the trials, beside `trials.csv`."""

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
ROUNDED = 1e-6  # a share that is less is none, give or take the step of a numerical derivative
EFFORT = 3  # of zlib: numpy's own 6 takes nearly twice as long, for a file that is a twentieth smaller
CLOSE = 1e-4  # of the largest contribution: float32 holds seven digits, and a mean over rows no fewer than this


def rows_bytes(contributed: RowScores) -> bytes:
    """Return the file: one array a column, as numpy's `savez_compressed` writes them; see `RowScores`."""
    content = io.BytesIO()
    columns = {name: getattr(contributed, name) for name in KINDS} | dict(contributed.values)
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED, compresslevel=EFFORT) as file:
        for name, column in columns.items():
            with file.open(f"{name}.npy", "w", force_zip64=True) as member:  # from 2 GB on it must be
                np.lib.format.write_array(member, column)
    return content.getvalue()


def read_rows(path: Path, trials: pd.DataFrame) -> RowScores | None:
    """Read the file beside some trials; None where there is none.

    Args:
        path: of the file.
        trials: one row a trial, as in the `trials.csv` beside it.

    Raises:
        DataError: it cannot be read, or is not of these trials: somebody changed one of the files.
    """
    if not os.path.exists(path):
        return None
    try:
        with np.load(path, allow_pickle=False) as file:
            columns = {name: file[name] for name in file.files}
    except UNREADABLE as problem:
        raise DataError(f"{path} cannot be read ({problem}); restore it, or remove it") from None
    if fault := _misshapen(columns) or _foreign(columns, trials):
        raise DataError(f"{path}: {fault}; restore it, or remove it, and seeds are the unit instead of rows")
    values = {name: column for name, column in columns.items() if is_contributed(name)}
    return RowScores(columns["trial"], columns["unit"], columns["grouped"], values, identities(trials))


def is_contributed(name: str) -> bool:
    """Say whether rows may contribute to a column, or whether it is what one row may count in such a one."""
    score = name.removesuffix(of_one_row(""))
    return score in ROW_SCORES or is_own(score)


def _misshapen(columns: dict[str, np.ndarray]) -> str:
    """Return what is wrong with the columns as such; empty where nothing is."""
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


def _foreign(columns: dict[str, np.ndarray], trials: pd.DataFrame) -> str:
    """Return where the rows do not belong to the trials; empty where they do."""
    trial = columns["trial"]
    if not len(trial):
        return ""
    place, first, sizes = np.unique(trial, return_index=True, return_counts=True)
    if (np.diff(trial) < 0).any() or place[0] < 0 or place[-1] >= len(trials):
        return f"it has not the order of the {len(trials)} trials"
    mine = trials.iloc[place]
    for name in (name for name in columns if is_contributed(name) and not name.endswith(of_one_row(""))):
        if name not in mine:
            return f"it has {name}, and the trials have not"
        scores = mine[name].to_numpy(dtype=np.float64, na_value=np.nan)
        agree = _agree(name, columns[name], first, sizes, scores)
        if not agree.all() or (sizes != mine.test_rows.to_numpy()).any():
            line = int(place[np.argmin(agree)]) + 2
            return f"it is not of the trials beside it: {name} differs in trials.csv line {line}"
    return ""


def _agree(name: str, values: np.ndarray, first: np.ndarray, sizes: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """Say of which trials the mean over rows is the score, (trials,).

    Args:
        name: of the metric.
        values: (cells,) what rows contribute.
        first: (trials,) the first cell of each trial.
        sizes: (trials,) how many cells it has.
        scores: (trials,) NaN where there is none.
    """
    means = np.add.reduceat(values.astype(np.float64), first) / sizes
    # An error may be of any unit, however small; a share may not.
    least = 1e-30 if name in METRICS and not METRICS[name].counts else ROUNDED
    reach = CLOSE * np.maximum(least, np.nan_to_num(np.maximum.reduceat(np.abs(values), first)))
    # To a user's score rows may contribute nothing.
    unknown = np.isnan(means) & (np.isnan(scores) | is_own(name))
    return np.asarray((np.abs(means - scores) <= reach) | unknown)
