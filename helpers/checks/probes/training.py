"""Probes of chapter 08: callbacks are led through epochs as `fit` does it, on tiny models in folders of their own."""

import functools
import json
import tempfile
from pathlib import Path

import numpy as np

from helpers.checks.probes import Finding, attribute, probe


def tiny_model(optimizer: str = "sgd"):
    """A compiled Keras model with two weights and a bias; what it learns is of no interest."""
    from helpers.framework import keras

    model = keras.Sequential([keras.layers.Input((2,)), keras.layers.Dense(1)])
    model.set_weights([np.array([[0.5], [-0.25]], np.float32), np.array([0.125], np.float32)])
    steps = {"sgd": keras.optimizers.SGD(0.0625, momentum=0.5), "adam": keras.optimizers.Adam(0.0625)}
    model.compile(optimizer=steps[optimizer], loss="mse", run_eagerly=True)
    return model


def tiny_data(seed: int = 0, rows: int = 8):
    """Inputs (rows, 2) and targets (rows, 1) for `tiny_model`."""
    rng = np.random.default_rng(seed)
    return rng.normal(size=(rows, 2)).astype(np.float32), rng.normal(size=(rows, 1)).astype(np.float32)


# --- TrainingMonitor -------------------------------------------------------------------------------------------------


@probe
def monitor_runs(TrainingMonitor, old, runs, names, stop_early):
    """What the file holds when one or several trainings, each with a monitor of its own, write to the same path.

    `runs` are pairs (number of the first epoch, number of epochs). An earlier file holds `old` epochs. With
    `stop_early` training ends without `on_train_end`, as when a kernel dies.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "history.json")
        if old:
            path.write_text(json.dumps({name: [told(name, epoch, 9) for epoch in range(old)] for name in names}))
        shown, in_file = [], []
        for run, (first, count) in enumerate(runs):
            monitor = TrainingMonitor(str(path), lambda history: shown.append(_longest(history)))
            for _ in _led(monitor, range(first, first + count), names, run, stop_early):
                in_file.append(_longest(_read(path)))
        held, kept = _read(path), attribute(monitor, "history")
    return {
        "epochs in the file after each epoch": np.array(in_file),
        "epochs in what each call of draw was given": np.array(shown, dtype=int),
        "names in the file": ", ".join(sorted(held)),
        **{f"{name} in the file": _numbers(held.get(name, ()), "the file") for name in names},
        **{
            f"{name} in monitor.history": _numbers(_lists(kept, "monitor.history").get(name, ()), "it")
            for name in names
        },
    }


def told(name: str, epoch: int, run: int) -> float:
    """What Keras tells of an epoch in these checks: another number for every name, epoch and run; exact in float32."""
    return len(name) + epoch / 8 + run / 64


@probe
def monitors_apart(TrainingMonitor, epochs):
    """Two monitors at work in turns, each with a file of its own, and without anything to draw with."""
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder, name) for name in ("one.json", "two.json")]
        monitors = [TrainingMonitor(str(path)) for path in paths]
        both = [_led(monitor, range(epochs), ["loss"], run, False) for run, monitor in enumerate(monitors)]
        for _ in zip(*both, strict=True):
            pass
        one, two = (_numbers(_read(path).get("loss", ()), "the file") for path in paths)
    return {"loss in the first file": one, "loss in the second file": two}


@probe
def monitor_in_fit(TrainingMonitor, epochs, start_again):
    """A real `fit` that is interrupted, and one that goes on from the epoch `start_again`."""
    from helpers.framework import keras

    x, y = tiny_data()
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder, "history.json"))
        model, theirs = tiny_model(), {}
        if not isinstance(TrainingMonitor(path), keras.callbacks.Callback):
            raise Finding("type", "TrainingMonitor must be a class of the kind keras.callbacks.Callback.")
        for first, last in ((0, epochs), (start_again, epochs + 2)):
            fitted = model.fit(
                x,
                y,
                validation_data=(x, y),
                initial_epoch=first,
                epochs=last,
                verbose=0,
                callbacks=TrainingMonitor(path),
            )
            for name, values in fitted.history.items():
                theirs[name] = [*theirs.get(name, [])[:first], *values]
        held = _read(Path(path))
    outputs = {f"epochs of {name} in the file": len(held.get(name, ())) for name in theirs}
    apart = [
        np.abs(_numbers(held.get(n, ()), "the file") - v).max()
        for n, v in theirs.items()
        if len(held.get(n, ())) == len(v)
    ]
    return outputs | {"the file agrees with what fit returned": int(len(apart) == len(theirs) and max(apart) < 1e-6)}


@functools.cache
def _bystander():
    """The model that a monitor is told of while it is led by hand; nobody trains it."""
    return tiny_model()


def _led(monitor, epochs: range, names: list, run: int, stop_early: bool):
    """Lead a callback through epochs in the order of `fit`, pausing after each."""
    monitor.set_params({"epochs": epochs.stop, "steps": 1, "verbose": 0})
    monitor.set_model(_bystander())
    monitor.on_train_begin()
    for epoch in epochs:
        monitor.on_epoch_begin(epoch)
        monitor.on_epoch_end(epoch, {name: np.float32(told(name, epoch, run)) for name in names})
        yield epoch
    if not stop_early:
        monitor.on_train_end()


def _read(path: Path) -> dict:
    """The lists by name in a JSON file."""
    if not path.exists():
        return {}
    try:
        held = json.loads(path.read_text())
    except ValueError as error:
        raise Finding("values", f"the file is no JSON that can be read back: {error}.") from None
    return _lists(held, "the file")


def _lists(held, what: str) -> dict:
    if not isinstance(held, dict) or not all(isinstance(values, list) for values in held.values()):
        raise Finding("type", f'{what} must hold lists by name, such as {{"loss": [2.3, 1.9]}}, nothing around them.')
    return held


def _longest(history) -> int:
    return max((len(values) for values in _lists(history, "what draw is given").values()), default=0)


def _numbers(values, what: str) -> np.ndarray:
    try:
        return np.array([float(value) for value in values])
    except (TypeError, ValueError):
        raise Finding("type", f"the lists of {what} must hold one number per epoch.") from None


# --- choosing epochs -------------------------------------------------------------------------------------------------


@probe
def split_parts(stratified_split, labels, fraction, seed):
    """Which rows the two parts hold, class by class, and what chance has to do with it."""
    rng = np.random.default_rng(seed)
    train, val = _parts(stratified_split(labels, fraction, rng), len(labels))
    again = _parts(stratified_split(labels, fraction, np.random.default_rng(seed)), len(labels))
    others = [_parts(stratified_split(labels, fraction, rng), len(labels))[1] for _ in range(30)]
    uses = np.bincount(np.concatenate([train, val]), minlength=len(labels))
    classes = np.unique(labels)
    firsts = np.concatenate([np.flatnonzero(labels == c)[: np.sum(labels[val] == c)] for c in classes])
    once = np.isin(np.arange(len(labels)), np.concatenate(others))
    return {
        "rows in neither part": int((uses == 0).sum()),
        "rows that are there twice": int((uses > 1).sum()),
        "rows for validation, class by class": np.array([np.sum(labels[val] == c) for c in classes]),
        "a generator with the same seed splits the same way": int(np.array_equal(np.sort(val), np.sort(again[1]))),
        "different splits in 30 more calls": len({tuple(np.sort(other)) for other in others}),
        "the validation part has just the first rows of every class": int(
            np.array_equal(np.sort(firsts), np.sort(val))
        ),
        "share of the rows that were ever chosen for validation, to one decimal": round(float(once.mean()), 1),
    }


def _parts(result, count: int) -> list[np.ndarray]:
    if not isinstance(result, tuple | list) or len(result) != 2:
        raise Finding("type", "stratified_split must return two arrays of row numbers: train, val.")
    parts = [np.asarray(part) for part in result]
    if any(part.dtype.kind not in "iu" or part.ndim != 1 for part in parts):
        raise Finding("dtype", "both parts must be arrays of row numbers: whole numbers, one axis.")
    if any(part.size and not (part.min() >= 0 and part.max() < count) for part in parts):
        raise Finding("values", f"there are row numbers outside 0 to {count - 1}.")
    return parts


@probe
def checkpoints_written(checkpoint_callbacks, loss, val_loss, val_accuracy):
    """Which files both callbacks leave, each alone in a folder, when epochs end with these numbers."""
    rows = zip(loss, val_loss, val_accuracy, strict=True)
    logs, outputs = ([dict(zip(("loss", "val_loss", "val_accuracy"), row, strict=True)) for row in rows], {})
    for number, name in enumerate(("first", "second")):
        with tempfile.TemporaryDirectory() as folder:
            counts = _with_checkpoints(checkpoint_callbacks, number, folder, logs)
            files = sorted(Path(folder).rglob("*.keras"))
            outputs |= {f"files of the {name} callback after each epoch": np.array(counts)}
            outputs |= {f"epochs whose models the {name} callback has kept": np.array(sorted(map(_epoch_in, files)))}
    return outputs


def _with_checkpoints(checkpoint_callbacks, number: int, folder: str, logs: list) -> list[int]:
    """The number of `.keras` files after each epoch; the model's bias is the number of the epoch."""
    made = checkpoint_callbacks(folder)
    if not isinstance(made, tuple | list) or len(made) != 2:
        raise Finding("type", "checkpoint_callbacks must return two callbacks.")
    if not hasattr(made[number], "on_epoch_end"):
        raise Finding("type", f"a {type(made[number]).__name__} is no Keras callback.")
    model, counts = tiny_model(), []
    made[number].set_params({"epochs": len(logs), "steps": 1, "verbose": 0})
    made[number].set_model(model)
    made[number].on_train_begin()
    for epoch, log in enumerate(logs):
        made[number].on_epoch_begin(epoch)
        model.set_weights([model.get_weights()[0], np.array([epoch], np.float32)])
        made[number].on_epoch_end(epoch, dict(log))
        counts.append(len(list(Path(folder).rglob("*.keras"))))
    made[number].on_train_end()
    return counts


