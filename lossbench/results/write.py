"""Writing the files of a run. Each appears complete or not at all, with an OutputError that says what to do."""

from __future__ import annotations

import csv
import errno
import io
import json
import os
import re
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from lossbench.errors import OutputError
from lossbench.results.cell import to_cell
from lossbench.schema import METRICS, ON_REQUEST, TRIALS, USUAL
from lossbench.stats.findings import Findings
from lossbench.visible import hides

if TYPE_CHECKING:
    from lossbench.run.state import Gap

DISK_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
"""Errors for lack of space: the disk is full, the user's quota is used up, or the file is too large."""

UNFINISHED_SUFFIX = ".lossbench"
"""The suffix of an unfinished file, such as `.trials.csv.PROCESS-RANDOM.lossbench`."""


def prepare_folder(folder: Path) -> None:
    """Make a folder and check that it can be written to, before any training rather than after."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
        remove_leftovers(folder)
    except OSError as error:
        raise OutputError(
            f"cannot write results to '{folder}': {error.strerror or error}; name another folder"
        ) from None


def remove_leftovers(folder: Path) -> None:
    """Remove unfinished files of runs that were killed, and none of runs that are still active."""
    for path in folder.glob(f".*-*{UNFINISHED_SUFFIX}"):
        found = re.fullmatch(rf"\..+\.(\d+)-\w+{UNFINISHED_SUFFIX}", path.name)
        if found and not _is_running(int(found[1])):
            path.unlink(missing_ok=True)


def _is_running(process: int) -> bool:
    if os.name != "posix":
        return True  # elsewhere, os.kill would end the process
    try:
        os.kill(process, 0)
    except PermissionError:
        return True
    except (ProcessLookupError, OverflowError):
        return False
    return True


def prepare_file(path: Path) -> None:
    """Check that a file, device or pipe can be written, before any training rather than after."""
    if os.path.isdir(path):
        raise OutputError(
            f"cannot write '{path}': it is a folder; name a file in it, or use --output for a folder"
        )
    if not _is_stream(path):
        prepare_folder(Path(os.path.realpath(path)).parent)


def write_text(path: Path, text: str) -> None:
    """Write a text file atomically; see `write_bytes`."""
    write_bytes(path, to_bytes(text))


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file atomically; links are followed, devices and pipes are written to directly."""
    try:
        if _is_stream(path):
            path.write_bytes(content)
        else:
            _replace(Path(os.path.realpath(path)), content)
    except OSError as error:
        advice = "free some space, or name another place" if error.errno in DISK_FULL else "name another place"
        raise OutputError(f"cannot write '{path}': {error.strerror or error}; {advice}") from None


def write_folder(folder: Path, contents: Mapping[str, str | bytes]) -> None:
    """Write files into a folder, which is created if needed."""
    prepare_folder(folder)
    for name, content in contents.items():
        write_bytes(folder / name, to_bytes(content))


def to_bytes(content: str | bytes) -> bytes:
    """Return the bytes of a file: a text in UTF-8, or bytes as they are."""
    return content if isinstance(content, bytes) else content.encode()


def _is_stream(path: Path) -> bool:
    return os.path.exists(path) and not os.path.isfile(path)


def _replace(path: Path, content: bytes) -> None:
    handle, temporary = tempfile.mkstemp(UNFINISHED_SUFFIX, f".{path.name}.{os.getpid()}-", path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())  # otherwise a power cut may leave an empty file under the new name
        umask = os.umask(0)
        os.umask(umask)
        os.chmod(temporary, 0o666 & ~umask)  # mkstemp makes files that only their owner can read
        os.replace(temporary, path)
    finally:
        Path(temporary).unlink(missing_ok=True)  # already renamed, unless something failed


def csv_text(frame: pd.DataFrame) -> str:
    """Return a frame as CSV: empty cells where undefined, lines ending in a bare newline.

    Floats read back as the same numbers, and no spreadsheet takes a text for a formula. A column is left out
    if all its rows have its usual value.
    """
    frame, text = frame.drop(columns=usual_columns(frame)), io.StringIO()
    csv.writer(text, lineterminator="\n").writerow(frame.columns)
    columns = (_cells(column) for _, column in frame.items())
    text.writelines(f"{line}\n" for line in map(",".join, zip(*columns, strict=True)))
    return text.getvalue()


def _cells(column: pd.Series[Any]) -> list[str]:
    """Return the cells of a column; each distinct number or text is formatted once."""
    if column.dtype == object:  # it may hold both 1 and True, which are equal
        cells = column.tolist()
        texts = {cell: _cell(cell) for cell in {cell for cell in cells if isinstance(cell, str)}}
        return [texts[cell] if isinstance(cell, str) else _cell(cell) for cell in cells]
    floats = column.dtype == np.float64
    bits = np.ascontiguousarray(column.to_numpy()).view(np.int64) if floats else column  # -0.0 is not 0.0
    codes, known = pd.factorize(bits)
    values = known.view(np.float64) if floats else known
    # A column of floats has too many distinct ones for a call of _cell each.
    cells = ["" if x != x else repr(x) for x in values.tolist()] if floats else [*map(_cell, values.tolist())]
    made = [*cells, ""]  # the last is for code -1, undefined
    return np.array(made, dtype=object)[codes].tolist()  # type: ignore[no-any-return]


