"""Speeds of rotary angles changed for texts longer than those trained on."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from attnlab._counts import counts
from attnlab._shapes import Array, Float
from attnlab.reference._numbers import finite
from attnlab.reference.positions._doors import need_factor, need_lengths, two_pairs


def interpolated(speeds: Float[Array, "pairs"], factor: float) -> Float[Array, "pairs"]:
    """speeds / factor, as if every position were divided by it.

    Errors: ValueError for a factor below 1. Source: [chen2023, section 2.3].
    """
    need_factor(factor)
    return finite("speeds", speeds) / factor


def ntk_aware(speeds: Float[Array, "pairs"], factor: float) -> Float[Array, "pairs"]:
    """speeds · factor^(-i / (pairs - 1)): the fastest pair keeps its speed, the slowest is interpolated fully.

    The same as a base multiplied by factor^(width / (width - 2)).
    Errors: those of `interpolated`; ValueError for fewer than two pairs. Source: [peng2024, section 3.1].
    """
    need_factor(factor)
    speeds = two_pairs(speeds)
    return speeds * factor ** (-np.arange(speeds.size) / (speeds.size - 1))


@counts("trained", "length")
def dynamic_ntk(
    speeds: Float[Array, "pairs"], factor: float, trained: int, length: int
) -> Float[Array, "pairs"]:
    """`ntk_aware` with factor · length / trained - (factor - 1): nothing changes up to `trained`, then it grows.

    Errors: those of `ntk_aware`; ValueError for a length below 1.
    Source: [peng2024, section 3.3], the idea; the formula is that of published code.
    """
    need_factor(factor)
    need_lengths(trained=trained, length=length)
    return ntk_aware(speeds, factor * max(length, trained) / trained - (factor - 1))


@counts("trained")
def kept_by_turns(
    speeds: Float[Array, "pairs"], trained: int, slow: float = 1, fast: float = 32
) -> Float[Array, "pairs"]:
    """Share of its own speed that each pair keeps: 0 up to `slow` turns in `trained` positions, 1 from `fast` on.

    In between it grows in proportion to the turns.
    Errors: ValueError unless `fast` is above `slow`.
    Source: [peng2024, section 3.2], where slow is alpha and fast is beta.
    """
    if fast <= slow:
        raise ValueError(f"fast must be above slow, {slow} turns, but is {fast}")
    turns = finite("speeds", speeds) * trained / (2 * np.pi)
    return np.clip((turns - slow) / (fast - slow), 0, 1)


@counts("trained")
def kept_by_index(speeds: Float[Array, "pairs"], trained: int) -> Float[Array, "pairs"]:
    """As `kept_by_turns`, but in proportion to the number of the pair, as in published code.

    The ends of the ramp are rounded outward to whole numbers. For speeds in geometric progression, as all are.
    Errors: ValueError for fewer than two pairs.
    """
    speeds = two_pairs(speeds)
    step = np.log(speeds[0] / speeds[1])
    at_32, at_1 = (np.log(speeds[0] * trained / (2 * np.pi * turns)) / step for turns in (32, 1))
    low, high = max(np.floor(at_32), 0), min(np.ceil(at_1), 2 * speeds.size - 1)
    return 1 - np.clip((np.arange(speeds.size) - low) / max(high - low, 1e-3), 0, 1)


@counts("trained")
def yarn(
    speeds: Float[Array, "pairs"], factor: float, trained: int, kept: Callable = kept_by_turns
) -> Float[Array, "pairs"]:
    """kept · speed + (1 - kept) · speed / factor: fast pairs as they were, slow ones interpolated.

    `trained` is the length the model was trained on. Comes with `yarn_scale`.
    Errors: ValueError for a factor or a length below 1. Source: [peng2024, section 3.2].
    """
    need_factor(factor)
    need_lengths(trained=trained)
    share = kept(speeds, trained)
    return finite("speeds", speeds) * (share + (1 - share) / factor)


def yarn_scale(factor: float) -> float:
    """0.1 ln(factor) + 1: multiplies rotated queries and rotated keys, so scores grow by its square.

    Errors: ValueError for a factor below 1. Source: [peng2024, section 3.4].
    """
    need_factor(factor)
    return 0.1 * math.log(factor) + 1


@counts("trained")
def llama3(
    speeds: Float[Array, "pairs"], factor: float, trained: int, slow: float = 1, fast: float = 4
) -> Float[Array, "pairs"]:
    """`yarn` without its scale, and with a steeper ramp: pairs that make `fast` turns or more are left alone.

    Errors: those of `yarn` and `kept_by_turns`. Source: the code published with Llama 3.1, in which slow is
    low_freq_factor and fast is high_freq_factor.
    """
    return yarn(speeds, factor, trained, lambda own, length: kept_by_turns(own, length, slow, fast))


def longrope(speeds: Float[Array, "pairs"], factors: Float[Array, "pairs"]) -> Float[Array, "pairs"]:
    """speeds / factors: every pair has a factor of its own, found by a search and published with the weights.

    Such a model has two lists, for texts up to the length trained on and for longer ones.
    Comes with `longrope_scale`.
    Errors: ValueError for a factor below 1, or unless there is one for each pair.
    Source: [ding2024, section 3.1].
    """
    speeds, factors = finite("speeds", speeds), finite("factors", factors)
    if factors.shape != speeds.shape:
        raise ValueError(f"there are {factors.size} factors for {speeds.size} pairs")
    need_factor(factors.min(initial=1.0))
    return speeds / factors


@counts("trained")
def longrope_scale(factor: float, trained: int) -> float:
    """sqrt(1 + ln(factor) / ln(trained)): multiplies rotated queries and rotated keys.

    Errors: ValueError for a factor below 1 or fewer than 2 positions. Source: published code.
    """
    need_factor(factor)
    if trained < 2:
        raise ValueError(f"trained must be at least 2 positions but is {trained}")
    return math.sqrt(1 + math.log(factor) / math.log(trained))


def proportional(
    speeds: Float[Array, "pairs"], share: float, factor: float = 1.0
) -> Float[Array, "pairs"]:
    """speeds / factor in the first `share` of the pairs, rounded down; the slower ones stand still.

    Errors: ValueError for a share outside 0 ... 1, or a factor below 1. Source: published code.
    """
    need_factor(factor)
    if not 0 <= share <= 1:
        raise ValueError(f"share must lie between 0 and 1 but is {share}")
    speeds = finite("speeds", speeds)
    return np.where(np.arange(speeds.size) < int(share * speeds.size), speeds / factor, 0.0)
