"""What the rows of a chapter come to, as a table for the instructor, as CSV and as JSON."""

import csv
import json
import os
import statistics
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

from grading.driver import Tally, Told
from helpers.checks.errors import CourseError

NAMED = 10  # students that are named for each state worth looking at
# States that say more about the hand-in, or about the machine, than about what was learned.
STARTLING = ("tampered", "killed", "memory", "timeout", "lost", "not readable")
_HEAD = ("student", "chapter", "score", "max_score")


@dataclass
class Summary:
    """Built from the rows one by one; keeps a number per student and a few names."""

    scores: list[float] = field(default_factory=list)
    max_score: float = 0.0
    states: dict[str, Counter] = field(default_factory=dict)  # by exercise
    points: dict[str, list[float]] = field(default_factory=dict)  # by exercise: sum of scores, points
    startling: dict[str, dict[str, None]] = field(default_factory=dict)  # state -> students
    startling_count: Counter = field(default_factory=Counter)

    def add(self, row: dict) -> None:
        """Count one student's row."""
        self.scores.append(row["score"])
        self.max_score = max(self.max_score, row["max_score"])
        for exercise in row["exercises"]:
            name = exercise_name(exercise)
            self.states.setdefault(name, Counter())[exercise["state"]] += 1
            total = self.points.setdefault(name, [0.0, 0.0])
            total[0] += exercise["score"]
            total[1] = max(total[1], exercise["max_score"])
        for state in {exercise["state"] for exercise in row["exercises"]} & set(STARTLING):
            self.startling_count[state] += 1
            named = self.startling.setdefault(state, {})
            if len(named) < NAMED:
                named[row["student"]] = None

    def lines(self) -> Iterator[str]:
        """The table: exercises with their mean and how many ended how, then the class, then who to look at."""
        width = max(map(len, self.states), default=8)
        for name, states in self.states.items():
            total, points = self.points[name]
            counts = ", ".join(f"{count} {state}" for state, count in states.most_common())
            yield f"  {name:{width}}  {total / len(self.scores):6.2f} of {points:g}  {counts}"
        if self.scores:
            mean, median = statistics.fmean(self.scores), statistics.median(self.scores)
            yield f"{len(self.scores)} students: mean {mean:.2f}, median {median:.2f} of {self.max_score:g}"
        for state in STARTLING:
            if state in self.startling:
                yield f"  {state}: {_listed(list(self.startling[state]), self.startling_count[state])}"


def after_grading(tally: Tally, summary: Summary) -> Iterator[str]:
    """What `course grade` says at its end."""
    yield from summary.lines()
    yield f"{tally.graded} graded, {tally.unchanged} unchanged since they were graded last."
    yield from told("Odd hand-ins", tally.notes)
    yield from told("Not done", tally.problems)


def told(heading: str, sentences: Told) -> Iterator[str]:
    """Sentences below a heading that counts them; nothing where there are none."""
    if sentences.count:
        yield f"{heading} ({sentences.count}):"
        yield from (f"  {sentence}" for sentence in sentences.first)
    if sentences.count > len(sentences.first):
        yield f"  ... and {sentences.count - len(sentences.first)} more"


def score_lines(rows: Iterable[dict]) -> Iterator[str]:
    """A line for every student."""
    for row in rows:
        yield f"{row['student']:24}  {row['score']:7.2f} of {row['max_score']:g}"


def exercise_name(exercise: dict) -> str:
    """An exercise's id, with its notebook where a chapter has several."""
    return f"{exercise['notebook']}/{exercise['id']}" if "notebook" in exercise else exercise["id"]


def write_json(rows: Iterable[dict], path: Path) -> None:
    """The rows as a JSON array in the file `path`, which appears whole or not at all. Raises CourseError."""
    part = path.with_name(f".{path.name}.part")
    try:
        with part.open("w", encoding="utf-8") as file:
            file.writelines(json_pieces(rows))
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError as error:
        with suppress(OSError):
            part.unlink()
        raise CourseError(f"{path} was not written ({error.strerror}): name another file with --json.") from None


def json_pieces(rows: Iterable[dict]) -> Iterator[str]:
    """A JSON array, one row a line."""
    separator = "["
    for row in rows:
        yield f"{separator}\n{json.dumps(row)}"
        separator = ","
    yield "[]\n" if separator == "[" else "\n]\n"


def write_csv(rows: Iterable[dict], file: TextIO) -> None:
    """The rows as CSV: a column with the points of every exercise of the first row."""
    writer = None
    for row in rows:
        points = {exercise_name(exercise): exercise["score"] for exercise in row["exercises"]}
        if writer is None:
            writer = csv.DictWriter(file, [*_HEAD, *points], restval="", extrasaction="ignore", lineterminator="\n")
            writer.writeheader()
        writer.writerow({name: row[name] for name in _HEAD} | points)


def _listed(names: list[str], count: int) -> str:
    return ", ".join(names) + (f" and {count - len(names)} more" if count > len(names) else "")
