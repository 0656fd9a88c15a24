"""The record of what a learner has checked, in one small file that never stands in anybody's way.

The file is `.course/progress.json` in the course's folder, or what COURSE_PROGRESS names; COURSE_PROGRESS="" keeps
nothing. It is written as a whole and swapped in, so that a crash leaves the old one or the new one. Several notebooks
may be open at once: every write takes the others' entries along. Where the file cannot be read or written, a note says
so once, and the work goes on.
"""

import contextlib
import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from helpers.checks.library import ROOT, Exercise
from helpers.checks.report import Report

VERSION = 1
_LOCK_SECONDS = 0.5  # how long to wait for another notebook that is writing
_STALE_SECONDS = 5.0  # a lock this old was left behind by a crash


@dataclass
class Entry:
    """What is known of one exercise. `points` are those of the public checks."""

    passed: bool = False
    points: float = 0.0
    tries: int = 0  # that failed
    when: str = ""  # of the latest check, UTC, sortable


Entries = dict[str, Entry]


def path() -> Path | None:
    """The file that keeps the record, or None where none is kept."""
    named = os.environ.get("COURSE_PROGRESS")
    if named is None:
        return ROOT / ".course" / "progress.json"
    return Path(named) if named else None


def read(source: Path) -> Entries:
    """The entries in a file; an absent file has none."""
    if not source.exists():
        return {}
    entries = json.loads(source.read_text(encoding="utf-8"))["exercises"].items()
    return {n: Entry(bool(e["passed"]), float(e["points"]), int(e["tries"]), str(e["when"])) for n, e in entries}


def as_json(entries: Entries) -> str:
    """The entries as the file holds them."""
    tree = {"version": VERSION, "exercises": {name: asdict(entry) for name, entry in entries.items()}}
    return json.dumps(tree, indent=1) + "\n"


def merged(one: Entries, other: Entries) -> Entries:
    """Both together: of an exercise in both, the later check, and the larger number of tries."""
    together = dict(one)
    for name, entry in other.items():
        rival = together.get(name, entry)
        latest = entry if entry.when >= rival.when else rival
        together[name] = Entry(latest.passed, latest.points, max(entry.tries, rival.tries), latest.when)
    return together


@dataclass
class Keeper:
    """This kernel's entries, the file that they share with other kernels, and whether trouble has been told."""

    file: Path | None = None
    entries: Entries = field(default_factory=dict)
    told: bool = False

    def refreshed(self) -> Entries:
        """The entries of this kernel and of the file together."""
        if self.file != path():
            self.file, self.entries, self.told = path(), {}, False
        if self.file is not None:
            self.entries = merged(self._read(), self.entries)
        return self.entries

    def _read(self) -> Entries:
        try:
            return read(self.file)
        except OSError as error:
            self._tell(f"{self.file} cannot be read ({error.strerror}); your checks work all the same")
        except (ValueError, TypeError, KeyError, AttributeError):
            self._tell(f"{self.file} was damaged; it has been put aside as *.damaged, and a new one begins")
            with contextlib.suppress(OSError):
                os.replace(self.file, self.file.with_suffix(".damaged"))
        return {}

    def write(self, change: Callable[[Entries], Entries]) -> None:
        """Replace the file's entries by `change(entries)`, with no other kernel in between."""
        self.refreshed()
        try:
            with _locked(self.file) if self.file else contextlib.nullcontext():
                self.entries = change(self.refreshed())
                if self.file:
                    _swap_in(self.file, as_json(self.entries))
        except OSError as error:
            self.entries = change(self.entries)
            self._tell(f"{self.file} cannot be written ({error.strerror}); until that is mended nothing is kept")

    def _tell(self, problem: str) -> None:
        if not self.told:
            print(f"Progress: {problem}.", file=sys.stderr)
        self.told = True


keeper = Keeper()


@contextlib.contextmanager
def _locked(target: Path) -> Iterator[None]:
    """Hold a lock file beside `target`; go ahead without it rather than wait long."""
    target.parent.mkdir(parents=True, exist_ok=True)
    lock, until, held = target.with_suffix(".lock"), time.monotonic() + _LOCK_SECONDS, False
    while not held and time.monotonic() < until:
        try:
            os.close(os.open(lock, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
            held = True
        except FileExistsError:
            with contextlib.suppress(OSError):
                if time.time() - lock.stat().st_mtime > _STALE_SECONDS:
                    lock.unlink()
            time.sleep(0.005)
    try:
        yield
    finally:
        if held:
            lock.unlink(missing_ok=True)


def _swap_in(target: Path, text: str) -> None:
    fresh = target.with_name(f"{target.name}.{os.getpid()}.new")
    fresh.write_text(text, encoding="utf-8")
    os.replace(fresh, target)


def note(report: Report) -> int:
    """Record a public report; the number of failed tries so far, this one included."""
    name = report.exercise.full_id
    if os.environ.get("NBGRADER_EXECUTION"):
        return 0
    old = keeper.refreshed().get(name, Entry())
    unchanged = report.passed and (old.passed, old.points) == (True, report.points)
    if report.state == "not attempted" or unchanged:
        return old.tries

    def add(entries: Entries) -> Entries:
        tries = entries.get(name, Entry()).tries + (not report.passed)
        now = datetime.now(UTC).isoformat(timespec="microseconds")
        return entries | {name: Entry(report.passed, report.points, tries, now)}

    keeper.write(add)
    return keeper.entries[name].tries


def tries(exercise: Exercise) -> int:
    """Failed tries of an exercise, those before the kernel's last restart included."""
    return keeper.refreshed().get(exercise.full_id, Entry()).tries
