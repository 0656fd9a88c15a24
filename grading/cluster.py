"""Where submissions are graded: in this process, on this machine's cores, or on a cluster of workers (Dask).

A pool takes packed submissions and gives replies. It never decides what a reply is worth; that is the driver's.
"""

import logging
import os
import queue
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from typing import Protocol
from uuid import uuid4

import dask
from distributed import Client, Future, KilledWorker, LocalCluster
from distributed.client import FutureCancelledError

from grading import fingerprint, worker
from grading.worker import Assignment, CoursePlugin, Reply
from helpers.checks.errors import CourseError

Tell = Callable[[str], None]  # takes a sentence for the person who waits

CONNECT_SECONDS = 15
WORKER_SECONDS = 60  # to wait for a worker before giving up
CLOSE_SECONDS = 20
MAX_UNFIT = 100  # workers that join later and are not fit to grade, before the run is given up
# Every loss of a worker is told to the driver at once, which tries again itself, and then with that task alone on the
# whole cluster: only so can no innocent neighbour be blamed for the loss.
_SETTINGS = {
    "distributed.scheduler.allowed-failures": 0,
    "distributed.scheduler.worker-saturation": 1.0,
    "distributed.scheduler.work-stealing": False,
    "distributed.scheduler.http.routes": [],  # no pages: there is nobody to look at them
}


class ClusterError(CourseError):
    """The cluster cannot be reached, has no workers, or is gone."""


class UnfitWorker(ClusterError):
    """A worker would not grade as this machine does."""


class Pool(Protocol):
    """Grades packed submissions, several at a time."""

    def window(self) -> int:
        """How many to hand in at a time, so that nobody is idle and memory stays flat."""

    def submit(self, number: int, sheet: str, packed: bytes) -> None:
        """Hand in a submission for the sheet with that digest, under a number of the caller's."""

    def replies(self, seconds: float) -> Iterator[tuple[int, Reply]]:
        """What has come back, with its number; waits at most `seconds` if nothing has."""


@contextmanager
def here(assignment: Assignment) -> Iterator[Pool]:
    """A pool without a cluster, for a single submission: graded in this process, by a thread that stays."""
    key = assignment.digest
    worker.install(assignment, key)
    if refusal := worker.refusal_of(key):
        raise ClusterError(refusal)
    yield _Here(key)


@contextmanager
def local(assignment: Assignment, workers: int, tell: Tell) -> Iterator[Pool]:
    """A pool of processes on this machine, one submission each at a time; they listen on the loopback address only."""
    with ExitStack() as stack:
        with dask.config.set(_SETTINGS):
            cluster = LocalCluster(
                n_workers=workers, threads_per_worker=1, processes=True, host="127.0.0.1", protocol="tcp://",
                dashboard_address="127.0.0.1:0", memory_limit=0, silence_logs=logging.CRITICAL,
            )  # fmt: skip
        stack.callback(_leave, lambda: cluster.close(timeout=CLOSE_SECONDS))
        yield stack.enter_context(_connected(cluster.scheduler_address, assignment, tell))


@contextmanager
def remote(assignment: Assignment, address: str, tell: Tell) -> Iterator[Pool]:
    """The pool of all workers, each with one thread, of the scheduler at `address`, such as tcp://10.0.0.1:8786."""
    with _connected(address, assignment, tell) as pool:
        yield pool


@contextmanager
def _connected(address: str, assignment: Assignment, tell: Tell) -> Iterator["_Cluster"]:
    for name in ("distributed", "distributed.client"):
        logging.getLogger(name).setLevel(logging.CRITICAL)  # what matters is told in sentences
    with ExitStack() as stack:
        client = _client(address)
        stack.callback(_leave, lambda: client.close(timeout=CLOSE_SECONDS))
        _wait_for_a_worker(client, address)
        _refuse_unfit(client, assignment.expected)
        with suppress(Exception):  # a scheduler without the course is as good, only slower to tell of losses
            client.run_on_scheduler(_set_up_scheduler)
        plugin = CoursePlugin(assignment)
        client.register_plugin(plugin)
        stack.callback(_leave, lambda: client.status == "running" and client.unregister_worker_plugin(plugin.name))
        pool = _Cluster(client, plugin.key, address, tell)
        stack.callback(_leave, pool.cancel)
        yield pool


def _leave(step: Callable[[], object]) -> None:
    """A step on the way out, which must not hide why it goes out."""
    with suppress(Exception):
        step()


def _client(address: str) -> Client:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # other versions are refused later, in plain words
            return Client(address, timeout=CONNECT_SECONDS, set_as_default=False)
    except (OSError, ValueError, TypeError) as error:
        reason = " ".join(str(error).split())[:120]
        raise ClusterError(
            f"No scheduler answers at {address} ({reason}): start one with `dask scheduler` and name its address."
        ) from None


def _wait_for_a_worker(client: Client, address: str) -> None:
    try:
        client.wait_for_workers(1, timeout=WORKER_SECONDS)
    except TimeoutError:
        raise ClusterError(
            f"The scheduler at {address} has no workers: start some with `dask worker {address} --nthreads 1`, in the "
            "course's environment."
        ) from None


