"""The depth explorer: signals, corrections and dead units against the plain loops that define them."""

import io

import numpy as np
import pytest
from PIL import Image

from helpers import kernels
from helpers.widgets import depth_explorer
from helpers.widgets.depth import DEEPEST, SAMPLES, SCHEMES, Network, corrections, count_dead, forward, std_of

RELU = Network("relu", "he_normal", 32, 0.0, 0)


def initial_weights(scheme, fan_in, fan_out, rng):
    std = std_of(scheme, fan_in)
    if scheme.endswith("uniform"):
        return rng.uniform(-std * 3**0.5, std * 3**0.5, (fan_in, fan_out))
    return rng.normal(0.0, std, (fan_in, fan_out))


def dead_fraction(activations):
    return float(np.mean(np.all(activations == 0, axis=0)))


NAMES = {
    "depth_explorer": depth_explorer,
    "relu": kernels.relu,
    "relu_grad": kernels.relu_grad,
    "tanh": kernels.tanh,
    "tanh_grad": kernels.tanh_grad,
    "initial_weights": initial_weights,
    "dead_fraction": dead_fraction,
}


def pixels(explorer) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(explorer.picture.png)))


@pytest.mark.parametrize("scheme", SCHEMES)
def test_weights_have_the_spread_and_the_shape_of_their_scheme(scheme):
    runs, _ = forward(Network("relu", scheme, 64, 0.0, 0))
    weights = runs[scheme].weights
    assert weights.std() == pytest.approx(((2 if "he" in scheme else 1) / 64) ** 0.5, rel=0.01)
    assert (np.abs(weights).max() <= weights.std() * 3**0.5 * 1.01) == ("uniform" in scheme)


def test_a_signal_goes_through_layer_by_layer():
    runs, problem = forward(Network("tanh", "lecun_normal", 16, 0.3, 5))
    assert problem == ""
    for run in runs.values():
        signal = np.random.default_rng(6).standard_normal((SAMPLES, 16))
        for w, out, spread in zip(run.weights, run.out, run.spread):
            signal = np.tanh(signal @ w + 0.3)
            np.testing.assert_allclose(out, signal, atol=1e-12)
            assert spread == pytest.approx(signal.std())


def test_he_holds_a_relu_signal_where_glorot_halves_its_power_in_every_layer():
    runs, _ = forward(RELU)
    ratio = runs["he_normal"].spread / runs["lecun_normal"].spread
    np.testing.assert_allclose(ratio, 2 ** (0.5 * np.arange(1, DEEPEST + 1)), rtol=1e-9)


def test_a_correction_is_that_of_the_chain_rule():
    run = forward(RELU)[0]["he_normal"]
    sizes, _ = corrections(run, 4, "relu")
    flow = np.random.default_rng(0).standard_normal(run.z[0].shape)
    expected = [flow.std()]
    for layer in (3, 2, 1):
        flow = (flow * (run.z[layer] > 0)) @ run.weights[layer].T
        expected.insert(0, flow.std())
    np.testing.assert_allclose(sizes, np.array(expected) / expected[-1])


def test_dead_units_are_zero_for_every_sample():
    out = np.array([[0, 1.5, 0, 0], [0, 0, 2, 0], [0, 0.5, 0, 0]])
    assert count_dead(out, None) == (0.5, "")
    assert count_dead(out, dead_fraction) == (0.5, "")
    share, problem = count_dead(out, lambda a: float(np.mean(a == 0)))
    assert share == 0.75
    assert "is 0.75 here, where 0.5 was expected" in problem
    assert forward(Network("relu", "he_normal", 32, -3.0, 0))[0]["he_normal"].dead[1] == 1.0


@pytest.mark.parametrize(
    ("own", "sentence"),
    [
        ({"f": lambda z: z[:3]}, "returned shape (3, 32)"),
        ({"f": lambda z: z.astype(str)}, "numbers are needed here"),
        ({"f": lambda z: z * np.nan}, "gives nan"),
        ({"f": lambda z: 1 / 0}, "raised ZeroDivisionError"),
        ({"initial_weights": lambda *a: np.zeros(3)}, "returned shape (3,); (32, 32) is needed here."),
        ({"initial_weights": lambda s, n, m, rng: rng.normal(size=(n, m))}, "the spread 1.0"),
        ({"initial_weights": lambda *a: None}, "returned a NoneType"),
        ({"initial_weights": lambda s, n, m, rng: np.full((n, m), np.nan)}, "the spread nan"),
    ],
)
def test_a_function_that_does_not_work_is_a_sentence(own, sentence):
    runs, problem = forward(RELU, **own)
    assert sentence in problem
    assert np.isfinite(runs["he_normal"].spread).all()


def test_the_learner_s_functions_are_used():
    runs, problem = forward(RELU, lambda z: np.minimum(z, 0), initial_weights)
    assert problem == ""
    assert runs["he_normal"].out.max() == 0


# --- the widget ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("control", "value", "said"),
    [
        ("activation", "sigmoid", "sigmoid, he_normal"),
        ("scheme", "std 0.01", "it vanishes."),
        ("width", 16, "of 16 units"),
        ("depth", 3, "after layer 3"),
        ("layer", 7, "Layer 7"),
        ("bias", -3.0, "64 of 64 units are dead"),
        ("seed", 3, "Layer 2"),
    ],
)
def test_every_control_changes_the_picture_its_alt_and_its_text(control, value, said):
    explorer = depth_explorer(layer=2)
    before = pixels(explorer)
    explorer.controls[control].value = value
    assert not np.array_equal(pixels(explorer), before)
    assert said in explorer.picture.alt
    assert f"{control}={value!r}" in explorer.state


def test_a_layer_beyond_the_depth_is_the_last_one():
    explorer = depth_explorer(depth=20, layer=15)
    explorer.controls["depth"].value = 5
    assert explorer.controls["layer"].value == 5
    explorer.picture.pointer.value = "0.6 0.3"
    assert "Layer 5" in explorer.readout.value


@pytest.mark.parametrize(
    "line",
    [
        "depth_explorer(scheme='std 1', depth=50, layer=50)",
        "depth_explorer(tanh, tanh_grad, initial_weights, dead_fraction, bias=0.5, seed=3, width=16)",
        "depth_explorer({'relu': relu, 'tanh': tanh}, {'relu': relu_grad}, activation='tanh')",
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
        (lambda: depth_explorer(scheme="he"), "There is no scheme 'he'"),
        (lambda: depth_explorer(activation="sin"), "There is no activation 'sin'"),
        (lambda: depth_explorer(depth="deep"), "depth must be a number from 1 to 50"),
    ],
)
def test_arguments_that_make_no_sense_are_explained(call, sentence):
    with pytest.raises(ValueError, match=sentence):
        call()
