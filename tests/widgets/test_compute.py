"""What the explorers compute, against SciPy, the course's kernels and arithmetic; and functions that do not work."""

import time

import numpy as np
import pytest
from scipy import ndimage, signal

from helpers import kernels
from helpers.widgets import activation, kernel
from helpers.widgets.activation import COURSE, Activation, Z
from helpers.widgets.student import ask

IMAGE = np.random.default_rng(0).random((13, 17))
WEIGHTS = np.random.default_rng(1).normal(size=(3, 5))


@pytest.mark.parametrize("name", COURSE)
def test_slopes_are_the_rise_over_run_of_the_curve(name):
    curve = activation.compute(name, 0.3, 0.2).shown
    measured = np.gradient(curve.y, Z)
    smooth = np.abs(Z) > 0.05
    np.testing.assert_allclose(curve.slope[smooth], measured[smooth], atol=2e-2)


def test_values_at_z_are_those_of_the_function():
    curve = activation.compute("sigmoid", 1.0, 0.1).shown
    assert (curve.y_at, curve.slope_at) == pytest.approx((1 / (1 + np.exp(-1)), 0.19661193324148185))


def test_saturation_is_where_the_slope_is_below_a_twentieth_of_the_steepest():
    curve = activation.compute("sigmoid", 0.0, 0.1).shown
    edge = np.abs(Z[~curve.saturated]).max()
    assert edge == pytest.approx(4.357, abs=0.03)  # where s(1 - s) = 1/80
    assert activation.compute("relu", 0.0, 0.1).shown.saturated.mean() == pytest.approx(0.5, abs=0.01)


def test_a_right_answer_is_shown_alone():
    curves = activation.compute("tanh", 0.0, 0.1, Activation("tanh", np.tanh, lambda z: 1 - np.tanh(z) ** 2))
    assert curves.compared is None
    assert curves.problem == ""


def test_any_slope_at_the_kink_is_right():
    own = Activation("relu", lambda z: np.maximum(z, 0), lambda z: (z >= 0) * 1.0)
    assert activation.compute("relu", 0.0, 0.1, own).problem == ""


def test_a_wrong_slope_is_named_with_both_numbers_and_compared():
    own = Activation("sigmoid", kernels.sigmoid, lambda z: z * (1 - z))
    curves = activation.compute("sigmoid", 0.0, 0.1, own)
    assert curves.compared is not None
    assert "Your slope of sigmoid is -42 at z = -6, where 0.002467 was expected." in curves.problem


def test_nan_counts_as_farthest_off():
    own = Activation("relu", lambda z: np.where(z > 5.99, np.nan, np.maximum(z, 0)), kernels.relu_grad)
    assert "is nan at z = 6" in activation.compute("relu", 0.0, 0.1, own).problem


def test_without_a_derivative_the_slope_is_measured():
    curves = activation.compute("softsign", 1.0, 0.1, Activation("softsign", lambda z: z / (1 + np.abs(z))))
    assert curves.shown.slope_at == pytest.approx(0.25, abs=1e-6)


@pytest.mark.parametrize(
    ("function", "sentence"),
    [
        (lambda z: 1 / 0, "raised ZeroDivisionError"),
        (lambda z: z[:3], "returned shape (3,)"),
        (lambda z: None, "returned a NoneType"),
        (lambda z: z.astype(str), "numbers are needed"),
        (lambda z: exec("raise NotImplementedError"), "is not written yet"),
        (lambda z: exec("raise SystemExit"), "raised SystemExit"),
    ],
)
def test_a_function_that_does_not_work_is_a_sentence_and_the_course_s_curve_is_shown(function, sentence):
    curves = activation.compute("sigmoid", 0.0, 0.1, Activation("sigmoid", function))
    assert sentence in curves.problem
    assert "course's" in curves.problem
    np.testing.assert_array_equal(curves.shown.y, kernels.sigmoid(Z))


def test_a_function_that_never_ends_is_stopped(monkeypatch):
    monkeypatch.setattr("helpers.widgets.student.SECONDS", 0.2)
    value, problem = ask(lambda z: time.sleep(60), np.zeros(3), shape=(3,))
    assert value is None
    assert "too slow" in problem