def _epoch_in(path: Path) -> int:
    from helpers.framework import keras

    try:
        return round(float(keras.models.load_model(path).get_weights()[1][0]))
    except (ValueError, OSError) as error:
        raise Finding("values", f"{path.name} is no whole model: {str(error)[:120]}.") from None


@probe
def saved_and_loaded(save_and_load, optimizer, steps, name):
    """A model after some steps, and what `save_and_load` makes of it; then one step more with both."""
    from helpers.framework import keras

    model = tiny_model(optimizer)
    for step in range(steps):
        model.train_on_batch(*tiny_data(step))
    before, (x, y) = [w.copy() for w in model.get_weights()], tiny_data(99)
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder, name))
        loaded = save_and_load(model, path)
        if not isinstance(loaded, keras.Model):
            raise Finding("type", f"save_and_load returned a {type(loaded).__name__}; the loaded model is expected.")
        there = Path(path).exists()
    state = _state(loaded)
    outputs = {
        "there is a file at the path": int(there),
        "the loaded model is another object than the one given": int(loaded is not model),
        "the given model has its weights as before": int(_equal(before, model.get_weights())),
        "the loaded model has the same weights": int(_equal(before, loaded.get_weights())),
        "the loaded model is compiled": "yes" if loaded.compiled else "no",
        "steps that its optimizer has taken": state[0],
        "learning rate of its optimizer": state[1],
        "largest number that its optimizer remembers is the same": int(abs(state[2] - _state(model)[2]) < 1e-6),
    }
    if loaded.compiled and loaded is not model:
        for one in (model, loaded):
            one.train_on_batch(x, y)
    same = loaded.compiled and _equal(model.get_weights(), loaded.get_weights())
    return outputs | {"one more step with each gives the same weights": int(same)}


