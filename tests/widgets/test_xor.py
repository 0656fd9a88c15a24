"""The XOR explorer: its steps against slopes found by nudging, and learners' networks that work or do not."""

import io
import itertools

import numpy as np
import pytest
from PIL import Image

from helpers.kernels import sigmoid, sigmoid_grad
from helpers.widgets import xor_explorer
from helpers.widgets.xor import OwnTraining, T, Training, Weights, X, describe


class Layer:
    def __init__(self, n, m):
        self.W, self.b = np.zeros((n, m)), np.zeros(m)

    def forward(self, x):
        self.x, self.z = x, x @ self.W + self.b
        return sigmoid(self.z)

    def backward(self, dy):
        dz = dy * sigmoid_grad(self.z)
        self.dW, self.db = self.x.T @ dz, dz.sum(axis=0)
        return dz @ self.W.T


class Network:
    """A right answer to chapter 5's exercise, as far as it is needed here."""

    def __init__(self, num_inputs, num_outputs, hidden_layer_sizes, rng):
        sizes = [num_inputs, *hidden_layer_sizes, num_outputs]
        self.layers = [Layer(n, m) for n, m in itertools.pairwise(sizes)]

    def forward(self, x):
        for layer in self.layers:
            x = layer.forward(x)
        return x

    def backward(self, dy):
        for layer in reversed(self.layers):
            dy = layer.backward(dy)

    def optimize(self, rate):
        for layer in self.layers:
            layer.W, layer.b = layer.W - rate * layer.dW, layer.b - rate * layer.db


class TooLong(Network):
    def backward(self, dy):
        super().backward(2 * dy)


class Raising(Network):
    def backward(self, dy):
        raise KeyError("dW")


class Shapeless(Network):
    def forward(self, x):
        return super().forward(x)[:, 0]


class Unfinished(Network):
    def optimize(self, rate):
        raise NotImplementedError


class Layerless(Network):
    def __init__(self, *sizes):
        pass


class Breaking(Network):
    """Works for some epochs, then no more."""

    def optimize(self, rate):
        self.steps = getattr(self, "steps", 0) + 1
        super().optimize(np.nan if self.steps > 1 else rate)
        if self.steps > 1:
            self.layers[0].W = None


NAMES = {"xor_explorer": xor_explorer, "Network": Network}


def pixels(explorer) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(explorer.picture.png)))


def loss_of(parts) -> float:
    return float(((Weights(*parts).output(X) - T) ** 2).mean())


@pytest.mark.parametrize("hidden", [1, 2, 4])
def test_a_step_goes_against_the_slopes_that_nudging_finds(hidden):
    start, h = Weights.start(hidden, 3), 1e-6
    moved, loss, size = start.step(0.5)
    assert loss == pytest.approx(loss_of(start.parts))
    total = 0.0
    for number, (before, after) in enumerate(zip(start.parts, moved.parts)):
        for index in np.ndindex(before.shape):
            losses = []
            for nudge in (h, -h):
                parts = [part.copy() for part in start.parts]
                parts[number][index] += nudge
                losses.append(loss_of(parts))
            slope = (losses[0] - losses[1]) / (2 * h)
            assert before[index] - after[index] == pytest.approx(0.5 * slope, abs=1e-8)
            total += slope**2
    assert size == pytest.approx(total**0.5, rel=1e-5)


def test_some_starts_solve_it_and_some_are_stuck():
    verdicts = []
    for seed in range(8):
        training = Training(2, 5.0, seed)
        training.go_on(1500)
        verdicts.append("solved" in describe(training, 1500)[0])
    assert 0 < sum(verdicts) < 8


def test_training_in_pieces_is_training_in_one_go():
    whole, pieces = Training(2, 1.0, 0), Training(2, 1.0, 0)
    whole.go_on(60)
    for epoch in (0, 1, 20, 60):
        pieces.go_on(epoch)
    np.testing.assert_array_equal(whole.losses, pieces.losses)


