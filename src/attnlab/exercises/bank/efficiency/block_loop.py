"""The forward pass of the blocked kernel: two loops, one tile at a time."""

from __future__ import annotations

import numpy as np

from attnlab import reference
from attnlab.exercises import _text as text
from attnlab.exercises._exercise import Exercise
from attnlab.exercises._probes import with_scores


def _reference(q, k, v, sinks, block_q, block_k):
    scores = q @ k.T / np.sqrt(q.shape[-1])
    largest = np.maximum(scores.max(axis=-1), sinks)[:, None]
    total = np.exp(scores - largest).sum(axis=-1, keepdims=True) + np.exp(sinks[:, None] - largest)
    return np.exp(scores - largest) @ v / total, (largest + np.log(total))[:, 0]


EXERCISE = Exercise(
    id="efficiency.block_loop",
    title="The block loop with sinks",
    level="apply",
    minutes=25,
    difficulty=2,
    page="efficiency/blocked_kernel",
    headings=("NumPy: the loop",),
    statement=r"""
    Compute attention for $n$ queries and $m$ keys, one **tile** at a time: outside a loop over blocks of `block_q` queries, inside a loop over blocks of `block_k` keys; the last block may be smaller, in both directions. There is no mask, but every query has a **sink**: query $i$ has one more score, `sinks[i]`, in its denominator. No value belongs to it, and it is not divided by $\sqrt{d_k}$. So the weights of the keys add up to less than 1. A sink of $-\infty$ takes nothing.

    Return the output and the log-sum-exp of each row, over its scaled scores and its sink, in natural logarithms.

    A tiny example: if all queries and all sinks are zero, each output is the sum of the values divided by $m + 1$, and each log-sum-exp is $\ln(m + 1)$.
    """,
    slot='''
    def block_loop(q, k, v, sinks, block_q, block_k):
        """Attention with a sink for each query, in tiles of block_q x block_k scores.

        q: (n, d_k), k: (m, d_k), v: (m, d_v), sinks: (n,)
        result: out (n, d_v) and lse (n,), of the scores divided by sqrt(d_k) and the sinks
        """
        # YOUR CODE HERE
        ...
    ''',
    parts=("out", "lse"),
    hints=(
        "The block sizes change nothing in the result, and sinks of minus infinity leave ordinary attention.",
        r"Inside: $\mu' = \max(\mu, \max_j s_j)$ for each row, $r = e^{\mu - \mu'}$, $P = e^{S - \mu'}$, then $\ell \leftarrow r\ell + \sum_j P_j$ and $O \leftarrow rO + PV$. Outside, once: $O / \ell$ and $\mu + \ln \ell$. The sink is a key that was seen before the first block and had a value of zero: what are $\mu$, $\ell$ and $O$ then?",
        "```python\nout, lse = np.zeros(____), np.zeros(____)\nfor i in range(0, len(q), block_q):\n    rows = slice(i, i + block_q)\n"
        "    m, l, o = ____          # after the sink of every row, before the first key\n    for j in range(0, len(k), block_k):\n"
        "        s = ____\n        m_new = ____\n        r, p, m = ____\n        l, o = ____\n"
        "    out[rows], lse[rows] = ____\nreturn out, lse\n```",
    ),
    parsons=("output_not_rescaled", "sink_ignored"),
    why=r"""
    The running sums do not have to start with nothing. After the sink alone the maximum is the sink, the sum is $e^0 = 1$ and the output 0, and from there on it is the stream of the page before. With a sink of $-\infty$ the first rescaling multiplies that 1 by 0.

    **The two most common mistakes.** Adding the exponential of the sink as it stands to a sum that is relative to the maximum. Taking the sink into the output and not into the log-sum-exp, or the other way round: everything that later merges or differentiates needs both.

    **Cost.** All $nm$ scores are computed; at most `block_q` times `block_k` of them exist at any moment.
    """,
    verified="unequal and ragged blocks, blocks of one, one block for everything, sinks of minus infinity and far above and below, and scores near 2000, thousands apart and all far below 0.",
    next_thought="two workers have half of the keys each: how often may the sink be counted when their results are merged?",
    reference=_reference,
)

_rng = np.random.default_rng(23)


def _draw(n, m, d, d_v, size=2.0):
    return size * _rng.normal(size=(n, d)), _rng.normal(size=(m, d)), _rng.normal(size=(m, d_v)), 2 * _rng.normal(size=n)


