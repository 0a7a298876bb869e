"""Reading arrays that numpy saved: `digits.npz` has rows or images as `X`, other arrays a number a row."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from lossbench.errors import DataError

FEATURES = "X"
"""The array that holds the features."""


class Arrays(NamedTuple):
    """What a file of arrays holds.

    Args:
        frame: the features, x0, x1 ..., and behind them each other array under its name.
        image_shape: of a row as an image, (height, width) or (channels, height, width); None where rows are no
            images.
    """

    frame: pd.DataFrame
    image_shape: tuple[int, ...] | None


def read_npz(path: Path) -> Arrays:
    """Read a file of arrays.

    Raises:
        DataError: without features, with arrays of objects, or with different numbers of rows.
    """
    arrays = _opened(path)
    _check(path, arrays)
    features = arrays.pop(FEATURES)
    flat = features.reshape(len(features), -1)
    frame = pd.DataFrame(flat, columns=[f"x{place}" for place in range(flat.shape[1])])
    shape = features.shape[1:] if features.ndim > 2 else None
    return Arrays(frame.assign(**{name: values.ravel() for name, values in arrays.items()}), shape)


def _opened(path: Path) -> dict[str, np.ndarray]:
    """Return the arrays of a file by name."""
    try:
        with path.open("rb") as opened, np.load(opened, allow_pickle=False) as file:
            return {name: file[name] for name in file.files}
    except (ValueError, zipfile.BadZipFile) as problem:
        raise DataError(
            f"{path}: the arrays cannot be read ({problem}); save numbers or texts, as np.savez(path, X=X, y=y)"
        ) from None


def _check(path: Path, arrays: Mapping[str, np.ndarray]) -> None:
    """Refuse files without features, and arrays whose number of rows differs from that of the features."""
    if FEATURES not in arrays:
        raise DataError(
            f"{path}: there is no array {FEATURES}, only {list(arrays)}; save the features under that name"
        )
    features = arrays[FEATURES]
    if features.ndim not in (2, 3, 4) or not np.issubdtype(features.dtype, np.number):
        raise DataError(
            f"{path}: {FEATURES} is {features.dtype} of shape {features.shape}; save numbers (rows, columns), "
            "images (rows, height, width), or with channels (rows, channels, height, width)"
        )
    for name, values in arrays.items():
        if name != FEATURES and values.shape not in ((len(features),), (len(features), 1)):
            raise DataError(
                f"{path}: {FEATURES} has {len(features)} rows and '{name}' is of shape {values.shape}; save a "
                "value for every row"
            )
