"""Writing files that somebody else reads: whole or not at all, and never through a link."""

import contextlib
import errno
import hashlib
import os
from collections.abc import Sequence
from pathlib import Path

from helpers.checks.errors import CourseError

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


def write_inside(root: Path, parts: Sequence[str], data: bytes, mode: int = 0o644) -> Path:
    """Write `data` to the file `root`/`parts`; missing folders are made.

    The file appears whole, after it and its name have reached the disk; one that was there before stays until then. A
    link in the place of the file is replaced, and one in the place of a folder is refused, so that nothing is written
    outside `root`.

    Raises:
        CourseError: a part is no file name, a folder is a link or a file, the disk is full or read-only ...
    """
    path = Path(root, *parts)
    for part in parts:
        if part in ("", ".", "..") or "/" in part or "\0" in part:
            raise CourseError(f"{part!r} cannot be the name of a file or folder in {root}: rename it and grade again.")
    try:
        root.mkdir(parents=True, exist_ok=True)
        with contextlib.ExitStack() as stack:
            folder = _opened(stack, os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC))
            for part in parts[:-1]:
                folder = _opened(stack, _subfolder(folder, part))
            _replace(folder, parts[-1], data, mode)
    except OSError as error:
        raise CourseError(_sentence(path, error)) from None
    except UnicodeEncodeError:
        raise CourseError(f"{str(path)!a} is no possible file name: rename it and grade again.") from None
    return path


def _sentence(path: Path, error: OSError) -> str:
    name = ascii(str(path))[1:-1]
    if error.errno in (errno.ELOOP, errno.ENOTDIR):
        return f"{name} was not written: a folder on the way is a link or a file; remove that and grade again."
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"{name} was not written: the disk is full; make room and grade again (what was there is unchanged)."
    return f"{name} was not written ({error.strerror}): see to that and grade again (what was there is unchanged)."


def _opened(stack: contextlib.ExitStack, descriptor: int) -> int:
    stack.callback(os.close, descriptor)
    return descriptor


def _subfolder(folder: int, name: str) -> int:
    """A descriptor of the folder `name` in `folder`, made if it is missing."""
    try:
        os.mkdir(name, 0o755, dir_fd=folder)
        os.fsync(folder)
    except FileExistsError:
        pass
    return os.open(name, _FOLDER, dir_fd=folder)


def _replace(folder: int, name: str, data: bytes, mode: int) -> None:
    # The same name each time: what a crash has left behind is cleared away by the next writer.
    part = f".{hashlib.sha256(os.fsencode(name)).hexdigest()[:16]}.part"
    with contextlib.suppress(FileNotFoundError):
        os.unlink(part, dir_fd=folder)
    try:
        with os.fdopen(os.open(part, _NEW, 0o600, dir_fd=folder), "wb") as file:
            file.write(data)
            file.flush()
            os.fchmod(file.fileno(), mode)
            os.fsync(file.fileno())
        os.replace(part, name, src_dir_fd=folder, dst_dir_fd=folder)
    except OSError:
        with contextlib.suppress(OSError):
            os.unlink(part, dir_fd=folder)
        raise
    os.fsync(folder)