_q, _k, _v, _sinks = _draw(7, 11, 5, 3)
_k = _k[np.argsort(_k @ _q[0])]  # the scores of query 0 rise from block to block
_none = -np.inf
EXERCISE.probe("7 queries in blocks of 3, 11 keys in blocks of 2", _q, _k, _v, _sinks, 3, 2)
EXERCISE.probe("5 queries in blocks of 5, 7 keys in blocks of 4", *_draw(5, 7, 3, 2), 5, 4)
EXERCISE.probe("3 queries one at a time, 5 keys one at a time", *_draw(3, 5, 2, 7), 1, 1)
EXERCISE.probe("7 queries and 11 keys in one tile", _q, _k, _v, _sinks, 16, 16)
EXERCISE.probe("4 queries in blocks of 2, 6 keys in blocks of 3", *_draw(4, 6, 4, 4), 2, 3)
EXERCISE.probe("7 queries in blocks of 2, 3 keys in blocks of 2", *_draw(7, 3, 5, 2), 2, 2)
EXERCISE.probe("1 query, 1 key", *_draw(1, 1, 3, 2), 2, 2)
EXERCISE.probe("sinks of minus infinity beside others", _q, _k, _v, np.array([_none, 1, _none, _none, 0, -1, _none]), 3, 2)
_FAR = np.array([[1000, 1001, -1000, 999.5, 0], [-1000, -1001, 1000, -3000, -1002], [0, 1, -1, 0.5, 2000],
                 [-2000, -2001, -2003, -2000, -2002], [800, 790, 801, 799, 795]])
_BESIDE = np.array([1002.0, -4000, 2000.5, -2001, 1500])
EXERCISE.probe("scores and sinks thousands apart, and all far below 0, blocks of 2 and 2", *with_scores(_FAR), _rng.normal(size=(5, 3)), _BESIDE, 2, 2, extreme=True)
EXERCISE.probe("scores thousands apart, sinks of minus infinity and one of 3000, blocks of 2 and 2", *with_scores(_FAR), _rng.normal(size=(5, 3)),
               np.array([_none, 3000, _none, _none, _none]), 2, 2, extreme=True)  # fmt: skip
_large = _draw(5, 7, 3, 2, size=700.0)
EXERCISE.probe("scores near 2000, sinks near their maximum, blocks of 2 and 3", *_large[:3], _reference(*_large, 1, 1)[1] + _large[3], 2, 3, extreme=True)


@EXERCISE.solve
def block_loop_solution(q, k, v, sinks, block_q, block_k):
    out, lse = np.zeros((len(q), v.shape[1])), np.zeros(len(q))
    for rows in (slice(i, i + block_q) for i in range(0, len(q), block_q)):
        m, l, o = sinks[rows, None], 1.0, 0.0
        for keys in (slice(j, j + block_k) for j in range(0, len(k), block_k)):
            s = q[rows] @ k[keys].T / np.sqrt(q.shape[1])
            m_new = np.maximum(m, s.max(axis=1, keepdims=True))
            r, p, m = np.exp(m - m_new), np.exp(s - m_new), m_new
            l, o = r * l + p.sum(axis=1, keepdims=True), r * o + p @ v[keys]
        out[rows], lse[rows] = o / l, (m + np.log(l))[:, 0]
    return out, lse


def _loop(q, k, v, sinks, block_q, block_k, scale=None, factors=(1, 1), finish=None):
    """The right loop with its weak points open: the scale, which sums are rescaled, and the last line."""
    out, lse = np.zeros((len(q), v.shape[1])), np.zeros(len(q))
    scale = np.sqrt(q.shape[1]) if scale is None else scale
    for i in range(0, len(q), block_q):
        rows = slice(i, i + block_q)
        m, l, o = sinks[rows, None], 1.0, 0.0
        for j in range(0, len(k), block_k):
            s = q[rows] @ k[j : j + block_k].T / scale
            m_new = np.maximum(m, s.max(axis=1, keepdims=True))
            r, p, m = np.exp(m - m_new), np.exp(s - m_new), m_new
            l = (r if factors[0] else 1) * l + p.sum(axis=1, keepdims=True)
            o = (r if factors[1] else 1) * o + p @ v[j : j + block_k]
        out[rows], last = finish(m, l, o) if finish else (o / l, m + np.log(l))
        lse[rows] = last[:, 0]
    return out, lse


@EXERCISE.mutant
def output_not_rescaled(q, k, v, sinks, block_q, block_k):
    out, lse = np.zeros((len(q), v.shape[1])), np.zeros(len(q))
    for rows in (slice(i, i + block_q) for i in range(0, len(q), block_q)):
        m, l, o = sinks[rows, None], 1.0, 0.0
        for keys in (slice(j, j + block_k) for j in range(0, len(k), block_k)):
            s = q[rows] @ k[keys].T / np.sqrt(q.shape[1])
            m_new = np.maximum(m, s.max(axis=1, keepdims=True))
            r, p, m = np.exp(m - m_new), np.exp(s - m_new), m_new
            l, o = r * l + p.sum(axis=1, keepdims=True), o + p @ v[keys]
        out[rows], lse[rows] = o / l, (m + np.log(l))[:, 0]
    return out, lse


