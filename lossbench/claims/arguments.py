"""From a value of a TOML file to the type that an experiment asks for in its signature."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields, is_dataclass
from inspect import Parameter, signature
from typing import Any, Literal, get_args, get_origin, get_type_hints

from lossbench.errors import ConfigError, UnknownName
from lossbench.plan.settings import Place

_SCALARS: dict[type, tuple[tuple[type, ...], str]] = {
    str: ((str,), "a text in quotes"),
    float: ((int, float), "a number"),
    bool: ((bool,), "true or false"),
    dict: ((dict,), "a table"),
}


def read_as(kind: Any, value: Any, place: Place) -> Any:
    """Return a value of the file as the type that is wanted.

    Args:
        kind: str, float, bool, dict, a Literal of texts, a tuple `tuple[kind, ...]` (one value or a list), or a
            dataclass of these (a table).
        value: as `tomllib` read it.
        place: where it stands, for messages.

    Raises:
        ConfigError: a value of another type, or a table that lacks a key.
        UnknownName: a key or a text that does not exist.

    Example:
        >>> read_as(tuple[float, ...], 3, Place(("lr",)))
        (3.0,)
    """
    if get_origin(kind) is tuple:
        items = value if isinstance(value, list) else [value]
        if not items:
            raise _wrong(place, value, "a list with something in it")
        return tuple(read_as(get_args(kind)[0], item, place) for item in items)
    if get_origin(kind) is Literal:
        text = read_as(str, value, place)
        if text not in get_args(kind):
            raise UnknownName(place.keys[-1], text, get_args(kind), where=str(place))
        return text
    if is_dataclass(kind):
        return _read_record(kind, value, place)
    types, wanted = _SCALARS[kind]
    if not isinstance(value, types) or (isinstance(value, bool) and kind is not bool):
        raise _wrong(place, value, wanted)
    return kind(value)


def _read_record(kind: Any, value: Any, place: Place) -> Any:
    if not isinstance(value, Mapping):
        raise _wrong(place, value, f"a table with {', '.join(field.name for field in fields(kind))}")
    hints = get_type_hints(kind)
    required = [field.name for field in fields(kind) if field.default is MISSING]
    return kind(**read_table(hints, required, value, place))


def read_table(
    kinds: Mapping[str, Any], required: list[str], table: Mapping[str, Any], place: Place
) -> dict[str, Any]:
    """Return the values of a table as the types that are wanted.

    Args:
        kinds: the type of each key.
        required: the keys that must be there.
        table: as `tomllib` read it.
        place: where it stands, for messages.

    Raises:
        ConfigError: a key is missing, or a value is of another type.
        UnknownName: a key that does not exist.
    """
    for key in table:
        if key not in kinds:
            raise UnknownName("key", key, kinds, where=str(place.inside(key)))
    for key in required:
        if key not in table:
            raise ConfigError(f"{place}: '{key}' is missing; add {key} = ...")
    return {key: read_as(kinds[key], value, place.inside(key)) for key, value in table.items()}


def parameters_of(fn: Callable[..., Any]) -> dict[str, Any]:
    """Return the type of each keyword of a function."""
    hints = get_type_hints(fn)
    keywords = (p for p in signature(fn).parameters.values() if p.kind is Parameter.KEYWORD_ONLY)
    return {keyword.name: hints[keyword.name] for keyword in keywords}


def required_by(fn: Callable[..., Any]) -> list[str]:
    """Return the keywords of a function that have no default."""
    keywords = (p for p in signature(fn).parameters.values() if p.kind is Parameter.KEYWORD_ONLY)
    return [keyword.name for keyword in keywords if keyword.default is Parameter.empty]


def _wrong(place: Place, value: object, wanted: str) -> ConfigError:
    return ConfigError(f"{place}: {value!r} is not {wanted}; write {wanted}")
