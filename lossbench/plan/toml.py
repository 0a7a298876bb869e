"""The only reader of TOML files: every message about a value names its file, line and key."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import MISSING, dataclass, fields, is_dataclass
from pathlib import Path
from textwrap import shorten
from typing import Any, Literal, get_args, get_origin, get_type_hints

from lossbench.errors import ConfigError, UnknownName

DEEPEST = 16  # tables in tables; a claim's numbers take four

_SCALARS: dict[type, tuple[tuple[type, ...], str]] = {
    str: ((str,), "a text in quotes"),
    float: ((int, float), "a number"),
    bool: ((bool,), "true or false"),
    dict: ((dict,), "a table"),
    list: ((list,), "a list"),
}


@dataclass(frozen=True)
class Place:
    r"""The place of a value, for messages.

    Args:
        keys: the key, after the tables that hold it.
        file: the file's path; empty for a value that comes from the command line or from Python.
        text: the file's text.

    Example:
        >>> str(Place(("losses", "binary"), "mine.toml", "[losses]\nbinary = 3"))
        "mine.toml line 2, key 'losses.binary'"
    """

    keys: tuple[str, ...]
    file: str = ""
    text: str = ""

    def __str__(self) -> str:
        key = ".".join(self.keys)
        return f"{self.file} line {self.line}, key '{key}'" if self.file else key

    @property
    def line(self) -> int:
        """The number of the line that sets the key, counted from 1, or else that of its table."""
        lines, found = self.text.splitlines(), 0
        for key in self.keys:
            name = rf"""["']?{re.escape(key)}["']?\s*[].=]"""
            # A key may follow the name of its table: `losses.binary = ...`, `[losses.binary]`.
            pattern = re.compile(rf"""\s*(?:\[+\s*)?([\w"']+\s*\.\s*)?{name}""")
            found = next((n for n in range(found, len(lines)) if pattern.match(lines[n])), found)
        return found + 1

    def inside(self, key: str) -> Place:
        """Return the place of a key in the table at this place."""
        return Place((*self.keys, key), self.file, self.text)

    def table(self, number: int) -> Place:
        """Return the place of one of the tables `[[key]]` at this place, counted from 0."""
        heads = list(re.finditer(rf"^[ \t]*\[\[\s*{self.keys[-1]}\s*\]\]", self.text, re.MULTILINE))
        start = heads[number].start() if heads else 0  # an array of inline tables has no heads
        # The text before the table is replaced by empty lines, so that it is counted but not searched.
        return Place(self.keys, self.file, "\n" * self.text.count("\n", 0, start) + self.text[start:])

    def wrong(self, value: object, wanted: str) -> ConfigError:
        """Return the error for a value of the wrong type."""
        return ConfigError(f"{self}: {shorten(repr(value), 200)} is not {wanted}; write {wanted}")

    def unknown(self, kind: str, name: str, known: Iterable[str]) -> UnknownName:
        """Return the error for a name that does not exist, with its place where it comes from a file."""
        return UnknownName(kind, name, known, where=str(self) if self.file else "")


def read_toml(config: str | Path, shipped: Sequence[str] = ()) -> tuple[Place, dict[str, Any]]:
    """Read a TOML file.

    Args:
        config: a path, or one of the names in `shipped`.
        shipped: the names of lossbench's own configs that are accepted, without the suffix of their files.

    Raises:
        ConfigError: there is no such file, it cannot be read, or is no valid TOML; the message has the line.

    Example:
        >>> place, values = read_toml("quick", ["default", "quick"])
        >>> place.file
        'configs/quick.toml'
    """
    file, path = str(config), Path(config)
    if config in shipped:
        file, path = f"configs/{config}.toml", shipped_configs() / f"{config}.toml"
    try:
        text = path.read_text(encoding="utf-8-sig")  # some editors begin a file with a byte order mark
    except FileNotFoundError:
        known = f", or {' or '.join(shipped)}" if shipped else ""
        raise ConfigError(f"no config at '{config}'; give the path of a TOML file{known}") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"config '{config}' cannot be read: {error}; give a TOML file in UTF-8") from None
    place = Place((), file, text)
    try:
        values = tomllib.loads(text)
    except RecursionError:
        raise ConfigError(f"{file} is nested too deep; write it with fewer brackets") from None
    except ValueError as error:  # raised by tomllib, or by a number with thousands of digits
        reason = str(error).replace("at end of document", f"at line {len(text.splitlines())}, the end")
        raise ConfigError(f"{file} is no valid TOML: {reason}; mend that line") from None
    _refuse_unbounded(values, place)
    return place, values


