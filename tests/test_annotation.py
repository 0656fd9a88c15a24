"""Labels are never lost: not to a second session, not to a correction, not to a power cut, not to another program."""

import numpy as np
import pytest

from helpers.annotation import SKIPPED, Labels, fingerprint


def picture(grey: int, shape: tuple[int, int] = (5, 4)) -> np.ndarray:
    return np.full(shape, grey, np.uint8)


def test_what_is_added_can_be_read_in_a_later_session(tmp_path):
    first = Labels(tmp_path / "mine")
    for grey in (1, 2, 3):
        first.add(picture(grey), "7")
    second = Labels(tmp_path / "mine")
    second.add(picture(4), "7")
    second.add(picture(5), "1")
    pictures, names = Labels(tmp_path / "mine").read()
    assert names == ["7", "7", "7", "7", "1"]
    assert [p[0, 0] for p in pictures] == [1, 2, 3, 4, 5]
    assert len(second) == 5


def test_nothing_that_was_written_changes(tmp_path):
    labels = Labels(tmp_path)
    labels.add(picture(1), "7")
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    for label in ("1", None, SKIPPED, "4"):
        labels.add(picture(1), label)
    labels.add(picture(2), "7")
    for path, content in before.items():
        assert path.read_bytes().startswith(content)


def test_the_last_word_about_a_picture_counts(tmp_path):
    labels = Labels(tmp_path)
    labels.add(picture(1), "7")
    labels.add(picture(1), "1")
    labels.add(picture(2), "3")
    labels.add(picture(2), None)
    labels.add(picture(3), SKIPPED)
    assert labels.known() == {fingerprint(picture(1)): "1", fingerprint(picture(3)): SKIPPED}
    assert labels.read()[1] == ["1"]
    assert len(labels) == 1


@pytest.mark.parametrize("cut", [1, 5, 20])
def test_a_line_that_was_cut_off_costs_itself_alone(tmp_path, cut):
    labels = Labels(tmp_path)
    for grey in (1, 2):
        labels.add(picture(grey), "7")
    labels.journal.write_bytes(labels.journal.read_bytes()[:-cut])
    labels.add(picture(3), "9")
    assert labels.read()[1][0] == "7"
    assert labels.read()[1][-1] == "9"


def test_two_sessions_at_once_do_not_hurt_each_other(tmp_path):
    one, two = Labels(tmp_path), Labels(tmp_path)
    for grey in range(6):
        (one, two)[grey % 2].add(picture(grey), str(grey))
    assert one.read()[1] == two.read()[1] == list("012345")


def test_a_fingerprint_is_of_pixels_and_shape(tmp_path):
    assert fingerprint(picture(1)) == fingerprint(np.asfortranarray(picture(1)))
    assert fingerprint(picture(1, (4, 5))) != fingerprint(picture(1, (5, 4)))
    assert fingerprint(picture(1)) != fingerprint(picture(2))


def test_no_folder_is_made_before_there_is_a_label(tmp_path):
    labels = Labels(tmp_path / "mine")
    assert len(labels) == 0
    assert labels.read() == ([], [])
    assert not (tmp_path / "mine").exists()


def test_only_grey_bytes_are_pictures(tmp_path):
    for wrong in (np.zeros((3, 3)), np.zeros((3, 3, 3), np.uint8)):
        with pytest.raises(ValueError, match="uint8"):
            Labels(tmp_path).add(wrong, "1")
