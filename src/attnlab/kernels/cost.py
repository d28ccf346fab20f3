"""What attention costs, counted: operations, bytes, and the roof that a chip's two speeds put over them. Plain Python.

A multiplication with its addition counts as two operations throughout, as chip makers count.
"""

from __future__ import annotations

from attnlab._counts import counts


@counts("queries", "keys", "d_k", "d_v", "heads")
def attention_flops(queries: int, keys: int, d_k: int, d_v: int, heads: int = 1, causal: bool = False) -> int:
    """2 · heads · pairs · (d_k + d_v): the two matrix products, score and mix, without the projections.

    pairs = queries · keys; with a causal mask, last query on last key, only the pairs that may look are counted.
    Softmax is left out: a few operations a score against 2 (d_k + d_v). Errors: ValueError for a size below 1.
    """
    _need(queries=queries, keys=keys, d_k=d_k, d_v=d_v, heads=heads)
    pairs = sum(max(0, keys - i) for i in range(queries)) if causal else queries * keys
    return 2 * heads * pairs * (d_k + d_v)


@counts("n", "d_model", "d_ff")
def layer_flops(n: int, d_model: int, d_ff: int | None = None) -> dict[str, int]:
    """Operations of one transformer layer on n tokens, by part.

    projections 8 n d² (queries, keys, values, output), scores and mix 4 n² d, feed-forward 4 n d d_ff (d_ff = 4 d unless given).
    The number of heads does not appear. Errors: ValueError for a size below 1.
    """
    d_ff = 4 * d_model if d_ff is None else d_ff
    _need(n=n, d_model=d_model, d_ff=d_ff)
    return {
        "projections": 8 * n * d_model**2,
        "scores and mix": attention_flops(n, n, d_model, d_model),
        "feed-forward": 4 * n * d_model * d_ff,
    }


@counts("n", "heads", "bytes_each", "batch")
def score_bytes(n: int, heads: int, bytes_each: int = 2, batch: int = 1) -> int:
    """batch · heads · n² · bytes_each: the table of scores of one layer, if it is written down."""
    _need(n=n, heads=heads, bytes_each=bytes_each, batch=batch)
    return batch * heads * n * n * bytes_each


@counts("tokens", "layers", "kv_heads", "d_head", "bytes_each")
def cache_bytes(tokens: int, layers: int, kv_heads: int, d_head: int, bytes_each: int = 2) -> int:
    """2 · layers · kv_heads · d_head · bytes_each · tokens: the keys and values kept while generating."""
    _need(tokens=tokens, layers=layers, kv_heads=kv_heads, d_head=d_head, bytes_each=bytes_each)
    return 2 * layers * kv_heads * d_head * bytes_each * tokens


def intensity(flops: float, bytes_moved: float) -> float:
    """Arithmetic intensity, operations per byte moved: flops / bytes_moved."""
    _need(flops=flops, bytes_moved=bytes_moved)
    return flops / bytes_moved


def attainable(operations_per_byte: float, peak_flops: float, bandwidth: float) -> float:
    """min(peak, intensity · bandwidth): the roofline, operations a second that a kernel can reach at best.

    `peak_flops` in operations a second, `bandwidth` in bytes a second. Errors: ValueError unless all are positive.
    Source: [williams2009, the roofline model].
    """
    _need(operations_per_byte=operations_per_byte, peak_flops=peak_flops, bandwidth=bandwidth)
    return min(peak_flops, operations_per_byte * bandwidth)


def _need(**sizes: float) -> None:
    for name, size in sizes.items():
        if not size > 0:
            raise ValueError(f"{name} must be above 0 but is {size}")
