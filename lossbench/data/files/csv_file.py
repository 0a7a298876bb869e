"""Reading a CSV file into texts: encoding, comments, separator, names, and one value a name in every row."""

from __future__ import annotations

import csv
import itertools
import re
from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from lossbench.data.files.ragged import SEPARATORS, Record, check_names, check_title, ragged, shown
from lossbench.data.readings import is_number
from lossbench.errors import DataError
from lossbench.remark import Remark, Topic
from lossbench.visible import visible

_CHUNK = 5000  # rows held as Python strings at a time, which take several times the memory of Arrow's
TEXT = pa.large_string()
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_OTHER_KINDS = {
    b"PK\x03\x04": ("a spreadsheet or a zip archive", "save the table as CSV in UTF-8"),
    b"\xd0\xcf\x11\xe0": ("a spreadsheet", "save the table as CSV in UTF-8"),
    b"\x1f\x8b": ("compressed", "unpack it with gunzip"),
    b"PAR1": ("a Parquet file", "name it FILE.parquet"),
}
_REPAIRS = {
    "unexpected end of data": "a quotation mark opens here and never closes; close it, or double it if it is text",
    "expected after": "text follows a closing quotation mark; double a mark that belongs to the text, or say with "
    "sep=MARK what stands between the values",
}


@dataclass(frozen=True, eq=False)
class CsvFile:
    """The texts of a CSV file, of which only leading blanks of values were stripped.

    Args:
        names: of the columns.
        columns: the texts of each (pyarrow arrays of TEXT).
        lines: (rows,) the line in which each row begins.
        separator: between the values.
        notes: what was done to read it.
    """

    names: list[str]
    columns: list[Any]
    lines: np.ndarray
    separator: str
    notes: tuple[Remark, ...]


def read_csv(path: Path, stated: str | None) -> CsvFile:
    """Read a CSV file; `stated` is its separator, or None to find it.

    Raises:
        DataError: neither UTF-8 nor UTF-16 with a byte order mark, without column names, or malformed; it names
            the line.
    """
    encoding = _encoding(path)
    try:
        with path.open(encoding=encoding, newline="") as file:
            read = _read(path, _without_nul(path, file), stated)
    except UnicodeError:
        raise _not_text(path, encoding) from None
    if encoding == "utf-16":
        return replace(read, notes=(Topic.UTF16(), *read.notes))
    return read


def _encoding(path: Path) -> str:
    """Tell UTF-8 from UTF-16 by the file's first bytes; refuse other kinds of files."""
    with path.open("rb") as file:
        beginning = file.read(4)
    for mark, (kind, way) in _OTHER_KINDS.items():
        if beginning.startswith(mark):
            raise DataError(f"{path}: the file is {kind} and not CSV; {way}")
    return "utf-16" if beginning.startswith(_UTF16) else "utf-8-sig"


def _not_text(path: Path, encoding: str) -> DataError:
    content = path.read_bytes()
    advice = "save the file in UTF-8, or convert it: iconv -f windows-1252 -t utf-8 OLD > NEW"
    try:
        content.decode(encoding.removesuffix("-sig"))
    except UnicodeDecodeError as problem:
        line, byte = content.count(b"\n", 0, problem.start) + 1, content[problem.start]
        name = encoding.removesuffix("-sig").upper()
        return DataError(f"{path}: byte {problem.start} (0x{byte:02X}, in line {line}) is not {name}; {advice}")
    return DataError(f"{path}: the file is not text; {advice}")


def _without_nul(path: Path, lines: Iterable[str]) -> Iterator[str]:
    for number, line in enumerate(lines, start=1):
        if "\0" in line:
            raise DataError(
                f"{path}: line {number} holds a NUL byte, which no text has; the file is damaged, or of another "
                "kind: save the table as CSV in UTF-8 again"
            )
        yield line


def _read(path: Path, lines: Iterator[str], stated: str | None) -> CsvFile:
    opening, first = _opening(path, lines)
    if marked := re.fullmatch(r'"?sep=(.)"?', first.strip("\r\n")):  # as spreadsheets write it
        more, first = _opening(path, lines)
        opening += ["\n", *more]
    below = next(lines, "")
    check_title(path, first, below, len(opening) + 1)
    separator = _separator(path, first, stated or (marked[1] if marked else None), len(opening) + 1)
    notes = [] if stated or separator == "," else [Topic.SEPARATOR(mark=shown(separator))]
    records = _records(path, itertools.chain([first, below], lines), separator, len(opening))
    top, names = next(records)
    comments = [line.strip() for line in opening if line.strip()]
    above = _values(comments[-1].lstrip("# "), separator) if comments else []
    if len(above) == len(names) and any(map(is_number, names)) and not any(map(is_number, above)):
        records, names, top = itertools.chain([(top, names)], records), above, len(opening)
        notes.append(Topic.NAMES_IN_COMMENT(text=comments.pop()))
    if comments:
        notes.append(Topic.COMMENT_LINES(lines=len(comments), text=comments[0]))
    columns, places = _simply(path, names, top, separator) or _columns(path, records, names, top, separator)
    check_names(path, names, columns, places, top)
    return CsvFile([visible(name.strip()) for name in names], columns, places, separator, tuple(notes))


