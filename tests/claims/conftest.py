"""A study that is over at once, and claims written on the spot."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from lossbench.claims import Catalogue, Study, read_catalogue, read_terms


@pytest.fixture(scope="session")
def study() -> Study:
    """Give a study of three seeds and two epochs, with one process."""
    return Study(replace(read_terms(), seeds=3, epochs=2), jobs=1)


@pytest.fixture
def written(tmp_path: Path) -> Callable[[str], Catalogue]:
    """Write a user's file and read it."""

    def write(text: str) -> Catalogue:
        file = tmp_path / "mine.toml"
        file.write_text(text, encoding="utf-8")
        return read_catalogue(file)

    return write
