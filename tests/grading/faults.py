"""Whatever fails at whatever moment, every hand-in gets its grade, and one: faults that strike grading runs.

    python -m tests.grading.faults [--times 20] [--only NAME ...] [--seed N] [--json FILE]

Each trial starts `course grade` in a course of its own, strikes at a random moment, starts the command again where it
stopped, and compares all that is stored with what an undisturbed run stores. Exit code 1 if anything was lost or wrong,
or somebody blamed for a process that others have killed.
"""

import argparse
import json
import os
import random
import secrets
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import psutil
from tqdm import tqdm

from tests.grading import postgres
from tests.grading.evidence import adopting
from tests.grading.processes import Processes, wait_until
from tests.grading.trial import (
    SANDBOXED,
    SIMULATED,
    Kind,
    Outcome,
    Trial,
    Undisturbed,
    judge,
    left_behind,
    moment,
    undisturbed,
)

PARENT = "grading.inside.parent"
DISK = 8 << 20  # bytes of the disk that gets full
REPEATS = 3  # runs after one that stopped; one should do
DRAWS = 10  # moments until one lies within the run


class Unavailable(Exception):
    """The fault cannot be made here; says why."""


class Fault:
    """What happens in a trial; a subclass says what strikes. `known` are processes that belong to it, not to a run."""

    kind: Kind = SIMULATED
    first = 1  # the least number of hand-ins that must have been begun

    def __init__(self, trial: Trial, rng: random.Random, bench: "Bench") -> None:
        self.trial, self.rng, self.bench = trial, rng, bench

    @contextmanager
    def prepared(self) -> Iterator[None]:
        """Everything that has to be there beside the course."""
        yield

    def words(self) -> tuple[str, ...]:
        """What the command is told, before the fault and after it."""
        return ("--workers", "2")

    def known(self) -> set[int]:
        return set()

    def strike(self) -> bool:
        """Do it; whether there was anything to do it to."""
        raise NotImplementedError

    def mend(self) -> None:
        """What a person does before repeating the command."""

    def _below(self) -> list[psutil.Process]:
        """The processes of the run."""
        with suppress(psutil.Error):
            return psutil.Process(self.trial.command.pid).children(recursive=True)
        return []

    def _kill_one(self, find) -> bool:
        """Kill -9 any of the processes that `find()` finds, once there are some."""
        while self.trial.running():
            for process in self._shuffled(find()):
                with suppress(psutil.Error):
                    process.kill()
                    return True
            time.sleep(0.005)
        return False

    def _shuffled(self, processes: list) -> list:
        return self.rng.sample(processes, len(processes))


class Parent(Fault):
    """kill -9 of a forking parent, or of one of the two processes of bubblewrap above it."""

    kind = SANDBOXED

    def strike(self) -> bool:
        return self._kill_one(lambda: [p for p in self._family() if not _depth(p)])

    def _family(self) -> list[psutil.Process]:
        """Parents, what they forked, and bubblewrap's around them."""
        return [process for process in self._below() if PARENT in _command(process)]


class Kernel(Parent):
    """kill -9 of a student's process."""

    def strike(self) -> bool:
        return self._kill_one(lambda: [p for p in self._family() if _depth(p) == 3])


def _command(process: psutil.Process) -> list[str]:
    with suppress(psutil.Error):
        return process.cmdline()
    return []


def _depth(process: psutil.Process) -> int:
    """0 for a forking parent and bubblewrap, 1 for a keeper, 2 for an init, 3 for a student's process."""
    with suppress(psutil.Error):
        above = [p for p in process.parents() if PARENT in _command(p) and p.name() != "bwrap"]
        return len(above) if process.name() != "bwrap" else 0
    return -1


class Worker(Fault):
    """kill -9 of a worker of the cluster that the command has made on this machine."""

    def strike(self) -> bool:
        return self._kill_one(self._workers)

    def _workers(self) -> list[psutil.Process]:
        pids = {pid for _, pid in self.trial.begun()}
        return [process for process in self._below() if process.pid in pids]


class SandboxedWorker(Worker):
    """The same where the worker has a sandbox, which has to go with it."""

    kind = SANDBOXED


class Driver(Fault):
    """kill -9 of the command."""

    first = 0

    def strike(self) -> bool:
        running = self.trial.running()
        self.trial.command.kill()
        return running


