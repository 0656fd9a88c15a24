"""The sandbox: bubblewrap around a forking parent, from which every submission gets a process of its own.

The outer wall is bubblewrap's: no network, a read-only system without this machine's files, nobody's rights. The inner
one is put up anew for each submission by `grading.inside.isolate`, so that nothing which one leaves behind reaches the
next. Where the kernel does not allow an inner wall, every submission gets a bubblewrap and a parent of its own.
"""

import contextlib
import json
import os
import shutil
import site
import socket
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict
from functools import lru_cache
from pathlib import Path

import psutil

from grading import wire
from grading.inside.isolate import WORK
from grading.model import Limits
from helpers.checks.errors import CourseError
from helpers.checks.library import ROOT

WARM_SECONDS = 180.0  # for importing TensorFlow on a slow disk
_NAMES = 200  # of modules in one message
START_SECONDS = 20.0  # from the order to the student's process being there
_SYSTEM = ("/usr", "/lib", "/lib64", "/lib32", "/bin", "/sbin", "/etc/alternatives", "/etc/ld.so.cache", "/etc/fonts")
_COURSE = ("helpers", "data/registry.json", "data/quizzes", "grading/__init__.py", "grading/wire.py", "grading/inside")
_ENVIRONMENT = {
    "PATH": "/usr/bin:/bin", "HOME": WORK, "TMPDIR": WORK, "LANG": "C.UTF-8", "PYTHONPATH": "/course",
    "PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1", "MPLCONFIGDIR": f"{WORK}/.matplotlib", "MPLBACKEND": "agg",
    "KERAS_HOME": f"{WORK}/.keras", "IPYTHONDIR": f"{WORK}/.ipython", "XDG_CACHE_HOME": f"{WORK}/.cache",
    "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "TF_NUM_INTRAOP_THREADS": "1",
    "TF_NUM_INTEROP_THREADS": "1", "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1",
    "NBGRADER_EXECUTION": "autograde", "COURSE_GRADING": "1", "COURSE_PROGRESS": "",
}  # fmt: skip


class NoSandbox(CourseError):
    """Submissions cannot be walled in on this machine."""


@lru_cache
def trouble() -> str | None:
    """Why no sandbox can be had here, in one sentence with the cure; None where one can."""
    if sys.platform != "linux":
        return "Grading needs Linux; on another system use a Linux machine, WSL or a container."
    if shutil.which("bwrap") is None:
        return (
            "bubblewrap is missing: install the package `bubblewrap` (apt install bubblewrap, dnf install bubblewrap)."
        )
    probe = ["bwrap", *_outer(os.getuid() == 0), "--ro-bind", "/", "/", "--proc", "/proc", "--", "/bin/true"]
    done = subprocess.run(probe, capture_output=True, text=True, timeout=30, check=False)
    if done.returncode:
        return (
            f"bubblewrap cannot make a sandbox here ({done.stderr.strip()[:200]}): allow unprivileged user namespaces "
            "(sysctl kernel.apparmor_restrict_unprivileged_userns=0, or user.max_user_namespaces above 0), or run the "
            "container that this is in with them."
        )
    return None


def require(trust: bool) -> None:
    """Raise `NoSandbox` unless submissions can be walled in, or are trusted."""
    if sys.platform != "linux" or (not trust and trouble()):
        raise NoSandbox(
            f"{trouble()} If you wrote the submissions yourself, `--trust-submissions` runs them without a wall, with "
            "your rights."
        )


def _outer(root: bool) -> list[str]:
    """The namespaces of the outer wall. Root keeps what the parent needs to become nobody, and loses it with that."""
    spaces = ["--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try"]
    if root:
        kept = ["CAP_SYS_ADMIN", "CAP_SETUID", "CAP_SETGID"]
        return [*spaces, "--cap-drop", "ALL", *(word for cap in kept for word in ("--cap-add", cap))]
    return [*spaces, "--unshare-user", "--uid", "65534", "--gid", "65534", "--cap-drop", "ALL"]


