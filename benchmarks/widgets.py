"""How long the kernel takes from a moved control to a new picture, and what explorers cost.

    python -m benchmarks.widgets

prints milliseconds at the median and the 95th percentile, on the clock and on the processor; on a machine that other
programs use too, the processor's is the fairer. The browser's part is not in it.
"""

import os
import resource
import sys
import time
from collections.abc import Callable

import IPython.display
import numpy as np

IPython.display.display = lambda *args, **kwargs: None  # explorers show themselves

from helpers.widgets import activation_explorer, kernel_explorer  # noqa: E402

MOVES = 100


def measure(move: Callable[[int], None]) -> tuple[np.ndarray, np.ndarray]:
    """Milliseconds of `move(0)`, `move(1)`, ..., on the clock and on the processor."""
    clock, processor = [], []
    for i in range(MOVES):
        start, used = time.perf_counter(), time.process_time()
        move(i)
        clock.append(time.perf_counter() - start)
        processor.append(time.process_time() - used)
    return np.array(clock) * 1e3, np.array(processor) * 1e3


def moves() -> dict[str, Callable[[int], None]]:
    """What a learner does, by name."""
    activation, elu, kernel = activation_explorer(), activation_explorer(function="elu", z=-1), kernel_explorer()
    presets, paddings = ("emboss", "mean"), ("none", "zero")
    return {
        "activation: z": lambda i: setattr(activation.controls["z"], "value", 0.05 * i - 2),
        "activation: alpha": lambda i: setattr(elu.controls["alpha"], "value", 0.01 * i),
        "kernel: output row": lambda i: setattr(kernel.controls["row"], "value", 2 * i),
        "kernel: a weight": lambda i: setattr(kernel.cells[1], "value", 0.1 * i),
        "kernel: preset": lambda i: setattr(kernel.controls["preset"], "value", presets[i % 2]),
        "kernel: padding": lambda i: setattr(kernel.controls["padding"], "value", paddings[i % 2]),
    }


def main() -> None:
    """Command line."""
    print(f"Milliseconds; load {os.getloadavg()[0]:.1f}")
    print(f"{'control':<20}{'clock p50':>11}{'p95':>7}{'processor p50':>15}{'p95':>7}")
    for name, move in moves().items():
        clock, processor = (np.percentile(times, [50, 95]) for times in measure(move))
        print(f"{name:<20}{clock[0]:>11.1f}{clock[1]:>7.1f}{processor[0]:>15.1f}{processor[1]:>7.1f}")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"memory at most {peak:.0f} MB; TensorFlow loaded: {'tensorflow' in sys.modules}")


if __name__ == "__main__":
    main()
