"""What an experiment asks for in its signature: the keywords that a claim may set."""

from __future__ import annotations

from collections.abc import Callable
from inspect import Parameter, signature
from typing import Any, get_type_hints


def parameters_of(fn: Callable[..., Any]) -> dict[str, Any]:
    """Return the type of each keyword of a function."""
    hints = get_type_hints(fn)
    keywords = (p for p in signature(fn).parameters.values() if p.kind is Parameter.KEYWORD_ONLY)
    return {keyword.name: hints[keyword.name] for keyword in keywords}


def required_by(fn: Callable[..., Any]) -> list[str]:
    """Return the keywords of a function that have no default."""
    keywords = (p for p in signature(fn).parameters.values() if p.kind is Parameter.KEYWORD_ONLY)
    return [keyword.name for keyword in keywords if keyword.default is Parameter.empty]
