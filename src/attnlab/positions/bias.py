"""Numbers added to the scores by distance: buckets of T5, straight lines of ALiBi."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from attnlab._counts import count
from attnlab._shapes import Float, Integer
from attnlab.positions._doors import moved, offsets_between


def t5_buckets(
    q_pos: Integer[Tensor, "queries"],
    k_pos: Integer[Tensor, "keys"],
    n_buckets: int = 32,
    max_distance: int = 128,
    both_sides: bool = True,
) -> Integer[Tensor, "queries keys"]:
    """Bucket of each pair: exact for small distances, logarithmic up to `max_distance`, then all alike.

    In single precision, as in the code published with the paper. With both sides, later keys have the upper
    half of the buckets; otherwise they share bucket 0 with the query's own.
    Errors: ValueError for counts that cannot be halved so, or a `max_distance` within the exact half.
    Source: [raffel2020, section 2.1].
    """
    n_buckets, max_distance = count("n_buckets", n_buckets), count("max_distance", max_distance)
    n = n_buckets // 2 if both_sides else n_buckets
    exact = n // 2
    _need_buckets(n_buckets, 4 if both_sides else 2, max_distance, exact)
    offsets = offsets_between(q_pos, k_pos)
    back = offsets.abs() if both_sides else offsets.neg().clamp(min=0)
    climb = torch.log(back.clamp(min=1).float() / exact) / math.log(max_distance / exact)
    bucket = torch.where(back < exact, back, (exact + (climb * (n - exact)).long()).clamp(max=n - 1))
    return bucket + n * (offsets > 0) if both_sides else bucket


def alibi_slopes(n_heads: int) -> Float[Tensor, "n_heads"]:
    """2^(-8/n), 2^(-16/n), ..., 2^-8 for n heads, n a power of two; float64.

    For other counts the code published with the paper fills up with slopes that lie between: the first,
    third, fifth ... of twice as many heads.
    Errors: ValueError for fewer than one head. Source: [press2022, section 3].
    """
    n_heads = count("n_heads", n_heads, at_least=1)
    if n_heads.bit_count() == 1:
        ratio = 2.0 ** (-8 / n_heads)
        return torch.full((n_heads,), ratio, dtype=torch.float64).cumprod(0)
    lower = 1 << (n_heads.bit_length() - 1)
    return torch.cat([alibi_slopes(lower), alibi_slopes(2 * lower)[::2][: n_heads - lower]])


def alibi(
    n_heads: int, q_pos: Integer[Tensor, "queries"], k_pos: Integer[Tensor, "keys"]
) -> Float[Tensor, "n_heads queries keys"]:
    """-slope · distance, a `bias` added after the scale; the causal mask is a separate argument.

    Computed in float64 on the CPU, then moved to the device of the positions, as `sinusoidal` is.
    Source: [press2022, section 3].
    """
    distance = offsets_between(q_pos, k_pos).abs()
    return moved(torch.einsum("h,ij->hij", -alibi_slopes(n_heads), distance.cpu().double()), distance.device)


def _need_buckets(n_buckets: int, parts: int, max_distance: int, exact: int) -> None:
    if n_buckets < parts or n_buckets % parts:
        raise ValueError(f"n_buckets must be a multiple of {parts} but is {n_buckets}")
    if max_distance <= exact:
        raise ValueError(f"max_distance must be above {exact}, the exact buckets, but is {max_distance}")
