"""Pictures of your own: a folder with one folder per class, `pets/cat/anything.jpg`, `pets/dog/anything.jpg`.

pets = ImageFolder("pets", [CropCentre(32, 32)])
images, labels = pets.load()                     # all of them, if they fit in memory
for images, labels in pets.batches(64):          # or a few at a time, if they do not
    ...
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from helpers.bar import bar
from helpers.preprocess import Step

ENDINGS = (".jpg", ".jpeg", ".png", ".gif", ".bmp", ".webp", ".tif", ".tiff")
LIMIT = 2_000_000_000  # bytes; more is not loaded at once


class PictureDamaged(ValueError):
    """A file that should be a picture cannot be read as one."""


class PictureUnprepared(ValueError):
    """A picture was read, but could not be made ready, or has another shape than the others."""


class ImageFolder:
    """The pictures in a folder, with the name of the folder each lies in as its class.

    `paths` are the files, sorted; `labels` (n,) are their classes as numbers, in the order of `class_names`, which are
    sorted too. Nothing is read before `load` or `batches`; then each picture is uint8 in red, green, blue and goes
    through `steps`, one after the other. Damaged files are an error, or with `skip_damaged` only noted in `damaged`.
    """

    def __init__(self, root: str | Path, steps: Sequence[Step] = (), skip_damaged: bool = False) -> None:
        self.root, self.steps, self.skip_damaged = Path(root), list(steps), skip_damaged
        self.class_names, self.paths, labels = _listed(self.root)
        self.labels = np.array(labels, dtype=np.int64)
        self.damaged: dict[Path, str] = {}

    def __len__(self) -> int:
        return len(self.paths)

    def __repr__(self) -> str:
        counts = np.bincount(self.labels, minlength=len(self.class_names))
        classes = ", ".join(f"{name} ({count})" for name, count in zip(self.class_names, counts))
        return f"{len(self)} pictures in {self.root.name}: {classes}"

    def part(self, indices: Sequence[int]) -> ImageFolder:
        """Return the same folder with these pictures only, in this order; classes keep their numbers."""
        chosen = object.__new__(ImageFolder)
        chosen.__dict__ |= self.__dict__ | {"damaged": {}}
        chosen.paths, chosen.labels = [self.paths[i] for i in indices], self.labels[np.asarray(indices, dtype=np.int64)]
        return chosen

    def size_in_memory(self) -> int:
        """Return how many bytes all prepared pictures take together, judged by the first that can be read."""
        for path in self.paths:
            if (image := self._prepared(path)) is not None:
                return len(self) * image.nbytes
        return 0

    def load(self, limit: int = LIMIT) -> tuple[np.ndarray, np.ndarray]:
        """Return all pictures as one array (n, ...), and their labels (n,).

        Raises:
            MemoryError: they would take more than `limit` bytes.
            PictureDamaged, PictureUnprepared: see the classes; the message names the file.
        """
        if (size := self.size_in_memory()) > limit:
            raise MemoryError(
                f"{len(self):,} pictures would take {_size(size)}, more than {_size(limit)}; "
                "read them with .batches(64), make them smaller, or raise limit"
            )
        return _stacked(list(self._read(range(len(self)))))

    def batches(self, size: int, rng: np.random.Generator | None = None) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Yield images (up to size, ...) and labels, every picture once; with `rng` in random order.

        Only one batch is in memory at a time.
        """
        order = np.arange(len(self)) if rng is None else rng.permutation(len(self))
        waiting: list[tuple[Path, np.ndarray, int]] = []
        for item in self._read(order):
            waiting.append(item)
            if len(waiting) == size:
                yield _stacked(waiting)
                waiting = []
        if waiting:
            yield _stacked(waiting)

    def _read(self, order: Sequence[int]) -> Iterator[tuple[Path, np.ndarray, int]]:
        """Yield path, prepared picture and label, in this order; damaged ones are left out if that is wanted."""
        first = None
        for index in bar(order, f"reading {self.root.name}"):
            path = self.paths[index]
            if (image := self._prepared(path)) is not None:
                first = _same_shape(path, image, first)
                yield path, image, int(self.labels[index])

    def _prepared(self, path: Path) -> np.ndarray | None:
        try:
            image = read_picture(path)
        except PictureDamaged as error:
            if not self.skip_damaged:
                raise
            self.damaged[path] = str(error)
            return None
        for step in self.steps:
            image = _after(step, image, path)
        return image


