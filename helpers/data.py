"""Real images to learn from: data sets by name, and a few photographs.

`load("digits")` and `photo("astronaut")` come with the installed packages and never need a network. The larger data
sets are read from the folder that the environment variable COURSE_DATA names, or downloaded once into a cache. Where
each comes from, under which terms, and the hash of every file: data/registry.json.
"""

from __future__ import annotations

import difflib
import gzip
import hashlib
import io
import json
import os
import tarfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np

REGISTRY = Path(__file__).resolve().parent.parent / "data" / "registry.json"
LUMINANCE = np.array([0.299, 0.587, 0.114])  # how bright red, green and blue look: ITU-R BT.601


class DatasetMissing(FileNotFoundError):
    """The data set is neither on this computer nor within reach."""


class DatasetDamaged(ValueError):
    """A file of the data set is there, but it is not the file that the course knows."""


@dataclass(frozen=True, eq=False, repr=False)
class Dataset:
    """Images with labels, in one part to learn from and one to test on.

    Images are (n, height, width) in grey or (n, height, width, 3) in red, green, blue; labels are integers (n,).
    """

    x_train: np.ndarray
    y_train: np.ndarray
    x_test: np.ndarray
    y_test: np.ndarray
    class_names: tuple[str, ...]
    name: str
    licence: str
    source: str
    note: str = ""

    def __repr__(self) -> str:
        size = " x ".join(str(side) for side in self.x_train.shape[1:])
        return (
            f"{self.name}: {len(self.x_train)} training and {len(self.x_test)} test images of {size} "
            f"({self.x_train.dtype}) in {len(self.class_names)} classes"
        )


def load(name: str) -> Dataset:
    """Return the data set called `name`: "digits", "mnist", "fashion_mnist", "cifar10" or "smiles".

    Pixels of "digits" are float64 in 0..1, all others uint8 in 0..255 as they are stored; `to_unit` maps both to 0..1.

    Raises:
        ValueError: there is no data set of that name.
        DatasetMissing: it is not on this computer and cannot be downloaded.
        DatasetDamaged: a file of it is not the one that the course knows.
    """
    registry = json.loads(REGISTRY.read_text(encoding="utf-8"))
    entry = registry[_known(name, registry, "data set")]
    variant, paths = _locate(name, entry)
    try:
        arrays = _READERS[variant["format"]](paths, variant)
    except (OSError, EOFError, tarfile.TarError, zipfile.BadZipFile) as error:
        raise DatasetDamaged(f"{paths[0]} cannot be read ({error}); delete it and load {name!r} again") from error
    facts = {key: entry[key] for key in ("licence", "source")}
    return Dataset(*arrays, tuple(entry["class_names"]), entry["title"], **facts, note=variant["note"])


def to_unit(images: np.ndarray, dtype: type = np.float64) -> np.ndarray:
    """Return `images` with pixels in 0..1: uint8 is divided by 255, floating point only changes its type."""
    images = np.asarray(images)
    return images.astype(dtype) / dtype(255) if images.dtype == np.uint8 else images.astype(dtype)


# Name of the photograph: the package that carries it, and its terms as that package states them.
PHOTOS = {
    "astronaut": ("skimage", "public domain, NASA"),
    "brick": ("skimage", "CC0, CC0Textures"),
    "camera": ("skimage", "CC0, Lav Varshney"),
    "chelsea": ("skimage", "CC0, Stefan van der Walt"),
    "china": ("sklearn", "CC BY 2.0, danielbuechele"),
    "coffee": ("skimage", "CC0, Rachel Michetti"),
    "coins": ("skimage", "no known copyright restrictions, Brooklyn Museum"),
    "flower": ("sklearn", "CC BY 2.0, vultilion"),
    "rocket": ("skimage", "public domain, SpaceX"),
    "text": ("skimage", "public domain, from Wikipedia"),
}


