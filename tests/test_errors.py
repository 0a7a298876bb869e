from __future__ import annotations

import inspect
import pickle
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lossbench import errors
from lossbench.errors import BadValue, LossbenchError, LossFailed, UnknownName, UsageError

CLASSES = [c for _, c in inspect.getmembers(errors, inspect.isclass) if c.__module__ == errors.__name__]
# "    │   ├── UnknownName         what it means": the depth is where the name begins.
LINE = re.compile(r"^(?P<branch>[\s│├└─]*)(?P<name>[A-Z]\w+)\s{2,}(?:exit (?P<code>\d+): )?(?P<meaning>.+)$")
TREE = [match for match in map(LINE.match, (errors.__doc__ or "").splitlines()) if match]


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


@given(st.lists(st.from_regex(r"[a-z]{3,8}", fullmatch=True), min_size=1, max_size=5, unique=True), st.data())
def test_a_name_in_the_wrong_case_finds_the_right_one(known: list[str], data: st.DataObject) -> None:
    """Capitals are never the reason why nothing is suggested."""
    name = data.draw(st.sampled_from(known))
    assert f"did you mean '{name}'? " in str(UnknownName("loss", name.upper(), known))


def test_message_says_place_kind_name_and_what_is_known() -> None:
    """Where, what, and every name that would have been right; a hint only where one is near."""
    assert str(UnknownName("key", "xyz", ["lr", "seeds"], where="a.toml line 3")) == (
        "a.toml line 3: unknown key 'xyz'; Known: lr, seeds"
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
