"""Several query heads share one head of keys and values: who shares with whom."""

from __future__ import annotations

import numpy as np

from attnlab import reference
from attnlab.exercises import _text as text
from attnlab.exercises._exercise import Exercise
from attnlab.exercises._probes import comes_out
from attnlab.reference.heads import repeat_heads

attention = reference.attention

EXERCISE = Exercise(
    id="multi_head.grouped_attention",
    title="Shared keys and values",
    level="apply",
    minutes=10,
    difficulty=2,
    page="multi_head/implementation",
    headings=("Fewer heads of keys and values",),
    statement=r"""
    There are $H$ heads of queries but only $G$ heads of keys and values; $G$ divides $H$. Neighbouring query heads share: the first $H/G$ query heads use the first head of keys and values, the next $H/G$ the second, and so on.
    Return the output of every query head. `attention` is given and wants as many heads of keys as of queries.

    A tiny example: with $H = 4$, $G = 2$ and single keys, heads 0 and 1 return the value of shared head 0, heads 2 and 3 that of shared head 1.
    """,
    slot='''
    def grouped_attention(q, k, v):
        """Attention with fewer heads of keys and values than of queries.

        q: (..., H, n, d_k), k: (..., G, m, d_k), v: (..., G, m, d_v)
        result: (..., H, n, d_v)
        """
        # YOUR CODE HERE
        ...
    ''',
    imports=("import numpy as np", "from attnlab.reference import attention"),
    hints=(
        "A change in the last head of keys and values must show in the last $H / G$ heads of the output, and in no other.",
        r"Query head $h$ uses shared head $\lfloor h G / H \rfloor$: for $H = 6$, $G = 2$ these are 0, 0, 0, 1, 1, 1.",
        "```python\ntimes = q.shape[____] // k.shape[____]\nk = np.____(k, times, axis=____)\nv = np.____(v, times, axis=____)\nreturn attention(q, k, v)\n```",
    ),
    parsons=("heads_tiled", "keys_repeated_values_tiled"),
    why=r"""
    `np.repeat` writes each head several times in a row, `np.tile` writes the whole list several times. Published weights expect the first; PyTorch calls it `repeat_interleave`, and its `repeat` is the second.

    **The two most common mistakes.** Tiling, which no test with $G = 1$ or $G = H$ can see. Counting axes from the front, which repeats the texts of a batch or the tokens instead of the heads.

    **Cost.** The repeated copies cost memory and add nothing; a good kernel reads the shared head several times instead. What shrinks either way is the cache that is kept.
    """,
    verified="equal to the definition for 2 of 6 and 3 of 6 shared heads, for one, for as many as queries, and in a batch.",
    next_thought="for which G can a test tell repeating from tiling at all?",
    reference=lambda q, k, v: attention(q, repeat_heads(k, q.shape[-3]), repeat_heads(v, q.shape[-3])),
)

_rng = np.random.default_rng(3)


def _case(n_heads, n_kv_heads, n, m, d_k, d_v, batch=()):
    sizes = ((n_heads, n, d_k), (n_kv_heads, m, d_k), (n_kv_heads, m, d_v))
    return tuple(_rng.normal(size=(*batch, *size)) for size in sizes)


_q, _k, _v = _case(6, 2, 5, 7, 3, 11)
EXERCISE.probe("6 heads of queries, 2 of keys", _q, _k, _v)
EXERCISE.probe("6 heads of queries, 3 of keys, a batch of 2", *_case(6, 3, 5, 7, 2, 3, (2,)))
EXERCISE.probe("one shared head", *_case(5, 1, 3, 7, 2, 5))
EXERCISE.probe("4 heads of queries, 2 of keys, a batch of 2 by 3", *_case(4, 2, 2, 5, 3, 7, (2, 3)))
EXERCISE.probe("8 heads of queries, 4 of keys, one query, one key", *_case(8, 4, 1, 1, 2, 3))
EXERCISE.probe("one for each", *_case(3, 3, 3, 3, 3, 3))


