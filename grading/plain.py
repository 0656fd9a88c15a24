"""From what a student's code showed to what may be put on a page: text without tricks, pictures without surprises."""

import io
import re
import struct
import sys
import tempfile
import zlib

from PIL import Image

from helpers.checks.library import ROOT

_ESCAPES = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]"  # colours and cursor movements
    r"|\x1b[\]PX^_][^\x07\x1b\n]*(?:\x1b\\|\x07)?"  # titles, links and other strings for a terminal
    r"|\x1b[ -/]*[0-~]?"
    r"|\x9b[0-?]*[ -/]*[@-~]"
)
# Control characters, and characters that turn or hide the text around them.
_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufff9-\ufffb\U000e0000-\U000e007f"
    "\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff]"
)
_NAMES = r"(?:[^\s/\"'<>:,()]{1,255}/)"  # parts of a path
_TEMPORARY = "|".join(re.escape(name) for name in sorted({tempfile.gettempdir(), "/tmp", "/var/tmp", "/dev/shm"}))
_MACHINE = [  # how a path begins that says where the grading machine keeps its files
    re.compile(rf"(?<![\w.-]){beginning}")
    for beginning in (
        rf"{re.escape(str(ROOT))}(?:/|(?![\w.-]))",
        rf"/{_NAMES}{{0,20}}(?=site-packages/|lib/python3\.\d+/)",
        rf"(?:{_TEMPORARY})/{_NAMES}{{0,20}}",
        rf"/(?:home|root|Users)/{_NAMES}{{0,20}}",
        rf"{re.escape(sys.prefix)}/",
    )
]
MAX_PIXELS = 4_000_000
MAX_SIDE = 1400  # pixels
MAX_PICTURE = 400_000  # bytes, after re-encoding
_BROKEN = (OSError, ValueError, SyntaxError, KeyError, IndexError, EOFError, OverflowError, MemoryError)
_BROKEN += (struct.error, zlib.error, Image.DecompressionBombError)


def plain(text: str, limit: int | None = None) -> str:
    """`text` as a person should see it: no terminal commands, and every unseen character spelled out.

    Longer than `limit` characters, its middle is left out, and a line says so.
    """
    if limit is not None and len(text) > 4 * limit:  # the rest is work for nothing
        text = _shortened(text, 4 * limit)
    lines = _ESCAPES.sub("", text).replace("\r\n", "\n").split("\n")
    text = "\n".join(line.rstrip("\r").rpartition("\r")[2] for line in lines)  # a progress bar writes over itself
    text = _UNSEEN.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
    return text if limit is None or len(text) <= limit else _shortened(text, limit)


def _shortened(text: str, limit: int) -> str:
    head = limit * 2 // 3
    return f"{text[:head]}\n[... {len(text) - limit:,} characters left out ...]\n{text[len(text) - (limit - head) :]}"


def shown(text: str, limit: int) -> str:
    """`plain` for what came out of a run: the places where the grading machine keeps its files are taken out too."""
    text = plain(text, limit)
    for pattern in _MACHINE:
        text = pattern.sub("", text)
    return text


class Pictures:
    """Pictures drawn anew, until there are too many for one page or notebook."""

    def __init__(self, space: int, count: int = 40) -> None:
        self.space, self.count = space, count  # bytes and pictures that may still come

    def draw(self, data: bytes) -> bytes | None:
        """`picture`, or None where there is no more space."""
        self.count -= 1
        image = picture(data) if self.count >= 0 else None
        if image is None or len(image) > self.space:
            return None
        self.space -= len(image)
        return image


def picture(data: bytes) -> bytes | None:
    """A PNG drawn anew, at most MAX_SIDE pixels wide and high and MAX_PICTURE bytes; None if it cannot be read.

    Nothing but the pixels of the first frame survives.
    """
    try:
        with Image.open(io.BytesIO(data), formats=["PNG"]) as source:
            if source.width * source.height > MAX_PIXELS:
                return None
            image = source.convert("RGBA")
    except _BROKEN:
        return None
    image.info.clear()
    if image.getextrema()[3] == (255, 255):
        image = image.convert("RGB")
    for side in (MAX_SIDE, 700, 350):
        image.thumbnail((side, side))
        buffer = io.BytesIO()
        image.save(buffer, format="PNG")
        if buffer.tell() <= MAX_PICTURE:
            return buffer.getvalue()
    return None
