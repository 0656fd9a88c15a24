"""Chapter 08: right answers written in other ways, and wrong ones that have no name."""

import functools
import itertools
import json
import math
import os
from collections import Counter, defaultdict, namedtuple

import keras
import numpy as np
from scipy import ndimage

# --- schedules -------------------------------------------------------------------------------------------------------


def step_by_loop(epoch, initial, factor, drop_every, verbose=False):
    rate = initial * 1.0
    while epoch >= drop_every:
        rate, epoch = rate * factor, epoch - drop_every
    return rate


class Steps:
    """A callable object that works with logarithms."""

    def __call__(self, epoch, initial, factor, drop_every):
        return np.exp(np.log(initial) + np.floor(epoch / drop_every) * np.log(factor))


def time_in_arrays(epoch, initial, decay):
    return np.divide(np.float64(initial), np.float64(1) + np.multiply(decay, epoch))


def time_by_inverse(epoch, initial, decay):
    """The inverse of the rate grows by the same amount in every epoch."""
    return (1 / initial + sum(decay / initial for _ in range(epoch))) ** -1


# --- splitting -------------------------------------------------------------------------------------------------------

Parts = namedtuple("Parts", "train val")


def split_by_choice(labels, fraction, rng):
    train, val = [], []
    for label in sorted({int(label) for label in labels}):
        rows = [row for row in range(len(labels)) if labels[row] == label]
        chosen = set(rng.choice(rows, size=math.ceil(fraction * len(rows) - 1e-9), replace=False).tolist())
        val += chosen
        train += [row for row in rows if row not in chosen]
    return Parts(np.array(train, dtype=np.int32), np.array(val, dtype=np.int32))


def split_by_mask(labels, fraction, rng):
    """Ranks random keys inside each class."""
    keys = rng.random(len(labels))
    rank = np.array([np.sum((labels == label) & (keys < key)) for label, key in zip(labels, keys, strict=True)])
    size = np.array([np.sum(labels == label) for label in labels])
    mask = rank < np.floor(size * fraction + 1e-9)
    return [np.flatnonzero(~mask), np.flatnonzero(mask)]


def split_almost(labels, fraction, rng):
    """Simply drawn, without a look at the labels."""
    order = rng.permutation(len(labels))
    cut = round(fraction * len(labels))
    return order[cut:], order[:cut]


def split_loses_one(labels, fraction, rng):
    train, val = split_by_mask(labels, fraction, rng)
    return train[1:], val


def split_twice(labels, fraction, rng):
    train, val = split_by_mask(labels, fraction, rng)
    return train, np.append(val, val[0])


# --- reading curves --------------------------------------------------------------------------------------------------


def diagnose_by_accuracy(history):
    """Looks at accuracies where that is enough."""
    first, last = history["loss"][0], history["loss"][-1]
    jumps = [b / a for a, b in itertools.pairwise(history["loss"])]
    if math.isnan(last) or math.isinf(last) or last / first >= 1.5 or sum(j >= 1.5 for j in jumps) > 2:
        return "learning rate " + "too high"
    if history["accuracy"][-1] < 0.6 and last / first > 0.5:
        return "underfitting"
    lowest = min(history["val_loss"])
    return "good fit" if history["val_loss"][-1] / lowest < 1.2 else "overfitting"


def diagnose_in_match(history):
    loss, val = (np.asarray(history[name], dtype=np.float32) for name in ("loss", "val_loss"))
    with np.errstate(all="ignore"):
        ratio = loss[1:] / loss[:-1]
        wild = not np.all(np.isfinite(loss)) or loss[-1] >= 1.4 * loss[0] or np.count_nonzero(ratio > 1.45) >= 3
        match bool(wild), bool(loss[-1] > 0.6 * loss[0]), bool(val[-1] > 1.4 * np.nanmin(val)):
            case True, _, _:
                return "learning rate too high"
            case _, True, _:
                return "underfitting"
            case _, _, True:
                return "overfitting"
    return "good fit"


def changed(function, change):
    return lambda *args: change(function(*args))


