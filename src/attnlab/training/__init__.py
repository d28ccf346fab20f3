"""Training: one loop for every model of the course, and what it is made of."""

from __future__ import annotations

from attnlab.training import checkpoint
from attnlab.training.batches import Epochs, by_length, waste
from attnlab.training.clipping import clip
from attnlab.training.evaluate import Score, evaluate, exact_match
from attnlab.training.loop import Recipe, Run, bar, progress, seeded, train
from attnlab.training.losses import cross_entropy, shift_right
from attnlab.training.optimisers import AdamW, Muon, by_shape, like_adamw, matrices_and_others, newton_schulz
from attnlab.training.schedules import noam, warmup_cosine

__all__ = [
    "AdamW",
    "Epochs",
    "Muon",
    "Recipe",
    "Run",
    "Score",
    "bar",
    "by_length",
    "by_shape",
    "checkpoint",
    "clip",
    "cross_entropy",
    "evaluate",
    "exact_match",
    "like_adamw",
    "matrices_and_others",
    "newton_schulz",
    "noam",
    "progress",
    "seeded",
    "shift_right",
    "train",
    "warmup_cosine",
    "waste",
]