def _refuse_unbounded(value: Any, place: Place, depth: int = 0) -> None:
    """Refuse whole numbers of more than 64 bits, which TOML does not have, and too deeply nested tables."""
    if depth > DEEPEST:
        raise ConfigError(f"{place} is nested too deep; write it with fewer tables")
    if isinstance(value, int) and not -(2**63) <= value < 2**63:
        raise ConfigError(f"{place} is a whole number beyond 64 bits; write a smaller one")
    if isinstance(value, dict):
        for key, item in value.items():
            _refuse_unbounded(item, place.inside(key), depth + 1)
    elif isinstance(value, list):
        for item in value:
            _refuse_unbounded(item, place, depth + 1)


def shipped_configs() -> Path:
    """Return the folder of the shipped configs."""
    installed = Path(__file__).parents[1] / "configs"
    # In an editable install the folder lies beside the package.
    return installed if installed.is_dir() else Path(__file__).parents[2] / "configs"


def read_as(kind: Any, value: Any, place: Place) -> Any:
    """Return a value of the file as the type `kind`.

    Args:
        kind: str, float, bool, dict, list, a Literal of texts, `tuple[kind, ...]` (one value or a list), or a
            dataclass of these (a table).
        value: as `tomllib` read it.
        place: where it stands, for messages.

    Raises:
        ConfigError: a value has another type, or a table lacks a key.
        UnknownName: a key does not exist, or a text is not among those allowed.

    Example:
        >>> read_as(tuple[float, ...], 3, Place(("lr",)))
        (3.0,)
    """
    if get_origin(kind) is tuple:
        items = value if isinstance(value, list) else [value]
        if not items:
            raise place.wrong(value, "a list with something in it")
        return tuple(read_as(get_args(kind)[0], item, place) for item in items)
    if get_origin(kind) is Literal:
        text = read_as(str, value, place)
        if text not in get_args(kind):
            raise UnknownName("value", text, get_args(kind), where=str(place))
        return text
    if is_dataclass(kind):
        return _read_record(kind, value, place)
    types, wanted = _SCALARS[kind]
    if not isinstance(value, types) or (isinstance(value, bool) and kind is not bool):
        raise place.wrong(value, wanted)
    try:
        return kind(value)
    except OverflowError:
        raise place.wrong(value, "a number that a float holds") from None


def _read_record(kind: Any, value: Any, place: Place) -> Any:
    required = [field.name for field in fields(kind) if field.default is MISSING]
    return kind(**read_table(get_type_hints(kind), required, value, place))


def read_table(
    kinds: Mapping[str, Any], required: Sequence[str], table: Any, place: Place, kind: str = "key"
) -> dict[str, Any]:
    """Return the values of a table, each as the type of its key.

    Args:
        kinds: the type of each key.
        required: the keys that must be there.
        table: as `tomllib` read it.
        place: the place of the table, for messages.
        kind: what a message calls a key.

    Raises:
        ConfigError: it is no table, a key is missing, or a value has another type.
        UnknownName: a key does not exist.
    """
    if not isinstance(table, Mapping):
        raise place.wrong(table, f"a table with {', '.join(kinds)}")
    for key in table:
        if key not in kinds:
            raise UnknownName(kind, key, kinds, where=str(place.inside(key)))
    for key in required:
        if key not in table:
            raise ConfigError(f"{place}: '{key}' is missing; add {key} = ...")
    return {key: read_as(kinds[key], value, place.inside(key)) for key, value in table.items()}
