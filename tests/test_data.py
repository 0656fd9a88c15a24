"""Data sets: what is loaded is what is documented, and what goes wrong is said in one sentence."""

import functools
import gzip
import hashlib
import io
import json
import tarfile
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import cv2
import numpy as np
import pytest
from sklearn.datasets import load_digits

from helpers import data
from helpers.data import PHOTOS, DatasetDamaged, DatasetMissing, grey, load, photo, to_unit

REGISTRY = json.loads(data.REGISTRY.read_text())


def is_one_sentence(message: str) -> bool:
    return "\n" not in message and ". " not in message and len(message) < 300


# --- what is always there --------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def digits() -> data.Dataset:
    return load("digits")


def test_digits_are_all_of_scikit_learns(digits: data.Dataset) -> None:
    source = load_digits()
    images = np.concatenate([digits.x_train, digits.x_test])
    labels = np.concatenate([digits.y_train, digits.y_test])
    ours = sorted((label, *image.ravel()) for label, image in zip(labels, images))
    assert ours == sorted((label, *image.ravel() / 16) for label, image in zip(source.target, source.images))


def test_digits_keep_every_class_in_both_parts(digits: data.Dataset) -> None:
    assert (digits.x_train.shape, digits.x_test.shape) == ((1347, 8, 8), (450, 8, 8))
    shares = np.bincount(digits.y_test) / np.bincount(load_digits().target)
    np.testing.assert_allclose(shares, 0.25, atol=0.005)


def test_digits_are_split_alike_every_time(digits: data.Dataset) -> None:
    again = load("digits")
    assert np.array_equal(again.x_train, digits.x_train)
    assert np.array_equal(again.y_test, digits.y_test)


def test_data_set_says_what_it_is(digits: data.Dataset) -> None:
    assert repr(digits) == "Digits: 1347 training and 450 test images of 8 x 8 (float64) in 10 classes"
    assert digits.class_names == tuple("0123456789")
    with pytest.raises(AttributeError):
        digits.x_train = digits.x_test


def test_digits_and_photographs_need_no_network(offline: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COURSE_DATA", raising=False)
    assert len(load("digits").x_train) == 1347
    for name in PHOTOS:
        image = photo(name)
        assert image.dtype == np.uint8
        assert image.ndim == 2 or image.shape[2] == 3
        assert min(image.shape[:2]) > 150
        assert image.std() > 10


def test_photographs_are_the_callers_own() -> None:
    photo("china")[:] = 0
    assert photo("china").any()


def test_grey_is_what_opencv_computes() -> None:
    image = photo("chelsea")
    np.testing.assert_allclose(grey(image), cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), atol=0.51)


def test_to_unit_reaches_both_ends() -> None:
    unit = to_unit(np.array([0, 51, 255], np.uint8), np.float32)
    assert unit.dtype == np.float32
    np.testing.assert_allclose(unit, [0, 0.2, 1], rtol=1e-6)
    assert np.array_equal(to_unit(np.array([0.0, 0.5])), [0.0, 0.5])


@pytest.mark.parametrize(("function", "name"), [(load, "mnst"), (load, "fashion-mnist"), (photo, "camra")])
def test_unknown_name_is_corrected(function, name: str) -> None:
    with pytest.raises(ValueError, match="did you mean") as failure:
        function(name)
    assert repr(name) in str(failure.value)
    assert is_one_sentence(str(failure.value))


@pytest.mark.parametrize("entry", REGISTRY.values(), ids=REGISTRY)
def test_registry_names_terms_source_and_hashes(entry: dict) -> None:
    assert entry["licence"]
    assert entry["source"]
    assert entry["substitute"] in REGISTRY
    for variant in entry["variants"]:
        assert variant["note"]
        assert variant["format"] in data._READERS
        for file in variant["files"]:
            assert len(file["sha256"] or variant["contents_sha256"]) == 64


# --- downloading: a small MNIST of our own, from a server on this computer ------------------------------------------


def idx(array: np.ndarray) -> bytes:
    """The idx format: two zero bytes, type 8 (uint8), number of axes, their lengths as big-endian int32, the bytes."""
    header = bytes([0, 0, 8, array.ndim]) + b"".join(n.to_bytes(4, "big") for n in array.shape)
    return gzip.compress(header + array.astype(np.uint8).tobytes())


