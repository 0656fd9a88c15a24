"""Pooling and receptive fields: windows, gradients and fields against the course's kernels, and functions that err."""

import io

import numpy as np
import pytest
from PIL import Image

from helpers import kernels
from helpers.widgets import pooling_explorer, receptive, receptive_field_explorer
from helpers.widgets.pooling import NUMBERS, Functions, compute, moved, window_at

IMAGE = np.random.default_rng(0).random((9, 12))
LENET = [
    {"type": "conv", "filters": 20, "kernel": 5, "pad": 2},
    {"type": "relu"},
    {"type": "pool", "size": 2, "stride": 2},
    {"type": "conv", "filters": 50, "kernel": 5, "stride": 1, "pad": 2},
    {"type": "pool", "size": 2},
    {"type": "flatten"},
    {"type": "dense", "units": 10},
]


def pixels(explorer) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(explorer.picture.png)))


@pytest.mark.parametrize(("kind", "reduce"), [("max", np.max), ("mean", np.mean)])
def test_every_output_pixel_comes_from_its_window_and_hands_out_one(kind, reduce):
    pooled = compute(IMAGE, kind, 3, 3)
    for row, column in np.ndindex(pooled.output.shape):
        window = window_at(pooled, row, column)
        assert window.total == pytest.approx(reduce(window.values))
        assert window.gradient.sum() == pytest.approx(1)
        assert window.problem == ""


def test_the_chapters_table_gives_the_chapters_numbers():
    np.testing.assert_allclose(compute(NUMBERS, "max", 2, 2).output * 15, [[8, 5], [13, 15]])
    np.testing.assert_allclose(compute(NUMBERS, "mean", 2, 2).output * 15, [[6, 3], [11, 10]])


def test_a_shift_is_measured_as_the_chapter_measures_it():
    pooled = compute(IMAGE, "max", 3, 3, shift=1)
    np.testing.assert_array_equal(pooled.image, moved(IMAGE, 1))
    before, after = (kernels.max_pool2d(i[None, :, :, None], 3) for i in (IMAGE, moved(IMAGE, 1)))
    assert pooled.changed[1] == pytest.approx(np.linalg.norm(after - before) / np.linalg.norm(before))
    assert compute(np.ones((8, 8)), "max", 2, 2, shift=2).changed[0] == pytest.approx(0.5)


def test_sizes_that_do_not_fit_are_reported():
    assert "Stride 2 does not fit: height: (9 − 2) / 2 + 1 = 4.5" in compute(IMAGE, "max", 2, 2).problem
    assert "larger than the picture" in compute(NUMBERS, "max", 5, 1).problem


def tie_to_all(dy, x, size, stride):
    dx = np.zeros(x.shape)
    for i, j in np.ndindex(dy.shape[1:3]):
        place = np.s_[:, i * stride : i * stride + size, j * stride : j * stride + size]
        dx[place] += (x[place] == x[place].max()) * dy[:, i : i + 1, j : j + 1]
    return dx


@pytest.mark.parametrize(
    ("forward", "sentence"),
    [
        (lambda x, size, stride: kernels.avg_pool2d(x, size, stride), "your max pool is"),
        (lambda x, size, stride: x, "returned shape"),
        (lambda x, size, stride: {}[0], "raised KeyError"),
        (lambda x, size, stride: kernels.max_pool2d(x, size, stride), ""),
    ],
)
def test_a_learner_s_pool_is_compared(forward, sentence):
    problem = compute(IMAGE, "max", 3, 3, own=Functions(forward)).problem
    assert sentence in problem
    assert bool(problem) == bool(sentence)


