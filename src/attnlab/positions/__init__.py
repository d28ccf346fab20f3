"""Positions in PyTorch: signals added to tokens, rotations of queries and keys, biases of scores."""

from __future__ import annotations

from attnlab.positions.bias import alibi, alibi_slopes, t5_buckets
from attnlab.positions.learned import Learned
from attnlab.positions.relative import relative_index, shaw_bias, shaw_mix
from attnlab.positions.rotary import (
    adjacent_to_halves,
    rotary,
    rotate_adjacent,
    rotate_halves,
)
from attnlab.positions.scaling import (
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
from attnlab.positions.sinusoidal import angles, frequencies, sinusoidal

__all__ = [
    "Learned",
    "adjacent_to_halves",
    "alibi",
    "alibi_slopes",
    "angles",
    "dynamic_ntk",
    "frequencies",
    "interpolated",
    "kept_by_index",
    "kept_by_turns",
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
