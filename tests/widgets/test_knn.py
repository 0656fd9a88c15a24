"""The k-NN explorer: its answers against scikit-learn's, and learners' functions that work or do not."""

import io

import numpy as np
import pytest
from PIL import Image
from sklearn.neighbors import KNeighborsClassifier

from helpers.widgets import knn_explorer
from helpers.widgets.knn import FRESH, K_MAX, PLANE, SETS, Samples, compute, describe, samples_of, shares_right
from helpers.widgets.knn_view import ADD, REMOVE


def knn_predict(X_train, y_train, X, k):
    """A right answer to chapter 1's exercise."""
    return KNeighborsClassifier(k, algorithm="brute").fit(X_train, y_train).predict(X)


def farthest(X_train, y_train, X, k):
    return knn_predict(-X_train, y_train, X, k)


def unwritten(X_train, y_train, X, k):
    raise NotImplementedError


def column(X_train, y_train, X, k):
    return knn_predict(X_train, y_train, X, k)[:, None]


def strange(X_train, y_train, X, k):
    return np.full(len(X), 7)


NAMES = {"knn_explorer": knn_explorer, "knn_predict": knn_predict}


def pixels(explorer) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(explorer.picture.png)))


@pytest.mark.parametrize("name", SETS)
@pytest.mark.parametrize("k", [1, 2, 4, 25])
def test_the_plane_is_scikit_learns(name: str, k: int) -> None:
    samples = samples_of(name)
    answers = compute(samples, k, (0.3, -0.2))
    expected = knn_predict(samples.x, samples.y, PLANE, k)
    np.testing.assert_array_equal(answers.plane.ravel(), expected)
    assert answers.at == knn_predict(samples.x, samples.y, np.array([[0.3, -0.2]]), k)[0]
    assert len(answers.neighbours) == k
    assert compute(samples, k, (0.3, -0.2), knn_predict).problem == ""


def test_curves_are_accuracies_and_one_neighbour_is_always_right_on_itself() -> None:
    samples, fresh = samples_of("three clouds"), samples_of("three clouds", fresh=True)
    training, unseen = shares_right(samples, fresh)
    assert len(fresh.y) == FRESH
    assert training[0] == 1.0
    assert unseen.argmax() > 0  # more than one neighbour is better on fresh samples
    for k in (1, 6, K_MAX):
        assert unseen[k - 1] == np.mean(knn_predict(samples.x, samples.y, fresh.x, k) == fresh.y)


def test_more_neighbours_than_samples_is_everybody() -> None:
    samples = Samples.of([(0, 0, 2), (1, 0, 1), (0, 1, 1)])
    answers = compute(samples, 9, (2.0, 2.0))
    assert (answers.plane == 1).all()
    assert "all of them vote" in " ".join(describe(samples, 9, (2.0, 2.0), answers, None))


@pytest.mark.parametrize(
    ("own", "sentence"),
    [
        (farthest, "Your farthest says"),
        (unwritten, "unwritten is not written yet. You see the course's instead."),
        (column, "column returned shape"),
        (strange, "strange says 7, which is no class here."),
    ],
)
def test_what_is_wrong_with_a_learners_function_is_said(own, sentence: str) -> None:
    assert sentence in compute(samples_of("a ring"), 3, (0.0, 0.0), own).problem
    assert sentence in knn_explorer(own, points="a ring", k=3).picture.alt


def test_either_of_two_equally_near_samples_may_vote() -> None:
    samples = Samples.of([(-1, 0, 1), (1, 0, 0)])
    assert compute(samples, 1, (0.0, 1.0), lambda X, y, Q, k: knn_predict(X[::-1], y[::-1], Q, k)).problem == ""


def test_votes_and_ties_are_put_into_words() -> None:
    samples = Samples.of([(-1, 0, 1), (1, 0, 0), (2.5, 0, 0)])
    at = (0.2, 0.0)
    two, one = (describe(samples, k, at, compute(samples, k, at), None)[0] for k in (2, 1))
    assert "1 for 0, 1 for 1" in two
    assert "The tie goes to the smallest label." in two
    assert "the nearest sample is of class 0" in one


# --- the widget ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("control", "value", "said"),
    [("k", 7, "k = 7:"), ("points", "a ring", "k = 1:"), ("x1", 1.5, "(1.5, 0)"), ("x2", -2.0, "(0, -2)")],
)
def test_every_control_changes_the_picture_its_alt_and_its_text(control: str, value, said: str) -> None:
    explorer = knn_explorer(knn_predict)
    before = pixels(explorer)
    explorer.controls[control].value = value
    assert not np.array_equal(pixels(explorer), before)
    assert said in explorer.picture.alt
    assert said in explorer.readout.value
    assert f"{control}={value!r}" in explorer.state


def test_buttons_add_and_take_samples() -> None:
    explorer = knn_explorer(points=[(-1, -1, 0)], x1=1.0, x2=1.0)
    explorer.buttons[ADD[2]].click()
    assert explorer.samples.rows() == [(-1.0, -1.0, 0), (1.0, 1.0, 2)]
    assert "class 2" in explorer.readout.value
    explorer.buttons[REMOVE].click()
    explorer.buttons[REMOVE].click()  # the last one stays
    assert explorer.samples.rows() == [(-1.0, -1.0, 0)]
    for _ in range(100):
        explorer.buttons[ADD[1]].click()
    assert len(explorer.samples.y) == 80


def test_a_pointer_moves_the_cross_and_chooses_k() -> None:
    explorer = knn_explorer()
    left, right = explorer.axes
    explorer._pointed(left, 1.234, -9.0)
    assert explorer._at == (1.23, -3.0)
    explorer._pointed(right, 6.7, 0.5)
    assert explorer.controls["k"].value == 7


@pytest.mark.parametrize(
    "line",
    ["knn_explorer(knn_predict, points='a ring', k=4, x1=1.0)", "knn_explorer(points=[(0, 1, 2), (2, 0, 1)], x2=-0.5)"],
)
def test_a_state_is_one_line_that_restores_the_explorer(line: str) -> None:
    explorer = eval(line, NAMES)
    again = eval(explorer.state, NAMES)
    assert again.state == explorer.state
    np.testing.assert_array_equal(pixels(again), pixels(explorer))


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: knn_explorer(points="moons"), "There is no set of points 'moons'"),
        (lambda: knn_explorer(k="3"), "k must be a number"),
        (lambda: knn_explorer(points=[(0, 1)]), "rows"),
        (lambda: knn_explorer(points=[(0, 1, 5)]), "the class 0, 1 or 2"),
    ],
)
def test_arguments_that_make_no_sense_are_explained(call, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        call()
