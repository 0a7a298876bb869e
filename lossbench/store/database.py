"""The SQLite file under the store: how it is made and opened, and how its errors are explained to a user.

The file is in WAL mode: readers and one writer do not wait for each other, and a killed process leaves only whole
transactions. With `synchronous = NORMAL` a power cut may lose the last transactions, but not the file; lost trials
are trained again.
"""

from __future__ import annotations

import os.path
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from textwrap import shorten

from lossbench.errors import DataError, OutputError, UsageError

APPLICATION = int.from_bytes(b"loss", "big")  # marks an SQLite file as one of ours
FORMAT = 3  # version of the tables and their contents; increase it when an older lossbench could not read them
PATIENCE = 60.0  # seconds to wait for another process that writes

EVIDENCE = """CREATE TABLE IF NOT EXISTS evidence (
        key TEXT PRIMARY KEY,
        claim TEXT NOT NULL,
        lines TEXT NOT NULL,
        checksum INTEGER NOT NULL
    )"""

TABLES = (
    """CREATE TABLE IF NOT EXISTS columns (
        id INTEGER PRIMARY KEY,
        names TEXT NOT NULL UNIQUE
    )""",
    """CREATE TABLE IF NOT EXISTS trials (
        key TEXT PRIMARY KEY,
        dataset TEXT NOT NULL,
        loss TEXT NOT NULL,
        fingerprint TEXT NOT NULL,
        written INTEGER NOT NULL,
        columns INTEGER NOT NULL REFERENCES columns,
        cells TEXT NOT NULL,
        curve BLOB NOT NULL,
        checksum INTEGER NOT NULL,
        outputs BLOB NOT NULL DEFAULT x''
    )""",
    EVIDENCE,
)

OUTPUTS = 2  # the first format with raw outputs
OUTPUTS_VIEW = "CREATE TEMP VIEW trials AS SELECT *, x'' AS outputs FROM main.trials"
"""Lets a store of the first format be read as it is."""

ELSEWHERE = "name another folder in LOSSBENCH_CACHE, or run without: --no-cache"

UNWRITABLE = (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM)
"""SQLite's error codes for a file or a folder that is not writable."""

_REFUSALS = {
    sqlite3.SQLITE_FULL: "Free some disk space",
    sqlite3.SQLITE_IOERR: "Check that the disk works and has free space",
    **dict.fromkeys(UNWRITABLE, "Make the file and its folder writable"),
    sqlite3.SQLITE_BUSY: "Wait until the other process has written",
}


def connect(path: Path, create: bool) -> sqlite3.Connection:
    """Open the file of a store; see `lossbench.store.Store`."""
    if create:
        _make_folder(path)
    elif not os.path.isfile(path):
        raise DataError(f"no store of finished trials at '{path}'; give the path of a trials.sqlite")
    with explained(path):
        try:
            return _open(path, "mode=rwc" if create else "mode=rw", partial(_prepare, create=create))
        except sqlite3.OperationalError as error:
            if _kind(error) not in UNWRITABLE or not os.path.isfile(path):
                raise
            return _open(path, "mode=ro&immutable=1", _prepare_to_read)


def _open(path: Path, manner: str, prepare: Callable[[sqlite3.Connection, Path], None]) -> sqlite3.Connection:
    address = f"{path.absolute().as_uri()}?{manner}"
    connection = sqlite3.connect(address, uri=True, timeout=PATIENCE, isolation_level=None)
    try:
        prepare(connection, path)
    except BaseException:
        connection.close()
        raise
    return connection


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turn SQLite's errors into errors of lossbench."""
    try:
        yield
    except sqlite3.Error as error:
        raise _explanation(path, error) from None
    except UnicodeDecodeError as error:  # raised for SQLite's own message when it quotes a damaged table
        raise damaged(path, error) from None


def damaged(path: Path, what: object) -> DataError:
    """Return the error for a file that is damaged."""
    reason = shorten(str(what), 80)  # it may quote a whole row
    return DataError(
        f"the store of finished trials '{path}' is damaged ({reason}). Remove it, as lossbench cache clear does "
        f"with your own, {ELSEWHERE}"
    )


