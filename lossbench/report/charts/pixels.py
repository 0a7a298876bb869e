"""Pictures made of pixels: planes of grey side by side, as a PNG that stands in the page itself."""

from __future__ import annotations

import base64
import struct
import zlib
from collections.abc import Iterable

import numpy as np

from lossbench.report.escape import html as escape

GAP, BETWEEN = 2, 127
"""Pixels between two planes, and their grey."""

LARGER = 4
"""Pixels of the page that a pixel of a plane has across."""


def image(said: str, planes: Iterable[np.ndarray]) -> str:
    """Return planes (height, width) of bytes in a row, as an image.

    Args:
        said: what it shows, for who cannot see it.
        planes: of one height.
    """
    row = in_a_row(planes)
    height, width = (LARGER * side for side in row.shape)
    source = base64.b64encode(png(row)).decode()
    size = f'width="{width}" height="{height}"'
    return f'<img class="pixels" {size} alt="{escape(said)}" src="data:image/png;base64,{source}">'


def in_a_row(planes: Iterable[np.ndarray]) -> np.ndarray:
    """Return planes side by side, with gaps, (height, width) bytes.

    Example:
        >>> in_a_row([np.zeros((1, 1), np.uint8), np.ones((1, 2), np.uint8)]).tolist()
        [[0, 127, 127, 1, 1]]
    """
    parts = [part for plane in planes for part in (np.full((len(plane), GAP), BETWEEN, np.uint8), plane)][1:]
    return np.concatenate(parts, axis=1)


def png(grey: np.ndarray) -> bytes:
    r"""Return a plane of grey (height, width) bytes as a file of the format PNG.

    Source: ISO/IEC 15948: a signature, then chunks with their length, name and checksum.

    Example:
        >>> png(np.zeros((2, 3), np.uint8))[:8]
        b'\x89PNG\r\n\x1a\n'
    """
    height, width = grey.shape
    lines = np.concatenate([np.zeros((height, 1), np.uint8), grey.astype(np.uint8)], axis=1)  # none is filtered
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
