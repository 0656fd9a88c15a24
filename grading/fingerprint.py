"""Whether two machines would give the same grade: what their grading code and their packages are."""

import hashlib
import platform
from collections.abc import Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import grading
import helpers
from grading import sandbox

PACKAGES = ("numpy", "tensorflow", "keras", "distributed")
CODE, SANDBOX, WORKS = "the course's code", "sandbox", "works"
_SAME_CODE = "put the same version of the course on both machines and start the worker again"
_SAME_PACKAGES = "run `make env` in the same version of the course on both machines and start the worker again"


@cache
def code() -> str:
    """SHA-256 of every Python file of `grading` and `helpers`, apart from the demonstration."""
    found = hashlib.sha256()
    for package in (grading, helpers):
        folder = Path(package.__file__).parent
        for path in sorted(folder.rglob("*.py")):
            name = path.relative_to(folder.parent)
            if name.parts[:2] != ("grading", "demo"):
                found.update(f"{name.as_posix()}\0{path.stat().st_size}\0".encode() + path.read_bytes())
    return found.hexdigest()


def handshake() -> dict[str, str]:
    """What this machine would grade with, by name."""
    versions = {name: _version(name) for name in PACKAGES}
    return {CODE: code()[:12], "Python": platform.python_version(), **versions, SANDBOX: sandbox.trouble() or WORKS}


def expected(trust: bool) -> dict[str, str]:
    """What every worker must have: the same as this machine, and a sandbox unless the submissions are trusted."""
    same = {name: value for name, value in handshake().items() if name != SANDBOX}
    return same if trust else same | {SANDBOX: WORKS}


def difference(wanted: Mapping[str, str], found: Mapping[str, str]) -> str | None:
    """What a worker has otherwise than wanted and what to do, as one or two sentences; None where all is well."""
    others = [name for name in wanted if found.get(name) != wanted[name]]
    if others == [SANDBOX]:
        return found.get(SANDBOX, "It does not say whether it has a sandbox.")
    if not others:
        return None
    differences = [
        f"{name} is {found.get(name, 'unknown')} and not {wanted[name]}" for name in others if name != SANDBOX
    ]
    return f"There, {', '.join(differences)}: {_SAME_CODE if others == [CODE] else _SAME_PACKAGES}."


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "missing"
