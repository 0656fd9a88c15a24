"""Who takes part in `benchmarks.kernels`: for every task, calls that do the same arithmetic on the same numbers."""

import os
import time
from collections.abc import Callable
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import cv2
import keras
import numpy as np
import tensorflow as tf
from scipy import ndimage, signal

from helpers import data
from helpers import kernels as NUMPY
from helpers.kernels import tensorflow as tfk
from helpers.layers import Activation, Dense
from helpers.network import Optimizer, Sequential, lenet

try:
    import torch
except ImportError:  # the `bench` extra
    torch = None

if threads := int(os.environ.get("OMP_NUM_THREADS", 0)):  # NumPy's BLAS and PyTorch read it themselves
    tf.config.threading.set_intra_op_parallelism_threads(threads)
    cv2.setNumThreads(threads)

Array = np.ndarray
Calls = dict[str, Callable[[], Any]]
NUMPY_FILTERS = ("NumPy kernel", "SciPy ndimage", "SciPy fftconvolve")


# Convolution: x, w, dy of a layer with stride 1 and same padding -----------------------------------------------------


def conv_arrays(shape: tuple[int, int, int, int], kernel: int, filters: int) -> tuple[Array, Array, Array, Array]:
    """x, w, dy, b in float32."""
    rng = np.random.default_rng(0)
    shapes = shape, (kernel, kernel, shape[3], filters), (*shape[:3], filters), (filters,)
    return tuple(rng.standard_normal(s, np.float32) for s in shapes)


def conv_forward(x: Array, w: Array, dy: Array, b: Array) -> Calls:
    """Forward passes."""
    pad = len(w) // 2
    tx, tw, tb = map(tf.constant, (x, w, b))

    def bare(x: tf.Tensor, w: tf.Tensor, b: tf.Tensor) -> tf.Tensor:
        return tf.nn.bias_add(tf.nn.conv2d(x, w, 1, "SAME"), b)

    compiled, xla = tf.function(bare), tf.function(bare, jit_compile=True)
    columns = NUMPY.im2col(x, len(w), len(w), 1, pad)
    weights = w.reshape(-1, w.shape[3])
    calls = {
        "NumPy kernel": lambda: NUMPY.conv2d(x, w, b, 1, pad),
        "TensorFlow eager": lambda: bare(tx, tw, tb).numpy(),
        "TensorFlow compiled": lambda: compiled(tx, tw, tb).numpy(),
        "TensorFlow XLA": lambda: xla(tx, tw, tb).numpy(),
        "sgemm floor": lambda: columns @ weights,
    }
    if torch:
        px, pw, pb = _torch_images(x), _torch_weights(w), torch.from_numpy(b)
        calls["PyTorch"] = lambda: torch.nn.functional.conv2d(px, pw, pb, padding=pad)
    return calls


def conv_both(x: Array, w: Array, dy: Array, b: Array) -> Calls:
    """Forward and backward passes: y, dx, dw, db."""
    pad = len(w) // 2
    tx, tw, tb, tdy = map(tf.constant, (x, w, b, dy))

    def bare(x: tf.Tensor, w: tf.Tensor, b: tf.Tensor, dy: tf.Tensor) -> list[tf.Tensor]:
        with tf.GradientTape() as tape:
            tape.watch((x, w, b))
            y = tf.nn.bias_add(tf.nn.conv2d(x, w, 1, "SAME"), b)
        return [y, *tape.gradient(y, (x, w, b), dy)]

    compiled, xla = tf.function(bare), tf.function(bare, jit_compile=True)
    columns = NUMPY.im2col(x, len(w), len(w), 1, pad)
    weights, dy_rows = w.reshape(-1, w.shape[3]), dy.reshape(-1, w.shape[3])
    calls = {
        "NumPy kernel": lambda: (NUMPY.conv2d(x, w, b, 1, pad), NUMPY.conv2d_backward(dy, x, w, 1, pad)),
        "TensorFlow eager": lambda: [a.numpy() for a in bare(tx, tw, tb, tdy)],
        "TensorFlow compiled": lambda: [a.numpy() for a in compiled(tx, tw, tb, tdy)],
        "TensorFlow XLA": lambda: [a.numpy() for a in xla(tx, tw, tb, tdy)],
        "sgemm floor": lambda: (columns @ weights, columns.T @ dy_rows, np.matmul(dy_rows, weights.T, out=columns)),
    }
    if torch:
        px, pw, pb = (a.requires_grad_() for a in (_torch_images(x), _torch_weights(w), torch.from_numpy(b.copy())))
        pdy = _torch_images(dy)

        def pytorch() -> Any:
            y = torch.nn.functional.conv2d(px, pw, pb, padding=pad)
            return y, torch.autograd.grad(y, (px, pw, pb), pdy)

        calls["PyTorch"] = pytorch
    return calls


