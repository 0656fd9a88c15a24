"""Grading with a line in a file for every try: the command `course` with the engine that it always has.

python -m tests.grading.logged grade 02_neuron ...
"""

import json
import os
import sys

from grading import grade as engine
from grading import sheet
from grading.cli import Engine, main
from grading.model import Result, Sheet, Submission

ENGINE = "tests.grading.logged:grade"


def grade(asked: Sheet, submission: Submission, *, trust: bool = False) -> Result:
    """Grade; leaves student and process in the file that GRADED_LOG names, before anything else happens."""
    with open(os.environ["GRADED_LOG"], "a") as file:
        file.write(json.dumps([submission.student, os.getpid()]) + "\n")
    return engine.grade(asked, submission, trust=trust)


if __name__ == "__main__":
    sys.exit(main(engine=Engine(ENGINE, sheet.load, sheet.questions_bytes)))
