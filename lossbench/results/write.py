"""The files that a run leaves. Each appears whole or not at all: then an OutputError says why, and what to do."""

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

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
"""What the system calls a disk without room: full, beyond the user's quota, or beyond the size of a file."""

SUFFIX = ".lossbench"
"""The end of the name of a file that is not whole yet: `.trials.csv.PROCESS-RANDOM.lossbench`."""


def prepare_folder(folder: Path) -> None:
    """Make a folder and see that it can be written to, before an hour of work and not after."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
        sweep(folder)
    except OSError as error:
        raise OutputError(
            f"cannot write results to '{folder}': {error.strerror or error}; name another folder with --output"
        ) from None


def sweep(folder: Path) -> None:
    """Remove what a run that was killed left unfinished, and nothing of a run that is still there."""
    for path in folder.glob(f".*-*{SUFFIX}"):
        found = re.fullmatch(rf"\..+\.(\d+)-\w+{SUFFIX}", path.name)
        if found and not _runs(int(found[1])):
            path.unlink(missing_ok=True)


def _runs(process: int) -> bool:
    if os.name != "posix":
        return True  # there, the question would end it
    try:
        os.kill(process, 0)
    except PermissionError:
        return True
    except (ProcessLookupError, OverflowError):
        return False
    return True


def prepare_file(path: Path) -> None:
    """See that a file, a device or a pipe can be written, before an hour of work and not after."""
    if os.path.isdir(path):
        raise OutputError(
            f"cannot write '{path}': it is a folder; name a file in it, or use --output for a folder"
        )
    if not _is_stream(path):
        prepare_folder(Path(os.path.realpath(path)).parent)


def write_text(path: Path, text: str) -> None:
    """Write a text file so that nobody ever sees half of it; see `write_bytes`."""
    write_bytes(path, to_bytes(text))


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file so that nobody ever sees half of it; a link is followed, a device or a pipe is written to."""
    try:
        if _is_stream(path):
            path.write_bytes(content)
        else:
            _replace(Path(os.path.realpath(path)), content)
    except OSError as error:
        advice = "make room, or name another place" if error.errno in FULL else "name another place"
        raise OutputError(f"cannot write '{path}': {error.strerror or error}; {advice}") from None


def write_folder(folder: Path, contents: Mapping[str, str | bytes]) -> None:
    """Write files into a folder, which is made where it does not exist."""
    prepare_folder(folder)
    for name, content in contents.items():
        write_bytes(folder / name, to_bytes(content))


def to_bytes(content: str | bytes) -> bytes:
    """Return what stands in a file of some text, in UTF-8, or of some bytes."""
    return content if isinstance(content, bytes) else content.encode()


def _is_stream(path: Path) -> bool:
    return os.path.exists(path) and not os.path.isfile(path)


def _replace(path: Path, content: bytes) -> None:
    handle, temporary = tempfile.mkstemp(SUFFIX, f".{path.name}.{os.getpid()}-", path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())  # else a power cut may leave the new name and none of the text
        umask = os.umask(0)
        os.umask(umask)
        os.chmod(temporary, 0o666 & ~umask)  # mkstemp makes files that only their owner can read
        os.replace(temporary, path)
    finally:
        Path(temporary).unlink(missing_ok=True)  # gone already, unless something failed


def csv_text(frame: pd.DataFrame) -> str:
    """Return a frame as CSV: empty cells where undefined, lines ending in a newline alone.

    Floats are written so that they read back as the same numbers, and texts so that no spreadsheet computes them.
    A column that has one text in most runs is there only where it has another.
    """
    frame, text = frame.drop(columns=all_usual(frame)), io.StringIO()
    csv.writer(text, lineterminator="\n").writerow(frame.columns)
    columns = (_cells(column) for _, column in frame.items())
    text.writelines(f"{line}\n" for line in map(",".join, zip(*columns, strict=True)))
    return text.getvalue()


def _cells(column: pd.Series[Any]) -> list[str]:
    """Return the cells of a column; a number or a text that stands there many times is written once."""
    if column.dtype == object:  # 1 and True may stand there, which are equal
        cells = column.tolist()
        texts = {cell: _cell(cell) for cell in {cell for cell in cells if isinstance(cell, str)}}
        return [texts[cell] if isinstance(cell, str) else _cell(cell) for cell in cells]
    floats = column.dtype == np.float64
    bits = np.ascontiguousarray(column.to_numpy()).view(np.int64) if floats else column  # -0.0 is not 0.0
    codes, known = pd.factorize(bits)
    values = known.view(np.float64) if floats else known
    made = [*map(_cell, values.tolist()), ""]  # the last is of code -1, for nothing
    return np.array(made, dtype=object)[codes].tolist()  # type: ignore[no-any-return]