def photo(name: str) -> np.ndarray:
    """Return the photograph called `name` (a key of `PHOTOS`), uint8, (height, width, 3) or (height, width) if grey."""
    package, _ = PHOTOS[_known(name, PHOTOS, "photograph")]
    if package == "sklearn":
        from sklearn.datasets import load_sample_image

        return load_sample_image(f"{name}.jpg").copy()
    from skimage import data

    return getattr(data, name)()


def grey(image: np.ndarray) -> np.ndarray:
    """Return how bright each pixel of `image` (..., height, width, 3) looks: float64, (..., height, width), same range.

    Source: ITU-R BT.601, 0.299 red + 0.587 green + 0.114 blue, as most image libraries do.
    """
    return np.asarray(image, dtype=np.float64) @ LUMINANCE


def _known(name: str, table: dict, kind: str) -> str:
    """Return `name` if `table` has it; otherwise say what there is."""
    if name in table:
        return name
    close = difflib.get_close_matches(str(name), table, n=1)
    hint = f"did you mean {close[0]!r}?" if close else "choose one of"
    raise ValueError(f"there is no {kind} {name!r}; {hint} ({', '.join(sorted(table))})")


# --- where the files are -------------------------------------------------------------------------------------------


def _locate(name: str, entry: dict) -> tuple[dict, list[Path]]:
    """Return the first variant of a data set that is within reach, and the paths of its verified files."""
    if own := os.environ.get("COURSE_DATA"):
        for variant in entry["variants"]:
            paths = [Path(own, variant["folder"], file["name"]) for file in variant["files"]]
            if all(path.is_file() for path in paths):
                for path, file in zip(paths, variant["files"]):
                    _verify(path, file["sha256"])
                return variant, paths
    variant = entry["variants"][0]
    return variant, [_download(name, entry, variant["folder"], file) for file in variant["files"]]


def _cache() -> Path:
    """Return the folder for downloaded files, the same for all copies of the course on this computer."""
    import pooch

    return Path(pooch.os_cache("learning-to-see"))


def _verify(path: Path, sha256: str | None) -> None:
    """Raise DatasetDamaged unless the file at `path` has the hash that the registry names (None: contents decide)."""
    if sha256 is None:
        return
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != sha256:
        raise DatasetDamaged(
            f"{path} is damaged or another version (its SHA-256 begins {found[:8]}, not {sha256[:8]}); "
            "delete it, and it will be downloaded"
        )


def _download(name: str, entry: dict, folder: str, file: dict) -> Path:
    """Return a file of a data set in the cache; if need be, download it from the first address that answers."""
    import pooch
    import requests

    known = file["sha256"] and f"sha256:{file['sha256']}"
    strangers = []
    for url in file["urls"]:
        try:
            return Path(pooch.retrieve(url, known, file["name"], _cache() / folder, progressbar=True))
        except ValueError:  # another hash
            strangers.append(url)
        except (requests.RequestException, OSError):
            continue
    if strangers:
        raise DatasetDamaged(f"what {strangers[0]} sent is not the file that the course knows; try again later")
    raise DatasetMissing(
        f"the data set {name!r} is not on this computer and could not be downloaded; connect to the internet and run "
        f"this again, or set COURSE_DATA to a folder that holds {folder}/{file['name']}, "
        f"or use load({entry['substitute']!r}) for now"
    )


# --- how the files are read: each reader returns x_train, y_train, x_test, y_test ------------------------------------

Arrays = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]


def _read_sklearn_digits(paths: list[Path], variant: dict) -> Arrays:
    """Read the 8 x 8 digits that come with scikit-learn; 16 grey levels become 0..1."""
    from sklearn.datasets import load_digits

    digits = load_digits()
    return _split(digits.images / 16.0, digits.target, variant["test_fraction"])


def _read_idx(paths: list[Path], variant: dict) -> Arrays:
    """Read the four gzipped idx files of MNIST and its kin: a header of big-endian integers, then the bytes."""
    arrays = []
    for path in paths:
        raw = gzip.decompress(path.read_bytes())
        shape = np.frombuffer(raw, ">i4", count=raw[3], offset=4)
        arrays.append(np.frombuffer(raw, np.uint8, offset=4 + 4 * raw[3]).reshape(shape))
    x_train, y_train, x_test, y_test = arrays
    return x_train.copy(), y_train.astype(np.int64), x_test.copy(), y_test.astype(np.int64)


