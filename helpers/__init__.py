"""What the notebooks import: kernels, layers, data, plots, widgets and checks.

Importing `helpers` loads nothing else; ask for the part you need, e.g. `from helpers.data import load`.
"""
