"""Programs in processes of their own, ended with all their children at the end: schedulers, workers, the driver."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from helpers.checks.library import ROOT

PATIENCE = 120.0  # seconds


def wait_until(condition: Callable[[], object], what: str) -> None:
    """Return as soon as the condition holds; fail where it never does."""
    until = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < until, f"waited in vain for {what}"
        time.sleep(0.05)


class Processes:
    """Starts programs; `end` ends them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.started: list[subprocess.Popen] = []

    def start(self, *words: str, root: Path = ROOT, cwd: Path | None = None, **environment: str) -> subprocess.Popen:
        """Run `python WORDS` in `cwd` with the course's code in `root`; what it says goes to a file."""
        log = (self.folder / f"log-{len(self.started)}.txt").open("wb")
        path = os.pathsep.join([str(root), *filter(None, [os.environ.get("PYTHONPATH")])])
        variables = os.environ | {"PYTHONPATH": path} | environment
        process = subprocess.Popen(
            [sys.executable, *words],
            env=variables, cwd=cwd or self.folder, stdout=log, stderr=log, start_new_session=True,
        )  # fmt: skip
        log.close()
        self.started.append(process)
        return process

    def scheduler(self) -> tuple[subprocess.Popen, str]:
        """A Dask scheduler on the loopback address; its address."""
        file = self.folder / f"scheduler-{len(self.started)}.json"
        words = ("scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--scheduler-file", str(file))
        process = self.start("-m", "dask", *words)
        wait_until(lambda: file.exists() and file.read_text().endswith("}"), "the scheduler")
        return process, json.loads(file.read_text())["address"]

    def worker(self, address: str, *words: str, root: Path = ROOT, **environment: str) -> subprocess.Popen:
        """A Dask worker of that scheduler, started again by its nanny when it dies."""
        common = ("--host", "127.0.0.1", "--no-dashboard", "--nworkers", "1", "--local-directory", str(self.folder))
        words = ("-m", "dask", "worker", address, *common, *(words or ("--nthreads", "1")))
        return self.start(*words, root=root, **environment)

    def said(self, process: subprocess.Popen) -> str:
        """What a program has said until now."""
        return (self.folder / f"log-{self.started.index(process)}.txt").read_text(errors="replace")

    def end(self) -> None:
        """Kill everything, children included."""
        for process in self.started:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
