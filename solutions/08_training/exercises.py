"""Exercises of chapter 08: oracles are exact fractions, Keras's own callbacks, scikit-learn, and made-up histories."""

import types
from fractions import Fraction

import keras
import numpy as np
from scipy import ndimage
from sklearn.datasets import load_digits
from sklearn.utils.class_weight import compute_class_weight

from authoring.exercise import Case, Exercise, Misconception, Output, no_calls
from helpers.checks.probes.training import told

NO_FRAMEWORK = no_calls("tf", "keras", "torch", "jax", "sklearn", "helpers.framework", "helpers.live_curves")

# --- learning rates that fall ----------------------------------------------------------------------------------------


def step_exact(epoch, initial, factor, drop_every):
    """Epoch after epoch in exact fractions."""
    rate = Fraction(initial)
    for passed in range(1, epoch + 1):
        if passed % drop_every == 0:
            rate *= Fraction(factor)
    return float(rate)


def draw_step(rng):
    return {
        "epoch": int(rng.integers(0, 60)),
        "initial": round(float(rng.uniform(0.001, 0.5)), 4),
        "factor": round(float(rng.uniform(0.2, 0.9)), 2),
        "drop_every": int(rng.integers(2, 12)),
    }


def step_case(name, epoch, initial, factor, drop_every, right, weight=1.0):
    inputs = {"epoch": epoch, "initial": initial, "factor": factor, "drop_every": drop_every}
    return Case(name, inputs, expected={"result": right}, weight=weight)


