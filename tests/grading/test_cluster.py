"""Separate schedulers and workers, by address: losses, misfits, and the end of a scheduler."""

import json
import os
import shutil
import signal
import threading
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import psutil
import pytest
from distributed import Client

from grading import cluster
from helpers.checks.library import ROOT
from tests.grading import simulated
from tests.grading.processes import Processes, wait_until
from tests.grading.simulated import course, run, states


@pytest.fixture
def processes(tmp_path):
    started = Processes(tmp_path)
    yield started
    started.end()


@pytest.fixture(scope="module")
def two_workers(tmp_path_factory):
    """The address of a scheduler with two workers, and the file in which they say what they grade."""
    folder = tmp_path_factory.mktemp("cluster")
    started, log = Processes(folder), folder / "graded.jsonl"
    log.touch()
    _, address = started.scheduler()
    for _ in range(2):
        started.worker(address, SIMULATED_LOG=str(log))
    with Client(address, set_as_default=False) as client:
        client.wait_for_workers(2, timeout=120)
    yield address, log
    started.end()


def graded(log: Path) -> list[tuple[str, int]]:
    """Student and process of every try."""
    return [tuple(json.loads(line)) for line in log.read_text().splitlines()]


def on(address: str, told: list[str] | None = None):
    return partial(cluster.remote, address=address, tell=(told if told is not None else []).append)


def another_version(folder: Path) -> Path:
    """A copy of the course's code with one line more."""
    for name in ("grading", "helpers", "tests"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    with (folder / "grading" / "judge.py").open("a") as file:
        file.write("# one line more\n")
    return folder


def test_a_poisonous_submission_is_isolated_after_two_losses(tmp_path, two_workers):
    address, log = two_workers
    answers = {f"s{i}": "score 3" for i in range(8)} | {"poison": "exit"}
    course(tmp_path, answers | {"unlucky": f"exit {tmp_path / 'flag'}"})
    tally = run(tmp_path, on(address))
    assert (tally.graded, tally.lost, tally.problems.count) == (10, 1, 0)
    expected = {f"s{i}": (3.0, "passed") for i in range(8)}
    assert states(tmp_path) == expected | {"poison": (0.0, "lost"), "unlucky": (0.0, "values")}
    tries = [student for student, _ in graded(log)]
    assert (tries.count("poison"), tries.count("unlucky")) == (2, 2)


def test_a_worker_killed_midway_costs_nobody_anything(tmp_path, two_workers):
    address, log = two_workers
    course(tmp_path, {f"s{i}": "score 3" for i in range(4)} | {"slow": "sleep 1.5"})

    def kill() -> None:
        wait_until(lambda: [pid for name, pid in graded(log) if name == "slow"], "the slow one")
        os.kill(next(pid for name, pid in graded(log) if name == "slow"), signal.SIGKILL)

    killer = threading.Thread(target=kill)
    killer.start()
    tally = run(tmp_path, on(address))
    killer.join()
    assert (tally.graded, tally.lost) == (5, 0)
    assert states(tmp_path) == {f"s{i}": (3.0, "passed") for i in range(4)} | {"slow": (0.0, "values")}
    assert len({pid for name, pid in graded(log) if name == "slow"}) == 2


def test_workers_of_another_version_are_refused_by_name(tmp_path, processes):
    _, address = processes.scheduler()
    processes.worker(address, root=another_version(tmp_path / "other"))
    course(tmp_path, {"ada": "score 3"})
    with pytest.raises(cluster.UnfitWorker) as refused:
        run(tmp_path, on(address))
    sentence = str(refused.value)
    assert "The worker tcp://127.0.0.1:" in sentence
    assert "the course's code is" in sentence
    assert "put the same version of the course on both machines" in sentence
    assert states(tmp_path) == {}


def test_a_worker_of_another_version_that_joins_later_is_sent_away(tmp_path, processes):
    _, address = processes.scheduler()
    log = tmp_path / "graded.jsonl"
    processes.worker(address, SIMULATED_LOG=str(log))
    late = []

    def join() -> None:
        wait_until(log.exists, "the first one")
        late.append(processes.worker(address, root=another_version(tmp_path / "other"), SIMULATED_LOG=str(log)))

    course(tmp_path, {f"s{i:02}": "sleep 1" for i in range(12)} | {"wait": "sleep 20"})
    joining, told = threading.Thread(target=join), []
    joining.start()
    tally = run(tmp_path, on(address, told))
    joining.join()
    assert tally.graded == 13
    assert len({pid for _, pid in graded(log)}) == 1
    assert len(told) == 1
    assert "would not grade as this machine does" in told[0]


def test_workers_with_two_threads_are_refused(tmp_path, processes):
    _, address = processes.scheduler()
    processes.worker(address, "--nthreads", "2")
    course(tmp_path, {"ada": "score 3"})
    with pytest.raises(cluster.UnfitWorker, match=r"2 threads.*--nthreads 1"):
        run(tmp_path, on(address))


def test_a_scheduler_that_dies_is_one_sentence_and_the_next_run_goes_on(tmp_path, processes):
    scheduler, address = processes.scheduler()
    log = tmp_path / "graded.jsonl"
    processes.worker(address, SIMULATED_LOG=str(log))
    course(tmp_path, {f"s{i}": "sleep 0.5" for i in range(20)})

    def kill() -> None:
        wait_until(lambda: log.exists() and len(graded(log)) > 4, "some to be graded")
        os.kill(scheduler.pid, signal.SIGKILL)

    killer = threading.Thread(target=kill)
    killer.start()
    with pytest.raises(cluster.ClusterError, match=f"The scheduler at {address} is gone"):
        run(tmp_path, on(address))
    killer.join()
    stored = len(states(tmp_path))
    assert 0 < stored < 20
    _, again = processes.scheduler()
    processes.worker(again)
    tally = run(tmp_path, on(again))
    assert (tally.graded, tally.unchanged) == (20 - stored, stored)


def test_no_scheduler_and_no_worker_are_one_sentence_each(tmp_path, processes, monkeypatch):
    course(tmp_path, {"ada": "score 3"})
    monkeypatch.setattr(cluster, "CONNECT_SECONDS", 1)
    monkeypatch.setattr(cluster, "WORKER_SECONDS", 1)
    with pytest.raises(cluster.ClusterError, match=r"No scheduler answers at tcp://127.0.0.1:9 .*start one with"):
        run(tmp_path, on("tcp://127.0.0.1:9"))
    _, address = processes.scheduler()
    with pytest.raises(cluster.ClusterError, match="has no workers: start some with"):
        run(tmp_path, on(address))


def test_this_machine_alone(tmp_path):
    """A cluster of processes that is started and ended by the driver, with a submission that kills its process."""
    course(tmp_path, {"ada": "score 3", "ben": "score 2", "poison": "exit"})
    listening, others = set(), set(psutil.Process().children(recursive=True))

    @contextmanager
    def watched(assignment):
        with cluster.local(assignment, workers=2, tell=print) as pool:
            for process in {psutil.Process(), *psutil.Process().children(recursive=True)} - others:
                connections = process.net_connections("inet")
                listening.update(c.laddr.ip for c in connections if c.status == psutil.CONN_LISTEN)
            yield pool

    tally = run(tmp_path, watched)
    assert listening == {"127.0.0.1"}
    assert (tally.graded, tally.lost) == (3, 1)
    assert states(tmp_path)["ada"] == (3.0, "passed")
    assert simulated.places(tmp_path).autograded.is_dir()
