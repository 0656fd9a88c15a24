"""The descent explorer: slopes against nudging, paths against the optimizers' formulas, and learners' functions."""

import io
import time

import numpy as np
import pytest
from PIL import Image

from helpers import kernels
from helpers.widgets import descent_explorer
from helpers.widgets.descent import (
    OPTIMIZERS,
    SAMPLES,
    SHAPES,
    STEPS,
    course_surface,
    lowest,
    own_surface,
    race,
    steepest_curvature,
)

BOWL = course_surface("round bowl")
START = (-2.0, 1.0)
EVERYTHING = np.arange(SAMPLES)


def loss(w):
    return (w[0] - 1) ** 2 + 3 * w[1] ** 2


def grad(w):
    return np.array([2 * (w[0] - 1), 6 * w[1]])


def step_fn(w, grad, learning_rate):
    return w - learning_rate * grad


NAMES = {"descent_explorer": descent_explorer, "loss": loss, "grad": grad, "step_fn": step_fn}


def pixels(explorer) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(explorer.picture.png)))


@pytest.mark.parametrize("name", SHAPES)
def test_slopes_are_those_of_the_surface(name):
    surface = course_surface(name)
    for w in np.random.default_rng(1).uniform(-2.5, 2.5, (5, 2)):
        nudged = [np.diff(surface.losses(np.array([w - n, w + n])))[0] / 2e-5 for n in 1e-5 * np.eye(2)]
        np.testing.assert_allclose(surface.grad(w, EVERYTHING), nudged, atol=1e-6)


@pytest.mark.parametrize("name", SHAPES)
def test_the_batches_of_an_epoch_have_the_gradient_of_all_samples_as_their_mean(name):
    surface, w = course_surface(name), np.array([0.7, -1.2])
    batches = [surface.grad(w, EVERYTHING[i : i + 4]) for i in range(0, SAMPLES, 4)]
    np.testing.assert_allclose(np.mean(batches, axis=0), surface.grad(w, EVERYTHING), atol=1e-12)
    assert np.ptp(batches, axis=0).max() > 0.01


def test_gradient_descent_on_a_bowl_shrinks_by_a_constant_factor():
    paths, _ = race(BOWL, START, 0.1, 0.9, SAMPLES)
    np.testing.assert_allclose(paths["gradient descent"].w, 0.9 ** np.arange(STEPS + 1)[:, None] * START, atol=1e-12)


def test_every_optimizer_takes_the_steps_of_the_course():
    paths, _ = race(BOWL, START, 0.1, 0.8, SAMPLES)
    zero, w = np.zeros(2), np.array(START)
    first = {
        "gradient descent": w - 0.1 * w,
        "momentum": w - 0.1 * w,
        "Nesterov": kernels.nesterov_step(w, lambda at: at, zero, 0.1, 0.8)[0],
        "Adam": w - 0.1 * np.sign(w),
    }
    assert set(paths) == set(OPTIMIZERS)
    for name, expected in first.items():
        np.testing.assert_allclose(paths[name].w[1], expected, atol=1e-5)
        assert paths[name].loss[0] == pytest.approx(BOWL.losses(w[None])[0])
    np.testing.assert_allclose(paths["momentum"].w[2], 0.9 * w - 0.1 * 0.9 * w - 0.8 * 0.1 * w)


@pytest.mark.parametrize(("rate", "diverges"), [(0.39, False), (0.41, True)])
def test_plain_steps_diverge_just_beyond_two_over_the_curvature(rate, diverges):
    surface = course_surface("long valley")
    assert steepest_curvature(surface, START) == pytest.approx(5.0, rel=1e-3)
    path = race(surface, START, rate, 0.9, SAMPLES, ("gradient descent",))[0]["gradient descent"]
    assert (path.loss[-1] > path.loss[0]) == diverges


def test_a_path_that_diverged_ends_and_has_left_the_map():
    path = race(course_surface("long valley"), START, 2.5, 0.9, SAMPLES, ("gradient descent",))[0]["gradient descent"]
    assert path.diverged
    assert len(path.loss) == len(path.w) < STEPS
    assert path.left_the_map() == 1


def test_the_lowest_loss_is_on_the_map_or_on_a_path():
    paths, _ = race(BOWL, START, 0.1, 0.9, SAMPLES)
    assert lowest(BOWL, paths) == pytest.approx(BOWL.losses(np.zeros((1, 2)))[0], abs=1e-4)


# --- learners' functions ---------------------------------------------------------------------------------------------


def test_the_learner_s_loss_and_gradient_are_used():
    surface, problem = own_surface(loss, grad)
    assert problem == ""
    assert surface.heights.min() == pytest.approx(loss(np.array([1.05, 0.0])), abs=0.01)
    path = race(surface, START, 0.1, 0.9, SAMPLES, ("gradient descent",), step_fn)[0]["gradient descent"]
    np.testing.assert_allclose(path.w[1], np.array(START) - 0.1 * grad(START))