def _mounts(data: Path | None) -> list[str]:
    """The file system inside: the system, this Python, the course without anything that tells an answer."""
    words = ["--dir", "/etc"]
    for path in _SYSTEM:
        if os.path.islink(path):
            words += ["--symlink", os.readlink(path), path]
        elif os.path.exists(path):
            words += ["--ro-bind", path, path]
    words += ["--proc", "/proc", "--dev", "/dev", "--perms", "1777", "--tmpfs", WORK, "--tmpfs", "/tmp"]
    pythons = {sys.prefix, sys.base_prefix, sys.exec_prefix, sys.base_exec_prefix, *site.getsitepackages()}
    pairs = {path: path for path in sorted(pythons) if not path.startswith("/usr/") and os.path.exists(path)}
    pairs |= {str(ROOT / part): f"/course/{part}" for part in _COURSE} | ({str(data): "/data"} if data else {})
    folders = {str(folder) for target in pairs.values() for folder in Path(target).parents}
    for folder in sorted(folders):  # those that bubblewrap makes on its own are for root's eyes only
        words += ["--dir", folder]
    for source, target in pairs.items():
        words += ["--ro-bind", source, target]
    return [*words, "--remount-ro", "/tmp", "--remount-ro", "/", "--chdir", "/"]


class Process:
    """One submission's process, seen from outside."""

    def __init__(self, sandbox: "Sandbox", limits: Limits, channel: socket.socket, status: socket.socket) -> None:
        self.sandbox, self.limits, self.channel, self.status = sandbox, limits, channel, status
        self.keeper = self._started()
        self.most = self.memory()  # what the forking parent had imported counts for nobody
        self.base = self.most

    def _started(self) -> psutil.Process:
        if not wire.waits(self.status, START_SECONDS):
            raise NoSandbox("The sandbox did not start a process in time.")
        text, ancillary, _, _ = self.status.recvmsg(4096, socket.CMSG_SPACE(12))
        message = json.loads(text) if text else {"failed": "it ended at once"}
        if "started" not in message:
            raise NoSandbox(
                f"The sandbox could not start a process ({message.get('failed')}): the kernel has to allow user "
                "namespaces inside bubblewrap (sysctl kernel.apparmor_restrict_unprivileged_userns=0)."
            )
        pid = int.from_bytes(ancillary[0][2][:4], sys.byteorder)
        return psutil.Process(pid)

    def family(self) -> list[psutil.Process]:
        """Every process of this submission that is alive."""
        try:
            return self.keeper.children(recursive=True)
        except psutil.Error:
            return []

    def memory(self) -> int:
        """Bytes of memory that belong to this submission alone, nearly: shared pages are divided only if it matters."""
        family = self.family()
        total = sum(filter(None, map(_anonymous, family)))
        if len(family) > 2 and total > self.limits.memory:
            total = sum(filter(None, map(_proportional, family)))
        return total

    def over_memory(self) -> bool:
        """Whether the submission uses more than it may now."""
        now = self.memory()
        self.most = max(self.most, now)
        return now - self.base > self.limits.memory

    def how_it_ended(self) -> int | None:
        """The exit code, negative for a signal; None where nobody could say."""
        with contextlib.suppress(OSError, ValueError):
            while wire.waits(self.status, 5.0) and (text := self.status.recv(4096)):
                if (code := json.loads(text).get("ended")) is not None:
                    return 128 - code if code > 128 else code
        return None

    def close(self) -> None:
        """End every process of this submission, and wait until they are gone."""
        family = self.family()
        self.channel.close()
        for process in (self.keeper, *family):
            with contextlib.suppress(psutil.Error):
                process.kill()
        _, alive = psutil.wait_procs(family, timeout=5.0)
        self.status.close()
        if alive or not self.sandbox.walls:
            self.sandbox.close()  # the outer wall's end is the end of everything in it


def _anonymous(process: psutil.Process) -> int | None:
    return _sizes(process, "status", ("RssAnon:", "RssShmem:"))


def _proportional(process: psutil.Process) -> int | None:
    return _sizes(process, "smaps_rollup", ("Pss_Anon:", "Pss_Shmem:"))


def _sizes(process: psutil.Process, name: str, fields: tuple[str, ...]) -> int | None:
    try:
        with open(f"/proc/{process.pid}/{name}") as file:
            return sum(int(line.split()[1]) * 1024 for line in file if line.startswith(fields))
    except OSError:
        return None


