"""Floats of a CSV file that are read as the ones that were written, whichever pandas reads them."""

from __future__ import annotations

from typing import Any

import pandas as pd

# By default pandas reads every third float with another last digit up to 3.0; 3.1 does not, and will not be told.
_VERSION = tuple(int(part) for part in pd.__version__.split(".")[:2])
EXACT: dict[str, Any] = {"float_precision": "round_trip"} if _VERSION < (3, 1) else {}
"""Arguments of `pandas.read_csv`. `pandas.to_numeric` has the same fault but no such argument; `float` has not."""