def _cell(value: Any) -> str:
    """Return a value as a CSV cell. Only texts may need quotes, so only they go through csv.writer."""
    if isinstance(value, str):
        line = io.StringIO()
        csv.writer(line, lineterminator="\n").writerow([to_cell(value), ""])
        return line.getvalue()[:-2]  # without the comma and the newline
    return "" if value is None or value is pd.NA or value != value else str(value)


def trials_csv(trials: pd.DataFrame) -> str:
    """Return `trials.csv`. An unreached target is written as censored, such as ">100", not as a number."""
    missed = ~trials["converged"].fillna(True).astype(bool)
    shown = trials.assign(epochs_to_target=_censored_cells(trials["epochs_to_target"], missed, trials["epochs"]))
    return csv_text(shown.drop(columns=unrequested_columns(trials), errors="ignore"))


def usual_columns(frame: pd.DataFrame) -> list[str]:
    """Return the columns that can be left out, since all rows have their usual value."""
    return [name for name, text in USUAL.items() if name in frame and frame[name].fillna(text).eq(text).all()]


def unrequested_columns(frame: pd.DataFrame) -> list[str]:
    """Return the columns on request that this run did not ask for, which are all empty."""
    filled = [name for name in ON_REQUEST if name in frame and frame[name].notna().any()]
    asked = {TRIALS[name].on_request for name in filled}
    return [name for name in ON_REQUEST if TRIALS[name].on_request not in asked]


def findings_csv(findings: Findings) -> dict[str, str]:
    """Return the trials and every table made from them, by file name."""
    texts = {
        "trials.csv": trials_csv(findings.trials),
        "summary.csv": summary_csv(findings.summary),
        "comparisons.csv": csv_text(findings.comparisons),
        "ranks.csv": csv_text(findings.ranks),
        "profiles.csv": csv_text(findings.profiles),
    }
    views = {"views.csv": findings.views, "thresholds.csv": findings.thresholds, "budget.csv": findings.budget}
    return texts | {name: csv_text(view) for name, view in views.items() if view is not None}


def summary_csv(summary: pd.DataFrame) -> str:
    """Return `summary.csv`. Medians beyond the end of the run are written as censored, such as ">100"."""
    scores = [name for name in unrequested_columns(summary) if name in METRICS]
    empty = [f"{name}{end}" for name in scores for end in ("", "_low", "_high", "_n")]
    return csv_text(summary.assign(**_median_cells(summary)).drop(columns=empty, errors="ignore"))


def records(frame: pd.DataFrame) -> list[dict[Any, Any]]:
    """Return the rows of a frame as plain data, None where undefined, with the same columns as its CSV."""
    frame = frame.drop(columns=usual_columns(frame))
    return frame.astype(object).where(frame.notna(), None).to_dict("records")


def frame_json(frame: pd.DataFrame) -> str:
    """Return the rows of a frame as JSON, null where undefined."""
    return json_text(records(frame))


def summary_json(
    summary: pd.DataFrame, gaps: Iterable[Gap], answers: Mapping[str, Any] = MappingProxyType({})
) -> str:
    """Return the answers and the summary of a run as JSON.

    Undefined values are null; medians beyond the end of the run are texts such as ">100".

    Args:
        summary: one row for each data set, setting and loss.
        gaps: the seeds that an incomplete run left out. Each row lists those of its data set as "partial".
        answers: see `lossbench.report.answer.run.records`.
    """
    left_out = {gap.dataset: list(gap.seeds) for gap in gaps}
    with_censored = {
        name: summary[name].astype(object).mask(np.isinf(summary[name]), text)
        for name, text in _median_cells(summary).items()
    }
    rows = records(summary.assign(**with_censored))
    return json_text({**answers, "summary": [row | {"partial": left_out.get(row["dataset"], [])} for row in rows]})


def _median_cells(summary: pd.DataFrame) -> dict[str, pd.Series[Any]]:
    ends = dict.fromkeys(("epochs_to_target", "epochs_to_plateau"), summary["epochs"])
    ends["breakdown"] = summary["largest_share"]
    columns = {f"{name}_median{end}": last for name, last in ends.items() for end in ("", "_low", "_high")}
    return {name: _censored_cells(summary[name], np.isinf(summary[name]), last) for name, last in columns.items()}


def _censored_cells(values: pd.Series[Any], missed: pd.Series[bool], ends: pd.Series[Any]) -> pd.Series[Any]:
    texts = [
        f">{end:g}" if beyond else "" if pd.isna(value) else repr(float(value)).removesuffix(".0")
        for value, beyond, end in zip(values, missed, ends, strict=True)
    ]
    return pd.Series(texts, index=values.index)


def json_text(value: Mapping[str, Any] | list[dict[str, Any]]) -> str:
    """Return JSON indented by two spaces, with a newline at the end; invisible characters are escaped."""
    lines = json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False).split("\n")
    return "".join(f"{line if not hides(line) else ''.join(map(_escaped, line))}\n" for line in lines)


def _escaped(character: str) -> str:
    return json.dumps(character)[1:-1] if hides(character) else character
