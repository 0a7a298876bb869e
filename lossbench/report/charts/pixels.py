"""Greyscale images side by side, as a PNG inside the page."""

from __future__ import annotations

import base64
import struct
import zlib
from collections.abc import Iterable

import numpy as np

from lossbench.report.escape import html as escape

GAP, BETWEEN = 2, 127
"""Pixels between two images, and their grey."""

LARGER = 4
"""Size of an image pixel in pixels of the page."""


def image(description: str, planes: Iterable[np.ndarray]) -> str:
    """Return images (height, width) of bytes, side by side, as an HTML image."""
    row = side_by_side(planes)
    height, width = (LARGER * side for side in row.shape)
    source = base64.b64encode(png(row)).decode()
    size = f'width="{width}" height="{height}"'
    return f'<img class="pixels" {size} alt="{escape(description)}" src="data:image/png;base64,{source}">'


def side_by_side(planes: Iterable[np.ndarray]) -> np.ndarray:
    """Return images side by side with gaps, (height, width) bytes.

    Example:
        >>> side_by_side([np.zeros((1, 1), np.uint8), np.ones((1, 2), np.uint8)]).tolist()
        [[0, 127, 127, 1, 1]]
    """
    parts = [part for plane in planes for part in (np.full((len(plane), GAP), BETWEEN, np.uint8), plane)][1:]
    return np.concatenate(parts, axis=1)


def png(grey: np.ndarray) -> bytes:
    r"""Return a greyscale image (height, width) of bytes as a PNG file.

    Source: ISO/IEC 15948: a signature, then chunks with their length, name and checksum.

    Example:
        >>> png(np.zeros((2, 3), np.uint8))[:8]
        b'\x89PNG\r\n\x1a\n'
    """
    height, width = grey.shape
    lines = np.concatenate([np.zeros((height, 1), np.uint8), grey.astype(np.uint8)], axis=1)  # filter type 0: none
    chunks = [
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)),
        (b"IDAT", zlib.compress(lines.tobytes(), 9)),
        (b"IEND", b""),
    ]
    written = (
        struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))
        for name, content in chunks
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(written)
