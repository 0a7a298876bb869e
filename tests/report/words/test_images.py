"""What a note says of images lets a reader see how their axes were taken."""

from __future__ import annotations

import pytest

from lossbench.report.words.data import images


@pytest.mark.parametrize(
    ("shape", "said", "last"),
    [
        ("8 x 8", "a row is an image, 8 x 8;", False),
        ("3 x 8 x 8", "3 channels, 8 x 8 pixels", False),
        ("1 x 8 x 8", "1 channel, 8 x 8 pixels", False),
        ("8 x 8 x 3", "8 channels, 8 x 3 pixels", True),
        ("16 x 8 x 8", "16 channels, 8 x 8 pixels", False),
    ],
)
def test_the_first_of_three_axes_is_that_of_channels(shape: str, said: str, last: bool) -> None:
    """Where the last looks like it, the way to move it is told."""
    assert said in images(shape)
    assert ("transpose" in images(shape)) == last
