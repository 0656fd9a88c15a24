"""Questions between the exercises: `quiz("decision-line")` shows one, and explains every option once it is answered.

The questions lie in `data/quizzes/NN_chapter.json`, written by `make build`. Answers and explanations are sealed there:
nobody reads them by accident, but this is obfuscation, not secrecy; the key is in this file.
"""

import base64
import difflib
import hashlib
import json
import os
import re
import sys
import zlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from helpers.checks.errors import CourseError
from helpers.checks.library import ROOT

RIGHT, WRONG = "✓", "✗"
LETTERS = "abcdefgh"
_SHAPE = re.compile(r"[(\[]?\s*(\d+(?:\s*[,x×]\s*\d+)*)?\s*,?\s*[)\]]?")
_NUMBER = re.compile(r"([-+−]?)((?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?)\s*(%?)", re.IGNORECASE)


class UnknownQuestion(CourseError):
    """No question has that id, or its file is absent or unreadable."""


@dataclass(frozen=True)
class Question:
    """One question. `kind` is "choose" (one option is right), "shape" or "number" (the answer is typed)."""

    chapter: str
    id: str
    kind: str
    question: str
    options: tuple[str, ...]
    sealed: str

    @property
    def full_id(self) -> str:
        return f"{self.chapter}/{self.id}"

    def solution(self) -> dict:
        """The sealed part: `{"right": index, "whys": [...]}`, or `{"answer", "why", "mistakes", "tolerance"}`."""
        return unseal(self.sealed, self.full_id)


@dataclass(frozen=True)
class Verdict:
    """What an answer is worth. `right` is None where it could not be read; `lines` are (mark, what, why)."""

    right: bool | None
    headline: str
    lines: tuple[tuple[str, str, str], ...] = ()

    def text(self) -> str:
        rows = [f"{mark} {what} {why}".strip() for mark, what, why in self.lines]
        return "\n".join([self.headline, *rows])


def quiz(question_id: str, answer=None) -> None:
    """Show one question of this chapter (`"02_neuron/decision-line"` names another chapter's).

    In a notebook it can be answered with mouse or keyboard. Everywhere else, `quiz("decision-line", "b")` answers it.
    """
    question = find(question_id, sys._getframe(1).f_globals.get("CHAPTER"))
    if answer is not None:
        print(judge(question, answer).text())
    elif os.environ.get("NBGRADER_EXECUTION") or not _shown_as_widget(question):
        print(plain_text(question))


def _shown_as_widget(question: Question) -> bool:
    try:
        from IPython import get_ipython

        from helpers.quiz_widget import show
    except ImportError:
        return False
    if get_ipython() is None or not hasattr(get_ipython(), "kernel"):
        return False
    show(question)
    return True


def plain_text(question: Question) -> str:
    """The question for a terminal or a printout."""
    rows = [
        question.question,
        *(f"  {letter}) {text}" for letter, text in zip(LETTERS, question.options, strict=False)),
    ]
    example = {"choose": '"b"', "shape": "(2, 3)", "number": "0.5"}[question.kind]
    return "\n".join([*rows, f'Answer with, for example, quiz("{question.id}", {example}).'])


def judge(question: Question, answer) -> Verdict:
    """Whether `answer` is right, and why each possible answer is or is not.

    For "choose" it is the option's letter or number from 0; for "shape" a tuple or text; for "number" a number or text.
    """
    return _judge_choice(question, answer) if question.kind == "choose" else _judge_typed(question, answer)


def _judge_choice(question: Question, answer) -> Verdict:
    chosen = LETTERS.find(answer.strip().lower()) if isinstance(answer, str) and len(answer.strip()) == 1 else answer
    if isinstance(chosen, bool) or not isinstance(chosen, int) or not 0 <= chosen < len(question.options):
        letters = ", ".join(LETTERS[: len(question.options)])
        return Verdict(None, f"Choose one of the options {letters}.")
    solution = question.solution()
    right = solution["right"]
    lines = []
    for index, (option, why) in enumerate(zip(question.options, solution["whys"], strict=True)):
        yours = " (your answer)" if index == chosen else ""
        lines.append((RIGHT if index == right else WRONG, f"{option}{yours}", why))
    return Verdict(chosen == right, "Right." if chosen == right else "Not that one.", tuple(lines))


def _judge_typed(question: Question, answer) -> Verdict:
    solution = question.solution()
    read = _read_shape if question.kind == "shape" else _read_number
    given = read(answer)
    if given is None:
        example = "a shape such as (64, 10); a vector is (10,)" if question.kind == "shape" else "a number such as 0.25"
        return Verdict(None, f"Please write {example}.")
    if _agrees(given, solution["answer"], solution["tolerance"]):
        return Verdict(True, "Right.", ((RIGHT, _written(given), solution["why"]),))
    for mistake in solution["mistakes"]:
        if _agrees(given, mistake["answer"], solution["tolerance"]):
            return Verdict(False, "Not that one.", ((WRONG, _written(given), mistake["why"]),))
    return Verdict(False, f"{_written(given)} is not right. Try again, or look at the answer.")


