"""What the captcha explorer computes: a page of some difficulty, and what a learner's functions make of it."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from helpers.captcha import Captcha, make_captcha, settings
from helpers.widgets import student

MOST = 12  # boxes that are drawn


@dataclass(frozen=True)
class Seen:
    """A captcha; the boxes that were found on it (n, 4), or None; what was read, or None; what went wrong, or ""."""

    captcha: Captcha
    boxes: np.ndarray | None
    reading: str | None
    problem: str


def compute(
    level: float, page: int, length: int, find_digits: Callable | None = None, read: Callable | None = None
) -> Seen:
    """The captcha number `page` of a level, and what `find_digits(image)` and `read(image)` say about it."""
    rng = np.random.default_rng((page, length))
    captcha = make_captcha("".join(rng.choice(list("0123456789"), length)), level, rng)
    boxes, reading, problem = None, None, ""
    if find_digits is not None:
        found, problem = student.call(find_digits, captcha.image)
        if not problem:
            boxes, problem = _boxes(found, student.name_of(find_digits))
    if read is not None and not problem:
        text, problem = student.call(read, captcha.image)
        if not problem and not isinstance(text, str):
            problem = f"{student.name_of(read)} returned a {type(text).__name__}; a text is needed here."
        reading = text if isinstance(text, str) else None
    return Seen(captcha, boxes, reading, problem)


def _boxes(found: object, name: str) -> tuple[np.ndarray | None, str]:
    try:
        boxes = np.array(found, dtype=float).reshape(-1, 4) if len(found) else np.zeros((0, 4))
    except (TypeError, ValueError):
        return None, f"{name} returned something else than boxes (top, left, bottom, right)."
    return boxes, ""


def describe(seen: Seen, level: float) -> list[str]:
    """What can be seen, in words."""
    how, text = settings(level), seen.captcha.text
    lines = [
        f"It says {text}.",
        f"Digits turned by up to {how.angle:.0f}°, pages bent by up to {how.wave:.1f} pixels, {how.dust} specks, "
        f"grain of {how.grain:.0f} greys, {how.lines} strokes; "
        + (f"{how.gap:.0f} pixels apart at least." if how.gap >= 0.5 else "digits may touch."),
    ]
    if seen.boxes is not None:
        right = "as many as digits" if len(seen.boxes) == len(text) else f"for {len(text)} digits"
        lines.append(f"find_digits gives {len(seen.boxes)} boxes, {right}.")
    if seen.reading is not None:
        lines.append(f"Read as {seen.reading or 'nothing'}: {_verdict(seen.reading, text)}.")
    return lines


def _verdict(reading: str, text: str) -> str:
    if reading == text:
        return "right"
    if len(reading) != len(text):
        return "wrong, and of another length"
    wrong = sum(a != b for a, b in zip(reading, text))
    return f"{wrong} of {len(text)} digits wrong"
