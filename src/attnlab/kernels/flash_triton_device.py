"""What runs on the chip: three Triton programs, one for the output and two for the gradients.

Each program owns one tile of its result and lets the tiles of the other side stream past, so no two programs
write to the same place. Matrices lie row by row, all heads of the batch behind each other: `head` counts
through both. Query i stands at position i + keys - queries, so the last query is beside the last key.
Logarithms are to base 2 inside, since the chip has an instruction for exp2 and none for exp; `scale` carries
the factor log2(e).

What is marked `constexpr` is known when the program is compiled: another value, another program. The other
names in capitals are addresses. WINDOW 0 means none. `no_type_check` keeps the tests' shape checker out.
Source: [dao2023, algorithms 1 and 2].
"""

from __future__ import annotations

from typing import no_type_check

try:
    import triton
    import triton.language as tl
    from triton import jit

    LN2 = tl.constexpr(0.6931471805599453)
    LOWEST = tl.constexpr(-1e30)  # maximum of a row that has seen nothing: finite, so differences are too
except ImportError:
    triton = tl = None

    def jit(function):
        """Stands in for Triton's decorator where Triton is not installed; what it leaves cannot run."""
        return function


@jit
@no_type_check
def _load(matrix, rows, height, WIDTH: tl.constexpr):
    """The tile of a (height, WIDTH) matrix at `rows`; rows outside it are zeros."""
    columns = tl.arange(0, WIDTH)
    places = matrix + rows[:, None] * WIDTH + columns[None, :]
    return tl.load(places, mask=rows[:, None] < height, other=0.0)


@jit
@no_type_check
def _store(matrix, tile, rows, height, WIDTH: tl.constexpr):
    """Write the tile to `rows` of a (height, WIDTH) matrix, rounded to its precision; not outside of it."""
    columns = tl.arange(0, WIDTH)
    places = matrix + rows[:, None] * WIDTH + columns[None, :]
    tl.store(places, tile.to(matrix.dtype.element_ty), mask=rows[:, None] < height)


@jit
@no_type_check
def _product(a, b):
    """a b on the tensor cores, added up in float32; float32 inputs are not rounded to TF32."""
    return tl.dot(a, b, input_precision="ieee")


@jit
@no_type_check
def _may_look(rows, keys, n_queries, n_keys, CAUSAL: tl.constexpr, WINDOW: tl.constexpr):
    """(rows, keys), True where the query may look at the key."""
    behind = rows[:, None] + (n_keys - n_queries) - keys[None, :]
    allowed = (rows[:, None] < n_queries) & (keys[None, :] < n_keys)
    if CAUSAL:
        allowed = allowed & (behind >= 0)
    if WINDOW > 0:
        allowed = allowed & (behind < WINDOW)
    return allowed


@jit
@no_type_check
def _key_ranges(
    top, n_queries, n_keys,
    CAUSAL: tl.constexpr, WINDOW: tl.constexpr, BLOCK_Q: tl.constexpr, BLOCK_K: tl.constexpr,
):  # fmt: skip
    """(first, inner, edge, last) for the rows from `top`: visible keys lie in [first, last).

    Tiles in [inner, edge) are seen whole by every row; the others need a mask. All but `last` are multiples
    of BLOCK_K.
    """
    offset = n_keys - n_queries
    front = top + offset  # positions of the first row and of the last
    back = tl.minimum(top + BLOCK_Q, n_queries) - 1 + offset
    first = 0
    inner = 0
    edge = n_keys // BLOCK_K * BLOCK_K
    last = n_keys
    if CAUSAL:
        last = tl.maximum(back + 1, 0)
        edge = tl.maximum(front + 1, 0) // BLOCK_K * BLOCK_K
    if WINDOW > 0:
        first = tl.maximum(front - WINDOW + 1, 0) // BLOCK_K * BLOCK_K
        inner = tl.cdiv(tl.maximum(back - WINDOW + 1, 0), BLOCK_K) * BLOCK_K
    return first, inner, tl.maximum(edge, inner), last


