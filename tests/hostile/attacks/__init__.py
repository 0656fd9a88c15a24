"""All attacks, a module per class of harm."""

from tests.hostile.attacks import feedback, files, interpreter, judge, notebook, process, resources

ATTACKS = [
    *resources.ATTACKS,
    *process.ATTACKS,
    *files.ATTACKS,
    *interpreter.ATTACKS,
    *judge.ATTACKS,
    *notebook.ATTACKS,
    *feedback.ATTACKS,
]
