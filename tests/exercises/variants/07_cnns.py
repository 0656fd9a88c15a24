"""Chapter 07: right answers written in other ways, and wrong ones that have no name."""

import functools
from collections import namedtuple

import keras
import numpy as np

from helpers import kernels
from helpers.layers import Activation, Conv2D, Dense, Flatten, MaxPool2D

# --- lists of layers -------------------------------------------------------------------------------------------------


def shapes_by_recursion(layers, input_shape, *, verbose=False):
    if not layers:
        return []
    first, *rest = layers
    match first:
        case {"type": "conv", "filters": f, "kernel": k, **how}:
            pad, stride = how.get("pad", 0), how.get("stride", 1)
            rows, columns, _ = input_shape
            for n in (rows, columns):
                if n + 2 * pad < k or (n + 2 * pad - k) % stride != 0:
                    raise ValueError(f"{n} does not fit")
            out = [1 + (rows + 2 * pad - k) // stride, 1 + (columns + 2 * pad - k) // stride, f]
        case {"type": "pool", "size": k, **how}:
            stride = how.get("stride", k)
            rows, columns, channels = input_shape
            out = [len(range(0, n - k + 1, stride)) for n in (rows, columns)] + [channels]
            if any((n - k) % stride or n < k for n in (rows, columns)):
                raise ValueError("does not fit")
        case {"type": "flatten"}:
            out = [functools.reduce(lambda a, b: a * b, input_shape)]
        case {"type": "dense", "units": units}:
            out = [units]
        case _:
            out = list(input_shape)
    return [out, *shapes_by_recursion(rest, out)]


def shapes_as_arrays(layers, input_shape):
    """One NumPy array per shape, in a tuple."""
    shape, shapes = np.array(input_shape, dtype=np.int32), ()
    for layer in layers:
        if layer["type"] in ("conv", "pool"):
            k = layer.get("kernel", layer.get("size"))
            s = layer.get("stride", 1 if layer["type"] == "conv" else k)
            try:
                height, width, depth = shape
            except ValueError:
                raise ValueError("a map is needed") from None
            steps, left = np.divmod(np.array([height, width]) + 2 * layer.get("pad", 0) - k, s)
            if left.any() or (steps < 0).any():
                raise ValueError("no fit")
            shape = np.append(steps + 1, layer.get("filters", depth))
        elif layer["type"] == "flatten":
            shape = np.array([shape.prod()])
        elif layer["type"] == "dense":
            shape = np.array([layer["units"]])
        shapes += (shape,)
    return shapes


class CountingWalker:
    """A callable object with methods named like the layers."""

    def __call__(self, layers, input_shape):
        inputs = [tuple(input_shape), *shapes_by_recursion(layers, input_shape)]
        counts = [getattr(self, layer["type"], self.nothing)(layer, *inputs[i]) for i, layer in enumerate(layers)]
        return np.int64(sum(counts))

    def conv(self, layer, height, width, channels):
        return layer["filters"] * (1 + np.prod([layer["kernel"], layer["kernel"], channels], dtype=np.int64))

    def dense(self, layer, inputs):
        return layer["units"] + layer["units"] * inputs

    def batch_norm(self, layer, *shape):
        return 4 * shape[-1]

    def nothing(self, layer, *shape):
        return 0


def count_by_arrays(layers, input_shape):
    """Counts the elements of arrays that it never allocates."""
    total, shape = 0, tuple(input_shape)
    for layer, after in zip(layers, shapes_as_arrays(layers, input_shape), strict=True):
        arrays = []
        if layer["type"] == "conv":
            arrays = [(layer["kernel"], layer["kernel"], shape[-1], layer["filters"]), (layer["filters"],)]
        elif layer["type"] == "dense":
            arrays = [(shape[-1], layer["units"]), (layer["units"],)]
        elif layer["type"] == "batch_norm":
            arrays = [(shape[-1],)] * 4
        total += sum(np.broadcast_to(np.int8(0), a).size for a in arrays)
        shape = tuple(int(n) for n in after)
    return total


def field_from_the_end(layers):
    """From one neuron of the last map back to the picture: n neurons need (n - 1) * stride + window."""
    n = 1
    for layer in reversed(layers):
        if layer["type"] == "conv":
            n = (n - 1) * layer.get("stride", 1) + layer["kernel"]
        elif layer["type"] == "pool":
            n = (n - 1) * layer.get("stride", layer["size"]) + layer["size"]
    return n


def field_by_interval(layers):
    """Follows the first and the last pixel that the neuron at 0 reads."""
    windows = []
    for layer in layers:
        if layer["type"] == "conv":
            windows.append((layer["kernel"], layer.get("stride", 1)))
        if layer["type"] == "pool":
            windows.append((layer["size"], layer.get("stride", layer["size"])))
    low = high = 0
    for window, stride in windows[::-1]:
        low, high = low * stride, high * stride + window - 1
    return np.asarray(high - low + 1)


# --- batch normalisation and dropout ---------------------------------------------------------------------------------

Normalised = namedtuple("Normalised", "y cache")


def norm_flat(x, gamma, beta, running, training, momentum=0.9, eps=1e-5, axis=-1):
    """Works on a two-dimensional view, updates inside the arrays, keeps the unbiased variance."""
    rows = np.asarray(x, dtype=np.float32 if x.dtype == np.float32 else np.float64).reshape(-1, x.shape[-1])
    if training:
        mean = rows.sum(axis=0) / len(rows)
        centred = rows - mean
        var = np.einsum("nc,nc->c", centred, centred) / len(rows)
        running["mean"] *= momentum
        running["mean"] += (1 - momentum) * mean
        running["var"] += (1 - momentum) * (var * len(rows) / (len(rows) - 1) - running["var"])
    else:
        mean, var = running["mean"], running["var"]
        centred = rows - mean
    scale = (var + rows.dtype.type(eps)) ** -0.5
    y = centred * (gamma * scale) + beta
    return Normalised(y.reshape(x.shape), {"centred": centred, "scale": scale, "gamma": gamma, "shape": x.shape})


def norm_flat_back(dy, cache):
    """Path by path, as in the graph of the chapter."""
    centred, scale = cache["centred"], cache["scale"]
    g = dy.reshape(centred.shape)
    n = len(g)
    dgamma, dbeta = np.einsum("nc,nc->c", g, centred * scale), np.ones(n) @ g
    dx_hat = g * cache["gamma"]
    dvar = (dx_hat * centred).sum(0) * -0.5 * scale**3
    dmean = (-dx_hat * scale).sum(0) - 2 * dvar * centred.mean(0)
    dx = dx_hat * scale + dvar * 2 * centred / n + dmean / n
    return [dx.reshape(cache["shape"]), dgamma, dbeta]


def norm_by_channel(x, gamma, beta, running, training, momentum=0.9, eps=1e-5):
    """A loop over channels; the result lies in Fortran order and is read-only."""
    y = np.zeros(x.shape, order="F")
    cache = []
    for c in range(x.shape[-1]):
        values = [float(v) for v in x[..., c].ravel()]
        if training:
            mean = sum(values) / len(values)
            var = sum((v - mean) ** 2 for v in values) / len(values)
            running["mean"][c] = momentum * running["mean"][c] + (1 - momentum) * mean
            running["var"][c] = momentum * running["var"][c] + (1 - momentum) * var
        else:
            mean, var = running["mean"][c], running["var"][c]
        x_hat = (x[..., c] - mean) / np.sqrt(var + eps)
        y[..., c] = x_hat * gamma[c] + beta[c]
        cache.append((x_hat, np.sqrt(var + eps), gamma[c]))
    y.flags.writeable = False
    return [y, cache]


def norm_by_channel_back(dy, cache):
    """The whole matrix of derivatives of one channel, times dy."""
    dx, dgamma, dbeta = np.empty(dy.shape), [], []
    for c, (x_hat, std, gamma) in enumerate(cache):
        h, g = x_hat.ravel(), dy[..., c].ravel()
        matrix = (np.eye(h.size) - 1 / h.size - np.outer(h, h) / h.size) * gamma / std
        dx[..., c] = (matrix @ g).reshape(x_hat.shape)
        dgamma.append(g @ h)
        dbeta.append(g.sum())
    return dx, np.array(dgamma), np.array(dbeta)


def dropout_where(x, rate, rng, training=True, noise=None):
    if training:
        noise = rng.uniform(0, 1, np.shape(x)) if noise is None else noise
        x = np.where(noise < rate, 0.0, x / (1.0 - rate))
    return x


def dropout_in_place(x, rate, rng, training):
    """On a copy, with a binomial mask."""
    y = np.array(x, dtype=float)
    if not training or rate == 0:
        return y
    y[rng.binomial(1, rate, size=y.shape).astype(bool)] = 0
    y /= 1 - rate
    return y.view(np.ndarray)


class Dropout:
    """A callable object; draws float32 numbers and multiplies by choice."""

    def __call__(self, x, rate, rng, training):
        keep = 1 - rate
        return x * rng.choice([0.0, 1 / keep], p=[rate, keep], size=x.shape) if training else x.copy()


# --- Keras -----------------------------------------------------------------------------------------------------------


def functional_shallownet(input_shape, num_classes, name="shallow"):
    from keras import layers

    inputs = keras.Input(shape=input_shape)
    x = layers.Conv2D(filters=32, kernel_size=(3, 3), padding="same", kernel_initializer="he_normal")(inputs)
    x = layers.Activation("relu")(x)
    x = layers.Flatten()(x)
    return keras.Model(inputs, layers.Softmax()(layers.Dense(num_classes)(x)), name=name)


class Shallow(keras.Model):
    """A subclass, built when it is made."""

    def __init__(self, input_shape, num_classes):
        super().__init__()
        self.conv = keras.layers.Conv2D(32, 3, padding="same", activation=keras.activations.relu)
        self.flat = keras.layers.Flatten()
        self.out = keras.layers.Dense(num_classes, activation=keras.activations.softmax)
        self.build((None, *input_shape))

    def call(self, x):
        return self.out(self.flat(self.conv(x)))


def lenet_blocks(input_shape, num_classes):
    """Two nested models, one for each block."""
    from keras import layers

    def block(filters, shape):
        inputs = keras.Input(shape)
        return keras.Model(
            inputs,
            layers.MaxPool2D((2, 2), strides=(2, 2))(layers.ReLU()(layers.Conv2D(filters, 5, 1, "same")(inputs))),
        )

    height, width, _ = input_shape
    inputs = keras.Input(input_shape)
    x = block(50, (height // 2, width // 2, 20))(block(20, input_shape)(inputs))
    x = layers.Dense(500, "relu")(layers.Flatten()(x))
    return keras.Model(inputs, layers.Dense(num_classes, "softmax")(x))


def lenet_added(input_shape, num_classes):
    model = keras.models.Sequential()
    model.add(keras.Input(input_shape))
    for filters in (20, 50):
        model.add(keras.layers.Conv2D(filters, (5, 5), padding="same", bias_initializer="ones"))
        model.add(keras.layers.Activation("relu"))
        model.add(keras.layers.MaxPooling2D())
    model.add(keras.layers.Reshape((-1,)))
    model.add(keras.layers.Dense(500))
    model.add(keras.layers.Activation(keras.activations.relu))
    model.add(keras.layers.Dense(num_classes))
    model.add(keras.layers.Activation("softmax"))
    return model


def lenet_operations(input_shape, num_classes):
    """Activations as bare operations between the layers."""
    inputs = x = keras.Input(input_shape)
    for filters in (20, 50):
        x = keras.ops.relu(keras.layers.Conv2D(filters, 5, padding="same")(x))
        x = keras.layers.MaxPooling2D()(x)
    x = keras.activations.relu(keras.layers.Dense(500)(keras.layers.Flatten()(x)))
    return keras.Model(inputs, keras.ops.softmax(keras.layers.Dense(num_classes)(x)))


def lenet_with(activation, softmax="softmax"):
    """LeNet with other activation functions."""

    def build(input_shape, num_classes):
        model = keras.Sequential([keras.layers.Input(input_shape)])
        for filters in (20, 50):
            model.add(keras.layers.Conv2D(filters, 5, padding="same", activation=activation))
            model.add(keras.layers.MaxPooling2D())
        model.add(keras.layers.Flatten())
        model.add(keras.layers.Dense(500, activation=activation))
        model.add(keras.layers.Dense(num_classes, activation=softmax))
        return model

    return build


def relu(z):
    """Not what its name says."""
    return keras.ops.minimum(keras.ops.maximum(z, 0.0), 6.0)


def minivgg_functional(input_shape, num_classes, batch_norm=True, momentum=0.9):
    from keras import layers

    def after(x):
        return layers.BatchNormalization(axis=-1, momentum=momentum)(x) if batch_norm else x

    inputs = x = keras.Input(input_shape)
    for filters in (32, 64):
        x = after(layers.Conv2D(filters, 3, padding="same", activation="relu")(x))
        x = after(layers.Conv2D(filters, 3, padding="same", activation="relu")(x))
        x = layers.Dropout(0.25)(layers.MaxPooling2D((2, 2))(x))
    x = layers.Dropout(rate=1 / 2)(after(layers.Dense(512, activation="relu")(layers.Flatten()(x))))
    return keras.Model(inputs, layers.Dense(num_classes, activation="softmax")(x))


def minivgg_listed(input_shape, num_classes, batch_norm=True):
    names = ["c32", "r", "n", "c32", "r", "n", "p", "d.25", "c64", "r", "n", "c64", "r", "n", "p", "d.25"]
    names += ["f", "w512", "r", "n", "d.5"]
    k = keras.layers
    make = {
        "c": lambda n: k.Conv2D(int(n), 3, padding="same"),
        "r": lambda _: k.Activation("relu"),
        "n": lambda _: k.BatchNormalization(epsilon=1e-5),
        "p": lambda _: k.MaxPooling2D(),
        "d": lambda r: k.Dropout(float(r)),
        "f": lambda _: k.Flatten(),
        "w": lambda n: k.Dense(int(n)),
    }
    steps = [make[name[0]](name[1:]) for name in names if batch_norm or name != "n"]
    return keras.Sequential([k.Input(input_shape), *steps, k.Dense(num_classes), k.Softmax()])


def maps_by_predict(model, images, layer_name):
    part = keras.Model(
        inputs=model.inputs, outputs=[layer.output for layer in model.layers if layer.name == layer_name]
    )
    maps = part.predict(images, verbose=0)
    return maps[0] if isinstance(maps, list) else maps


def maps_by_walking(model, images, layer_name):
    """Layer after layer; fine for models without branches."""
    x = images
    for layer in model.layers:
        if isinstance(layer, keras.layers.InputLayer):
            continue
        x = layer(x, training=False) if isinstance(layer, keras.layers.BatchNormalization) else layer(x)
        if layer.name == layer_name:
            return x.numpy()
    raise ValueError(layer_name)


# --- NumpyLeNet ------------------------------------------------------------------------------------------------------


class LenetOfLayers:
    """Made of `helpers.layers`; `params` and `grads` are lists made afresh from the layers' arrays."""

    def __init__(self, input_shape, num_classes, rng):
        maps = [Conv2D(20, 5, pad=2), Activation("relu"), MaxPool2D(2), Conv2D(50, 5, pad=2), Activation("relu")]
        self.layers = [*maps, MaxPool2D(2), Flatten(), Dense(500), Activation("relu"), Dense(num_classes)]
        shape = input_shape
        for layer in self.layers:
            shape = layer.build(shape, rng, kernels, "float64")

    @property
    def params(self):
        return [p for layer in self.layers for p in layer.params]

    @property
    def grads(self):
        return [g for layer in self.layers for g in layer.grads]

    def forward(self, x):
        x = np.asarray(x, np.float64)
        for layer in self.layers:
            x = layer.forward(x, training=True)
        return x

    def backward(self, dlogits):
        for layer in reversed(self.layers):
            dlogits = layer.backward(dlogits)
        return dlogits

    def step(self, learning_rate):
        for param, grad in zip(self.params, self.grads, strict=True):
            np.subtract(param, learning_rate * grad, out=param)


class LenetByHand:
    """No kernels at all: windows by einsum, pools by reshape; parameters are rebound, pooling comes before ReLU."""

    def __init__(self, input_shape, num_classes, rng):
        height, width, channels = input_shape
        self.params = [
            rng.standard_normal((5, 5, channels, 20)) * 0.1,
            np.full(20, 0.01),
            rng.standard_normal((5, 5, 20, 50)) * 0.05,
            np.full(50, 0.01),
            rng.uniform(-0.05, 0.05, (height * width // 16 * 50, 500)),
            np.zeros(500),
            rng.uniform(-0.05, 0.05, (500, num_classes)),
            np.zeros(num_classes),
        ]
        self.grads = None

    @staticmethod
    def windows(x):
        padded = np.pad(x, ((0, 0), (2, 2), (2, 2), (0, 0)))
        return np.lib.stride_tricks.sliding_window_view(padded, (5, 5), axis=(1, 2))

    def block(self, x, w, b):
        z = np.einsum("nhwcij,ijcf->nhwf", self.windows(x), w, optimize=True) + b
        n, height, width, filters = z.shape
        tiles = z.reshape(n, height // 2, 2, width // 2, 2, filters)
        pooled = tiles.max(axis=(2, 4))
        return np.maximum(pooled, 0), (x, w, tiles, pooled)

    def block_back(self, dy, kept):
        x, w, tiles, pooled = kept
        top = tiles == pooled[:, :, None, :, None]
        dz = (top * (dy * (pooled > 0))[:, :, None, :, None] / top.sum(axis=(2, 4), keepdims=True)).reshape(
            *x.shape[:3], -1
        )
        dw = np.einsum("nhwcij,nhwf->ijcf", self.windows(x), dz, optimize=True)
        dx = np.einsum("nhwfij,ijcf->nhwc", self.windows(dz), w[::-1, ::-1], optimize=True)
        return dx, dw, dz.sum(axis=(0, 1, 2))

    def forward(self, x):
        w1, b1, w2, b2, w3, b3, w4, b4 = self.params
        one, self.first = self.block(x, w1, b1)
        two, self.second = self.block(one, w2, b2)
        self.maps, self.flat = two.shape, two.reshape(two.shape[0], -1)
        self.hidden = np.clip(self.flat @ w3 + b3, 0, None)
        return self.hidden @ w4 + b4

    def backward(self, dlogits):
        w3, w4 = self.params[4], self.params[6]
        dz = np.where(self.hidden > 0, dlogits @ w4.T, 0)
        dtwo, dw2, db2 = self.block_back((dz @ w3.T).reshape(self.maps), self.second)
        _, dw1, db1 = self.block_back(dtwo, self.first)
        self.grads = [dw1, db1, dw2, db2, self.flat.T @ dz, dz.sum(0), self.hidden.T @ dlogits, dlogits.sum(0)]

    def step(self, learning_rate):
        self.params = [p - learning_rate * g for p, g in zip(self.params, self.grads, strict=True)]


class LenetWithNames:
    """Arrays with names of their own, in float32; `params` is a list of those very arrays."""

    def __init__(self, input_shape, num_classes, rng):
        height, width, channels = input_shape
        shapes = [(5, 5, channels, 20), (20,), (5, 5, 20, 50), (50,), (height // 4 * width // 4 * 50, 500), (500,)]
        shapes += [(500, num_classes), (num_classes,)]
        arrays = [np.float32(rng.normal(0, 0.05, shape)) for shape in shapes]
        self.w1, self.b1, self.w2, self.b2, self.w3, self.b3, self.w4, self.b4 = arrays
        self.params, self.grads = arrays, [np.zeros_like(a) for a in arrays]

    def forward(self, x):
        self.x = np.ascontiguousarray(x, dtype=np.float32)
        self.a1 = np.maximum(kernels.conv2d(self.x, self.w1, self.b1, 1, 2), 0)
        self.p1 = kernels.max_pool2d(self.a1, 2, 2)
        self.a2 = np.maximum(kernels.conv2d(self.p1, self.w2, self.b2, 1, 2), 0)
        self.p2 = kernels.max_pool2d(self.a2, 2, 2)
        self.a3 = np.maximum(self.p2.reshape(len(self.x), -1) @ self.w3 + self.b3, 0)
        return self.a3 @ self.w4 + self.b4

    def backward(self, dlogits):
        d = np.float32(dlogits)
        d3 = d @ self.w4.T * (self.a3 > 0)
        d2 = kernels.max_pool2d_backward((d3 @ self.w3.T).reshape(self.p2.shape), self.a2, 2, 2) * (self.a2 > 0)
        dp1, gw2, gb2 = kernels.conv2d_backward(d2, self.p1, self.w2, 1, 2)
        d1 = kernels.max_pool2d_backward(dp1, self.a1, 2, 2) * (self.a1 > 0)
        dx, gw1, gb1 = kernels.conv2d_backward(d1, self.x, self.w1, 1, 2)
        rest = [self.p2.reshape(len(d), -1).T @ d3, d3.sum(0), self.a3.T @ d, d.sum(0)]
        for kept, fresh in zip(self.grads, [gw1, gb1, gw2, gb2, *rest], strict=True):
            kept[...] = fresh
        return dx

    def step(self, learning_rate):
        self.w1 -= np.float32(learning_rate) * self.grads[0]
        self.b1 -= np.float32(learning_rate) * self.grads[1]
        for array, gradient in zip(self.params[2:], self.grads[2:], strict=True):
            array -= np.float32(learning_rate) * gradient


VARIANTS = {
    "layer_shapes": {"recursion and lists": shapes_by_recursion, "arrays in a tuple": shapes_as_arrays},
    "count_parameters": {"callable object": CountingWalker(), "sizes of imagined arrays": count_by_arrays},
    "receptive_field": {"from the end": field_from_the_end, "interval, 0-d array": field_by_interval},
    "batch_norm": {
        "flat view, namedtuple": norm_flat,
        "loops, Fortran order, read-only": norm_by_channel,
    },
    "batch_norm_backward": {
        "path by path": (norm_flat, norm_flat_back),
        "matrix of derivatives": (norm_by_channel, norm_by_channel_back),
    },
    "dropout": {"where": dropout_where, "in place on a copy": dropout_in_place, "callable object": Dropout()},
    "build_shallownet": {"functional": functional_shallownet, "subclass": Shallow},
    "build_lenet": {
        "nested blocks": lenet_blocks,
        "added one by one": lenet_added,
        "bare operations": lenet_operations,
        "a function without a name": lenet_with(lambda z: keras.ops.maximum(z, 0.0)),
        "layers as activations": lenet_with(keras.layers.ReLU(), keras.layers.Softmax()),
    },
    "build_minivggnet": {"functional": minivgg_functional, "from a list of names": minivgg_listed},
    "NumpyLeNet": {
        "of the course's layers": LenetOfLayers,
        "by hand": LenetByHand,
        "named float32 arrays": LenetWithNames,
    },
    "feature_maps": {"predict": maps_by_predict, "layer after layer": maps_by_walking},
}


# --- wrong answers ---------------------------------------------------------------------------------------------------


def changed(right, change):
    """`right` with its result passed through `change`."""

    @functools.wraps(right)
    def wrong(*args):
        return change(right(*args))

    return wrong


def same_padding_always(layers, input_shape):
    padded = [layer | {"pad": layer["kernel"] // 2} if layer["type"] == "conv" else layer for layer in layers]
    return shapes_by_recursion(padded, input_shape)


def rounds_up(layers, input_shape):
    shapes, shape = [], tuple(input_shape)
    for layer in layers:
        if layer["type"] in ("conv", "pool"):
            k = layer.get("kernel", layer.get("size"))
            s = layer.get("stride", 1 if layer["type"] == "conv" else k)
            sides = [-(-(n + 2 * layer.get("pad", 0) - k) // s) + 1 for n in shape[:2]]
            shape = (*sides, layer.get("filters", shape[-1]))
        else:
            shape = tuple(shapes_by_recursion([layer], shape)[0])
        shapes.append(shape)
    return shapes


def writes_defaults(layers, input_shape):
    for layer in layers:
        if layer["type"] == "conv":
            layer.setdefault("pad", 0)
    return shapes_by_recursion(layers, input_shape)


def raises_type_error(layers, input_shape):
    try:
        return shapes_by_recursion(layers, input_shape)
    except ValueError as error:
        raise TypeError(str(error)) from None


def only_books(layers, input_shape):
    """Knows LeNet by heart."""
    return {1: 1_256_080, 3: 328_586}.get(input_shape[-1], 235_146)


def norm_counts_batch_norm_once(layers, input_shape):
    with_two = [layer for layer in layers if layer["type"] != "batch_norm"]
    return count_by_arrays(with_two, input_shape)


def dense_counts_input_of_first(layers, input_shape):
    total = 0
    for layer, shape in zip(layers, [input_shape, *shapes_by_recursion(layers, input_shape)], strict=False):
        if layer["type"] == "conv":
            total += (layer["kernel"] ** 2 * input_shape[2] + 1) * layer["filters"]
        elif layer["type"] == "dense":
            total += (shape[-1] + 1) * layer["units"]
        elif layer["type"] == "batch_norm":
            total += 4 * shape[-1]
    return total


def norm_rebinds(x, gamma, beta, running, training, momentum=0.9, eps=1e-5):
    mine = {name: array.copy() for name, array in running.items()}
    return norm_flat(x, gamma, beta, mine, training, momentum, eps)


def norm_in_place(x, gamma, beta, running, training, momentum=0.9, eps=1e-5):
    y, cache = norm_by_channel(x, gamma, beta, running, training, momentum, eps)
    x[...] = y
    return x, cache


def norm_ignores_eps(x, gamma, beta, running, training, momentum=0.9, eps=1e-5):
    return norm_flat(x, gamma, beta, running, training, momentum, 1e-5)


def norm_ignores_momentum(x, gamma, beta, running, training, momentum=0.9, eps=1e-5):
    return norm_flat(x, gamma, beta, running, training, 0.9, eps)


def norm_after_update(x, gamma, beta, running, training, momentum=0.9, eps=1e-5):
    """Normalises with the running statistics just updated."""
    norm_flat(x, gamma, beta, running, training, momentum, eps)
    return norm_flat(x, gamma, beta, running, False, momentum, eps)


def norm_gamma_last(x, gamma, beta, running, training, momentum=0.9, eps=1e-5):
    y, cache = norm_flat(x, np.ones_like(gamma), beta, running, training, momentum, eps)
    return y * gamma, cache


_last = {}


def norm_remembers_globally(*args):
    y, _last["cache"] = norm_flat(*args)
    return y, None


def norm_back_of_global(dy, cache):
    return norm_flat_back(dy, _last["cache"])


def norm_back_wants_flat(dy, cache):
    dx, dgamma, dbeta = norm_flat_back(dy, cache)
    return dx.reshape(-1, dx.shape[-1]), dgamma, dbeta


def dropout_of_rows(x, rate, rng, training):
    return x * (rng.random((len(x), *[1] * (x.ndim - 1))) >= rate) / (1 - rate) if training else x


def dropout_by_gauss(x, rate, rng, training):
    """Multiplies by noise whose mean is one, and drops nothing."""
    return x * rng.normal(1, rate, x.shape) if training else x


def dropout_of_global(x, rate, rng, training):
    return x * (np.random.random(x.shape) >= rate) / (1 - rate) if training else x  # noqa: NPY002


def dropout_half_always(x, rate, rng, training):
    return dropout_where(x, 0.5, rng, training)


def dropout_whole_numbers(x, rate, rng, training):
    y = np.zeros_like(x)
    kept = rng.random(x.shape) >= rate
    y[kept] = (x[kept] / (1 - rate)).astype(x.dtype)
    return y if training else x


def dropout_overwrites(x, rate, rng, training):
    if training:
        x *= (rng.random(x.shape) >= rate) / (1 - rate)
    return x


def shallow_twice(input_shape, num_classes):
    k = keras.layers
    conv = [k.Conv2D(32, 3, padding="same", activation="relu") for _ in range(2)]
    return keras.Sequential([k.Input(input_shape), *conv, k.Flatten(), k.Dense(num_classes, "softmax")])


def shallow_without_bias(input_shape, num_classes):
    k = keras.layers
    conv = k.Conv2D(32, 3, padding="same", activation="relu", use_bias=False)
    return keras.Sequential([k.Input(input_shape), conv, k.Flatten(), k.Dense(num_classes, "softmax")])


def ten_classes(build):
    return lambda input_shape, num_classes, *more: build(input_shape, 10, *more)


def softmax_over_batch(input_shape, num_classes):
    k = keras.layers
    steps = [k.Conv2D(32, 3, padding="same", activation="relu"), k.Flatten(), k.Dense(num_classes), k.Softmax(axis=0)]
    return keras.Sequential([k.Input(input_shape), *steps])


def lenet_overlapping(input_shape, num_classes):
    k = keras.layers
    steps = []
    for filters in (20, 50):
        steps += [k.Conv2D(filters, 5, padding="same", activation="relu"), k.MaxPooling2D(3, strides=2, padding="same")]
    return keras.Sequential(
        [k.Input(input_shape), *steps, k.Flatten(), k.Dense(500, "relu"), k.Dense(num_classes, "softmax")]
    )


def lenet_pools_first(input_shape, num_classes):
    k = keras.layers
    steps = []
    for filters in (20, 50):
        steps += [k.Conv2D(filters, 5, padding="same"), k.MaxPooling2D(2), k.ReLU()]
    return keras.Sequential(
        [k.Input(input_shape), *steps, k.Flatten(), k.Dense(500, "relu"), k.Dense(num_classes, "softmax")]
    )


def vgg_norm_after_softmax(input_shape, num_classes, batch_norm=True):
    model = minivgg_functional(input_shape, num_classes, batch_norm)
    return keras.Sequential([model, *([keras.layers.BatchNormalization()] if batch_norm else [])])


def vgg_leaky(input_shape, num_classes, batch_norm=True):
    k = keras.layers
    steps = []
    for filters in (32, 64):
        for _ in range(2):
            steps += [k.Conv2D(filters, 3, padding="same"), k.LeakyReLU()] + [k.BatchNormalization()] * batch_norm
        steps += [k.MaxPooling2D(2), k.Dropout(0.25)]
    steps += [k.Flatten(), k.Dense(512), k.LeakyReLU()] + [k.BatchNormalization()] * batch_norm
    return keras.Sequential([k.Input(input_shape), *steps, k.Dropout(0.5), k.Dense(num_classes, "softmax")])


class LenetUnseeded(LenetByHand):
    def __init__(self, input_shape, num_classes, rng):
        super().__init__(input_shape, num_classes, np.random.default_rng())


class LenetForgets(LenetByHand):
    """`step` changes nothing."""

    def step(self, learning_rate):
        [p - learning_rate * g for p, g in zip(self.params, self.grads, strict=True)]


class LenetOneStep(LenetByHand):
    """Ignores the learning rate."""

    def step(self, learning_rate):
        super().step(0.01)


class LenetFreezesConvs(LenetByHand):
    def step(self, learning_rate):
        self.params[4:] = [p - learning_rate * g for p, g in zip(self.params[4:], self.grads[4:], strict=True)]


class LenetLosesCorner(LenetByHand):
    """The gradient of the first filters misses their last row."""

    def backward(self, dlogits):
        super().backward(dlogits)
        self.grads[0][-1] = 0


class LenetTuple(LenetByHand):
    def __init__(self, *args):
        super().__init__(*args)
        self.params = tuple(self.params)


class LenetPairs(LenetByHand):
    """All weights first, then all biases."""

    def __init__(self, *args):
        super().__init__(*args)
        self.params = self.params[::2] + self.params[1::2]

    def forward(self, x):
        ordered = [p for pair in zip(self.params[:4], self.params[4:], strict=True) for p in pair]
        kept, self.params = self.params, ordered
        scores = super().forward(x)
        self.params = kept
        return scores


class LenetFlipsKernels(LenetByHand):
    """Convolves where the layers of this course correlate."""

    def block(self, x, w, b):
        return super().block(x, w[::-1, ::-1], b)


class LenetBlindToBatch(LenetByHand):
    """Only the first picture of a batch counts on the way back."""

    def backward(self, dlogits):
        super().backward(np.vstack([dlogits[:1], 0 * dlogits[1:]]))


class LenetRepeatsEdges(LenetByHand):
    """Pads with copies of the border in place of zeros."""

    @staticmethod
    def windows(x):
        padded = np.pad(x, ((0, 0), (2, 2), (2, 2), (0, 0)), mode="edge")
        return np.lib.stride_tricks.sliding_window_view(padded, (5, 5), axis=(1, 2))


def maps_of_weights(model, images, layer_name):
    return np.asarray(model.get_layer(layer_name).get_weights()[0])


def maps_of_first_layer(model, images, layer_name):
    return maps_by_predict(model, images, model.layers[0].name)


def maps_positive(model, images, layer_name):
    return np.maximum(maps_by_walking(model, images, layer_name), 0)


def maps_as_tensor(model, images, layer_name):
    return keras.Model(model.inputs, model.get_layer(layer_name).output)(images)


def maps_retrained(model, images, layer_name):
    """Resets the weights of the model on the way."""
    maps = maps_by_walking(model, images, layer_name)
    model.set_weights([0 * w for w in model.get_weights()])
    return maps


def maps_of_flipped(model, images, layer_name):
    return maps_by_walking(model, images[:, ::-1], layer_name)


MUTANTS = {
    "layer_shapes": {
        "pads every convolution": same_padding_always,
        "texts": changed(shapes_by_recursion, lambda shapes: [str(tuple(shape)) for shape in shapes]),
        "rounds up": rounds_up,
        "writes defaults into the layers": writes_defaults,
        "raises TypeError": raises_type_error,
        "last shape only": changed(shapes_by_recursion, lambda shapes: shapes[-1]),
        "misses the last layer": changed(shapes_by_recursion, lambda shapes: shapes[:-1]),
        "products": changed(shapes_by_recursion, lambda shapes: [int(np.prod(s)) for s in shapes]),
        "reversed": changed(shapes_by_recursion, lambda shapes: shapes[::-1]),
        "as texts": changed(shapes_by_recursion, lambda shapes: [f"{s}" for s in shapes]),
        "a dictionary": changed(shapes_by_recursion, lambda shapes: dict(enumerate(shapes))),
    },
    "count_parameters": {
        "knows the books by heart": only_books,
        "no batch norm": norm_counts_batch_norm_once,
        "first input's channels everywhere": dense_counts_input_of_first,
        "one too many": changed(count_by_arrays, lambda n: n + 1),
        "a float": changed(count_by_arrays, float),
        "thousands": changed(count_by_arrays, lambda n: n // 1000 * 1000),
        "in an array": changed(count_by_arrays, lambda n: np.array([n])),
        "as text": changed(count_by_arrays, str),
    },
    "receptive_field": {
        "one too large": changed(field_from_the_end, lambda n: n + 1),
        "a float": changed(field_from_the_end, float),
        "never more than LeNet's": changed(field_from_the_end, lambda n: min(n, 16)),
        "a pair": changed(field_from_the_end, lambda n: (n, n)),
        "stride of the pools is 2": lambda layers: field_from_the_end(
            [layer | {"stride": 2} if layer["type"] == "pool" else layer for layer in layers]
        ),
        "forwards for backwards": lambda layers: field_from_the_end(layers[::-1]),
    },
    "batch_norm": {
        "running in a copy": norm_rebinds,
        "writes into x": norm_in_place,
        "eps fixed": norm_ignores_eps,
        "momentum fixed": norm_ignores_momentum,
        "uses the statistics it has just updated": norm_after_update,
        "gamma scales beta too": norm_gamma_last,
        "flat result": changed(norm_flat, lambda r: (r[0].reshape(-1, r[0].shape[-1]), r[1])),
        "order swapped": changed(norm_flat, lambda r: (r[1], r[0])),
        "three results": changed(norm_flat, lambda r: (*r, 0)),
        "rounded": changed(norm_flat, lambda r: (r[0].round(5), r[1])),
    },
    "batch_norm_backward": {
        "remembers in a global": (norm_remembers_globally, norm_back_of_global),
        "flat dx": (norm_flat, norm_back_wants_flat),
        "dx alone": (norm_flat, changed(norm_flat_back, lambda r: r[0])),
        "wrong sign": (norm_flat, changed(norm_flat_back, lambda r: [-g for g in r])),
        "zeros": (norm_flat, changed(norm_flat_back, lambda r: [0 * g for g in r])),
        "centred only": (norm_flat, changed(norm_flat_back, lambda r: [r[0] - r[0].mean(), r[1] * 2, r[2]])),
    },
    "dropout": {
        "rows": dropout_of_rows,
        "Gaussian noise": dropout_by_gauss,
        "global random state": dropout_of_global,
        "always a half": dropout_half_always,
        "whole numbers stay whole": dropout_whole_numbers,
        "overwrites x": dropout_overwrites,
        "never drops": lambda x, rate, rng, training: x,
        "drops everything": lambda x, rate, rng, training: 0 * x if training else x,
        "mask alone": lambda x, rate, rng, training: (rng.random(x.shape) >= rate) / (1 - rate) if training else x,
        "drops small values": lambda x, rate, rng, training: x * (np.abs(x) > rate) / (1 - rate) if training else x,
    },
    "build_shallownet": {
        "two convolutions": shallow_twice,
        "no bias": shallow_without_bias,
        "always ten classes": ten_classes(functional_shallownet),
        "softmax over the batch": softmax_over_batch,
        "the class itself": lambda input_shape, num_classes: keras.Sequential,
        "a list of layers": lambda input_shape, num_classes: functional_shallownet(input_shape, num_classes).layers,
    },
    "build_lenet": {
        "overlapping pools": lenet_overlapping,
        "pools before activations": lenet_pools_first,
        "always ten classes": ten_classes(lenet_added),
        "always 28 x 28": lambda input_shape, num_classes: lenet_added((28, 28, 1), num_classes),
        "ShallowNet": functional_shallownet,
        "a relu that is none": lenet_with(relu),
        "nothing for an activation": lenet_with(lambda z: z),
    },
    "build_minivggnet": {
        "batch norm after the softmax": vgg_norm_after_softmax,
        "leaky": vgg_leaky,
        "always ten classes": ten_classes(minivgg_listed),
        "batch norm the other way round": lambda shape, n, batch_norm=True: minivgg_listed(shape, n, not batch_norm),
    },
    "NumpyLeNet": {
        "never steps": LenetForgets,
        "a generator of its own": LenetUnseeded,
        "ignores the learning rate": LenetOneStep,
        "freezes the convolutions": LenetFreezesConvs,
        "loses a row of a gradient": LenetLosesCorner,
        "a tuple": LenetTuple,
        "weights first": LenetPairs,
        "flips the kernels": LenetFlipsKernels,
        "first picture only": LenetBlindToBatch,
        "pads with the edge": LenetRepeatsEdges,
    },
    "feature_maps": {
        "weights": maps_of_weights,
        "always the first layer": maps_of_first_layer,
        "positive part": maps_positive,
        "a tensor": maps_as_tensor,
        "ruins the model": maps_retrained,
        "flipped pictures": maps_of_flipped,
        "a list": changed(maps_by_predict, list),
    },
}
