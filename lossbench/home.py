"""The home folder, for paths that no shell has read."""

from __future__ import annotations

import os.path

from lossbench.errors import BadValue


def expand(path: str) -> str:
    """Return a path with ~ as the home folder, as in `--output=~/runs` or `-d moons,~/sales.csv`.

    Raises:
        BadValue: the system knows no home folder.

    Example:
        >>> expand("runs/~1")
        'runs/~1'
    """
    expanded = os.path.expanduser(path)
    if expanded == "~" or expanded.startswith("~/"):
        raise BadValue(f"'{path}': no home folder is known here; set HOME, or give a path without ~")
    return expanded
