"""What the class earned, out of nbgrader's gradebook: as a table and as a picture."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from nbgrader.api import Gradebook

from helpers import plots
from helpers.checks.library import public_path, read_chapter


@dataclass(frozen=True)
class Row:
    """One student's points in one chapter; `points` by exercise, None where nbgrader gave none."""

    chapter: str
    student: str
    points: dict[str, float | None]

    @property
    def total(self) -> float:
        return sum(p or 0.0 for p in self.points.values())


def max_points(chapter: str) -> dict[str, float]:
    """Points to be had, by exercise."""
    return {name: sum(e.points) for name, e in read_chapter(public_path(chapter)).items()}


def read(out: Path, chapters: list[str]) -> list[Row]:
    """Every grade in the gradebook at `out`, public and hidden checks added up per exercise."""
    with Gradebook(f"sqlite:///{out}/gradebook.db") as gradebook:
        return [
            Row(chapter, submission.student.id, _by_exercise(chapter, submission))
            for chapter in chapters
            for submission in sorted(gradebook.assignment_submissions(chapter), key=lambda s: s.student.id)
        ]


def _by_exercise(chapter: str, submission) -> dict[str, float | None]:
    grades = {g.name: g.auto_score for notebook in submission.notebooks for g in notebook.grades}
    pairs = {name: (grades.get(f"check-{name}"), grades.get(f"hidden-{name}")) for name in max_points(chapter)}
    return {name: None if None in pair else round(sum(pair), 4) for name, pair in pairs.items()}


def table(rows: list[Row], chapter: str) -> str:
    """One line per student: the total, and the points per exercise."""
    most = max_points(chapter)
    lines = [f"{chapter}: {sum(most.values()):g} points", ""]
    lines += [f"  {number:>2}  {name} ({points:g})" for number, (name, points) in enumerate(most.items(), start=1)]
    lines += ["", f"{'student':<44}{'total':>7}  " + "".join(f"{i:>6}" for i in range(1, len(most) + 1))]
    for row in rows:
        points = "".join(f"{'-' if p is None else format(p, '.4g'):>6}" for p in row.points.values())
        lines.append(f"{row.student[:43]:<44}{row.total:>7.4g}  {points}")
    return "\n".join(lines)


def picture(rows: list[Row], chapter: str, path: Path) -> None:
    """The class at a glance: how many earned how much, and who got which share of which exercise."""
    most = max_points(chapter)
    shares = np.array([[(row.points[name] or 0.0) / most[name] for name in most] for row in rows])
    fig, axes = plots.figure(1, 2, width=12, height=1.5 + 0.28 * len(rows), width_ratios=[1, 2.2])
    totals = [100 * row.total / sum(most.values()) for row in rows]
    axes[0, 0].hist(totals, bins=np.linspace(0, 100, 11), color=plots.COLOURS["blue"], edgecolor=plots.CARD)
    axes[0, 0].set(title=f"{chapter}: {len(rows)} students", xlabel="points earned (%)", ylabel="students")
    shown = axes[0, 1].imshow(shares, cmap=plots.COUNTS, vmin=0, vmax=1, aspect="auto")
    axes[0, 1].set(title="share of each exercise's points", xlabel="exercise", ylabel="")
    axes[0, 1].set_xticks(range(len(most)), list(most), rotation=60, ha="right", size=8)
    axes[0, 1].set_yticks(range(len(rows)), [row.student for row in rows], size=7)
    fig.colorbar(shown, ax=axes[0, 1], label="share of the points")
    fig.savefig(path, dpi=110)
