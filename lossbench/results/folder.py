"""Whose files lie in the folder that a run would write to."""

from __future__ import annotations

import json
from dataclasses import asdict
from itertools import chain, count
from pathlib import Path
from typing import TYPE_CHECKING

from lossbench.errors import DataError
from lossbench.results.manifest import read_manifest
from lossbench.results.write import json_text

if TYPE_CHECKING:
    from lossbench.plan.settings import Settings

UNKNOWN = "of which nothing else is known"


def other_run(folder: Path, settings: Settings) -> str:
    """Return the command of another experiment whose files lie in a folder; empty where there is none.

    Two runs are of one experiment where their settings are the same, however they were trained.

    Example:
        >>> from tempfile import gettempdir
        >>> from lossbench.plan.settings import make_settings
        >>> other_run(Path(gettempdir()) / "nothing is here", make_settings())
        ''
    """
    try:
        found = read_manifest(folder, needed=())
    except DataError:
        return UNKNOWN
    if found is None or found.content.get("config") == json.loads(json_text(asdict(settings))):
        return ""
    return str(found.content.get("command") or UNKNOWN)


def own_folder(folder: Path, settings: Settings) -> Path:
    """Return a folder in which no other experiment's files lie: this one, or with -2, -3 ... after its name."""
    places = chain([folder], (folder.with_name(f"{folder.name}-{number}") for number in count(2)))
    return next(place for place in places if not other_run(place, settings))
