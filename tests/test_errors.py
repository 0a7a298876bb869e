from __future__ import annotations

import ast
import builtins
import inspect
import pickle
import re
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lossbench import errors
from lossbench.errors import BadValue, LossbenchError, LossFailed, UnknownName, UsageError

CLASSES = [c for _, c in inspect.getmembers(errors, inspect.isclass) if c.__module__ == errors.__name__]
# "    │   ├── UnknownName         what it means": the depth is where the name begins.
LINE = re.compile(r"^(?P<branch>[\s│├└─]*)(?P<name>[A-Z]\w+)\s{2,}(?:exit (?P<code>\d+): )?(?P<meaning>.+)$")
TREE = [match for match in map(LINE.match, (errors.__doc__ or "").splitlines()) if match]

PACKAGE = Path(errors.__file__).parent
OTHERS = {
    ("__init__.py", "AttributeError"): "Python expects it of a module that lacks a name",
    ("cli/__init__.py", "Interrupt"): "Ctrl-C; a KeyboardInterrupt, which no handler of errors may catch",
    (
        "results/manifest.py",
        "ValueError",
    ): "`read_manifest` catches it, as those of json, and names the file",
    (
        "training/native/build.py",
        "NotBuilt",
    ): "the build runs before lossbench is installed; its two callers catch it, and say what follows",
    ("schema/metrics.py", "KeyError"): "Python expects it of a mapping that lacks a key",
    ("apart.py", "Ended"): "a process ended; who asked for it catches it, and names the user's code",
    ("apart.py", "Unending"): "likewise, of one that was not done in its time",
    ("apart.py", "RuntimeError"): "stands for an exception that cannot travel, with its text",
    ("losses/custom/endless.py", "Endless"): "raised inside a user's code, by a clock; `failing` catches it",
    ("store/cells.py", "ValueError"): "the store catches it, and names its file and the trial",
    ("backends/dask.py", "ConnectionError"): "nobody speaks at an address; who connects catches it, and names it",
    ("backends/ray.py", "ConnectionError"): "likewise",
    ("backends/local.py", "KeyboardInterrupt"): "a thread died; `watched_threads` catches it",
    ("checks/case.py", "TimeIsUp"): "`run_checks` catches it, and says which check it ended",
    ("losses/custom/calls.py", "RuntimeError"): "a backward pass that failed; `unlike` and `drift` catch it",
    ("losses/custom/contain.py", "SystemExit"): "`os._exit` in a user's code; `failing` catches it",
    ("store/record.py", "ValueError"): "the store catches it, and names its file and the trial",
    ("cli/options.py", "ValueError"): "`ListParam` catches it, as that of a number, and says what is expected",
    ("claims/memory.py", "ValueError"): "`recall` catches it, and names the store and the claim",
    (
        "results/sheet.py",
        "ValueError",
    ): "the reader of a column catches it, as it does those of float(), and names the cell",
}
"""Exceptions that are raised in the package but are not of the tree, by file, each with the reason."""


@cache
def trees() -> dict[str, ast.Module]:
    """Return the syntax trees of the files of the package."""
    return {path.relative_to(PACKAGE).as_posix(): ast.parse(path.read_text()) for path in PACKAGE.rglob("*.py")}


def parent(index: int) -> str:
    """Return the name on the nearest line above that stands further left."""
    depth = len(TREE[index]["branch"])
    return next((line["name"] for line in reversed(TREE[:index]) if len(line["branch"]) < depth), "Exception")


def test_the_tree_names_every_error() -> None:
    """The module's docstring lists all classes and no other, each once."""
    assert sorted(line["name"] for line in TREE) == sorted(c.__name__ for c in CLASSES)


@pytest.mark.parametrize("index", range(len(TREE)), ids=[line["name"] for line in TREE])
def test_the_tree_is_the_hierarchy(index: int) -> None:
    """A class inherits from the one it hangs under, and ends the program with the code that is written there."""
    error = getattr(errors, TREE[index]["name"])
    assert [base.__name__ for base in error.__bases__] == [parent(index)]
    assert error.exit_code == int(TREE[index]["code"] or error.__base__.exit_code)


def test_every_branch_ends_at_the_root() -> None:
    """`except LossbenchError` catches all of them; what the user can mend exits 2."""
    assert all(issubclass(error, LossbenchError) for error in CLASSES)
    assert {error.exit_code for error in CLASSES if issubclass(error, UsageError)} == {2}
    assert LossbenchError.exit_code == 1


def is_an_exception(name: str) -> bool:
    """Say whether a name is that of a class of the tree, or of an exception of Python's."""
    known = getattr(errors, name, getattr(builtins, name, None))
    return isinstance(known, type) and issubclass(known, BaseException)


@cache
def made_by_functions() -> dict[str, set[str]]:
    """Return the exceptions that functions of the package return, by the name of the function."""
    found: dict[str, set[str]] = defaultdict(set)
    for node in (node for tree in trees().values() for node in ast.walk(tree)):
        if isinstance(node, ast.FunctionDef) and node.returns:
            found[node.name] |= set(filter(is_an_exception, ast.unparse(node.returns).split(" | ")))
    return found


def raised(tree: ast.Module) -> Iterator[str]:
    """Yield the class of every exception that a module raises or makes.

    What is raised from a variable is counted where it was made.
    """
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and is_an_exception(ast.unparse(node.func)):
            yield ast.unparse(node.func)
        elif isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
            made = ast.unparse(node.exc.func)
            yield from made_by_functions().get(made.rpartition(".")[2]) or {made}
        elif isinstance(node, ast.Raise) and isinstance(node.exc, ast.Name) and node.exc.id[0].isupper():
            yield node.exc.id


def test_every_error_is_one_of_ours() -> None:
    """All that the package raises is of the tree, or click's, or in the list of the others with its reason."""
    ours = {c.__name__ for c in CLASSES}
    strange = {
        (file, name)
        for file, tree in trees().items()
        for name in raised(tree)
        if name not in ours and not name.startswith("click.")
    }
    assert strange == set(OTHERS)


@given(st.lists(st.from_regex(r"[a-z]{3,8}", fullmatch=True), min_size=1, max_size=5, unique=True), st.data())
def test_a_name_in_the_wrong_case_finds_the_right_one(known: list[str], data: st.DataObject) -> None:
    """Capitals are never the reason why nothing is suggested."""
    name = data.draw(st.sampled_from(known))
    assert f"did you mean '{name}'? " in str(UnknownName("loss", name.upper(), known))


def test_message_says_place_kind_name_and_what_is_known() -> None:
    """Where, what, and every name that would have been right; a hint only where one is near."""
    assert str(UnknownName("key", "xyz", ["lr", "seeds"], where="a.toml line 3")) == (
        "a.toml line 3: unknown key 'xyz'. Known: lr, seeds"
    )


@pytest.mark.parametrize(
    "error",
    [
        UnknownName("loss", "hubber", ["huber", "mae"], where="mine.toml line 3"),
        LossFailed("it raised", losses=("own.py:mine",)),
        BadValue("too small"),
    ],
)
def test_an_error_comes_back_from_another_process(error: LossbenchError) -> None:
    """Its kind, its message and what it carries are the same."""
    error.about = "a name"
    other = pickle.loads(pickle.dumps(error))
    assert (type(other), str(other), vars(other)) == (type(error), str(error), vars(error))