def _cell(value: Any) -> str:
    """Return a value as it stands in a line of CSV; a writer of lines would look at each for what to quote."""
    if isinstance(value, str):
        line = io.StringIO()
        csv.writer(line, lineterminator="\n").writerow([to_cell(value), ""])
        return line.getvalue()[:-2]  # without the comma, and the end
    return "" if value is None or value is pd.NA or value != value else str(value)


def trials_csv(trials: pd.DataFrame) -> str:
    """Return `trials.csv`. A target that was not reached stands as censored, such as ">100", never as a number."""
    missed = ~trials["converged"].fillna(True).astype(bool)
    shown = trials.assign(epochs_to_target=_censored(trials["epochs_to_target"], missed, trials["epochs"]))
    return csv_text(shown.drop(columns=unasked(trials), errors="ignore"))


def all_usual(frame: pd.DataFrame) -> list[str]:
    """Return the columns that a file has only where a row has another text than the usual, and here none has."""
    return [name for name, text in USUAL.items() if name in frame and frame[name].fillna(text).eq(text).all()]


def unasked(frame: pd.DataFrame) -> list[str]:
    """Return the columns that only some runs have and this one did not ask for: it has no value in any."""
    filled = [name for name in ON_REQUEST if name in frame and frame[name].notna().any()]
    asked = {TRIALS[name].on_request for name in filled}
    return [name for name in ON_REQUEST if TRIALS[name].on_request not in asked]


def findings_csv(findings: Findings) -> dict[str, str]:
    """Return the trials, and every table that is made of them, by the name of its file."""
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
    """Return `summary.csv`. Medians beyond the end of the run stand as censored, such as ">100"."""
    scores = [name for name in unasked(summary) if name in METRICS]
    empty = [f"{name}{end}" for name in scores for end in ("", "_low", "_high", "_n")]
    return csv_text(summary.assign(**_medians(summary)).drop(columns=empty, errors="ignore"))


def records(frame: pd.DataFrame) -> list[dict[Any, Any]]:
    """Return the rows of a frame as plain data, None where undefined; with the columns of its file."""
    frame = frame.drop(columns=all_usual(frame))
    return frame.astype(object).where(frame.notna(), None).to_dict("records")


def frame_json(frame: pd.DataFrame) -> str:
    """Return the rows of a frame as JSON, null where undefined."""
    return json_text(records(frame))


def summary_json(
    summary: pd.DataFrame, gaps: Iterable[Gap], said: Mapping[str, Any] = MappingProxyType({})
) -> str:
    """Return what is said of a run, and its summary, as JSON.

    What is undefined is null; medians beyond the end of the run are texts, as ">100".

    Args:
        summary: one row a data set, setting and loss.
        gaps: what a run that was cut short left out. Each row has the seeds of its data set as "partial", none
            where the data set is whole.
        said: the answers, see `lossbench.report.answer.run.records`.
    """
    left_out = {gap.dataset: list(gap.seeds) for gap in gaps}
    beyond = {
        name: summary[name].astype(object).mask(np.isinf(summary[name]), text)
        for name, text in _medians(summary).items()
    }
    rows = records(summary.assign(**beyond))
    return json_text({**said, "summary": [row | {"partial": left_out.get(row["dataset"], [])} for row in rows]})


def _medians(summary: pd.DataFrame) -> dict[str, pd.Series[Any]]:
    ends = dict.fromkeys(("epochs_to_target", "epochs_to_plateau"), summary["epochs"])
    ends["breakdown"] = summary["largest_share"]
    columns = {f"{name}_median{end}": last for name, last in ends.items() for end in ("", "_low", "_high")}
    return {name: _censored(summary[name], np.isinf(summary[name]), last) for name, last in columns.items()}


def _censored(values: pd.Series[Any], missed: pd.Series[bool], ends: pd.Series[Any]) -> pd.Series[Any]:
    texts = [
        f">{end:g}" if beyond else "" if pd.isna(value) else repr(float(value)).removesuffix(".0")
        for value, beyond, end in zip(values, missed, ends, strict=True)
    ]
    return pd.Series(texts, index=values.index)


def json_text(value: Mapping[str, Any] | list[dict[str, Any]]) -> str:
    """Return JSON with two spaces of indentation and a newline at the end; what cannot be seen is numbered."""
    lines = json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False).split("\n")
    return "".join(f"{line if not hides(line) else ''.join(map(_numbered, line))}\n" for line in lines)


def _numbered(character: str) -> str:
    return json.dumps(character)[1:-1] if hides(character) else character