# --- TrainingMonitor -------------------------------------------------------------------------------------------------


class MonitorOfRows(keras.callbacks.Callback):
    """Keeps rows, makes columns of them; cuts when the first epoch begins."""

    def __init__(self, path, draw=None, indent=2):
        super().__init__()
        self.path, self.draw, self.indent = os.fspath(path), draw, indent
        self.rows, self.fresh = [], True

    @property
    def history(self):
        columns = defaultdict(list)
        for row in self.rows:
            for name, value in row.items():
                columns[name].append(value)
        return dict(columns)

    def on_train_begin(self, logs=None):
        self.fresh = True

    def on_epoch_begin(self, epoch, logs=None):
        if self.fresh and epoch > 0 and os.path.exists(self.path):
            with open(self.path) as file:
                old = json.load(file)
            self.rows = [dict(zip(old, values, strict=True)) for values in zip(*old.values(), strict=True)][:epoch]
        self.fresh = False

    def on_epoch_end(self, epoch, logs=None):
        self.rows.append({name: np.asarray(value).item() for name, value in logs.items()})
        with open(self.path, "w") as file:
            json.dump(self.history, file, indent=self.indent)
        if self.draw is not None:
            self.draw(self.history)


class MonitorOnDemand(keras.callbacks.Callback):
    """Reads the file again in every epoch."""

    def __init__(self, path, draw=lambda history: None):
        super().__init__()
        self.path, self.draw = str(path), draw
        self.history = {}

    def on_epoch_end(self, epoch, logs=None):
        old = {}
        if epoch:
            with open(self.path) as file:
                old = json.loads(file.read())
        self.history = {name: [*old.get(name, [])[:epoch], float(value)] for name, value in logs.items()}
        with open(self.path, "w") as file:
            file.write(json.dumps(self.history))
        self.draw(self.history)


class MonitorShared(MonitorOnDemand):
    """One dictionary for all monitors."""

    common: dict = {}  # noqa: RUF012 - the mistake

    def on_epoch_end(self, epoch, logs=None):
        for name, value in logs.items():
            values = self.common.setdefault(name, [])
            del values[epoch:]
            values.append(float(value))
        self.history = self.common
        with open(self.path, "w") as file:
            json.dump(self.common, file)
        self.draw(self.history)


class MonitorNested(MonitorOnDemand):
    """Puts the lists into a box of their own."""

    def on_epoch_end(self, epoch, logs=None):
        super().on_epoch_end(epoch, logs)
        with open(self.path, "w") as file:
            json.dump({"history": self.history}, file)


class MonitorRounds(MonitorOnDemand):
    def on_epoch_end(self, epoch, logs=None):
        super().on_epoch_end(epoch, {name: round(float(value), 1) for name, value in logs.items()})


class MonitorOfLosses(MonitorOnDemand):
    def on_epoch_end(self, epoch, logs=None):
        super().on_epoch_end(epoch, {name: value for name, value in logs.items() if "loss" in name})


class MonitorDrawsLogs(MonitorOnDemand):
    def __init__(self, path, draw=lambda history: None):
        super().__init__(path)
        self.draw_logs = draw

    def on_epoch_end(self, epoch, logs=None):
        super().on_epoch_end(epoch, logs)
        self.draw_logs(logs)


class MonitorWithoutFile(MonitorOnDemand):
    def on_epoch_end(self, epoch, logs=None):
        for name, value in logs.items():
            self.history.setdefault(name, []).append(float(value))
        self.draw(self.history)


# --- stopping --------------------------------------------------------------------------------------------------------


def stop_by_minimum(values, patience):
    values = list(values)
    for run in range(1, len(values) + 1):
        best = min(range(run), key=values.__getitem__)
        if run - 1 - best >= patience:
            return run, best
    return len(values), best


def stop_with_arrays(values, patience):
    """The running minimum says when each value was last improved."""
    v = np.asarray(values, dtype=float)
    better = np.r_[True, v[1:] < np.minimum.accumulate(v)[:-1]]
    last = np.maximum.accumulate(np.where(better, np.arange(v.size), 0))
    late = np.flatnonzero(np.arange(v.size) - last >= patience)
    end = late[0] if late.size else v.size - 1
    return [np.int64(end + 1), last[end]]


