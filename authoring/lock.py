"""Choose the exact versions in requirements.lock from the ranges in pyproject.toml.

`python -m authoring.lock` keeps every version that still fits; `python -m authoring.lock --upgrade` takes the newest.
The file serves Python 3.11 to 3.13 on Linux, macOS and Windows: lines that differ between them carry markers.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

from authoring.environment import LOCK, PYPROJECT, ROOT, interpreter

HEADER = """\
# Exact versions, chosen by `make lock` from the ranges in pyproject.toml; edit those, not this file.
"""


def lock(options: list[str]) -> None:
    """Rewrite requirements.lock with uv, which lives in a throw-away environment of its own."""
    with tempfile.TemporaryDirectory() as folder:
        uv = interpreter(Path(folder))
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        subprocess.run([uv, "-m", "pip", "install", "--quiet", "uv"], check=True)
        command = [uv, "-m", "uv", "pip", "compile", "--quiet", "--universal", "--python-version", "3.11"]
        command += ["--extra", "dev", "--generate-hashes", "--no-annotate", "--no-header", "--output-file", LOCK]
        command += [PYPROJECT, *options]
        subprocess.run(command, cwd=ROOT, check=True)
    LOCK.write_text(HEADER + LOCK.read_text().removeprefix(HEADER))


if __name__ == "__main__":
    lock(sys.argv[1:])
