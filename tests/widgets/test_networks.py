"""Explorers of trained networks: what they read in a network, what they compute, and networks that do not work."""

import io

import numpy as np
import pytest
from PIL import Image

from helpers import kernels
from helpers.data import load
from helpers.layers import Activation, Dense, Flatten
from helpers.network import Sequential, lenet
from helpers.widgets import cnn_explorer, confusion_explorer, draw_digit, inside, occlusion, occlusion_explorer
from helpers.widgets.confusion import behind, compute
from helpers.widgets.examples import examples
from helpers.widgets.parts import Mosaic
from helpers.widgets.reader import Reader, steps_of

DIGITS = load("digits")
X, Y = DIGITS.x_test[:60], DIGITS.y_test[:60]
RNG = np.random.default_rng(0)
NET = lenet((8, 8, 1), 10, RNG, dtype="float64")
FLAT = RNG.normal(size=(64, 10))


class OwnLeNet:
    """As a learner writes it in chapter 7: eight arrays, and a way forward."""

    def __init__(self) -> None:
        self.params = [np.array(p) for p in NET.params]

    def forward(self, x):
        w1, b1, w2, b2, w3, b3, w4, b4 = self.params
        for w, b in ((w1, b1), (w2, b2)):
            x = kernels.max_pool2d(kernels.relu(kernels.conv2d(x, w, b, pad=2)), 2)
        return kernels.dense(kernels.relu(kernels.dense(x.reshape(len(x), -1), w3, b3)), w4, b4)


def linear(x):
    """A plain function from prepared pictures to scores."""
    return x @ FLAT


def flat(pictures):
    return pictures.reshape(len(pictures), -1)


def pixels(explorer) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(explorer.picture.png)))


# --- what is read in a network ---------------------------------------------------------------------------------------


def test_probabilities_are_the_softmax_of_the_scores_a_hundred_pictures_at_a_time():
    shares, problem = Reader(linear, flat).probabilities(DIGITS.x_test[:230])
    assert problem == ""
    np.testing.assert_allclose(shares, kernels.softmax(flat(DIGITS.x_test[:230]) @ FLAT))


def test_outputs_of_sigmoids_stay_as_they_are():
    shares, _ = Reader(lambda x: kernels.sigmoid(linear(x)), flat).probabilities(X)
    np.testing.assert_allclose(shares, kernels.sigmoid(flat(X) @ FLAT))


@pytest.mark.parametrize("network", [NET, OwnLeNet(), lenet((8, 8, 1), 10, np.random.default_rng(0))])
def test_layers_one_after_the_other_give_the_scores(network):
    seen = inside.compute(Reader(network), X[0])
    assert (seen.problem, seen.hidden) == ("", "")
    assert [layer.values.shape for layer in seen.layers[:4]] == [(8, 8, 20), (8, 8, 20), (4, 4, 20), (4, 4, 50)]
    np.testing.assert_allclose(kernels.softmax(seen.layers[-1].values[None])[0], seen.shares, atol=1e-6)


def test_a_keras_model_is_read_without_being_imported_here():
    keras = pytest.importorskip("helpers.framework").keras
    layers = keras.layers
    model = keras.Sequential(
        [
            layers.Input((8, 8, 1)),
            layers.Conv2D(4, 3, padding="same", activation="relu", name="first"),
            layers.Flatten(),
            layers.Dense(10, activation="softmax"),
        ]
    )
    seen = inside.compute(Reader(model), X[0])
    assert (seen.problem, seen.hidden) == ("", "")
    assert seen.layers[0].name == "1: first"
    assert seen.layers[0].weights.shape == (3, 3, 1, 4)
    np.testing.assert_allclose(seen.shares, np.asarray(model(X[:1, ..., None]))[0], atol=1e-6)


def test_an_activation_shows_the_filter_of_the_layer_before_it():
    seen = inside.compute(Reader(OwnLeNet()), X[0])
    chosen = inside.choose(seen, "5: relu", 7)
    weights, channel = chosen.filter
    norms = np.sqrt((NET.params[2][..., 7] ** 2).sum(axis=(0, 1)))
    assert channel == norms.argmax()
    np.testing.assert_array_equal(weights, NET.params[2][:, :, channel, 7])
    assert inside.choose(seen, "7: flatten", 0).filter is None


def test_a_forward_that_is_not_what_its_layers_give_is_told():
    class Odd(OwnLeNet):
        def forward(self, x):
            return super().forward(x) + np.arange(10.0)

    assert "Odd.forward does not give what its layers give" in inside.compute(Reader(Odd()), X[0]).hidden


def test_a_plain_function_shows_no_layers_and_its_answers_count():
    seen = inside.compute(Reader(linear, flat), X[0])
    assert "linear shows no layers" in seen.hidden
    assert seen.shares.shape == (10,)