@EXERCISE.solve
def grouped_attention_solution(q, k, v):
    times = q.shape[-3] // k.shape[-3]
    k = np.repeat(k, times, axis=-3)
    v = np.repeat(v, times, axis=-3)
    return attention(q, k, v)


@EXERCISE.mutant
def heads_tiled(q, k, v):
    times = q.shape[-3] // k.shape[-3]
    k = np.concatenate([k] * times, axis=-3)
    v = np.concatenate([v] * times, axis=-3)
    return attention(q, k, v)


@EXERCISE.mutant
def keys_repeated_values_tiled(q, k, v):
    times = q.shape[-3] // k.shape[-3]
    k = np.repeat(k, times, axis=-3)
    v = np.concatenate([v] * times, axis=-3)
    return attention(q, k, v)


@EXERCISE.mutant
def first_shared_head_for_all(q, k, v):
    return attention(q, k[..., :1, :, :], v[..., :1, :, :])


@EXERCISE.mutant
def shared_heads_averaged(q, k, v):
    return attention(q, k.mean(axis=-3, keepdims=True), v.mean(axis=-3, keepdims=True))


@EXERCISE.mutant(evidence=text.shapes)
def queries_averaged(q, k, v):
    *batch, n_heads, n, d_k = q.shape
    return attention(q.reshape(*batch, k.shape[-3], -1, n, d_k).mean(axis=-3), k, v)


@EXERCISE.mutant
def groups_in_reverse(q, k, v):
    times = q.shape[-3] // k.shape[-3]
    k, v = (np.repeat(t[..., ::-1, :, :], times, axis=-3) for t in (k, v))
    return attention(q, k, v)


@EXERCISE.mutant
def no_scale(q, k, v):
    k, v = repeat_heads(k, q.shape[-3]), repeat_heads(v, q.shape[-3])
    return attention(q, k, v, scale=1.0)


@EXERCISE.mutant
def keys_tiled_values_repeated(q, k, v):
    return attention(q, np.concatenate([k] * (q.shape[-3] // k.shape[-3]), axis=-3), repeat_heads(v, q.shape[-3]))


@EXERCISE.holds("the last head of keys and values serves the last heads of queries and no others")
def who_is_served(call):
    k, v = _k.copy(), _v.copy()
    k[1], v[1] = -k[1], v[1] + 1
    moved = np.flatnonzero(np.abs(call(_q, k, v) - call(_q, _k, _v)).max(axis=(-2, -1)) > 0.1)
    return None if moved.tolist() == [3, 4, 5] else f"query heads {text.numbers(moved, 6)} changed"


@EXERCISE.holds("with one head of keys for each head of queries it is ordinary attention")
def one_for_each(call):
    q = _q[:2]
    gap = np.abs(call(q, _k, _v) - attention(q, _k, _v)).max()
    return None if gap < 1e-4 else f"an entry differs by {text.number(gap)}"


EXERCISE.holds("of 4 heads with 2 shared, 0 and 1 return the value of the first, 2 and 3 that of the second")(comes_out(
    [[[5.0]], [[5.0]], [[7.0]], [[7.0]]], np.ones((4, 1, 1)), np.ones((2, 1, 1)), np.array([[[5.0]], [[7.0]]])))


@EXERCISE.holds("keys and values of one shared head belong together")
def belong_together(call):
    out = call(_q, _k, _v)
    for head in range(6):
        alone = attention(_q[head], _k[head // 3], _v[head // 3])
        if not np.abs(out[head] - alone).max() < 1e-3:
            fits = [g for g in range(2) if np.abs(out[head] - attention(_q[head], _k[g], _v[g])).max() < 1e-3]
            return f"query head {head} attends " + (f"to shared head {fits[0]}" if fits else "to no one of the shared heads alone")
    return None
