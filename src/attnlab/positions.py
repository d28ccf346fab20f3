"""Positions in PyTorch: signals added to tokens, rotations of queries and keys, biases of scores."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor, nn

from attnlab._shapes import Float, Integer, Real


def frequencies(width: int, base: float = 10000.0) -> Float[Tensor, "pairs"]:
    """base^(-2i / width) in radians per position, float64: the first pair turns fastest, the last slowest.

    Errors: ValueError for a width that is odd or below 2, or a base that is not above 1 and finite.
    Source: [vaswani2017, section 3.5]; [su2024, section 3.2.2].
    """
    _need_even(width)
    if not 1 < base < math.inf:
        raise ValueError(f"base must be above 1 and finite but is {base}")
    exponents = torch.arange(width // 2, dtype=torch.float64) * (-2 / width)
    return torch.exp(exponents * math.log(base))


def sinusoidal(
    positions: Real[Tensor, "*tokens"], width: int, base: float = 10000.0
) -> Float[Tensor, "*tokens width"]:
    """Sines in the even features, cosines in the odd ones, pair by pair slower.

    Computed and returned in float64; cast it to the tokens' type where it is added.
    Errors: those of `frequencies`. Source: [vaswani2017, section 3.5].
    """
    turned = angles(positions, frequencies(width, base).to(positions.device))
    signal = turned.new_empty(*positions.shape, width)
    signal[..., 0::2], signal[..., 1::2] = turned.sin(), turned.cos()
    return signal


class Learned(nn.Module):
    """One trained vector for each position: `nn.Embedding`, with a clear error past its last row.

    Source: [gehring2017, section 3.1].
    """

    def __init__(self, max_len: int, d_model: int):
        super().__init__()
        self.table = nn.Embedding(max_len, d_model)

    def forward(self, positions: Integer[Tensor, "*tokens"]) -> Float[Tensor, "*tokens d_model"]:
        _need_rows(positions, self.table.num_embeddings)
        return self.table(positions)


def relative_index(
    q_pos: Integer[Tensor, "queries"], k_pos: Integer[Tensor, "keys"], reach: int
) -> Integer[Tensor, "queries keys"]:
    """Rows of a table of 2 reach + 1 vectors: row 0 for `reach` or more before, row `reach` for the query itself.

    Errors: ValueError for a reach below 0. Source: [shaw2018, section 3.2].
    """
    if reach < 0:
        raise ValueError(f"reach must be at least 0 but is {reach}")
    return (_offsets(q_pos, k_pos) + reach).clamp(min=0, max=2 * reach)


def shaw_bias(
    q: Float[Tensor, "*batch queries d_k"],
    table: Float[Tensor, "rows d_k"],
    index: Integer[Tensor, "queries keys"],
) -> Float[Tensor, "*batch queries keys"]:
    """q_i · table[index_ij] / sqrt(d_k), a `bias`.

    Every query meets every row once, then the products are looked up: rows · queries numbers instead of
    queries · keys vectors.
    Errors: ValueError for widths or counts that disagree, and for an index without a row.
    Source: [shaw2018, section 3.3, equation 5], its second term.
    """
    _need_rows(index, table.shape[0])
    if q.shape[-1] != table.shape[-1]:
        raise ValueError(f"q has d_k = {q.shape[-1]} but the table's vectors have {table.shape[-1]}")
    if q.shape[-2] != index.shape[0]:
        raise ValueError(f"q has {q.shape[-2]} queries but index has {index.shape[0]}")
    products = q @ table.mT * q.shape[-1] ** -0.5
    return products.gather(-1, index.long().expand(*q.shape[:-2], *index.shape))


def shaw_mix(
    weights: Float[Tensor, "*batch queries keys"],
    table: Float[Tensor, "rows d_v"],
    index: Integer[Tensor, "queries keys"],
) -> Float[Tensor, "*batch queries d_v"]:
    """sum_j weights_ij table[index_ij]: the weights of each offset are gathered, then mix the table's rows.

    Errors: ValueError for counts that disagree, and for an index without a row.
    Source: [shaw2018, section 3.1, equation 3], its second term.
    """
    _need_rows(index, table.shape[0])
    if weights.shape[-2:] != index.shape:
        raise ValueError(f"weights are {tuple(weights.shape[-2:])} but index is {tuple(index.shape)}")
    by_row = weights.new_zeros(*weights.shape[:-1], table.shape[0])
    return by_row.scatter_add(-1, index.long().expand_as(weights), weights) @ table


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
    n = n_buckets // 2 if both_sides else n_buckets
    exact = n // 2
    _need_buckets(n_buckets, 4 if both_sides else 2, max_distance, exact)
    offsets = _offsets(q_pos, k_pos)
    back = offsets.abs() if both_sides else offsets.neg().clamp(min=0)
    climb = torch.log(back.clamp(min=1).float() / exact) / math.log(max_distance / exact)
    bucket = torch.where(back < exact, back, (exact + (climb * (n - exact)).long()).clamp(max=n - 1))
    return bucket + n * (offsets > 0) if both_sides else bucket


def angles(
    positions: Real[Tensor, "*tokens"], speeds: Float[Tensor, "pairs"]
) -> Float[Tensor, "*tokens pairs"]:
    """position · speed in radians, in the precision of `speeds`: float64, or far positions lose digits."""
    return positions.to(speeds.dtype)[..., None] * speeds


def rotate_adjacent(
    x: Float[Tensor, "*batch tokens width"], turned: Float[Tensor, "*#batch tokens pairs"]
) -> Float[Tensor, "*batch tokens width"]:
    """Features (2i, 2i + 1) as one complex number, times e^(i angle).

    Errors: ValueError unless there are half as many angles as features.
    Source: [su2024, section 3.2.1, equation 12].
    """
    _need_angles(x, turned)
    wide = torch.promote_types(x.dtype, torch.float32)
    pairs = torch.view_as_complex(x.to(wide).unflatten(-1, (-1, 2)).contiguous())
    turn = torch.polar(torch.ones_like(turned), turned).to(pairs.dtype)
    return torch.view_as_real(pairs * turn).flatten(-2).to(x.dtype)


def rotate_halves(
    x: Float[Tensor, "*batch tokens width"], turned: Float[Tensor, "*#batch tokens pairs"]
) -> Float[Tensor, "*batch tokens width"]:
    """x cos + (-second half, first half) sin, the angles written out for both halves.

    Errors: those of `rotate_adjacent`.
    """
    _need_angles(x, turned)
    first, second = x.chunk(2, dim=-1)
    both = torch.cat([turned, turned], dim=-1)
    return x * both.cos().to(x.dtype) + torch.cat([-second, first], dim=-1) * both.sin().to(x.dtype)


def adjacent_to_halves(width: int) -> Integer[Tensor, "width"]:
    """0, 2, 4, ..., 1, 3, 5, ...: the order in which the halves hold the features of adjacent pairs.

    The rows of a trained query or key projection, so permuted, serve the other pairing.
    Errors: ValueError for an odd width.
    """
    _need_even(width)
    return torch.arange(width).view(-1, 2).T.flatten()


def rotary(
    x: Float[Tensor, "*batch tokens width"],
    positions: Real[Tensor, "tokens"],
    speeds: Float[Tensor, "pairs"] | None = None,
    rotate: Callable = rotate_adjacent,
) -> Float[Tensor, "*batch tokens width"]:
    """Every pair of features turned by position · speed; for queries and keys, never for values.

    `speeds` are `frequencies(width)` unless given. Errors: ValueError for counts that disagree.
    Source: [su2024, section 3.2.2, equation 14].
    """
    speeds = frequencies(x.shape[-1]) if speeds is None else speeds
    return rotate(x, angles(positions, speeds.to(x.device)))


def alibi_slopes(n_heads: int) -> Float[Tensor, "n_heads"]:
    """2^(-8/n), 2^(-16/n), ..., 2^-8 for n heads, n a power of two; float64.

    For other counts the code published with the paper fills up with slopes that lie between: the first,
    third, fifth ... of twice as many heads.
    Errors: ValueError for fewer than one head. Source: [press2022, section 3].
    """
    if n_heads < 1:
        raise ValueError(f"n_heads must be at least 1 but is {n_heads}")
    if n_heads.bit_count() == 1:
        ratio = 2.0 ** (-8 / n_heads)
        return torch.full((n_heads,), ratio, dtype=torch.float64).cumprod(0)
    lower = 1 << (n_heads.bit_length() - 1)
    return torch.cat([alibi_slopes(lower), alibi_slopes(2 * lower)[::2][: n_heads - lower]])


def alibi(
    n_heads: int, q_pos: Integer[Tensor, "queries"], k_pos: Integer[Tensor, "keys"]
) -> Float[Tensor, "n_heads queries keys"]:
    """-slope · distance, a `bias` added after the scale; the causal mask is a separate argument.

    Source: [press2022, section 3].
    """
    distance = _offsets(q_pos, k_pos).abs()
    return torch.einsum("h,ij->hij", -alibi_slopes(n_heads).to(distance.device), distance.double())


def interpolated(speeds: Float[Tensor, "pairs"], factor: float) -> Float[Tensor, "pairs"]:
    """speeds / factor. Errors: ValueError for a factor below 1. Source: [chen2023, section 2.3]."""
    _need_factor(factor)
    return speeds / factor


def ntk_aware(speeds: Float[Tensor, "pairs"], factor: float) -> Float[Tensor, "pairs"]:
    """A larger base: the fastest pair keeps its speed, the slowest is interpolated in full.

    Errors: those of `interpolated`; ValueError for fewer than two pairs. Source: [peng2024, section 3.1].
    """
    _need_factor(factor)
    _need_two(speeds)
    slower = torch.linspace(0, math.log(factor), len(speeds), dtype=speeds.dtype, device=speeds.device)
    return speeds * torch.exp(-slower)


def dynamic_ntk(
    speeds: Float[Tensor, "pairs"], factor: float, trained: int, length: int
) -> Float[Tensor, "pairs"]:
    """NTK-aware scaling for the text at hand: none up to `trained` tokens, the full factor at 2 · trained.

    Speeds change with the length, so keys that were turned before must be turned anew.
    Errors: those of `ntk_aware`; ValueError for a length below 1.
    Source: [peng2024, section 3.3], the idea; the formula is that of published code.
    """
    _need_factor(factor)
    _need_lengths(trained=trained, length=length)
    beyond = max(length - trained, 0) / trained
    return ntk_aware(speeds, 1 + factor * beyond)


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


def kept_by_index(speeds: Float[Tensor, "pairs"], trained: int) -> Float[Tensor, "pairs"]:
    """As `kept_by_turns`, but linear in the number of the pair, between rounded ends, as in published code.

    For speeds in geometric progression. Errors: ValueError for fewer than two pairs.
    """
    _need_two(speeds)
    per_pair = math.log(speeds[0] / speeds[1])

    def pair_that_makes(turns: float) -> float:
        return math.log(float(speeds[0]) * trained / (turns * 2 * math.pi)) / per_pair

    low = max(math.floor(pair_that_makes(32)), 0)
    high = max(min(math.ceil(pair_that_makes(1)), 2 * len(speeds) - 1), low + 1e-3)
    number = torch.arange(len(speeds), dtype=speeds.dtype, device=speeds.device)
    return ((high - number) / (high - low)).clamp(0.0, 1.0)


def yarn(
    speeds: Float[Tensor, "pairs"], factor: float, trained: int, kept: Callable = kept_by_turns
) -> Float[Tensor, "pairs"]:
    """Fast pairs as they were, slow ones interpolated, a ramp between; to be used with `yarn_scale`.

    Errors: ValueError for a factor or a length below 1. Source: [peng2024, section 3.2].
    """
    _need_factor(factor)
    _need_lengths(trained=trained)
    return torch.lerp(speeds / factor, speeds, kept(speeds, trained))


def yarn_scale(factor: float) -> float:
    """1 + ln(factor) / 10: multiplies rotated queries and rotated keys.

    Errors: ValueError for a factor below 1. Source: [peng2024, section 3.4].
    """
    _need_factor(factor)
    return math.fsum([1.0, math.log(factor) / 10])


def llama3(
    speeds: Float[Tensor, "pairs"], factor: float, trained: int, slow: float = 1, fast: float = 4
) -> Float[Tensor, "pairs"]:
    """Three bands of wavelengths: up to trained / fast unchanged, from trained / slow on interpolated, a ramp between.

    Errors: ValueError for a factor or a length below 1, or unless `fast` is above `slow`.
    Source: the code published with Llama 3.1 (low_freq_factor and high_freq_factor).
    """
    _need_factor(factor)
    _need_lengths(trained=trained)
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
        _need_factor(factor)
    return speeds / factors.to(speeds)


def longrope_scale(factor: float, trained: int) -> float:
    """The square root of ln(trained · factor) / ln(trained): multiplies rotated queries and rotated keys.

    Errors: ValueError for a factor below 1 or fewer than 2 positions. Source: published code.
    """
    _need_factor(factor)
    if trained < 2:
        raise ValueError(f"trained must be at least 2 positions but is {trained}")
    return math.log(trained * factor, trained) ** 0.5


def proportional(
    speeds: Float[Tensor, "pairs"], share: float, factor: float = 1.0
) -> Float[Tensor, "pairs"]:
    """Only the fastest `share` of the pairs turns, interpolated by `factor`; the others never do.

    Errors: ValueError for a share outside 0 ... 1, or a factor below 1. Source: published code.
    """
    _need_factor(factor)
    if not 0 <= share <= 1:
        raise ValueError(f"share must lie between 0 and 1 but is {share}")
    turning = math.floor(share * len(speeds))
    return torch.cat([speeds[:turning] / factor, torch.zeros_like(speeds[turning:])])


def _offsets(q_pos: Tensor, k_pos: Tensor) -> Tensor:
    for name, pos in (("q_pos", q_pos), ("k_pos", k_pos)):
        if pos.ndim != 1:
            raise ValueError(f"{name} must be 1-D but has shape {tuple(pos.shape)}")
        if pos.is_floating_point() or pos.dtype == torch.bool:
            raise TypeError(f"{name} must hold integers but its dtype is {pos.dtype}")
    return k_pos.long().unsqueeze(0) - q_pos.long().unsqueeze(1)


def _need_even(width: int) -> None:
    if width < 2 or width % 2 == 1:
        raise ValueError(f"width must be even and at least 2 but is {width}")


def _need_rows(rows: Tensor, n: int) -> None:
    if rows.numel() and not (0 <= int(rows.min()) and int(rows.max()) < n):
        wrong = int(rows.max()) if int(rows.max()) >= n else int(rows.min())
        raise ValueError(f"there is no row {wrong}: the table has {n}, numbered 0 to {n - 1}")


def _need_buckets(n_buckets: int, parts: int, max_distance: int, exact: int) -> None:
    if n_buckets < parts or n_buckets % parts:
        raise ValueError(f"n_buckets must be a multiple of {parts} but is {n_buckets}")
    if max_distance <= exact:
        raise ValueError(f"max_distance must be above {exact}, the exact buckets, but is {max_distance}")


def _need_angles(x: Tensor, turned: Tensor) -> None:
    if x.shape[-1] != 2 * turned.shape[-1]:
        raise ValueError(f"x has {x.shape[-1]} features, not two for each of {turned.shape[-1]} angles")
    if x.shape[-2] != turned.shape[-2]:
        raise ValueError(f"x has {x.shape[-2]} tokens but there are angles for {turned.shape[-2]}")


def _need_factor(factor: float) -> None:
    if not 1 <= factor < math.inf:
        raise ValueError(f"factor must be at least 1 and finite but is {factor}")


def _need_lengths(**lengths: int) -> None:
    for name, length in lengths.items():
        if length < 1:
            raise ValueError(f"{name} must be at least 1 position but is {length}")


def _need_two(speeds: Tensor) -> None:
    if len(speeds) < 2:
        raise ValueError(f"at least 2 pairs are needed but there is {len(speeds)}")
