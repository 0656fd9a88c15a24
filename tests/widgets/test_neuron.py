"""The neuron explorer: what it computes, by hand and by rule; and its controls, buttons and pointer."""

import io

import numpy as np
import pytest
from PIL import Image

from helpers.widgets import neuron_explorer
from helpers.widgets.neuron import GRID, PLANE, Samples, compute, learn, lesson_in_words

OR, XOR = Samples.table("OR"), Samples.table("XOR")
AT = (0.5, 1.0)


def weighted_sum(x, w, b):
    return x @ w + b


def step(z):
    return (z > 0) * 1.0


def perceptron_fit(X, y, learning_rate, epochs, w0):
    w, mistakes = w0.copy(), []
    for _ in range(epochs):
        mistakes.append(0)
        for sample, label in zip(X, y):
            error = label - float(sample @ w > 0)
            w, mistakes[-1] = w + learning_rate * error * sample, mistakes[-1] + int(error != 0)
    return w, mistakes


NAMES = {
    "neuron_explorer": neuron_explorer,
    "weighted_sum": weighted_sum,
    "step": step,
    "perceptron_fit": perceptron_fit,
}


def pixels(explorer) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(explorer.picture.png)))


def test_sums_and_sides_are_those_of_arithmetic():
    neuron = compute(np.array([1.0, 2.0]), -2.0, "step", OR, AT)
    np.testing.assert_allclose(neuron.z, [-2, 0, -1, 1])
    np.testing.assert_array_equal(neuron.wrong(OR), [False, True, True, False])
    assert (neuron.z_at, neuron.out_at) == (0.5, 1.0)


def test_the_plane_shows_how_far_the_output_is_from_its_value_on_the_line():
    neuron = compute(np.array([1.0, 0.0]), -0.5, "sigmoid", OR, AT)
    expected = 1 / (1 + np.exp(0.5 - PLANE[:, 0])) - 0.5
    np.testing.assert_allclose(neuron.sent, expected.reshape(len(GRID), -1), atol=1e-12)


def test_one_epoch_of_or_goes_where_the_table_of_the_chapter_goes():
    w, mistakes = np.zeros(3), []
    for _ in range(4):
        lesson = learn(OR, w, 1.0)
        w = lesson.w
        mistakes.append(lesson.mistakes)
    assert mistakes == [1, 2, 1, 0]
    np.testing.assert_allclose(w, [1, 1, 0])


def test_the_learner_s_perceptron_is_used_and_a_wrong_one_is_told_both_weights():
    assert learn(OR, np.zeros(3), 1.0, perceptron_fit).problem == ""
    lesson = learn(OR, np.zeros(3), 1.0, lambda X, y, rate, epochs, w0: (w0 - 1, [0]))
    np.testing.assert_allclose(lesson.w, [-1, -1, -1])
    assert "goes to (-1, -1, -1), where (0, 1, 1) was expected." in lesson.problem


@pytest.mark.parametrize(
    ("fit", "sentence"),
    [
        (lambda *a: 1 / 0, "raised ZeroDivisionError"),
        (lambda *a: np.zeros(3), "it must return weights and mistakes"),
        (lambda *a: (np.zeros(2), [0]), "returned shape (2,); (3,) is needed"),
        (lambda *a: (np.full(3, np.nan), [0]), "nan or infinite"),
    ],
)
def test_a_perceptron_that_does_not_work_is_a_sentence_and_the_course_s_rule_goes_on(fit, sentence):
    lesson = learn(OR, np.zeros(3), 1.0, fit)
    assert sentence in lesson.problem
    np.testing.assert_allclose(lesson.w, [0, 1, 1])


@pytest.mark.parametrize(
    ("own", "sentence"),
    [
        ({"weighted_sum": lambda x, w, b: x @ w - b}, "Your <lambda> is 0 at x = (-1, -1), where -4 was expected."),
        ({"weighted_sum": lambda x, w, b: (x @ w)[:3]}, "returned shape (3,)"),
        ({"f": lambda z: (z >= 0) * 1.0}, "Your <lambda> is 1 at z = 0, where 0 was expected."),
        ({"f": lambda z: z * np.nan}, "gives nan or infinity at z = -4"),
        ({"f": lambda z: 1 / 0}, "You see the course's instead."),
    ],
)
def test_a_function_that_does_not_work_is_a_sentence(own, sentence):
    assert sentence in compute(np.array([1.0, 1.0]), -2.0, "step", OR, AT, **own).problem


def test_a_lesson_is_written_out():
    words = lesson_in_words(np.array([0.0, 1.0]), 1, np.zeros(3), 0.5)
    assert words.endswith("so it said 0, a mistake: (w1, w2, b) = (0, 0, 0) + 0.5·(0, 1, 1) = (0, 0.5, 0.5).")
    assert lesson_in_words(np.array([0.0, 1.0]), 0, np.zeros(3), 0.5).endswith("which is right: nothing changes.")


