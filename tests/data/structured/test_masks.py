"""The law of images: objects of the share that is asked for, on noise of the size that is asked for."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lossbench.data import load_dataset
from lossbench.data.fold import make_fold, part_sizes
from lossbench.data.structured.masks import OBJECTS, PATCH, SIDE, SPREAD
from lossbench.errors import BadValue, DataError

LAWS = ("discs", "ellipses", "islands")
SIZE = SIDE**2


def masks_of(spec: str, seed: int = 0) -> np.ndarray:
    """Return the masks of a seed, (images, SIDE, SIDE)."""
    return load_dataset(spec).sample(seed).target.reshape(-1, SIDE, SIDE)


@pytest.mark.parametrize("law", LAWS)
@settings(max_examples=12, deadline=None)
@given(share=st.floats(0.01, 0.5), seed=st.integers(0, 1000))
def test_objects_cover_the_share_that_is_asked_for(law: str, share: float, seed: int) -> None:
    """Each image within half of it, either way, and at least one pixel; all together near it."""
    areas = masks_of(f"{law}:foreground={share!r}:images=40", seed).sum(axis=(1, 2))
    assert (areas >= np.maximum(1, np.floor((1 - SPREAD) * share * SIZE))).all()
    assert (areas <= np.maximum(1, np.ceil((1 + SPREAD) * share * SIZE))).all()
    assert areas.mean() == pytest.approx(share * SIZE, rel=0.2, abs=0.5)


@pytest.mark.parametrize("law", ["discs", "ellipses"])
def test_an_image_has_one_to_three_objects(law: str) -> None:
    """Each hangs together, if by a corner; two that meet are one. Islands may be more."""
    from scipy.ndimage import label

    counts = [label(mask, np.ones((3, 3)))[1] for mask in masks_of(f"{law}:images=60")]
    assert 1 <= min(counts) < max(counts) <= OBJECTS


def test_ellipses_are_longer_than_discs() -> None:
    """By the spread of a lone object's pixels along its longer axis over that along its shorter one."""

    def longest(law: str) -> float:
        spreads = []
        for mask in masks_of(f"{law}:images=60"):
            values = np.linalg.eigvalsh(np.cov(np.argwhere(mask).T))
            spreads.append(np.sqrt(values[1] / values[0]))
        return float(np.median(spreads))

    assert longest("ellipses") > 1.2 * longest("discs")


@pytest.mark.parametrize("law", LAWS)
def test_a_share_of_the_images_is_empty(law: str) -> None:
    """As many as are asked for, on the average."""
    without = [(masks_of(f"{law}:empty=0.4", seed).sum(axis=(1, 2)) == 0).mean() for seed in range(10)]
    assert np.mean(without) == pytest.approx(0.4, abs=0.07)


def test_a_row_is_the_square_about_its_pixel() -> None:
    """Its middle is the pixel's own grey; the square is the same as is cut from the mirrored image."""
    data = load_dataset("discs:images=10")
    squares = data.features.reshape(-1, SIDE, SIDE, PATCH, PATCH)
    grey = squares[..., PATCH // 2, PATCH // 2]
    wide = np.pad(grey[3], PATCH // 2, mode="reflect")
    np.testing.assert_array_equal(squares[3, 7, 11], wide[7 : 7 + PATCH, 11 : 11 + PATCH])
    np.testing.assert_array_equal(squares[3, 0, 0], wide[:PATCH, :PATCH])


@pytest.mark.parametrize("noise", [0.2, 1.0])
def test_the_noise_has_the_size_that_is_asked_for_and_a_grain(noise: float) -> None:
    """Grey less object: mean zero, sd as asked; neighbours are alike, pixels that are far apart are not."""
    data = load_dataset(f"islands:noise={noise}:images=200")
    grey = data.features[:, PATCH**2 // 2].reshape(-1, SIDE, SIDE) - data.target.reshape(-1, SIDE, SIDE)
    assert grey.mean() == pytest.approx(0, abs=0.03 * noise)
    assert grey.std() == pytest.approx(noise, rel=0.03)
    beside, far = (np.corrcoef(grey.ravel(), np.roll(grey, by, 2).ravel())[0, 1] for by in (1, 8))
    assert beside > 0.3
    assert abs(far) < 0.05


@pytest.mark.parametrize("seed", range(3))
def test_no_split_tears_an_image_apart(seed: int) -> None:
    """Whole images, 60 to 20 to 20, of the same number in every seed, in their own order."""
    data = load_dataset("discs:images=20")
    fold = make_fold(data, seed)
    parts = [fold.train.rows, fold.validation.rows, fold.test.rows]
    assert part_sizes(data, seed) == tuple(map(len, parts)) == (12 * SIZE, 4 * SIZE, 4 * SIZE)
    for rows in parts:
        images = rows.reshape(-1, SIZE)
        assert (images % SIZE == np.arange(SIZE)).all()
        assert (images // SIZE == images[:, :1] // SIZE).all()


def test_seeds_draw_images_of_their_own() -> None:
    """The same seed gives the same images, another others."""
    data = load_dataset("discs")
    assert data.sample(1).digest == data.sample(1).digest != data.sample(2).digest


def test_what_cannot_be_is_refused() -> None:
    """Shares out of range by their name; masks that are all empty, with what to do."""
    for spec, wrong in (
        ("foreground=0.6", "foreground"),
        ("foreground=0.001", "foreground"),
        ("empty=1", "empty"),
    ):
        with pytest.raises(BadValue, match=wrong):
            load_dataset(f"discs:{spec}")
    with pytest.raises(BadValue, match=r"images=20\.5 is not a whole number"):
        load_dataset("discs:images=20.5")
    with pytest.raises(
        DataError, match="has an object, so there is nothing to be found; give a smaller share empty"
    ):
        load_dataset("discs:empty=0.9999:images=10")