def test_a_function_that_changes_its_input_does_not_change_ours():
    z = np.zeros(3)
    ask(lambda z: np.add(z, 1, out=z), z, shape=(3,))
    np.testing.assert_array_equal(z, 0)


# --- kernels ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("padding", "mode"), [("zero", "constant"), ("edge", "nearest"), ("reflect", "mirror")])
@pytest.mark.parametrize("flip", [False, True])
def test_padded_results_are_scipy_s(padding, mode, flip):
    filtered = kernel.compute(IMAGE, WEIGHTS, flip=flip, padding=padding)
    right = (ndimage.convolve if flip else ndimage.correlate)(IMAGE, WEIGHTS, mode=mode)
    np.testing.assert_allclose(filtered.output, right, atol=1e-12)


def test_the_valid_part_is_scipy_s_and_a_stride_keeps_every_second_place():
    right = signal.correlate2d(IMAGE, WEIGHTS, "valid")
    np.testing.assert_allclose(kernel.compute(IMAGE, WEIGHTS).output, right, atol=1e-12)
    np.testing.assert_allclose(kernel.compute(IMAGE, WEIGHTS, stride=2).output, right[::2, ::2], atol=1e-12)


@pytest.mark.parametrize("flip", [False, True])
@pytest.mark.parametrize("stride", [1, 2, 4])
@pytest.mark.parametrize("padding", kernel.PADDINGS)
def test_every_output_pixel_is_the_sum_over_its_window(flip, stride, padding):
    image = IMAGE[:, :13]
    filtered = kernel.compute(image, np.arange(25.0).reshape(5, 5), flip=flip, stride=stride, padding=padding)
    height, width = filtered.output.shape
    totals = [[kernel.window_at(filtered, r, c).total for c in range(width)] for r in range(height)]
    np.testing.assert_allclose(filtered.output, totals)


def test_a_window_beyond_the_result_is_the_last_one():
    window = kernel.window_at(kernel.compute(IMAGE, WEIGHTS, padding="zero"), 99, 99)
    assert (window.row, window.column) == (12, 16)
    assert window.corner == (11, 14)


def test_a_stride_that_does_not_fit_is_reported_with_those_that_do():
    filtered = kernel.compute(np.zeros((11, 19)), np.ones((3, 3)), stride=3)
    assert filtered.output is None
    assert filtered.problem == (
        "Stride 3 does not fit: height (11 + 2·0 − 3) / 3 + 1 = 3.667 is no whole number. Here these fit: 1, 2, 4, 8."
    )
    assert kernel.window_at(filtered, 0, 0) is None


def test_a_kernel_larger_than_the_picture_is_reported():
    assert "larger than the picture" in kernel.compute(np.zeros((2, 9)), np.ones((3, 3))).problem


def test_a_flipped_answer_is_called_wrong_where_it_is_farthest_off():
    filtered = kernel.compute(IMAGE, WEIGHTS, own=kernels.convolve2d)
    row, column = np.unravel_index(
        np.abs(kernels.convolve2d(IMAGE, WEIGHTS) - kernels.correlate2d(IMAGE, WEIGHTS)).argmax(), (11, 13)
    )
    assert f"row {row}, column {column} (stride 1) your correlation is" in filtered.problem
    np.testing.assert_array_equal(filtered.output, kernels.convolve2d(IMAGE, WEIGHTS))


def test_an_answer_of_another_size_is_a_sentence():
    filtered = kernel.compute(IMAGE, WEIGHTS, own=lambda image, weights: image)
    assert filtered.output is None
    assert "returned shape (13, 17); (11, 13) is needed here." in filtered.problem


def test_the_sum_is_written_out():
    image = np.arange(9.0).reshape(3, 3) / 10
    window = kernel.window_at(kernel.compute(image, kernel.PRESETS["Laplacian"]), 0, 0)
    assert kernel.sum_written_out(window) == ("output[0, 0] = 0.10·1 + 0.30·1 + 0.40·(-4) + 0.50·1 + 0.70·1 = 0")
