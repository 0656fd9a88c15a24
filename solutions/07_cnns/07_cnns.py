# ---
# jupyter:
#   jupytext:
#     text_representation:
#       format_name: percent
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     name: python3
# ---

# %% [markdown]
# # 7 · Convolutional neural networks

# %%
import numpy as np

from helpers import kernels, plots
from helpers.checks import evaluate, hint, passed
from helpers.data import load, photo
from helpers.quiz import quiz

CHAPTER = "07_cnns"

# %% [markdown]
# {{exercise: layer_shapes}}


# %% exercise="layer_shapes"
def layer_shapes(layers, input_shape):
    """The shape after each layer, without the batch axis: a list as long as `layers`."""
    ### BEGIN SOLUTION
    shapes, shape = [], tuple(input_shape)
    for layer in layers:
        kind = layer["type"]
        if kind == "conv":
            window = layer["kernel"], layer.get("stride", 1), layer.get("pad", 0)
            shape = (*map_size(shape, *window), layer["filters"])
        elif kind == "pool":
            shape = (*map_size(shape, layer["size"], layer.get("stride", layer["size"]), 0), shape[2])
        elif kind == "flatten":
            shape = (int(np.prod(shape)),)
        elif kind == "dense":
            shape = (layer["units"],)
        shapes.append(shape)
    return shapes
    ### END SOLUTION


### BEGIN SOLUTION
def map_size(shape, kernel, stride, pad):
    """(out_height, out_width) of windows that slide over a map of this shape."""
    if len(shape) != 3:
        raise ValueError(f"windows need a map (height, width, channels), not {shape}")
    return tuple(kernels.output_size(n, kernel, stride, pad) for n in shape[:2])


### END SOLUTION

# %% [markdown]
# {{exercise: count_parameters}}


# %% exercise="count_parameters"
def count_parameters(layers, input_shape):
    """How many numbers the network holds: weights, biases, and four per channel of batch norm."""
    ### BEGIN SOLUTION
    total = 0
    inputs = [tuple(input_shape), *layer_shapes(layers, input_shape)]
    for layer, shape in zip(layers, inputs):
        if layer["type"] == "conv":
            total += (layer["kernel"] ** 2 * shape[-1] + 1) * layer["filters"]
        elif layer["type"] == "dense":
            total += (shape[-1] + 1) * layer["units"]
        elif layer["type"] == "batch_norm":
            total += 4 * shape[-1]
    return total
    ### END SOLUTION


# %% [markdown]
# {{exercise: receptive_field}}


# %% exercise="receptive_field"
def receptive_field(layers):
    """How many pixels along one side of the picture a neuron of the last map depends on."""
    ### BEGIN SOLUTION
    size, spacing = 1, 1
    for layer in layers:
        if layer["type"] in ("conv", "pool"):
            window = layer["kernel"] if layer["type"] == "conv" else layer["size"]
            size += (window - 1) * spacing
            spacing *= layer.get("stride", 1 if layer["type"] == "conv" else window)
    return size
    ### END SOLUTION


# %% [markdown]
# {{exercise: batch_norm}}


# %% exercise="batch_norm"
def batch_norm(x, gamma, beta, running, training, momentum=0.9, eps=1e-5):
    """Normalise x (..., channels) per channel; returns (y, cache). Updates `running` in place when training."""
    ### BEGIN SOLUTION
    mean, var = running["mean"], running["var"]
    if training:
        axes = tuple(range(x.ndim - 1))
        mean, var = x.mean(axis=axes), x.var(axis=axes)
        running["mean"] = momentum * running["mean"] + (1 - momentum) * mean
        running["var"] = momentum * running["var"] + (1 - momentum) * var
    std = np.sqrt(var + eps)
    x_hat = (x - mean) / std
    return gamma * x_hat + beta, (x_hat, std, gamma)
    ### END SOLUTION


# %% [markdown]
# {{exercise: batch_norm_backward}}


# %% exercise="batch_norm_backward"
def batch_norm_backward(dy, cache):
    """(dx, dgamma, dbeta) for the gradient dy of the loss with respect to y, in training."""
    ### BEGIN SOLUTION
    x_hat, std, gamma = cache
    axes = tuple(range(dy.ndim - 1))
    dgamma, dbeta = (dy * x_hat).sum(axis=axes), dy.sum(axis=axes)
    g = dy * gamma
    dx = (g - g.mean(axis=axes) - x_hat * (g * x_hat).mean(axis=axes)) / std
    return dx, dgamma, dbeta
    ### END SOLUTION


# %% [markdown]
# {{exercise: dropout}}


# %% exercise="dropout"
def dropout(x, rate, rng, training):
    """Drop every entry of x with probability `rate` and scale up the rest; at test time, x as it is."""
    ### BEGIN SOLUTION
    if not training:
        return x
    return x * (rng.random(x.shape) >= rate) / (1 - rate)
    ### END SOLUTION


# %%
import keras

# %% [markdown]
# {{exercise: build_shallownet}}


# %% exercise="build_shallownet"
def build_shallownet(input_shape, num_classes):
    """ShallowNet: one convolution, then straight to the classes."""
    ### BEGIN SOLUTION
    return keras.Sequential(
        [
            keras.layers.Input(input_shape),
            keras.layers.Conv2D(32, 3, padding="same", activation="relu"),
            keras.layers.Flatten(),
            keras.layers.Dense(num_classes, activation="softmax"),
        ]
    )
    ### END SOLUTION


