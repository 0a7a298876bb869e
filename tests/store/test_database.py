from __future__ import annotations

import random
import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import pytest

from lossbench.errors import DataError, OutputError, UsageError
from lossbench.store import Store, remove
from lossbench.store.database import FORMAT
from lossbench.store.record import NO_OUTPUTS

from .cases import block, holds, key, older, same


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return the path of a store that does not exist yet."""
    return tmp_path / "trials.sqlite"


def change(path: Path, *statements: str) -> None:
    """Run SQL in a file."""
    connection = sqlite3.connect(path)
    with connection:
        for statement in statements:
            connection.execute(statement)
    connection.close()


def test_a_store_of_a_newer_lossbench_is_refused(path: Path) -> None:
    """The error says so and what to do; the file stays as it is."""
    Store(path).__exit__()
    change(path, f"PRAGMA user_version = {FORMAT + 1}")
    before = path.read_bytes()
    with pytest.raises(OutputError, match=rf"format {FORMAT + 1}, .* above {FORMAT}; update lossbench"):
        Store(path)
    assert path.read_bytes() == before


def test_a_file_of_another_program_is_refused(path: Path) -> None:
    """Any SQLite file that is not a store is left as it is."""
    change(path, "CREATE TABLE letters (a)")
    before = path.read_bytes()
    with pytest.raises(OutputError, match="is no store of finished trials"):
        Store(path)
    assert path.read_bytes() == before


@pytest.mark.parametrize("content", [b"", b"dataset,task\n" * 100], ids=["empty", "text"])
def test_only_a_store_is_opened_where_none_is_to_be_made(path: Path, content: bytes) -> None:
    """An empty file, a file of another kind and a missing file are refused and not made into a store."""
    with pytest.raises(DataError, match="no store of finished trials at"):
        Store(path, create=False)
    path.write_bytes(content)
    with pytest.raises(UsageError, match=r"is no store|is damaged"):
        Store(path, create=False)
    assert path.read_bytes() == content


@pytest.mark.parametrize("content", [b"dataset,task\n" * 100, b"SQLite format 3\0" + b"\1" * 2000])
def test_a_file_that_is_no_database_is_refused(path: Path, content: bytes) -> None:
    """One message says which file is damaged and how, how to remove it, and how to run without."""
    path.write_bytes(content)
    with pytest.raises(DataError) as refusal:
        Store(path)
    for word in (f"'{path}'", "damaged", "lossbench cache clear", "--no-cache", "LOSSBENCH_CACHE"):
        assert word in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_a_damaged_file_never_gives_a_wrong_result(path: Path) -> None:
    """Whatever byte is changed or cut off, each trial comes back as it was or not at all, or there is an error."""
    trials = {key(done.row): done for done in block(range(8))}
    with Store(path) as store:
        store.put(trials.values())
    sound, draw, refusals = path.read_bytes(), random.Random(0), []
    places = [place for place, byte in enumerate(sound) if byte]  # most of the file is empty
    for attempt in range(300):
        damaged = bytearray(sound)
        damaged[draw.choice(places)] ^= draw.randrange(1, 256)
        path.write_bytes(damaged[: draw.randrange(len(sound))] if attempt % 5 == 0 else damaged)
        try:
            with Store(path) as store:
                assert all(same(found, trials[name]) for name, found in store.get(list(trials)).items())
                assert all(row == trials[key(row)].row for row in store.rows())
        except UsageError as refusal:
            refusals.append(str(refusal))
        remove(path)
    assert len(refusals) > 100
    assert all(str(path) in refusal and len(refusal) < 500 for refusal in refusals)


OLD = {1: "ALTER TABLE trials DROP COLUMN outputs; PRAGMA user_version = 1", 2: "PRAGMA user_version = 2"}
"""Make the store as it was before raw outputs were kept, and before floats were stored as bytes."""


@pytest.mark.parametrize("version", OLD)
def test_a_store_of_an_older_format_is_read_and_goes_on(path: Path, version: int) -> None:
    """Its trials come back without outputs, and new ones with them; as the source of a merge it stays as it is."""
    with Store(path) as store:
        store._add(older(done._replace(outputs=NO_OUTPUTS)) for done in block(range(3)))
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(OLD[version])
    before = path.read_bytes()
    with Store(path, create=False) as old, Store(path.with_name("new.sqlite")) as new:
        assert new.merge(old) == 3
        assert holds(new, [done._replace(outputs=NO_OUTPUTS) for done in block(range(3))])
    assert path.read_bytes() == before
    for _ in range(2):
        with Store(path) as store:
            store.put(block([7]))
            assert store.get([key(done.row) for done in block([7])]).popitem()[1].outputs.size
            assert len(store) == 4


@pytest.mark.parametrize("change_of", ["lines = '[]'", "claim = 'T4'", "checksum = 0"])
def test_damaged_evidence_is_refused(path: Path, change_of: str) -> None:
    """It comes back as it was or not at all, as a trial does."""
    with Store(path) as store:
        store.remember("a", "T3", "[[1]]")
    change(path, f"UPDATE evidence SET {change_of}")
    with Store(path) as store, pytest.raises(DataError, match="checksum of evidence a"):
        store.recall("a")


def test_a_store_from_before_there_was_evidence_takes_some(path: Path) -> None:
    """Its trials are kept; as the source of a merge it stays as it is."""
    with Store(path) as store:
        store.put(block(range(3)))
    change(path, "DROP TABLE evidence")
    before = path.read_bytes()
    with Store(path, create=False) as store, Store(path.with_name("other.sqlite")) as other:
        assert other.merge(store) == 3
    assert path.read_bytes() == before
    with Store(path) as store:
        store.remember("a", "T3", "[]")
        assert store.recall("a") == "[]"
        assert holds(store, block(range(3)))


def test_removing_a_damaged_store_makes_room_for_a_new_one(path: Path) -> None:
    """The store then opens empty; removing a missing file is no error."""
    path.write_bytes(b"dataset,task\n" * 100)
    remove(path)
    assert not list(path.parent.iterdir())
    remove(path)
    with Store(path) as store:
        assert len(store) == 0


def test_what_cannot_be_removed_is_said(tmp_path: Path) -> None:
    """One message, not the system's."""
    with pytest.raises(OutputError, match="cannot remove"):
        remove(tmp_path)