def read_picture(path: str | Path) -> np.ndarray:
    """Return the picture in a file as uint8 (height, width, 3), red, green, blue; upright, on white if see-through.

    Raises:
        PictureDamaged: the file is missing, empty, cut short, or no picture.
    """
    from PIL import Image, ImageOps

    try:
        with Image.open(path) as file:
            picture = ImageOps.exif_transpose(file)
            if picture.has_transparency_data:
                picture = picture.convert("RGBA")
                picture = Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture)
            return np.array(picture.convert("RGB"))
    except Exception as error:  # what a damaged file raises differs from format to format
        raise PictureDamaged(f"{_short(path)} {_reason(Path(path), error)}") from error


def _reason(path: Path, error: Exception) -> str:
    """What is wrong with the file, and what can be done."""
    if not path.exists():
        return "is not there any more; make a new ImageFolder to see what is"
    if path.stat().st_size == 0:
        return "is empty; delete it, or copy it again from where it came"
    what = "ends too early" if "truncated" in str(error) or "cut" in str(error) else "cannot be read as a picture"
    return f"{what} ({error}); delete it, copy it again, or use skip_damaged=True"


def _listed(root: Path) -> tuple[tuple[str, ...], list[Path], list[int]]:
    """The classes, files and labels in a folder; ValueError where there is nothing to learn from."""
    if not root.is_dir():
        raise ValueError(f"there is no folder {root}; give the folder that holds one folder per class")
    folders = sorted(f for f in root.iterdir() if f.is_dir() and not f.name.startswith("."))
    if not folders:
        raise ValueError(f"{root} holds no folders; put the pictures of each class into a folder of its own there")
    paths, labels = [], []
    for label, folder in enumerate(folders):
        files = sorted(f for f in folder.rglob("*") if f.suffix.lower() in ENDINGS and not f.name.startswith("."))
        if not files:
            raise ValueError(f"the folder {folder.name!r} in {root} holds no pictures ({', '.join(ENDINGS)})")
        paths += files
        labels += [label] * len(files)
    return tuple(f.name for f in folders), paths, labels


def _after(step: Step, image: np.ndarray, path: Path) -> np.ndarray:
    try:
        return np.asarray(step(image))
    except NotImplementedError:
        raise
    except Exception as error:
        name = getattr(step, "__name__", repr(step))
        raise PictureUnprepared(
            f"{name} failed on {_short(path)}, shape {image.shape}: {type(error).__name__}: {error}"
        ) from error


def _same_shape(path: Path, image: np.ndarray, first: tuple | None) -> tuple:
    """The first picture's path and shape; an error if this one has another shape."""
    if first is None:
        return path, image.shape
    if image.shape != first[1]:
        raise PictureUnprepared(
            f"{_short(path)} has shape {image.shape} and {_short(first[0])} has {first[1]}; "
            "add a step that makes all of one size, such as CropCentre(32, 32)"
        )
    return first


def _stacked(items: list[tuple[Path, np.ndarray, int]]) -> tuple[np.ndarray, np.ndarray]:
    """Pictures and labels as arrays."""
    if not items:
        raise PictureDamaged("none of the pictures can be read; open one of them to see what is wrong")
    return np.stack([image for _, image, _ in items]), np.array([label for *_, label in items], dtype=np.int64)


def _size(count: int) -> str:
    """A number of bytes in words."""
    for unit, name in ((1e9, "GB"), (1e6, "MB"), (1e3, "kB")):
        if count >= unit:
            return f"{count / unit:.1f} {name}"
    return f"{count} bytes"


def _short(path: str | Path) -> str:
    """The folder and the name of a file: what a reader needs to find it."""
    return "/".join(Path(path).parts[-2:])
