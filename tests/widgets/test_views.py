"""Explorers with real ipywidgets: controls are moved, picture and text follow, states come back."""

import io
import subprocess
import sys

import nbformat
import numpy as np
import pytest
from nbconvert import HTMLExporter
from PIL import Image

from helpers import kernels
from helpers.kernels import convolve2d, correlate2d, sigmoid, sigmoid_grad
from helpers.widgets import activation_explorer, kernel_explorer

PICTURE = np.random.default_rng(0).random((21, 25))
NAMES = {
    "activation_explorer": activation_explorer,
    "kernel_explorer": kernel_explorer,
    "image": PICTURE,
    "sigmoid": sigmoid,
    "sigmoid_grad": sigmoid_grad,
    "convolve2d": convolve2d,
    "correlate2d": correlate2d,
}


def pixels(explorer) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(explorer.picture.png)))


@pytest.mark.parametrize(
    ("make", "control", "value", "said"),
    [
        (activation_explorer, "z", -2.0, "sigmoid(-2) = 0.1192"),
        (activation_explorer, "function", "tanh", "tanh(1) = 0.7616"),
        (lambda: activation_explorer(function="elu", z=-1), "alpha", 0.5, "elu(-1) = -0.3161"),
        (kernel_explorer, "photo_name", "coins", "Correlation"),
        (kernel_explorer, "kernel", "emboss", "Correlation"),
        (kernel_explorer, "convolution", True, "Convolution"),
        (kernel_explorer, "padding", "edge", "256 x 256"),
        (kernel_explorer, "row", 99, "output[99, 40]"),
        (kernel_explorer, "column", 99, "output[40, 99]"),
        (kernel_explorer, "stride", 2, "Stride 2 does not fit"),
    ],
)
def test_every_control_changes_the_picture_its_alt_and_its_text(make, control, value, said):
    explorer = make()
    before = pixels(explorer)
    explorer.controls["preset" if control == "kernel" else control].value = value
    assert not np.array_equal(pixels(explorer), before)
    assert said in explorer.picture.alt
    assert said in explorer.readout.value + explorer.problem.value
    assert f"{control}={value!r}" in explorer.state


def test_a_picture_drawn_over_its_background_is_the_one_drawn_whole():
    moved, fresh = kernel_explorer(row=3), kernel_explorer(row=200, column=100)
    moved.controls["row"].value, moved.controls["column"].value = 200, 100
    np.testing.assert_array_equal(pixels(moved), pixels(fresh))


def test_weights_typed_in_are_used_and_the_preset_says_so():
    explorer = kernel_explorer(image=PICTURE, kernel="identity")
    explorer.cells[4].value = -2.0
    assert explorer.controls["preset"].value == "your own"
    window = f"·(-2) = {-2 * PICTURE[19, 22]:.4g}"
    explorer.controls["row"].value, explorer.controls["column"].value = 18, 21
    assert window in explorer.readout.value


def test_a_weight_that_is_no_number_is_a_sentence_until_it_is_mended():
    explorer = kernel_explorer(image=PICTURE)
    explorer.cells[0].value = float("nan")
    assert "must be a number" in explorer.problem.value
    explorer.cells[0].value = 1.0
    assert explorer.problem.value == ""


def test_rows_and_columns_end_where_the_result_ends():
    explorer = kernel_explorer(image=PICTURE)
    assert (explorer.controls["row"].max, explorer.controls["column"].max) == (18, 22)
    explorer.controls["stride"].value = 2
    assert explorer.controls["row"].value == 9


@pytest.mark.parametrize(
    "line",
    [
        "activation_explorer(z=-3.0)",
        "activation_explorer(sigmoid, sigmoid_grad, z=2.5)",
        "activation_explorer({'sigmoid': sigmoid}, {'sigmoid': sigmoid_grad})",
        "activation_explorer(function='prelu', alpha=0.33)",
        "kernel_explorer(kernel='emboss', row=7, padding='reflect')",
        "kernel_explorer(convolve2d, correlate2d, image, convolution=True, stride=2)",
        "kernel_explorer(kernel=[[0, 1, 0], [1, 2.5, 1], [0, 1, 0]])",
    ],
)
def test_a_state_is_one_line_that_restores_the_explorer(line):
    explorer = eval(line, NAMES)
    again = eval(explorer.state, NAMES)
    assert again.state == explorer.state
    assert "\n" not in explorer.state
    np.testing.assert_array_equal(pixels(again), pixels(explorer))


def test_a_learner_s_function_may_fail_and_work_again():
    broken = True

    def correlate(image, kernel):
        if broken:
            raise KeyError("x")
        return correlate2d(image, kernel)

    explorer = kernel_explorer(correlate=correlate, image=PICTURE)
    assert "correlate, line " in explorer.problem.value
    assert "raised KeyError" in explorer.problem.value
    broken = False
    explorer.controls["padding"].value = "zero"
    assert explorer.problem.value == ""
    assert "21 x 25" in explorer.readout.value


def test_a_row_does_not_call_the_learner_s_function_again():
    calls = []
    explorer = kernel_explorer(correlate=lambda i, k: calls.append(1) or correlate2d(i, k), image=PICTURE)
    for row in range(5):
        explorer.controls["row"].value = row
    assert len(calls) == 1


def test_what_a_learner_writes_is_text_not_markup():
    def f(z):
        raise ValueError("<script>alert(1)</script>")

    explorer = activation_explorer(f)
    assert "<script>" not in explorer.problem.value + explorer.picture.feed.value
    assert "&lt;script&gt;" in explorer.problem.value


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: kernel_explorer(kernel="blurr"), "There is no kernel 'blurr'"),
        (lambda: kernel_explorer(kernel=[[1, 2], [3, 4]]), "odd sides"),
        (lambda: kernel_explorer(kernel=[["a"]]), "table of numbers"),
        (lambda: kernel_explorer(image=np.zeros((2, 2, 2))), "must be a picture"),
        (lambda: kernel_explorer(image=np.full((9, 9), np.nan)), "must be numbers"),
        (lambda: activation_explorer(function="sin"), "There is no function 'sin'"),
    ],
)
def test_arguments_that_make_no_sense_are_explained(call, sentence):
    with pytest.raises(ValueError, match=sentence):
        call()


def test_large_pictures_are_made_small_and_colours_grey():
    explorer = kernel_explorer(image=np.full((600, 1000, 3), 255, np.uint8))
    assert explorer.image.shape == (150, 250)
    np.testing.assert_allclose(explorer.image, 1.0)


def test_a_page_without_widgets_shows_picture_and_text(displayed):
    explorer = activation_explorer(kernels.tanh, kernels.tanh_grad)
    assert explorer.picture.alt == displayed[0]["text/plain"]
    output = nbformat.v4.new_output("display_data", data=displayed[0])
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("", outputs=[output])])
    page, _ = HTMLExporter().from_notebook_node(notebook)
    assert f'<img alt="{explorer.picture.alt}' in page


def test_explorers_bring_in_no_tensorflow():
    code = "import sys, helpers.widgets; sys.exit('tensorflow' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
