"""The compiled neighbours of embeddings, against those of numpy."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lossbench.metrics.gallery import BY_NEIGHBOURS, NEIGHBOURS, Gallery
from lossbench.training.native.gallery import CompiledGallery
from lossbench.training.native.library import levels, loaded

from ..cases import COMPILED

pytestmark = COMPILED

EVERYWHERE = pytest.mark.parametrize(
    ("level", "precision"), [(level, precision) for level in levels() for precision in ("float32", "float64")]
)

counts = st.lists(st.integers(1, 2 * NEIGHBOURS), min_size=1, max_size=7)
"""Rows of each class: from one row in all, fewer than there are neighbours, to many times as many."""


sizes = st.tuples(st.integers(0, 10_000), counts, st.integers(1, 40), st.integers(1, 40))
"""A seed, rows of each class, numbers of an embedding, and queries."""


def made(seed: int, counts: list[int], numbers: int, queries: int, precision: str):
    """Return embeddings of training rows and of queries about a centre a class, and the classes of both."""
    random = np.random.default_rng(seed)
    target = random.permutation(np.repeat(np.arange(len(counts)), counts))
    wanted, centres = random.integers(len(counts), size=queries), random.normal(size=(len(counts), numbers))
    known, asked = (centres[one] + 0.7 * random.normal(size=(len(one), numbers)) for one in (target, wanted))
    return target, known.astype(precision), asked.astype(precision), wanted


@EVERYWHERE
@settings(deadline=None)
@given(sizes)
def test_places_are_those_of_numpy(level: str, precision: str, sizes) -> None:
    """Of other rows and of the training rows themselves, whatever their number, on every level of vectors.

    Cosines are summed in another order: in single precision two classes that have the same but for rounding may
    change places.
    """
    target, known, asked, wanted = made(*sizes, precision)
    slow, fast = Gallery(target), CompiledGallery(target, loaded(level, precision))
    for rows, right in ((asked, wanted), (None, target)):
        there, here = (one.read(known, rows, right) for one in (slow, fast))
        if precision == "float64":
            np.testing.assert_array_equal(here, there)
        assert (here != there).mean() <= 0.02


@EVERYWHERE
@settings(deadline=None)
@given(sizes)
def test_ties_are_those_of_numpy(level: str, precision: str, sizes) -> None:
    """Of rows along few axes, or zero, whose cosines are exact: equal classes come by their number."""
    seed, counts, numbers, queries = sizes
    random = np.random.default_rng(seed)
    target = random.permutation(np.repeat(np.arange(len(counts)), counts))
    wanted = random.integers(len(counts), size=queries)
    some = np.eye(numbers, dtype=precision)[:3]
    axes = np.vstack([some, -some, 0 * some[:1]])
    known, asked = (axes[random.integers(len(axes), size=len(one))] for one in (target, wanted))
    slow, fast = Gallery(target), CompiledGallery(target, loaded(level, precision))
    for rows, right in ((asked, wanted), (None, target)):
        there, here = (one.read(known, rows, right, (BY_NEIGHBOURS,)) for one in (slow, fast))
        np.testing.assert_array_equal(here, there)


@EVERYWHERE
@settings(deadline=None)
@given(sizes)
def test_company_changes_no_reading(level: str, precision: str, sizes) -> None:
    """A row is read the same alone and among others, in any order."""
    target, known, asked, wanted = made(*sizes, precision)
    gallery = CompiledGallery(target, loaded(level, precision))
    together = gallery.read(known, asked, wanted, (BY_NEIGHBOURS,))
    for some in (np.arange(len(asked))[::-1], [0], [len(asked) - 1]):
        few = gallery.read(known, asked[some], wanted[some], (BY_NEIGHBOURS,))
        np.testing.assert_array_equal(few, together[some])


@pytest.mark.parametrize("spoilt", [np.nan, np.inf])
def test_what_is_not_finite_has_no_reading(spoilt: float) -> None:
    """NaN throughout, whether a training row is no number or one that is asked."""
    target, known, asked, wanted = made(0, [3, 4], 5, 6, "float32")
    gallery = CompiledGallery(target, loaded(levels()[0], "float32"))
    for one in (known, asked):
        kept, one[-1, -1] = one[-1, -1], spoilt
        assert np.isnan(gallery.read(known, asked, wanted, (BY_NEIGHBOURS,))).all()
        one[-1, -1] = kept
    assert np.isfinite(gallery.read(known, asked, wanted)).all()