@pytest.fixture
def little(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict]:
    """Registry, server, cache and COURSE_DATA folder of a data set "little" with 6 + 2 images of 3 x 4 pixels."""
    rng = np.random.default_rng(3)
    arrays = [rng.integers(0, 256, (6, 3, 4)), np.arange(6), rng.integers(0, 256, (2, 3, 4)), np.arange(2)]
    names = ["train-x.gz", "train-y.gz", "test-x.gz", "test-y.gz"]
    served, cache, own = (tmp_path / name for name in ("served", "cache", "own"))
    (own / "little").mkdir(parents=True)
    served.mkdir()
    for name, array in zip(names, arrays):
        (served / name).write_bytes(idx(array))

    asked = []

    class Handler(SimpleHTTPRequestHandler):
        def log_message(self, *arguments: object) -> None:
            asked.append(self.path)

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=served))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_port}/"
    files = [
        {"name": n, "sha256": hashlib.sha256((served / n).read_bytes()).hexdigest(), "urls": [address + n]}
        for n in names
    ]
    variant = {"format": "idx", "folder": "little", "files": files, "note": "small"}
    facts = {
        "title": "Little",
        "licence": "ours",
        "source": "here",
        "substitute": "digits",
        "class_names": list("012345"),
    }
    registry = tmp_path / "registry.json"
    registry.write_text(json.dumps({"little": {**facts, "variants": [variant]}}))
    monkeypatch.setattr(data, "REGISTRY", registry)
    monkeypatch.setattr(data, "_cache", lambda: cache)
    monkeypatch.delenv("COURSE_DATA", raising=False)
    yield {"arrays": arrays, "served": served, "cache": cache, "own": own, "server": server, "asked": asked}
    server.shutdown()
    server.server_close()


def test_download_happens_once(little: dict) -> None:
    first, again = load("little"), load("little")
    for dataset in (first, again):
        for ours, truth in zip((dataset.x_train, dataset.y_train, dataset.x_test, dataset.y_test), little["arrays"]):
            assert np.array_equal(ours, truth)
    assert first.x_train.dtype == np.uint8
    assert first.y_train.dtype == np.int64
    assert first.x_train.flags.writeable
    assert sorted(little["asked"]) == ["/test-x.gz", "/test-y.gz", "/train-x.gz", "/train-y.gz"]


def test_own_copy_comes_before_the_network(little: dict, monkeypatch: pytest.MonkeyPatch) -> None:
    for file in little["served"].iterdir():
        (little["own"] / "little" / file.name).write_bytes(file.read_bytes())
    monkeypatch.setenv("COURSE_DATA", str(little["own"]))
    assert load("little").x_train.shape == (6, 3, 4)
    assert little["asked"] == []


