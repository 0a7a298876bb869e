"""The packages that the statistics are held to; a test without its own is skipped."""

from __future__ import annotations

import warnings
from typing import Any
from unittest.mock import patch

import pytest

DECORATOR = "pandas.util._decorators.deprecate_kwarg"
"""What arch 7, on which rliable insists, calls as it was before pandas 3, on functions that nobody calls here."""


def oracle(package: str) -> Any:
    """Return a module of another library, or skip the tests that need it."""
    with warnings.catch_warnings(action="ignore"), patch(DECORATOR, lambda *names: lambda function: function):
        return pytest.importorskip(package, reason="needs pip install -e '.[oracles]'", exc_type=ImportError)
