"""The training monitor: what it keeps, what it says, and functions that do not train."""

import asyncio
import io
import time

import numpy as np
import pytest
from PIL import Image

from helpers.widgets import training, training_monitor

CURVES = {"loss": [2.0, 1.0, 0.5, 0.25], "validation loss": [2.1, 1.2, 1.1, 1.3]}


def pixels(monitor) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(monitor.picture.png)))


def falling(rates: list[float] | None = None):
    """An epoch function whose loss falls by a fifth each time."""
    done = []

    def epoch(rate):
        done.append(rate)
        if rates is not None:
            rates.append(rate)
        return {"loss": 2 * 0.8 ** len(done), "validation accuracy": 1 - 0.8 ** len(done)}

    return epoch


@pytest.mark.parametrize(
    ("values", "best"),
    [
        (CURVES, ("validation loss", 2)),
        ({"loss": [3.0, 1.0, 2.0]}, ("loss", 1)),
        ({"loss": [3.0, 2.0, 1.0], "val_accuracy": [0.5, 0.9, 0.9]}, ("val_accuracy", 1)),
        ({"loss": [3.0, np.nan, 4.0]}, ("loss", 0)),
        ({"accuracy": [0.1, 0.2]}, None),
        ({"loss": [np.nan]}, None),
        ({}, None),
    ],
)
def test_the_best_epoch_is_by_validation_first(values, best):
    assert training.history_of(values).best() == best


def test_what_is_left_is_the_latest_epochs_times_those_to_come():
    history = training.History({"loss": [1.0] * 6}, [9.0, 2.0, 2.0, 2.0, 2.0, 2.0])
    assert training.remaining(history, 10) == "Epoch 6 of 10, 2 s each; about 8 s are left."
    assert training.remaining(history, 1206) == "Epoch 6 of 1206, 2 s each; about 40 min are left."
    assert training.remaining(history, 6) == "Epoch 6 of 6."


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"loss": [1.0, np.inf, np.nan]}, "loss is inf from epoch 2 on"),
        ({"loss": [1.0, 5.0]}, "more than four times its start"),
        (CURVES, ""),
    ],
)
def test_divergence_is_named(values, sentence):
    told = training.trouble(training.history_of(values))
    assert sentence in told
    assert bool(told) == bool(sentence)


def endless():
    while True:
        pass


@pytest.mark.parametrize(
    ("epoch", "sentence"),
    [
        (lambda: 1 / 0, "raised ZeroDivisionError"),
        (lambda: 3.5, "must return numbers by name, such as {'loss': 0.31, 'validation accuracy': 0.9}; it returned a"),
        (lambda: {}, "must return numbers by name"),
        (lambda: {"loss": "small"}, "what it returned as 'loss' is no number"),
        (lambda: {"loss": []}, "is no number"),
        (lambda: exec("raise NotImplementedError"), "is not written yet"),
        (endless, "endless was stopped after 0.2 s"),
    ],
)
def test_an_epoch_that_does_not_work_is_a_sentence_and_training_stops(monkeypatch, epoch, sentence):
    monkeypatch.setattr(training, "SECONDS", 0.2)
    monitor = training_monitor(epoch)
    monitor.train()
    assert sentence in training_text(monitor)
    assert monitor.history.epochs == 0


def training_text(monitor) -> str:
    import html

    return html.unescape(monitor.problem.value)


def test_names_that_change_are_refused_and_what_was_learned_stays():
    names = iter(("loss", "loss", "cost"))
    monitor = training_monitor(lambda: {next(names): 1.0}, epochs=5)
    monitor.train()
    assert "The epoch gave cost; the epochs before gave loss." in monitor.problem.value
    assert monitor.history.values == {"loss": [1.0, 1.0]}


def test_lists_count_by_their_last_number():
    assert training.one_epoch(lambda: {"loss": [3.0, 2.0], "acc": np.float32(0.5)}) == ({"loss": 2.0, "acc": 0.5}, "")


def test_training_runs_to_the_last_epoch_and_the_slider_s_rate_counts():
    rates = []
    monitor = training_monitor(falling(rates), epochs=3, learning_rate=0.1)
    before = pixels(monitor)
    monitor.train()
    monitor.controls["learning_rate"].value = dict(monitor.controls["learning_rate"].options)["0.01"]
    monitor.controls["epochs"].value = 5
    monitor.train()
    assert monitor.history.epochs == 5
    assert rates == pytest.approx([0.1] * 3 + [0.01] * 2, rel=1e-6)
    assert not np.array_equal(pixels(monitor), before)
    assert "After epoch 5: loss 0.6554" in monitor.readout.value
    assert (monitor.progress.value, monitor.progress.max) == (5, 5)


def test_in_a_notebook_the_stop_button_is_heard_between_epochs():
    async def session() -> int:
        monitor = training_monitor(falling(), epochs=1000, learning_rate=0.1)
        monitor.train()
        monitor.train()  # a second press does not start a second training
        while monitor.history.epochs < 3:
            await asyncio.sleep(0.01)
        monitor.stop()
        assert "Stopped" in monitor.readout.value
        done = monitor.history.epochs
        await asyncio.sleep(0.1)
        assert monitor.history.epochs == done
        return done

    assert 3 <= asyncio.run(session()) < 1000


def test_a_diverging_training_stops_by_itself():
    losses = iter((1.0, np.nan, 0.5))
    monitor = training_monitor(lambda: {"loss": next(losses)}, epochs=3)
    monitor.train()
    assert monitor.history.epochs == 2
    assert "the weights have run away" in monitor.problem.value


def test_an_earlier_epoch_can_be_looked_at():
    monitor = training_monitor(history=CURVES)
    before = pixels(monitor)
    monitor.controls["look_at"].value = 2
    assert "After epoch 2: loss 1, validation loss 1.2." in monitor.readout.value
    assert "Best validation loss so far: 1.1, after epoch 3." in monitor.picture.alt
    assert not np.array_equal(pixels(monitor), before)


@pytest.mark.parametrize(
    "line",
    [
        "training_monitor(history=CURVES)",
        "training_monitor(time.time, epochs=7, learning_rate=0.2)",
        "training_monitor(history={'val_accuracy': [0.5]}, epochs=3)",
    ],
)
def test_states_restore(line):
    names = {"time": time.time, "CURVES": CURVES, "training_monitor": training_monitor}
    monitor = eval(line.replace("time.time", "time"), names)
    again = eval(monitor.state, names)
    assert again.state == monitor.state
    np.testing.assert_array_equal(pixels(again), pixels(monitor))


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: training_monitor(5), "epoch must be a function"),
        (lambda: training_monitor(history={"a": [1, 2], "b": [1]}), "all of one length"),
        (lambda: training_monitor(history={"a": ["x"]}), "history must hold lists of numbers"),
        (lambda: training_monitor(history=[1, 2]), "history must hold lists of numbers"),
        (lambda: training_monitor(learning_rate="fast"), "learning_rate must be a number"),
        (lambda: training_monitor(epochs=np.nan), "epochs must be a number"),
    ],
)
def test_arguments_that_make_no_sense_are_explained(call, sentence):
    with pytest.raises(ValueError, match=sentence):
        call()
