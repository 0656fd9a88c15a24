"""From `quiz.yaml` to `data/quizzes/NN_chapter.json`: check every question, mix its options, seal its answer."""

import hashlib
import json
import re
from pathlib import Path

import yaml

from authoring.references import BuildError
from helpers.checks.library import ROOT
from helpers.quiz import seal

_FIELDS = {
    "choose": {"id", "kind", "question", "options"},
    "shape": {"id", "kind", "question", "answer", "why", "mistakes"},
    "number": {"id", "kind", "question", "answer", "why", "mistakes", "tolerance"},
}
_OPTIONAL = {"mistakes", "tolerance"}


def build_quiz(chapter: str, root: Path = ROOT) -> bool:
    """Write the questions of one chapter unless the file already says the same; whether anything was written."""
    source = root / "solutions" / chapter / "quiz.yaml"
    if not source.exists():
        return False
    questions = load(source)
    _complain_about_calls(root / "solutions" / chapter / f"{chapter}.py", source, questions)
    path = root / "data" / "quizzes" / f"{chapter}.json"
    text = json.dumps(released(chapter, questions), indent=1, ensure_ascii=False) + "\n"
    if path.exists() and path.read_text(encoding="utf-8") == text:
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return True


def load(source: Path) -> list[dict]:
    """The questions of one `quiz.yaml`; a `BuildError` says in one sentence what is wrong with which."""
    try:
        questions = yaml.safe_load(source.read_text(encoding="utf-8")) or []
    except yaml.YAMLError as error:
        where = getattr(error, "problem_mark", None)
        line = f"line {where.line + 1}: " if where else ""
        problem = getattr(error, "problem", None) or "it is not YAML"
        raise BuildError(f"{source}: {line}{problem}; put texts with a colon or a # between quotes.") from None
    if not isinstance(questions, list) or not all(isinstance(q, dict) for q in questions):
        raise BuildError(f"{source}: the file must be a list of questions, each beginning with `- id:`.")
    seen: set[str] = set()
    for number, question in enumerate(questions, start=1):
        problem = _problem(question, seen)
        if problem:
            raise BuildError(f"{source}: question {question.get('id', f'number {number}')!r}: {problem}")
        seen.add(question["id"])
    return questions


def _problem(question: dict, seen: set[str]) -> str | None:
    """What is wrong with one question, or None."""
    kind = question.get("kind")
    if not isinstance(question.get("id"), str):
        return "it needs an id, a text such as decision-line."
    if question["id"] in seen:
        return "another question has the same id."
    if kind not in _FIELDS:
        return f"kind is {kind!r}; it must be choose, shape or number."
    if missing := _FIELDS[kind] - _OPTIONAL - question.keys():
        return f"{', '.join(sorted(missing))} is missing."
    if unknown := question.keys() - _FIELDS[kind]:
        return f"a {kind} question has no field {', '.join(sorted(unknown))}."
    return _problem_with_options(question["options"]) if kind == "choose" else _problem_with_answers(question)


def _problem_with_options(options) -> str | None:
    if not isinstance(options, list) or not 2 <= len(options) <= 8 or not all(isinstance(o, dict) for o in options):
        return "options must be a list of two to eight, each {text: ..., why: ...}."
    for option in options:
        if unknown := option.keys() - {"text", "right", "why"}:
            return f"an option has no field {', '.join(sorted(map(str, unknown)))}."
        if not option.get("text") or not isinstance(option["text"], str):
            return "every option needs a text; put numbers between quotes."
        if not option.get("why") or not isinstance(option["why"], str):
            return f"the option {option['text']!r} needs a why: every option is explained, right or wrong."
    if len({option["text"] for option in options}) != len(options):
        return "two options have the same text."
    right = sum(option.get("right") is True for option in options)
    return None if right == 1 else f"{right} options are marked `right: true`; exactly one must be."


def _problem_with_answers(question: dict) -> str | None:
    mistakes = question.get("mistakes", [])
    well_formed = isinstance(mistakes, list) and all(isinstance(m, dict) for m in mistakes)
    if not well_formed or any(m.keys() != {"answer", "why"} for m in mistakes):
        return "mistakes must be a list of {answer: ..., why: ...}."
    answers = [question["answer"], *(m["answer"] for m in mistakes)]
    wanted = "a list of whole numbers such as [64, 10]" if question["kind"] == "shape" else "a number"
    if not all(_is_shape(a) if question["kind"] == "shape" else _is_number(a) for a in answers):
        return f"every answer must be {wanted}."
    if any(answers.count(a) > 1 for a in answers):
        return "the same answer stands twice."
    whys = [question["why"], *(m["why"] for m in mistakes)]
    return None if all(isinstance(w, str) and w for w in whys) else "every answer needs a why."


def _is_number(answer) -> bool:
    return isinstance(answer, int | float) and not isinstance(answer, bool)


def _is_shape(answer) -> bool:
    return isinstance(answer, list) and all(isinstance(n, int) and not isinstance(n, bool) for n in answer)


def _complain_about_calls(text: Path, source: Path, questions: list[dict]) -> None:
    """Every question must be asked in the chapter's text, and every `quiz("...")` there must exist."""
    asked = re.findall(r"""^\s*quiz\(["']([^"'/]+)["']\)""", text.read_text(encoding="utf-8"), re.MULTILINE)
    known = [question["id"] for question in questions]
    for name in asked:
        if name not in known:
            raise BuildError(f"{text}: quiz({name!r}) is asked, but {source.name} has no such question.")
    for name in known:
        if name not in asked:
            raise BuildError(f"{source}: question {name!r} is never asked; put quiz({name!r}) into a cell of the text.")


def released(chapter: str, questions: list[dict]) -> dict:
    """What a chapter's file in `data/quizzes/` holds."""
    return {"chapter": chapter, "questions": [_sealed(chapter, q) for q in questions]}


def _sealed(chapter: str, question: dict) -> dict:
    """The question as the release has it: what is asked in plain text, the rest sealed."""
    options = sorted(question.get("options", []), key=lambda o: hashlib.sha256(o["text"].encode()).digest())
    if question["kind"] == "choose":
        solution = {"right": [o.get("right") is True for o in options].index(True), "whys": [o["why"] for o in options]}
    else:
        solution = {name: question[name] for name in ("answer", "why")}
        solution |= {"mistakes": question.get("mistakes", []), "tolerance": _tolerance(question)}
    return {
        "id": question["id"],
        "kind": question["kind"],
        "question": question["question"],
        "options": [option["text"] for option in options],
        "sealed": seal(solution, f"{chapter}/{question['id']}"),
    }


def _tolerance(question: dict) -> float:
    """How far a number may be off: as declared, else nothing for a whole number and 1 % for any other."""
    if question["kind"] == "shape":
        return 0.0
    return question.get("tolerance", 0.0 if isinstance(question["answer"], int) else 0.01 * abs(question["answer"]))