@jit
@no_type_check
def _add_keys(
    state, q, rows, K, V, start, n_queries, n_keys, scale,
    CAUSAL: tl.constexpr, WINDOW: tl.constexpr, MASKED: tl.constexpr,
    D: tl.constexpr, D_VALUE: tl.constexpr, BLOCK_K: tl.constexpr,
):  # fmt: skip
    """(peak, total, mix) of the online softmax after the tile of keys at `start`."""
    peak, total, mix = state
    keys = start + tl.arange(0, BLOCK_K)
    k = _load(K, keys, n_keys, D)
    scores = _product(q, tl.trans(k)) * scale
    if MASKED:
        allowed = _may_look(rows, keys, n_queries, n_keys, CAUSAL, WINDOW)
        scores = tl.where(allowed, scores, -float("inf"))
    new_peak = tl.maximum(peak, tl.max(scores, 1))
    rescale = tl.exp2(peak - new_peak)
    weights = tl.exp2(scores - new_peak[:, None])
    v = _load(V, keys, n_keys, D_VALUE)
    total = total * rescale + tl.sum(weights, 1)
    mix = mix * rescale[:, None] + _product(weights.to(v.dtype), v)
    return new_peak, total, mix


@jit
@no_type_check
def forward_program(
    Q, K, V, OUT, LSE, n_queries, n_keys, scale,
    GROUP: tl.constexpr, CAUSAL: tl.constexpr, WINDOW: tl.constexpr,
    D: tl.constexpr, D_VALUE: tl.constexpr,
    BLOCK_Q: tl.constexpr, BLOCK_K: tl.constexpr,
):  # fmt: skip
    """Output and log-sum-exp of BLOCK_Q queries of one head.

    Grid: (blocks of queries, batch · heads).
    """
    block = tl.program_id(0)
    if CAUSAL:
        block = tl.num_programs(0) - 1 - block  # the longest rows start first
    head = tl.program_id(1).to(tl.int64)
    top = block * BLOCK_Q
    rows = top + tl.arange(0, BLOCK_Q)
    q = _load(Q + head * n_queries * D, rows, n_queries, D)
    K += head // GROUP * n_keys * D
    V += head // GROUP * n_keys * D_VALUE
    first, inner, edge, last = _key_ranges(
        top, n_queries, n_keys, CAUSAL, WINDOW, BLOCK_Q, BLOCK_K
    )
    nothing = tl.zeros([BLOCK_Q], tl.float32)
    state = nothing + LOWEST, nothing, tl.zeros([BLOCK_Q, D_VALUE], tl.float32)
    for start in range(first, tl.minimum(inner, last), BLOCK_K):
        state = _add_keys(
            state, q, rows, K, V, start, n_queries, n_keys, scale,
            CAUSAL, WINDOW, True, D, D_VALUE, BLOCK_K,
        )  # fmt: skip
    for start in range(inner, edge, BLOCK_K):
        state = _add_keys(
            state, q, rows, K, V, start, n_queries, n_keys, scale,
            CAUSAL, WINDOW, False, D, D_VALUE, BLOCK_K,
        )  # fmt: skip
    for start in range(edge, last, BLOCK_K):
        state = _add_keys(
            state, q, rows, K, V, start, n_queries, n_keys, scale,
            CAUSAL, WINDOW, True, D, D_VALUE, BLOCK_K,
        )  # fmt: skip
    peak, total, mix = state
    dead = total == 0.0
    total = tl.where(dead, 1.0, total)
    lse = tl.where(dead, -float("inf"), (peak + tl.log2(total)) * LN2)
    mix = mix / total[:, None]
    _store(OUT + head * n_queries * D_VALUE, mix, rows, n_queries, D_VALUE)
    tl.store(LSE + head * n_queries + rows, lse, mask=rows < n_queries)


@jit
@no_type_check
def _again(
    q, k, v, d_out, LEVEL, DRIFT, rows, keys, n_queries, n_keys, scale,
    CAUSAL: tl.constexpr, WINDOW: tl.constexpr,
):  # fmt: skip
    """(P, dS) of one tile: the weights, computed again, and the scores' gradient."""
    level = tl.load(LEVEL + rows, mask=rows < n_queries, other=float("inf"))
    drift = tl.load(DRIFT + rows, mask=rows < n_queries, other=0.0)
    scores = _product(q, tl.trans(k)) * scale
    allowed = _may_look(rows, keys, n_queries, n_keys, CAUSAL, WINDOW)
    weights = tl.exp2(tl.where(allowed, scores, -float("inf")) - level[:, None])
    d_weights = _product(d_out, tl.trans(v))
    return weights, weights * (d_weights - drift[:, None])