def test_a_full_disk_keeps_what_was_there(path: Path) -> None:
    """The block that does not fit is left out whole; once there is room again, the same store takes it."""
    with Store(path) as store:
        store.put(block(range(10)))
        store._connection.execute("PRAGMA max_page_count = 1")  # never less than what is in use
        with pytest.raises(OutputError) as refusal:
            store.put(block(range(10, 200)))
        for word in (f"'{path}'", "full", "what it holds is kept", "--no-cache", "LOSSBENCH_CACHE"):
            assert word in str(refusal.value)
        assert holds(store, block(range(10)))
        store._connection.execute("PRAGMA max_page_count = 100000")
        store.put(block(range(10, 200)))
        assert holds(store, block(range(200)))


def test_a_file_that_may_only_be_read_can_be_read(path: Path) -> None:
    """Reads work and writes are refused."""
    with Store(path) as store:
        store.put(block(range(3)))
        store._connection.execute("PRAGMA query_only = ON")
        with pytest.raises(OutputError, match="Make the file and its folder writable"):
            store.put(block(range(5)))
        assert holds(store, block(range(3)))


@pytest.mark.parametrize("place", ["file/trials.sqlite", "file/sub/trials.sqlite", "folder"])
def test_a_place_where_no_store_can_be(tmp_path: Path, place: str) -> None:
    """A file in the way, a folder where the file should be."""
    (tmp_path / "file").touch()
    (tmp_path / "folder").mkdir()
    with pytest.raises(OutputError, match="--no-cache"):
        Store(tmp_path / place)


def test_a_writer_waits_for_another_but_not_for_ever(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Reads go on meanwhile; the write ends with a message, and later the store works as before."""
    with Store(path) as first:
        monkeypatch.setattr("lossbench.store.database.PATIENCE", 0.05)
        with Store(path) as second:
            with first._writing():
                assert len(second) == 0
                with pytest.raises(OutputError, match="Wait until the other process has written"):
                    second.put(block(range(3)))
            assert second.put(block(range(3))) == 3
        assert holds(first, block(range(3)))


def test_many_can_make_the_store_at_once(path: Path) -> None:
    """Runs that start at the same moment all open the store, whichever makes it."""
    start, failures = threading.Barrier(6), []

    def make() -> None:
        start.wait()
        try:
            with Store(path) as store:
                store.put(block(range(2)))
        except UsageError as error:
            failures.append(error)

    for _ in range(8):
        threads = [threading.Thread(target=make) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert not failures
        remove(path)


def test_a_making_that_was_cut_short_is_made_up_for(path: Path) -> None:
    """A process may be killed between making the file and making its tables."""
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.close()
    with Store(path) as store:
        assert store.put(block([0])) == 1
