"""A captcha generator of the course's own: digits in many fonts, turned, bent, dusty, as hard as you like.

    captcha = make_captcha("2696", MEDIUM, np.random.default_rng(0))
    captcha.image, captcha.text, captcha.boxes

The fonts are those that come with matplotlib: nothing is downloaded.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from scipy import ndimage

HEIGHT, WIDTH = 48, 168  # of a page
SHEET = 64  # side of the square that one digit is drawn on
SIDE = 20  # of the square that a digit is brought to; a multiple of four, as LeNet needs it
EASY, MEDIUM, HARD = 0.0, 0.5, 1.0
DIGITS = "0123456789"
FONTS = (
    "DejaVuSans",
    "DejaVuSans-Bold",
    "DejaVuSans-Oblique",
    "DejaVuSansMono",
    "DejaVuSansMono-Bold",
    "DejaVuSerif",
    "DejaVuSerif-Bold",
    "DejaVuSerif-Italic",
    "STIXGeneral",
    "STIXGeneralBol",
    "STIXGeneralItalic",
    "STIXGeneralBolIta",
    "cmr10",
    "cmb10",
    "cmss10",
    "cmtt10",
)


@dataclass(frozen=True)
class Captcha:
    """A picture (HEIGHT, WIDTH), uint8, dark ink on light paper; what it says; where each digit was put.

    `boxes` is (digits, 4): top, left, bottom, right, the last two exclusive, before the page was bent.
    """

    image: np.ndarray
    text: str
    boxes: np.ndarray


@dataclass(frozen=True)
class Settings:
    """What a level of difficulty means. Lengths are in pixels, angles in degrees, greys in 0..255."""

    angle: float  # a digit is turned by up to this much, either way
    shear: float  # and slanted by up to this share of its height
    wave: float  # the page is bent by up to this much
    gap: float  # between neighbours, at least; they overlap where it is negative
    dust: int  # specks
    grain: float  # standard deviation of the noise in every pixel
    lines: int  # strokes across the page
    contrast: float  # of ink and paper, at least


def settings(level: float) -> Settings:
    """What `level` means, from 0 (easy) over 0.5 (medium) to 1 (hard); up to medium, digits stay apart."""
    level = float(np.clip(level, 0, 1))
    return Settings(
        angle=30 * level,
        shear=0.3 * level,
        wave=4 * level,
        gap=6 - 6 * level - 14 * max(0.0, level - MEDIUM),
        dust=round(40 * level),
        grain=4 + 24 * level,
        lines=round(6 * max(0.0, level - 0.7)),
        contrast=180 - 80 * level,
    )


def make_captcha(text: str, level: float, rng: np.random.Generator, fonts: tuple[str, ...] = FONTS) -> Captcha:
    """A captcha that says `text` (digits, up to six), at a level from 0 to 1; `rng` decides everything else."""
    if not text or set(text) - set(DIGITS) or len(text) > 6:
        raise ValueError(f"text is {text!r}; it must be one to six digits.")
    how = settings(level)
    glyphs = [_glyph(digit, how, str(rng.choice(fonts)), rng) for digit in text]
    ink, boxes = _typeset(glyphs, how, rng)
    for _ in range(how.lines):
        ink = np.maximum(ink, _line(rng))
    ink = np.maximum(_bend(ink, how.wave, rng), _dust(how.dust, rng))
    return Captcha(_print(ink, how, rng), text, boxes)


def random_captchas(
    count: int,
    level: float,
    rng: np.random.Generator,
    fonts: tuple[str, ...] = FONTS,
    length: int = 4,
) -> list[Captcha]:
    """`count` captchas of `length` random digits each."""
    texts = ("".join(rng.choice(list(DIGITS), length)) for _ in range(count))
    return [make_captcha(text, level, rng, fonts) for text in texts]


def as_ink(picture: np.ndarray) -> np.ndarray:
    """Greys as ink: the darkest pixel of `picture` becomes 1, the brightest 0."""
    return (picture.max() - picture) / (picture.max() - picture.min())


# --- one digit -------------------------------------------------------------------------------------------------------


@cache
def _font(name: str, size: int) -> ImageFont.FreeTypeFont:
    import matplotlib

    return ImageFont.truetype(Path(matplotlib.get_data_path(), "fonts", "ttf", f"{name}.ttf"), size)


def _glyph(digit: str, how: Settings, font: str, rng: np.random.Generator) -> np.ndarray:
    """One digit as ink in 0..1, slanted, turned, and cut out along its edges."""
    sheet = Image.new("L", (SHEET, SHEET), 0)
    size = int(rng.integers(30, 37))
    ImageDraw.Draw(sheet).text((SHEET // 2, SHEET // 2), digit, 255, _font(font, size), anchor="mm")
    slant, turn = rng.uniform(-how.shear, how.shear), np.deg2rad(rng.uniform(-how.angle, how.angle))
    matrix = np.array([[1, slant], [0, 1]]) @ [[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]]
    (x, y), ((a, b), (c, d)) = SHEET / 2 - matrix.sum(axis=1) * SHEET / 2, matrix.tolist()
    sheet = sheet.transform(sheet.size, Image.Transform.AFFINE, (a, b, x, c, d, y), Image.Resampling.BICUBIC)
    ink = np.asarray(sheet) / 255
    rows, columns = np.flatnonzero(ink.max(axis=1) > 0.2), np.flatnonzero(ink.max(axis=0) > 0.2)
    return ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


# --- the page --------------------------------------------------------------------------------------------------------


def _typeset(glyphs: list[np.ndarray], how: Settings, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """The digits in a row, as ink (HEIGHT, WIDTH), and their boxes (digits, 4)."""
    ink, boxes = np.zeros((HEIGHT, WIDTH)), []
    free = WIDTH - 8 - sum(glyph.shape[1] for glyph in glyphs)
    least = min(how.gap, free / len(glyphs))
    extra = rng.dirichlet(np.ones(len(glyphs) + 1)) * min(free - least * (len(glyphs) - 1), 60)
    left = 4 + extra[0]
    for glyph, more in zip(glyphs, extra[1:]):
        height, width = glyph.shape
        row = int(rng.integers(3, max(4, HEIGHT - 3 - height)))
        column = round(min(max(left, 0), WIDTH - width))
        place = np.s_[row : row + height, column : column + width]
        ink[place] = np.maximum(ink[place], glyph)
        boxes.append((row, column, row + height, column + width))
        left += width + least + more
    return ink, np.array(boxes)


def _line(rng: np.random.Generator) -> np.ndarray:
    """One stroke from the left edge to the right one."""
    sheet = Image.new("L", (WIDTH, HEIGHT), 0)
    start, end = rng.integers(6, HEIGHT - 6, size=2)
    ImageDraw.Draw(sheet).line([(0, int(start)), (WIDTH, int(end))], 255, 2)
    return np.asarray(sheet) / 255


def _bend(ink: np.ndarray, wave: float, rng: np.random.Generator) -> np.ndarray:
    """The page moved up and down, and left and right, along two slow waves."""
    rows, columns = np.mgrid[:HEIGHT, :WIDTH].astype(float)
    phases, lengths = rng.uniform(0, 2 * np.pi, 2), rng.uniform(70, 130, 2)
    down = wave * np.sin(2 * np.pi * columns / lengths[0] + phases[0])
    right = 0.5 * wave * np.sin(2 * np.pi * rows / (0.6 * lengths[1]) + phases[1])
    return ndimage.map_coordinates(ink, [rows + down, columns + right], order=1, mode="constant")


def _dust(specks: int, rng: np.random.Generator) -> np.ndarray:
    """Specks of one to three pixels in a row or a column."""
    ink = np.zeros((HEIGHT, WIDTH))
    for row, column in rng.integers(0, (HEIGHT - 2, WIDTH - 2), size=(specks, 2)):
        tall, wide = rng.permutation([1, int(rng.integers(1, 4))])
        ink[row : row + tall, column : column + wide] = rng.uniform(0.5, 1)
    return ink


def _print(ink: np.ndarray, how: Settings, rng: np.random.Generator) -> np.ndarray:
    """Ink on paper, a little shade from one side to the other, and grain: uint8."""
    paper = rng.uniform(205, 250)
    dark = rng.uniform(0, max(1.0, paper - how.contrast))
    shade = np.linspace(-1, 1, WIDTH) * rng.uniform(-0.5, 0.5) * how.grain
    page = paper + shade + ink * (dark - paper)
    return np.clip(np.rint(page + rng.normal(0, how.grain, page.shape)), 0, 255).astype(np.uint8)