@pytest.mark.parametrize(
    ("backward", "sentence"),
    [
        (tie_to_all, "adds up to 9; the output pixel handed out 1"),
        (lambda dy, x, size, stride: kernels.avg_pool2d_backward(dy, x, size, stride), ""),  # all are tied: fair shares
        (lambda dy, x, size, stride: kernels.max_pool2d_backward(dy, x, size, stride), ""),
        (lambda dy, x, size, stride: dy, "returned shape"),
        (lambda dy, x, size, stride: x * np.nan, "nan or infinite"),
        (lambda dy, x, size, stride: x * 0, "adds up to 0"),
    ],
)
def test_a_learner_s_gradient_is_looked_at(backward, sentence):
    pooled = compute(np.ones((9, 9)), "max", 3, 3)
    problem = window_at(pooled, 1, 1, Functions(None, backward)).problem
    assert sentence in problem
    assert bool(problem) == bool(sentence)


def test_a_share_for_a_loser_or_unequal_shares_of_a_mean_are_named():
    mean, largest = (
        lambda dy, x, size, stride: kernels.avg_pool2d_backward(dy, x, size, stride),
        lambda dy, x, size, stride: kernels.max_pool2d_backward(dy, x, size, stride),
    )
    assert "not the largest" in window_at(compute(IMAGE, "max", 3, 3), 0, 0, Functions(None, mean)).problem
    assert "same weight, 1/9" in window_at(compute(IMAGE, "mean", 3, 3), 0, 0, Functions(None, largest)).problem


# --- receptive fields ------------------------------------------------------------------------------------------------


def measured(windows, unit, side):
    """Paths along one axis, by the way back through the course's convolution with weights of 1."""
    shapes, x = [], np.zeros((1, 1, side, 1))
    for w in windows:
        shapes.append(x)
        x = kernels.conv2d(np.pad(x, ((0, 0), (0, 0), (w.pad, w.pad), (0, 0))), np.ones((1, w.size, 1, 1)))[
            :, :, :: w.stride
        ]
    dy = np.zeros_like(x)
    dy[0, 0, unit, 0] = 1
    for w, x_in in zip(windows[::-1], shapes[::-1]):
        full = np.zeros((1, 1, x_in.shape[2] + 2 * w.pad - w.size + 1, 1))
        full[:, :, :: w.stride] = dy
        padded = np.pad(x_in, ((0, 0), (0, 0), (w.pad, w.pad), (0, 0)))
        dy = kernels.conv2d_backward_input(full, padded, np.ones((1, w.size, 1, 1)))
        dy = dy[:, :, w.pad : w.pad + x_in.shape[2]]
    return dy[0, 0, :, 0]


@pytest.mark.parametrize("stack", receptive.STACKS)
@pytest.mark.parametrize("unit", [0, 3])
def test_paths_are_those_of_the_way_back_through_the_kernels(stack, unit):
    windows = receptive.windows_of(receptive.STACKS[stack])
    field = receptive.compute(windows, len(windows), unit, 28)
    assert field.problem == ""
    np.testing.assert_allclose(field.counts[0], measured(windows, unit, 28))


def test_lenet_sees_sixteen_pixels_and_two_3_x_3_see_five():
    windows = receptive.windows_of(LENET)
    assert receptive.compute(windows, 4, 3, 28).size == 16
    assert receptive.compute(receptive.windows_of(receptive.STACKS["two 3 x 3"]), 2, 5, 28).size == 5
    lines = receptive.describe(receptive.compute(windows, 4, 0, 28), 28)
    assert "rows and columns -6 to 9 (6 of them in the padding)" in lines[0]
    assert "1 + (5 − 1)·1 + (2 − 1)·1 + (5 − 1)·2 + (2 − 1)·2 = 16" in lines[1]


def test_a_learner_s_size_is_compared_layer_by_layer():
    seen = []

    def own(layers):
        seen.append([layer["type"] for layer in layers])
        return 1 + sum(layer.get("kernel", layer.get("size", 1)) - 1 for layer in layers)

    explorer = receptive_field_explorer(LENET, own)
    assert "Your own says 11; following the windows back gives 16." in explorer.problem.value
    explorer.controls["depth"].value = 1
    assert explorer.problem.value == ""
    assert seen[-1] == ["conv"]