# %% [markdown]
# {{exercise: build_lenet}}


# %% exercise="build_lenet"
def build_lenet(input_shape, num_classes):
    """LeNet with 20 and 50 filters and 500 units."""
    ### BEGIN SOLUTION
    return keras.Sequential(
        [
            keras.layers.Input(input_shape),
            keras.layers.Conv2D(20, 5, padding="same", activation="relu"),
            keras.layers.MaxPooling2D(2),
            keras.layers.Conv2D(50, 5, padding="same", activation="relu"),
            keras.layers.MaxPooling2D(2),
            keras.layers.Flatten(),
            keras.layers.Dense(500, activation="relu"),
            keras.layers.Dense(num_classes, activation="softmax"),
        ]
    )
    ### END SOLUTION


# %% [markdown]
# {{exercise: build_minivggnet}}


# %% exercise="build_minivggnet"
def build_minivggnet(input_shape, num_classes, batch_norm=True):
    """MiniVGGNet: two blocks of two 3 x 3 convolutions, batch norm after each ReLU, dropout."""
    ### BEGIN SOLUTION
    model = keras.Sequential([keras.layers.Input(input_shape)])

    def activate():
        model.add(keras.layers.ReLU())
        if batch_norm:
            model.add(keras.layers.BatchNormalization())

    for filters in (32, 64):
        for _ in range(2):
            model.add(keras.layers.Conv2D(filters, 3, padding="same"))
            activate()
        model.add(keras.layers.MaxPooling2D(2))
        model.add(keras.layers.Dropout(0.25))
    model.add(keras.layers.Flatten())
    model.add(keras.layers.Dense(512))
    activate()
    model.add(keras.layers.Dropout(0.5))
    model.add(keras.layers.Dense(num_classes, activation="softmax"))
    return model
    ### END SOLUTION


# %% [markdown]
# {{exercise: NumpyLeNet}}


# %% exercise="NumpyLeNet"
class NumpyLeNet:
    """LeNet out of `helpers.kernels`; `params` and `grads` are lists of eight arrays in the same order."""

    def __init__(self, input_shape, num_classes, rng):
        ### BEGIN SOLUTION
        height, width, channels = input_shape
        flat = height // 4 * (width // 4) * 50
        shapes = [(5, 5, channels, 20), (5, 5, 20, 50), (flat, 500), (500, num_classes)]
        self.params = []
        for shape in shapes:
            spread = np.sqrt(2 / np.prod(shape[:-1]))
            self.params += [rng.normal(0, spread, shape), np.zeros(shape[-1])]
        self.grads = []
        ### END SOLUTION

    def forward(self, x):
        """Images (batch, height, width, channels) -> logits (batch, num_classes)."""
        ### BEGIN SOLUTION
        w1, b1, w2, b2, w3, b3, w4, b4 = self.params
        self.x = np.asarray(x, dtype=w1.dtype)
        self.z1 = kernels.conv2d(self.x, w1, b1, pad=2)
        self.a1 = kernels.relu(self.z1)
        self.p1 = kernels.max_pool2d(self.a1, 2)
        self.z2 = kernels.conv2d(self.p1, w2, b2, pad=2)
        self.a2 = kernels.relu(self.z2)
        self.p2 = kernels.max_pool2d(self.a2, 2)
        self.flat = self.p2.reshape(len(x), -1)
        self.z3 = kernels.dense(self.flat, w3, b3)
        self.a3 = kernels.relu(self.z3)
        return kernels.dense(self.a3, w4, b4)
        ### END SOLUTION

    def backward(self, dlogits):
        """Fill `grads`, given the gradient of the loss with respect to the logits."""
        ### BEGIN SOLUTION
        w1, _, w2, _, w3, _, w4, _ = self.params
        da3, dw4, db4 = kernels.dense_backward(dlogits, self.a3, w4)
        dz3 = da3 * kernels.relu_grad(self.z3)
        dflat, dw3, db3 = kernels.dense_backward(dz3, self.flat, w3)
        da2 = kernels.max_pool2d_backward(dflat.reshape(self.p2.shape), self.a2, 2)
        dz2 = da2 * kernels.relu_grad(self.z2)
        dp1, dw2, db2 = kernels.conv2d_backward(dz2, self.p1, w2, pad=2)
        da1 = kernels.max_pool2d_backward(dp1, self.a1, 2)
        dz1 = da1 * kernels.relu_grad(self.z1)
        _, dw1, db1 = kernels.conv2d_backward(dz1, self.x, w1, pad=2)
        self.grads = [dw1, db1, dw2, db2, dw3, db3, dw4, db4]
        ### END SOLUTION

    def step(self, learning_rate):
        """One step of gradient descent for every parameter."""
        ### BEGIN SOLUTION
        for param, grad in zip(self.params, self.grads):
            param -= learning_rate * grad
        ### END SOLUTION


# %% [markdown]
# {{exercise: feature_maps}}


# %% exercise="feature_maps"
def feature_maps(model, images, layer_name):
    """What the named layer of a Keras model puts out for these images, as a NumPy array."""
    ### BEGIN SOLUTION
    part = keras.Model(model.inputs, model.get_layer(layer_name).output)
    return np.asarray(part(images, training=False))
    ### END SOLUTION
