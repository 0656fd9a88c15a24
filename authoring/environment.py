"""Make the course's environment, or find in a moment that nothing has changed since it was made.

`python authoring/environment.py .venv` creates the virtual environment, installs exactly what requirements.lock
names, and the course itself in place. A stamp inside the environment says where it was made, since its programs hold
that path, and a hash of all that went into it.
"""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOCK = ROOT / "requirements.lock"
PYPROJECT = ROOT / "pyproject.toml"


def interpreter(venv: Path) -> Path:
    """Return the path of the Python inside `venv`."""
    return venv / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def fingerprint(venv: Path) -> str:
    """Return the place of the environment at `venv` and, on a second line, a hash of all that decides what is in it."""
    parts = [LOCK.read_bytes(), PYPROJECT.read_bytes(), str(ROOT).encode()]
    return f"{venv}\n{hashlib.sha256(b'|'.join(parts)).hexdigest()}"


def run(command: list[str], failure: str) -> None:
    """Run `command`; where it fails, stop with the sentence `failure` below its own output."""
    if subprocess.run(command, cwd=ROOT, check=False).returncode:
        sys.exit(failure)


def create(venv: Path, anew: bool) -> None:
    """Install the course into the virtual environment at `venv`, which is made `anew` or brought up to date."""
    if anew:
        run(
            [sys.executable, "-m", "venv", "--clear", str(venv)],
            f"{sys.executable} cannot make a virtual environment; on Debian and Ubuntu: apt install python3-venv",
        )
    pip = [str(interpreter(venv)), "-m", "pip", "install", "--disable-pip-version-check"]
    if not sys.stdout.isatty():
        pip.append("--quiet")
    run(
        [*pip, "--require-hashes", "--no-deps", "-r", str(LOCK)],
        "The packages in requirements.lock could not be installed; look at pip's message above, then repeat the command"
        " (what has been downloaded is kept)",
    )
    run(
        [*pip, "--no-deps", "--no-build-isolation", "--no-index", "--editable", str(ROOT)],
        "The course itself could not be installed in place; look at pip's message above",
    )


def main(venv: Path) -> None:
    """Bring the environment at `venv` up to date."""
    stamp, current = venv / "course-stamp", fingerprint(venv)
    made = stamp.read_text() if stamp.exists() else ""
    usable = interpreter(venv).exists() and (not made or made.startswith(f"{venv}\n"))
    if usable and made == current:
        return
    print(f"Installing the course's environment into {venv} (the first time takes some minutes) ...", flush=True)
    create(venv, anew=not usable)
    stamp.write_text(current)


if __name__ == "__main__":
    main((ROOT / sys.argv[1]).absolute())