@EXERCISE.mutant
def sum_not_rescaled(q, k, v, sinks, block_q, block_k):
    return _loop(q, k, v, sinks, block_q, block_k, factors=(0, 1))


@EXERCISE.mutant
def nothing_rescaled(q, k, v, sinks, block_q, block_k):
    return _loop(q, k, v, sinks, block_q, block_k, factors=(0, 0))


@EXERCISE.mutant
def no_scale(q, k, v, sinks, block_q, block_k):
    return _loop(q, k, v, sinks, block_q, block_k, scale=1.0)


@EXERCISE.mutant
def not_normalised(q, k, v, sinks, block_q, block_k):
    return _loop(q, k, v, sinks, block_q, block_k, finish=lambda m, l, o: (o, m + np.log(l)))


@EXERCISE.mutant
def lse_in_base_two(q, k, v, sinks, block_q, block_k):
    return _loop(q, k, v, sinks, block_q, block_k, finish=lambda m, l, o: (o / l, m / np.log(2) + np.log2(l)))


@EXERCISE.mutant
def sink_ignored(q, k, v, sinks, block_q, block_k):
    out, lse = np.zeros((len(q), v.shape[1])), np.zeros(len(q))
    for rows in (slice(i, i + block_q) for i in range(0, len(q), block_q)):
        m, l, o = np.full((len(q[rows]), 1), -np.inf), 0.0, 0.0
        for keys in (slice(j, j + block_k) for j in range(0, len(k), block_k)):
            s = q[rows] @ k[keys].T / np.sqrt(q.shape[1])
            m_new = np.maximum(m, s.max(axis=1, keepdims=True))
            r, p, m = np.exp(m - m_new), np.exp(s - m_new), m_new
            l, o = r * l + p.sum(axis=1, keepdims=True), r * o + p @ v[keys]
        out[rows], lse[rows] = o / l, (m + np.log(l))[:, 0]
    return out, lse


@EXERCISE.mutant
def sink_missing_in_lse(q, k, v, sinks, block_q, block_k):
    return _reference(q, k, v, sinks, block_q, block_k)[0], _reference(q, k, v, sinks + _none, block_q, block_k)[1]


@EXERCISE.mutant
def sink_missing_in_output(q, k, v, sinks, block_q, block_k):
    return _reference(q, k, v, sinks + _none, block_q, block_k)[0], _reference(q, k, v, sinks, block_q, block_k)[1]


@EXERCISE.mutant
def sink_scaled(q, k, v, sinks, block_q, block_k):
    return _reference(q, k, v, sinks / np.sqrt(q.shape[1]), block_q, block_k)


@EXERCISE.mutant
def sink_in_every_tile(q, k, v, sinks, block_q, block_k):
    return _reference(q, k, v, sinks + np.log(len(range(0, len(k), block_k))), block_q, block_k)


@EXERCISE.mutant
def sink_not_relative(q, k, v, sinks, block_q, block_k):
    top = (q @ k.T / np.sqrt(q.shape[1])).max(axis=1)
    with np.errstate(over="ignore"):
        return _reference(q, k, v, sinks + top, block_q, block_k)


@EXERCISE.mutant
def lse_without_maximum(q, k, v, sinks, block_q, block_k):
    return _loop(q, k, v, sinks, block_q, block_k, finish=lambda m, l, o: (o / l, np.log(l)))


