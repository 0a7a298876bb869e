"""PyTorch, imported at its first use.

The catalogue of losses is read by commands that never train (`lossbench losses`, `--help`, every usage error).
Importing torch costs them about a second, so the losses reach it through this stand-in.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch
else:

    class _Torch:
        def __getattr__(self, name: str) -> Any:
            value = getattr(importlib.import_module("torch"), name)
            setattr(self, name, value)  # so that the next access does not call this method
            return value

    torch = _Torch()

__all__ = ["torch"]
