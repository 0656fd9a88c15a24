"""The command `course`: grade a chapter, write feedback, show scores, pack what students get.

Exit codes: 0 all is done; 1 something could not be graded or written; 2 wrong use; 130 stopped by Ctrl-C.
"""

import os
import signal
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import click

from helpers.checks.errors import CourseError
from helpers.checks.library import ROOT


class Stopped(Exception):
    """Ctrl-C; the sentence says how to go on."""


@dataclass(frozen=True)
class Engine:
    """What grades (see `grading.worker.Assignment`), and where sheets and their questions come from."""

    name: str
    load: Callable
    questions: Callable


@click.group(epilog="`course COMMAND --help` shows examples.")
def cli() -> None:
    """Grade the course, from hand-ins to marks and feedback.

    Run it in the folder of the course, or of any other nbgrader course.
    """


_db = click.option("--db", metavar="URL", help="Gradebook: sqlite:///gradebook.db or postgresql://USER@HOST/NAME.")


@cli.command(short_help="Grade the hand-ins of a chapter.")
@click.argument("chapter")
@click.option(
    "--submitted", type=click.Path(file_okay=False, exists=True, path_type=Path), metavar="DIR",
    help="Folder with one folder per student; the course's own if left out.",
)  # fmt: skip
@click.option("--workers", type=click.IntRange(1), metavar="N", help="Processes on this machine; one per core.")
@click.option("--scheduler", metavar="tcp://HOST:PORT", help="Use the Dask cluster of this scheduler instead.")
@_db
@click.option(
    "--json", "json_file", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE",
    help="Write the rows of all who were graded there, too.",
)  # fmt: skip
@click.option("--fresh", is_flag=True, help="Grade again what has not changed, too.")
@click.option("--trust-submissions", "trust", is_flag=True, help="No sandbox: everything runs with your rights.")
@click.option("--student", "students", multiple=True, metavar="NAME", help="Only this one; may be repeated.")
@click.pass_obj
def grade(engine: Engine | None, chapter: str, json_file: Path | None, **options) -> int:
    """Grade every hand-in of CHAPTER, which may be an assignment of another nbgrader course.

    What has not changed is not graded again, and what was stopped goes on when you repeat the command.

    \b
    Examples:
      course grade 02_neuron
      course grade 02_neuron --workers 8 --json scores.json
      course grade 02_neuron --student ada --fresh
      course grade 02_neuron --scheduler tcp://10.0.0.1:8786 --db postgresql://ann@marks/course
    """
    _check(options["workers"], options["scheduler"])
    job = _job(engine or _engine(), chapter, options)
    open_pool = _pool(options["workers"], options["scheduler"], len(job))
    from grading import summary
    from grading.gradebook import Gradebook
    from grading.intake import student_id

    whose = {student_id(name) for name in job.names}
    with Gradebook(job.places.db_url, job.places.course_id, job.places.config) as gradebook:
        tally = _run(job, open_pool, gradebook)
        table = summary.Summary()
        for row in _of(whose, gradebook.rows(chapter)):
            table.add(row)
        if json_file:
            summary.write_json(_of(whose, gradebook.rows(chapter)), json_file)
    _say(summary.after_grading(tally, table))
    return int(bool(tally.problems.count))


def _check(workers: int | None, scheduler: str | None) -> None:
    if workers and scheduler:
        raise click.UsageError("--workers and --scheduler exclude each other: a cluster has its own workers.")
    if scheduler and not scheduler.startswith(("tcp://", "tls://")):
        raise click.UsageError(f"--scheduler {scheduler!r} is no address: write it as tcp://HOST:PORT.")


def _job(engine: Engine, chapter: str, options: dict):
    from grading import driver, fingerprint, places
    from grading.worker import Assignment

    where = places.find(options["db"], options["submitted"])
    sheets = _sheets(engine, chapter, where)
    try:
        names = driver.names(where, chapter, options["students"])
    except driver.NobodyHandedIn as error:
        raise click.UsageError(str(error)) from None
    questions = tuple(engine.questions(sheet) for sheet in sheets)
    trust = options["trust"]
    assignment = Assignment(tuple(sheets), questions, engine.name, trust, fingerprint.expected(trust))
    return driver.Job(where, assignment, names, options["fresh"])


def _pool(workers: int | None, scheduler: str | None, size: int) -> Callable:
    from grading import cluster

    if scheduler:
        return partial(cluster.remote, address=scheduler)
    return partial(cluster.local, workers=min(workers or cluster.cores(), size))


def _run(job, open_pool: Callable, gradebook):
    """Grade with a progress bar. Where that is stopped or stops, the sentence tells how to go on."""
    from grading import driver
    from grading.progress import Progress

    with Progress(len(job), job.chapter) as progress:
        try:
            return driver.run(job, partial(open_pool, tell=progress.tell), gradebook, progress)
        except CourseError as error:
            raise CourseError(f"{error} {_so_far(progress, len(job))}") from None
        except KeyboardInterrupt:
            raise Stopped(f"Stopped. {_so_far(progress, len(job))}") from None


