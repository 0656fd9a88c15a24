"""How this project times things: contenders side by side, in shuffled rounds, medians; memory beside time."""

import ctypes
import os
import platform
import statistics
import time
import tracemalloc
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np

Contenders = dict[str, Callable[[], Any]]


def side_by_side(contenders: Contenders, rounds: int) -> dict[str, float]:
    """Median seconds per call. Every round calls every contender once, in a new order, after one round to warm up.

    What slows the machine for a moment then slows everyone, and ratios stay fair.
    """
    rng = np.random.default_rng(0)
    times: dict[str, list[float]] = {name: [] for name in contenders}
    for call in contenders.values():
        call()
    for _ in range(rounds):
        for name in rng.permutation(list(contenders)):
            start = time.perf_counter()
            contenders[name]()
            times[name].append(time.perf_counter() - start)
    return {name: statistics.median(values) for name, values in times.items()}


def array_memory(call: Callable[[], Any]) -> int:
    """Peak bytes of NumPy arrays (and Python objects) that one call allocates, its result included."""
    call()
    tracemalloc.start()
    call()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


def process_memory(call: Callable[[], Any]) -> int | None:
    """Peak bytes by which the process grows during one call, frameworks included; None where Linux does not tell."""
    status, clear = Path("/proc/self/status"), Path("/proc/self/clear_refs")
    if not (status.exists() and os.access(clear, os.W_OK)):
        return None

    def kilobytes(field: str) -> int:
        return next(int(line.split()[1]) for line in status.read_text().splitlines() if line.startswith(field))

    call()
    ctypes.CDLL("libc.so.6").malloc_trim(0)  # what earlier calls freed does not hide what this one takes
    clear.write_text("5")  # the peak starts anew
    before = kilobytes("VmRSS:")
    call()
    return max(0, kilobytes("VmHWM:") - before) * 1024


def machine() -> dict[str, Any]:
    """What the numbers were measured on."""
    cpu = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        fields = dict(line.split(":", 1) for line in cpuinfo.read_text().splitlines() if ":" in line)
        fields = {key.strip(): value.strip() for key, value in fields.items()}
        cpu = f"{fields.get('model name', cpu)} (family {fields.get('cpu family')}, model {fields.get('model')})"
    names = ("numpy", "scipy", "tensorflow", "keras", "opencv-python-headless", "torch")
    return {
        "cpu": cpu,
        "cores": os.cpu_count(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "versions": {name: version for name in names if (version := _version(name))},
        "threads": os.environ.get("OMP_NUM_THREADS", "all"),
    }


class Elsewhere:
    """The share of the processors that other programs took since this was made; None where Linux does not tell."""

    def __init__(self) -> None:
        self.start = self._clocks()

    def share(self) -> float | None:
        """0 on a quiet machine, near 1 where others kept every core busy."""
        if self.start is None:
            return None
        wall, busy, own = (now - then for now, then in zip(self._clocks(), self.start, strict=True))
        return round(max(0.0, busy - own) / (wall * os.cpu_count()), 3)

    @staticmethod
    def _clocks() -> tuple[float, float, float] | None:
        """Seconds: on the wall, of all processors at work, of this process and its children at work."""
        stat = Path("/proc/stat")
        if not stat.exists():
            return None
        user, nice, system, _, _, irq, soft, *_ = map(int, stat.read_text().split("\n", 1)[0].split()[1:])
        busy = (user + nice + system + irq + soft) / os.sysconf("SC_CLK_TCK")
        return time.perf_counter(), busy, sum(os.times()[:4])


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None
