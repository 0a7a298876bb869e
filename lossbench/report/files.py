"""The files that a run leaves. Each appears whole or not at all."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from lossbench.errors import OutputError


def prepare_folder(folder: Path) -> None:
    """Make a folder and see that it can be written to, before an hour of work and not after.

    Raises:
        OutputError: it cannot be made, or not be written to.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise OutputError(
            f"cannot write results to '{folder}': {error.strerror or error}; name another folder with --output"
        ) from None


def prepare_file(path: Path) -> None:
    """See that a file can be written, before an hour of work and not after.

    Raises:
        OutputError: it is a folder, or its folder cannot be written to.
    """
    if path.is_dir():
        raise OutputError(
            f"cannot write '{path}': it is a folder; name a file in it, or use --output for a folder"
        )
    prepare_folder(path.parent)


def write_text(path: Path, text: str) -> None:
    """Write a file so that nobody ever sees half of it.

    Raises:
        OutputError: it cannot be written.
    """
    handle, temporary = None, ""
    try:
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            file.write(text)
        umask = os.umask(0)
        os.umask(umask)
        os.chmod(temporary, 0o666 & ~umask)  # mkstemp makes files that only their owner can read
        os.replace(temporary, path)
    except OSError as error:
        if temporary:
            Path(temporary).unlink(missing_ok=True)
        raise OutputError(f"cannot write '{path}': {error.strerror or error}; name another place") from None


def csv_text(frame: pd.DataFrame) -> str:
    """Return a frame as CSV: empty cells where undefined, lines ending in a newline alone.

    Floats are written so that they read back as the same numbers.
    """
    return str(frame.to_csv(index=False, lineterminator="\n"))


def trials_csv(trials: pd.DataFrame) -> str:
    """Return `trials.csv`. Where the target was not reached, the epoch stands as censored, such as ">100"."""
    return csv_text(trials.assign(epochs_to_target=censored(trials)))


def censored(trials: pd.DataFrame) -> pd.Series:
    """Write the epochs to the target as text, with those not reached as ">" and the length of the run."""
    reached = trials["epochs_to_target"].astype("string")
    open_end = ">" + trials["epochs"].astype("string")
    return reached.where(trials["converged"].fillna(True).astype(bool), open_end)


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows as plain dictionaries, None where undefined."""
    return list(frame.astype(object).where(frame.notna(), None).to_dict(orient="records"))


def json_text(value: Mapping[str, Any] | list[dict[str, Any]]) -> str:
    """Return JSON with two spaces of indentation and a newline at the end."""
    return json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