@jit
@no_type_check
def keys_program(
    Q, K, V, D_OUT, LEVEL, DRIFT, D_K, D_V, n_queries, n_keys, scale, factor,
    GROUP: tl.constexpr, CAUSAL: tl.constexpr, WINDOW: tl.constexpr,
    D: tl.constexpr, D_VALUE: tl.constexpr, BLOCK_Q: tl.constexpr, BLOCK_K: tl.constexpr,
):  # fmt: skip
    """Gradients of BLOCK_K keys and values, summed over their GROUP of heads.

    Grid: (blocks of keys, batch · kv heads).
    """
    left = tl.program_id(0) * BLOCK_K
    kv_head = tl.program_id(1).to(tl.int64)
    keys = left + tl.arange(0, BLOCK_K)
    k = _load(K + kv_head * n_keys * D, keys, n_keys, D)
    v = _load(V + kv_head * n_keys * D_VALUE, keys, n_keys, D_VALUE)
    d_k = tl.zeros([BLOCK_K, D], tl.float32)
    d_v = tl.zeros([BLOCK_K, D_VALUE], tl.float32)
    first, last = 0, n_queries
    if CAUSAL:
        first = tl.maximum(left + n_queries - n_keys, 0) // BLOCK_Q * BLOCK_Q
    if WINDOW > 0:
        last = tl.minimum(n_queries, tl.maximum(left + BLOCK_K - 1 + WINDOW + n_queries - n_keys, 0))
    for head in range(kv_head * GROUP, kv_head * GROUP + GROUP):
        for top in range(first, last, BLOCK_Q):
            rows = top + tl.arange(0, BLOCK_Q)
            q = _load(Q + head * n_queries * D, rows, n_queries, D)
            d_out = _load(D_OUT + head * n_queries * D_VALUE, rows, n_queries, D_VALUE)
            weights, d_scores = _again(q, k, v, d_out, LEVEL + head * n_queries, DRIFT + head * n_queries,
                                       rows, keys, n_queries, n_keys, scale, CAUSAL, WINDOW)  # fmt: skip
            d_v += _product(tl.trans(weights.to(d_out.dtype)), d_out)
            d_k += _product(tl.trans(d_scores.to(q.dtype)), q)
    _store(D_K + kv_head * n_keys * D, d_k * factor, keys, n_keys, D)
    _store(D_V + kv_head * n_keys * D_VALUE, d_v, keys, n_keys, D_VALUE)


@jit
@no_type_check
def queries_program(
    Q, K, V, D_OUT, LEVEL, DRIFT, D_Q, n_queries, n_keys, scale, factor,
    GROUP: tl.constexpr, CAUSAL: tl.constexpr, WINDOW: tl.constexpr,
    D: tl.constexpr, D_VALUE: tl.constexpr, BLOCK_Q: tl.constexpr, BLOCK_K: tl.constexpr,
):  # fmt: skip
    """Gradients of BLOCK_Q queries of one head. Grid: (blocks of queries, batch · heads)."""
    top = tl.program_id(0) * BLOCK_Q
    head = tl.program_id(1).to(tl.int64)
    rows = top + tl.arange(0, BLOCK_Q)
    q = _load(Q + head * n_queries * D, rows, n_queries, D)
    d_out = _load(D_OUT + head * n_queries * D_VALUE, rows, n_queries, D_VALUE)
    d_q = tl.zeros([BLOCK_Q, D], tl.float32)
    first, inner, edge, last = _key_ranges(top, n_queries, n_keys, CAUSAL, WINDOW, BLOCK_Q, BLOCK_K)
    for start in range(first, last, BLOCK_K):
        keys = start + tl.arange(0, BLOCK_K)
        k = _load(K + head // GROUP * n_keys * D, keys, n_keys, D)
        v = _load(V + head // GROUP * n_keys * D_VALUE, keys, n_keys, D_VALUE)
        weights, d_scores = _again(q, k, v, d_out, LEVEL + head * n_queries, DRIFT + head * n_queries,
                                   rows, keys, n_queries, n_keys, scale, CAUSAL, WINDOW)  # fmt: skip
        d_q += _product(d_scores.to(k.dtype), k)
    _store(D_Q + head * n_queries * D, d_q * factor, rows, n_queries, D)
