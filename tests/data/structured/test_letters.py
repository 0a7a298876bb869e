"""Letters: what a seed draws, what the parts share, and what is said where the fonts are missing."""

from __future__ import annotations

import sys
from importlib.util import find_spec

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lossbench.data import load_dataset, make_fold
from lossbench.data.structured import letters
from lossbench.errors import BadValue, DataError
from lossbench.randomness import stream

FONTS = pytest.mark.skipif(not find_spec("HersheyFonts"), reason="the extra letters is not installed")


@FONTS
@settings(deadline=None, max_examples=5)
@given(st.integers(0, 10**6), st.sampled_from([2, 26, 52]), st.sampled_from([5, 10]))
def test_each_class_is_split_and_no_image_is_drawn_twice(seed: int, classes: int, rows: int) -> None:
    """60/20/20 of each letter, each image of its own, as the law says."""
    dataset = load_dataset(f"letters:classes={classes}:rows={rows}:noise=0").sample(seed)
    assert len(np.unique(dataset.features, axis=0)) == classes * rows
    fold = make_fold(dataset, seed)
    for part, share in zip((fold.train, fold.validation, fold.test), (0.6, 0.2, 0.2), strict=True):
        assert np.bincount(part.target).tolist() == [round(share * rows)] * classes


@FONTS
def test_images_to_be_embedded_are_those_of_the_classes() -> None:
    """The two data sets differ in the task alone."""
    known, embedded = load_dataset("letters:rows=5"), load_dataset("letter_images:rows=5:together=2")
    np.testing.assert_array_equal(known.features, embedded.features)
    assert (known.task, embedded.task, embedded.together) == ("multiclass", "embedding", 2)


@given(st.integers(0, 10**6))
def test_unseen_fonts_are_in_one_part_alone(seed: int) -> None:
    """Where they are asked for; else each part has all of them."""
    apart = letters._fonts(True, stream("generate", "letters", seed))
    assert sorted(np.concatenate(apart)) == list(range(len(letters.FONTS)))
    assert [len(fonts) for fonts in apart] == [7, 2, 2]
    assert all(len(fonts) == len(letters.FONTS) for fonts in letters._fonts(False, stream("generate", "x", seed)))


@FONTS
def test_every_glyph_is_a_design_of_its_own() -> None:
    """No font has another one's letter, or an unseen font would be a seen one."""
    for glyphs in zip(*letters._glyphs(), strict=True):
        assert len({glyph.tobytes() for glyph in glyphs}) == len(letters.FONTS)


@FONTS
def test_without_jitter_and_noise_a_letter_is_its_glyph() -> None:
    """Then as many images differ as there are fonts, and each has ink that lies about the middle."""
    images = load_dataset("letters:classes=2:rows=100:noise=0:jitter=0").features.reshape(-1, 16, 16)
    assert len(np.unique(images, axis=0)) == 2 * len(letters.FONTS)
    assert images.min() == 0
    assert images.max() <= 1
    assert (images[:, :2].sum() + images[:, -2:].sum()) == 0


def test_missing_fonts_name_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    """One error, before any training."""
    monkeypatch.setitem(sys.modules, "HersheyFonts", None)
    letters._glyphs.cache_clear()
    with pytest.raises(DataError, match=r"pip install 'lossbench\[letters\]'"):
        letters.letters()


@pytest.mark.parametrize("wrong", ["rows=7", "classes=2.5", "unseen=0.5"])
def test_what_is_no_number_of_letters_is_refused(wrong: str) -> None:
    """Whole numbers, and rows that can be split."""
    with pytest.raises(BadValue, match=wrong.partition("=")[0]):
        load_dataset(f"letters:{wrong}")
