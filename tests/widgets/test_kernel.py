"""The kernel explorer's sizes, dilation, pictures, drawings and uploads."""

import io

import numpy as np
import pytest
from PIL import Image
from scipy import signal

from helpers.data import photo
from helpers.kernels import correlate2d
from helpers.widgets import kernel, kernel_explorer
from helpers.widgets.kernel_view import DRAWN, UPLOADED

IMAGE = np.random.default_rng(0).random((13, 17))
WEIGHTS = np.random.default_rng(1).normal(size=(3, 5))


def pixels(explorer) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(explorer.picture.png)))


@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("flip", [False, True])
def test_a_dilated_kernel_is_the_one_with_zeros_between(flip, stride):
    filtered = kernel.compute(IMAGE, WEIGHTS, flip=flip, dilation=2, stride=stride)
    wide = np.zeros((5, 9))
    wide[::2, ::2] = WEIGHTS
    right = (signal.convolve2d if flip else signal.correlate2d)(IMAGE, wide, "valid")
    np.testing.assert_allclose(filtered.output, right[::stride, ::stride], atol=1e-12)
    totals = [[kernel.window_at(filtered, *i).total for i in row] for row in _places(filtered.output.shape)]
    np.testing.assert_allclose(filtered.output, totals)
    assert "(13 + 2·0 − (2·(3 − 1) + 1))" in filtered.sizes[0]


def _places(shape):
    return [[(r, c) for c in range(shape[1])] for r in range(shape[0])]


def test_with_padding_a_dilated_result_keeps_the_size():
    assert kernel.compute(IMAGE, WEIGHTS, padding="edge", dilation=3).output.shape == IMAGE.shape


def test_the_learner_s_function_gets_the_dilated_kernel():
    filtered = kernel.compute(IMAGE, WEIGHTS, dilation=2, own=correlate2d)
    assert filtered.problem == ""
    np.testing.assert_allclose(filtered.output, kernel.compute(IMAGE, WEIGHTS, dilation=2).output)


def test_what_a_stride_would_leave_out_is_counted():
    assert kernel.compute(IMAGE, np.ones((3, 3)), stride=4).left_over == (2, 2)
    assert kernel.compute(IMAGE, np.ones((3, 3)), stride=2).left_over == (0, 0)


@pytest.mark.parametrize("name", kernel.PRESETS)
@pytest.mark.parametrize("size", kernel.SIZES)
def test_presets_of_every_size_have_their_side_and_keep_their_kind(name, size):
    weights = kernel.preset(name, size)
    assert weights.shape == (size, size)
    if size >= 3:
        assert weights.sum() == pytest.approx(kernel.PRESETS[name].sum())
    if size == 3:
        np.testing.assert_allclose(weights, kernel.PRESETS[name])


def test_a_kernel_grows_with_zeros_and_shrinks_to_its_middle():
    np.testing.assert_array_equal(kernel.resized(WEIGHTS, 5)[1:4], WEIGHTS)
    np.testing.assert_array_equal(kernel.resized(WEIGHTS, 5)[[0, 4]], 0)
    np.testing.assert_array_equal(kernel.resized(WEIGHTS, 1), WEIGHTS[1:2, 2:3])


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("Laplacian", "agree: turned by 180°, this kernel looks the same"),
        ("Sobel x", "differ by their sign alone"),
        ("emboss", "Convolution turns the kernel by 180°; it gives"),
    ],
)
def test_correlation_is_compared_with_convolution(name, sentence):
    filtered = kernel.compute(IMAGE, kernel.PRESETS[name])
    window = kernel.window_at(filtered, 4, 5)
    assert sentence in kernel.the_other_way_round(window, False)
    other = signal.convolve2d(IMAGE, kernel.PRESETS[name], "valid")[4, 5]
    assert window.turned_total == pytest.approx(other)


def test_a_long_sum_is_cut_short():
    window = kernel.window_at(kernel.compute(IMAGE, np.ones((7, 7))), 0, 0)
    assert "24 more products" in kernel.sum_written_out(window)


