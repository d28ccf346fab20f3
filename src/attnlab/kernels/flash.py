"""Exact attention that never holds the score matrix: memory grows with the length, not with its square.

This file is the door. The idea stands in `textbook`, the loops in `forward` and `backward`, their place in
autograd in `derivatives`, the geometry in `tiles`, one head's matrices in `heads`, and what the machine likes
best in `products`, `ways` and `workers`.
"""

from __future__ import annotations

from typing import SupportsFloat, SupportsIndex

import torch
from torch import Tensor

from attnlab._shapes import Bool, Float
from attnlab.kernels.derivatives import Attend
from attnlab.kernels.door import check_numbers, check_overlays, check_tensors
from attnlab.kernels.forward import choose_way
from attnlab.kernels.heads import Options
from attnlab.kernels.merge import merge_pairs

SMALL = 320 * 320  # scores of a head; 8 heads forward: 256 positions 2.3 ms plain, 4.3 blocked; 512: 16.7, 7.9
FEW = 16  # queries whose scores are no more than a few rows, however many the keys


def flash_attention(
    q: Float[Tensor, "*batch heads queries d_head"],
    k: Float[Tensor, "*batch kv_heads keys d_head"],
    v: Float[Tensor, "*batch kv_heads keys d_value"],
    *,
    causal: bool = False,
    window: SupportsIndex | None = None,
    key_mask: Bool[Tensor, "*batch keys"] | None = None,
    bias: Float[Tensor, "..."] | None = None,
    alibi_slopes: Float[Tensor, "heads"] | None = None,
    sinks: Float[Tensor, "heads"] | None = None,
    scale: SupportsFloat | None = None,
    dropout_p: SupportsFloat = 0.0,
    generator: torch.Generator | None = None,
    return_lse: bool = False,
    block_q: SupportsIndex | None = None,
    block_k: SupportsIndex | None = None,
) -> (
    Float[Tensor, "*batch heads queries d_value"]
    | tuple[Float[Tensor, "*batch heads queries d_value"], Float[Tensor, "*batch heads queries"]]
):
    """softmax(scale · q kᵀ + bias) v, block by block; with `return_lse` also each row's log-sum-exp.

    causal, window: the last query is aligned with the last key. A query sees itself and its past; with a
        window of n, the last n keys, its own included. (torch's `is_causal` aligns the first with the first.)
    key_mask: True = may look. What stands at a hidden key does not matter, not even NaN.
    bias: a float added to the scores; broadcasts to (*batch, heads, queries, keys); may hold -inf.
    alibi_slopes: adds -slope · |distance|. No gradient.
    sinks: one more score for each head, which takes its share of the weight and has no value.
    dropout_p, generator: weights are dropped after normalising. The mask depends on the seed and on the block
        sizes, which are 512 unless given.
    block_q, block_k: given either, the blocked loops run however small the input; otherwise small inputs are
        handed to the plain version, and for long ones the fastest sizes are found, once a process, by trying.
        Under torch.use_deterministic_algorithms(True) nothing is tried, and every run rounds alike.

    kv_heads divides heads: query head h looks at kv head h // (heads / kv_heads). A query that may look at
    no key gets output 0, lse -inf, and sends zero gradients. A bias that is finite, be it -1e9 or the
    smallest number there is, hides nothing from a query that sees nothing better: such a row is an average,
    its lse the row's peak as far as one number can tell. Gradients reach q, k, v, bias and sinks, from the
    output and from the log-sum-exp. float16 and bfloat16 are computed in float32 and rounded once, at the
    end; the log-sum-exp stays float32; whatever torch.autocast is on, it changes nothing here. A bias of
    another precision is rounded to that of the scores first. CPU only. NaN is not looked for: it spreads to
    the rows that see it. No argument is changed.

    Small inputs and long ones can do the same. First derivatives are computed block by block, under torch.func
    too (grad, vjp, vmap; vmap not with dropout and not over the slopes). Second derivatives and forward mode
    are right, but hold the score matrix. torch.compile leaves the call as it is, outside of its graph.

    More parameters than the house's five: they are torch's own for attention and the masks and biases of this
    course, all by name, and most calls give one or two.

    Errors: TypeError for a dtype that does not fit, ValueError for shapes and numbers that do not.
    Source: [dao2022], [dao2023, algorithms 1 and 2]; sinks [xiao2024]; ALiBi [press2022].
    """
    check_tensors(q, k, v)
    check_overlays(q, k, key_mask, bias, alibi_slopes, sinks)
    numbers = check_numbers(window, scale, dropout_p, generator, block_q, block_k)
    options = Options(
        causal=bool(causal),
        window=numbers.window,
        scale=q.shape[-1] ** -0.5 if scale is None else numbers.scale,
        dropout_p=numbers.dropout_p,
        seed=_draw_seed(generator) if numbers.dropout_p else 0,
        blocks=(numbers.block_q, numbers.block_k),
        small=block_q is None and block_k is None and _is_small(q.shape[-2], k.shape[-2]),
    )
    # A compiler finds nothing to fuse in threads and loops: it is told to call them as they are.
    attend = torch.compiler.disable(_attend) if torch.compiler.is_compiling() else _attend
    out, peak, log_total = attend(q, k, v, bias, key_mask, alibi_slopes, options)
    if sinks is not None:  # a key without a value, so a partial result of its own
        sink = sinks.to(peak.dtype)[:, None].expand(peak.shape)
        out, peak, log_total = merge_pairs(out, peak, log_total, torch.zeros_like(out), sink, 0.0)
    out = out.to(q.dtype)
    return (out, peak + log_total) if return_lse else out


def _attend(*inputs: Tensor | Options | None) -> tuple[Tensor, Tensor, Tensor]:
    """`Attend` by the way that is fastest here, on copies of what was made in inference mode where autograd is
    to remember it: it refuses the originals."""
    q, _, v, *_, options = inputs
    inputs = *inputs[:-1], options if options.small else choose_way(q, v, options)
    fit = [x.clone() if isinstance(x, Tensor) and x.is_inference() and torch.is_grad_enabled() else x for x in inputs]
    return Attend.apply(*fit)


def _is_small(n_queries: int, n_keys: int) -> bool:
    return n_queries <= FEW or n_queries * n_keys <= SMALL


def _draw_seed(generator: torch.Generator | None) -> int:
    return int(torch.randint(2**31, (), generator=generator, device="cpu"))