class Sandbox:
    """A forking parent with `imports` ready. One per worker and chapter; started when first needed."""

    def __init__(self, imports: Sequence[str] = (), trust: bool = False, data: Path | None = None) -> None:
        self.imports, self.trust, self.data = list(imports), trust, data
        self.more: list[str] = []  # what the notebook imports later, known after a rehearsal
        self.walls = not trust
        self.parent: subprocess.Popen | None = None
        self.control: socket.socket | None = None

    def process(self, limits: Limits) -> Process:
        """A fresh process for one submission."""
        for attempt in (1, 2):
            try:
                return self._process(limits)
            except (OSError, psutil.Error, wire.Closed, NoSandbox):
                self.close()  # the parent may have been killed: once more with a new one
                if attempt == 2:
                    raise
        raise AssertionError

    def _process(self, limits: Limits) -> Process:
        self.start()
        mine, theirs = socket.socketpair()
        status, their_status = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        status.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        order = json.dumps({"limits": asdict(limits), "walls": self.walls}).encode()
        with theirs, their_status:
            socket.send_fds(self.control, [order], [theirs.fileno(), their_status.fileno()])
        return Process(self, limits, mine, status)

    def start(self) -> None:
        """Start the forking parent unless it is there, and wait until it is warm."""
        if self.parent is not None and self.parent.poll() is None:
            return
        self.close()
        require(self.trust)
        self.control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._spawn(theirs)
        root = os.getuid() == 0 and not self.trust
        self.control.send(json.dumps({"imports": self.imports, "drop_root": root}).encode())
        self._hear_back()
        self.preload(self.more)

    def preload(self, names: Sequence[str]) -> None:
        """Import `names` in the forking parent, now and whenever it has to be started again."""
        self.more = list(names)
        for first in range(0, len(self.more), _NAMES):
            self.control.send(json.dumps({"imports": self.more[first : first + _NAMES]}).encode())
            self._hear_back()

    def _hear_back(self) -> None:
        if not wire.waits(self.control, WARM_SECONDS) or not self.control.recv(4096):
            error = self._last_words()
            self.close()
            raise NoSandbox(f"The sandbox did not come up: {error}")

    def _spawn(self, theirs: socket.socket) -> None:
        command = [sys.executable, "-P", "-m", "grading.inside.parent", str(theirs.fileno())]
        kept, environment = [theirs.fileno()], dict(_ENVIRONMENT)
        if self.data:
            environment["COURSE_DATA"] = str(self.data) if self.trust else "/data"
        if self.trust:
            environment |= {"PYTHONPATH": str(ROOT), "PATH": os.environ.get("PATH", "/usr/bin:/bin")}
        else:
            words = [*_outer(os.getuid() == 0), "--die-with-parent", "--new-session", "--clearenv"]
            words += [w for name, value in environment.items() for w in ("--setenv", name, value)] + _mounts(self.data)
            arguments = _in_a_pipe("\0".join(words).encode() + b"\0")
            kept.append(arguments)
            command = ["bwrap", "--args", str(arguments), "--", *command]
        self.errors = os.memfd_create("errors")
        try:
            self.parent = subprocess.Popen(
                command, pass_fds=kept, env=environment if self.trust else {"PATH": os.environ.get("PATH", "/usr/bin")},
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=self.errors, cwd="/",
            )  # fmt: skip
        finally:
            for number in kept[1:]:
                os.close(number)

    def _last_words(self) -> str:
        with contextlib.suppress(Exception):
            self.parent.wait(timeout=1.0)
        words = os.pread(self.errors, 4000, 0).decode("utf-8", "replace").strip()
        return words if words else "it said nothing."

    def close(self) -> None:
        """End the parent and with it everything inside."""
        if self.parent is not None:
            self.parent.kill()
            self.parent.wait()
            os.close(self.errors)
            self.parent = None
        if self.control is not None:
            self.control.close()
            self.control = None


def _in_a_pipe(data: bytes) -> int:
    """A file number from which `data` can be read once."""
    number = os.memfd_create("arguments", 0)
    os.write(number, data)
    os.lseek(number, 0, os.SEEK_SET)
    return number
