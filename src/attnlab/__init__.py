"""Attention written to be read: NumPy states each definition, PyTorch does the work, each examines the other.

Importing the package loads neither torch nor matplotlib. Ask for the room you need:
`attnlab.reference` (NumPy definitions), `attnlab.masks` (who may look at whom), `attnlab.attention` (torch),
`attnlab.plots` (figures), `attnlab.explore` (things to move by hand), `attnlab.exercises` (the judge).
"""

from __future__ import annotations

__version__ = "0.1.0"