def _state(model) -> tuple[int, float, float]:
    """Steps, learning rate, and the largest of the other numbers that an optimizer keeps."""
    from helpers.framework import keras

    optimizer = getattr(model, "optimizer", None)
    if optimizer is None:
        return 0, 0.0, 0.0
    read = keras.ops.convert_to_numpy
    rest = [read(v) for v in optimizer.variables if v.path.split("/")[-1] not in ("iteration", "learning_rate")]
    return (
        int(read(optimizer.iterations)),
        float(read(keras.ops.convert_to_tensor(optimizer.learning_rate))),
        float(max((np.abs(v).max() for v in rest if v.size), default=0.0)),
    )


def _equal(one: list, other: list) -> bool:
    return len(one) == len(other) and all(
        a.shape == b.shape and np.allclose(a, b, atol=1e-6) for a, b in zip(one, other)
    )


# --- pictures and weights --------------------------------------------------------------------------------------------


@probe
def augmented(augment, images, seed):
    """What `augment` makes of pictures: form, range, and how many of them have changed by how much."""
    rng = np.random.default_rng(seed)
    out = _pictures(augment(images, rng), images)
    again = _pictures(augment(images, np.random.default_rng(seed)), images)
    later = _pictures(augment(images, rng), images)
    change = np.abs(out - images).reshape(len(images), -1).mean(axis=1)
    return {
        "dtype of the result": out.dtype.name if images.dtype == np.float32 else _any_float(out.dtype),
        "smallest value": float(out.min()),
        "largest value": float(out.max()),
        "share of the pictures that changed": float((change > 1e-6).mean()),
        "mean change of a pixel": float(change.mean()),
        "a generator with the same seed gives the same pictures": int(np.array_equal(out, again)),
        "the next call gives other pictures": int(not np.array_equal(out, later)),
    }