def _so_far(progress, total: int) -> str:
    return f"{progress.done} of {total} are graded and stored; the same command goes on from there."


@cli.command(short_help="Write a feedback page for every student.")
@click.argument("chapter")
@_db
@click.option("--student", "students", multiple=True, metavar="NAME", help="Only this one; may be repeated.")
@click.pass_obj
def feedback(engine: Engine | None, chapter: str, db: str | None, students: tuple[str, ...]) -> int:
    """Write feedback/STUDENT/CHAPTER/NOTEBOOK.html for everybody who has been graded.

    \b
    Examples:
      course feedback 02_neuron
      course feedback 02_neuron --student ada
    """
    from grading import pages, places, summary
    from grading.gradebook import Gradebook
    from grading.progress import Progress

    where = places.find(db)
    sheets = _sheets(engine or _engine(), chapter, where)
    with Gradebook(where.db_url, where.course_id, where.config) as gradebook:
        wanted = sorted(key for key in gradebook.keys(chapter) if not students or key[0] in students)
        _must_be_graded(chapter, wanted, students)
        with Progress(len(wanted), "feedback") as progress:
            problems = pages.write(sheets, gradebook, where, {student for student, _ in wanted}, progress.reached)
    click.echo(f"{len(wanted) - problems.count} pages are in {where.feedback}.")
    _say(summary.told("Not done", problems))
    return int(bool(problems.count))


@cli.command(short_help="Show the scores of a chapter.")
@click.argument("chapter")
@_db
@click.option("--json", "form", flag_value="json", help="As a JSON array, with a reason for every exercise.")
@click.option("--csv", "form", flag_value="csv", help="As CSV, with a column for every exercise.")
@click.pass_obj
def scores(engine: Engine | None, chapter: str, db: str | None, form: str | None) -> int:
    """Show the scores of everybody who has been graded for CHAPTER, with what was graded by hand.

    \b
    Examples:
      course scores 02_neuron
      course scores 02_neuron --csv > scores.csv
    """
    from grading import places, summary
    from grading.gradebook import Gradebook

    where = places.find(db)
    _sheets(engine or _engine(), chapter, where)
    with Gradebook(where.db_url, where.course_id, where.config) as gradebook:
        if form == "json":
            for piece in summary.json_pieces(gradebook.rows(chapter)):
                click.echo(piece, nl=False)
        elif form == "csv":
            summary.write_csv(gradebook.rows(chapter), sys.stdout)
        else:
            _say(summary.score_lines(gradebook.rows(chapter)))
    return 0


@cli.command(short_help="Pack what students get.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), default=Path("course.zip"), show_default=True)
def bundle(out: Path) -> int:
    """Write a zip file with the notebooks, the helpers and all else that students need, and no solutions.

    \b
    Examples:
      course bundle
      course bundle --out build/learning-to-see.zip
    """
    from grading.bundle import make_bundle

    names = make_bundle(ROOT, out)
    click.echo(f"{len(names)} files are in {out}.")
    return 0


def _engine() -> Engine:
    from grading import sheet, worker

    return Engine(worker.ENGINE, sheet.load, sheet.questions_bytes)


def _sheets(engine: Engine, chapter: str, where) -> list:
    from grading.sheet import NoSuchChapter

    try:
        return engine.load(chapter, where.root)
    except NoSuchChapter as error:
        raise click.UsageError(str(error)) from None


def _must_be_graded(chapter: str, graded: list[tuple[str, str]], students: Iterable[str]) -> None:
    missing = sorted(set(students) - {student for student, _ in graded})
    if missing:
        raise click.UsageError(
            f"{missing[0]!r} has not been graded for {chapter}: see to the spelling, or grade first."
        )
    if not graded:
        raise click.UsageError(f"Nobody has been graded for {chapter}: run `course grade {chapter}` first.")


def _of(students: set[str], rows: Iterable[dict]) -> Iterator[dict]:
    return (row for row in rows if row["student"] in students)


def _say(lines: Iterable[str]) -> None:
    for line in lines:
        click.echo(line)


@contextmanager
def _terminated_like_interrupted() -> Iterator[None]:
    """A request to end (SIGTERM) is taken as Ctrl-C is: what has come back is stored first."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def main(arguments: list[str] | None = None, engine: Engine | None = None) -> int:
    """Run one command; its exit code."""
    try:
        with _terminated_like_interrupted():
            return cli.main(arguments, prog_name="course", standalone_mode=False, obj=engine) or 0
    except click.UsageError as error:
        _complain(error.format_message())
        return error.exit_code
    except (CourseError, click.ClickException) as error:
        _complain(str(error))
        return 1
    except (Stopped, click.Abort) as error:
        _complain(str(error) or "Stopped.")
        return 130


def _complain(sentence: str) -> None:
    click.echo(sentence, err=True)


if __name__ == "__main__":
    sys.exit(main())
