"""How often does a 2-2-1 network learn XOR? Many random starts at once; quoted in chapter 05.

    python -m benchmarks.xor_starts

The network is the one that a well-known book prints: all sigmoid, a constant 1 beside the two inputs, one unit more in
the hidden layer than it says and no bias above it, squared error, one sample at a time at rate 0.5.
"""

import numpy as np

from helpers.kernels import sigmoid

X = np.array([[0.0, 0, 1], [0, 1, 1], [1, 0, 1], [1, 1, 1]])  # the last column is the constant
Y = np.array([0.0, 1, 1, 0])
STARTS, RATE, SEED = 300, 0.5, 0
EPOCHS = (1_000, 5_000, 20_000)


def solved(W1: np.ndarray, W2: np.ndarray) -> float:
    """Share of the networks W1 (starts, 3, 3), W2 (starts, 3) that put all four samples on the right side of 0.5."""
    outputs = sigmoid(np.einsum("sni,si->sn", sigmoid(X @ W1), W2))
    return float(((outputs > 0.5) == (Y > 0.5)).all(axis=1).mean())


def train_one_epoch(W1: np.ndarray, W2: np.ndarray) -> None:
    """One pass over the truth table in order, every network updated in place after every sample."""
    for x, y in zip(X, Y, strict=True):
        hidden = sigmoid(x @ W1)
        output = sigmoid(np.einsum("si,si->s", hidden, W2))
        delta = (output - y) * output * (1 - output)
        delta_hidden = delta[:, None] * W2 * hidden * (1 - hidden)
        W2 -= RATE * delta[:, None] * hidden
        W1 -= RATE * x[:, None] * delta_hidden[:, None, :]


def main() -> None:
    """Print the share of solved starts after each of `EPOCHS`."""
    rng = np.random.default_rng(SEED)
    W1 = rng.standard_normal((STARTS, 3, 3)) / np.sqrt(2)
    W2 = rng.standard_normal((STARTS, 3)) / np.sqrt(2)
    for epoch in range(1, EPOCHS[-1] + 1):
        train_one_epoch(W1, W2)
        if epoch in EPOCHS:
            print(f"after {epoch:>6,} epochs: {solved(W1, W2):.0%} of {STARTS} starts solve XOR")


if __name__ == "__main__":
    main()