def test_own_copy_that_is_incomplete_is_downloaded(little: dict, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COURSE_DATA", str(little["own"]))
    assert load("little").x_train.shape == (6, 3, 4)
    assert len(little["asked"]) == 4


def test_out_of_reach_says_what_to_do(little: dict) -> None:
    little["server"].shutdown()
    little["server"].server_close()
    with pytest.raises(DatasetMissing) as failure:
        load("little")
    message = str(failure.value)
    assert is_one_sentence(message)
    for part in ("'little'", "connect to the internet", "COURSE_DATA", "little/train-x.gz", "load('digits')"):
        assert part in message
    assert isinstance(failure.value, FileNotFoundError)


def test_refused_by_the_server_is_out_of_reach_too(little: dict) -> None:
    (little["served"] / "test-y.gz").unlink()
    with pytest.raises(DatasetMissing, match=r"test-y\.gz"):
        load("little")


def test_damaged_file_is_named(little: dict, monkeypatch: pytest.MonkeyPatch) -> None:
    for file in little["served"].iterdir():
        (little["own"] / "little" / file.name).write_bytes(file.read_bytes())
    damaged = little["own"] / "little" / "train-x.gz"
    damaged.write_bytes(damaged.read_bytes()[:-1])
    monkeypatch.setenv("COURSE_DATA", str(little["own"]))
    with pytest.raises(DatasetDamaged, match="damaged") as failure:
        load("little")
    assert str(damaged) in str(failure.value)
    assert is_one_sentence(str(failure.value).replace(str(damaged), "FILE"))


def test_wrong_download_is_refused(little: dict) -> None:
    (little["served"] / "train-y.gz").write_bytes(b"<html>log in to this wireless network</html>")
    with pytest.raises(DatasetDamaged, match="not the file that the course knows") as failure:
        load("little")
    assert is_one_sentence(str(failure.value))
    assert not (little["cache"] / "little" / "train-y.gz").exists()


def test_second_address_is_tried(little: dict) -> None:
    registry = json.loads(data.REGISTRY.read_text())
    labels, images = registry["little"]["variants"][0]["files"][1], registry["little"]["variants"][0]["files"][0]
    labels["urls"].insert(0, images["urls"][0])  # answers, but with another file
    images["urls"].insert(0, images["urls"][0] + ".gone")  # does not answer
    data.REGISTRY.write_text(json.dumps(registry))
    assert np.array_equal(load("little").y_train, little["arrays"][1])


def test_damaged_cache_is_repaired(little: dict) -> None:
    load("little")
    (little["cache"] / "little" / "test-x.gz").write_bytes(b"half a file")
    assert np.array_equal(load("little").x_test, little["arrays"][2])
    assert little["asked"].count("/test-x.gz") == 2


# --- archives, made up as their sources describe them ----------------------------------------------------------------


def test_binary_cifar_is_read_as_its_page_describes_it(tmp_path: Path) -> None:
    """Each record: one label byte, 1,024 red bytes row by row, 1,024 green, 1,024 blue."""
    rng = np.random.default_rng(5)
    names = [*(f"data_batch_{n}.bin" for n in range(1, 6)), "test_batch.bin"]
    images, labels = rng.integers(0, 256, (12, 32, 32, 3), np.uint8), rng.integers(0, 10, 12)
    archive = tmp_path / "cifar-10-binary.tar.gz"
    with tarfile.open(archive, "w:gz") as tar:
        for index, name in reversed(list(enumerate(names))):
            records = b"".join(
                bytes([labels[i]]) + b"".join(images[i, :, :, channel].tobytes() for channel in range(3))
                for i in (2 * index, 2 * index + 1)
            )
            member = tarfile.TarInfo(f"cifar-10-batches-bin/{name}")
            member.size = len(records)
            tar.addfile(member, io.BytesIO(records))
    x_train, y_train, x_test, y_test = data._read_cifar_binary([archive], {})
    assert np.array_equal(x_train, images[:10])
    assert np.array_equal(y_train, labels[:10])
    assert np.array_equal(x_test, images[10:])
    assert np.array_equal(y_test, labels[10:])


def test_unreadable_archive_is_named(little: dict, tmp_path: Path) -> None:
    broken = tmp_path / "SMILEs.zip"
    broken.write_bytes(b"not an archive")
    registry = json.loads(data.REGISTRY.read_text())
    variant = {
        "format": "smiles",
        "folder": "",
        "note": "",
        "files": [{"name": broken.name, "sha256": None, "urls": []}],
    }
    registry["little"]["variants"] = [variant]
    data.REGISTRY.write_text(json.dumps(registry))
    broken.rename(little["own"] / broken.name)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COURSE_DATA", str(little["own"]))
        with pytest.raises(DatasetDamaged, match=r"SMILEs\.zip cannot be read .*; delete it and load 'little' again"):
            load("little")


# --- the real ones, where they are ------------------------------------------------------------------------------------

real = functools.cache(load)

MNIST_TRAIN = [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
MNIST_TEST = [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]


@pytest.mark.parametrize(
    ("name", "sides", "train", "test"),
    [
        ("mnist", (28, 28), MNIST_TRAIN, MNIST_TEST),
        ("fashion_mnist", (28, 28), [6000] * 10, [1000] * 10),
        ("cifar10", (32, 32, 3), [5000] * 10, [1000] * 10),
        ("smiles", (64, 64), [7580, 2952], [1895, 738]),
    ],
)
def test_real_data_set(course_data: Path, name: str, sides: tuple, train: list[int], test: list[int]) -> None:
    dataset = real(name)
    for images, labels, counts in ((dataset.x_train, dataset.y_train, train), (dataset.x_test, dataset.y_test, test)):
        assert images.shape == (sum(counts), *sides)
        assert images.dtype == np.uint8
        assert np.bincount(labels).tolist() == counts
    assert len(dataset.class_names) == len(train)


@pytest.mark.parametrize(
    ("name", "train", "test"),
    [("mnist", [5, 0, 4, 1, 9], [7, 2, 1, 0, 4]), ("fashion_mnist", [9, 0, 0, 3, 0], [9, 2, 1, 1, 6])],
)
def test_official_order_is_kept(course_data: Path, name: str, train: list[int], test: list[int]) -> None:
    dataset = real(name)
    assert dataset.y_train[:5].tolist() == train
    assert dataset.y_test[:5].tolist() == test


def test_lossy_copy_says_so(course_data: Path) -> None:
    if not (course_data / "cifar10-jpg").is_dir():
        pytest.skip("COURSE_DATA holds no JPEG copy of CIFAR-10")
    dataset = real("cifar10")
    assert "lossy" in dataset.note
    assert len(set(dataset.y_train[:100])) == 10, "classes are mixed"
    assert dataset.class_names[3] == "cat"
