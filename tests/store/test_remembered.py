"""What takes long to make is made once, and again whenever it may have become another."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from lossbench.run.provenance import code_hash, program, program_files
from lossbench.store.remembered import remembered


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a folder for the store."""
    monkeypatch.setenv("LOSSBENCH_CACHE", str(tmp_path))
    return tmp_path


def refuse() -> str:
    """Fail where something is made that is known."""
    raise AssertionError


def test_it_is_made_once_for_each_stamp(folder: Path) -> None:
    """The same stamp gives the same text; another stamp, and the first one after that, a new one."""
    assert remembered("one", "a", lambda: "first") == "first" == remembered("one", "a", refuse)
    assert remembered("one", "b", lambda: "second") == "second" == remembered("one", "b", refuse)
    assert remembered("one", "a", lambda: "third") == "third"
    assert [path.name for path in folder.iterdir()] == ["one"]


@pytest.mark.parametrize(
    "content", [b"", b"a", b"a first", b"a first ", b"a fir\xff \n", b"a first \n more", b"a b c d"]
)
def test_what_is_not_whole_is_made_again(folder: Path, content: bytes) -> None:
    """A file that was cut short, or is another's, is not believed."""
    (folder / "one").write_bytes(content)
    assert remembered("one", "a", lambda: "made") == "made" == remembered("one", "a", refuse)


@pytest.mark.parametrize("place", ["missing", "file"])
def test_without_a_folder_it_is_made_every_time(folder: Path, monkeypatch: pytest.MonkeyPatch, place: str) -> None:
    """Where the store has no folder, or none that can be one, nothing is written and nothing fails."""
    (folder / "file").touch()
    monkeypatch.setenv("LOSSBENCH_CACHE", str(folder / place))
    assert remembered("one", "a", lambda: "first") == "first"
    assert remembered("one", "a", lambda: "second") == "second"
    assert [path.name for path in folder.iterdir()] == ["file"]


def test_the_hash_of_the_program_follows_its_files(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is that of the code, kept or not; a file that may have changed is read again."""
    program.cache_clear()
    assert program() == code_hash(program_files())
    monkeypatch.setattr("lossbench.run.provenance.code_hash", lambda files: "other")
    program.cache_clear()
    assert program() != "other"
    source = folder / "randomness.py"
    source.write_text("x = 1\n")
    monkeypatch.setattr("lossbench.run.provenance.program_files", lambda: [source])
    program.cache_clear()
    assert program() == "other"
    monkeypatch.setattr("lossbench.run.provenance.code_hash", lambda files: "again")
    os.utime(source, (1, 1))
    program.cache_clear()
    assert program() == "again"
    program.cache_clear()
