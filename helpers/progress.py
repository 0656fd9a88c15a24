"""`progress()`: what has been done in every chapter, and where you stopped. How it is kept: `helpers.checks.record`."""

from html import escape
from pathlib import Path

from helpers.checks.errors import CourseError
from helpers.checks.library import chapters, public_path, read_chapter
from helpers.checks.record import Entries, Entry, as_json, keeper


def progress() -> "Overview":
    """What has been done in every chapter, and where you stopped. Points of hidden checks come with the grading."""
    return Overview(dict(keeper.refreshed()))


def reset_progress(chapter: str = "") -> None:
    """Forget everything, or one chapter: `reset_progress("02_neuron")`. Nothing that you wrote is touched."""
    if chapter and chapter not in chapters():
        raise CourseError(f"There is no chapter {chapter!r}; the chapters are {', '.join(chapters())}.")
    keeper.write(lambda entries: {n: e for n, e in entries.items() if chapter and not n.startswith(f"{chapter}/")})
    print(f"Progress of {chapter or 'all chapters'} is forgotten; your notebooks are as they were.")


def export_progress(target: str | Path) -> None:
    """Write the progress to a file of your choice: `.csv` for a spreadsheet, anything else as JSON."""
    entries = keeper.refreshed()
    try:
        Path(target).write_text(_csv(entries) if Path(target).suffix == ".csv" else as_json(entries), encoding="utf-8")
    except OSError as error:
        raise CourseError(
            f"{target} cannot be written ({error.strerror}): name a file in a folder that exists and is yours."
        ) from None


def _csv(entries: Entries) -> str:
    rows = [f"{name},{e.passed},{e.points:g},{e.tries},{e.when}" for name, e in sorted(entries.items())]
    return "\n".join(["exercise,passed,public_points,failed_tries,latest_check", *rows]) + "\n"


class Overview:
    """All chapters at a glance; shows itself as the last line of a cell."""

    def __init__(self, entries: Entries) -> None:
        self.entries = entries
        self.chapters = {name: list(read_chapter(public_path(name)).values()) for name in chapters()}

    def rows(self) -> list[tuple[str, int, int, float, float, str]]:
        """Per chapter: name, exercises passed, exercises, public points, points to be had there, next exercise."""
        table = []
        for chapter, exercises in self.chapters.items():
            entries = [self.entries.get(exercise.full_id, Entry()) for exercise in exercises]
            waiting = [e.id for e, entry in zip(exercises, entries, strict=True) if not entry.passed]
            earned, possible = sum(e.points for e in entries), sum(e.points[0] for e in exercises)
            done = len(exercises) - len(waiting)
            table.append((chapter, done, len(exercises), earned, possible, waiting[0] if waiting else ""))
        return table

    def stopped_at(self) -> str:
        """The exercise that was checked last, in words."""
        known = {exercise.full_id for exercises in self.chapters.values() for exercise in exercises}
        checked = {name: entry for name, entry in self.entries.items() if name in known}
        if not checked:
            return "No exercise has been checked yet."
        name = max(checked, key=lambda n: checked[n].when)
        count = checked[name].tries
        state = (
            "passed" if checked[name].passed else f"not passed yet, {count} {'try' if count == 1 else 'tries'} so far"
        )
        return f"You stopped at {name} ({state})."

    def text(self) -> str:
        """The table as plain text."""
        lines = []
        for chapter, done, count, earned, possible, following in self.rows():
            bar = "■" * done + "□" * (count - done)
            end = f"next: {following}" if following else "all passed"
            lines.append(f"{chapter:<16} {bar} {done} of {count} exercises, {earned:.4g} of {possible:g} points, {end}")
        return "\n".join([*lines, self.stopped_at()])

    def html(self) -> str:
        """The table as HTML."""
        body = ""
        for chapter, done, count, earned, possible, following in self.rows():
            meter = f"<progress value='{done}' max='{count}' aria-hidden='true'></progress>"
            end = f"<code>{escape(following)}</code>" if following else "all passed"
            body += f"<tr><th scope='row'>{escape(chapter)}</th><td>{meter} {done} of {count}</td>"
            body += f"<td>{earned:.4g} of {possible:g}</td><td>{end}</td></tr>"
        heads = ("Chapter", "Exercises passed", "Points of the public checks", "Next")
        head = "".join(f"<th scope='col'>{text}</th>" for text in heads)
        return f"<table>{f'<tr>{head}</tr>'}{body}</table><p>{escape(self.stopped_at())}</p>"

    def _repr_mimebundle_(self, include=None, exclude=None) -> dict[str, str]:
        return {"text/plain": self.text(), "text/html": self.html()}

    def __repr__(self) -> str:
        return self.text()
