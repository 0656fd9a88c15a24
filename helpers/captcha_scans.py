"""Real captchas, for those who have them: 505 pages of four digits, and 2,019 digits cut out of them, with labels.

By its README they came from the page of a toll road; they lie in the public repository pavan555/Captcha-Breaker, which
states no licence. The course neither contains nor downloads them: put its folders `downloads` and `dataset` into
`captcha` in the folder that COURSE_DATA names.
"""

from __future__ import annotations

import io
import os
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np
from PIL import Image

from helpers.data import DatasetMissing

PLACE = "captcha"
ARCHIVE = "captcha.tar.gz"


@dataclass(frozen=True)
class Scans:
    """Pages (505, 36, 150) and digits, a list of (height, width), all uint8 with dark ink; labels (2019,) from 1 to 9.

    The digits were cut with a margin of five pixels. No page has a label as a whole, and no digit is 0.
    """

    pages: np.ndarray
    digits: list[np.ndarray]
    labels: np.ndarray


def real_captchas() -> Scans:
    """Read the captchas from `captcha` in the folder that COURSE_DATA names: an archive, or the two folders.

    Raises:
        DatasetMissing: they are not there.
    """
    pages, digits, labels = [], [], []
    for name, content in sorted(_files()):
        picture = np.asarray(Image.open(io.BytesIO(content)).convert("L"))
        if name.parts[-2] == "downloads":
            pages.append(picture)
        elif name.parts[-3:-2] == ("dataset",):
            digits.append(picture)
            labels.append(int(name.parts[-2]))
    if not pages or not digits:
        raise DatasetMissing(_WHERE)
    return Scans(np.stack(pages), digits, np.array(labels))


_WHERE = (
    "the real captchas are not on this computer; set COURSE_DATA to a folder that holds captcha/downloads and "
    "captcha/dataset, or go on with the course's own captchas: helpers.captcha makes as many as you like"
)


def _files() -> Iterator[tuple[PurePosixPath, bytes]]:
    """Name and content of every picture."""
    folder = Path(os.environ.get("COURSE_DATA", ""), PLACE)
    if not os.environ.get("COURSE_DATA") or not folder.is_dir():
        raise DatasetMissing(_WHERE)
    if (folder / ARCHIVE).is_file():
        with tarfile.open(folder / ARCHIVE) as file:
            for member in file:
                if member.isfile():
                    yield PurePosixPath(member.name), file.extractfile(member).read()
        return
    for path in folder.rglob("*"):
        if path.suffix in (".jpg", ".png"):
            yield PurePosixPath(path.relative_to(folder).as_posix()), path.read_bytes()
