"""Where a course keeps what: the folders and the gradebook that its nbgrader configuration names."""

import logging
import os
from dataclasses import dataclass, field, replace
from pathlib import Path

from nbgrader.apps.baseapp import NbGrader
from nbgrader.coursedir import CourseDirectory
from traitlets.config import Config

from helpers.checks.errors import CourseError
from helpers.checks.library import ROOT

CONFIGURATION = "nbgrader_config.py"
_STRUCTURE = os.path.join("{nbgrader_step}", "{student_id}", "{assignment_id}")


@dataclass(frozen=True)
class Places:
    """The folders of a course, and its gradebook."""

    root: Path
    submitted: Path
    autograded: Path
    feedback: Path
    db_url: str
    course_id: str = ""
    config: Config = field(default_factory=Config)  # nbgrader's, for its penalties on late submissions

    @classmethod
    def of(cls, directory: CourseDirectory, config: Config) -> "Places":
        """Those that nbgrader uses. Raises CourseError for folders in another order than nbgrader's own."""
        if directory.directory_structure != _STRUCTURE:
            raise CourseError(
                f"CourseDirectory.directory_structure is {directory.directory_structure!r} in {CONFIGURATION}, and"
                f" grading needs nbgrader's own {_STRUCTURE!r}: leave that line out."
            )
        root = Path(directory.root)
        folders = (directory.submitted_directory, directory.autograded_directory, directory.feedback_directory)
        return cls(root, *(root / folder for folder in folders), directory.db_url, directory.course_id, config)


def find(db_url: str | None = None, submitted: Path | None = None) -> Places:
    """The places of the course in the current folder, or of this course where that folder is none.

    `db_url` and `submitted` take the place of what the configuration says.
    """
    root = Path.cwd() if Path(CONFIGURATION).exists() else ROOT
    app = NbGrader()
    app.log_level = logging.ERROR
    try:
        app.initialize([], root=str(root))
        places = Places.of(app.coursedir, app.config)
    except SystemExit:  # traitlets has told what is wrong
        raise CourseError(f"{root / CONFIGURATION} cannot be read: correct it as said above.") from None
    changes = {"db_url": db_url, "submitted": submitted}
    return replace(places, **{name: value for name, value in changes.items() if value is not None})
