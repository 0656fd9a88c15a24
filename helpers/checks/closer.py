"""A closer look at wrong values: a small array side by side, an image with its difference, a curve against its band.

Every look is a sentence for those who read, and HTML for those who see.
"""

import base64
import io
from dataclasses import dataclass
from html import escape

import numpy as np

from helpers.checks.compare import Finding

SMALL = 12  # values that are worth printing
IMAGE_SIDES = (5, 160)
WIDTH = 96  # pixels of a picture on the page
_BLUE, _WHITE, _RED = np.array([33, 102, 172]), np.array([247, 247, 247]), np.array([178, 24, 43])


@dataclass(frozen=True)
class Look:
    """The same thing twice: in words, and as HTML."""

    text: str
    html: str


def closer_look(finding: Finding) -> Look | None:
    """What helps most with these values, or None where the message has said it all."""
    if finding.yours is None or finding.want is None or not finding.yours.ndim:
        return None
    want = finding.want
    if want.low is not None:
        return _curve(finding.yours, np.asarray(want.low), np.asarray(want.high)) if finding.yours.ndim == 1 else None
    expected = np.asarray(want.value, np.float64)
    image = _worst_image(finding.yours, expected)
    if image is not None:
        return _images(*image)
    return _side_by_side(finding.yours, expected) if 1 < finding.yours.size <= SMALL else None


def printed(values: np.ndarray, digits: int) -> str:
    """An array as text, with no more digits than needed."""
    return np.array2string(values, separator=", ", formatter={"float_kind": lambda v: f"{v:.{digits}g}"})


def _side_by_side(yours: np.ndarray, expected: np.ndarray) -> Look:
    one, other = (printed(values, digits=6) for values in (yours, expected))
    html = f"<pre>yours\n{escape(one)}\nexpected\n{escape(other)}</pre>"
    return Look(f"yours:\n{one}\nexpected:\n{other}", html)


def _worst_image(yours: np.ndarray, expected: np.ndarray) -> tuple[np.ndarray, np.ndarray] | None:
    """The worst plane of an array of shape (height, width), with channels, or of a batch; None for other arrays."""
    if yours.ndim == 2:
        yours, expected = yours[None, :, :, None], expected[None, :, :, None]
    elif yours.ndim == 3:
        yours, expected = yours[None], expected[None]
    if yours.ndim != 4 or not all(IMAGE_SIDES[0] <= side <= IMAGE_SIDES[1] for side in yours.shape[1:3]):
        return None
    error = np.nan_to_num(np.abs(yours - expected), nan=np.inf).max(axis=(1, 2))
    sample, channel = np.unravel_index(int(np.argmax(error)), error.shape)
    return yours[sample, :, :, channel], expected[sample, :, :, channel]


def _images(yours: np.ndarray, expected: np.ndarray) -> Look:
    difference = np.where(np.isfinite(yours), yours, 0.0) - expected
    reach = float(np.abs(difference).max())
    text = f"Yours minus expected goes from {difference.min():.3g} to {difference.max():.3g}."
    low, high = float(expected.min()), float(expected.max())
    pictures = [
        ("yours", _grey(yours, low, high), "Your result, in the grey levels of the expected one."),
        ("expected", _grey(expected, low, high), "The expected result."),
        (f"difference, ±{reach:.3g}", _signed(difference, reach), f"{text} Red is too large, blue too small."),
    ]
    figures = "".join(
        f"<figure><img alt='{escape(alt)}' width='{WIDTH}' src='{_png(pixels)}'>"
        f"<figcaption>{escape(caption)}</figcaption></figure>"
        for caption, pixels, alt in pictures
    )
    return Look(text, f"<div class='pictures'>{figures}</div><p>{escape(text)} Red is too large, blue too small.</p>")


def _grey(values: np.ndarray, low: float, high: float) -> np.ndarray:
    level = (np.nan_to_num(values, nan=low, posinf=high, neginf=low) - low) / ((high - low) or 1.0)
    return np.repeat((np.clip(level, 0, 1) * 255).astype(np.uint8)[..., None], 3, axis=-1)


def _signed(values: np.ndarray, reach: float) -> np.ndarray:
    """Blue below zero, white at zero, red above."""
    level = (values / (reach or 1.0))[..., None]
    colours = np.where(level < 0, _WHITE + (_BLUE - _WHITE) * -level, _WHITE + (_RED - _WHITE) * level)
    return np.clip(colours, 0, 255).astype(np.uint8)


def _png(pixels: np.ndarray) -> str:
    """A data URI; small images are enlarged so that single pixels can be told apart."""
    from PIL import Image

    height, width = pixels.shape[:2]
    factor = max(1, 2 * WIDTH // width)
    enlarged = Image.fromarray(pixels).resize((width * factor, height * factor), Image.Resampling.NEAREST)
    file = io.BytesIO()
    enlarged.save(file, "PNG", optimize=True)
    return "data:image/png;base64," + base64.b64encode(file.getvalue()).decode()


def _curve(yours: np.ndarray, low: np.ndarray, high: np.ndarray) -> Look | None:
    """A sequence such as a loss per epoch, against the range that is right."""
    outside = ~((yours >= low) & (yours <= high))
    if len(yours) < 3 or not outside.any():
        return None
    first = int(np.argmax(outside))
    text = (
        f"{int(outside.sum())} of {len(yours)} values lie outside the expected range, first at index {first}: "
        f"yours {yours[first]:.4g}, expected between {low[first]:.4g} and {high[first]:.4g}."
    )
    return Look(text, f"{_svg(yours, low, high, text)}<p>{escape(text)}</p>")


def _svg(yours: np.ndarray, low: np.ndarray, high: np.ndarray, alt: str) -> str:
    width, height = 280, 110
    finite = [v[np.isfinite(v)] for v in (yours, low, high)]
    bottom, top = min(v.min(initial=np.inf) for v in finite), max(v.max(initial=-np.inf) for v in finite)
    x = np.linspace(6, width - 6, len(yours))

    def points(values: np.ndarray, x: np.ndarray) -> str:
        y = height - 8 - (height - 16) * (np.clip(values, bottom, top) - bottom) / ((top - bottom) or 1.0)
        return " ".join(f"{a:.1f},{b:.1f}" for a, b in zip(x, y, strict=True))

    band = points(np.concatenate([low, high[::-1]]), np.concatenate([x, x[::-1]]))
    kept = np.isfinite(yours)
    return (
        f"<svg role='img' aria-label='{escape(alt)}' width='{width}' height='{height}' viewBox='0 0 {width} {height}'>"
        f"<polygon class='band' points='{band}'/>"
        f"<polyline class='curve' points='{points(yours[kept], x[kept])}'/></svg>"
        "<p><span class='key'>▬</span> yours <span class='key'>▒</span> expected range</p>"
    )
