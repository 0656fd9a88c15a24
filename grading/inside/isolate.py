"""From the forking parent to a student's process: three forks, and a wall of its own around every submission.

parent -> keeper -> init -> student. The keeper leaves the parent's namespaces and tells the judge how things ended; the
init is the first process of a new process namespace, so that the kernel ends everything with it; the student's process
has an empty file system in memory, no network, no capability, and limits.
"""

import contextlib
import json
import os
import resource
import signal
import socket
from collections.abc import Callable

from grading.inside import linux

_SPACES = linux.NEW_USER | linux.NEW_PID | linux.NEW_MOUNT | linux.NEW_NET | linux.NEW_IPC | linux.NEW_UTS
WORK = "/submission"  # the student's folder: home, working directory, temporary files


def launch(
    channel: int, status: socket.socket, limits: dict, walls: bool, serve: Callable[[socket.socket], None]
) -> None:
    """Fork a keeper that runs `serve(channel)` in a process of its own, and reports its end on `status`.

    Without `walls` the outer sandbox, or trust, is all that stands around the student's process.
    """
    if os.fork() == 0:
        code = 1
        try:
            _keep(channel, status, limits, walls, serve)
            code = 0
        except BaseException as error:
            with contextlib.suppress(OSError):
                status.send(json.dumps({"failed": f"{type(error).__name__}: {error}"[:500]}).encode())
        finally:
            os._exit(code)


def _keep(channel: int, status: socket.socket, limits: dict, walls: bool, serve) -> None:
    os.setsid()
    _close_all_but(channel, status.fileno())
    linux.die_with_parent()
    if walls:
        linux.unshare(_SPACES)
    child = os.fork()
    if child == 0:
        status.close()
        _init(socket.socket(fileno=channel), limits, walls, serve)
    os.close(channel)
    status.send(json.dumps({"started": True}).encode())
    _, how = os.waitpid(child, 0)
    status.send(json.dumps({"ended": os.waitstatus_to_exitcode(how)}).encode())


def _init(channel: socket.socket, limits: dict, walls: bool, serve) -> None:
    """The first process inside: it puts up the walls, starts the student's process, and ends with it."""
    try:
        linux.die_with_parent()
        if walls:
            _furnish(limits["disk"])
        _set_limits(limits)
        linux.drop_capabilities()
        linux.filter_system_calls()
        linux.set_dumpable(False)
        student = os.fork()
        if student == 0:
            linux.set_dumpable(True)
            os.setsid()
            with contextlib.suppress(OSError):
                os.chdir(WORK)
            serve(channel)
            os._exit(0)
        channel.close()
        os._exit(_reap_until(student))
    except BaseException:
        os._exit(125)


def _furnish(size: int) -> None:
    linux.make_mounts_private()
    for folder in (WORK, "/dev/shm", "/tmp"):
        if not os.listdir("/tmp") or folder != "/tmp":  # a course that lies in /tmp must stay visible, and is read-only
            linux.mount_tmpfs(folder, size)
    with contextlib.suppress(OSError):
        linux.mount_proc()  # where that is not allowed, the parent's stays; it shows numbers of processes, no more


def _set_limits(limits: dict) -> None:
    """Limits of every single process; the judge watches their sum."""
    size = _status("VmSize")
    for kind, most in (
        (resource.RLIMIT_DATA, _status("VmData") + limits["memory"]),
        (resource.RLIMIT_AS, size + 3 * limits["memory"]),
        (resource.RLIMIT_FSIZE, limits["file_size"]),
        (resource.RLIMIT_NOFILE, limits["open_files"]),
        (resource.RLIMIT_NPROC, limits["processes"]),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_MEMLOCK, 0),
        (resource.RLIMIT_MSGQUEUE, 0),
    ):
        hard = resource.getrlimit(kind)[1]
        most = int(most) if hard == resource.RLIM_INFINITY else min(int(most), hard)
        resource.setrlimit(kind, (most, most))
    seconds = max(1, int(limits["cpu_seconds"]))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))


def _status(field: str) -> int:
    """A size of this process, in bytes."""
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) * 1024 for line in file if line.startswith(field + ":"))


def _reap_until(student: int) -> int:
    """Bury every dead process until the student's is among them; its exit code, 128 + signal if it was killed."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    while True:
        pid, how = os.wait()
        if pid == student:
            code = os.waitstatus_to_exitcode(how)
            return code if code >= 0 else 128 - code


def _close_all_but(*kept: int) -> None:
    """Standard streams lead nowhere; every other file but the `kept` ones is closed."""
    nowhere = os.open("/dev/null", os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(nowhere, number)
    last = 2
    for number in sorted(kept):
        os.closerange(last + 1, number)
        last = number
    os.closerange(last + 1, 65_536)
