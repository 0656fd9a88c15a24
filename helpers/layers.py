"""The layers of a network, on any kernel set: `helpers.kernels` (NumPy) or `helpers.kernels.tensorflow`.

A layer is described first, `Conv2D(20, 5, pad=2)`, and built when a network knows the shape of what comes in.
`forward` keeps what `backward` will need; `backward(dy)` leaves the gradients of the layer's own parameters in `grads`
and returns dx.
"""

from math import prod
from typing import Any

import numpy as np

Shape = tuple[int, ...]


class Layer:
    """One step of a network. `params` and `grads` are lists in the same order; shapes are without the batch axis."""

    def __init__(self) -> None:
        self.params: list[Any] = []
        self.grads: list[Any] = []

    def build(self, input_shape: Shape, rng: np.random.Generator, kernels: Any, dtype: str) -> Shape:
        """Make the parameters for inputs of this shape; returns the shape of the outputs."""
        self.kernels = kernels
        x = kernels.array(np.zeros((1, *input_shape), dtype))
        return tuple(self.forward(x).shape[1:])

    def forward(self, x: Any, training: bool = False) -> Any:
        """The layer's output; `training` matters to dropout and batch normalisation alone."""
        raise NotImplementedError

    def backward(self, dy: Any, input_gradient: bool = True) -> Any:
        """Fill `grads` and return dx. A network's first layer is asked for no `input_gradient`: nobody would use it."""
        raise NotImplementedError

    def _make_weights(self, shape: Shape, fan_in: int, fan_out: int, rng: np.random.Generator, dtype: str) -> None:
        """Glorot-uniform weights and zero biases. Source: Glorot and Bengio, 2010."""
        limit = (6 / (fan_in + fan_out)) ** 0.5
        self.w = self.kernels.variable(rng.uniform(-limit, limit, shape).astype(dtype))
        self.b = self.kernels.variable(np.zeros(shape[-1], dtype))
        self.params = [self.w, self.b]


class Dense(Layer):
    """Fully connected: (inputs,) -> (units,)."""

    def __init__(self, units: int) -> None:
        super().__init__()
        self.units = units

    def build(self, input_shape: Shape, rng: np.random.Generator, kernels: Any, dtype: str) -> Shape:
        if len(input_shape) != 1:
            raise ValueError(
                f"Dense gets inputs of shape {input_shape}; it needs (inputs,): put a Flatten() before it."
            )
        self.kernels = kernels
        self._make_weights((input_shape[0], self.units), input_shape[0], self.units, rng, dtype)
        return (self.units,)

    def forward(self, x: Any, training: bool = False) -> Any:
        self.x = x
        return self.kernels.dense(x, self.w, self.b)

    def backward(self, dy: Any, input_gradient: bool = True) -> Any:
        self.grads = list(self.kernels.dense_backward_weights(dy, self.x, self.w))
        return self.kernels.dense_backward_input(dy, self.x, self.w) if input_gradient else None


class Conv2D(Layer):
    """`filters` square kernels: (height, width, channels) -> (out_height, out_width, filters)."""

    def __init__(self, filters: int, kernel: int, stride: int = 1, pad: int = 0) -> None:
        super().__init__()
        self.filters, self.kernel, self.settings = filters, kernel, (stride, pad)

    def build(self, input_shape: Shape, rng: np.random.Generator, kernels: Any, dtype: str) -> Shape:
        if len(input_shape) != 3:
            raise ValueError(f"Conv2D gets inputs of shape {input_shape}; it needs (height, width, channels).")
        self.kernels = kernels
        shape = (self.kernel, self.kernel, input_shape[2], self.filters)
        self._make_weights(shape, prod(shape[:3]), self.kernel**2 * self.filters, rng, dtype)
        return super().build(input_shape, rng, kernels, dtype)

    def forward(self, x: Any, training: bool = False) -> Any:
        self.x = x
        return self.kernels.conv2d(x, self.w, self.b, *self.settings)

    def backward(self, dy: Any, input_gradient: bool = True) -> Any:
        self.grads = list(self.kernels.conv2d_backward_weights(dy, self.x, self.w, *self.settings))
        return self.kernels.conv2d_backward_input(dy, self.x, self.w, *self.settings) if input_gradient else None


