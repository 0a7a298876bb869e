"""What `import lossbench` offers, and that it costs nothing until it is used."""

from __future__ import annotations

import importlib.metadata
import subprocess
import sys

import pytest

import lossbench

HEAVY = ("torch", "numpy", "pandas", "scipy", "sklearn", "joblib", "rich", "click")


def in_a_new_process(program: str) -> str:
    """Run a program in a fresh interpreter and return what it prints."""
    return subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True).stdout


def test_the_exported_names_are_these() -> None:
    """A name that users rely on neither comes nor goes unnoticed."""
    classes = ["Choice", "Comparison", "Loss", "LossbenchError", "SavedRun", "UsageError"]
    functions = ["check_claims", "choose", "compare", "datasets", "get_loss", "load", "losses", "merge"]
    names = [*classes, *functions, "register_loss"]
    assert names == lossbench.__all__ == dir(lossbench)


@pytest.mark.parametrize("name", lossbench.__all__)
def test_every_name_is_there_and_documented(name: str) -> None:
    """Each name leads to an object of that name, with a docstring."""
    found = getattr(lossbench, name)
    assert found.__name__.removeprefix("lossbench.") == name  # one is a package that can be called
    assert found.__doc__


def test_an_unknown_name_is_an_attribute_error() -> None:
    """A wrong name fails as it does in any module, and names itself."""
    with pytest.raises(AttributeError, match="no attribute 'compar'"):
        lossbench.compar  # noqa: B018


def test_importing_imports_nothing_heavy() -> None:
    """`import lossbench` brings in none of the libraries that take long to load."""
    program = f"import sys, lossbench; print([name for name in {HEAVY} if name in sys.modules])"
    assert in_a_new_process(program) == "[]\n"


def test_losses_is_a_package_and_a_list() -> None:
    """`lossbench.losses` can be imported from and called, whichever comes first."""
    for first in ("lossbench.losses()", "import lossbench.losses", "from lossbench.losses import get_loss"):
        shown = "len(lossbench.losses()) > 50, lossbench.losses.get_loss('huber').name"
        program = f"import lossbench; {first}; print({shown})"
        assert in_a_new_process(program) == "True huber\n"


def test_star_import_gives_the_names() -> None:
    """`from lossbench import *` binds what is exported, and no more."""
    space: dict[str, object] = {}
    exec("from lossbench import *", space)
    assert set(space) - {"__builtins__"} == set(lossbench.__all__)


def test_the_version_is_that_of_the_package() -> None:
    """It is the one that the manifest records."""
    assert lossbench.__version__ == importlib.metadata.version("lossbench")
