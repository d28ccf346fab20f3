"""Speeds of rotary angles changed for texts longer than those trained on."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor

from attnlab._counts import counts
from attnlab._shapes import Float
from attnlab.positions._doors import need_factor, need_lengths, need_two


def interpolated(speeds: Float[Tensor, "pairs"], factor: float) -> Float[Tensor, "pairs"]:
    """speeds / factor. Errors: ValueError for a factor below 1. Source: [chen2023, section 2.3]."""
    need_factor(factor)
    return speeds / factor


def ntk_aware(speeds: Float[Tensor, "pairs"], factor: float) -> Float[Tensor, "pairs"]:
    """A larger base: the fastest pair keeps its speed, the slowest is interpolated in full.

    Errors: those of `interpolated`; ValueError for fewer than two pairs. Source: [peng2024, section 3.1].
    """
    need_factor(factor)
    need_two(speeds)
    slower = torch.linspace(0, math.log(factor), len(speeds), dtype=speeds.dtype, device=speeds.device)
    return speeds * torch.exp(-slower)


@counts("trained", "length")
def dynamic_ntk(
    speeds: Float[Tensor, "pairs"], factor: float, trained: int, length: int
) -> Float[Tensor, "pairs"]:
    """NTK-aware scaling for the text at hand: none up to `trained` tokens, the full factor at 2 · trained.

    Speeds change with the length, so keys that were turned before must be turned anew.
    Errors: those of `ntk_aware`; ValueError for a length below 1.
    Source: [peng2024, section 3.3], the idea; the formula is that of published code.
    """
    need_factor(factor)
    need_lengths(trained=trained, length=length)
    beyond = max(length - trained, 0) / trained
    return ntk_aware(speeds, 1 + factor * beyond)


@counts("trained")
def kept_by_turns(
    speeds: Float[Tensor, "pairs"], trained: int, slow: float = 1, fast: float = 32
) -> Float[Tensor, "pairs"]:
    """Share of its own speed that a pair keeps: 0 up to `slow` turns in `trained` positions, 1 from `fast` on.

    Errors: ValueError unless `fast` is above `slow`.
    Source: [peng2024, section 3.2], where slow is alpha and fast is beta.
    """
    if not slow < fast:
        raise ValueError(f"fast must be above slow, {slow} turns, but is {fast}")
    wavelengths = 2 * math.pi / speeds
    return ((trained / wavelengths - slow) / (fast - slow)).clamp(0.0, 1.0)


@counts("trained")
def kept_by_index(speeds: Float[Tensor, "pairs"], trained: int) -> Float[Tensor, "pairs"]:
    """As `kept_by_turns`, but linear in the number of the pair, between rounded ends, as in published code.

    For speeds in geometric progression. Errors: ValueError for fewer than two pairs.
    """
    need_two(speeds)
    per_pair = math.log(speeds[0] / speeds[1])

    def pair_that_makes(turns: float) -> float:
        return math.log(float(speeds[0]) * trained / (turns * 2 * math.pi)) / per_pair

    low = max(math.floor(pair_that_makes(32)), 0)
    high = max(min(math.ceil(pair_that_makes(1)), 2 * len(speeds) - 1), low + 1e-3)
    number = torch.arange(len(speeds), dtype=speeds.dtype, device=speeds.device)
    return ((high - number) / (high - low)).clamp(0.0, 1.0)


@counts("trained")
def yarn(
    speeds: Float[Tensor, "pairs"], factor: float, trained: int, kept: Callable = kept_by_turns
) -> Float[Tensor, "pairs"]:
    """Fast pairs as they were, slow ones interpolated, a ramp between; to be used with `yarn_scale`.

    Errors: ValueError for a factor or a length below 1. Source: [peng2024, section 3.2].
    """
    need_factor(factor)
    need_lengths(trained=trained)
    return torch.lerp(speeds / factor, speeds, kept(speeds, trained))


def yarn_scale(factor: float) -> float:
    """1 + ln(factor) / 10: multiplies rotated queries and rotated keys.

    Errors: ValueError for a factor below 1. Source: [peng2024, section 3.4].
    """
    need_factor(factor)
    return math.fsum([1.0, math.log(factor) / 10])


@counts("trained")
def llama3(
    speeds: Float[Tensor, "pairs"], factor: float, trained: int, slow: float = 1, fast: float = 4
) -> Float[Tensor, "pairs"]:
    """Three bands of wavelengths: up to trained / fast unchanged, from trained / slow on interpolated, a ramp between.

    Errors: ValueError for a factor or a length below 1, or unless `fast` is above `slow`.
    Source: the code published with Llama 3.1 (low_freq_factor and high_freq_factor).
    """
    need_factor(factor)
    need_lengths(trained=trained)
    if not slow < fast:
        raise ValueError(f"fast must be above slow, {slow} turns, but is {fast}")
    turns = trained * speeds / (2 * math.pi)
    ramp = speeds / factor + (speeds - speeds / factor) * (turns - slow) / (fast - slow)
    return torch.where(turns > fast, speeds, torch.where(turns < slow, speeds / factor, ramp))


def longrope(speeds: Float[Tensor, "pairs"], factors: Float[Tensor, "pairs"]) -> Float[Tensor, "pairs"]:
    """A factor for each pair, published with the weights; to be used with `longrope_scale`.

    Errors: ValueError for a factor below 1, or unless there is one for each pair.
    Source: [ding2024, section 3.1].
    """
    if len(factors) != len(speeds):
        raise ValueError(f"there are {len(factors)} factors for {len(speeds)} pairs")
    for factor in factors.tolist():
        need_factor(factor)
    return speeds / factors.to(speeds)


@counts("trained")
def longrope_scale(factor: float, trained: int) -> float:
    """The square root of ln(trained · factor) / ln(trained): multiplies rotated queries and rotated keys.

    Errors: ValueError for a factor below 1 or fewer than 2 positions. Source: published code.
    """
    need_factor(factor)
    if trained < 2:
        raise ValueError(f"trained must be at least 2 positions but is {trained}")
    return math.log(trained * factor, trained) ** 0.5


def proportional(
    speeds: Float[Tensor, "pairs"], share: float, factor: float = 1.0
) -> Float[Tensor, "pairs"]:
    """Only the fastest `share` of the pairs turns, interpolated by `factor`; the others never do.

    Errors: ValueError for a share outside 0 ... 1, or a factor below 1. Source: published code.
    """
    need_factor(factor)
    if not 0 <= share <= 1:
        raise ValueError(f"share must lie between 0 and 1 but is {share}")
    turning = math.floor(share * len(speeds))
    return torch.cat([speeds[:turning] / factor, torch.zeros_like(speeds[turning:])])