@pytest.mark.parametrize("rows", [[[0, 0, 2]], [[0, 0]], [["a", 0, 1]], [[np.nan, 0, 1]], [[0, 0, 1]] * 61])
def test_points_that_make_no_sense_are_explained(rows):
    with pytest.raises(ValueError, match="points must be"):
        neuron_explorer(points=rows)


# --- the widget ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("control", "value", "said"),
    [
        ("w1", 2.0, "z = 2·0.5 + 1·1 + (-1.5) = 0.5, above 0: it fires"),
        ("b", 0.0, "step(z) = 1"),
        ("x2", -1.0, "x = (0.5, -1)"),
        ("activation", "tanh", "tanh(z) = 0"),
        ("points", "XOR", "1 of 4 samples"),
    ],
)
def test_every_control_changes_the_picture_its_alt_and_its_text(control, value, said):
    explorer = neuron_explorer(points="AND")
    explorer.controls["b"].value = -1.5
    before = pixels(explorer)
    explorer.controls[control].value = value
    assert not np.array_equal(pixels(explorer), before)
    assert said in explorer.picture.alt
    assert f"{control}={value!r}" in explorer.state


def test_buttons_teach_sample_by_sample_and_epoch_by_epoch():
    explorer = neuron_explorer(weighted_sum, step, perceptron_fit, w1=0, w2=0, b=0)
    explorer.buttons["next sample"].click()
    assert "Sample (0, 0), wanted 0: the sum is 0, so it said 0, which is right" in explorer.readout.value
    explorer.buttons["whole epoch"].click()
    explorer.buttons["whole epoch"].click()
    assert "Mistakes per epoch: 1, 2." in explorer.readout.value
    np.testing.assert_allclose(explorer.weights, [1, 1, 1])
    explorer.controls["w1"].value = 0.0
    assert "Mistakes" not in explorer.readout.value


def test_xor_never_ends_without_a_mistake():
    explorer = neuron_explorer(points="XOR", w1=0, w2=0, b=0)
    for _ in range(20):
        explorer.buttons["whole epoch"].click()
    assert min(explorer.mistakes[:-1]) > 0


def test_weights_beyond_their_sliders_stretch_them():
    explorer = neuron_explorer(points=[(2, 2, 1)], w1=4.5, w2=-5, b=-5, rate=2.0)
    explorer.buttons["next sample"].click()
    assert explorer.weights[0] == 8.5


def test_points_are_placed_where_the_pointer_was_and_taken_away():
    explorer = neuron_explorer(points=[])
    explorer.buttons["next sample"].click()
    assert "There are no samples" in explorer.readout.value
    left, top = 0.3, 0.4
    explorer.picture.pointer.value = f"{left} {top}"
    spot = explorer.axes[0].transData.transform(explorer._at)
    np.testing.assert_allclose(spot / explorer.picture.fig.bbox.size, [left, 1 - top], atol=0.01)
    explorer.buttons["add a 1 at ×"].click()
    assert "1 of 1 samples" in explorer.readout.value or "0 of 1 samples" in explorer.readout.value
    assert explorer.samples.rows()[0][2] == 1
    explorer.buttons["take the nearest away"].click()
    explorer.buttons["take the nearest away"].click()
    assert explorer.samples.rows() == []


def test_a_pointer_that_says_nonsense_is_ignored():
    explorer = neuron_explorer()
    for nonsense in ("", "a b", "nan nan", "9 9", "0.5"):
        explorer.picture.pointer.value = nonsense
    assert explorer._at == AT


@pytest.mark.parametrize(
    "line",
    [
        "neuron_explorer(w1=-3.0)",
        "neuron_explorer(weighted_sum, step, perceptron_fit, points='AND', rate=0.5)",
        "neuron_explorer(f={'step': step}, activation='sigmoid', points=[(0.5, 0.25, 1), (1, -1, 0)])",
        "neuron_explorer(points='XOR', w1=1, w2=0, b=1, sample=2, mistakes=[2, 3, 1])",
    ],
)
def test_a_state_is_one_line_that_restores_the_explorer(line):
    explorer = eval(line, NAMES)
    again = eval(explorer.state, NAMES)
    assert again.state == explorer.state
    assert "\n" not in explorer.state
    np.testing.assert_array_equal(pixels(again), pixels(explorer))


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: neuron_explorer(points="NAND"), "There is no table 'NAND'"),
        (lambda: neuron_explorer(activation="sin"), "There is no activation 'sin'"),
        (lambda: neuron_explorer(w1="a"), "w1 must be a number"),
        (lambda: neuron_explorer(b=float("nan")), "b must be a number"),
    ],
)
def test_arguments_that_make_no_sense_are_explained(call, sentence):
    with pytest.raises(ValueError, match=sentence):
        call()