def _opening(path: Path, lines: Iterator[str]) -> tuple[list[str], str]:
    """Return the blank lines and comments at the top, and the first line of the table."""
    opening: list[str] = []
    for line in lines:
        if line.strip() and not line.startswith("#"):
            return opening, line
        opening.append(line)
    if opening and opening[-1].strip():
        return opening[:-1], opening[-1]  # the file is only a line of names that begins with #
    raise DataError(f"{path}: there is no line of names; a table has names in its first line, and rows")


def _separator(path: Path, first: str, stated: str | None, line: int) -> str:
    unquoted = re.sub(r'"[^"]*"?', "", first)
    if path.suffix.lower() == ".tsv" and "\t" in unquoted:
        stated = stated or "\t"
    found = "," if "," in unquoted else next((mark for mark in SEPARATORS if mark in unquoted), ",")
    if stated and stated not in unquoted and found in unquoted:
        raise DataError(
            f"{path}: sep={shown(stated)}, but line {line}, that of the names, has none; it has {shown(found)}: "
            f"write sep={shown(found)}"
        )
    if (
        not stated
        and '"' in first
        and re.fullmatch(r'(?:"[^"]*"|[^\s,;|]+)(?: +(?:"[^"]*"|[^\s,;|]+))+\s*', first)
    ):
        raise DataError(f"{path}: line {line} has blanks between its names; write sep=space")
    return stated or found


def _values(line: str, separator: str) -> list[str]:
    return next(csv.reader([line], delimiter=separator, skipinitialspace=True), [])


def _records(path: Path, lines: Iterable[str], separator: str, skipped: int) -> Iterator[Record]:
    """Yield the records that are not blank, each with the line in which it begins."""
    reader = csv.reader(lines, delimiter=separator, skipinitialspace=True, strict=True)
    last = skipped
    try:
        for record in reader:
            if record and record != [""]:
                yield last + 1, record
            last = skipped + reader.line_num
    except csv.Error as problem:
        meant = next((text for words, text in _REPAIRS.items() if words in str(problem)), None)
        raise DataError(f"{path}: line {last + 1}: {meant or f'{problem}; correct it'}") from None


def _simply(path: Path, names: list[str], top: int, separator: str) -> tuple[list[Any], np.ndarray] | None:
    """Do what `_columns` does, ten times as fast, where nothing is quoted; return None otherwise."""
    content = path.read_bytes()
    if separator == " " or content.startswith(_UTF16) or any(mark in content for mark in (b'"', b"\0")):
        return None
    lines = np.flatnonzero([len(line) > 0 for line in content.splitlines()][top:]) + top + 1
    places = [str(place) for place in range(len(names))]
    try:
        table = pyarrow.csv.read_csv(
            pa.BufferReader(content),
            pyarrow.csv.ReadOptions(column_names=places, skip_rows=top),
            pyarrow.csv.ParseOptions(delimiter=separator, quote_char=False),
            pyarrow.csv.ConvertOptions(column_types=dict.fromkeys(places, TEXT), null_values=[]),
        )
    except pa.ArrowInvalid:
        return None  # `_columns` reports where and why
    columns = [pc.utf8_ltrim(column.combine_chunks(), " ") for column in table.columns]
    return (columns, lines) if len(lines) == len(table) else None


def _columns(
    path: Path, records: Iterable[Record], names: list[str], top: int, separator: str
) -> tuple[list[Any], np.ndarray]:
    """Return the texts of each column, and the line of each row."""
    lines, chunks = array("q"), []
    records = iter(records)
    while chunk := list(itertools.islice(records, _CHUNK)):
        for place, (line, record) in enumerate(chunk):
            if len(record) != len(names):
                wrong = [*chunk[place:], *itertools.islice(records, _CHUNK)]
                raise ragged(path, names, top, separator, wrong, len(lines))
            lines.append(line)
        chunks.append([pa.array(column, TEXT) for column in zip(*(record for _, record in chunk), strict=True)])
    columns = [pa.concat_arrays(parts) for parts in zip(*chunks, strict=True)]
    return columns or [pa.array([], TEXT)] * len(names), np.array(lines, dtype=np.int64)
