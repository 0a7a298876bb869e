"""The store: finished trials by key, with their rows and validation curves."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any

from lossbench.errors import BadValue, DataError, OutputError
from lossbench.home import expand
from lossbench.store.database import connect, damaged, explained
from lossbench.store.key import Row, hash_in, trial_of
from lossbench.store.record import Done, Record, checksum, decode, encode

LAYOUT, WRITTEN = Record._fields.index("layout"), Record._fields.index("written")
LATEST = 2**35  # seconds since 1970, about a thousand years
CHUNK = 499  # keys per query, each in two forms; SQLite may be built to take no more than 999

_SELECT = """SELECT key, dataset, loss, fingerprint, written, names, cells, curve, checksum, outputs
    FROM trials LEFT JOIN columns ON columns.id = trials.columns"""
_INSERT = "INSERT INTO trials VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (key) DO NOTHING"
_GROUPS = """SELECT dataset, fingerprint, count(DISTINCT loss), count(*), min(written), max(written)
    FROM trials GROUP BY dataset, fingerprint ORDER BY dataset, fingerprint"""
_OLDER = """SELECT EXISTS (SELECT 1 FROM columns WHERE names NOT LIKE '[[%')"""


def is_time(value: object) -> bool:
    """Say whether a value is a plausible time of storing, in seconds since 1970."""
    return isinstance(value, int) and 0 <= value < LATEST


@dataclass(frozen=True)
class Group:
    """The stored trials of one data set and one fingerprint.

    Args:
        dataset: spec of the data set.
        fingerprint: digest of engine, versions and processor.
        losses: the number of losses.
        trials: the number of trials.
        oldest: when the first trial was stored, seconds since 1970.
        newest: when the last trial was stored, likewise.
    """

    dataset: str
    fingerprint: str
    losses: int
    trials: int
    oldest: int
    newest: int


class Store:
    """An SQLite file of finished trials. Several processes may read and write it at once.

    Every method raises OutputError if the file cannot be written (its contents are kept) and DataError if it is
    damaged.

    Args:
        path: the file.
        create: make the file and its folder if they do not exist.

    Raises:
        OutputError: the file cannot be made or written, or another program or a newer lossbench made it.
        DataError: it is damaged, or does not exist and `create` is False.

    Example:
        >>> import tempfile
        >>> with Store(Path(tempfile.mkdtemp()) / "trials.sqlite") as store:
        ...     len(store)
        0
    """

    def __init__(self, path: Path, create: bool = True) -> None:
        self.path, self._connection = path, connect(path, create)

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def __len__(self) -> int:
        return int(self._query("SELECT count(*) FROM trials")[0][0])

    def get(self, keys: Sequence[str]) -> dict[str, Done]:
        """Return the finished trials that are stored under these keys, by key."""
        chunks = (keys[start : start + CHUNK] for start in range(0, len(keys), CHUNK))
        return {record.key: self._decoded(record) for chunk in chunks for record in self._records(chunk)}

    def put(self, trials: Iterable[Done]) -> int:
        """Store finished trials: all of them or, on failure, none. Return how many are new.

        Raises:
            DataError: a different result of one of the trials is stored already.
        """
        now = int(time.time())
        return self._add(encode(done, now) for done in trials)

    def merge(self, other: Store) -> int:
        """Store the trials of another store: all of them or, on failure, none. Return how many are new.

        Evidence on claims is not copied: it is made again from trials in seconds.

        Raises:
            DataError: the two stores hold different results of one trial, or a key of the other store is that of
                another row.
        """
        return self._add(map(other._checked, other._records()))

    def rows(self) -> Iterator[Row]:
        """Yield every row, sorted by what was trained."""

        def order(record: Record) -> tuple[Any, ...]:
            return *vars(trial_of(self._decoded(record).row)).values(), hash_in(record.key)

        # Records are sorted, not rows: they take a tenth of the memory.
        for record in sorted(self._records(), key=order):
            yield self._decoded(record).row

    def recall(self, key: str) -> str | None:
        """Return the evidence that is stored under a key; None if there is none.

        Raises:
            DataError: it is damaged.
        """
        with explained(self.path):
            query = "SELECT claim, lines, checksum FROM evidence WHERE key = ?"
            held = self._connection.execute(query, (key,)).fetchone()
        if held is None:
            return None
        claim, lines, total = held
        if total != checksum(key, claim, lines):
            raise damaged(self.path, f"checksum of evidence {key}")
        return str(lines)

    def remember(self, key: str, claim: str, lines: str) -> None:
        """Store evidence on a claim; see `lossbench.claims.memory` for key and lines.

        What a run printed is stored likewise, without a claim; see `lossbench.results.again`.
        """
        values = key, claim, lines, checksum(key, claim, lines)
        with self._writing():
            self._connection.execute(
                "INSERT INTO evidence VALUES (?, ?, ?, ?) ON CONFLICT (key) DO NOTHING", values
            )

    def claims(self) -> int:
        """Return the number of claims with evidence."""
        return int(self._query("SELECT count(DISTINCT claim) FROM evidence WHERE claim != ''")[0][0])

    def clear(self, dataset: str | None = None, loss: str | None = None) -> int:
        """Remove the trials of a data set, of a loss, of both, or all of them. Return how many were removed.

        All evidence on claims is removed too, since it may depend on these trials.
        """
        condition = "(?1 IS NULL OR dataset = ?1) AND (?2 IS NULL OR loss = ?2)"
        with self._writing():
            self._connection.execute("DELETE FROM evidence")
            return self._connection.execute(f"DELETE FROM trials WHERE {condition}", (dataset, loss)).rowcount

    def remove(self, keys: Sequence[str]) -> None:
        """Remove the trials of these keys, as far as they are stored."""
        with self._writing():
            both = ((key, hash_in(key)) for key in keys)
            self._connection.executemany("DELETE FROM trials WHERE key IN (?, ?)", both)

    def groups(self) -> list[Group]:
        """Count what is stored, by data set and fingerprint."""
        found = [Group(*values) for values in self._query(_GROUPS)]
        for group in found:
            times = (group.oldest, group.newest)
            if not all(map(is_time, times)):
                raise damaged(self.path, f"times {times}")
        return found

    def size(self) -> int:
        """Return the size of the store in bytes."""
        return int(self._query("SELECT page_count * page_size FROM pragma_page_count, pragma_page_size")[0][0])

    def _records(self, keys: Sequence[str] | None = None) -> Iterator[Record]:
        """Yield the records of some keys, or all of them; raise DataError at one that is damaged."""
        by_hash = {hash_in(key): key for key in keys or ()}
        wanted = [*by_hash.values(), *(by_hash if by_hash and self._has_older() else ())]
        condition = "" if keys is None else f" WHERE key IN ({','.join('?' * len(wanted))})"
        with explained(self.path):
            for values in self._connection.execute(_SELECT + condition, wanted):
                record = Record(*values)
                if not record.intact:
                    raise damaged(self.path, f"checksum of trial {record.key}")
                yield record._replace(key=by_hash[record.key]) if record.key in by_hash else record

    def _has_older(self) -> bool:
        """Whether the store may have trials from before the third format, when keys were shorter."""
        return bool(self._query(_OLDER)[0][0])

    def _decoded(self, record: Record) -> Done:
        """Return the trial of a record; raise DataError if it cannot be read."""
        try:
            return decode(record)
        except ValueError as error:
            raise damaged(self.path, f"trial {record.key}: {error}") from None

    def _checked(self, record: Record) -> Record:
        """Return a record in the current format; raise DataError if its key or another field is wrong."""
        anew = self._in_current_format(record)
        known = (hash_in(anew.key) if record.older else anew.key, *anew[1:WRITTEN])
        if known != record[:WRITTEN]:
            raise damaged(self.path, f"trial {record.key}: the key is that of another row")
        if not is_time(record.written):
            raise damaged(self.path, f"trial {record.key}: stored at {record.written!r:.50}")
        return anew

    def _in_current_format(self, record: Record) -> Record:
        return encode(self._decoded(record), record.written)

    def _add(self, records: Iterable[Record]) -> int:
        waiting, columns = iter(records), cache(self._columns)
        with self._writing():
            chunks = iter(lambda: list(islice(waiting, CHUNK)), [])
            return sum(self._insert(chunk, columns) for chunk in chunks)

    def _insert(self, records: list[Record], columns: Callable[[str], int]) -> int:
        new = self._not_stored(records) if self._has_older() else records
        cells = ((*record[:LAYOUT], columns(record.layout), *record[LAYOUT + 1 :]) for record in new)
        added = self._connection.executemany(_INSERT, cells).rowcount
        if added < len(records):
            self._compare(records)
        return added

    def _not_stored(self, records: list[Record]) -> list[Record]:
        """Return the records that are not stored; SQLite sees no conflict with a shorter, older key."""
        held = {record.key for record in self._records([record.key for record in records])}
        return [record for record in records if record.key not in held]

    def _columns(self, layout: str) -> int:
        """Store a layout, unless it is stored, and return its number."""
        self._connection.execute("INSERT OR IGNORE INTO columns (names) VALUES (?)", (layout,))
        return int(self._connection.execute("SELECT id FROM columns WHERE names = ?", (layout,)).fetchone()[0])

    def _compare(self, records: list[Record]) -> None:
        """Raise DataError if a different result is stored under the key of one of the records."""
        held = {record.key: record for record in self._records([record.key for record in records])}
        for record in records:
            there = held[record.key]
            if there.checksum != record.checksum and self._in_current_format(there).checksum != record.checksum:
                raise self._contradiction(there, record)

    def _contradiction(self, held: Record, new: Record) -> DataError:
        old, row = self._decoded(held).row, self._decoded(new).row
        names = (name for name in row if repr(row[name]) != repr(old[name]))
        where = next((f"{name} {old[name]} and {row[name]}" for name in names), "two curves or outputs")
        return DataError(
            f"two results of one trial: {where}; '{self.path}' holds the first, of {trial_of(row)}. On one kind "
            "of machine a trial has one result: find out which is wrong. To train it again: "
            f"lossbench cache clear --dataset {row['dataset']} --loss {row['loss']}"
        )

    def _query(self, text: str) -> list[tuple[Any, ...]]:
        with explained(self.path):
            return self._connection.execute(text).fetchall()

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """Write all or nothing, in one transaction that excludes other writers."""
        with explained(self.path), self._connection:
            self._connection.execute("BEGIN IMMEDIATE")
            yield


def open_store(folder: str | Path | None = None) -> Store:
    """Open the store in a folder, by default the user's own; see `Store` for what may be raised."""
    return Store(store_path(folder))


def storage(wanted: bool) -> AbstractContextManager[Store | None]:
    """Open the user's own store, unless none is wanted."""
    return open_store() if wanted else nullcontext()


def store_path(folder: str | Path | None = None) -> Path:
    """Return the path of the store in a folder; it need not exist.

    Args:
        folder: None for the user's default: `$LOSSBENCH_CACHE`, else `$XDG_CACHE_HOME/lossbench`, else
            `~/.cache/lossbench`.
    """
    folder = folder or os.environ.get("LOSSBENCH_CACHE")
    if not folder:
        folder = Path(os.environ.get("XDG_CACHE_HOME") or _caches(), "lossbench")
    return Path(expand(str(folder)), "trials.sqlite")


def _caches() -> str:
    try:
        return expand("~/.cache")
    except BadValue:
        raise OutputError(
            "no home folder is known here for the store of finished trials; name a folder in LOSSBENCH_CACHE, or "
            "run with --no-cache"
        ) from None