class SandboxedDriver(Driver):
    """The same with sandboxes, which have to go with it."""

    kind = SANDBOXED


class Scheduler(Fault):
    """kill -9 of a scheduler in a process of its own; a new one is started, and the command told its address."""

    @contextmanager
    def prepared(self) -> Iterator[None]:
        self._start()
        try:
            yield
        finally:
            self.cluster.end()

    def _start(self) -> None:
        folder = Path(tempfile.mkdtemp(dir=self.trial.folder))
        self.cluster = Processes(folder)
        self.scheduler, self.address = self.cluster.scheduler()
        log = {self.trial.kind.log: str(self.trial.log)}
        workers = [self.cluster.worker(self.address, **log) for _ in range(2)]
        for worker in workers:
            wait_until(lambda worker=worker: "Registered to" in self.cluster.said(worker), "a worker")

    def words(self) -> tuple[str, ...]:
        return ("--scheduler", self.address)

    def known(self) -> set[int]:
        return {process.pid for process in self.cluster.started}

    def strike(self) -> bool:
        self.scheduler.kill()
        return True

    def mend(self) -> None:
        self.cluster.end()
        self._start()


class Postgres(Fault):
    """PostgreSQL is restarted, and everything that goes on in it ended at once."""

    first = 0

    @contextmanager
    def prepared(self) -> Iterator[None]:
        self.trial.db_url = self.bench.postgres().new_database()
        yield

    def words(self) -> tuple[str, ...]:
        return (*super().words(), "--db", self.trial.db_url)

    def strike(self) -> bool:
        self.bench.postgres().restart()
        return True


class Disk(Fault):
    """The disk of the graded notebooks is full; somebody makes room."""

    @contextmanager
    def prepared(self) -> Iterator[None]:
        folder = self.trial.autograded
        folder.mkdir()
        mount = ["mount", "-t", "tmpfs", "-o", f"size={DISK}", "tmpfs", str(folder)]
        if os.geteuid() or subprocess.run(mount, capture_output=True, check=False).returncode:
            raise Unavailable("mounting a small disk needs the rights of root")
        try:
            yield
        finally:
            subprocess.run(["umount", "--lazy", str(folder)], check=True)

    def strike(self) -> bool:
        with suppress(OSError), self._filler().open("wb", buffering=0) as file:
            while True:
                file.write(bytes(4096))
        return True

    def mend(self) -> None:
        self._filler().unlink(missing_ok=True)

    def _filler(self) -> Path:
        return self.trial.autograded / "filler"


FAULTS = {
    "kernel": Kernel, "parent": Parent, "worker": Worker, "worker-sandboxed": SandboxedWorker, "scheduler": Scheduler,
    "driver": Driver, "driver-sandboxed": SandboxedDriver, "postgres": Postgres, "disk": Disk,
}  # fmt: skip


_COUNTED = {
    "stopped": lambda o: len(o.stopped), "graded again": lambda o: o.again, "blamed": lambda o: len(o.blamed),
    "lost": lambda o: len(o.lost), "wrong": lambda o: len(o.wrong), "troubles": lambda o: len(o.troubles),
}  # fmt: skip


class Bench:
    """What trials share: courses to copy, undisturbed runs, a PostgreSQL server. A context manager."""

    def __init__(self) -> None:
        self._stack = ExitStack()
        self._undisturbed: dict[Kind, tuple[Path, Undisturbed]] = {}
        self._server: postgres.Server | None = None

    def __enter__(self) -> "Bench":
        self.folder = Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="faults-")))
        return self

    def __exit__(self, *exception) -> None:
        self._stack.close()

    def undisturbed(self, kind: Kind) -> tuple[Path, Undisturbed]:
        """The course to copy, and an undisturbed run of it."""
        if kind not in self._undisturbed:
            template = self.folder / kind.chapter
            template.mkdir()
            kind.make(template)
            folder = self.folder / f"{kind.chapter}-undisturbed"
            trial = Trial(kind, template, folder)
            try:
                self._undisturbed[kind] = template, undisturbed(trial)
            finally:
                trial.end()
        return self._undisturbed[kind]

    def postgres(self) -> postgres.Server:
        """A server, started when first needed."""
        if postgres.programs() is None:
            raise Unavailable("there is no PostgreSQL server here")
        if self._server is None:
            self._server = self._stack.enter_context(postgres.running())
        return self._server