# --- the widget ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("control", "value", "said"),
    [
        ("size", 5, "(256 + 2·0 − 5) / 1 + 1"),
        ("dilation", 3, "(256 + 2·0 − (3·(3 − 1) + 1)) / 1 + 1"),
        ("photo_name", "a digit", "6 x 6 pixels"),
        ("photo_name", "one pixel", "13 x 13 pixels"),
        ("photo_name", DRAWN, "54 x 54 pixels"),
    ],
)
def test_a_control_changes_picture_text_and_state(control, value, said):
    explorer = kernel_explorer()
    before = pixels(explorer)
    explorer.controls[control].value = value
    assert not np.array_equal(pixels(explorer), before)
    assert said in explorer.readout.value
    assert f"{control}={value!r}" in explorer.state


@pytest.mark.parametrize(
    "line",
    [
        "kernel_explorer(kernel='mean', size=7, dilation=2)",
        "kernel_explorer(photo_name='one pixel', kernel='1 to 9', convolution=True, row=6, column=6)",
        "kernel_explorer(photo_name='your drawing', drawing='eNoTEQmI-v8_QEQESAIAHbIFoQ==')",
        "kernel_explorer(photo_name='your drawing', drawing='')",
        "kernel_explorer(photo_name='your drawing')",
        "kernel_explorer(kernel=[[1, 2, 3]], row=5)",
    ],
)
def test_states_restore(line):
    explorer = eval(line)
    again = eval(explorer.state)
    assert again.state == explorer.state
    np.testing.assert_array_equal(pixels(again), pixels(explorer))


def test_typed_in_weights_survive_another_size():
    explorer = kernel_explorer(kernel="identity")
    explorer.cells[0].value = 4.0
    explorer.controls["size"].value = 5
    assert explorer.kernel[1, 1] == 4.0
    assert len(explorer.cells) == 25
    explorer.cells[12].value = 9.0
    assert explorer.kernel[2, 2] == 9.0


def test_an_empty_sheet_is_a_sentence_and_a_stroke_mends_it():
    explorer = kernel_explorer(photo_name=DRAWN)
    explorer.pad.clear()
    assert "The sheet is empty" in explorer.problem.value
    before = pixels(explorer)
    explorer.pad.down(20, 20)
    explorer.pad.move(80, 90)
    assert explorer.problem.value == ""
    assert not np.array_equal(pixels(explorer), before)


def test_an_upload_is_shown_and_a_damaged_one_is_a_sentence():
    explorer = kernel_explorer(photo_name=UPLOADED)
    assert "Choose a picture" in explorer.problem.value
    Image.fromarray(photo("coins")).save(packed := io.BytesIO(), "PNG")
    explorer.upload.value = (_file("coins.png", packed.getvalue()),)
    assert explorer.problem.value == ""
    shape = explorer.image.shape
    assert max(shape) == 256
    explorer.upload.value = (_file("<b>.png", b"nothing"),)
    assert "&lt;b&gt;.png cannot be read as a picture" in explorer.problem.value
    assert explorer.image.shape == shape
    explorer.controls["photo_name"].value = "camera"
    assert explorer.problem.value == ""


def _file(name: str, content: bytes) -> dict:
    from datetime import UTC, datetime

    return {"name": name, "type": "", "size": len(content), "content": content, "last_modified": datetime.now(UTC)}


def test_a_pointer_chooses_the_output_pixel_on_both_pictures():
    explorer = kernel_explorer(image=IMAGE, padding="zero", stride=2)
    result, shown = explorer.result.axes, explorer.shown.axes
    explorer._pointed(result, 8.5 / 9, 0.5 / 9)
    assert (explorer.controls["row"].value, explorer.controls["column"].value) == (0, 8)
    explorer._pointed(shown, 6.5 / 17, 4.5 / 17)
    assert (explorer.controls["row"].value, explorer.controls["column"].value) == (2, 3)
    explorer._pointed(explorer.weights.axes, 0.5, 0.5)
    assert "output[2, 3]" in explorer.readout.value


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: kernel_explorer(kernel="mean", size=4), "There is no size 4"),
        (lambda: kernel_explorer(photo_name="mona lisa"), "There is no picture 'mona lisa'"),
        (lambda: kernel_explorer(kernel=[[1, 2], [1]]), "table of numbers"),
        (lambda: kernel_explorer(drawing="x"), "drawing is not a text"),
    ],
)
def test_arguments_that_make_no_sense_are_explained(call, sentence):
    with pytest.raises(ValueError, match=sentence):
        call()
