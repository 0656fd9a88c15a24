"""Looking at a student's code, and putting cases to it: what comes back is plain data without a verdict."""

import numpy as np

from helpers.checks import pristine, probes
from helpers.checks.answers import Answer, Look, Opaque, Trouble, described, freeze
from helpers.checks.codec import materialise
from helpers.checks.guard import frame_name, run, student_frame
from helpers.checks.library import Case, Exercise
from helpers.checks.rules import broken_rule

_HEADLINE_SECONDS = 1.0  # an exception's text may be computed by the student's code too


def look(exercise: Exercise, student) -> Look:
    """What `student` is made of, before any of it is called; what the notebook had overwritten is put back first."""
    replaced = tuple(pristine.put_back())
    parts = student if type(student) is tuple else (student,)
    kinds = tuple("" if callable(part) else described(type(part)) for part in parts)
    broken = None if any(kinds) else next(filter(None, (broken_rule(part, exercise.rules) for part in parts)), None)
    return Look(kinds, broken, replaced)


def ask(exercise: Exercise, case: Case, student) -> Answer:
    """Run the case's probe on private copies of its inputs; the probe "call" calls a function with them in order."""
    inputs = {name: _lay_out(materialise(value), case.layout) for name, value in case.inputs.items()}
    if case.probe == "call":
        outcome = run(lambda: student(*inputs.values()), exercise.seconds)
        failed = outcome.error is not None
        outputs, finding = ({}, None) if failed else _named(list(exercise.outputs), freeze(outcome.value))
    else:
        probe = probes.get(case.probe)
        outcome, finding = run(lambda: probe(student, **inputs), exercise.seconds), None
        outputs = {name: freeze(value) for name, value in (outcome.value or {}).items()}
    return Answer(
        outputs=outputs,
        trouble=_trouble(outcome.error) if outcome.error is not None else finding,
        printed=outcome.printed,
        warned=outcome.warned,
        replaced=outcome.replaced,
        seeded=outcome.seeded,
        modified=[name for name, value in case.inputs.items() if not _unchanged(inputs[name], materialise(value))],
    )


def _named(names: list[str], result) -> tuple[dict, Trouble | None]:
    """A function's result or results by name, or what is wrong with their number."""
    if len(names) == 1:
        return {names[0]: result}, None
    if not isinstance(result, tuple | list) or len(result) != len(names):
        message = f"it returned {_described(result)}; {len(names)} are expected: {', '.join(names)}."
        return {}, Trouble(("Finding",), message, "", finding=("type", message))
    return dict(zip(names, result, strict=True)), None


def _described(results) -> str:
    if isinstance(results, tuple | list):
        return f"{len(results)} values"
    kind = results.kind if isinstance(results, Opaque) else type(results).__name__
    return {"NoneType": "None", "ndarray": "one array"}.get(kind, f"one {kind}")


def _lay_out(value, layout: str):
    """The same numbers, laid out in memory in another way that is just as legal."""
    if isinstance(value, list):
        return [_lay_out(item, layout) for item in value]
    if not isinstance(value, np.ndarray) or value.ndim == 0:
        return value
    if layout == "F":
        return np.asfortranarray(value)
    if layout == "strided":
        roomy = np.zeros(tuple(2 * n for n in value.shape), value.dtype)
        view = roomy[tuple(slice(None, None, 2) for _ in value.shape)]
        view[...] = value
        return view
    if layout == "readonly":
        value.flags.writeable = False
    return value


def _unchanged(now, before) -> bool:
    """Whether an input is as it was. The containers were made here; only what lies in them may be a student's."""
    if isinstance(before, np.ndarray):
        if type(now) is not np.ndarray or now.shape != before.shape or now.dtype != before.dtype:
            return False
        return bool(((now == before) | ((now != now) & (before != before))).all())
    if isinstance(before, list):
        return type(now) is list and len(now) == len(before) and all(map(_unchanged, now, before))
    if isinstance(before, dict):
        same_keys = type(now) is dict and [*map(id, now)] == [*map(id, before)]
        return same_keys and all(map(_unchanged, now.values(), before.values()))
    plain = isinstance(before, bool | int | float | str)
    return not plain or (type(now) is type(before) and (now == before or now != now))


def _trouble(error: BaseException) -> Trouble:
    """An exception as data."""
    kinds = tuple(type.__dict__["__name__"].__get__(kind) for kind in type(error).__mro__)
    frame = student_frame(error.__traceback__)
    place = "" if frame is None else f"in {frame[0]}, line {frame[1]}{f' (`{frame[2]}`)' if frame[2] else ''}: "
    finding = (error.state, error.message) if type(error) is probes.Finding else None
    headline = run(lambda: _headline(error), _HEADLINE_SECONDS).value or kinds[0]
    unwritten = frame[0] if issubclass(type(error), NotImplementedError) and _innermost(error, frame) else ""
    return Trouble(kinds, headline, place, unwritten, finding)


def _headline(error: BaseException) -> str:
    name, text = type.__dict__["__name__"].__get__(type(error)), " ".join(freeze(str(error)).split())[:300]
    return f"{name}: {text}" if text else name


def _innermost(error: BaseException, frame) -> bool:
    """Whether the student's own line raised the error, and not a library that it called."""
    trace = error.__traceback__
    while trace.tb_next is not None:
        trace = trace.tb_next
    return frame is not None and (frame_name(trace), trace.tb_lineno) == frame[:2]
