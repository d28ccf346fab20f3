"""What runs on the chip: three Triton programs, one for the output and two for the gradients.

Each program owns one tile of its result and lets the tiles of the other side stream past, so no two programs
write to the same place. Matrices lie row by row, all heads of the batch behind each other: `head` counts
through both. Query i stands at position i + keys - queries, so the last query is beside the last key.

Exponentials are to base 2, since the chip has an instruction for exp2 and none for exp. Scores are only
changed to base 2 after a row's peak was subtracted: what is left is at most 0, so a score near the end of
float32 does not leave it, and the peak and the logarithm of the sum are never added up in one number, where
a peak of -1e9 would swallow the other. `step` takes a score to its natural size: `scale` where the programs
keep q kᵀ as the tensor cores leave it, 1 where they apply scale and bias at once (SCALED).

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
    LOG2E = tl.constexpr(1.4426950408889634)
except ImportError:
    triton = tl = None

    def jit(function):
        """Stands in for Triton's decorator where Triton is not installed; what it leaves cannot run."""
        return function


@jit
@no_type_check
def _load(matrix, rows, height, WIDTH: tl.constexpr, CUT: tl.constexpr):
    """The tile of a (height, WIDTH) matrix at `rows`; if it may be CUT off, rows outside are zeros."""
    columns = tl.arange(0, WIDTH)
    places = matrix + rows[:, None] * WIDTH + columns[None, :]
    if CUT:
        return tl.load(places, mask=rows[:, None] < height, other=0.0)
    return tl.load(places)


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
def _may_look(row, key, n_queries, n_keys, CAUSAL: tl.constexpr, WINDOW: tl.constexpr):
    """True where query `row` may look at `key`: a column of rows and a row of keys, or the other way round."""
    behind = row + (n_keys - n_queries) - key
    allowed = (row < n_queries) & (key < n_keys)
    if CAUSAL:
        allowed = allowed & (behind >= 0)
    if WINDOW > 0:
        allowed = allowed & (behind < WINDOW)
    return allowed


@jit
@no_type_check
def _scores(
    products, bias, row, key, n_queries, n_keys, scale,
    SCALED: tl.constexpr, CAUSAL: tl.constexpr, WINDOW: tl.constexpr, MASKED: tl.constexpr,
):  # fmt: skip
    """The scores of a tile from its products, scaled and with the bias if SCALED, -inf where MASKED."""
    scores = products
    if SCALED:
        scores = scores * scale
    BIAS, PLACES, head, row_stride, key_stride = bias
    if BIAS is not None:
        places = BIAS + tl.load(PLACES + head) + row.to(tl.int64) * row_stride + key * key_stride
        scores += tl.load(places, mask=(row < n_queries) & (key < n_keys), other=0.0).to(tl.float32)
    if MASKED:
        allowed = _may_look(row, key, n_queries, n_keys, CAUSAL, WINDOW)
        scores = tl.where(allowed, scores, -float("inf"))
    return scores


