"""Probe of chapter 10: `solve` gets a model that compares pictures with mean digits, and notes what it was given."""

import numpy as np

from helpers.captcha import SIDE
from helpers.checks.probes import Finding, probe


def likeness(pictures: np.ndarray, templates: np.ndarray) -> np.ndarray:
    """How much each of `pictures` (n, side, side, 1) is like each template (10, side, side): correlations, (n, 10)."""
    x, y = (np.asarray(a, dtype=float).reshape(len(a), -1) for a in (pictures, templates))
    x, y = (a - a.mean(axis=1, keepdims=True) for a in (x, y))
    lengths = np.outer(np.linalg.norm(x, axis=1), np.linalg.norm(y, axis=1))
    return x @ y.T / np.maximum(lengths, 1e-12)


@probe
def captcha_solved(solve, image, templates):
    """The text of a captcha, and what the model was shown on the way."""
    shown = []

    def model(pictures):
        try:
            batch = np.array(pictures, dtype=float)
        except (TypeError, ValueError):
            raise Finding("type", f"solve gives the model a {type(pictures).__name__}; it takes an array.") from None
        if batch.ndim != 4 or batch.shape[1:] != (SIDE, SIDE, 1):
            raise Finding(
                "shape", f"solve gives the model an array of shape {batch.shape}; it takes (digits, {SIDE}, {SIDE}, 1)."
            )
        shown.extend(batch)
        return likeness(batch, templates)

    result = solve(model, image)
    if not shown:
        raise Finding("values", "solve never asks the model.")
    return {
        "result": result,
        "brightest pixel of every picture that the model got": float(min(p.max() for p in shown)),
        "darkest pixel of these pictures": float(max(p.min() for p in shown)),
        "columns with ink in the first of them": int((shown[0][..., 0].max(axis=0) > 0.5).sum()),
    }
