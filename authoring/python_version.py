"""Stop early, in one sentence, where the course cannot run on this Python.

This file is read by whatever `python3` happens to be, Python 2.7 included: hence no annotations, no f-strings.
"""

import os
import re
import subprocess
import sys

PYPROJECT = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "pyproject.toml")


def supported(pyproject=PYPROJECT):
    """Return the lowest supported and the first unsupported version, e.g. ((3, 11), (3, 14)), from pyproject.toml."""
    with open(pyproject) as file:
        low, end = re.search(r'requires-python = ">=3\.(\d+),<3\.(\d+)"', file.read()).groups()
    return (3, int(low)), (3, int(end))


def runs(command):
    """Tell whether `command`, e.g. "python3.12", starts a Python on this machine."""
    try:
        with open(os.devnull, "w") as null:
            return subprocess.call([command, "-c", ""], stdout=null, stderr=null) == 0
    except OSError:
        return False


def problem(version, executable, installed=runs):
    """Return what is wrong with Python `version` (a tuple), in one sentence, or None if nothing is."""
    low, end = supported()
    if low <= tuple(version[:2]) < end:
        return None
    names = ["python3.{}".format(minor) for minor in range(end[1] - 1, low[1] - 1, -1)]
    found = [name for name in names if installed(name)]
    fix = (
        "you have one: PYTHON={} make lab".format(found[0])
        if found
        else "install one from https://www.python.org/downloads/, then PYTHON={} make lab".format(names[-1])
    )
    return "{} is Python {}, but the course needs Python 3.{} to 3.{}; {}".format(
        executable, ".".join(str(part) for part in version[:3]), low[1], end[1] - 1, fix
    )


if __name__ == "__main__":
    sys.exit(problem(sys.version_info, sys.executable))