def attempt(name: str, seed: int, bench: Bench) -> Outcome:
    """One trial whose moment lies within the run. Raises Unavailable."""
    rng = random.Random(f"{name} {seed}")
    for _ in range(DRAWS):
        outcome = _trial(name, seed, rng, bench)
        if outcome.struck or outcome.troubles:
            return outcome
    outcome.troubles.append(f"In {DRAWS} runs the fault found nothing to strike.")
    return outcome


def _trial(name: str, seed: int, rng: random.Random, bench: Bench) -> Outcome:
    kind, began = FAULTS[name].kind, time.monotonic()
    template, usual = bench.undisturbed(kind)
    outcome = Outcome(name, seed)
    with tempfile.TemporaryDirectory(dir=bench.folder) as folder, adopting():
        before = {process.pid for process in psutil.Process().children()}
        trial = Trial(kind, template, Path(folder))
        fault = FAULTS[name](trial, rng, bench)
        try:
            with fault.prepared():
                _run(fault, rng, usual, outcome, before)
        except AssertionError as error:  # waited in vain, or a program of PostgreSQL failed
            outcome.troubles.append(str(error).splitlines()[0][:300])
        finally:
            trial.end()
    outcome.seconds = time.monotonic() - began
    return outcome


def _run(fault: Fault, rng: random.Random, usual: Undisturbed, outcome: Outcome, before: set[int]) -> None:
    """Strike a run, repeat it until it ends well, and judge."""
    trial, when = fault.trial, moment(rng, fault.kind, usual, fault.first)
    outcome.moment = str(when)
    trial.start(fault.words())
    if trial.reached(when.begun):
        time.sleep(when.delay)
        outcome.struck = trial.running() and fault.strike()
    for repeat in range(1 + REPEATS):
        code = trial.code()
        left_behind(trial, before | fault.known(), outcome)
        if code == 0:
            break
        outcome.stopped.append(f"{code}: {trial.last_words()}")
        if repeat == REPEATS:
            outcome.troubles.append("Repeating the command does not help.")
            return
        fault.mend()
        trial.start(fault.words())
    judge(trial, outcome, usual)


def table(outcomes: list[Outcome]) -> str:
    """A line for every fault."""
    lines = [f"{'fault':18}" + "".join(f"{column:>14}" for column in ("trials", *_COUNTED))]
    for name in dict.fromkeys(outcome.fault for outcome in outcomes):
        some = [outcome for outcome in outcomes if outcome.fault == name]
        counts = (len(some), *(sum(map(count, some)) for count in _COUNTED.values()))
        lines.append(f"{name:18}" + "".join(f"{count:>14}" for count in counts))
    return "\n".join(lines)


def trials(names: list[str], times: int, seed: int) -> Iterator[Outcome]:
    """All trials, fault by fault."""
    with Bench() as bench, tqdm(total=len(names) * times, unit="trial") as bar:
        for name in names:
            for number in range(times):
                bar.set_description(name)
                try:
                    yield attempt(name, seed + number, bench)
                except Unavailable as why:
                    tqdm.write(f"{name} is left out: {why}.")
                    bar.update(times - number)
                    break
                bar.update()


def main() -> int:
    """Command line; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.grading.faults", description=__doc__.splitlines()[0])
    parser.add_argument("--times", type=int, default=20, help="trials of each fault")
    parser.add_argument("--only", nargs="+", choices=FAULTS, default=list(FAULTS), metavar="NAME", help="these faults")
    parser.add_argument("--seed", type=int, default=secrets.randbelow(10**6), help="of the moments")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every trial there, too")
    arguments = parser.parse_args()
    print(f"seed {arguments.seed}", flush=True)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # leave nothing behind either
    outcomes: list[Outcome] = []
    try:
        for outcome in trials(arguments.only, arguments.times, arguments.seed):
            _note(outcome, outcomes, arguments.json)
    except KeyboardInterrupt:
        print("Stopped.")
        return 130
    finally:
        print(table(outcomes))
    return int(not all(outcome.good for outcome in outcomes))


def _note(outcome: Outcome, outcomes: list[Outcome], file: Path | None) -> None:
    outcomes.append(outcome)
    if not outcome.good:
        tqdm.write(json.dumps(outcome.tree()))
    if file:
        file.write_text(json.dumps([one.tree() for one in outcomes], indent=1) + "\n")


if __name__ == "__main__":
    sys.exit(main())