@probe
def augmented_copies(augment, image, copies, seed):
    """How many different pictures come of one picture that is given many times."""
    images = np.repeat(image[None], copies, axis=0)
    out = _pictures(augment(images, np.random.default_rng(seed)), images)
    return {f"different pictures among {copies} copies of one": len(np.unique(out.reshape(copies, -1), axis=0))}


@probe
def augmented_is_readable(augment, images, labels, known, known_labels, seed):
    """The share of augmented digits that still look most like a digit of their own class.

    `known` digits (n, 8, 8) in 0..255, moved by up to two pixels, are what they are compared with.
    """
    out = _pictures(augment(images, np.random.default_rng(seed)), images).reshape(len(images), -1)
    moved = np.pad(known / np.float32(255), ((0, 0), (2, 2), (2, 2)))
    places = [moved[:, a : a + 8, b : b + 8] for a in range(5) for b in range(5)]
    templates = np.concatenate(places).reshape(-1, 64).astype(np.float32)
    distances = (templates**2).sum(axis=1) - 2 * out.astype(np.float32) @ templates.T
    read = np.tile(known_labels, len(places))[distances.argmin(axis=1)]
    return {"share of the digits that can still be read": float((read == labels).mean())}


def _any_float(dtype: np.dtype) -> str:
    """For float64 pictures float32 is granted; for float32 pictures float64 would take twice the memory."""
    return "floating point" if dtype.kind == "f" else dtype.name


def _pictures(out, images) -> np.ndarray:
    if not isinstance(out, np.ndarray) or out.dtype.kind not in "iuf":
        raise Finding("type", f"augment returned a {type(out).__name__}; a NumPy array of numbers is expected.")
    if out.shape != images.shape:
        raise Finding("shape", f"augment returned shape {out.shape} for images of shape {images.shape}.")
    out = np.array(out, copy=True)
    if out.dtype.kind == "f" and not np.isfinite(out).all():
        raise Finding("not finite", "there are values that are nan or infinite in what augment returned.")
    return out


@probe
def weights_by_class(class_weights, labels):
    """The weights that `class_weights` gives, in the order of the classes, and how Keras would see them."""
    weights = class_weights(labels)
    if not isinstance(weights, dict):
        raise Finding("type", f"class_weights returned a {type(weights).__name__}; Keras needs a dictionary.")
    classes = np.unique(labels)
    return {
        "number of entries": len(weights),
        "classes that have no entry": sum(int(c) not in weights for c in classes),
        "weights": np.array([_number(weights.get(int(c), np.nan)) for c in classes]),
    }


def _number(value) -> float:
    if isinstance(value, bool | np.bool_ | str) or np.ndim(value):
        raise Finding("type", f"a weight is a {type(value).__name__}; every class needs one number.")
    return float(value)