class _Pool(Layer):
    kind: str

    def __init__(self, size: int, stride: int | None = None) -> None:
        super().__init__()
        self.settings = (size, stride)

    def forward(self, x: Any, training: bool = False) -> Any:
        self.x = x
        return getattr(self.kernels, self.kind)(x, *self.settings)

    def backward(self, dy: Any, input_gradient: bool = True) -> Any:
        return getattr(self.kernels, f"{self.kind}_backward")(dy, self.x, *self.settings)


class MaxPool2D(_Pool):
    """The largest value of every size x size window, per channel; `stride` is `size` if not given."""

    kind = "max_pool2d"


class AvgPool2D(_Pool):
    """The mean of every size x size window, per channel; `stride` is `size` if not given."""

    kind = "avg_pool2d"


class Flatten(Layer):
    """(height, width, channels) -> (height * width * channels,)."""

    def forward(self, x: Any, training: bool = False) -> Any:
        self.shape = tuple(x.shape[1:])
        return self.kernels.reshape(x, (-1, prod(self.shape)))

    def backward(self, dy: Any, input_gradient: bool = True) -> Any:
        return self.kernels.reshape(dy, (-1, *self.shape))


class Activation(Layer):
    """An activation function by its name in the kernels: "relu", "sigmoid", "tanh", "elu", "leaky_relu"."""

    def __init__(self, name: str, **settings: float) -> None:
        super().__init__()
        self.name, self.settings = name, settings

    def forward(self, x: Any, training: bool = False) -> Any:
        self.z = x
        return getattr(self.kernels, self.name)(x, **self.settings)

    def backward(self, dy: Any, input_gradient: bool = True) -> Any:
        return dy * getattr(self.kernels, f"{self.name}_grad")(self.z, **self.settings)


class BatchNorm(Layer):
    """Normalise every channel over the batch, then scale by gamma and shift by beta, which are learned."""

    def __init__(self, momentum: float = 0.9, eps: float = 1e-5) -> None:
        super().__init__()
        self.settings = (momentum, eps)

    def build(self, input_shape: Shape, rng: np.random.Generator, kernels: Any, dtype: str) -> Shape:
        self.kernels = kernels
        zeros, ones = np.zeros(input_shape[-1], dtype), np.ones(input_shape[-1], dtype)
        self.gamma, self.beta = kernels.variable(ones), kernels.variable(zeros)
        self.running = {"mean": kernels.variable(zeros), "var": kernels.variable(ones)}
        self.params = [self.gamma, self.beta]
        return input_shape

    def forward(self, x: Any, training: bool = False) -> Any:
        y, self.cache = self.kernels.batch_norm(x, self.gamma, self.beta, self.running, training, *self.settings)
        return y

    def backward(self, dy: Any, input_gradient: bool = True) -> Any:
        dx, *self.grads = self.kernels.batch_norm_backward(dy, self.cache)
        return dx


class Dropout(Layer):
    """In training, silence each unit with probability `rate` and strengthen the others to make up for it."""

    def __init__(self, rate: float) -> None:
        super().__init__()
        self.rate = rate

    def build(self, input_shape: Shape, rng: np.random.Generator, kernels: Any, dtype: str) -> Shape:
        self.kernels = kernels
        self.rng = kernels.random_source(int(rng.integers(2**31)))
        return input_shape

    def forward(self, x: Any, training: bool = False) -> Any:
        self.mask = self.kernels.dropout_mask(x, self.rate, self.rng) if training else None
        return x if self.mask is None else x * self.mask

    def backward(self, dy: Any, input_gradient: bool = True) -> Any:
        return dy if self.mask is None else self.kernels.dropout_backward(dy, self.mask)