def test_a_right_network_is_the_course_s():
    own, course = OwnTraining(Network, 3, 2.0, 1), Training(3, 2.0, 1)
    assert own.go_on(50) == ""
    course.go_on(50)
    np.testing.assert_allclose(own.losses, course.losses, rtol=1e-10)
    np.testing.assert_allclose(own.gradients, course.gradients, rtol=1e-6)
    np.testing.assert_allclose(own.weights[50].W1, course.weights[50].W1, rtol=1e-9)


def test_a_network_with_wrong_gradients_is_shown_and_told_where_it_departs():
    own = OwnTraining(TooLong, 2, 2.0, 1)
    assert "After epoch 1 the loss of your TooLong is" in own.go_on(20)
    course = Training(2, 4.0, 1)
    course.go_on(20)
    np.testing.assert_allclose(own.losses, course.losses, rtol=1e-10)


@pytest.mark.parametrize(
    ("network", "sentence"),
    [
        (Raising, "raised KeyError"),
        (Shapeless, "Shapeless.forward returned shape (4,); (4, 1) is needed here."),
        (Unfinished, "Unfinished is not written yet."),
        (Layerless, "raised AttributeError"),
        (Breaking, "A W or b of Breaking holds a NoneType"),
        (lambda *sizes: None, "raised AttributeError"),
    ],
)
def test_a_network_that_does_not_work_is_a_sentence_and_the_course_s_goes_on(network, sentence):
    own = OwnTraining(network, 2, 2.0, 0)
    for epoch in (1, 10):
        problem = own.go_on(epoch)
        assert sentence in problem
        assert "You see the course's network." in problem
    course = Training(2, 2.0, 0)
    course.go_on(10)
    np.testing.assert_allclose(own.losses[10], course.losses[10])


def test_the_picture_is_put_into_words():
    training = Training(2, 5.0, 0)
    training.go_on(0)
    lines = describe(training, 0)
    y = training.weights[0].output(X)[:, 0]
    assert lines[1].startswith(f"It says (0, 0) → {y[0]:.3f}, (0, 1) → {y[1]:.3f}")
    assert [line.split(":")[0] for line in lines[2:]] == ["Hidden neuron 1", "Hidden neuron 2", "Output"]


# --- the widget ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("control", "value", "said"),
    [("hidden", 3, "Hidden neuron 3"), ("rate", 1.0, "Epoch 0"), ("seed", 4, "Epoch 0"), ("epoch", 700, "Epoch 700")],
)
def test_every_control_changes_the_picture_its_alt_and_its_text(control, value, said):
    explorer = xor_explorer(epoch=300)
    before = pixels(explorer)
    explorer.controls[control].value = value
    assert not np.array_equal(pixels(explorer), before)
    assert said in explorer.picture.alt
    assert f"{control}={value!r}" in explorer.state


def test_buttons_train_on_and_start_anew():
    explorer = xor_explorer(Network)
    explorer.buttons["1 epoch"].click()
    explorer.buttons["50 epochs"].click()
    assert "Epoch 51" in explorer.readout.value
    explorer.buttons["another start"].click()
    assert (explorer.controls["seed"].value, explorer.controls["epoch"].value) == (1, 0)
    explorer.controls["epoch"].value = 1990
    explorer.buttons["50 epochs"].click()
    assert "Epoch 2000" in explorer.readout.value
    assert explorer.problem.value == ""


@pytest.mark.parametrize(
    "line", ["xor_explorer(hidden=1, epoch=40)", "xor_explorer(Network, rate=2.0, seed=9, epoch=5)"]
)
def test_a_state_is_one_line_that_restores_the_explorer(line):
    explorer = eval(line, NAMES)
    again = eval(explorer.state, NAMES)
    assert again.state == explorer.state
    np.testing.assert_array_equal(pixels(again), pixels(explorer))


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: xor_explorer(rate=3), "There is no rate 3"),
        (lambda: xor_explorer(hidden="2"), "hidden must be a number"),
    ],
)
def test_arguments_that_make_no_sense_are_explained(call, sentence):
    with pytest.raises(ValueError, match=sentence):
        call()