def conv_numpy_backward(x: Array, w: Array, dy: Array, b: Array) -> Callable[[], Any]:
    """The NumPy backward pass alone."""
    return lambda: NUMPY.conv2d_backward(dy, x, w, 1, len(w) // 2)


def conv_wrapped(x: Array, w: Array, dy: Array, b: Array) -> Calls:
    """`tfk.conv2d` and the TensorFlow operation inside it, with the same padding, eager and compiled."""
    pad = len(w) // 2
    tx, tw = tf.constant(x), tf.constant(w)

    def wrapped(x: tf.Tensor, w: tf.Tensor) -> tf.Tensor:
        return tfk.conv2d(x, w, None, 1, pad)

    def bare(x: tf.Tensor, w: tf.Tensor) -> tf.Tensor:
        return tf.nn.conv2d(x, w, 1, [[0, 0], [pad, pad], [pad, pad], [0, 0]])

    compiled_wrapped, compiled_bare = tf.function(wrapped), tf.function(bare)
    return {
        "tfk eager": lambda: wrapped(tx, tw).numpy(),
        "bare eager": lambda: bare(tx, tw).numpy(),
        "tfk compiled": lambda: compiled_wrapped(tx, tw).numpy(),
        "bare compiled": lambda: compiled_bare(tx, tw).numpy(),
    }


def conv_loops(x: Array, w: Array, dy: Array, b: Array) -> tuple[float, float]:
    """Seconds for the usual four loops, forward and forward + backward: timed on one image, times the batch."""
    pad = len(w) // 2
    padded = np.pad(x[0], ((pad, pad), (pad, pad), (0, 0)))
    dw, dpadded, y = np.zeros_like(w), np.zeros_like(padded), np.empty_like(dy[0])
    start = time.perf_counter()
    for i, j, f in np.ndindex(y.shape):
        y[i, j, f] = np.sum(padded[i : i + len(w), j : j + len(w)] * w[..., f]) + b[f]
    forward = time.perf_counter() - start
    for i, j, f in np.ndindex(y.shape):
        dw[..., f] += padded[i : i + len(w), j : j + len(w)] * dy[0, i, j, f]
        dpadded[i : i + len(w), j : j + len(w)] += w[..., f] * dy[0, i, j, f]
    return len(x) * forward, len(x) * (time.perf_counter() - start)


def _torch_images(x: Array) -> Any:
    return torch.from_numpy(np.ascontiguousarray(x.transpose(0, 3, 1, 2)))


def _torch_weights(w: Array) -> Any:
    return torch.from_numpy(np.ascontiguousarray(w.transpose(3, 2, 0, 1)))


# Grey filters ---------------------------------------------------------------------------------------------------------


def grey_kernels(side: int) -> dict[str, Array]:
    """A random kernel, and a Gaussian one."""
    line = signal.windows.gaussian(side, side / 5)
    gaussian = np.outer(line, line) / line.sum() ** 2
    random = np.random.default_rng(side).standard_normal((side, side))
    return {"random": random.astype(np.float32), "gaussian": gaussian.astype(np.float32)}


def grey_filters(kernel: Array) -> tuple[Array, Calls]:
    """A 512 x 512 image and everyone's correlation of it with `kernel`."""
    image = np.random.default_rng(0).standard_normal((512, 512), np.float32)
    flipped = kernel[::-1, ::-1].copy()
    t_image, t_kernel = tf.constant(image), tf.constant(kernel)
    compiled = tf.function(lambda image, kernel: tfk.correlate2d(image, kernel, "zero"))
    calls = {
        "NumPy kernel": lambda: NUMPY.correlate2d(image, kernel, "zero"),
        "OpenCV": lambda: cv2.filter2D(image, -1, kernel, borderType=cv2.BORDER_CONSTANT),
        "SciPy ndimage": lambda: ndimage.correlate(image, kernel, mode="constant"),
        "SciPy fftconvolve": lambda: signal.fftconvolve(image, flipped, "same"),
        "TensorFlow compiled": lambda: compiled(t_image, t_kernel).numpy(),
    }
    return image, calls


def grey_loops(image: Array, kernel: Array) -> float:
    """Seconds for two loops over the pixels: timed on eight rows, times 64."""
    padded = np.pad(image, len(kernel) // 2)
    y = np.empty((8, image.shape[1]), image.dtype)
    start = time.perf_counter()
    for i, j in np.ndindex(y.shape):
        y[i, j] = np.sum(padded[i : i + len(kernel), j : j + len(kernel)] * kernel)
    return (time.perf_counter() - start) * len(image) / len(y)


# Networks -------------------------------------------------------------------------------------------------------------


def dense_steps() -> Calls:
    """One training step of 784-64-32-10 at batch 30: sigmoid, squared error against one-hot targets, plain SGD."""
    rng = np.random.default_rng(0)
    x = rng.random((30, 784), np.float32)
    y = np.eye(10, dtype=np.float32)[rng.integers(0, 10, 30)]
    return {
        "NumPy kernel": _dense_step(NUMPY, x, y),
        "tfk compiled": _dense_step(tfk, tf.constant(x), tf.constant(y)),
        "Keras train_on_batch": _keras_dense_step(x, y),
    }


def _dense_step(kernels: Any, x: Any, y: Any) -> Callable[[], Any]:
    layers = [Dense(64), Activation("sigmoid"), Dense(32), Activation("sigmoid"), Dense(10), Activation("sigmoid")]
    network = Sequential(layers, (784,), np.random.default_rng(0), kernels, loss="l2_loss")
    optimizer = Optimizer("sgd", learning_rate=0.1)
    optimizer.build(network.params, kernels)
    step = kernels.compiled(lambda x, y: network.train_step(x, y, optimizer))
    return lambda: float(step(x, y))


def _keras_dense_step(x: Array, y: Array) -> Callable[[], Any]:
    layers = [keras.layers.Dense(units, activation="sigmoid") for units in (64, 32, 10)]
    model = keras.Sequential([keras.Input((784,)), *layers])
    model.compile(keras.optimizers.SGD(0.1), "mse")
    return lambda: model.train_on_batch(x, y)


def lenet_epochs(images: int) -> Calls:
    """One more epoch on the first `images` digits of MNIST."""
    mnist = data.load("mnist")
    x = mnist.x_train[:images, :, :, None].astype(np.float32) / 255
    y = mnist.y_train[:images].astype(np.int64)
    return {
        "NumPy kernel": _lenet_epoch(NUMPY, x, y),
        "tfk compiled": _lenet_epoch(tfk, x, y),
        "Keras fit": _keras_lenet_epoch(x, y),
    }


def _lenet_epoch(kernels: Any, x: Array, y: Array) -> Callable[[], Any]:
    network = lenet((28, 28, 1), 10, np.random.default_rng(0), kernels)
    optimizer, rng = Optimizer("sgd", learning_rate=0.01), np.random.default_rng(1)
    return lambda: network.fit(x, y, 1, 128, optimizer, rng)


def _keras_lenet_epoch(x: Array, y: Array) -> Callable[[], Any]:
    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(20, 5, padding="same", activation="relu"),
            layers.MaxPooling2D(2),
            layers.Conv2D(50, 5, padding="same", activation="relu"),
            layers.MaxPooling2D(2),
            layers.Flatten(),
            layers.Dense(500, activation="relu"),
            layers.Dense(10),
        ]
    )
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.SGD(0.01), loss)
    return lambda: model.fit(x, y, batch_size=128, epochs=1, verbose=0)
