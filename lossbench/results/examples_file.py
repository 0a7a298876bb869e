"""`examples.npz`, beside `trials.csv`: outputs of some networks on some test rows, for the page to draw."""

from __future__ import annotations

import io
import os.path
from pathlib import Path

import numpy as np
import pandas as pd

from lossbench.errors import DataError
from lossbench.results.rows_file import UNREADABLE
from lossbench.run.examples import NAMES, Example, Examples

EXAMPLES = "examples.npz"


def examples_bytes(examples: Examples) -> bytes:
    """Return the file: each array under its name and its row in `trials.csv`, counted from 0, such as grey_12."""
    content = io.BytesIO()
    arrays = {f"{name}_{place}": values for place, one in examples.items() for name, values in one.items()}
    np.savez_compressed(content, **arrays)  # type: ignore[arg-type]
    return content.getvalue()


def read_examples(path: Path, trials: pd.DataFrame) -> Examples:
    """Read the file beside some trials; empty if there is none.

    Raises:
        DataError: it cannot be read, or does not belong to these trials.
    """
    if not os.path.exists(path):
        return {}
    found: dict[int, dict[str, np.ndarray]] = {}
    try:
        with np.load(path, allow_pickle=False) as file:
            for key in file.files:
                name, _, place = key.rpartition("_")
                found.setdefault(int(place), {})[name] = file[key]
    except UNREADABLE as problem:
        raise DataError(f"{path} cannot be read ({problem}); restore it, or remove it") from None
    for place, example in found.items():
        if fault := _fault(place, example, trials):
            raise DataError(f"{path}: {fault}; restore it, or remove it, and no examples are drawn")
    return found


def _fault(place: int, example: Example, trials: pd.DataFrame) -> str:
    """Return why an example does not fit its trial; empty if it does."""
    if not 0 <= place < len(trials):
        return f"it has an example of row {place}, and there are {len(trials)} trials"
    task = str(trials.task.iloc[place])
    wanted = NAMES.get(task, {})
    forms = {name: (values.dtype.name, values.ndim) for name, values in example.items()}
    if forms != wanted:
        return f"what it has of row {place} is no example of the task {task}"
    axes = min(values.ndim for values in example.values())
    if len({values.shape[:axes] for values in example.values()}) > 1 or not all(map(np.size, example.values())):
        return f"the arrays that it has of row {place} are not of one shape"
    return ""
