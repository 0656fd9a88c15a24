"""Folders of pictures: what is read is what was written, and what cannot be read is said in one sentence."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from helpers import bar as bar_module
from helpers.bar import Progress, bar
from helpers.folder import ImageFolder, PictureDamaged, PictureUnprepared, read_picture
from helpers.preprocess import CropCentre, PadToFit, Squash, apply, resize, swap_red_blue

RNG = np.random.default_rng(0)


@pytest.fixture
def pets(tmp_path: Path) -> Path:
    """Three cats of several sizes, two dogs, and files that are none of our business."""
    for name, sizes in {"dog": [(9, 12), (12, 9)], "cat": [(8, 8), (16, 10), (7, 30)]}.items():
        (tmp_path / name).mkdir()
        for number, (height, width) in enumerate(sizes):
            pixels = RNG.integers(0, 256, size=(height, width, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(tmp_path / name / f"{number}.png")
    (tmp_path / "cat" / "notes.txt").write_text("feed twice a day")
    (tmp_path / ".ipynb_checkpoints").mkdir()
    (tmp_path / "readme.txt").write_text("pets")
    return tmp_path


def is_one_sentence(message: str) -> bool:
    return "\n" not in message and ". " not in message and len(message) < 300


def test_classes_are_folders_in_alphabetical_order(pets: Path) -> None:
    folder = ImageFolder(pets)
    assert folder.class_names == ("cat", "dog")
    assert folder.labels.tolist() == [0, 0, 0, 1, 1]
    assert repr(folder) == f"5 pictures in {pets.name}: cat (3), dog (2)"


def test_pictures_are_what_was_written_after_the_steps(pets: Path) -> None:
    images, labels = ImageFolder(pets, [Squash(6, 4), swap_red_blue]).load()
    assert images.shape == (5, 6, 4, 3)
    assert images.dtype == np.uint8
    first = np.asarray(Image.open(pets / "cat" / "0.png"))
    np.testing.assert_array_equal(images[0], resize(first, 6, 4)[..., ::-1])
    assert labels.tolist() == [0, 0, 0, 1, 1]


def test_batches_are_all_pictures_once(pets: Path) -> None:
    folder = ImageFolder(pets, [Squash(5, 5)])
    images, labels = folder.load()
    parts = list(folder.batches(2))
    assert [len(x) for x, _ in parts] == [2, 2, 1]
    np.testing.assert_array_equal(np.concatenate([x for x, _ in parts]), images)
    mixed = list(folder.batches(2, np.random.default_rng(3)))
    order = np.random.default_rng(3).permutation(5)
    np.testing.assert_array_equal(np.concatenate([x for x, _ in mixed]), images[order])
    np.testing.assert_array_equal(np.concatenate([y for _, y in mixed]), labels[order])


def test_batches_read_no_further_than_they_are_asked(pets: Path) -> None:
    (pets / "dog" / "1.png").write_bytes(b"")
    images, _ = next(ImageFolder(pets, [Squash(5, 5)]).batches(2))
    assert len(images) == 2


def test_a_part_keeps_the_numbers_of_the_classes(pets: Path) -> None:
    part = ImageFolder(pets, [Squash(5, 5)]).part([4, 0])
    assert [p.parent.name for p in part.paths] == ["dog", "cat"]
    assert part.class_names == ("cat", "dog")
    assert part.load()[1].tolist() == [1, 0]


def test_what_does_not_fit_in_memory_is_not_loaded(pets: Path) -> None:
    folder = ImageFolder(pets, [Squash(10, 10)])
    assert folder.size_in_memory() == 5 * 10 * 10 * 3
    with pytest.raises(MemoryError, match="read them with") as raised:
        folder.load(limit=1000)
    assert is_one_sentence(str(raised.value).replace(".batches", "batches"))


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        (lambda path: path.write_bytes(b""), "is empty"),
        (lambda path: path.write_bytes(b"<html>404</html>"), "cannot be read as a picture"),
        (lambda path: path.write_bytes(path.read_bytes()[:150]), "dog/1.png"),
        (lambda path: path.unlink(), "is not there any more"),
    ],
)
def test_a_damaged_file_is_named_or_skipped(pets: Path, damage, says: str) -> None:
    folders = [ImageFolder(pets, [Squash(5, 5)], skip_damaged=skip) for skip in (False, True)]
    damage(pets / "dog" / "1.png")
    with pytest.raises(PictureDamaged, match=says) as raised:
        folders[0].load()
    assert is_one_sentence(str(raised.value))
    assert "dog/1.png" in str(raised.value)
    images, labels = folders[1].load()
    assert len(images) == 4
    assert labels.tolist() == [0, 0, 0, 1]
    assert [p.name for p in folders[1].damaged] == ["1.png"]


@pytest.mark.parametrize("read", [lambda f: f.load(), lambda f: list(f.batches(1)), lambda f: list(f.batches(9))])
def test_pictures_of_several_sizes_are_explained(pets: Path, read) -> None:
    with pytest.raises(PictureUnprepared, match="add a step") as raised:
        read(ImageFolder(pets))
    assert "cat/1.png" in str(raised.value)
    assert "cat/0.png" in str(raised.value)


def test_a_step_that_fails_is_named(pets: Path) -> None:
    def upside_down(image):
        raise KeyError("left")

    with pytest.raises(PictureUnprepared, match=r"upside_down failed on cat/0.png, shape \(8, 8, 3\): KeyError"):
        ImageFolder(pets, [upside_down]).load()


@pytest.mark.parametrize(
    ("prepare", "says"),
    [
        (lambda root: root / "nowhere", "there is no folder"),
        (lambda root: root / "cat", "holds no folders"),
        (lambda root: ((root / "emu").mkdir(), root)[1], "'emu' in .* holds no pictures"),
    ],
)
def test_a_folder_that_cannot_be_used_is_explained(pets: Path, prepare, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        ImageFolder(prepare(pets))


def test_nothing_readable_is_an_error_even_when_skipping(pets: Path) -> None:
    folder = ImageFolder(pets, skip_damaged=True).part([3])
    folder.paths[0].write_bytes(b"")
    with pytest.raises(PictureDamaged, match="none of the pictures"):
        folder.load()


def test_files_of_every_kind_become_red_green_blue(tmp_path: Path) -> None:
    grey = Image.fromarray(np.full((4, 6), 90, np.uint8))
    grey.save(tmp_path / "grey.png")
    np.testing.assert_array_equal(read_picture(tmp_path / "grey.png"), np.full((4, 6, 3), 90))
    clear = np.zeros((4, 6, 4), np.uint8)
    clear[:2] = 255, 0, 0, 255
    Image.fromarray(clear).save(tmp_path / "clear.png")
    seen = read_picture(tmp_path / "clear.png")
    np.testing.assert_array_equal(seen[:, 0], [[255, 0, 0]] * 2 + [[255, 255, 255]] * 2)
    turned = Image.new("RGB", (6, 4))
    exif = turned.getexif()
    exif[0x0112] = 6  # the camera was held upright
    turned.save(tmp_path / "turned.jpg", exif=exif)
    assert read_picture(tmp_path / "turned.jpg").shape == (6, 4, 3)


# --- steps -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("step", [Squash(6, 9), CropCentre(6, 9), PadToFit(6, 9)])
@pytest.mark.parametrize("shape", [(12, 5), (7, 40, 3), (1, 1), (3, 3, 1), (6, 9), (13, 19)])
def test_every_step_gives_its_size_and_keeps_the_type(step, shape) -> None:
    for image in (RNG.integers(0, 256, size=shape, dtype=np.uint8), RNG.random(shape)):
        result = step(image)
        assert result.shape == (6, 9, *shape[2:])
        assert result.dtype == image.dtype
        assert image.min() - 1e-6 <= result.min()
        assert result.max() <= image.max() + 1e-6


def disc(height: int, width: int) -> np.ndarray:
    """A round disc in the middle of a black picture."""
    y, x = np.mgrid[:height, :width] - np.array([height - 1, width - 1])[:, None, None] / 2
    return (np.hypot(y, x) < 0.4 * min(height, width)).astype(float)


@pytest.mark.parametrize(
    ("step", "round_"), [(Squash(40, 40), False), (CropCentre(40, 40), True), (PadToFit(40, 40), True)]
)
def test_only_squashing_makes_a_circle_an_ellipse(step, round_: bool) -> None:
    small = step(disc(60, 120)) > 0.5
    rows, columns = (int(small.any(axis=axis).sum()) for axis in (1, 0))
    assert (abs(rows - columns) <= 1) is round_


def test_the_crop_is_the_middle_and_the_pad_repeats_the_border() -> None:
    image = np.tile(np.arange(9.0), (3, 1))
    np.testing.assert_allclose(CropCentre(3, 3)(image), image[:, 3:6], rtol=1e-6)
    padded = PadToFit(9, 9)(image)
    np.testing.assert_allclose(padded, np.tile(np.arange(9.0), (9, 1)), rtol=1e-6)


def test_a_uniform_picture_stays_uniform_and_swapping_twice_changes_nothing() -> None:
    np.testing.assert_array_equal(resize(np.full((7, 5, 3), 200, np.uint8), 3, 11), np.full((3, 11, 3), 200))
    image = RNG.integers(0, 256, size=(2, 3, 3), dtype=np.uint8)
    np.testing.assert_array_equal(apply([swap_red_blue, swap_red_blue], image), image)


# --- the bar ---------------------------------------------------------------------------------------------------------


class Handle:
    def __init__(self) -> None:
        self.seen: list[str] = []

    def update(self, progress: Progress) -> None:
        self.seen.append(progress.text)


def test_the_bar_ends_where_the_loop_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    handle = Handle()
    monkeypatch.setattr(bar_module, "_display", lambda progress: handle)
    monkeypatch.setattr(bar_module, "INTERVAL", 0)
    assert list(bar("abc", "letters")) == ["a", "b", "c"]
    assert handle.seen[-1] == "letters: 3 of 3"
    assert len(handle.seen) == 4
    for number in bar(range(1000), "numbers"):
        if number == 2:
            break
    assert handle.seen[-1] == "numbers: 2 of 1,000"


def test_the_bar_is_text_too_and_silent_outside_a_notebook(capsys: pytest.CaptureFixture) -> None:
    bundle = Progress("reading <cats>", 3, 12)._repr_mimebundle_()
    assert bundle["text/plain"] == "reading <cats>: 3 of 12"
    assert 'max="12"' in bundle["text/html"]
    assert "<cats>" not in bundle["text/html"]
    assert list(bar(iter([1, 2]), "few", total=2)) == [1, 2]
    assert capsys.readouterr() == ("", "")