def test_a_stack_that_does_not_fit_is_shown_as_far_as_it_does():
    explorer = receptive_field_explorer(LENET, side=30)
    assert "pool 2 does not fit onto 15 units" in explorer.problem.value
    assert "Layer 3, conv 5, has 15 x 15 units" in explorer.readout.value


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: receptive_field_explorer([{"type": "conv"}]), "its size must be a whole number"),
        (lambda: receptive_field_explorer([{"type": "conv", "kernel": 3, "stride": 0}]), "stride must be a whole"),
        (lambda: receptive_field_explorer([]), "must hold a convolution or a pool"),
        (lambda: receptive_field_explorer(["conv"]), "layer 1 must be a description"),
        (lambda: receptive_field_explorer(stack="AlexNet"), "There is no stack 'AlexNet'"),
        (lambda: pooling_explorer(kind="median"), "There is no kind 'median'"),
        (lambda: pooling_explorer(image=np.zeros(3)), "must be a picture"),
        (lambda: pooling_explorer(size=None), "size must be a number"),
    ],
)
def test_arguments_that_make_no_sense_are_explained(call, sentence):
    with pytest.raises(ValueError, match=sentence):
        call()


# --- the widgets -----------------------------------------------------------------------------------------------------

max_pool2d, max_pool2d_backward = kernels.max_pool2d, kernels.max_pool2d_backward
image, layers = IMAGE, LENET


@pytest.mark.parametrize(
    "line",
    [
        "pooling_explorer(max_pool2d, max_pool2d_backward, picture='a digit', size=4, stride=4, row=1, shift=2)",
        "pooling_explorer(image=image, size=3, stride=3, kind='mean', column=2)",
        "pooling_explorer(picture='camera', row=20, column=30)",
        "receptive_field_explorer(layers, stack='your layers', unit=2, depth=3)",
        "receptive_field_explorer(stack='three 3 x 3', side=12)",
    ],
)
def test_states_restore(line):
    explorer = eval(line)
    again = eval(explorer.state)
    assert again.state == explorer.state
    np.testing.assert_array_equal(pixels(again), pixels(explorer))


@pytest.mark.parametrize(
    ("make", "control", "value", "said"),
    [
        (pooling_explorer, "kind", "mean", "mean(0.47, 0.20, 0.53, 0.40)"),
        (pooling_explorer, "size", 4, "The result is 1 x 1 pixels"),
        (pooling_explorer, "stride", 1, "The result is 3 x 3 pixels"),
        (pooling_explorer, "shift", 1, "Moving the picture changed it by"),
        (pooling_explorer, "row", 1, "output[1, 0] = max(0.60, 0.80, 0.67, 0.87)"),
        (pooling_explorer, "column", 1, "output[0, 1]"),
        (pooling_explorer, "picture", "camera", "32 x 32"),
        (receptive_field_explorer, "stack", "two 3 x 3", "sees 5 x 5 pixels"),
        (receptive_field_explorer, "depth", 2, "sees 6 x 6 pixels"),
        (receptive_field_explorer, "depth", 0, "sees itself"),
        (receptive_field_explorer, "unit", 0, "Unit (0, 0)"),
        (receptive_field_explorer, "side", 32, "has 8 x 8 units"),
    ],
)
def test_every_control_changes_picture_and_text(make, control, value, said):
    explorer = make()
    before = pixels(explorer)
    explorer.controls[control].value = value
    assert not np.array_equal(pixels(explorer), before)
    assert said in explorer.readout.value
    assert said in explorer.picture.alt


def test_a_pointer_chooses_the_output_pixel():
    explorer = pooling_explorer(picture="a digit")
    explorer._pointed(explorer.result.axes, 0.6, 0.9)
    assert (explorer.controls["row"].value, explorer.controls["column"].value) == (3, 2)
    explorer._pointed(explorer.shown.axes, 0.1, 0.4)
    assert (explorer.controls["row"].value, explorer.controls["column"].value) == (1, 0)
