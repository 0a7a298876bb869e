"""Functions of `scipy.special`, without the tenth of a second that to import all of it takes.

Most of that goes into what lets it take arrays of other libraries. The functions themselves lie in one compiled
module, which needs nothing of the package around it.
"""

from __future__ import annotations

import sys
from functools import cache
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

PACKAGE = "scipy.special"


@cache
def special() -> Any:
    """Return a module with the functions of `scipy.special`: those very ones, to the last bit.

    Where the compiled module is not by itself any more, in another scipy, that is the package.

    Example:
        >>> float(special().ndtr(0.0))
        0.5
    """
    return import_module(PACKAGE) if PACKAGE in sys.modules else _compiled() or import_module(PACKAGE)


def _compiled() -> ModuleType | None:
    """Return the compiled module, imported with a stand-in for the package; None where that does not go."""
    import scipy

    stand_in = ModuleType(PACKAGE)
    stand_in.__path__ = [str(Path(scipy.__file__).with_name("special"))]
    sys.modules[PACKAGE] = stand_in
    try:
        return import_module(f"{PACKAGE}._ufuncs")
    except (ImportError, AttributeError):
        return None
    finally:
        del sys.modules[PACKAGE]
