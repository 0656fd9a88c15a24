"""Testing the tests: right answers must pass, wrong ones must fail, known mistakes must be called by their name.

    python -m tests.exercises.mutation [ID ...]

prints one line per exercise and exits with 1 unless all right answers pass, all wrong ones are caught, and 90 % of the
known mistakes are named. ID is a chapter or an exercise, such as 02_neuron or 02_neuron/step.
"""

import os

os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")

import sys
from dataclasses import dataclass, field, replace

from helpers.checks.ask import ask
from helpers.checks.engine import conclude
from helpers.checks.report import Report
from tests.exercises.bank import Entry, entries
from tests.exercises.disguises import disguises
from tests.exercises.mutants import Mutant, mutants, truly_right
from tests.exercises.wrap import Site

NAMED = 0.9  # share of the known mistakes that must be called by their name


@dataclass
class Score:
    """What came of one exercise: counts, and a sentence for everything that is not as it should be."""

    id: str
    right: int = 0
    right_passed: int = 0
    wrong: int = 0
    wrong_caught: int = 0
    equivalent: int = 0
    known: int = 0
    known_named: int = 0
    complaints: list[str] = field(default_factory=list)

    @property
    def perfect(self) -> bool:
        return self.right == self.right_passed and self.wrong == self.wrong_caught

    def row(self) -> str:
        counts = [(self.right_passed, self.right), (self.wrong_caught, self.wrong), (self.known_named, self.known)]
        return f"{self.id:<44}" + "".join(f"{a:>7} / {b:<4}" for a, b in counts) + f"{self.equivalent:>8}"


def score(entry: Entry) -> Score:
    """Put every right and every wrong answer to one exercise."""
    result = Score(entry.id)
    _score_right(entry, result)
    score_known(entry, result)
    _score_generic(entry, result)
    for name, student in entry.mutants.items():
        _count(result, f"mutant {name!r}", _failure(entry, student, rules=True) is not None)
    return result


def _score_right(entry: Entry, result: Score) -> None:
    answers = [("the author's answer", entry.author, True)]
    answers += [(f"variant {name!r}", student, True) for name, student in entry.variants.items()]
    answers += [(f"disguise {name!r}", student, False) for name, student in disguises(entry)]
    for name, student, rules in answers:
        result.right += 1
        failure = _failure(entry, student, rules)
        if failure is None:
            result.right_passed += 1
        else:
            result.complaints.append(f"{name} does not pass: {failure.state}: {failure.message}")


def score_known(entry: Entry, result: Score) -> None:
    """Put the known mistakes of one exercise."""
    for mistake in entry.declared.misconceptions:
        report = entry.judge(mistake.wrong, rules=False)
        _count(result, f"misconception {mistake.key!r}", not report.passed)
        result.known += 1
        if report.misconception == mistake.key:
            result.known_named += 1
        else:
            result.complaints.append(f"misconception {mistake.key!r} is called {report.misconception!r}")


def _score_generic(entry: Entry, result: Score) -> None:
    seen: dict[Site, bool] = {}
    for mutant in mutants(entry):
        fate = _fate_of_change(entry, mutant.student) if mutant.kind == "change" else _fate(entry, mutant)
        if fate == "equivalent":
            result.equivalent += 1
        else:
            _count(result, f"mutant {mutant.name!r}", fate == "caught")
        if mutant.kind == "change":
            seen[mutant.site] = seen.get(mutant.site, False) or fate == "caught"
    function = len(entry.public.names) == 1 and not isinstance(entry.author, type)
    for site in (s for s, noticed in seen.items() if function and not noticed and len(s.path) < 2):
        _count(result, f"no case looks at {site}: a change there", False)


def _fate(entry: Entry, mutant: Mutant) -> str:
    """What becomes of a wrong answer: "caught", "survives", or "equivalent" where all that it gives is right."""
    right = mutant.kind != "tampering"
    for exercise, hidden in ((entry.public, False), (entry.hidden, True)):
        report = entry.judge(mutant.student, hidden, rules=False)
        if not report.passed:
            return "caught"
        right = right and all(truly_right(exercise, result.case, result.outputs) for result in report.cases)
    return "equivalent" if right else "survives"


def _fate_of_change(entry: Entry, student) -> str:
    """The same for an answer that is wrong in every call alike: the first case that notices is enough."""
    right = True
    for exercise, hidden in ((entry.public, False), (entry.hidden, True)):
        for case in exercise.cases:
            answer = ask(exercise, case, student)
            if not conclude(replace(exercise, cases=(case,)), [answer], hidden).passed:
                return "caught"
            right = right and truly_right(exercise, case, answer.outputs)
    return "equivalent" if right else "survives"


def _count(result: Score, name: str, caught: bool) -> None:
    result.wrong += 1
    result.wrong_caught += caught
    if not caught:
        result.complaints.append(f"{name} passes")


def _failure(entry: Entry, student, rules: bool) -> Report | None:
    """The report on the first half, public or hidden, that is not passed."""
    for hidden in (False, True):
        report = entry.judge(student, hidden, rules)
        if not report.passed:
            return report
    return None


def chosen(names: list[str]) -> list[Entry]:
    """The exercises of the named chapters, or of those ids; all of them if none is named."""
    found = [e for e in entries() if not names or e.id in names or e.public.chapter in names]
    if not found:
        sys.exit(f"There is no exercise or chapter {', '.join(names)}; name one such as 02_neuron or 02_neuron/step.")
    return found


def main(names: list[str]) -> int:
    """Print the table; the exit code."""
    print(f"{'exercise':<44}{'right passed':>13}{'wrong caught':>13}{'named':>10}{'  equivalent':>12}")
    scores = []
    for entry in chosen(names):
        scores.append(score(entry))
        print(scores[-1].row(), *(f"    {c}" for c in scores[-1].complaints), sep="\n", flush=True)
    total = Score("total", *(sum(getattr(s, n) for s in scores) for n in list(Score.__dataclass_fields__)[1:-1]))
    print(total.row())
    return 0 if total.perfect and total.known_named >= NAMED * total.known else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
