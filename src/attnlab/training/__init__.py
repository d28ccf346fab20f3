"""Training: one loop for every model of the course."""

from __future__ import annotations

from attnlab.training.loop import Recipe, progress, seeded, train

__all__ = [
    "Recipe",
    "progress",
    "seeded",
    "train",
]
