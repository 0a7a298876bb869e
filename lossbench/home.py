"""The home folder, for paths in which the shell did not expand ~."""

from __future__ import annotations

import os.path

from lossbench.errors import BadValue


def expand(path: str) -> str:
    """Replace ~ by the home folder, as in `--output=~/runs` or `-d moons,~/sales.csv`.

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
