"""A drawing as a list of strokes: how it becomes pixels, how it is laid out as a data set does it, and how it is kept
as text."""

import base64
import binascii
import zlib
from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw

PAPER = 112  # strokes have whole coordinates 0..PAPER - 1, from the top left corner
PEN = 12  # how wide a stroke is, in the same unit
SMALL = 20  # sides: below, data sets fill the whole picture; from here on they leave a frame, as MNIST does
THICKER, LARGER = 1.6, 4.0  # how much laying out may enlarge pen and drawing
LONGEST = 4000  # points of a drawing

Stroke = list[tuple[int, int]]  # x to the right, y downwards
EXAMPLE: list[Stroke] = [
    [(36, 26), (50, 18), (68, 20), (74, 32), (66, 46), (52, 52)],
    [(52, 52), (70, 56), (80, 70), (72, 88), (54, 94), (36, 86)],
]  # a 3


class Drawing:
    """Strokes on a sheet of PAPER x PAPER, black (0) where there is no ink."""

    def __init__(self, strokes: Sequence[Stroke] = ()) -> None:
        self.strokes: list[Stroke] = [list(stroke) for stroke in strokes]

    def begin(self, x: float, y: float) -> tuple[int, int]:
        """Put the pen down; the place on the paper."""
        spot = _on_paper(x, y)
        if self._room():
            self.strokes.append([spot])
        return spot

    def extend(self, x: float, y: float) -> tuple[int, int]:
        """Draw on to a place; the place on the paper."""
        spot = _on_paper(x, y)
        if self.strokes and self.strokes[-1][-1] != spot and self._room():
            self.strokes[-1].append(spot)
        return spot

    def undo(self) -> None:
        """Take the last stroke back."""
        del self.strokes[-1:]

    def clear(self) -> None:
        """Take a new sheet."""
        self.strokes.clear()

    def _room(self) -> bool:
        return sum(map(len, self.strokes)) < LONGEST

    def pixels(self, side: int, laid_out: bool = False) -> np.ndarray:
        """The drawing in (side, side) pixels, 0 black to 1 ink, each the mean over its square of the paper.

        `laid_out` moves and scales it first as data sets do: in the middle, as large as its longer side allows.
        """
        strokes, pen = self.strokes, PEN
        if laid_out and strokes:
            strokes, pen = _fitted(strokes, 1.0 if side < SMALL else 20 / 28)
        scale = max(1, round(2 * PAPER / side)) * side / PAPER  # drawn large, in whole squares
        sheet = Image.new("L", (round(PAPER * scale),) * 2)
        draw, radius = ImageDraw.Draw(sheet), pen * scale / 2
        for stroke in strokes:
            spots = [((x + 0.5) * scale, (y + 0.5) * scale) for x, y in stroke]
            draw.line(spots, fill=255, width=round(2 * radius), joint="curve")
            for x, y in (spots[0], spots[-1]):
                draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=255)
        square = sheet.width // side
        return np.asarray(sheet, np.float64).reshape(side, square, side, square).mean(axis=(1, 3)) / 255

    def code(self) -> str:
        """The drawing as a short text; "" for an empty one."""
        flat = [value for stroke in self.strokes for spot in (*stroke, (255, 255)) for value in spot]
        return base64.urlsafe_b64encode(zlib.compress(bytes(flat), 9)).decode("ascii") if flat else ""


def decode(code: str) -> Drawing:
    """The drawing that `code` stands for. Raises ValueError where it stands for none."""
    try:
        packed = base64.b64decode(code.encode("ascii"), altchars=b"-_", validate=True)
        flat = zlib.decompressobj().decompress(packed, 2 * 2 * LONGEST) if code else b""
    except (AttributeError, UnicodeError, binascii.Error, zlib.error):
        raise ValueError("drawing is not a text that an explorer gave as its drawing; leave it out.") from None
    strokes, current = [], []
    for x, y in zip(flat[::2], flat[1::2]):
        if (x, y) == (255, 255):
            strokes.append(current)
            current = []
        else:
            current.append(_on_paper(x, y))
    return Drawing([stroke for stroke in strokes if stroke])


def _on_paper(x: float, y: float) -> tuple[int, int]:
    return tuple(int(min(max(v, 0), PAPER - 1)) for v in (x, y))


def _fitted(strokes: list[Stroke], fill: float) -> tuple[list[list[tuple[float, float]]], float]:
    """The strokes and the pen, moved and scaled so that the ink fills that share of the paper, about its middle."""
    points = np.array([spot for stroke in strokes for spot in stroke], float)
    low, high = points.min(axis=0), points.max(axis=0)
    span = (high - low).max()
    scale = fill * PAPER / (span + PEN)
    if scale > THICKER:  # small writing is enlarged more than its pen, and a dot stays a dot
        scale = min((fill * PAPER - THICKER * PEN) / max(span, 1), LARGER)
    middle = (low + high) / 2
    moved = [[tuple((np.array(s) - middle) * scale + (PAPER - 1) / 2) for s in stroke] for stroke in strokes]
    return moved, PEN * min(scale, THICKER)
