"""A user's file on its way to a machine that does not have it: its source, and where the copy is there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from lossbench.home import expand
from lossbench.losses.composed.inside import losses_in
from lossbench.losses.custom.conventions import split_loss
from lossbench.losses.custom.source import digest, read_sources


@dataclass(frozen=True)
class Carried:
    """A Python file and the modules beside it that it imports.

    Args:
        place: the file as written in a spec.
        name: of the file.
        sources: contents by path, relative to the folder of the file.
        code: a hash of the contents.
    """

    place: str
    name: str
    sources: Mapping[str, bytes]
    code: str


def carry(specs: Iterable[str]) -> tuple[Carried, ...]:
    """Return the files that define the user's losses, models and metrics.

    Args:
        specs: of losses and models, built-in ones too, and names of metrics.

    Raises:
        LossFailed: a file that is missing, or is no longer Python.
    """
    return tuple(map(_carried, dict.fromkeys(place for spec in specs for place in files_in(spec))))


def files_in(spec: str) -> tuple[str, ...]:
    """Return the files that the spec of a loss or a model names, as written there.

    Example:
        >>> files_in("scaled:factor=2:loss=mine/losses.py:f:alpha=2"), files_in("sum:huber+mine.py:f")
        (('mine/losses.py',), ('mine.py',))
    """
    places = (split_loss(one)[0].rpartition(":")[0] for one in losses_in(spec))
    return tuple(place for place in places if place.lower().endswith(".py"))


def _carried(place: str) -> Carried:
    file = Path(expand(place)).absolute()
    sources = read_sources(file)
    code = digest(*sources.values())
    return Carried(
        place, file.name, {str(path.relative_to(file.parent)): text for path, text in sources.items()}, code
    )


_COPIES: dict[str, Path] = {}
"""Where the copies of files lie that were carried here, by the files as they are written in specs."""


def file_at(place: str) -> Path:
    """Return the file that a user names: its copy, if it was carried here, else the file in the current folder."""
    return _COPIES.get(place) or Path(expand(place)).absolute()


@contextmanager
def unloaded(files: Iterable[Carried]) -> Iterator[None]:
    """Let the names of files mean the copies that were carried here, whatever files of these names exist."""
    _COPIES.update({one.place: _copied(one) for one in files})
    try:
        yield
    finally:
        _COPIES.clear()


def _copied(carried: Carried) -> Path:
    folder = Path(_folder(carried.code).name)
    for name, content in carried.sources.items():
        path = folder / name
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
    return folder / carried.name


@cache
def _folder(code: str) -> TemporaryDirectory[str]:
    return TemporaryDirectory(prefix=f"lossbench-{code}-")  # removed when the process ends