def revealed(question: Question) -> Verdict:
    """The answer and every explanation, for a learner who asks for them after a try."""
    solution = question.solution()
    if question.kind == "choose":
        return judge(question, solution["right"])
    lines = [(RIGHT, _written(solution["answer"]), solution["why"])]
    lines += [(WRONG, _written(mistake["answer"]), mistake["why"]) for mistake in solution["mistakes"]]
    return Verdict(True, "The answer:", tuple(lines))


def _agrees(given, answer, tolerance: float) -> bool:
    if isinstance(answer, list):
        return list(given) == answer
    return abs(given - answer) <= tolerance


def _read_shape(answer) -> tuple[int, ...] | None:
    """`(64, 10)`, `64, 10`, `[64, 10]` or `64x10` as a tuple; None where it is no shape."""
    if isinstance(answer, tuple | list) and all(isinstance(n, int) for n in answer):
        return tuple(answer)
    match = _SHAPE.fullmatch(str(answer).strip()) if isinstance(answer, str | int) and str(answer).strip() else None
    return tuple(int(n) for n in re.findall(r"\d+", match[1] or "")) if match else None


def _read_number(answer) -> float | None:
    """A number as people type it: `0.5`, `0,5`, `1 256 080`, `1,256,080`, `12 %`; None where it is none."""
    if isinstance(answer, int | float) and not isinstance(answer, bool):
        return float(answer)
    if not isinstance(answer, str):
        return None
    text = re.sub(r"(?<=\d)[ _'](?=\d{3})", "", answer.strip())
    if re.fullmatch(r"[-+−]?[1-9]\d{0,2}(,\d{3})+(\.\d+)?", text):
        text = text.replace(",", "")
    match = _NUMBER.fullmatch(text.replace(",", ".", 1))
    if not match:
        return None
    sign = -1.0 if match[1] in ("-", "−") else 1.0
    return sign * float(match[2]) / (100 if match[3] else 1)


def _written(answer) -> str:
    if isinstance(answer, list | tuple):
        return str(tuple(answer))
    return f"{answer:,.0f}" if float(answer).is_integer() and abs(answer) < 1e15 else f"{answer:.6g}"


def find(question_id: str, chapter=None) -> Question:
    """The question of that id: `"02_neuron/decision-line"`, or the bare id in a notebook that sets `CHAPTER`."""
    if not isinstance(question_id, str):
        raise UnknownQuestion(f"A question's id is a text such as 'decision-line'; this is {question_id!r:.80}.")
    home, _, name = question_id.rpartition("/")
    home = home or chapter
    if not isinstance(home, str):
        raise UnknownQuestion(f"Say which chapter {name!r} belongs to, as in quiz('02_neuron/{name}').")
    questions = read(ROOT / "data" / "quizzes" / f"{home}.json")
    if name not in questions:
        near = difflib.get_close_matches(name, questions, n=1)
        known = f"did you mean {near[0]!r}?" if near else f"it has {', '.join(questions)}."
        raise UnknownQuestion(f"Chapter {home} has no question {name!r}; {known}")
    return questions[name]


@lru_cache(maxsize=32)
def read(path: Path) -> dict[str, Question]:
    """Every question in one file, by id."""
    try:
        tree = json.loads(path.read_text(encoding="utf-8"))
        questions = [
            Question(tree["chapter"], q["id"], q["kind"], q["question"], tuple(q["options"]), q["sealed"])
            for q in tree["questions"]
        ]
    except FileNotFoundError:
        raise UnknownQuestion(
            f"The questions of chapter {path.stem} are missing ({path}): unpack the course again, or run `make build`."
        ) from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UnknownQuestion(
            f"The file {path} cannot be read ({error}): unpack the course again, or run `make build`."
        ) from None
    return {question.id: question for question in questions}


def seal(tree: dict, key: str) -> str:
    """`tree` as text that cannot be read at a glance."""
    return base64.b64encode(_masked(zlib.compress(json.dumps(tree, ensure_ascii=False).encode()), key)).decode()


def unseal(text: str, key: str) -> dict:
    """Undo `seal`."""
    return json.loads(zlib.decompress(_masked(base64.b64decode(text), key)))


def _masked(data: bytes, key: str) -> bytes:
    """Exclusive-or with a stream of bytes that follows from `key`; masking twice gives the data back."""
    return bytes(a ^ b for a, b in zip(data, hashlib.shake_256(key.encode()).digest(len(data)), strict=True))
