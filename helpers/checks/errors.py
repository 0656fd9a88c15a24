"""Errors that speak to people: one sentence, no stack trace in a notebook."""


class CourseError(Exception):
    """A mistake of the user's or a broken set-up, told in one sentence: the thing, the problem, the fix."""

    def _render_traceback_(self) -> list[str]:
        """IPython shows these lines in place of a stack trace."""
        return [f"{type(self).__name__}: {self}"]


class UnknownExercise(CourseError):
    """No exercise has that id, or several chapters do."""


class MissingReferences(CourseError):
    """A file with reference outputs is absent or unreadable."""


class CheckFailed(AssertionError):
    """Raised by `check` when an exercise has not passed. `report` holds everything that was found."""

    def __init__(self, report) -> None:
        super().__init__(report.message)
        self.report = report

    def _render_traceback_(self) -> list[str]:
        return [f"CheckFailed: {self.report.exercise.id}: {self.report.state}"]