def remove(path: Path) -> None:
    """Remove the file of a store, and the files that SQLite keeps beside it.

    Raises:
        OutputError: they cannot be removed.
    """
    try:
        for suffix in ("", "-wal", "-shm"):
            path.with_name(path.name + suffix).unlink(missing_ok=True)
    except OSError as error:
        raise OutputError(
            f"cannot remove the store of finished trials '{path}': {error.strerror or error}; {ELSEWHERE}"
        ) from None


def _explanation(path: Path, error: sqlite3.Error) -> UsageError:
    kind = _kind(error)
    if kind not in _REFUSALS:
        return damaged(path, error)
    return OutputError(
        f"cannot write the store of finished trials '{path}': {error}; what it holds is kept. "
        f"{_REFUSALS[kind]}, {ELSEWHERE}"
    )


def _kind(error: sqlite3.Error) -> int:
    # The low byte is the kind of error; an error raised by Python's sqlite3 itself has no code.
    return int(getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT)) & 0xFF


def _make_folder(path: Path) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(
            f"cannot make the folder of finished trials '{path.parent}': {error.strerror or error}; {ELSEWHERE}"
        ) from None


def _prepare(connection: sqlite3.Connection, path: Path, create: bool) -> None:
    empty = connection.execute("SELECT 1 FROM sqlite_master").fetchone() is None
    if create and empty:
        _make_tables(connection)
    _check_format(connection, path)
    if create and not empty:
        connection.execute(EVIDENCE)  # the store may be older than this table
        _upgrade(connection)
    elif _version(connection) < OUTPUTS:
        connection.execute(OUTPUTS_VIEW)
    connection.execute("PRAGMA synchronous = NORMAL")


def _upgrade(connection: sqlite3.Connection) -> None:
    """Upgrade the tables of an older store; its trials stay as they are, see `lossbench.store.cells`."""
    if _version(connection) == FORMAT:
        return
    with connection:
        connection.execute("BEGIN IMMEDIATE")
        if _version(connection) < OUTPUTS:  # asked again: another process may have upgraded it
            connection.execute("ALTER TABLE trials ADD COLUMN outputs BLOB NOT NULL DEFAULT x''")
        connection.execute(f"PRAGMA user_version = {FORMAT}")


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def _prepare_to_read(connection: sqlite3.Connection, path: Path) -> None:
    """Prepare a read-only store, in a folder where SQLite cannot write its own files either."""
    _check_format(connection, path)
    if connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'evidence'").fetchone() is None:
        connection.execute(EVIDENCE.replace("TABLE", "TEMP TABLE", 1))  # the store may be older than this table
    if _version(connection) < OUTPUTS:
        connection.execute(OUTPUTS_VIEW)


def _make_tables(connection: sqlite3.Connection) -> None:
    connection.execute("PRAGMA page_size = 16384")  # a trial takes a few thousand bytes, so little space is wasted
    connection.execute("PRAGMA auto_vacuum = FULL")  # the file shrinks when trials are cleared
    _enter_wal(connection)
    with connection:
        connection.execute("BEGIN IMMEDIATE")
        for table in TABLES:
            connection.execute(table)
        connection.execute(f"PRAGMA application_id = {APPLICATION}")
        connection.execute(f"PRAGMA user_version = {FORMAT}")


def _enter_wal(connection: sqlite3.Connection) -> None:
    # When several processes make the file at once, only one can enter WAL mode; the others fail and must retry.
    end = time.monotonic() + PATIENCE
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > end:
                raise
            time.sleep(0.01)
        else:
            return


def _check_format(connection: sqlite3.Connection, path: Path) -> None:
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    version = _version(connection)
    if application != APPLICATION:
        raise OutputError(f"'{path}' is no store of finished trials; move it away, {ELSEWHERE}")
    if connection.execute("SELECT 1 FROM sqlite_master WHERE type NOT IN ('table', 'index')").fetchone():
        raise damaged(path, "views or triggers, which a store has none of")
    if version > FORMAT:
        raise OutputError(
            f"the store of finished trials '{path}' has format {version}, and this lossbench knows none above "
            f"{FORMAT}; update lossbench, {ELSEWHERE}"
        )