@EXERCISE.mutant
def ragged_tail_dropped(q, k, v, sinks, block_q, block_k):
    whole = max(len(k) // block_k * block_k, min(len(k), block_k))
    return _reference(q, k[:whole], v[:whole], sinks, block_q, block_k)


@EXERCISE.mutant
def ragged_rows_dropped(q, k, v, sinks, block_q, block_k):
    out, lse = _reference(q, k, v, sinks, block_q, block_k)
    whole = max(len(q) // block_q * block_q, min(len(q), block_q))
    out[whole:], lse[whole:] = 0, 0
    return out, lse


@EXERCISE.mutant
def last_block_only(q, k, v, sinks, block_q, block_k):
    start = (len(k) - 1) // block_k * block_k
    return _reference(q, k[start:], v[start:], sinks, block_q, block_k)


@EXERCISE.mutant(evidence=text.not_finite)
def exponentials_without_maximum(q, k, v, sinks, block_q, block_k):
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        p = np.exp(q @ k.T / np.sqrt(q.shape[1]))
        total = p.sum(axis=1) + np.exp(sinks)
        return p @ v / total[:, None], np.log(total)


def _from_a_number(q, k, v, sinks, block_q, block_k, start=None, shared=False):
    """The right loop, with a running maximum that starts at a number, or with one for all rows of a block."""
    out, lse = np.zeros((len(q), v.shape[1])), np.zeros(len(q))
    with np.errstate(all="ignore"):
        for i in range(0, len(q), block_q):
            sink = sinks[i : i + block_q, None]
            m = sink if start is None else np.full(sink.shape, start)
            l, o = np.exp(sink - m) if start is not None else 1.0, 0.0
            for j in range(0, len(k), block_k):
                s = q[i : i + block_q] @ k[j : j + block_k].T / np.sqrt(q.shape[1])
                m_new = np.maximum(m, s.max() if shared else s.max(axis=1, keepdims=True))
                r, p, m = np.exp(m - m_new), np.exp(s - m_new), m_new
                l, o = r * l + p.sum(axis=1, keepdims=True), r * o + p @ v[j : j + block_k]
            out[i : i + block_q], lse[i : i + block_q] = o / l, (m + np.log(l))[:, 0]
    return out, lse


@EXERCISE.mutant(evidence=text.not_finite)
def maximum_starts_at_zero(q, k, v, sinks, block_q, block_k):
    return _from_a_number(q, k, v, sinks, block_q, block_k, 0.0)


@EXERCISE.mutant(evidence=text.not_finite)
def one_maximum_for_all_rows(q, k, v, sinks, block_q, block_k):
    return _from_a_number(q, k, v, sinks, block_q, block_k, shared=True)


@EXERCISE.holds("the block sizes do not matter")
def any_blocks(call):
    outs = [call(_q, _k, _v, _sinks, *sizes)[0] for sizes in ((1, 1), (2, 3), (3, 2), (7, 11))]
    gap = max(np.abs(out - outs[-1]).max() for out in outs)
    if not gap < 1e-6:
        return f"results for four pairs of block sizes differ by up to {text.number(gap)}"


@EXERCISE.holds("every output lies between zero and the values")
def average(call):
    out = call(_q, _k, _v, _sinks, 3, 2)[0]
    if (out > np.maximum(_v.max(axis=0), 0) + 1e-9).any() or (out < np.minimum(_v.min(axis=0), 0) - 1e-9).any():
        return f"it begins {text.numbers(out, 2)}"


@EXERCISE.holds("equal scores and sinks give a log-sum-exp of ln(m + 1)")
def equal_scores(call):
    lse = call(np.zeros((3, 5)), _k, _v, np.zeros(3), 2, 3)[1]
    if not np.allclose(lse, np.log(12), atol=1e-6):
        return f"with 11 keys it begins {text.numbers(lse, 2)}, and ln 12 is {text.number(np.log(12))}"


@EXERCISE.holds("keys of 1 to 5 beside a sink of 5 count so many twentieths, whatever the blocks, and the log-sum-exp is ln 20")
def twentieths(call):
    k = np.repeat(np.log([[1.0], [2], [3], [4], [5]]), 4, axis=1)
    for block_q, block_k in ((1, 1), (2, 3), (3, 4)):
        out, lse = call(np.full((3, 4), 0.5), k, np.eye(5), np.log([5.0, 5, 5]), block_q, block_k)
        if not np.allclose(out, np.arange(1, 6) / 20) or not np.allclose(lse, np.log(20)):
            return (f"in blocks of {block_q} and {block_k} the keys count {text.numbers(out[-1] * 20, 5)} twentieths for the last query, "
                    f"and its log-sum-exp is {text.number(lse[-1])}, ln 20 being {text.number(np.log(20))}")
    return None


@EXERCISE.holds("sinks of minus infinity leave ordinary attention")
def no_sinks(call):
    gap = np.abs(call(_q, _k, _v, np.full(7, -np.inf), 3, 2)[0] - reference.attention(_q, _k, _v)).max()
    return None if gap < 1e-6 else f"outputs differ by up to {text.number(gap)}"


@EXERCISE.holds("each query is treated by itself")
def by_itself(call):
    together, alone = call(_q, _k, _v, _sinks, 3, 2), call(_q[4:5], _k, _v, _sinks[4:5], 1, 2)
    gap = max(np.abs(together[0][4] - alone[0][0]).max(), abs(together[1][4] - alone[1][0]))
    return None if gap < 1e-9 else f"query 4 differs by {text.number(gap)} when it is alone"