step_decay = Exercise(
    "step_decay",
    title="A learning rate in steps",
    points=(1, 1),
    minutes=8,
    oracle=step_exact,
    outputs={"result": Output(floating=True)},
    cases=[
        step_case("worked example, epoch 12", 12, 0.01, 0.5, 5, 0.0025),
        step_case("the first epoch", 0, 0.01, 0.25, 5, 0.01),
        step_case("the last epoch before the first drop", 4, 0.01, 0.25, 5, 0.01),
        step_case("the first epoch after it", 5, 0.01, 0.25, 5, 0.0025),
        step_case("epoch 30 with a factor of a quarter", 30, 0.01, 0.25, 5, 0.01 / 4096),
    ],
    hidden_cases=[
        step_case("epoch 39 with a factor of a half", 39, 0.01, 0.5, 5, 0.01 / 128),
        step_case("a factor of 1", 17, 0.3, 1.0, 4, 0.3),
        step_case("a drop after every epoch", 3, 0.8, 0.5, 1, 0.1),
        step_case("whole numbers", 7, 1, 0.5, 3, 0.25),
    ],
    draw=draw_step,
    rules=[NO_FRAMEWORK],
    misconceptions=[
        Misconception(
            "one_epoch_early",
            lambda epoch, initial, factor, drop_every: initial * factor ** ((1 + epoch) // drop_every),
            says="Every drop comes one epoch early: the first step is one epoch shorter than the others.",
            hint="Keras counts epochs from 0. With a drop every 5 epochs, how many epochs shall have the first rate?",
        ),
        Misconception(
            "no_floor",
            lambda epoch, initial, factor, drop_every: initial * factor ** (epoch / drop_every),
            says="The rate falls a little with every epoch; there are no steps.",
            hint="How many *whole* times has the rate dropped so far?",
        ),
        Misconception(
            "factor_times_drops",
            lambda epoch, initial, factor, drop_every: initial * (factor * (epoch // drop_every) or 1.0),
            says="The factor is multiplied by the number of drops.",
            hint="Two drops by a half leave a quarter. What do three leave?",
        ),
        Misconception(
            "drops_once",
            lambda epoch, initial, factor, drop_every: initial * (factor if epoch >= drop_every else 1.0),
            says="The rate drops once, and then never again.",
            hint="What is the rate after twice as many epochs?",
        ),
        Misconception(
            "divided",
            lambda epoch, initial, factor, drop_every: initial / factor ** (epoch // drop_every),
            says="The rate grows.",
            hint="The factor is below 1. What does dividing by it do?",
        ),
        Misconception(
            "subtracted",
            lambda epoch, initial, factor, drop_every: initial - initial * factor * (epoch // drop_every),
            says="Every drop takes away the same amount, so the rate reaches 0 and goes below.",
            hint="A drop leaves a *share* of what there was.",
        ),
    ],
    hints=(
        "Which two numbers decide how often the rate has dropped?",
        "Count whole drops first, with a division that rounds down. Then: what does one drop do to the rate, and two?",
        "drops = ... (epoch and drop_every); the answer is the initial rate times the factor, drops times over.",
    ),
)


def time_exact(epoch, initial, decay):
    return float(Fraction(initial) / (1 + Fraction(decay) * epoch))


def book_time_decay(epoch, initial, decay):
    """A printed recursion: each rate is made of the one before."""
    rate = initial
    for passed in range(1, epoch + 1):
        rate = rate / (1 + decay * passed)
    return rate


def draw_time(rng):
    return {
        "epoch": int(rng.integers(2, 80)),
        "initial": round(float(rng.uniform(0.001, 0.5)), 4),
        "decay": round(float(rng.uniform(0.001, 0.5)), 4),
    }


def time_case(name, epoch, initial, decay, right):
    return Case(name, {"epoch": epoch, "initial": initial, "decay": decay}, expected={"result": right})


time_decay = Exercise(
    "time_decay",
    title="A learning rate that falls slowly",
    points=(1, 1),
    minutes=6,
    oracle=time_exact,
    outputs={"result": Output(floating=True)},
    cases=[
        time_case("worked example, epoch 4", 4, 0.1, 0.25, 0.05),
        time_case("the first epoch", 0, 0.1, 0.25, 0.1),
        time_case("epoch 40 of the book's run", 40, 0.01, 0.00025, 0.01 / 1.01),
        time_case("epoch 12", 12, 0.1, 0.25, 0.025),
    ],
    hidden_cases=[
        time_case("no decay", 33, 0.2, 0.0, 0.2),
        time_case("whole numbers", 3, 1, 1, 0.25),
        time_case("a late epoch", 996, 0.5, 0.25, 0.002),
    ],
    draw=draw_time,
    rules=[NO_FRAMEWORK],
    misconceptions=[
        Misconception(
            "recursive",
            book_time_decay,
            says="Each rate is made from the one before, so that all divisions pile up.",
            hint="The formula starts from the initial rate in every epoch. Try the second epoch by hand.",
        ),
        Misconception(
            "compound",
            lambda epoch, initial, decay: initial / (1 + decay) ** epoch,
            says="The rate falls by the same share in every epoch, like interest the other way round.",
            hint="In the formula, the epoch is multiplied; it is no power.",
        ),
        Misconception(
            "exponential",
            lambda epoch, initial, decay: float(initial * np.exp(-decay * epoch)),
            says="This is exponential decay.",
            hint="At first both look alike. Where are they after ten times as many epochs?",
        ),
        Misconception(
            "linear",
            lambda epoch, initial, decay: initial * (1 - decay * epoch),
            says="The rate falls along a straight line, and would become negative.",
            hint="The sum 1 + decay · epoch stands below the fraction bar.",
        ),
        Misconception(
            "counts_from_one",
            lambda epoch, initial, decay: initial / (1 + decay * (epoch + 1)),
            says="The first epoch does not have the initial rate.",
            hint="Keras counts epochs from 0. What must come out there?",
        ),
        Misconception(
            "divides_by_epochs",
            lambda epoch, initial, decay: initial / (1 + decay * initial * epoch),
            says="The initial rate stands in the formula twice.",
            hint="Compare your line with the formula, symbol by symbol.",
        ),
    ],
    hints=(
        "What must come out for epoch 0? And when decay · epoch is 1?",
        "One division is enough; nothing has to be remembered from epoch to epoch.",
        "return the initial rate divided by (1 + ...).",
    ),
)

# --- reading curves --------------------------------------------------------------------------------------------------

LABELS = ("underfitting", "overfitting", "good fit", "learning rate too high")


def made_history(kind, rng, epochs, scale=1.0):
    """A history that nobody would read in two ways; the margins are those that the text of the exercise promises."""
    t = np.linspace(0, 1, epochs)
    noise = lambda size=0.01: 1 + size * rng.uniform(-1, 1, epochs)  # noqa: E731
    start = rng.uniform(1.5, 2.3) * scale
    how = kind.split(", ")[-1]
    if kind == "underfitting":
        loss = start * (1 - rng.uniform(0.02, 0.25) * (1 - np.exp(-3 * t))) * noise()
        val = loss * rng.uniform(0.98, 1.06) * noise()
        accuracy = np.linspace(0.12, rng.uniform(0.2, 0.45), epochs)
        val_accuracy = accuracy * rng.uniform(0.92, 1.02)
    elif kind in ("overfitting", "good fit"):
        loss = start * (rng.uniform(0.02, 0.06) + np.exp(-rng.uniform(5, 9) * t)) * noise() / 1.05
        accuracy = 1 - 0.75 * loss / loss[0]
        if kind == "good fit":
            val = loss * (rng.uniform(1.02, 1.12) if rng.random() < 0.6 else rng.uniform(0.85, 0.97)) * noise()
            val_accuracy = accuracy - rng.uniform(0.0, 0.02)
        else:
            turn = rng.uniform(0.15, 0.35)
            low = start * rng.uniform(0.3, 0.5)
            val = np.where(t < turn, start + (low - start) * t / turn, low + (t - turn) / (1 - turn) * start * 0.5)
            val, val_accuracy = (val * noise(), np.minimum(accuracy, rng.uniform(0.72, 0.8)))
    else:
        loss = _too_high(how, start, t, rng)
        val = loss * rng.uniform(0.9, 1.2, epochs)
        accuracy, val_accuracy = rng.uniform(0.08, 0.2, (2, epochs))
    names = ("loss", "accuracy", "val_loss", "val_accuracy")
    values = (loss, accuracy, val, val_accuracy)
    history = {name: [round(float(v), 6) for v in column] for name, column in zip(names, values, strict=True)}
    _must_be_clear(kind, history)
    return history


def _too_high(how, start, t, rng):
    epochs = len(t)
    grows = start * (1 + rng.uniform(2, 8) * t) * (1 + 0.05 * rng.uniform(-1, 1, epochs))
    if how == "nan":
        grows[rng.integers(1, epochs // 2) :] = np.nan
    if how == "leaps":
        grows = start * np.where(np.arange(epochs) % 2 == rng.integers(2), 0.9, rng.uniform(1.7, 2.6, epochs))
        grows[-1] = 0.85 * grows[0]
    return grows


def _must_be_clear(kind, history):
    """The promise of the exercise's table, asserted."""
    loss, val = (np.array(history[name]) for name in ("loss", "val_loss"))
    fallen, above = loss[-1] / loss[0], val[-1] / val.min()
    leaps = (loss[1:] >= 1.5 * loss[:-1]).sum()
    match kind:
        case "underfitting":
            clear = fallen > 0.7 and abs(val / loss - 1).max() < 0.2 and leaps == 0
        case "overfitting":
            clear = fallen < 0.2 and above > 1.5 and leaps == 0
        case "good fit":
            clear = fallen < 0.2 and above < 1.1 and abs(val / loss - 1).max() < 0.25 and leaps == 0
        case "learning rate too high, nan":
            clear = np.isnan(loss[-1])
        case "learning rate too high, grows":
            clear = fallen > 1.5
        case "learning rate too high, leaps":
            clear = leaps >= 3
    if not clear:
        raise ValueError(f"a history of {kind} is not clear: {history}")


def history_case(kind, name, seed, epochs=20, scale=1.0, change=None):
    history = made_history(kind, np.random.default_rng(seed), epochs, scale)
    history = change(history) if change else history
    return Case(name, {"history": history}, expected={"result": kind.split(",")[0]})


def draw_history(kind):
    def draw(rng):
        history = made_history(kind, rng, int(rng.integers(12, 50)), float(rng.choice([0.2, 1.0, 5.0])))
        label = kind.split(",")[0]
        return Case(kind, {"history": history}, expected={"result": label})

    return draw


def with_rate(history):
    """Keras adds the rate of every epoch where a schedule is used."""
    return history | {"learning_rate": [0.01] * len(history["loss"])}


KINDS = ["underfitting", "overfitting", "good fit"]
KINDS += [f"learning rate too high, {how}" for how in ("nan", "grows", "leaps")]


def reader(finite=True, grows=True, leaps=True, low=0.45, overfit=1.3, order=LABELS):
    """`diagnose` as a student might write it; the misconceptions change one thing each."""

    def diagnose(history):
        loss, val = np.array(history["loss"]), np.array(history["val_loss"])
        if finite and not np.isfinite(loss).all():
            return "learning rate too high"
        if grows and loss[-1] > 1.25 * loss[0]:
            return "learning rate too high"
        if leaps and np.sum(loss[1:] > 1.4 * loss[:-1]) >= 3:
            return "learning rate too high"
        if loss[-1] > low * loss[0]:
            return "underfitting"
        if val[-1] > overfit * val.min():
            return "overfitting"
        return "good fit"

    return diagnose


def by_absolute_loss(history):
    usual = reader()(history)
    if usual in ("learning rate too high", "overfitting"):
        return usual
    return "underfitting" if history["loss"][-1] > 0.5 else "good fit"


def any_gap(history):
    usual = reader()(history)
    gap = history["val_loss"][-1] > history["loss"][-1]
    return "overfitting" if usual == "good fit" and gap else usual


def swapped(history):
    names = {"underfitting": "overfitting", "overfitting": "underfitting"}
    answer = reader()(history)
    return names.get(answer, answer)


diagnose = Exercise(
    "diagnose",
    title="What is wrong with this training?",
    points=(2, 2),
    minutes=20,
    cases=[
        history_case("underfitting", "a loss that hardly falls", 1),
        history_case("overfitting", "a validation loss that turns", 2, epochs=30),
        history_case("good fit", "both losses fall together", 3),
        history_case("learning rate too high, nan", "a loss that is nan", 4),
        history_case("learning rate too high, grows", "a loss that grows", 5, epochs=12),
        history_case("learning rate too high, leaps", "a loss that leaps", 6),
        history_case("good fit", "losses of another size", 7, scale=25.0),
        history_case("underfitting", "small losses that hardly fall", 8, scale=0.1, change=with_rate),
        history_case("good fit", "validation loss a little above", 12, epochs=25),
        history_case("good fit", "validation loss below, as with dropout", 20, epochs=22),
    ],
    hidden_cases=[
        history_case("overfitting", "overfitting in large numbers", 9, epochs=40, scale=30.0),
        history_case("learning rate too high, leaps", "leaps at the end", 10, epochs=15, change=with_rate),
        history_case("good fit", "a good fit in small numbers", 11, scale=0.05, epochs=50),
    ],
    draw=[draw_history(kind) for kind in KINDS],
    draws=(6, 12),
    rules=[NO_FRAMEWORK],
    misconceptions=[
        Misconception(
            "nan_unseen",
            reader(finite=False),
            says="A loss that is no number any more passes through all your comparisons.",
            hint="Every comparison with nan is False. Ask for it by name, before anything else: np.isfinite.",
        ),
        Misconception(
            "growth_unseen",
            reader(grows=False),
            says="A training loss that ends above its start is called something else.",
            hint="Learning should make the training loss smaller, whatever the network. If it grows, what is to blame?",
        ),
        Misconception(
            "leaps_unseen",
            reader(leaps=False),
            says="A loss that leaps up again and again is not noticed.",
            hint="Compare each epoch with the one before, not only the last with the first.",
        ),
        Misconception(
            "absolute",
            by_absolute_loss,
            says="The size of the loss decides, whatever it was at the start.",
            hint="0.6 is good after 15, and bad after 0.7. Compare the last epoch with the first.",
        ),
        Misconception(
            "any_gap",
            any_gap,
            says="A validation loss a little above the training loss counts as overfitting already.",
            hint="A small gap is normal. Has the validation loss *risen* since its best epoch?",
        ),
        Misconception(
            "never_overfit",
            reader(overfit=np.inf),
            says="Overfitting is not noticed.",
            hint="Look at the validation loss: where was it lowest, and where does it end?",
        ),
        Misconception(
            "swapped",
            swapped,
            says="Underfitting and overfitting are mixed up.",
            hint="Underfitting: too little is learned of the training pictures. Overfitting: too much of them only.",
        ),
    ],
    hints=(
        "In which order do you ask? A loss that is nan or grows makes all other questions pointless.",
        "Four questions: does the training loss run away? has it fallen? has the validation loss risen since its best?",
        "Compare last with first, each with the one before, and the last validation loss with the lowest: ratios.",
    ),
)

# --- an honest validation part ---------------------------------------------------------------------------------------


def parts_wanted(labels, fraction, seed):
    counts = np.unique(labels, return_counts=True)[1]
    return {
        "rows in neither part": 0,
        "rows that are there twice": 0,
        "rows for validation, class by class": {
            "low": np.floor(counts * fraction + 1e-9),
            "high": np.ceil(counts * fraction - 1e-9),
        },
        "a generator with the same seed splits the same way": 1,
        "different splits in 30 more calls": {"low": 29, "high": 30},
        "the validation part has just the first rows of every class": 0,
        "share of the rows that were ever chosen for validation, to one decimal": {"low": 0.9, "high": 1.0},
    }


def draw_split(rng):
    counts = rng.integers(12, 60, size=rng.integers(2, 6))
    labels = np.repeat(rng.permutation(9)[: len(counts)], counts)
    return {
        "labels": rng.permutation(labels),
        "fraction": float(rng.choice([0.2, 0.25, 0.3])),
        "seed": int(rng.integers(1000)),
    }


class Split:
    """`stratified_split` as a student might write it."""

    swap = False

    def __call__(self, labels, fraction, rng):
        val = np.concatenate([self.some(np.flatnonzero(labels == c), fraction, rng) for c in np.unique(labels)])
        parts = self.rest(labels, val), val
        return parts[::-1] if self.swap else parts

    def some(self, rows, fraction, rng):
        return rng.permutation(rows)[: round(fraction * len(rows))]

    def rest(self, labels, val):
        return np.setdiff1d(np.arange(len(labels)), val)


class NotShuffled(Split):
    def some(self, rows, fraction, rng):
        return rows[: round(fraction * len(rows))]


class OwnGenerator(Split):
    def some(self, rows, fraction, rng):
        return np.random.default_rng(0).permutation(rows)[: round(fraction * len(rows))]


class Overlaps(Split):
    def rest(self, labels, val):
        return np.arange(len(labels))


class Swapped(Split):
    swap = True


class SameNumber(Split):
    """As many rows of every class."""

    def __call__(self, labels, fraction, rng):
        self.count = round(fraction * len(labels) / len(np.unique(labels)))
        return super().__call__(labels, fraction, rng)

    def some(self, rows, fraction, rng):
        return rng.permutation(rows)[: self.count]


def first_rows(labels, fraction, rng):
    cut = len(labels) - round(fraction * len(labels))
    return np.arange(cut), np.arange(cut, len(labels))


class Unseeded(Split):
    def some(self, rows, fraction, rng):
        return np.random.default_rng().permutation(rows)[: round(fraction * len(rows))]


SPLIT_LABELS = np.repeat([0, 1, 2], [80, 16, 24])[np.random.default_rng(4).permutation(120)]
SORTED_LABELS = np.repeat([3, 5], [40, 60])

stratified_split = Exercise(
    "stratified_split",
    title="A validation part that is like the rest",
    points=(1, 1),
    minutes=12,
    probe="split_parts",
    oracle=parts_wanted,
    cases=[
        Case("80, 16 and 24 rows, a quarter", {"labels": SPLIT_LABELS, "fraction": 0.25, "seed": 0}),
        Case("labels in order", {"labels": SORTED_LABELS, "fraction": 0.2, "seed": 1}),
    ],
    hidden_cases=[
        Case("a rare class", {"labels": np.repeat([0, 1], [190, 10])[::-1].copy(), "fraction": 0.2, "seed": 2})
    ],
    draw=draw_split,
    draws=(2, 4),
    rules=[no_calls("sklearn", "tf", "keras", "torch")],
    misconceptions=[
        Misconception(
            "first_rows",
            first_rows,
            says="The last rows are set aside as they lie: chance has no part in it, and classes may be missing.",
            hint="Data often lie sorted by class or by day. Draw rows with `rng`, class by class.",
        ),
        Misconception(
            "not_shuffled",
            NotShuffled(),
            says="Every class gives its first rows, always the same.",
            hint="Mix the rows of each class with `rng` before you cut.",
        ),
        Misconception(
            "own_generator",
            OwnGenerator(),
            says="Every call gives the same split, whatever `rng` is.",
            hint="Draw from the `rng` that you are given; do not make a generator of your own.",
        ),
        Misconception(
            "overlaps",
            Overlaps(),
            says="Rows of the validation part are in the training part too.",
            hint="What has been learned by heart cannot be examined. Take out of the one what you put into the other.",
        ),
        Misconception(
            "swapped",
            Swapped(),
            says="The parts are the wrong way round.",
            hint="The training part comes first, and it is the large one.",
        ),
        Misconception(
            "same_number",
            SameNumber(),
            says="Every class gives the same number of rows.",
            hint="The share is the same for all classes, not the number: a fraction of *its* rows.",
        ),
    ],
    hints=(
        "How would you split if there were only one class?",
        "Do that for each class, with the row numbers of that class, and put the pieces together.",
        "For each class: find its rows, rng.permutation them, cut off the first round(fraction * their number).",
    ),
)

# --- TrainingMonitor -------------------------------------------------------------------------------------------------


NAMES = ["loss", "accuracy", "val_loss", "val_accuracy"]


def monitored(old, runs, names, stop_early):
    """What a right monitor leaves, row by row: each run cuts the epochs off that it is about to run again."""
    rows, counts = [(epoch, 9) for epoch in range(old)], []
    for run, (first, count) in enumerate(runs):
        rows = rows[:first]
        for epoch in range(first, first + count):
            rows.append((epoch, run))
            counts.append(len(rows))
    columns = {name: np.array([told(name, *row) for row in rows]) for name in names}
    return {
        "epochs in the file after each epoch": np.array(counts),
        "epochs in what each call of draw was given": np.array(counts),
        "names in the file": ", ".join(sorted(names)),
        **{f"{name} in the file": values for name, values in columns.items()},
        **{f"{name} in monitor.history": values for name, values in columns.items()},
    }


def apart_wanted(epochs):
    one, two = (np.array([told("loss", epoch, run) for epoch in range(epochs)]) for run in (0, 1))
    return {"loss in the first file": one, "loss in the second file": two}


def fit_wanted(epochs, start_again):
    counts = {f"epochs of {name} in the file": epochs + 2 for name in ("loss", "val_loss")}
    return counts | {"the file agrees with what fit returned": 1}


def draw_runs(rng):
    epochs = int(rng.integers(2, 5))
    again = int(rng.integers(1, epochs))
    names = NAMES + ["learning_rate"] * int(rng.integers(2))
    return monitor_case(0, [[0, epochs], [again, 2]], bool(rng.integers(2)), names)


def monitor_case(old, runs, stop_early=False, names=NAMES):
    return {"old": old, "runs": runs, "names": names, "stop_early": stop_early}


def monitor_like(trims=True, resumes=True, appends=False, writes=True, last_only=False, plain=True, draws=True):
    """`TrainingMonitor` as a student might write it; the misconceptions change one thing each."""
    import json
    from pathlib import Path

    class TrainingMonitor(keras.callbacks.Callback):
        def __init__(self, path, draw=None):
            super().__init__()
            self.path, self.draw = Path(path), draw
            self.history = {}
            self.old = {}
            if resumes and self.path.exists():
                self.old = json.loads(self.path.read_text())
            if appends:
                self.history = self.old

        def on_epoch_begin(self, epoch, logs=None):
            if not self.history and resumes and not appends:
                self.history.update({n: v[:epoch] if trims or epoch == 0 else v for n, v in self.old.items()})

        def on_epoch_end(self, epoch, logs=None):
            for name, value in (logs or {}).items():
                values = self.history.setdefault(name, [])
                if last_only:
                    values.clear()
                values.append(float(value) if plain else value)
            if writes:
                self.save()
            if self.draw and draws:
                self.draw(self.history)

        def on_train_end(self, logs=None):
            if not writes:
                self.save()
            if self.draw and not draws:
                self.draw(self.history)

        def save(self):
            self.path.write_text(json.dumps(self.history))

    return TrainingMonitor


TrainingMonitor = Exercise(
    "TrainingMonitor",
    title="A logbook that survives the night",
    points=(2, 2),
    minutes=25,
    probe="monitor_runs",
    seconds=30.0,
    oracle={"monitor_runs": monitored, "monitors_apart": apart_wanted, "monitor_in_fit": fit_wanted},
    cases=[
        Case("three epochs", monitor_case(0, [[0, 3]]), weight=2),
        Case("training ends abruptly", monitor_case(0, [[0, 3]], True)),
        Case("goes on after 3 epochs", monitor_case(0, [[0, 3], [3, 1]])),
        Case("goes back to epoch 2 of 5", monitor_case(5, [[2, 2]])),
        Case("starts anew where an old file lies", monitor_case(4, [[0, 2]])),
        Case("two monitors at work in turns", {"epochs": 3}, probe="monitors_apart"),
        Case("in a real fit, interrupted and resumed", {"epochs": 3, "start_again": 2}, probe="monitor_in_fit"),
    ],
    hidden_cases=[
        Case("other names, interrupted", monitor_case(0, [[0, 2], [1, 1], [2, 1]], True, ["loss", "mean_error"]))
    ],
    draw=draw_runs,
    draws=(1, 2),
    misconceptions=[
        Misconception(
            "appends",
            monitor_like(appends=True),
            says="Whatever lies in an old file is kept, and the new epochs are added behind it.",
            hint="Epoch number e begins: how many epochs can the history hold at this moment?",
        ),
        Misconception(
            "never_resumes",
            monitor_like(resumes=False),
            says="The epochs before an interruption are lost.",
            hint="When training begins at an epoch above 0, the file knows what came before.",
        ),
        Misconception(
            "no_trim",
            monitor_like(trims=False),
            says="Going back to an earlier epoch leaves the later ones in the file.",
            hint="Epochs that are run again replace the old ones: keep only those before the epoch that begins.",
        ),
        Misconception(
            "writes_at_the_end",
            monitor_like(writes=False),
            says="The file is written only when training has ended.",
            hint="A kernel that dies never comes to the end. Write after every epoch.",
        ),
        Misconception(
            "last_only",
            monitor_like(last_only=True),
            says="Only the latest epoch is kept.",
            hint="One list for each name, one entry for each epoch.",
        ),
        Misconception(
            "not_plain",
            monitor_like(plain=False),
            says="Numbers go into the file as they come, and JSON does not know NumPy's.",
            hint="What Keras tells may be float32 numbers: make plain Python numbers of them.",
        ),
        Misconception(
            "draws_at_the_end",
            monitor_like(draws=False),
            says="`draw` is called only when training has ended.",
            hint="A live plot is drawn while training runs: after every epoch.",
        ),
    ],
    hints=(
        "Three moments matter: the object is made; an epoch begins (which one?); an epoch ends, with its numbers.",
        "When the first epoch of a run begins, read the file if there is one, and cut every list off at that epoch.",
        "__init__ keeps path and draw; on_epoch_begin fills self.history once; on_epoch_end appends, writes, draws.",
    ),
)

# --- the best epoch --------------------------------------------------------------------------------------------------


def keras_stops(values, patience):
    """Keras's own callback, told one value after the other."""
    callback = keras.callbacks.EarlyStopping("val_loss", patience=patience, mode="min")
    model = types.SimpleNamespace(stop_training=False)
    callback.set_model(model)
    callback.on_train_begin()
    for epoch, value in enumerate(values):
        callback.on_epoch_end(epoch, {"val_loss": float(value)})
        if model.stop_training:
            break
    return epoch + 1, int(callback.best_epoch)


def draw_values(rng):
    n = int(rng.integers(6, 30))
    values = 1.5 * np.exp(-np.arange(n) / rng.uniform(2, 8)) + rng.uniform(0, 0.4, n)
    return {"values": [round(float(v), 2) for v in values], "patience": int(rng.integers(1, 5))}


def stopper(better=lambda v, best, previous: v < best, resets=True, slack=0, count=1, whole=False, swap=False):
    """`early_stop` as a student might write it."""

    def early_stop(values, patience):
        best, best_epoch, waited, previous = float("inf"), 0, 0, float("inf")
        for epoch, value in enumerate(values):
            if better(value, best, previous):
                best, best_epoch = value, epoch
                waited = 0 if resets else waited
            else:
                waited += 1
            previous = value
            if waited >= patience + slack:
                break
        if whole:
            best_epoch = int(np.argmin(values))
        pair = epoch + count, best_epoch
        return pair[::-1] if swap else pair

    return early_stop


VALLEY = [1.0, 0.6, 0.5, 0.55, 0.52, 0.6, 0.4, 0.7]

early_stop = Exercise(
    "early_stop",
    title="When to stop",
    points=(1, 1),
    minutes=12,
    oracle=keras_stops,
    outputs={"epochs_run": Output(integer=True), "best_epoch": Output(integer=True)},
    rtol=1e-12,
    cases=[
        Case("worked example", {"values": VALLEY, "patience": 3}, expected={"epochs_run": 6, "best_epoch": 2}),
        Case("more patience", {"values": VALLEY, "patience": 4}),
        Case("better to the end", {"values": [0.9, 0.7, 0.5, 0.4], "patience": 2}),
        Case("as good as the best, not better", {"values": [0.5, 0.4, 0.4, 0.4, 0.3], "patience": 2}),
        Case("worse from the start", {"values": [0.5, 0.6, 0.55, 0.58, 0.1], "patience": 3}),
        Case("better now and then", {"values": [0.9, 0.95, 0.8, 0.85, 0.7, 0.75, 0.6, 0.65], "patience": 2}),
    ],
    hidden_cases=[
        Case("one epoch", {"values": [0.7], "patience": 5}),
        Case("a patience of 1", {"values": [0.7, 0.6, 0.61, 0.2], "patience": 1}),
        Case("losses below 0", {"values": [-1.0, -2.0, -1.5, -1.9, -3.0], "patience": 2}),
    ],
    draw=draw_values,
    rules=[NO_FRAMEWORK],
    misconceptions=[
        Misconception(
            "one_too_many",
            stopper(slack=1),
            says="One epoch too many is waited for.",
            hint="With a patience of 3, training ends right after the third epoch in a row that is not better.",
        ),
        Misconception(
            "ties_count",
            stopper(better=lambda v, best, previous: v <= best),
            says="An epoch that is only as good as the best counts as better.",
            hint="Not better is not better, even if it is equal.",
        ),
        Misconception(
            "against_previous",
            stopper(better=lambda v, best, previous: v < previous),
            says="Every epoch is compared with the one before, not with the best.",
            hint="After a bad epoch, the next one easily looks like progress. What is it to be measured by?",
        ),
        Misconception(
            "never_resets",
            stopper(resets=False),
            says="All epochs without progress are added up over the whole training.",
            hint="Patience begins anew with every new best epoch.",
        ),
        Misconception(
            "sees_the_future",
            stopper(whole=True),
            says="The best epoch is looked for in the whole list, although training has stopped before its end.",
            hint="Epochs after the stop were never run.",
        ),
        Misconception(
            "counts_from_zero",
            stopper(count=0),
            says="The number of epochs that were run is one too small.",
            hint="If training ends in epoch 5, counted from 0, how many epochs were run?",
        ),
        Misconception(
            "swapped",
            stopper(swap=True),
            says="The two results are the wrong way round.",
            hint="First how many epochs were run, then which was the best.",
        ),
    ],
    hints=(
        "What has to be remembered from epoch to epoch? Two things, and a place.",
        "Keep the best value, its epoch, and how many epochs have passed since then.",
        "Loop with enumerate; better than the best: remember it; else, if the patience is used up: stop.",
    ),
)

# --- checkpoints -----------------------------------------------------------------------------------------------------


def checkpoints_wanted(loss, val_loss, val_accuracy):
    values = val_loss
    better = [k for k, value in enumerate(values) if value < min([np.inf, *values[:k]])]
    counts = [sum(k <= epoch for k in better) for epoch in range(len(values))]
    return {
        "files of the first callback after each epoch": np.array(counts),
        "epochs whose models the first callback has kept": np.array(better),
        "files of the second callback after each epoch": np.ones(len(values), dtype=int),
        "epochs whose models the second callback has kept": np.array(better[-1:]),
    }


def epochs_with(val_loss, loss, val_accuracy):
    return {"loss": loss, "val_loss": val_loss, "val_accuracy": val_accuracy}


CHECKED = epochs_with([1.25, 0.75, 0.875, 0.5, 0.625], [1.5, 1.0, 0.75, 0.5, 0.25], [0.5, 0.75, 0.875, 0.75, 0.625])


def draw_logs(rng):
    k = int(rng.integers(4, 7))
    columns = [np.round(rng.uniform(0.2, 2.0, k), 3).tolist(), sorted(rng.uniform(0.1, 2, k).round(3).tolist())[::-1]]
    return epochs_with(*columns, rng.uniform(0.2, 0.9, k).round(3).tolist())


def kept(first=None, second=None, names=("e{epoch:03d}.keras", "best.keras"), swap=False):
    """`checkpoint_callbacks` as a student might write it."""
    usual = {"monitor": "val_loss", "mode": "min", "save_best_only": True}

    def checkpoint_callbacks(folder):
        settings = zip(names, (usual | (first or {}), usual | (second or {})), strict=True)
        pair = [keras.callbacks.ModelCheckpoint(f"{folder}/{name}", **how) for name, how in settings]
        return tuple(pair[::-1] if swap else pair)

    return checkpoint_callbacks


checkpoint_callbacks = Exercise(
    "checkpoint_callbacks",
    title="Keep every improvement, or only the best",
    points=(1, 1),
    minutes=12,
    probe="checkpoints_written",
    seconds=30.0,
    oracle=checkpoints_wanted,
    cases=[Case("five epochs", CHECKED)],
    hidden_cases=[
        Case("never better than the first", epochs_with([0.5, 0.75, 0.875], [1.0, 0.75, 0.5], [0.5, 0.7, 0.9]))
    ],
    draw=draw_logs,
    draws=(1, 1),
    misconceptions=[
        Misconception(
            "every_epoch",
            kept(first={"save_best_only": False}),
            says="The first callback writes a file after every epoch.",
            hint="Only epochs that are better than all before are worth a file.",
        ),
        Misconception(
            "one_file_for_all",
            kept(names=("improved.keras", "best.keras")),
            says="The first callback overwrites its file.",
            hint="Put what differs from epoch to epoch into the file's name: `{epoch:02d}`.",
        ),
        Misconception(
            "training_loss",
            kept({"monitor": "loss"}, {"monitor": "loss"}),
            says="The training loss decides, which falls as long as training runs.",
            hint="Which loss tells how the network does on pictures that it has not learned from?",
        ),
        Misconception(
            "mode_max",
            kept({"mode": "max"}, {"mode": "max"}),
            says="Larger losses count as better.",
            hint="A loss is best when it is small: that is what `mode` is for.",
        ),
        Misconception(
            "accuracy",
            kept({"monitor": "val_accuracy", "mode": "max"}, {"monitor": "val_accuracy", "mode": "max"}),
            says="The validation accuracy decides; the exercise asks for the validation loss.",
            hint="Read again which number is to be watched.",
        ),
        Misconception(
            "last_only",
            kept(second={"save_best_only": False}),
            says="The second callback keeps the last epoch, not the best.",
            hint="The file must be overwritten only when the model has become better.",
        ),
        Misconception(
            "swapped",
            kept(swap=True),
            says="The two callbacks are the wrong way round.",
            hint="First the one with many files, then the one with a single file.",
        ),
    ],
    hints=(
        "One class of Keras does both: look at the arguments of keras.callbacks.ModelCheckpoint.",
        "Both watch the same number and save only improvements. What differs is the file's name.",
        "Two ModelCheckpoints, with the options monitor, mode and save_best_only; one name holds {epoch:02d}.",
    ),
)


def loaded_wanted(optimizer, steps, name):
    yes = ["there is a file at the path", "the loaded model is another object than the one given"]
    yes += ["the given model has its weights as before", "the loaded model has the same weights"]
    yes += ["largest number that its optimizer remembers is the same", "one more step with each gives the same weights"]
    wanted = {"the loaded model is compiled": "yes", "steps that its optimizer has taken": steps}
    return dict.fromkeys(yes, 1) | wanted | {"learning rate of its optimizer": 0.0625}


def copied_weights(model, path):
    model.save(path)
    new = keras.models.clone_model(model)
    new.set_weights(model.get_weights())
    new.compile(optimizer="sgd", loss="mse", run_eagerly=True)
    return new


def weights_alone(model, path):
    model.save_weights(path.removesuffix(".keras") + ".weights.h5")
    new = keras.models.clone_model(model)
    new.load_weights(path.removesuffix(".keras") + ".weights.h5")
    new.compile(optimizer=type(model.optimizer).from_config(model.optimizer.get_config()), loss="mse", run_eagerly=True)
    return new


def same_object(model, path):
    model.save(path)
    return model


def not_compiled(model, path):
    model.save(path)
    return keras.models.load_model(path, compile=False)


def without_optimizer(model, path):
    model.save(path, include_optimizer=False)
    return keras.models.load_model(path)


def other_suffix(model, path):
    model.save(path.replace(".keras", ".h5"))
    return keras.models.load_model(path.replace(".keras", ".h5"))


def compiled_anew(model, path):
    model.save(path)
    new = keras.models.load_model(path)
    new.compile(type(model.optimizer).from_config(model.optimizer.get_config()), loss="mse", run_eagerly=True)
    return new


save_and_load = Exercise(
    "save_and_load",
    title="There and back again",
    points=(1, 1),
    minutes=8,
    probe="saved_and_loaded",
    seconds=30.0,
    oracle=loaded_wanted,
    cases=[
        Case("momentum, after three steps", {"optimizer": "sgd", "steps": 3, "name": "model.keras"}),
        Case("Adam, after two steps", {"optimizer": "adam", "steps": 2, "name": "another.keras"}),
    ],
    hidden_cases=[Case("Adam, after five steps", {"optimizer": "adam", "steps": 5, "name": "third.keras"})],
    misconceptions=[
        Misconception(
            "copied_weights",
            copied_weights,
            says="The weights come along, the optimizer does not: it begins anew with settings of its own.",
            hint="A model remembers more than weights. What does momentum remember?",
        ),
        Misconception(
            "weights_alone",
            weights_alone,
            says="Only the weights are saved, under another name, and the optimizer has forgotten all its steps.",
            hint="The whole model goes into one file of the kind .keras.",
        ),
        Misconception(
            "compiled_anew",
            compiled_anew,
            says="The model is compiled anew after loading, which gives it a fresh optimizer.",
            hint="What has been loaded is ready to go on: leave it as it is.",
        ),
        Misconception(
            "same_object",
            same_object,
            says="The model that comes back is the one that was given, not one from the file.",
            hint="Only what has really been read from the file proves that the file is complete.",
        ),
        Misconception(
            "not_compiled",
            not_compiled,
            says="The loaded model can predict, but not go on learning: it is not compiled.",
            hint="Loading brings the optimizer back unless it is told not to.",
        ),
    ],
    hints=(
        "Two lines. Which function of Keras reads a whole model from a file?",
        "A model has a method that writes it; keras.models has a function that reads it.",
        "model.save(...), then keras.models.load_model(...), each with the path.",
    ),
)

# --- augmentation ----------------------------------------------------------------------------------------------------

DIGITS = load_digits()
ASYMMETRIC = np.flatnonzero(np.isin(DIGITS.target, [2, 3, 5, 6, 7, 9]))


def known_digits():
    """300 digits, as they are and turned by 15 degrees both ways, as bytes; and their labels."""
    pictures = DIGITS.images[:300] / 16
    turned = [ndimage.rotate(pictures, angle, axes=(1, 2), reshape=False, order=1) for angle in (-15, 0, 15)]
    return (np.concatenate(turned) * 255).round().clip(0, 255).astype(np.uint8), np.tile(DIGITS.target[:300], 3)


def readable(seed, start, copies=160):
    rows = ASYMMETRIC[ASYMMETRIC >= 300][start : start + copies]
    known, known_labels = known_digits()
    return {
        "images": (DIGITS.images[rows] / 16)[..., None].astype(np.float32),
        "labels": DIGITS.target[rows],
        "known": known,
        "known_labels": known_labels,
        "seed": seed,
    }


def augmented_wanted(images, seed):
    return {
        "dtype of the result": "float32" if images.dtype == np.float32 else "floating point",
        "smallest value": {"low": 0.0, "high": 0.5},
        "largest value": {"low": 0.3, "high": 1.0},
        "share of the pictures that changed": {"low": 0.4, "high": 1.0},
        "mean change of a pixel": {"low": 0.005, "high": 0.4},
        "a generator with the same seed gives the same pictures": 1,
        "the next call gives other pictures": 1,
    }


def copies_wanted(image, copies, seed):
    return {f"different pictures among {copies} copies of one": {"low": 4, "high": copies}}


def readable_wanted(images, labels, known, known_labels, seed):
    return {"share of the digits that can still be read": {"low": 0.72, "high": 1.0}}


def drawn_pictures(rng, shape, dtype):
    """Smooth random pictures that use the whole range 0..1."""
    images = ndimage.gaussian_filter(rng.uniform(0, 1, shape), (0, 1, 1, 0))
    low, high = (images.min(axis=(1, 2, 3), keepdims=True), images.max(axis=(1, 2, 3), keepdims=True))
    return ((images - low) / (high - low)).astype(dtype)


def draw_images(rng):
    shape = (int(rng.integers(16, 30)), int(rng.integers(8, 14)), int(rng.integers(8, 14)), int(rng.choice([1, 3])))
    dtype = [np.float32, np.float64][int(rng.integers(2))]
    return {"images": drawn_pictures(rng, shape, dtype), "seed": int(rng.integers(1000))}


def shifted(images, moves, size=1):
    """Each picture moved by its own (down, right), empty pixels come in."""
    padded = np.pad(images, ((0, 0), (size, size), (size, size), (0, 0)))
    height, width = images.shape[1:3]
    return np.stack([p[a : a + height, b : b + width] for p, (a, b) in zip(padded, moves, strict=True)])


def one_move_for_all(images, rng):
    move = rng.integers(0, 3, 2)
    if tuple(move) == (1, 1):
        move = np.array([0, 2])
    return shifted(images, [move] * len(images))


def moves_for_each(images, rng):
    return shifted(images, rng.integers(0, 3, (len(images), 2)))


def loses_dtype(images, rng):
    return moves_for_each(images, rng).astype(np.float64) * np.float64(1)


def leaves_range(images, rng):
    return (images + rng.normal(0, 0.15, images.shape)).astype(images.dtype)


def mirrors(images, rng):
    moved = moves_for_each(images, rng)
    flip = rng.random(len(images)) < 0.5
    return np.where(flip[:, None, None, None], moved[:, :, ::-1], moved)


def always_the_same(images, rng):
    return moves_for_each(images, np.random.default_rng(0))


def nothing(images, rng):
    return images.copy()


augment = Exercise(
    "augment",
    title="More pictures out of few",
    points=(2, 2),
    minutes=18,
    probe="augmented",
    oracle={"augmented": augmented_wanted, "augmented_copies": copies_wanted, "augmented_is_readable": readable_wanted},
    cases=[
        Case("digits in float32", {"images": readable(0, 0, 60)["images"], "seed": 0}),
        Case(
            "wide colour pictures",
            {"images": drawn_pictures(np.random.default_rng(1), (30, 9, 14, 3), float), "seed": 1},
        ),
        Case(
            "one picture, forty times",
            {"image": readable(0, 70, 1)["images"][0], "copies": 40, "seed": 2},
            probe="augmented_copies",
        ),
        Case("digits that must stay readable", readable(3, 0), probe="augmented_is_readable"),
    ],
    hidden_cases=[
        Case(
            "another picture, forty times",
            {"image": readable(0, 90, 1)["images"][0], "copies": 40, "seed": 5},
            probe="augmented_copies",
        ),
        Case("other digits that must stay readable", readable(4, 200), probe="augmented_is_readable"),
    ],
    outputs={
        "smallest value": Output(alike=0.6),
        "largest value": Output(alike=0.6),
        "share of the pictures that changed": Output(alike=0.6),
        "mean change of a pixel": Output(alike=0.6),
        "share of the digits that can still be read": Output(alike=0.3),
    },
    draw=draw_images,
    draws=(2, 3),
    rules=[no_calls("tf", "keras", "torch")],
    misconceptions=[
        Misconception(
            "one_for_all",
            one_move_for_all,
            says="All pictures of a batch are changed in the same way.",
            hint="Draw numbers for every picture of the batch, not once for all of them.",
        ),
        Misconception(
            "loses_dtype",
            loses_dtype,
            says="float32 pictures come back as float64: twice the memory.",
            hint="Numbers that `rng` draws are float64 and make everything float64; see what dtype you return.",
        ),
        Misconception(
            "leaves_range", leaves_range, says="Pixels leave the range from 0 to 1.", hint="np.clip puts them back."
        ),
        Misconception(
            "mirrors",
            mirrors,
            says="Too many digits have become others, or none: mirrored, perhaps, or turned, or moved too far.",
            hint="Change pictures only so that their label stays true: a mirrored 2 is no 2, half a turn makes 6 a 9.",
        ),
        Misconception(
            "own_generator",
            always_the_same,
            says="Every call makes the same changes.",
            hint="Draw from the `rng` that you are given; it goes on from call to call.",
        ),
        Misconception(
            "nothing",
            nothing,
            says="The pictures come back unchanged.",
            hint="Move each by a pixel, or make it a little darker, as chance has it.",
        ),
    ],
    hints=(
        "What may happen to a digit without its label becoming wrong? Moving it by one pixel is enough.",
        "Pad all pictures with a rim of zeros; then cut a window of the old size out of each, where chance says.",
        "rng.integers(0, 3, size=(n, 2)) gives each picture its corner in the padded one; stack the windows.",
    ),
)

# --- class weights ---------------------------------------------------------------------------------------------------


def balanced(labels):
    classes = np.unique(labels)
    weights = compute_class_weight("balanced", classes=classes, y=labels)
    return {"number of entries": len(classes), "classes that have no entry": 0, "weights": weights}


def draw_labels(rng):
    classes = rng.choice(12, size=rng.integers(2, 6), replace=False)
    labels = np.repeat(classes, rng.integers(1, 60, len(classes)))
    return {"labels": rng.permutation(labels)}


def weigh(rule, keys=lambda classes: classes.tolist(), make=dict):
    """`class_weights` as a student might write it: `rule(counts, n)` gives the weights."""

    def class_weights(labels):
        classes, counts = np.unique(labels, return_counts=True)
        pairs = zip(keys(classes), rule(counts, len(labels)).tolist(), strict=True)
        return make(pairs)

    return class_weights


SMILES = np.repeat([0, 1], [9475, 3690])

class_weights = Exercise(
    "class_weights",
    title="Rare classes count more",
    points=(1, 1),
    minutes=10,
    probe="weights_by_class",
    oracle=balanced,
    cases=[
        Case(
            "worked example",
            {"labels": np.array([0, 0, 0, 1, 0, 1, 0, 0])},
            expected={"number of entries": 2, "classes that have no entry": 0, "weights": np.array([2 / 3, 2.0])},
        ),
        Case("9475 faces without a smile, 3690 with one", {"labels": SMILES}),
        Case("classes 3, 7 and 8", {"labels": np.array([7, 3, 7, 8, 7, 7, 3, 7, 7, 3])}),
        Case("all classes alike", {"labels": np.arange(30) % 3}),
    ],
    hidden_cases=[
        Case("one class", {"labels": np.zeros(5, dtype=int)}),
        Case("a class with one picture", {"labels": np.array([4, 0, 0, 0, 0, 0, 0, 0, 0])}),
        Case("small whole numbers", {"labels": np.array([1, 1, 0, 1, 2, 1], dtype=np.uint8)}),
    ],
    draw=draw_labels,
    rules=[no_calls("sklearn")],
    misconceptions=[
        Misconception(
            "ratio_to_largest",
            weigh(lambda counts, n: counts.max() / counts),
            says="The largest class has weight 1, so that the weights of all pictures average to more than 1.",
            hint="Such weights make the loss larger, and the steps with it. Over all pictures, the mean should be 1.",
        ),
        Misconception(
            "inverse_counts",
            weigh(lambda counts, n: 1 / counts),
            says="The weights have the right ratios, but they are tiny: training would hardly move.",
            hint="Scale them so that over all pictures the mean weight is 1.",
        ),
        Misconception(
            "shares",
            weigh(lambda counts, n: counts / n),
            says="Frequent classes weigh more than rare ones.",
            hint="It should be the other way round: which class is easily overlooked?",
        ),
        Misconception(
            "no_classes",
            weigh(lambda counts, n: n / counts),
            says="The weights are too large by the number of classes.",
            hint="If all classes are alike, every weight should be 1.",
        ),
        Misconception(
            "keys_in_order",
            weigh(lambda counts, n: n / (len(counts) * counts), keys=lambda classes: range(len(classes))),
            says="The keys are 0, 1, 2, ... where the labels are others.",
            hint="Keras looks weights up by label: use the labels themselves as keys.",
        ),
        Misconception(
            "a_list",
            weigh(lambda counts, n: n / (len(counts) * counts), make=lambda pairs: [weight for _, weight in pairs]),
            says="This is no dictionary; Keras 3 takes nothing else.",
            hint="Put each weight under its label: {label: weight}.",
        ),
    ],
    hints=(
        "np.unique can count. What should the weight of a class be if it has twice as many pictures as another?",
        "weight = constant / count. The constant follows from: the mean weight over all pictures is 1.",
        "With n pictures in k classes, class c weighs n divided by (k times its count); return a dict.",
    ),
)

EXERCISES = [
    stratified_split,
    step_decay,
    time_decay,
    diagnose,
    TrainingMonitor,
    early_stop,
    checkpoint_callbacks,
    save_and_load,
    augment,
    class_weights,
]
