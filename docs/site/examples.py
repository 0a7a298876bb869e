"""The examples of docstrings for mkdocstrings, which knows them by the plural alone."""

from __future__ import annotations

from typing import Any

import griffe


class Examples(griffe.Extension):
    """Calls a docstring's section of one example by the name that griffe knows."""

    def on_object(self, *, obj: griffe.Object, **_: Any) -> None:
        """Rename the section of one object."""
        if obj.docstring:
            obj.docstring.value = obj.docstring.value.replace("Example:\n", "Examples:\n")
