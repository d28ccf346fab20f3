"""Positions in NumPy: signals added to tokens, rotations of queries and keys, biases of scores."""

from __future__ import annotations

from attnlab.reference.positions.bias import alibi, alibi_slopes, t5_buckets
from attnlab.reference.positions.learned import learned
from attnlab.reference.positions.relative import relative_index, shaw_bias, shaw_mix
from attnlab.reference.positions.rotary import (
    adjacent_to_halves,
    rotary,
    rotate_adjacent,
    rotate_halves,
)
from attnlab.reference.positions.scaling import (
    dynamic_ntk,
    interpolated,
    kept_by_index,
    kept_by_turns,
    llama3,
    longrope,
    longrope_scale,
    ntk_aware,
    proportional,
    yarn,
    yarn_scale,
)
from attnlab.reference.positions.sinusoidal import angles, frequencies, sinusoidal

__all__ = [
    "adjacent_to_halves",
    "alibi",
    "alibi_slopes",
    "angles",
    "dynamic_ntk",
    "frequencies",
    "interpolated",
    "kept_by_index",
    "kept_by_turns",
    "learned",
    "llama3",
    "longrope",
    "longrope_scale",
    "ntk_aware",
    "proportional",
    "relative_index",
    "rotary",
    "rotate_adjacent",
    "rotate_halves",
    "shaw_bias",
    "shaw_mix",
    "sinusoidal",
    "t5_buckets",
    "yarn",
    "yarn_scale",
]
