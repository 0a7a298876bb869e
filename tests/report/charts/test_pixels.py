"""Planes of grey become a file that others read."""

from __future__ import annotations

import io

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.image import imread

from lossbench.report.charts.pixels import image, png


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 1000), st.integers(1, 20), st.integers(1, 20))
def test_another_reader_sees_the_same_pixels(seed: int, height: int, width: int) -> None:
    """To the byte."""
    grey = np.random.default_rng(seed).integers(0, 256, (height, width)).astype(np.uint8)
    np.testing.assert_array_equal((imread(io.BytesIO(png(grey))) * 255).round(), grey)


def test_what_cannot_be_seen_is_said() -> None:
    """And no name is taken for markup."""
    assert 'alt="&lt;b&gt; &amp; &quot;c&quot;"' in image('<b> & "c"', [np.zeros((1, 1), np.uint8)])
