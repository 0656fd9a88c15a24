"""What the training monitor knows: the numbers of every epoch, which was best, how long it still takes."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

from helpers.checks.guard import TooSlow, run, student_frame
from helpers.widgets.student import name_of

SECONDS = 60.0  # for one epoch
MOST_NAMES = 6
EPOCHS = range(1, 1001)


@dataclass
class History:
    """Numbers by name, one list each, all of the same length; and the seconds that epochs took."""

    values: dict[str, list[float]] = field(default_factory=dict)
    seconds: list[float] = field(default_factory=list)

    @property
    def epochs(self) -> int:
        return len(next(iter(self.values.values()), []))

    def add(self, numbers: Mapping[str, float], seconds: float) -> str:
        """Add an epoch's numbers; a sentence where its names are not those of the epochs before, and nothing else."""
        if self.values and set(numbers) != set(self.values):
            return f"The epoch gave {', '.join(numbers)}; the epochs before gave {', '.join(self.values)}."
        for name, value in numbers.items():
            self.values.setdefault(name, []).append(float(value))
        self.seconds.append(seconds)
        return ""

    def best(self) -> tuple[str, int] | None:
        """The number that an epoch is judged by, and the best epoch, counted from 0; None where there is none.

        Validation counts before training, a loss before an accuracy. The first of equals is best.
        """
        for wanted in (_validation_loss, _validation, _loss):
            name = next((n for n in self.values if wanted(n)), None)
            if name is not None and np.isfinite(self.values[name]).any():
                values = np.array(self.values[name])
                low = is_loss(name)
                values = np.where(np.isfinite(values), values, np.inf if low else -np.inf)
                return name, int(values.argmin() if low else values.argmax())
        return None


def is_loss(name: str) -> bool:
    """Whether small values of that name are good."""
    return any(word in name.lower() for word in ("loss", "error", "entropy"))


def _validation(name: str) -> bool:
    return "val" in name.lower() or "test" in name.lower()


def _validation_loss(name: str) -> bool:
    return _validation(name) and is_loss(name)


_loss = is_loss


def history_of(values: Mapping[str, list[float]] | None) -> History:
    """A history to start with. Raises ValueError where the lists do not fit each other."""
    try:
        lists = {str(name): [float(v) for v in numbers] for name, numbers in (values or {}).items()}
    except (AttributeError, TypeError, ValueError):
        lists = {"": []}
    if any(not name for name in lists) or len({len(numbers) for numbers in lists.values()}) > 1:
        raise ValueError("history must hold lists of numbers by name, all of one length: {'loss': [2.3, 1.9, 1.2]}.")
    return History(lists)


def one_epoch(epoch: Callable, *inputs: float) -> tuple[dict[str, float], str]:
    """The numbers that a learner's function gives for one epoch, or the sentence that says why there are none."""
    name = name_of(epoch)
    outcome = run(lambda: epoch(*inputs), SECONDS)
    if isinstance(outcome.error, TooSlow):
        return {}, f"{name} was stopped after {SECONDS:g} s: take fewer pictures or steps for one epoch."
    if isinstance(outcome.error, NotImplementedError):
        return {}, f"{name} is not written yet."
    if outcome.error is not None:
        frame = student_frame(outcome.error.__traceback__)
        where = f", line {frame[1]}" if frame else ""
        return {}, f"{name}{where} raised {type(outcome.error).__name__}: {str(outcome.error)[:200]}"
    return _numbers(outcome.value, name)


def _numbers(value: object, name: str) -> tuple[dict[str, float], str]:
    """A dict of numbers by name; of a list, its last."""
    wanted = f"{name} must return numbers by name, such as {{'loss': 0.31, 'validation accuracy': 0.9}}"
    if not isinstance(value, Mapping) or not 0 < len(value) <= MOST_NAMES:
        return {}, f"{wanted}; it returned a {type(value).__name__}."
    numbers = {}
    for key, number in value.items():
        last = np.asarray(number).ravel()[-1:]
        if not isinstance(key, str) or not key.strip() or last.size == 0 or last.dtype.kind not in "iufb":
            return {}, f"{wanted}; what it returned as {str(key)[:40]!r} is no number."
        numbers[key] = float(last[0])
    return numbers, ""


def remaining(history: History, epochs: int) -> str:
    """How far it is and how long the rest takes, in words."""
    done = history.epochs
    if not history.seconds or done >= epochs:
        return f"Epoch {done} of {max(done, epochs)}."
    each = float(np.mean(history.seconds[-5:]))
    return f"Epoch {done} of {epochs}, {each:.2g} s each; about {_duration(each * (epochs - done))} left."


def _duration(seconds: float) -> str:
    return f"{seconds:.2g} s are" if seconds < 100 else f"{seconds / 60:.0f} min are"


def describe(history: History, epochs: int, chosen: int) -> list[str]:
    """The curves in words: the chosen epoch (1 is the first), the best, and what they tell."""
    lines = [remaining(history, epochs)]
    if not history.epochs:
        return lines
    at = min(max(chosen, 1), history.epochs) - 1
    lines.append(f"After epoch {at + 1}: " + ", ".join(f"{n} {v[at]:.4g}" for n, v in history.values.items()) + ".")
    best = history.best()
    if best is not None:
        name, index = best
        lines.append(f"Best {name} so far: {history.values[name][index]:.4g}, after epoch {index + 1}.")
        if _validation(name) and history.epochs - 1 - index >= 5:
            lines.append(f"It has not become better for {history.epochs - 1 - index} epochs.")
    return lines


def trouble(history: History) -> str:
    """A sentence where the training has gone wrong, or ""."""
    for name, values in history.values.items():
        bad = np.flatnonzero(~np.isfinite(values))
        if bad.size:
            return (
                f"{name} is {values[bad[0]]} from epoch {bad[0] + 1} on: the weights have run away. A smaller learning "
                "rate helps, from the start."
            )
        if is_loss(name) and len(values) >= 2 and values[-1] > 4 * abs(values[0]):
            return f"{name} has grown to {values[-1]:.3g}, more than four times its start: the steps are too large."
    return ""
