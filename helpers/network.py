"""A network as a list of layers, trained by back-propagation, and the LeNet of this course.

    network = lenet((28, 28, 1), 10, np.random.default_rng(0))
    network.fit(images, labels, epochs=1, batch_size=128, optimizer=Optimizer("momentum", learning_rate=0.05), rng=rng)

The same lines train on TensorFlow, each epoch as one compiled step, with `lenet(...,
kernels=helpers.kernels.tensorflow)`.
"""

from typing import Any

import numpy as np

from helpers import kernels as numpy_kernels
from helpers.layers import Activation, Conv2D, Dense, Flatten, Layer, MaxPool2D

MEMORY = {"sgd": 0, "momentum": 1, "nesterov_lookahead": 1, "adam": 2}  # arrays that a step keeps per parameter


class Optimizer:
    """Applies one of the kernels' optimizer steps to every parameter: "sgd", "momentum", "nesterov_lookahead" or
    "adam".

    `settings` are those of the step: learning_rate, and gamma or beta1, beta2, eps.
    """

    def __init__(self, name: str, **settings: float) -> None:
        if name not in MEMORY:
            raise ValueError(f"name is {name!r}; it must be one of {', '.join(map(repr, MEMORY))}.")
        self.name, self.settings = name, settings
        self.memory: list[list[Any]] | None = None

    def build(self, params: list[Any], kernels: Any) -> None:
        """Make the memory, once; it must outlive the steps, so on TensorFlow it cannot be made inside one."""
        if self.memory is None:
            self.kernels = kernels
            self.memory = [[kernels.variable(np.zeros_like(p)) for _ in range(MEMORY[self.name])] for p in params]
            self.steps = kernels.variable(np.zeros((), np.asarray(params[0]).dtype))

    def step(self, params: list[Any], grads: list[Any]) -> None:
        """Change every parameter, in place, by its gradient."""
        assign, step = self.kernels.assign, getattr(self.kernels, f"{self.name}_step")
        assign(self.steps, self.steps + 1)
        count = [self.steps] if self.name == "adam" else []
        for param, grad, memory in zip(params, grads, self.memory, strict=True):
            new = step(param, grad, *memory, *count, **self.settings)
            for target, value in zip((param, *memory), new if memory else (new,), strict=True):
                assign(target, value)


class Sequential:
    """Layers one after the other, ending in scores (logits), one per class.

    input_shape is without the batch axis; `loss` names a loss of the kernels that has a `_grad`.
    """

    def __init__(
        self,
        layers: list[Layer],
        input_shape: tuple[int, ...],
        rng: np.random.Generator,
        kernels: Any = numpy_kernels,
        dtype: str = "float32",
        loss: str = "cross_entropy",
    ) -> None:
        self.layers, self.kernels, self.dtype, self.loss = layers, kernels, dtype, loss
        shape = input_shape
        for layer in layers:
            shape = layer.build(shape, rng, kernels, dtype)
        self._compiled_forward = kernels.compiled(self.forward)
        self._epochs: dict[tuple[Optimizer, int], Any] = {}

    @property
    def params(self) -> list[Any]:
        """Every layer's parameters, first layer first."""
        return [param for layer in self.layers for param in layer.params]

    @property
    def grads(self) -> list[Any]:
        """The gradients that the last `backward` left, in the order of `params`."""
        return [grad for layer in self.layers for grad in layer.grads]

    def forward(self, x: Any, training: bool = False) -> Any:
        """(batch, *input_shape) -> (batch, classes)."""
        for layer in self.layers:
            x = layer.forward(x, training)
        return x

    def backward(self, dy: Any, input_gradient: bool = False) -> Any:
        """Fill every layer's `grads`; returns dx if asked for the gradient with respect to the input, else None."""
        for layer in reversed(self.layers):
            dy = layer.backward(dy, input_gradient=input_gradient or layer is not self.layers[0])
        return dy if input_gradient else None

    def train_step(self, x: Any, y: Any, optimizer: Optimizer) -> Any:
        """One mini-batch forward, backward and a step of the optimizer; returns the loss before the step."""
        optimizer.build(self.params, self.kernels)
        scores = self.forward(x, training=True)
        self.backward(getattr(self.kernels, f"{self.loss}_grad")(scores, y))
        optimizer.step(self.params, self.grads)
        return getattr(self.kernels, self.loss)(scores, y)

    def fit(
        self, x: np.ndarray, y: np.ndarray, epochs: int, batch_size: int, optimizer: Optimizer, rng: np.random.Generator
    ) -> list[float]:
        """Train for `epochs` rounds over the data, shuffled anew by `rng`; returns the mean loss of every epoch."""
        optimizer.build(self.params, self.kernels)
        if (optimizer, batch_size) not in self._epochs:
            step = lambda x, y: self.train_step(x, y, optimizer)  # noqa: E731
            self._epochs[optimizer, batch_size] = self.kernels.compiled_epoch(step, batch_size)
        epoch = self._epochs[optimizer, batch_size]
        x, y = self.kernels.array(x), self.kernels.array(y)
        return [float(epoch(x, y, self.kernels.array(rng.permutation(len(y))))) for _ in range(epochs)]

    def predict(self, x: np.ndarray, batch_size: int = 256) -> np.ndarray:
        """The class with the highest score for every image, (batch,)."""
        batches = (self.kernels.array(x[i : i + batch_size]) for i in range(0, len(x), batch_size))
        return np.concatenate([np.argmax(self._compiled_forward(batch), axis=1) for batch in batches])

    def evaluate_accuracy(self, x: np.ndarray, labels: np.ndarray) -> float:
        """The share of images whose predicted class is their label."""
        return float(np.mean(self.predict(x) == labels))


def lenet(
    input_shape: tuple[int, int, int],
    num_classes: int,
    rng: np.random.Generator,
    kernels: Any = numpy_kernels,
    dtype: str = "float32",
) -> Sequential:
    """LeNet as in the Caffe examples: 20 and 50 filters of 5 x 5, 2 x 2 max pools, 500 units; sides divisible by four.

    Source: LeCun et al., "Gradient-based learning applied to document recognition", 1998, for the idea.
    """
    layers = [
        Conv2D(20, 5, pad=2),
        Activation("relu"),
        MaxPool2D(2),
        Conv2D(50, 5, pad=2),
        Activation("relu"),
        MaxPool2D(2),
        Flatten(),
        Dense(500),
        Activation("relu"),
        Dense(num_classes),
    ]
    return Sequential(layers, input_shape, rng, kernels, dtype)