@jit
@no_type_check
def _key_ranges(
    top, n_queries, n_keys,
    CAUSAL: tl.constexpr, WINDOW: tl.constexpr, BLOCK_Q: tl.constexpr, BLOCK_K: tl.constexpr,
):  # fmt: skip
    """(first, inner, edge, last) for the rows from `top`: visible keys lie in [first, last).

    Tiles in [inner, edge) are seen whole by every row; the others need a mask. Each tile starts at a multiple
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
    inner = tl.minimum(inner, last)
    return first, inner, tl.maximum(edge, inner), last


@jit
@no_type_check
def _row_ranges(
    left, n_queries, n_keys,
    CAUSAL: tl.constexpr, WINDOW: tl.constexpr, BLOCK_Q: tl.constexpr, BLOCK_K: tl.constexpr,
):  # fmt: skip
    """(first, inner, edge, last) for the keys from `left`: rows that see any of them lie in [first, last).

    Rows in [inner, edge) see every one that exists; the others need a mask. Each tile starts at a multiple of
    BLOCK_Q.
    """
    offset = n_keys - n_queries
    first = 0
    inner = 0
    edge = n_queries // BLOCK_Q * BLOCK_Q
    last = n_queries
    if CAUSAL:
        first = tl.maximum(left - offset, 0) // BLOCK_Q * BLOCK_Q
        inner = tl.cdiv(tl.maximum(left + BLOCK_K - 1 - offset, 0), BLOCK_Q) * BLOCK_Q
    if WINDOW > 0:
        last = tl.minimum(n_queries, tl.maximum(left + BLOCK_K - 1 + WINDOW - offset, 0))
        edge = tl.minimum(edge, tl.maximum(left + WINDOW - offset, 0) // BLOCK_Q * BLOCK_Q)
    inner = tl.minimum(inner, last)
    return first, inner, tl.maximum(edge, inner), last


@jit
@no_type_check
def _add_keys(
    state, q, rows, K, V, bias, start, n_queries, n_keys, scale, step,
    SCALED: tl.constexpr, CAUSAL: tl.constexpr, WINDOW: tl.constexpr, MASKED: tl.constexpr,
    D: tl.constexpr, D_VALUE: tl.constexpr, BLOCK_K: tl.constexpr,
):  # fmt: skip
    """(peak, total, mix) of the online softmax after the tile of keys at `start`."""
    peak, total, mix = state
    keys = start + tl.arange(0, BLOCK_K)
    k = _load(K, keys, n_keys, D, MASKED)
    scores = _scores(_product(q, tl.trans(k)), bias, rows[:, None], keys[None, :], n_queries, n_keys, scale,
                     SCALED, CAUSAL, WINDOW, MASKED)  # fmt: skip
    new_peak = tl.maximum(peak, tl.max(scores, 1))
    level = tl.where(new_peak == -float("inf"), 0.0, new_peak)  # nothing seen yet: -inf - -inf is no number
    rescale = tl.exp2((peak - level) * (step * LOG2E))
    weights = tl.exp2((scores - level[:, None]) * (step * LOG2E))
    v = _load(V, keys, n_keys, D_VALUE, MASKED)
    total = total * rescale + tl.sum(weights, 1)
    mix = mix * rescale[:, None] + _product(weights.to(v.dtype), v)
    return new_peak, total, mix


@jit
@no_type_check
def forward_program(
    Q, K, V, BIAS, PLACES, OUT, LSE, PEAK, SHARE,
    n_queries, n_keys, row_stride, key_stride, scale, step,
    GROUP: tl.constexpr, SCALED: tl.constexpr, CAUSAL: tl.constexpr, WINDOW: tl.constexpr,
    D: tl.constexpr, D_VALUE: tl.constexpr,
    BLOCK_Q: tl.constexpr, BLOCK_K: tl.constexpr,
):  # fmt: skip
    """Output and log-sum-exp of BLOCK_Q queries of one head, and for the way back each row's peak and share,
    1 / total. Grid: (blocks of queries, batch · heads)."""
    block = tl.program_id(0)
    if CAUSAL:
        block = tl.num_programs(0) - 1 - block  # the longest rows start first
    head = tl.program_id(1).to(tl.int64)
    top = block * BLOCK_Q
    rows = top + tl.arange(0, BLOCK_Q)
    q = _load(Q + head * n_queries * D, rows, n_queries, D, True)
    K += head // GROUP * n_keys * D
    V += head // GROUP * n_keys * D_VALUE
    bias = BIAS, PLACES, head, row_stride, key_stride
    first, inner, edge, last = _key_ranges(top, n_queries, n_keys, CAUSAL, WINDOW, BLOCK_Q, BLOCK_K)
    nothing = tl.zeros([BLOCK_Q], tl.float32)
    state = nothing - float("inf"), nothing, tl.zeros([BLOCK_Q, D_VALUE], tl.float32)
    if WINDOW > 0:
        for start in range(first, inner, BLOCK_K):
            state = _add_keys(state, q, rows, K, V, bias, start, n_queries, n_keys, scale, step,
                              SCALED, CAUSAL, WINDOW, True, D, D_VALUE, BLOCK_K)  # fmt: skip
    for start in range(inner, edge, BLOCK_K):
        state = _add_keys(state, q, rows, K, V, bias, start, n_queries, n_keys, scale, step,
                          SCALED, CAUSAL, WINDOW, False, D, D_VALUE, BLOCK_K)  # fmt: skip
    for start in range(edge, last, BLOCK_K):
        state = _add_keys(state, q, rows, K, V, bias, start, n_queries, n_keys, scale, step,
                          SCALED, CAUSAL, WINDOW, True, D, D_VALUE, BLOCK_K)  # fmt: skip
    peak, total, mix = state
    dead = total == 0.0
    total = tl.where(dead, 1.0, total)
    share = 1.0 / total
    lse = tl.where(dead, -float("inf"), peak * step + tl.log2(total) * LN2)
    _store(OUT + head * n_queries * D_VALUE, mix * share[:, None], rows, n_queries, D_VALUE)
    places, exist = head * n_queries + rows, rows < n_queries
    tl.store(LSE + places, lse, mask=exist)
    tl.store(PEAK + places, tl.where(dead, float("inf"), peak), mask=exist)
    tl.store(SHARE + places, share, mask=exist)


@jit
@no_type_check
def _weights(scores, peak, share, step):
    """The weights, computed again. Rounded another way, a score may exceed its row's peak: not by much, but
    an exponential makes much of it."""
    return tl.exp2(tl.minimum(scores - peak, 0.0) * (step * LOG2E)) * share


@jit
@no_type_check
def _add_d_q(
    d_q, q, d_out, peak, share, drift, rows, K, V, bias, start, n_queries, n_keys, scale, step,
    SCALED: tl.constexpr, CAUSAL: tl.constexpr, WINDOW: tl.constexpr, MASKED: tl.constexpr,
    D: tl.constexpr, D_VALUE: tl.constexpr, BLOCK_K: tl.constexpr,
):  # fmt: skip
    """dQ + dS K for the tile of keys at `start`; dS = P (dP - D)."""
    keys = start + tl.arange(0, BLOCK_K)
    k = _load(K, keys, n_keys, D, MASKED)
    v = _load(V, keys, n_keys, D_VALUE, MASKED)
    scores = _scores(_product(q, tl.trans(k)), bias, rows[:, None], keys[None, :], n_queries, n_keys, scale,
                     SCALED, CAUSAL, WINDOW, MASKED)  # fmt: skip
    weights = _weights(scores, peak[:, None], share[:, None], step)
    d_scores = weights * (_product(d_out, tl.trans(v)) - drift[:, None])
    return d_q + _product(d_scores.to(k.dtype), k)


@jit
@no_type_check
def queries_program(
    Q, K, V, BIAS, PLACES, OUT, D_OUT, D_LSE, PEAK, SHARE, DRIFT, D_Q,
    n_queries, n_keys, row_stride, key_stride, scale, step, factor,
    GROUP: tl.constexpr, SCALED: tl.constexpr, CAUSAL: tl.constexpr, WINDOW: tl.constexpr,
    D: tl.constexpr, D_VALUE: tl.constexpr, BLOCK_Q: tl.constexpr, BLOCK_K: tl.constexpr,
):  # fmt: skip
    """Gradients of BLOCK_Q queries of one head, and for `keys_program` each row's drift, d_out · out - d_lse.

    Grid: (blocks of queries, batch · heads).
    """
    block = tl.program_id(0)
    if CAUSAL:
        block = tl.num_programs(0) - 1 - block
    head = tl.program_id(1).to(tl.int64)
    top = block * BLOCK_Q
    rows = top + tl.arange(0, BLOCK_Q)
    places, exist = head * n_queries + rows, rows < n_queries
    q = _load(Q + head * n_queries * D, rows, n_queries, D, True)
    out = _load(OUT + head * n_queries * D_VALUE, rows, n_queries, D_VALUE, True)
    d_out = _load(D_OUT + head * n_queries * D_VALUE, rows, n_queries, D_VALUE, True)
    drift = tl.sum(out.to(tl.float32) * d_out.to(tl.float32), 1)
    drift -= tl.load(D_LSE + places, mask=exist, other=0.0)
    tl.store(DRIFT + places, drift, mask=exist)
    peak = tl.load(PEAK + places, mask=exist, other=float("inf"))
    share = tl.load(SHARE + places, mask=exist, other=0.0)
    K += head // GROUP * n_keys * D
    V += head // GROUP * n_keys * D_VALUE
    bias = BIAS, PLACES, head, row_stride, key_stride
    d_q = tl.zeros([BLOCK_Q, D], tl.float32)
    first, inner, edge, last = _key_ranges(top, n_queries, n_keys, CAUSAL, WINDOW, BLOCK_Q, BLOCK_K)
    if WINDOW > 0:
        for start in range(first, inner, BLOCK_K):
            d_q = _add_d_q(d_q, q, d_out, peak, share, drift, rows, K, V, bias, start, n_queries, n_keys,
                           scale, step, SCALED, CAUSAL, WINDOW, True, D, D_VALUE, BLOCK_K)  # fmt: skip
    for start in range(inner, edge, BLOCK_K):
        d_q = _add_d_q(d_q, q, d_out, peak, share, drift, rows, K, V, bias, start, n_queries, n_keys,
                       scale, step, SCALED, CAUSAL, WINDOW, False, D, D_VALUE, BLOCK_K)  # fmt: skip
    for start in range(edge, last, BLOCK_K):
        d_q = _add_d_q(d_q, q, d_out, peak, share, drift, rows, K, V, bias, start, n_queries, n_keys,
                       scale, step, SCALED, CAUSAL, WINDOW, True, D, D_VALUE, BLOCK_K)  # fmt: skip
    _store(D_Q + head * n_queries * D, d_q * factor, rows, n_queries, D)


@jit
@no_type_check
def _add_rows(
    state, k, v, keys, Q, D_OUT, PEAK, SHARE, DRIFT, bias, top, n_queries, n_keys, scale, step,
    SCALED: tl.constexpr, CAUSAL: tl.constexpr, WINDOW: tl.constexpr, MASKED: tl.constexpr,
    D: tl.constexpr, D_VALUE: tl.constexpr, BLOCK_Q: tl.constexpr,
):  # fmt: skip
    """(dK + dSᵀ Q, dV + Pᵀ d_out) for the rows from `top`.

    P and dS are computed transposed, keys by queries, so that they multiply as they lie.
    """
    d_k, d_v = state
    rows = top + tl.arange(0, BLOCK_Q)
    q = _load(Q, rows, n_queries, D, MASKED)
    d_out = _load(D_OUT, rows, n_queries, D_VALUE, MASKED)
    exist = rows < n_queries
    peak = tl.load(PEAK + rows, mask=exist, other=float("inf"))
    share = tl.load(SHARE + rows, mask=exist, other=0.0)
    drift = tl.load(DRIFT + rows, mask=exist, other=0.0)
    scores = _scores(_product(k, tl.trans(q)), bias, rows[None, :], keys[:, None], n_queries, n_keys, scale,
                     SCALED, CAUSAL, WINDOW, MASKED)  # fmt: skip
    weights = _weights(scores, peak[None, :], share[None, :], step)
    d_v += _product(weights.to(d_out.dtype), d_out)
    d_scores = weights * (_product(v, tl.trans(d_out)) - drift[None, :])
    return d_k + _product(d_scores.to(q.dtype), q), d_v


@jit
@no_type_check
def keys_program(
    Q, K, V, BIAS, PLACES, D_OUT, PEAK, SHARE, DRIFT, D_K, D_V,
    n_queries, n_keys, row_stride, key_stride, scale, step, factor,
    GROUP: tl.constexpr, SCALED: tl.constexpr, CAUSAL: tl.constexpr, WINDOW: tl.constexpr,
    D: tl.constexpr, D_VALUE: tl.constexpr, BLOCK_Q: tl.constexpr, BLOCK_K: tl.constexpr,
):  # fmt: skip
    """Gradients of BLOCK_K keys and values, summed over their GROUP of heads.

    Grid: (blocks of keys, batch · kv heads).
    """
    left = tl.program_id(0) * BLOCK_K
    kv_head = tl.program_id(1).to(tl.int64)
    keys = left + tl.arange(0, BLOCK_K)
    k = _load(K + kv_head * n_keys * D, keys, n_keys, D, True)
    v = _load(V + kv_head * n_keys * D_VALUE, keys, n_keys, D_VALUE, True)
    state = tl.zeros([BLOCK_K, D], tl.float32), tl.zeros([BLOCK_K, D_VALUE], tl.float32)
    first, inner, edge, last = _row_ranges(left, n_queries, n_keys, CAUSAL, WINDOW, BLOCK_Q, BLOCK_K)
    for head in range(kv_head * GROUP, kv_head * GROUP + GROUP):
        start = head * n_queries
        q, d_out = Q + start * D, D_OUT + start * D_VALUE
        peak, share, drift = PEAK + start, SHARE + start, DRIFT + start
        bias = BIAS, PLACES, head, row_stride, key_stride
        if CAUSAL:
            for top in range(first, inner, BLOCK_Q):
                state = _add_rows(state, k, v, keys, q, d_out, peak, share, drift, bias, top, n_queries,
                                  n_keys, scale, step, SCALED, CAUSAL, WINDOW, True, D, D_VALUE,
                                  BLOCK_Q)  # fmt: skip
        for top in range(inner, edge, BLOCK_Q):
            state = _add_rows(state, k, v, keys, q, d_out, peak, share, drift, bias, top, n_queries, n_keys,
                              scale, step, SCALED, CAUSAL, WINDOW, False, D, D_VALUE, BLOCK_Q)  # fmt: skip
        for top in range(edge, last, BLOCK_Q):
            state = _add_rows(state, k, v, keys, q, d_out, peak, share, drift, bias, top, n_queries, n_keys,
                              scale, step, SCALED, CAUSAL, WINDOW, True, D, D_VALUE, BLOCK_Q)  # fmt: skip
    d_k, d_v = state
    _store(D_K + kv_head * n_keys * D, d_k * factor, keys, n_keys, D)
    _store(D_V + kv_head * n_keys * D_VALUE, d_v, keys, n_keys, D_VALUE)
