"""The captcha explorer and the annotation widget: controls, sentences, states, and labels that stay."""

import io

import numpy as np
import pytest
from PIL import Image

from helpers.annotation import Labels
from helpers.widgets import annotate, captcha_explorer
from helpers.widgets.annotating import Session
from helpers.widgets.captcha import compute, describe


def pixels(explorer) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(explorer.picture.png)))


def digits(count: int) -> list[np.ndarray]:
    return [np.full((8 + i, 6), 10 * i, np.uint8) for i in range(count)]


def halves(image):
    return [(0, 0, 48, 84), (0, 84, 48, 168)]


# --- the captcha explorer --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("control", "value", "said"),
    [
        ("level", 0.9, "digits may touch"),
        ("level", 0.0, "6 pixels apart"),
        ("page", 7, "It says"),
        ("length", 6, "It says"),
    ],
)
def test_every_control_changes_the_page_its_alt_and_its_text(control, value, said):
    explorer = captcha_explorer()
    before = pixels(explorer)
    explorer.controls[control].value = value
    assert (pixels(explorer) != before).any()
    assert said in explorer.picture.alt
    assert said in explorer.readout.value
    assert f"{control}={value!r}" in explorer.state


def test_a_page_stays_the_same_text_when_it_gets_harder():
    assert {compute(level, 3, 4).captcha.text for level in (0, 0.5, 1)} == {compute(0.2, 3, 4).captcha.text}


def test_boxes_and_reading_are_shown_and_judged():
    truth = compute(0.5, 0, 4).captcha.text
    explorer = captcha_explorer(halves, lambda image: truth)
    assert [frame.get_visible() for frame in explorer.frames] == [True] * 2 + [False] * 10
    assert "2 boxes, for 4 digits" in explorer.readout.value
    assert f"Read as {truth}: right" in explorer.readout.value
    wrong = truth[:-1] + str((int(truth[-1]) + 1) % 10)
    assert describe(compute(0.5, 0, 4, None, lambda image: wrong), 0.5)[-1].endswith("1 of 4 digits wrong.")
    assert describe(compute(0.5, 0, 4, None, lambda image: "1"), 0.5)[-1].endswith("of another length.")


def test_functions_that_fail_or_return_nonsense_are_sentences():
    def broken(image):
        raise KeyError("x")

    assert "raised KeyError" in captcha_explorer(broken).problem.value
    assert "returned something else than boxes" in captcha_explorer(lambda image: [1, 2, 3]).problem.value
    assert "returned something else than boxes" in captcha_explorer(lambda image: None).problem.value
    assert "a text is needed" in captcha_explorer(None, lambda image: 2696).problem.value
    assert "0 boxes" in captcha_explorer(lambda image: []).readout.value


def test_another_page_turns_the_page_and_the_last_is_followed_by_the_first():
    explorer = captcha_explorer(page=998)
    explorer.buttons["another page"].click()
    explorer.buttons["another page"].click()
    assert explorer.controls["page"].value == 0


@pytest.mark.parametrize("line", ["captcha_explorer(level=0.25, page=9, length=2)", "captcha_explorer(halves)"])
def test_a_state_restores_the_explorer(line):
    names = {"captcha_explorer": captcha_explorer, "halves": halves}
    explorer = eval(line, names)
    again = eval(explorer.state, names)
    assert again.state == explorer.state
    np.testing.assert_array_equal(pixels(again), pixels(explorer))


def test_a_learners_function_cannot_draw_on_the_page():
    def scribbles(image):
        image[:] = 0
        return []

    assert compute(0.0, 0, 4, scribbles).captcha.image.max() > 200


# --- annotation ------------------------------------------------------------------------------------------------------


def test_every_key_labels_one_picture_and_is_written_at_once(tmp_path):
    annotator = annotate(digits(4), tmp_path)
    field = annotator.controls["labels"]
    before = pixels(annotator)
    field.value = "2"
    assert Labels(tmp_path).read()[1] == ["2"]
    assert (pixels(annotator) != before).any()
    field.value = "26"
    field.value = "269"
    assert Labels(tmp_path).read()[1] == ["2", "6", "9"]
    assert "Picture 4 of 4" in annotator.readout.value
    field.value = "2696"
    assert "All pictures are done" in annotator.readout.value


def test_a_second_session_asks_for_the_rest_and_overwrites_nothing(tmp_path):
    annotate(digits(5), tmp_path).controls["labels"].value = "269"
    again = annotate(digits(5), tmp_path)
    assert "Picture 1 of 2" in again.readout.value
    assert "3 pictures known from before" in again.readout.value
    again.controls["labels"].value = "77"
    assert Labels(tmp_path).read()[1] == ["2", "6", "9", "7", "7"]


def test_backspace_takes_back_and_a_changed_character_corrects(tmp_path):
    session = Session(digits(3), Labels(tmp_path), "0123456789")
    for typed in ("1", "12", "1", "13", "43"):
        session.apply(typed)
    assert session.labels.read()[1] == ["4", "3"]
    assert session.at == 2
    session.apply("")
    assert session.labels.read()[1] == []


def test_space_skips_and_a_skipped_picture_is_not_asked_for_again(tmp_path):
    session = Session(digits(3), Labels(tmp_path), "0123456789")
    session.apply(" 5.")
    assert session.labels.read()[1] == ["5"]
    assert Session(digits(3), Labels(tmp_path), "0123456789").queue == []


def test_a_key_that_is_no_label_is_a_sentence_and_labels_nothing(tmp_path):
    annotator = annotate(digits(3), tmp_path, classes="ab")
    annotator.controls["labels"].value = "ax"
    assert "&#x27;x&#x27; is no label here" in annotator.problem.value
    assert Labels(tmp_path).read()[1] == ["a"]
    annotator.controls["labels"].value = "ab"
    assert annotator.problem.value == ""
    assert Labels(tmp_path).read()[1] == ["a", "b"]


def test_twins_are_asked_for_once_and_too_many_keys_do_no_harm(tmp_path):
    session = Session([*digits(2), *digits(2)], Labels(tmp_path), "01")
    assert len(session.queue) == 2
    session.apply("01101")
    assert session.labels.read()[1] == ["0", "1"]


def test_looking_makes_no_folder_and_classes_must_be_other_than_the_keys_that_skip(tmp_path):
    annotate(digits(2), tmp_path / "mine")
    assert not (tmp_path / "mine").exists()
    with pytest.raises(ValueError, match="other than space"):
        annotate(digits(2), tmp_path, classes="a b")


def test_there_may_be_nothing_to_label(tmp_path):
    assert "All pictures are done" in annotate([], tmp_path).readout.value
