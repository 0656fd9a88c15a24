"""`python -m benchmarks.kernels`: the course's kernels beside everyone else's, in one run.

Writes docs/benchmarks/kernels.json, its plots, and the tables in docs/benchmarks.md. `--only conv filters` measures
some parts anew and keeps the others; `--quick` takes fewer rounds and a tenth of MNIST. PyTorch takes part where it is
installed. OMP_NUM_THREADS=1 gives everyone one thread, which is fairer on a machine that others use too.
"""

import argparse
import json
import subprocess
import sys
import time
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import contenders, report
from benchmarks.measure import Elsewhere, array_memory, machine, process_memory, side_by_side

SHAPES = [  # x, kernel side, filters; stride 1, same padding
    ((64, 28, 28, 1), 5, 20),
    ((64, 14, 14, 20), 5, 50),
    ((64, 32, 32, 3), 3, 32),
    ((64, 32, 32, 32), 3, 32),
    ((64, 16, 16, 32), 3, 64),
]
GREY_KERNELS = [3, 5, 7, 15, 31]
RESULTS = Path(__file__).resolve().parent.parent / "docs" / "benchmarks" / "kernels.json"


def convolution(rounds: int) -> list[dict[str, Any]]:
    """Forward and forward + backward on the five shapes: time and memory of everyone, bare TensorFlow against `tfk`."""
    results = []
    for shape, kernel, filters in SHAPES:
        arrays = contenders.conv_arrays(shape, kernel, filters)
        forward = contenders.conv_forward(*arrays)
        both = contenders.conv_both(*arrays)
        loops_forward, loops_both = contenders.conv_loops(*arrays)
        sizes = 4 * (prod(shape) + prod(shape[:3]) * filters)
        result = {
            "x": shape,
            "kernel": kernel,
            "filters": filters,
            "input_and_output_bytes": sizes,
            "forward_s": {**side_by_side(forward, rounds), "loops": loops_forward},
            "forward_backward_s": {**side_by_side(both, rounds), "loops": loops_both},
            "forward_process_bytes": {name: process_memory(call) for name, call in forward.items()},
            "forward_backward_process_bytes": {name: process_memory(call) for name, call in both.items()},
            "forward_extra_bytes": array_memory(forward["NumPy kernel"]) - 4 * prod(shape[:3]) * filters,
            "tfk_s": side_by_side(contenders.conv_wrapped(*arrays), 5 * rounds),
        }
        backward = contenders.conv_numpy_backward(*arrays)
        gradients = sum(gradient.nbytes for gradient in backward())
        result["backward_extra_bytes"] = array_memory(backward) - gradients
        results.append(result)
        print(shape, {name: f"{1e3 * t:.2f} ms" for name, t in result["forward_backward_s"].items()}, flush=True)
    return results


def growth(rounds: int) -> dict[str, list[dict[str, Any]]]:
    """How forward + backward of (16, 32, 32, 16) -> 32 3x3 grows with batch, image side and kernel side."""
    base = {"batch": 16, "side": 32, "kernel": 3}
    steps = {"batch": [1, 4, 16, 64], "side": [8, 16, 32, 64], "kernel": [1, 3, 5, 7, 11]}
    results: dict[str, list[dict[str, Any]]] = {}
    for what, values in steps.items():
        results[what] = []
        for value in values:
            s = {**base, what: value}
            arrays = contenders.conv_arrays((s["batch"], s["side"], s["side"], 16), s["kernel"], 32)
            both = contenders.conv_both(*arrays)
            calls = {name: both[name] for name in ("NumPy kernel", "TensorFlow compiled")}
            results[what].append(
                {
                    "value": value,
                    "seconds": side_by_side(calls, rounds),
                    "numpy_bytes": array_memory(calls["NumPy kernel"]),
                    "process_bytes": {name: process_memory(call) for name, call in calls.items()},
                }
            )
        print("growth with", what, "done", flush=True)
    return results


def filters(rounds: int) -> list[dict[str, Any]]:
    """Grey 512 x 512, zero border, float32: a random kernel, and a Gaussian, which is a column times a row."""
    results = []
    for side in GREY_KERNELS:
        for kind, kernel in contenders.grey_kernels(side).items():
            image, calls = contenders.grey_filters(kernel)
            seconds = side_by_side(calls, rounds)
            seconds["loops"] = contenders.grey_loops(image, kernel)
            memory = {name: array_memory(call) for name, call in calls.items() if name in contenders.NUMPY_FILTERS}
            results.append({"side": side, "kernel": kind, "seconds": seconds, "bytes": memory})
            print(side, kind, {name: f"{1e3 * t:.2f} ms" for name, t in seconds.items()}, flush=True)
    return results


def dense(rounds: int) -> dict[str, Any]:
    """One training step of 784-64-32-10, sigmoid, squared error, batch 30."""
    seconds = side_by_side(contenders.dense_steps(), 20 * rounds)
    print({name: f"{1e6 * t:.0f} us" for name, t in seconds.items()}, flush=True)
    return {"seconds": seconds, "book_run_minutes": 500 * 2000 * seconds["NumPy kernel"] / 60}


def lenet(rounds: int, images: int) -> dict[str, Any]:
    """One epoch of LeNet on MNIST at batch 128, rate 0.01; everyone's first epoch, from fresh weights, is not timed."""
    calls = contenders.lenet_epochs(images)
    seconds = side_by_side(calls, rounds)
    print({name: f"{t:.2f} s" for name, t in seconds.items()}, flush=True)
    return {"images": images, "seconds": seconds}


def import_time(rounds: int) -> dict[str, float]:
    """Seconds that an import adds to starting Python."""

    def start(code: str) -> Any:
        return lambda: subprocess.run([sys.executable, "-c", code], check=True)

    codes = {"helpers": "import helpers", "helpers.kernels": "import helpers.kernels", "numpy": "import numpy"}
    seconds = side_by_side({name: start(code) for name, code in {"python": "pass", **codes}.items()}, rounds)
    return {name: seconds[name] - seconds["python"] for name in codes}


def main() -> None:
    """Measure, and write what was measured."""
    parts = ["conv", "growth", "filters", "dense", "lenet", "import"]
    parser = argparse.ArgumentParser(prog="python -m benchmarks.kernels", description=__doc__)
    parser.add_argument("--only", nargs="+", choices=parts, default=parts)
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args()
    rounds = 5 if options.quick else 21
    measure = {
        "conv": lambda: convolution(rounds),
        "growth": lambda: growth(rounds),
        "filters": lambda: filters(rounds),
        "dense": lambda: dense(rounds),
        "lenet": lambda: lenet(*(3, 6_000) if options.quick else (3, 60_000)),
        "import": lambda: import_time(rounds),
    }
    results = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    for part in options.only:
        elsewhere, start = Elsewhere(), time.perf_counter()
        results[part] = {"machine": machine(), "quick": options.quick, "results": measure[part]()}
        results[part] |= {"took_s": round(time.perf_counter() - start, 1), "busy_elsewhere": elsewhere.share()}
        RESULTS.parent.mkdir(parents=True, exist_ok=True)
        RESULTS.write_text(json.dumps(results, indent=1, default=_plain) + "\n")
    report.write(results, RESULTS.parent)
    print((RESULTS.parent.parent / "benchmarks.md").read_text())


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else list(value)


if __name__ == "__main__":
    main()