def test_without_a_gradient_the_slopes_are_found_by_nudging():
    surface, _ = own_surface(loss, None)
    np.testing.assert_allclose(surface.grad(np.array(START), EVERYTHING), grad(START), atol=1e-6)


def test_a_wrong_gradient_is_told_what_nudging_gives():
    _, problem = own_surface(loss, lambda w: grad(w) / 2)
    assert "where nudging gives" in problem


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        (lambda w: 1 / 0, "raised ZeroDivisionError"),
        (lambda w: "low", "numbers are needed here"),
        (lambda w: w, "is needed here"),
        (lambda w: 1.0, "the same number, or none, everywhere"),
        (lambda w: np.nan, "the same number, or none, everywhere"),
    ],
)
def test_a_loss_that_does_not_work_is_a_sentence(wrong, sentence):
    surface, problem = own_surface(wrong, None)
    assert surface is None
    assert sentence in problem
    assert sentence in descent_explorer(wrong).problem.value


@pytest.mark.parametrize("wrong", [lambda w: 1 / 0, lambda w: np.zeros(3), lambda w: None, lambda w: w * np.nan])
def test_a_gradient_that_does_not_work_is_a_sentence_in_the_widget(wrong):
    explorer = descent_explorer(loss, wrong)
    assert explorer.problem.value != ""
    explorer.controls["step"].value = 3


def test_a_wrong_step_is_named_and_walked():
    wrong = lambda w, g, rate: w + rate * g  # noqa: E731
    paths, problem = race(BOWL, START, 0.1, 0.9, SAMPLES, step=wrong)
    assert "goes to (1.125, -1) for w = (1, -2), gradient (0.5, 4) and rate 0.25, where (0.875, -3)" in problem
    np.testing.assert_allclose(paths["gradient descent"].w[1], 1.1 * np.array(START))


def test_a_loss_that_never_ends_is_stopped(monkeypatch):
    monkeypatch.setattr("helpers.widgets.student.SECONDS", 0.2)
    assert "too slow" in own_surface(lambda w: time.sleep(60), None)[1]


# --- the widget ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("control", "value", "said"),
    [
        ("surface", "two valleys", "After 30 steps"),
        ("optimizer", "Adam", "Adam: loss"),
        ("rate", 0.5, "not below that"),
        ("momentum", 0.5, "momentum: loss"),
        ("batch", 1, "Adam: loss"),
        ("w1", 1.0, "from w = (1, 2)"),
        ("w2", 1.0, "from w = (-2, 1)"),
        ("step", 5, "After 5 steps"),
    ],
)
def test_every_control_changes_the_picture_its_alt_and_its_text(control, value, said):
    explorer = descent_explorer(surface="long valley")
    before = pixels(explorer)
    explorer.controls[control].value = value
    assert not np.array_equal(pixels(explorer), before)
    assert said in explorer.picture.alt
    assert f"{control}={value!r}" in explorer.state


def test_divergence_is_said():
    explorer = descent_explorer(surface="long valley", rate=2.0, step=100)
    assert "gradient descent: diverged; at step" in explorer.readout.value
    explorer.controls["step"].value = 2
    assert "off the map since step 1" in explorer.readout.value


def test_a_start_is_chosen_with_the_pointer():
    explorer = descent_explorer()
    explorer.picture.pointer.value = "0.2 0.5"
    spot = explorer.axes[0].transData.transform([explorer.controls[name].value for name in ("w1", "w2")])
    np.testing.assert_allclose(spot / explorer.picture.fig.bbox.size, [0.2, 0.5], atol=0.01)
    explorer.picture.pointer.value = "0.8 0.5"
    assert explorer.controls["step"].value > 30


@pytest.mark.parametrize(
    "line",
    [
        "descent_explorer(surface='saddle', rate=0.25, batch=1, w1=0.5, w2=-1.5, step=60)",
        "descent_explorer(surface='hollow in a plain', optimizer='Nesterov', momentum=0.5)",
        "descent_explorer(loss, grad, step_fn, rate=0.05)",
        "descent_explorer(loss)",
    ],
)
def test_a_state_is_one_line_that_restores_the_explorer(line):
    explorer = eval(line, NAMES)
    again = eval(explorer.state, NAMES)
    assert again.state == explorer.state
    np.testing.assert_array_equal(pixels(again), pixels(explorer))


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: descent_explorer(surface="hill"), "There is no surface 'hill'"),
        (lambda: descent_explorer(batch=5), "There is no batch 5"),
        (lambda: descent_explorer(rate=None), "rate must be a number"),
        (lambda: descent_explorer(grad=grad), "grad needs the loss"),
    ],
)
def test_arguments_that_make_no_sense_are_explained(call, sentence):
    with pytest.raises(ValueError, match=sentence):
        call()
