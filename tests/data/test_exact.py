from __future__ import annotations

from pathlib import Path

import numpy as np

from lossbench.data import load_dataset


def test_a_number_is_read_as_it_was_written(tmp_path: Path) -> None:
    """To the last bit, whichever of the allowed versions of pandas reads it."""
    draw = np.random.default_rng(0)
    numbers = draw.normal(size=(500, 3)) * 10.0 ** draw.integers(-6, 7, size=(500, 3))
    path = tmp_path / "table.csv"
    path.write_text("a,b,y\n" + "".join(",".join(map(repr, row)) + "\n" for row in numbers.tolist()))
    dataset = load_dataset(f"{path}:target=y:task=regression")
    assert dataset.features.tolist() == numbers[:, :2].tolist()
    assert dataset.target.ravel().tolist() == numbers[:, 2].tolist()
