"""Captchas: what they say is what they show, levels mean what they promise, and one seed is one page."""

import cv2
import numpy as np
import pytest

from helpers import captcha
from helpers.captcha import EASY, FONTS, HARD, HEIGHT, MEDIUM, WIDTH, make_captcha, random_captchas, settings
from helpers.captcha_scans import real_captchas
from helpers.data import DatasetMissing


def parts(image: np.ndarray) -> int:
    """How many components are at least half as high as the highest."""
    _, ink = cv2.threshold(image, 0, 255, cv2.THRESH_BINARY_INV + cv2.THRESH_OTSU)
    heights = cv2.connectedComponentsWithStats(ink, connectivity=8)[2][1:, cv2.CC_STAT_HEIGHT]
    return int((2 * heights >= heights.max()).sum())


@pytest.mark.parametrize("level", [EASY, MEDIUM, HARD])
@pytest.mark.parametrize("text", ["0", "2696", "888888"])
def test_a_page_is_bytes_of_one_size_with_a_box_for_every_digit(text, level):
    page = make_captcha(text, level, np.random.default_rng(0))
    assert page.image.shape == (HEIGHT, WIDTH)
    assert page.image.dtype == np.uint8
    assert page.text == text
    top, left, bottom, right = page.boxes.T
    assert len(page.boxes) == len(text)
    assert (np.diff(left) > 0).all()
    assert ((top >= 0) & (bottom > top) & (bottom <= HEIGHT) & (left >= 0) & (right > left) & (right <= WIDTH)).all()


def test_one_seed_is_one_page_and_another_is_another():
    one, again, other = (make_captcha("123", 0.4, np.random.default_rng(seed)).image for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, again)
    assert (one != other).any()


def test_the_global_random_state_is_left_alone():
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    make_captcha("4", HARD, np.random.default_rng(0))
    np.testing.assert_array_equal(before, np.random.get_state()[1])  # noqa: NPY002


def test_easy_pages_have_their_ink_in_their_boxes():
    for page in random_captchas(20, EASY, np.random.default_rng(3)):
        outside = np.ones(page.image.shape, bool)
        for top, left, bottom, right in page.boxes:
            outside[top - 1 : bottom + 1, left - 1 : right + 1] = False
            assert page.image[top:bottom, left:right].min() < 100
        assert page.image[outside].min() > 150


@pytest.mark.parametrize(("level", "least", "most"), [(0.0, 1.0, 1.0), (0.25, 1.0, 1.0), (0.5, 0.95, 1.0), (1, 0, 0.1)])
def test_up_to_medium_digits_stand_apart_and_at_hard_they_do_not(level, least, most):
    share = np.mean([parts(page.image) == 4 for page in random_captchas(60, level, np.random.default_rng(4))])
    assert least <= share <= most


def test_every_font_shows_ten_different_digits():
    for font in FONTS:
        pictures = {make_captcha(d, EASY, np.random.default_rng(0), (font,)).image.tobytes() for d in "0123456789"}
        assert len(pictures) == 10, font


def test_random_captchas_have_the_length_and_all_digits():
    pages = random_captchas(60, EASY, np.random.default_rng(5), length=5)
    assert {len(page.text) for page in pages} == {5}
    assert set("".join(page.text for page in pages)) == set(captcha.DIGITS)


@pytest.mark.parametrize("text", ["", "12a", "1234567", "-1"])
def test_a_text_that_is_not_one_to_six_digits_is_refused(text):
    with pytest.raises(ValueError, match="one to six digits"):
        make_captcha(text, EASY, np.random.default_rng(0))


def test_everything_gets_harder_with_the_level():
    easy, hard = settings(0.1), settings(0.9)
    assert (easy.angle, easy.shear, easy.wave, easy.dust, easy.grain) < (
        hard.angle,
        hard.shear,
        hard.wave,
        hard.dust,
        hard.grain,
    )
    assert easy.gap > 0 > hard.gap
    assert easy.lines == 0 < hard.lines
    assert settings(-3) == settings(0)
    assert settings(7) == settings(1)


def test_without_the_real_captchas_a_sentence_says_what_to_do(monkeypatch, tmp_path):
    monkeypatch.delenv("COURSE_DATA", raising=False)
    with pytest.raises(DatasetMissing, match="set COURSE_DATA"):
        real_captchas()
    (tmp_path / "captcha").mkdir()
    monkeypatch.setenv("COURSE_DATA", str(tmp_path))
    with pytest.raises(DatasetMissing, match="set COURSE_DATA"):
        real_captchas()


def test_real_captchas_are_read_from_folders(monkeypatch, tmp_path):
    from PIL import Image

    for place, size in (("downloads/0.jpg", (150, 36)), ("dataset/7/a.png", (20, 25)), ("dataset/2/b.png", (18, 24))):
        path = tmp_path / "captcha" / place
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("L", size, 200).save(path)
    monkeypatch.setenv("COURSE_DATA", str(tmp_path))
    scans = real_captchas()
    assert scans.pages.shape == (1, 36, 150)
    assert sorted(zip(scans.labels.tolist(), (d.shape for d in scans.digits))) == [(2, (24, 18)), (7, (25, 20))]