# --- files -----------------------------------------------------------------------------------------------------------


class EveryImprovement(keras.callbacks.Callback):
    """Written by hand."""

    def __init__(self, folder, template):
        super().__init__()
        self.folder, self.template, self.best = folder, template, np.inf

    def on_epoch_end(self, epoch, logs=None):
        if logs["val_loss"] < self.best:
            self.best = logs["val_loss"]
            self.model.save(os.path.join(self.folder, self.template.format(epoch=epoch)))


def checkpoints_by_hand(folder):
    return [EveryImprovement(folder, name) for name in ("number {epoch}.keras", "the best.keras")]


def checkpoints_in_folders(folder):
    kinds = ("all/{val_loss:.6f}_{epoch}.keras", "one/model.keras")
    make = functools.partial(keras.callbacks.ModelCheckpoint, save_best_only=True, verbose=0)
    return tuple(make(os.path.join(folder, kind)) for kind in kinds)


def checkpoints_of_weights(folder):
    how = {"save_best_only": True, "save_weights_only": True}
    names = f"{folder}/{{epoch}}.weights.h5", f"{folder}/best.weights.h5"
    return tuple(keras.callbacks.ModelCheckpoint(name, **how) for name in names)


def checkpoints_alike(folder):
    return (keras.callbacks.ModelCheckpoint(folder + "/{epoch}.keras", save_best_only=True),) * 2


def save_by_function(model, path):
    keras.saving.save_model(model, path, overwrite=True)
    return keras.saving.load_model(path)


def save_through_a_copy(model, path):
    """Written beside and moved, as one does with files that must never be half there."""
    beside = path.replace(".keras", ".part.keras")
    keras.Model.save(model, beside)
    os.replace(beside, path)
    return keras.models.load_model(path, compile=True)


def save_elsewhere(model, path):
    other = path.replace(".keras", "_2.keras")
    model.save(other)
    return keras.models.load_model(other)


def save_spoils(model, path):
    model.save(path)
    loaded = keras.models.load_model(path)
    model.set_weights([0 * w for w in model.get_weights()])
    return loaded


# --- pictures --------------------------------------------------------------------------------------------------------


def turn(images, rng, degrees=12):
    out = np.empty_like(images)
    for i, picture in enumerate(images):
        angle = rng.uniform(-degrees, degrees)
        out[i] = ndimage.rotate(picture.astype(float), angle, reshape=False, order=1).clip(0, 1)
    return out


def darken_and_sprinkle(images, rng):
    noise = rng.normal(0, 0.06, images.shape)
    light = rng.uniform(0.7, 1.0, (len(images), 1, 1, 1))
    return np.clip(images * light + noise, 0, 1).astype(images.dtype)


def rolled(images, rng):
    out = images.copy()
    for i in range(len(images)):
        down, right = rng.integers(-1, 2, 2)
        out[i] = np.roll(images[i], (down, right), axis=(0, 1))
    return out


class Augmenter:
    """A callable object: moves by fancy indexing."""

    def __call__(self, images, rng):
        n, height, width, _ = images.shape
        padded = np.pad(images, [(0, 0), (1, 1), (1, 1), (0, 0)], mode="edge")
        down, right = rng.integers(0, 3, (2, n))
        rows, columns = down[:, None] + np.arange(height), right[:, None] + np.arange(width)
        return padded[np.arange(n)[:, None, None], rows[:, :, None], columns[:, None, :]]


def moves_far(images, rng):
    return np.stack([np.roll(p, tuple(rng.integers(-4, 5, 2)), (0, 1)) for p in images])


def quarter_turns(images, rng):
    return np.stack([np.rot90(p, rng.integers(4)) if p.shape[0] == p.shape[1] else p[::-1] for p in images])


