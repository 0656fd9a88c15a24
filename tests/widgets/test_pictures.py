"""Drawings and uploads: what becomes of strokes, of files, and of files that are none; the pad by hand and by key."""

import asyncio
import io

import numpy as np
import pytest
from PIL import Image
from scipy import ndimage

from helpers.data import load, photo
from helpers.widgets import pictures
from helpers.widgets.ink import EXAMPLE, LONGEST, PAPER, PEN, Drawing, decode
from helpers.widgets.pad import DrawingPad


def file(image: Image.Image, form: str, **options) -> bytes:
    image.save(packed := io.BytesIO(), form, **options)
    return packed.getvalue()


# --- ink -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("side", [8, 28, 56])
def test_a_line_covers_its_length_times_the_pen(side):
    ink = Drawing([[(20, 50), (90, 50)]]).pixels(side)
    assert ink.shape == (side, side)
    assert ink.sum() * (PAPER / side) ** 2 == pytest.approx(70 * PEN + np.pi * PEN**2 / 4, rel=0.06)
    row, column = ndimage.center_of_mass(ink)
    assert (column + 0.5) * PAPER / side == pytest.approx(55.5, abs=1)
    assert (row + 0.5) * PAPER / side == pytest.approx(50.5, abs=1)


def test_nothing_drawn_is_black_and_a_dot_is_not():
    assert Drawing().pixels(8, laid_out=True).max() == 0
    dot = Drawing()
    dot.begin(10, 10)
    assert dot.pixels(28).max() > 0.5
    assert dot.pixels(28, laid_out=True)[12:16, 12:16].max() == 1


