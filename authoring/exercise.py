"""How an author declares an exercise: everything in one place, in `solutions/NN_chapter/exercises.py`.

The build asks the oracle for the expected outputs and every misconception for its wrong ones, and writes both as data;
none of this code reaches a student. docs/authoring.md walks through one.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from helpers.checks.codec import Function, Rng
from helpers.checks.library import Output

__all__ = ["Case", "Exercise", "Function", "Misconception", "Output", "Rng", "no_calls", "no_loops"]

LAYOUTS = ("C", "F", "readonly", "strided")


@dataclass(frozen=True)
class Case:
    """One question. `inputs` go to the probe in this order.

    `expected` replaces the oracle: outputs by name, a plain value or `{"low": a, "high": b}` for a range. `raises`
    names the exception that is the right answer. `layout` is how the arrays lie in memory; "" lets the build rotate.
    """

    name: str
    inputs: Mapping[str, object]
    probe: str = ""
    layout: str = ""
    weight: float = 1.0
    expected: Mapping[str, object] | None = None
    raises: str | None = None


@dataclass(frozen=True)
class Misconception:
    """A wrong answer that learners really give: as code in the student's shape, with what to say about it.

    `says` names the mistake in a sentence; `hint` says what to try. Neither gives the solution away.
    """

    key: str
    wrong: object  # a function or class (or tuple of them) as a student would write it
    says: str
    hint: str


@dataclass(frozen=True)
class Exercise:
    """One exercise. See docs/authoring.md for every field.

    `oracle(**inputs)` returns the expected outputs: one value, a tuple in the order of `outputs`, or a dict by name. It
    is independent of the author's solution: TensorFlow, SciPy, OpenCV, scikit-learn, or a number worked out by hand.
    Where the exercise has probes of its own, `oracle` may be a dict with one function per probe.

    `draw(rng)` returns the inputs of one random case (a mapping), or a whole `Case`; several functions take turns. They
    are called `draws[0]` times with a public seed and `draws[1]` times with the course's secret one. `hidden_cases` are
    asked only when work is graded.
    """

    id: str
    title: str
    cases: Sequence[Case]
    oracle: Callable | Mapping[str, Callable] | None = None
    draw: Callable | Sequence[Callable] = ()
    draws: tuple[int, int] = (3, 5)
    hidden_cases: Sequence[Case] = ()
    misconceptions: Sequence[Misconception] = ()
    hints: tuple[str, str, str] = ("", "", "")
    points: tuple[float, float] = (1, 1)
    minutes: int = 5
    names: tuple[str, ...] = ()
    probe: str = "call"
    outputs: Mapping[str, Output] = field(default_factory=lambda: {"result": Output()})
    rules: Sequence[dict] = ()
    rtol: float = 1e-7
    seconds: float = 5.0
    silent: bool = False


def no_loops() -> dict:
    """Source rule: no Python loop, comprehension, or np.vectorize in the student's function."""
    return {"rule": "no_loops"}


def no_calls(*names: str) -> dict:
    """Source rule: may not use these modules or functions, such as "scipy" or "np.convolve"."""
    return {"rule": "no_calls", "names": list(names)}