def upside_down(images, rng):
    flip = rng.random((len(images), 1, 1, 1)) < 0.5
    return np.where(flip, images[:, ::-1], images)


def inverts(images, rng):
    flip = rng.random((len(images), 1, 1, 1)) < 0.5
    return np.where(flip, 1 - images, images)


def drowns(images, rng):
    return np.clip(images + rng.normal(0, 1.5, images.shape), 0, 1).astype(images.dtype)


def doubles(images, rng):
    return np.concatenate([images, rolled(images, rng)])


def changes_the_first(images, rng):
    out = images.copy()
    out[0] = np.roll(out[0], int(rng.integers(1, 3)), 0)
    return out


def hardly(images, rng):
    return np.clip(images + rng.normal(0, 1e-5, images.shape), 0, 1).astype(images.dtype)


def unseeded(images, rng):
    return rolled(images, np.random.default_rng())


# --- weights ---------------------------------------------------------------------------------------------------------


def weights_by_counter(labels):
    counts = Counter(labels.tolist())
    total = sum(counts.values())
    return {label: total / len(counts) / count for label, count in counts.items()}


def weights_by_means(labels):
    """From the shares; keys and values are NumPy's."""
    classes = np.unique(labels)
    shares = np.array([(labels == c).mean() for c in classes])
    return dict(zip(classes, 1 / (shares * classes.size), strict=True))


class OrderedWeights(dict):
    """A dictionary of one's own kind."""