@pytest.mark.parametrize(("side", "filled"), [(8, 8), (28, 20)])
def test_laid_out_a_drawing_fills_the_picture_as_in_the_data_set_wherever_it_was(side, filled):
    small = Drawing([[(5 + x // 3, 60 + y // 3) for x, y in stroke] for stroke in EXAMPLE]).pixels(side, True)
    rows = np.flatnonzero(small.max(axis=1) > 0.2)
    assert rows[-1] - rows[0] + 1 == pytest.approx(filled, abs=1)
    assert np.subtract(ndimage.center_of_mass(small), (side - 1) / 2) == pytest.approx(0, abs=side / 10)


def test_a_laid_out_drawing_has_as_much_ink_as_digits_that_are_loaded():
    digits = load("digits")
    threes = digits.x_train[digits.y_train == 3].mean(axis=(1, 2))
    ours = Drawing(EXAMPLE).pixels(8, laid_out=True).mean()
    assert threes.min() < ours < threes.max()


def test_a_code_brings_the_drawing_back():
    drawing = Drawing(EXAMPLE)
    assert decode(drawing.code()).strokes == EXAMPLE
    assert decode("").strokes == []
    assert Drawing().code() == ""


@pytest.mark.parametrize("code", ["???", "abc", "eJw", "ä", None, 7])
def test_a_text_that_is_no_drawing_is_refused_in_a_sentence(code):
    with pytest.raises(ValueError, match="is not a text that an explorer gave"):
        decode(code) if code is not None else decode(5)


def test_a_code_that_would_unpack_to_gigabytes_is_cut_off():
    import base64
    import zlib

    bomb = base64.urlsafe_b64encode(zlib.compress(bytes(50_000_000), 9)).decode()
    assert len(decode(bomb).strokes) <= 1


def test_strokes_stay_on_the_paper_and_end_somewhere():
    drawing = Drawing()
    assert drawing.begin(-5, 1e9) == (0, PAPER - 1)
    for i in range(2 * LONGEST):
        drawing.extend(i % 7, i % 3)
    assert sum(map(len, drawing.strokes)) == LONGEST


# --- uploads ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["PNG", "JPEG", "BMP", "WEBP", "GIF"])
def test_a_photograph_comes_back_grey_and_small(form):
    image, problem = pictures.uploaded("a", file(Image.fromarray(photo("astronaut")), form))
    assert problem == ""
    assert image.shape == (256, 256)
    np.testing.assert_allclose(image.mean(), photo("astronaut").mean() / 255, atol=0.03)


def test_twenty_megapixels_are_made_small():
    large = Image.new("L", (5500, 4000), 128)
    image, problem = pictures.uploaded("large.jpg", file(large, "JPEG"))
    assert problem == ""
    assert image.shape == (186, 256)


def test_what_can_be_seen_through_is_white():
    image, _ = pictures.uploaded("a.png", file(Image.new("RGBA", (9, 9), (0, 0, 0, 0)), "PNG"))
    np.testing.assert_allclose(image, 1)
    palette = Image.new("P", (9, 9), 0)
    image, _ = pictures.uploaded("a.gif", file(palette, "GIF", transparency=0))
    np.testing.assert_allclose(image, 1)


def test_a_picture_taken_on_its_side_is_put_upright():
    exif = Image.Exif()
    exif[0x0112] = 6
    image, _ = pictures.uploaded("a.jpg", file(Image.new("L", (40, 20)), "JPEG", exif=exif))
    assert image.shape == (40, 20)


PNG = file(Image.fromarray(photo("camera")), "PNG")


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "cannot be read as a picture"),
        (b"no picture", "cannot be read as a picture"),
        (PNG[: len(PNG) // 2], "cannot be read as a picture"),
        (PNG[:60] + bytes(40) + PNG[100:], "cannot be read as a picture"),
        (bytes(9_000_000), "has 9.0 MB; choose a picture of at most 8 MB"),
        (file(Image.new("1", (10_000, 6_000)), "PNG"), "is 10000 x 6000 pixels; choose one of at most 50 megapixels"),
        (file(Image.new("1", (20_000, 20_000)), "PNG"), "cannot be read as a picture"),
    ],
)
def test_a_file_that_cannot_be_used_is_a_sentence(content, sentence):
    image, problem = pictures.uploaded("my.png", content)
    assert image is None
    assert problem.startswith(f"my.png {sentence}")


# --- the pad ---------------------------------------------------------------------------------------------------------


def test_the_pad_draws_with_mouse_or_finger_between_down_and_up():
    told = []
    pad = DrawingPad(Drawing(), lambda: told.append(1))
    pad.move(5, 5)
    pad.down(10, 20)
    pad.move(30, 20)
    pad.up()
    pad.move(50, 50)
    assert pad.drawing.strokes == [[(10, 20), (30, 20)]]
    assert told


def test_the_pad_draws_with_keys():
    pad = DrawingPad(Drawing(), lambda: None)
    for key in ("ArrowLeft", " ", "ArrowDown", "ArrowDown", " ", "ArrowRight", "x"):
        pad.key(key)
    assert pad.drawing.strokes == [[(52, 56), (52, 60), (52, 64)]]
    pad.key("Backspace")
    assert pad.drawing.strokes == []
    for _ in range(50):
        pad.key("ArrowLeft")
    assert pad.cursor == (0, 64)


def test_the_canvas_events_reach_the_pad():
    pad = DrawingPad(Drawing(), lambda: None)
    for event, extra in (("mouse_down", {"x": 20, "y": 40}), ("mouse_move", {"x": 60, "y": 40}), ("mouse_out", {})):
        pad.canvas._canvases[-1]._handle_frontend_event(None, {"event": event, "x": 0, "y": 0, **extra}, [])
    assert pad.drawing.strokes == [[(10, 20), (30, 20)]]


def test_in_a_kernel_many_points_are_answered_together():
    told = []

    async def draw() -> None:
        pad = DrawingPad(Drawing(), lambda: told.append(len(pad.drawing.strokes[0])))
        pad.down(0, 0)
        for x in range(1, 40):
            pad.move(x, x)
        while not told:
            await asyncio.sleep(0.01)

    asyncio.run(draw())
    assert told == [40]