def _refuse_unfit(client: Client, expected: Mapping[str, str]) -> None:
    """Raise UnfitWorker, naming the worker, unless every one would grade as this machine does."""
    threads = client.nthreads()
    for address, found in client.run(fingerprint.handshake, on_error="return").items():
        if isinstance(found, BaseException):
            wrong = (
                f"It cannot load the course's code ({worker.describe(found)}): start it in the course's environment."
            )
        elif threads.get(address, 1) != 1:
            wrong = f"It has {threads[address]} threads, which would share one fate: start it with --nthreads 1."
        else:
            wrong = fingerprint.difference(expected, found)
        if wrong:
            raise UnfitWorker(f"The worker {address} would not grade as this machine does. {wrong}")


def _set_up_scheduler(dask_scheduler=None) -> None:
    dask_scheduler.allowed_failures = 0


class _Here:
    """See `here`. The one thread outlives the pool, since the sandbox ends with the thread that started it."""

    _thread = ThreadPoolExecutor(1, "grading")

    def __init__(self, key: str) -> None:
        self._key, self._done = key, queue.SimpleQueue()

    def window(self) -> int:
        return 1

    def submit(self, number: int, sheet: str, packed: bytes) -> None:
        future = self._thread.submit(worker.reply, self._key, sheet, packed)
        future.add_done_callback(lambda done: self._done.put((number, done.result())))

    def replies(self, seconds: float) -> Iterator[tuple[int, Reply]]:
        yield from _taken(self._done, seconds)


class _Cluster:
    """See `local` and `remote`."""

    def __init__(self, client: Client, key: str, address: str, tell: Tell) -> None:
        self._client, self._key, self._address, self._tell = client, key, address, tell
        self._name = f"grade_packed-{uuid4().hex}"
        self._done: queue.SimpleQueue[tuple[int, Future]] = queue.SimpleQueue()
        self._given: dict[int, tuple[Future, str, bytes]] = {}
        self._tries, self._sent_away = 0, set()
        self._workers, self._counted, self._last_seen = 0, -1.0, time.monotonic()

    def window(self) -> int:
        """Two for each worker and a few more: while one is graded the next is there."""
        self._count_workers()
        return 2 * self._workers + 4

    def submit(self, number: int, sheet: str, packed: bytes) -> None:
        self._tries += 1
        with self._present():
            future = self._client.submit(
                worker.grade_packed, self._key, sheet, packed, key=(self._name, self._tries), pure=False, retries=0
            )
        self._given[number] = future, sheet, packed
        future.add_done_callback(lambda done: self._done.put((number, done)))

    def replies(self, seconds: float) -> Iterator[tuple[int, Reply]]:
        self._count_workers()
        for number, future in _taken(self._done, seconds):
            reply = self._reply(future)
            _, sheet, packed = self._given.pop(number)
            if reply.kind == "refused":
                self._send_away(reply)
                self.submit(number, sheet, packed)
            else:
                yield number, reply

    def cancel(self) -> None:
        """Give up everything that has not come back."""
        if self._client.status == "running" and self._given:
            self._client.cancel([future for future, _, _ in self._given.values()], force=True)

    def _reply(self, future: Future) -> Reply:
        with self._present():
            if future.status in ("cancelled", "lost"):
                raise ConnectionError
            error = future.exception()
            if error is None:
                return future.result()
        return Reply("lost" if isinstance(error, KilledWorker) else "failed", why=worker.describe(error))

    @contextmanager
    def _present(self) -> Iterator[None]:
        """Every way of Dask's to say that there is nobody to talk to, in one sentence."""
        try:
            yield
        except (OSError, FutureCancelledError, RuntimeError) as error:
            raise ClusterError(f"The scheduler at {self._address} is gone.") from error

    def _send_away(self, reply: Reply) -> None:
        if reply.worker in self._sent_away:
            return  # it had more than one submission
        self._sent_away.add(reply.worker)
        sentence = f"The worker {reply.worker} would not grade as this machine does. {reply.why}"
        if len(self._sent_away) > MAX_UNFIT:
            raise UnfitWorker(sentence)
        self._tell(f"{sentence} It was sent away; the others go on.")
        with self._present():
            self._client.retire_workers([reply.worker])

    def _count_workers(self) -> None:
        """Look every few seconds how many workers there are. Raises ClusterError if there have been none for long."""
        now = time.monotonic()
        if now - self._counted < 2.0:
            return
        with self._present():
            if self._client.status != "running":
                raise ConnectionError
            self._counted, self._workers = now, len(self._client.nthreads())
        if self._workers:
            self._last_seen = now
        elif now - self._last_seen > WORKER_SECONDS:
            raise ClusterError(f"The scheduler at {self._address} has had no worker for {WORKER_SECONDS} s.")


def _taken(done: queue.SimpleQueue, seconds: float) -> Iterator:
    """Everything in the queue; waits at most `seconds` for the first."""
    with suppress(queue.Empty):
        yield done.get(timeout=seconds)
        while True:
            yield done.get_nowait()


def cores() -> int:
    """Processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
