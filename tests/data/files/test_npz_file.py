"""Arrays that numpy saved, as tables and as images."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lossbench.data import load_dataset
from lossbench.errors import DataError
from lossbench.report.words.remark import words

ROWS = 40
RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(ROWS, 4, 3))
Y = np.arange(ROWS) % 3


def save(folder: Path, **arrays: Any) -> Path:
    """Save arrays as a user would."""
    path = folder / "pictures.npz"
    np.savez(path, **arrays)
    return path


@pytest.mark.parametrize(
    ("features", "shape"), [(X, (4, 3)), (X[:, None], (1, 4, 3)), (X.reshape(ROWS, 12), None)]
)
def test_images_keep_their_shape_and_rows_have_none(tmp_path: Path, features: np.ndarray, shape: Any) -> None:
    """The pixels are the features, in the order of the array; without a shape it is the same table."""
    dataset = load_dataset(f"{save(tmp_path, X=features, y=Y)}:target=y")
    assert (dataset.task, dataset.image_shape) == ("multiclass", shape)
    np.testing.assert_array_equal(dataset.features, X.reshape(ROWS, 12))
    np.testing.assert_array_equal(dataset.target, Y)
    assert any("a row is an image" in words(note) for note in dataset.notes) == (shape is not None)


def test_a_pixel_that_never_differs_stays(tmp_path: Path) -> None:
    """Else the image had no shape; in a table of columns it is left out."""
    dark = X.copy()
    dark[:, 0] = 0
    assert load_dataset(f"{save(tmp_path, X=dark, y=Y)}:target=y").features.shape == (ROWS, 12)
    assert load_dataset(f"{save(tmp_path, X=dark.reshape(ROWS, 12), y=Y)}:target=y").features.shape == (ROWS, 9)


def test_equal_images_stay_together(tmp_path: Path) -> None:
    """As equal rows of a table do, and only these: a picture that is there twice is not learnt and tested."""
    twice = np.concatenate([X, X[:10]])
    path = save(tmp_path, X=twice, y=np.concatenate([Y, Y[:10]]))
    groups = load_dataset(f"{path}:target=y").groups
    assert groups is not None
    np.testing.assert_array_equal(groups[ROWS:], groups[:10])
    assert len(set(groups)) == ROWS


def test_other_arrays_are_columns(tmp_path: Path) -> None:
    """They tell groups and weights; texts are classes."""
    names = np.array(["cat", "dog", "owl"])[Y]
    path = save(tmp_path, X=X, kind=names, photographer=np.arange(ROWS) // 4, w=1.0 + Y)
    dataset = load_dataset(f"{path}:target=kind:group=photographer:weight=w")
    assert dataset.classes == ("cat", "dog", "owl")
    assert dataset.groups is not None
    assert len(set(dataset.groups)) == 10
    np.testing.assert_array_equal(dataset.weights, 1.0 + Y)


@pytest.mark.parametrize(
    ("arrays", "spec", "said"),
    [
        ({"X": X, "y": Y}, "", r"name the column to predict, as .*:target=y"),
        ({"X": X, "y": Y, "id": Y}, ":target=y", r"the features are images, so \['id'\] can be none"),
        ({"X": X, "y": Y}, ":target=y:drop=x3", "the images lack their pixel x3"),
        ({"images": X, "y": Y}, ":target=y", r"there is no array X, only \['images', 'y'\]"),
        ({"X": Y, "y": Y}, ":target=y", r"X is int64 of shape \(40,\)"),
        ({"X": X.astype(str), "y": Y}, ":target=y", "X is <U"),
        ({"X": X, "y": Y[:5]}, ":target=y", r"X has 40 rows and 'y' is of shape \(5,\)"),
        ({"X": X, "y": np.array([{}] * ROWS)}, ":target=y", "the arrays cannot be read"),
        ({"X": np.where(X > 2, np.nan, X), "y": Y}, ":target=y", "a pixel is missing in row"),
        ({"X": np.zeros_like(X), "y": Y}, ":target=y", "all images are the same"),
    ],
)
def test_what_is_no_table_of_arrays_is_refused(tmp_path: Path, arrays: Any, spec: str, said: str) -> None:
    """One message says which array, and what to save instead."""
    with pytest.raises(DataError, match=said):
        load_dataset(f"{save(tmp_path, **arrays)}{spec}")


def test_a_file_that_is_no_archive_is_refused(tmp_path: Path) -> None:
    """Whatever its name says."""
    path = tmp_path / "broken.npz"
    path.write_bytes(b"PK\x03\x04 and nothing more")
    with pytest.raises(DataError, match="the arrays cannot be read"):
        load_dataset(f"{path}:target=y")
