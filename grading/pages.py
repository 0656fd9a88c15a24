"""The feedback pages of a chapter, from what the gradebook holds."""

from collections.abc import Callable, Sequence
from pathlib import Path

from grading import feedback
from grading.autograded import BESIDE
from grading.driver import Told
from grading.gradebook import Gradebook
from grading.model import Sheet
from grading.places import Places
from helpers.checks.errors import CourseError


def write(
    sheets: Sequence[Sheet], gradebook: Gradebook, places: Places, students: set[str], progress: Callable[[int], None]
) -> Told:
    """Write the pages of `students`, with what a person has graded and written; what could not be written.

    `progress` hears how many pages have been tried.
    """
    problems, done = Told(), 0
    by_name = {sheet.notebook: sheet for sheet in sheets}
    titles = feedback.chapter_titles(sheets[0].chapter)
    for review in gradebook.reviewed(sheets[0].chapter):
        result = review.result
        if result.student not in students or result.notebook not in by_name:
            continue
        files = _beside(places.autograded / result.student / result.chapter)
        try:
            feedback.write(review, by_name[result.notebook], titles, places.feedback, files)
        except CourseError as error:
            problems.add(str(error))
        done += 1
        progress(done)
    return problems


def _beside(folder: Path) -> dict[str, bytes]:
    """What nbgrader's release_feedback asks for beside a page."""
    return {name: (folder / name).read_bytes() for name in BESIDE if (folder / name).is_file()}