VARIANTS = {
    "step_decay": {"a loop": step_by_loop, "logarithms": Steps(), "math": lambda e, i, f, d: i * math.pow(f, e // d)},
    "time_decay": {
        "NumPy numbers": time_in_arrays,
        "inverse": time_by_inverse,
        "a power": lambda e, i, d: i * (1 + d * e) ** -1.0,
    },
    "stratified_split": {"choice": split_by_choice, "ranks": split_by_mask},
    "diagnose": {"accuracy too": diagnose_by_accuracy, "match": diagnose_in_match},
    "TrainingMonitor": {"rows": MonitorOfRows, "reads again": MonitorOnDemand},
    "early_stop": {"minimum": stop_by_minimum, "arrays": stop_with_arrays},
    "checkpoint_callbacks": {"by hand": checkpoints_by_hand, "in folders": checkpoints_in_folders},
    "save_and_load": {"functions": save_by_function, "a file beside": save_through_a_copy},
    "augment": {"turns": turn, "darkens": darken_and_sprinkle, "rolls": rolled, "an object": Augmenter()},
    "class_weights": {
        "counter": weights_by_counter,
        "means": weights_by_means,
        "a dictionary of its own": lambda labels: OrderedWeights(weights_by_counter(labels)),
    },
}

MUTANTS = {
    "step_decay": {
        "one epoch late": lambda e, i, f, d: i * f ** (max(e - 1, 0) // d),
        "never lower than a hundredth": lambda e, i, f, d: max(i * f ** (e // d), i / 100),
        "rounds": lambda e, i, f, d: round(i * f ** (e // d), 4),
        "a text": lambda e, i, f, d: f"{i * f ** (e // d)}",
        "an array": lambda e, i, f, d: np.array([i * f ** (e // d)]),
    },
    "time_decay": {
        "squared": lambda e, i, d: i / (1 + d * e) ** 2,
        "rounds": lambda e, i, d: round(i / (1 + d * e), 5),
        "a root": lambda e, i, d: i / (1 + d * e) ** 0.5,
        "constant": lambda e, i, d: i,
    },
    "stratified_split": {
        "simply drawn": split_almost,
        "loses a row": split_loses_one,
        "a row twice": split_twice,
        "masks": changed(split_by_mask, lambda parts: [np.isin(np.arange(120), part) for part in parts]),
        "labels for rows": lambda labels, fraction, rng: tuple(labels[p] for p in split_by_mask(labels, fraction, rng)),
        "validation alone": changed(split_by_mask, lambda parts: parts[1]),
        "floats": changed(split_by_mask, lambda parts: tuple(part.astype(float) for part in parts)),
        "half": lambda labels, fraction, rng: split_by_mask(labels, 0.5, rng),
    },
    "diagnose": {
        "always a good fit": lambda history: "good fit",
        "with a full stop": changed(diagnose_in_match, lambda text: text + "."),
        "numbers": changed(diagnose_in_match, len),
        "accuracy alone": lambda history: "underfitting" if history["accuracy"][-1] < 0.7 else "good fit",
        "validation below training is wrong": lambda history: (
            "underfitting" if history["val_loss"][-1] < history["loss"][-1] else diagnose_in_match(history)
        ),
        "ends higher than it began": lambda history: (
            "learning rate too high"
            if not history["loss"][-1] <= history["loss"][0]
            else diagnose_in_match(history | {"loss": sorted(history["loss"], reverse=True)})
        ),
    },
    "TrainingMonitor": {
        "shared by all": MonitorShared,
        "nested": MonitorNested,
        "rounds": MonitorRounds,
        "losses only": MonitorOfLosses,
        "draws the logs": MonitorDrawsLogs,
        "no file": MonitorWithoutFile,
    },
    "early_stop": {
        "never stops": lambda values, patience: (len(values), int(np.argmin(values))),
        "best from 1": changed(stop_by_minimum, lambda pair: (pair[0], pair[1] + 1)),
        "floats": changed(stop_by_minimum, lambda pair: (float(pair[0]), pair[1])),
        "one number": changed(stop_by_minimum, lambda pair: pair[0]),
        "patience of 3": lambda values, patience: stop_by_minimum(values, 3),
        "first rise": lambda values, patience: stop_by_minimum(values, 1),
    },
    "checkpoint_callbacks": {
        "weights only": checkpoints_of_weights,
        "twice the first": checkpoints_alike,
        "one callback": lambda folder: keras.callbacks.ModelCheckpoint(folder + "/best.keras", save_best_only=True),
        "paths": lambda folder: (folder + "/a.keras", folder + "/b.keras"),
    },
    "save_and_load": {
        "elsewhere": save_elsewhere,
        "spoils the model": save_spoils,
        "the path": lambda model, path: (model.save(path), path)[1],
        "nothing": lambda model, path: model.save(path),
        "a pair": lambda model, path: (model, save_by_function(model, path)),
        "no file": lambda model, path: keras.models.clone_model(model),
    },
    "augment": {
        "far": moves_far,
        "quarter turns": quarter_turns,
        "inverts": inverts,
        "upside down": upside_down,
        "drowns in noise": drowns,
        "twice as many": doubles,
        "only the first": changes_the_first,
        "hardly visible": hardly,
        "unseeded": unseeded,
        "a list": changed(rolled, list),
        "bytes": changed(rolled, lambda p: (p * 255).astype(np.uint8)),
        "overwrites": lambda images, rng: np.multiply(images, 0.5, out=images),
        "flat": changed(rolled, lambda p: p.reshape(len(p), -1)),
        "loses a channel axis": changed(rolled, lambda p: p[..., 0]),
    },
    "class_weights": {
        "texts as keys": changed(weights_by_counter, lambda w: {str(k): v for k, v in w.items()}),
        "one per picture": lambda labels: np.array([weights_by_counter(labels)[k] for k in labels.tolist()]),
        "all alike": lambda labels: dict.fromkeys(np.unique(labels).tolist(), 1.0),
        "sums to 1": changed(weights_by_counter, lambda w: {k: v / sum(w.values()) for k, v in w.items()}),
        "missing classes too": changed(weights_by_counter, lambda w: dict.fromkeys(range(12), 1.0) | w),
        "rounds": changed(weights_by_counter, lambda w: {k: round(v, 1) for k, v in w.items()}),
        "roots": changed(weights_by_counter, lambda w: {k: v**0.5 for k, v in w.items()}),
        "rarest left out": changed(weights_by_counter, lambda w: {k: v for k, v in w.items() if v < max(w.values())}),
        "in arrays": changed(weights_by_counter, lambda w: {k: np.array([v]) for k, v in w.items()}),
    },
}
