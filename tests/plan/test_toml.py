from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import pytest

from lossbench.errors import ConfigError, UnknownName
from lossbench.plan.toml import Place, read_as

PLACE = Place(("claims", "mine", "key"), "mine.toml", "[claims.mine]\nkey = 3\n")


@dataclass(frozen=True)
class Pair:
    """A table of the file."""

    name: str
    size: float = 1.0


@pytest.mark.parametrize(
    ("kind", "value", "read"),
    [
        (str, "a", "a"),
        (float, 3, 3.0),
        (bool, True, True),
        (tuple[str, ...], "a", ("a",)),
        (tuple[float, ...], [1, 2.5], (1.0, 2.5)),
        (Literal["better", "worse"], "worse", "worse"),
        (tuple[Pair, ...], [{"name": "a"}, {"name": "b", "size": 2}], (Pair("a"), Pair("b", 2.0))),
    ],
)
def test_a_value_of_the_right_type_is_read(kind, value, read):
    """One value stands for a list of one; numbers become floats, tables records."""
    assert read_as(kind, value, PLACE) == read


@pytest.mark.parametrize(
    ("kind", "value", "wanted"),
    [
        (str, 3, "a text in quotes"),
        (float, "3", "a number"),
        (float, True, "a number"),
        (bool, 1, "true or false"),
        (tuple[str, ...], [], "a list with something in it"),
        (tuple[float, ...], ["a"], "a number"),
        (Pair, "a", "a table with name, size"),
    ],
)
def test_a_value_of_another_type_is_refused(kind, value, wanted):
    """The message has file, line and key, the value, and what to write."""
    with pytest.raises(ConfigError, match=r"^mine.toml line 2, key 'claims.mine.key': ") as error:
        read_as(kind, value, PLACE)
    assert str(error.value).endswith(f"is not {wanted}; write {wanted}")


def test_an_unknown_word_or_key_is_refused():
    """The nearest right one is offered."""
    with pytest.raises(UnknownName, match="unknown value 'beter'; did you mean 'better'"):
        read_as(Literal["better", "worse"], "beter", PLACE)
    with pytest.raises(UnknownName, match="unknown key 'sise'; did you mean 'size'"):
        read_as(Pair, {"name": "a", "sise": 3}, PLACE)


def test_a_table_without_a_required_key_is_refused():
    """It says which."""
    with pytest.raises(ConfigError, match="'name' is missing"):
        read_as(Pair, {"size": 3}, PLACE)


@pytest.mark.parametrize(
    ("text", "keys", "line"),
    [
        ("# epochs = 1\n\n  epochs = 2", ("epochs",), 3),
        ("my_epochs = 1\nepochs = 2", ("epochs",), 2),
        ("epochs_more = 1\nepochs=2", ("epochs",), 2),
        ("\n'epochs' = 2", ("epochs",), 2),
        ('\n"epochs" = 2', ("epochs",), 2),
        ("lr = 1\n[losses]\nbinary = []", ("losses",), 2),
        ('lr = 1\n[ "losses" ]', ("losses",), 2),
        ("lr = 1\n[[losses]]", ("losses",), 2),
        ("lr = 1\nlosses.binary = []", ("losses",), 2),
        ("binary = 1\n[losses]\n\nbinary = []", ("losses", "binary"), 4),
        ("[losses]\nbinary = []\n'multiclass' = []", ("losses", "multiclass"), 3),
        ("losses.binary = []\nlosses . multiclass = []", ("losses", "multiclass"), 2),
        ("lr = 1\n[losses.binary]", ("losses", "binary"), 2),
        ("lr = 1\nlosses = { binary = [] }", ("losses", "binary"), 2),
        ("[losses]\na = 1", ("lr",), 1),
    ],
)
def test_the_line_of_a_place(text: str, keys: tuple[str, ...], line: int) -> None:
    """The line that sets a key: bare or quoted, table or dotted, never one that only looks like it."""
    assert Place(keys, "mine.toml", text).line == line


def test_a_place_without_a_file_is_the_key() -> None:
    """A value from the command line has no line to point to."""
    assert str(Place(("losses",)).inside("binary")) == "losses.binary"