def _read_cifar_binary(paths: list[Path], variant: dict) -> Arrays:
    """Read the binary CIFAR-10 archive: per image one label byte, then 32 x 32 red, green and blue bytes."""
    parts = {}
    for member, content in _members(paths[0]):
        if member.suffix == ".bin":
            records = np.frombuffer(content, np.uint8).reshape(-1, 1 + 3 * 32 * 32)
            images = records[:, 1:].reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)
            parts[member.stem] = images, records[:, 0].astype(np.int64)
    train = [parts[f"data_batch_{number}"] for number in range(1, 6)]
    x_train, y_train = (np.concatenate(arrays) for arrays in zip(*train))
    x_test, y_test = parts["test_batch"]
    return x_train, y_train, np.ascontiguousarray(x_test), y_test


def _read_class_folders(paths: list[Path], variant: dict) -> Arrays:
    """Read an archive of pictures laid out as part/class/number.jpg, and mix the classes, always in the same way."""
    parts: dict[str, list[tuple[str, np.ndarray]]] = {"train": [], "test": []}
    for member, content in _members(paths[0]):
        if member.suffix == ".jpg":
            parts[member.parts[0]].append((member.parts[1], _decode(content)))
    arrays, rng = [], np.random.default_rng(0)
    for pictures in parts.values():
        order = rng.permutation(len(pictures))
        labels, images = zip(*pictures)
        arrays += [np.stack(images)[order], np.unique(labels, return_inverse=True)[1][order]]
    return tuple(arrays)


def _read_smiles(paths: list[Path], variant: dict) -> Arrays:
    """Read the faces of SMILES from the repository's archive: label 1 for a smile, 0 for none."""
    pictures = {}
    for member, content in _members(paths[0]):
        if member.parent.name in ("positives7", "negatives7") and member.suffix == ".jpg":
            pictures[member.parent.name, member.name] = content
    names = sorted(pictures)
    digest = hashlib.sha256(b"".join(hashlib.sha256(pictures[name]).digest() for name in names)).hexdigest()
    if digest != variant["contents_sha256"]:
        raise DatasetDamaged(f"{paths[0]} does not hold the pictures that the course knows; delete it and load again")
    images = np.stack([_decode(pictures[name]) for name in names])
    labels = np.array([folder == "positives7" for folder, _ in names], dtype=np.int64)
    return _split(images, labels, variant["test_fraction"])


_READERS = {
    "sklearn-digits": _read_sklearn_digits,
    "idx": _read_idx,
    "cifar-binary": _read_cifar_binary,
    "class-folders": _read_class_folders,
    "smiles": _read_smiles,
}


def _split(images: np.ndarray, labels: np.ndarray, test_fraction: float) -> Arrays:
    """Split always in the same way, each class in the same proportion on both sides."""
    from sklearn.model_selection import train_test_split

    parts = train_test_split(images, labels, test_size=test_fraction, stratify=labels, random_state=0)
    x_train, x_test, y_train, y_test = parts
    return x_train, y_train, x_test, y_test


def _members(archive: Path) -> Iterator[tuple[PurePosixPath, bytes]]:
    """Yield name and content of every file in a zip or tar archive, in the archive's order, unpacking nothing."""
    if archive.suffix == ".zip":
        with zipfile.ZipFile(archive) as file:
            yield from ((PurePosixPath(name), file.read(name)) for name in file.namelist() if not name.endswith("/"))
    else:
        with tarfile.open(archive) as file:
            yield from ((PurePosixPath(m.name), file.extractfile(m).read()) for m in file if m.isfile())


def _decode(content: bytes) -> np.ndarray:
    """Return the picture in the bytes of an image file, uint8."""
    from PIL import Image

    return np.asarray(Image.open(io.BytesIO(content)))
