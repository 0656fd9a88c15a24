"""Architectures as tables and pictures; live curves."""

import pytest

from helpers import architecture
from helpers.live_curves import live_curves


@pytest.fixture(scope="module")
def model():
    from helpers.framework import keras

    layers = keras.layers
    return keras.Sequential([layers.Input((8, 8, 1)), layers.Conv2D(4, 3), layers.Flatten(), layers.Dense(10)])


def test_the_table_has_every_layer_its_shape_and_its_parameters(model):
    lines = architecture.architecture_table(model).splitlines()
    assert [line.split()[1] for line in lines[1:-1]] == ["Conv2D", "Flatten", "Dense"]
    assert "6 x 6 x 4" in lines[1]
    assert lines[1].endswith(" 40")
    assert lines[-1].split() == ["in", "all", "1,490"]
    assert len({len(line) for line in lines}) == 1


def test_without_graphviz_one_sentence_says_what_is_missing(model, monkeypatch, capsys):
    monkeypatch.setattr(architecture.shutil, "which", lambda name: None)
    architecture.show_architecture(model)
    said = capsys.readouterr().out
    assert "graphviz" in said
    assert "pydot" in said
    assert said.count("\n") == 1


def test_the_picture_is_told_in_words(model):
    assert "Conv2D 6 x 6 x 4, then Flatten 144, then Dense 10" in architecture.architecture_in_words(model)


def test_live_curves_follow_a_history(monkeypatch):
    shown = []
    monkeypatch.setattr("helpers.widgets.training_view.TrainingMonitor.show", lambda self: shown.append(self))
    draw = live_curves(5)
    draw({"loss": [2.0], "val_loss": [2.1]})
    draw({"loss": [2.0, 1.5], "val_loss": [2.1, 1.75]})
    (monitor,) = shown
    assert "After epoch 2: loss 1.5, val_loss 1.75." in monitor.picture.alt
    assert monitor.controls["look_at"].value == 2


def test_live_curves_refuse_lists_that_do_not_fit():
    draw = live_curves(3)
    with pytest.raises(ValueError, match="one length"):
        draw({"loss": [2.0], "val_loss": [2.1, 2.0]})
