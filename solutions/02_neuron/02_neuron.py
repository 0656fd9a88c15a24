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
# # 2 · The neuron
#
# **What you will be able to do** …

# %%
import numpy as np

from helpers.checks import evaluate, hint, passed

CHAPTER = "02_neuron"

# %% [markdown]
# ## What does one neuron compute?
#
# {{exercise: weighted_sum}}
#
# Write `weighted_sum(x, w, b)`: multiply every input by its weight, add the products up, add the bias.


# %% exercise="weighted_sum"
def weighted_sum(x, w, b):
    """The weighted sum of one sample x (n,) -> scalar, or of a batch (batch, n) -> (batch,)."""
    ### BEGIN SOLUTION
    return x @ w + b
    ### END SOLUTION


# %% [markdown]
# {{exercise: step}}


# %% exercise="step"
def step(z):
    """1 where z > 0, else 0."""
    ### BEGIN SOLUTION
    return np.where(np.asarray(z) > 0, 1.0, 0.0)
    ### END SOLUTION


# %% [markdown]
# {{exercise: Neuron}}


# %% exercise="Neuron"
class Neuron:
    """A weighted sum and an activation function."""

    def __init__(self, num_inputs, activation_fn, rng):
        ### BEGIN SOLUTION
        self.W = rng.standard_normal(num_inputs)
        self.b = rng.standard_normal()
        self.activation_fn = activation_fn
        ### END SOLUTION

    def forward(self, x):
        ### BEGIN SOLUTION
        return self.activation_fn(weighted_sum(x, self.W, self.b))
        ### END SOLUTION


# %%
if passed("Neuron"):
    print(Neuron(3, np.tanh, np.random.default_rng(0)).forward(np.ones(3)))
