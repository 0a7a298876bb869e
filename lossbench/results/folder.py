"""Which run's files are in a folder already."""

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


def other_run_command(folder: Path, settings: Settings) -> str:
    """Return the command of another experiment whose files are in a folder; empty if there is none.

    Two runs are of one experiment if their settings are equal, however they were trained.

    Example:
        >>> from tempfile import gettempdir
        >>> from lossbench.plan.settings import make_settings
        >>> other_run_command(Path(gettempdir()) / "nothing is here", make_settings())
        ''
    """
    try:
        found = read_manifest(folder, needed=())
    except DataError:
        return UNKNOWN
    if found is None or found.content.get("config") == json.loads(json_text(asdict(settings))):
        return ""
    return str(found.content.get("command") or UNKNOWN)


def free_folder(folder: Path, settings: Settings) -> Path:
    """Return a folder without files of another experiment: this one, or its name with -2, -3 ... added."""
    places = chain([folder], (folder.with_name(f"{folder.name}-{number}") for number in count(2)))
    return next(place for place in places if not other_run_command(place, settings))