@pytest.mark.parametrize(
    ("network", "prepare", "sentence"),
    [
        (lambda x: 1 / 0, flat, "raised ZeroDivisionError"),
        (lambda x: linear(x)[0], flat, "returned shape (10,)"),
        (lambda x: linear(x).tolist(), flat, "returned a list"),
        (lambda x: linear(x) * np.nan, flat, "nan or infinite"),
        (linear, lambda p: p.reshape(3), "prepare, line"),
        (linear, None, "raised ValueError"),
    ],
)
def test_a_network_that_does_not_work_is_a_sentence(network, prepare, sentence):
    shares, problem = Reader(network, prepare).probabilities(X[:5])
    assert shares is None
    assert sentence in problem


def test_a_network_that_never_ends_is_stopped(monkeypatch):
    monkeypatch.setattr("helpers.widgets.student.SECONDS", 0.2)

    def endless(x):
        while True:
            pass

    assert "endless was stopped" in Reader(endless).scores(X[:1])[1]


def test_what_is_no_network_is_refused():
    with pytest.raises(ValueError, match="network must be a network"):
        Reader(np.zeros(3))


def test_steps_know_course_layers_and_nothing_else():
    network = Sequential([Flatten(), Dense(5), Activation("relu")], (8, 8, 1), RNG, dtype="float64")
    assert [step.name for step in steps_of(network)] == ["1: Flatten", "2: Dense", "3: relu"]
    assert steps_of(linear) == []


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: examples(X[0], Y[:1]), "must be grey pictures"),
        (lambda: examples(X.astype(str), Y), "must be grey pictures"),
        (lambda: examples(X * np.nan, Y), "must be grey pictures"),
        (lambda: examples(X, Y[:3]), "one class number per picture"),
        (lambda: examples(X, Y / 1.0), "one class number per picture"),
        (lambda: examples(X, Y, ["one", "two"]), "has no name"),
        (lambda: confusion_explorer(linear, X, None, flat), "labels are needed"),
        (lambda: confusion_explorer(linear, X, Y, flat, true="ten"), "There is no class 'ten'"),
        (lambda: cnn_explorer(NET, X, Y, layer="99"), "There is no layer '99'"),
        (lambda: occlusion_explorer(linear, X, Y, flat, size="big"), "size must be a number"),
        (lambda: draw_digit(linear, flat, side=8.5), "side must be a whole number"),
        (lambda: draw_digit("net"), "network must be a network"),
    ],
)
def test_arguments_that_make_no_sense_are_explained(call, sentence):
    with pytest.raises(ValueError, match=sentence):
        call()


# --- confusion and occlusion -----------------------------------------------------------------------------------------


def test_a_confusion_counts_as_scikit_learn_does_and_knows_its_pictures():
    from sklearn.metrics import confusion_matrix

    given = examples(X, Y)
    confusion, _ = compute(Reader(linear, flat), given)
    said = (flat(X) @ FLAT).argmax(axis=1)
    np.testing.assert_array_equal(confusion.counts, confusion_matrix(Y, said, labels=range(10)))
    true, predicted = confusion.worst
    members = behind(confusion, Y, true, predicted)
    assert true != predicted
    assert len(members) == confusion.counts[true, predicted]
    assert set(members) == set(np.flatnonzero((true == Y) & (said == predicted)))
    assert (np.diff(confusion.shares[members]) <= 0).all()


def test_a_network_that_looks_at_one_corner_loses_by_that_corner_alone():
    def corner(x):
        scores = np.zeros((len(x), 10))
        scores[:, 3] = 5 * x[:, 1, 1]
        return scores

    picture = np.ones((8, 8))
    occluded, problem = occlusion.compute(Reader(corner, lambda p: p), picture, 2, 0.0)
    assert problem == ""
    drop = occluded.drop(3)
    assert drop[1, 1] == pytest.approx(np.exp(5) / (np.exp(5) + 9) - 0.1)
    np.testing.assert_allclose(drop[4:], 0)
    lines = " ".join(occlusion.describe(occluded, (0, 0), 3, tuple("0123456789")))
    assert "3 falls from 94.3% to 10.0%" in lines


def test_many_places_are_thinned_out_but_reach_both_ends():
    starts = occlusion.places(28, 5)
    assert (starts[0], starts[-1]) == (0, 23)
    assert len(starts) == occlusion.PLACES
    np.testing.assert_array_equal(occlusion.places(8, 3), range(6))


# --- the widgets -----------------------------------------------------------------------------------------------------

