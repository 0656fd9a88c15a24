"""nbgrader for this course: solutions/ is the source, notebooks/ the release; run its commands in this folder."""

from pathlib import Path

from grading import nbgrader_stages

c = get_config()  # noqa: F821 - provided by traitlets

c.CourseDirectory.course_id = "learning-to-see"
c.CourseDirectory.root = str(Path(__file__).resolve().parent)  # holds gradebook.db too
c.CourseDirectory.source_directory = "solutions"
c.CourseDirectory.release_directory = "notebooks"
# Author's files stay with the author: nbgrader copies everything else beside a notebook, to every student when it
# generates an assignment and into every submission when it grades.
c.CourseDirectory.ignore = [
    ".ipynb_checkpoints", "__pycache__", "*.pyc", "feedback", "*.py", "*.npz", "*.npy", "*.json", "*.yaml", "*secret*",
]  # fmt: skip
c.Execute.timeout = 120  # seconds a cell, of `nbgrader validate`; the slowest of the course's own takes 20
nbgrader_stages.install()  # autograde and generate_feedback, here and in Formgrader, take the course's own road
