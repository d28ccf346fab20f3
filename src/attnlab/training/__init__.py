"""Training: one loop for every model of the course, and what it is made of: losses, schedules, clipping, batches."""

from __future__ import annotations

from attnlab.training.batches import Epochs, by_length, waste
from attnlab.training.clipping import clip
from attnlab.training.evaluate import Score, evaluate, exact_match
from attnlab.training.loop import Recipe, Run, bar, progress, seeded, train
from attnlab.training.losses import cross_entropy, shift_right
from attnlab.training.schedules import noam, warmup_cosine

__all__ = [
    "Epochs",
    "Recipe",
    "Run",
    "Score",
    "bar",
    "by_length",
    "clip",
    "cross_entropy",
    "evaluate",
    "exact_match",
    "noam",
    "progress",
    "seeded",
    "shift_right",
    "train",
    "warmup_cosine",
    "waste",
]