NAMES = {
    "network": NET, "images": X, "labels": Y, "prepare": flat, "linear": linear, "flat": flat,
    "draw_digit": draw_digit, "cnn_explorer": cnn_explorer, "confusion_explorer": confusion_explorer,
    "occlusion_explorer": occlusion_explorer,
}  # fmt: skip
LINES = (
    "draw_digit(network, layer='4: Conv2D', laid_out=False)",
    "draw_digit(linear, flat, drawing='')",
    "cnn_explorer(network, images, labels, picture=5, layer='4: Conv2D', channel=11)",
    "cnn_explorer(network, images)",
    "confusion_explorer(linear, images, labels, flat)",
    "confusion_explorer(linear, images, labels, flat, true='1', predicted='8')",
    "occlusion_explorer(linear, images, labels, flat, picture=2, size=4, grey=0.5, row=3, column=1, label='7')",
)


@pytest.mark.parametrize("line", LINES)
def test_states_restore(line):
    explorer = eval(line, NAMES)
    again = eval(explorer.state, NAMES)
    assert again.state == explorer.state
    assert "\n" not in explorer.state
    np.testing.assert_array_equal(pixels(again), pixels(explorer))


@pytest.mark.parametrize(
    ("line", "control", "value", "said"),
    [
        (LINES[0], "layer", "8: Dense", "500 units"),
        (LINES[0], "laid_out", True, "The network says"),
        (LINES[2], "picture", 7, "Picture 7"),
        (LINES[2], "layer", "1: Conv2D", "20 maps of 8 x 8"),
        (LINES[2], "channel", 30, "Map 30"),
        (LINES[5], "true", "2", "True class 2, read as 8"),
        (LINES[6], "picture", 9, "Picture 9"),
        (LINES[6], "size", 6, "Patch of 6 x 6"),
        (LINES[6], "row", 0, "at row 0, column 1"),
        (LINES[6], "label", "1", "the map is for class 1"),
        (LINES[6], "grey", 1.0, "Patch of 4 x 4"),
    ],
)
def test_every_control_changes_picture_and_text(line, control, value, said):
    explorer = eval(line, NAMES)
    before = pixels(explorer)
    explorer.controls[control].value = value
    assert not np.array_equal(pixels(explorer), before)
    assert said in explorer.readout.value
    assert said in explorer.picture.alt


def test_a_pad_reads_while_it_is_drawn_on_and_says_when_it_is_empty():
    pad = draw_digit(NET)
    three = pixels(pad)
    pad.pad.clear()
    assert "The sheet is empty" in pad.problem.value
    pad.pad.down(56, 10)
    pad.pad.move(56, 100)
    assert pad.problem.value == ""
    assert "The network says" in pad.readout.value
    assert not np.array_equal(pixels(pad), three)


def test_a_broken_network_leaves_the_pad_working():
    broken = True

    def network(x):
        if broken:
            raise KeyError("weights")
        return linear(x)

    pad = draw_digit(network, flat)
    assert "network, line" in pad.problem.value
    broken = False
    pad.pad.down(20, 20)
    assert pad.problem.value == ""
    assert "network shows no layers" in pad.readout.value


def test_a_broken_network_is_a_sentence_in_every_explorer():
    for explorer in (cnn_explorer, confusion_explorer, occlusion_explorer):
        shown = explorer(lambda x: x[:, :3], X, Y)
        assert "is needed here" in shown.problem.value, explorer


def test_pointers_choose_maps_cells_and_patches():
    cnn, matrix = eval(LINES[2], NAMES), eval(LINES[5], NAMES)
    cnn._pointed(cnn.maps.ax, *[1.5 * side for side in cnn.maps.cell[::-1]])
    assert cnn.controls["channel"].value == cnn.maps.columns + 1
    matrix._pointed(matrix.frame.axes, 3.2, 5.9)
    assert (matrix.controls["true"].value, matrix.controls["predicted"].value) == ("6", "3")
    patch = eval(LINES[6], NAMES)
    patch._pointed(patch.map.axes, 0.99, 0.5)
    assert (patch.controls["row"].value, patch.controls["column"].value) == (2, 6)


@pytest.mark.parametrize("shape", [(8, 8, 20), (14, 14, 50), (1, 1, 7), (500,), (10,), (3, 9, 1)])
def test_a_mosaic_holds_every_map_where_it_says(shape):
    from helpers import plots

    values = np.random.default_rng(1).normal(size=shape)
    mosaic = Mosaic(plots.figure()[1][0, 0])
    mosaic.put(values, shape[-1] - 1)
    x, y = (a + b / 2 for a, b in zip(mosaic.frame.get_xy(), (mosaic.frame.get_width(), mosaic.frame.get_height())))
    assert mosaic.at(x, y) == shape[-1] - 1
    shown = mosaic.image.get_array().compressed()
    np.testing.assert_allclose(np.sort(shown), np.sort(values.ravel() / np.abs(values).max()))
    _, right, bottom, _ = mosaic.image.get_extent()
    assert bottom <= 1 + 1e-9
    assert right <= mosaic.shape + 1e-9
