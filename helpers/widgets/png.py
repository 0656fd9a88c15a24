"""PNG files of pictures that follow a slider, written twice to four times as fast as Pillow does, which tries five
filters on every row where one does for a figure."""

import struct
import zlib

import numpy as np

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_UP = 2  # the filter: each row as its difference from the row above, modulo 256


def png(pixels: np.ndarray) -> bytes:
    """`pixels`, (height, width, 4) uint8 RGBA, as a PNG file (W3C, Portable Network Graphics)."""
    height, width, _ = pixels.shape
    values = np.ascontiguousarray(pixels).reshape(height, 4 * width)
    rows = np.empty((height, 1 + 4 * width), np.uint8)
    rows[:, 0] = _UP
    rows[0, 1:] = values[0]
    np.subtract(values[1:], values[:-1], out=rows[1:, 1:])
    head = struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)  # 8 bits for each of RGBA
    chunks = (b"IHDR", head), (b"IDAT", zlib.compress(rows, 1)), (b"IEND", b"")
    return _SIGNATURE + b"".join(_chunk(kind, data) for kind, data in chunks)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(data, zlib.crc32(kind)))
