"""What one tile adds to the gradients, computed again from the log-sum-exp."""

from __future__ import annotations

import numpy as np

from attnlab import reference
from attnlab.exercises import _text as text
from attnlab.exercises._exercise import Exercise


def _reference(q, k, v, bias, out, lse, d_out):
    p = np.exp(q @ k.T / np.sqrt(q.shape[1]) + bias - lse[:, None])
    d_bias = p * (d_out @ v.T - (d_out * out).sum(axis=1, keepdims=True))
    d_scores = d_bias / np.sqrt(q.shape[1])
    return d_scores @ k, d_scores.T @ q, p.T @ d_out, d_bias


EXERCISE = Exercise(
    id="efficiency.backward_tile",
    title="One tile of the backward pass, with a bias",
    level="apply",
    minutes=25,
    difficulty=3,
    page="efficiency/blocked_backward",
    headings=("Backward: compute it again",),
    statement=r"""
    The forward pass looked at *all* keys and kept, for each query, the output `out` and the log-sum-exp `lse`. Now one tile is to be differentiated: a block of queries `q`, with their rows of `out`, `lse` and `d_out`, and **one block** of keys `k` with their values `v` and `bias`, the block of $B$ for these queries and keys. The other keys are not there any more.

    The scores were $QK^\top / \sqrt{d_k} + B$; an entry of $-\infty$ in $B$ hides a key from a query. Return what this tile adds to the gradients, `dq`, `dk`, `dv`, and the gradient `dbias` of its own block of $B$. Added up over all tiles the first three are the gradients of attention.

    A tiny example: if `d_out` is zero, so are all four. If `q`, `k` and `bias` are zero, `v` is `[[2]]`, `out` is `[[1]]`, and the row saw two keys (`lse = [ln 2]`), each weight is 1/2, and `d_out = [[1]]` gives `dv = [[0.5]]` and `dbias = [[0.5]]`.
    """,
    slot='''
    def backward_tile(q, k, v, bias, out, lse, d_out):
        """The share of one block of keys in the gradients, from the saved log-sum-exp.

        q: (n, d_k), k: (b, d_k), v: (b, d_v), bias: (n, b), out and d_out: (n, d_v), lse: (n,)
        result: dq (n, d_k), dk (b, d_k), dv (b, d_v), dbias (n, b)
        """
        # YOUR CODE HERE
        ...
    ''',
    parts=("dq", "dk", "dv", "dbias"),
    hints=(
        "The weights of this tile are parts of rows that sum to one over *all* keys; here they sum to less.",
        r"$P = e^{S - \text{lse}}$ with the bias in $S$, $\bar V = P^\top \bar O$, $\bar P = \bar O\,V^\top$, $D = \sum_c \bar O_c\, O_c$ for each row, $\bar S = P\,(\bar P - D)$; then the products with $K$ and $Q$, and the factor $1/\sqrt{d_k}$ once in each. How does a score depend on its bias?",
        "```python\nscale = ____\np = np.exp(scale * q @ k.T + ____)\nd_p = ____\nd = ____          # one number a row, from out and d_out\n"
        "d_s = p * (____)\nreturn scale * ____, scale * ____, ____, ____\n```",
    ),
    parsons=("normalised_in_the_tile", "bias_gradient_scaled"),
    why=r"""
    The derivative of a softmax row needs $\sum_j P_j\, \bar P_j$ over the *whole* row. A tile does not see the row, but the sum equals $\bar O \cdot O$, which needs no keys at all. That, and the log-sum-exp, is everything the other tiles have to tell this one. A score is its bias plus other things, so the gradient of the bias *is* that of the scores, table by table: where a bias is learned for each distance, its entries are added up along the diagonals.

    **The two most common mistakes.** A softmax over the keys of the tile, which normalises by the wrong sum. Computing $D$ from the tile. Both are right when there is only one tile, so a test with one block never finds them.

    **Cost.** Five products for each tile, where the forward pass has two: the scores are computed a second time, and that is cheaper than having stored them. The gradient of the bias is free, but a whole $B$ has as many entries as there are scores.
    """,
    verified="shares of single keys and of blocks, hidden keys, scores near 1000 and -1000, and their sum against the gradient of ordinary attention.",
    next_thought="heads that share keys add to the same dk and dv; which loop would you split among multiprocessors, and which not?",
    reference=_reference,
)

_rng = np.random.default_rng(29)


def _whole(n, m, d, d_v, hidden=()):
    q, k, v = _rng.normal(size=(n, d)) * 1.5, _rng.normal(size=(m, d)), _rng.normal(size=(m, d_v))
    bias = _rng.normal(size=(n, m))
    for pair in hidden:
        bias[pair] = -np.inf
    p = np.exp(q @ k.T / np.sqrt(d) + bias)
    return q, k, v, bias, p @ v / p.sum(axis=1, keepdims=True), np.log(p.sum(axis=1)), _rng.normal(size=(n, d_v))


def _tile(whole, keys):
    q, k, v, bias, out, lse, d_out = whole
    return q, k[keys], v[keys], bias[:, keys], out, lse, d_out


_first, _second = _whole(5, 11, 7, 3), _whole(3, 7, 2, 5)
_masked = _whole(4, 7, 3, 2, [(0, 1), (0, 5), (2, slice(0, 3)), (3, 2)])
EXERCISE.probe("5 queries, keys 0 to 3 of 11", *_tile(_first, slice(0, 4)))
EXERCISE.probe("5 queries, keys 4 to 10 of 11", *_tile(_first, slice(4, 11)))
EXERCISE.probe("3 queries, all 7 keys", *_second)
EXERCISE.probe("3 queries, key 6 alone of 7", *_tile(_second, slice(6, 7)))
EXERCISE.probe("1 query, key 0 of 2, values of width 1", *_tile(_whole(1, 2, 3, 1), slice(0, 1)))
EXERCISE.probe("4 queries, keys 0 to 2 of 7, some hidden, all of them from query 2", *_tile(_masked, slice(0, 3)))
_q, _k, _v, _bias, _out, _lse, _d_out = _whole(4, 6, 5, 3)
_ones = np.ones((4, 1))
for _far in (1000.0, -1000.0):  # one feature more: it raises all scores alike, and the weights stay
    EXERCISE.probe(f"scores near {_far:.0f}, keys 1 to 3 of 6", np.hstack([_q * np.sqrt(6 / 5), _far * np.sqrt(6) * _ones]),
                   np.hstack([_k, np.ones((6, 1))])[1:4], _v[1:4], _bias[:, 1:4], _out, _lse + _far, _d_out, extreme=True)
EXERCISE.probe("4 queries, keys 0 to 3 of 5, all widths 4", *_tile(_whole(4, 5, 4, 4), slice(0, 4)))


@EXERCISE.solve
def backward_tile_solution(q, k, v, bias, out, lse, d_out):
    scale = 1 / np.sqrt(q.shape[1])
    p = np.exp(scale * q @ k.T + bias - lse[:, None])
    d_p = d_out @ v.T
    d = (d_out * out).sum(axis=1, keepdims=True)
    d_s = p * (d_p - d)
    return scale * d_s @ k, scale * d_s.T @ q, p.T @ d_out, d_s


def _shares(q, k, v, p, d, d_out, scale=None):
    scale = 1 / np.sqrt(q.shape[1]) if scale is None else scale
    d_s = p * (d_out @ v.T - d)
    return scale * d_s @ k, scale * d_s.T @ q, p.T @ d_out, d_s


def _weights(q, k, bias, lse):
    return np.exp(q @ k.T / np.sqrt(q.shape[1]) + bias - lse[:, None])


def _drift(out, d_out):
    return (d_out * out).sum(axis=1, keepdims=True)


@EXERCISE.mutant
def normalised_in_the_tile(q, k, v, bias, out, lse, d_out):
    scale = 1 / np.sqrt(q.shape[1])
    p = np.exp(scale * q @ k.T + bias)
    p = p / p.sum(axis=1, keepdims=True)
    d_p = d_out @ v.T
    d = (d_out * out).sum(axis=1, keepdims=True)
    d_s = p * (d_p - d)
    return scale * d_s @ k, scale * d_s.T @ q, p.T @ d_out, d_s


@EXERCISE.mutant
def drift_from_the_tile(q, k, v, bias, out, lse, d_out):
    p = _weights(q, k, bias, lse)
    return _shares(q, k, v, p, (p * (d_out @ v.T)).sum(axis=1, keepdims=True), d_out)


@EXERCISE.mutant
def bias_gradient_scaled(q, k, v, bias, out, lse, d_out):
    scale = 1 / np.sqrt(q.shape[1])
    p = np.exp(scale * q @ k.T + bias - lse[:, None])
    d_p = d_out @ v.T
    d = (d_out * out).sum(axis=1, keepdims=True)
    d_s = scale * p * (d_p - d)
    return d_s @ k, d_s.T @ q, p.T @ d_out, d_s


@EXERCISE.mutant
def recomputed_without_bias(q, k, v, bias, out, lse, d_out):
    return _shares(q, k, v, _weights(q, k, 0.0, lse), _drift(out, d_out), d_out)


@EXERCISE.mutant
def bias_scaled_too(q, k, v, bias, out, lse, d_out):
    return _shares(q, k, v, _weights(q, k, bias / np.sqrt(q.shape[1]), lse), _drift(out, d_out), d_out)


@EXERCISE.mutant
def weights_for_the_bias_gradient(q, k, v, bias, out, lse, d_out):
    p = _weights(q, k, bias, lse)
    return *_shares(q, k, v, p, _drift(out, d_out), d_out)[:3], p


@EXERCISE.mutant
def drift_forgotten(q, k, v, bias, out, lse, d_out):
    return _shares(q, k, v, _weights(q, k, bias, lse), 0.0, d_out)


@EXERCISE.mutant
def drift_over_columns(q, k, v, bias, out, lse, d_out):
    return _shares(q, k, v, _weights(q, k, bias, lse), (d_out * out).sum(), d_out)


@EXERCISE.mutant
def scale_missing_in_gradient(q, k, v, bias, out, lse, d_out):
    return _shares(q, k, v, _weights(q, k, bias, lse), _drift(out, d_out), d_out, scale=1.0)


@EXERCISE.mutant
def scale_twice_in_gradient(q, k, v, bias, out, lse, d_out):
    return _shares(q, k, v, _weights(q, k, bias, lse), _drift(out, d_out), d_out, scale=1 / q.shape[1])


@EXERCISE.mutant
def lse_ignored(q, k, v, bias, out, lse, d_out):
    return _shares(q, k, v, _weights(q, k, bias, 0 * lse), _drift(out, d_out), d_out)


@EXERCISE.mutant
def recomputed_without_scale(q, k, v, bias, out, lse, d_out):
    return _shares(q, k, v, np.exp(q @ k.T + bias - lse[:, None]), _drift(out, d_out), d_out)


@EXERCISE.mutant
def weights_not_in_d_scores(q, k, v, bias, out, lse, d_out):
    scale, d_s = 1 / np.sqrt(q.shape[1]), d_out @ v.T - _drift(out, d_out)
    return scale * d_s @ k, scale * d_s.T @ q, _weights(q, k, bias, lse).T @ d_out, d_s


@EXERCISE.mutant(evidence=text.not_finite)
def no_common_maximum(q, k, v, bias, out, lse, d_out):
    with np.errstate(all="ignore"):
        p = np.exp(q @ k.T / np.sqrt(q.shape[1]) + bias) / np.exp(lse)[:, None]
        return _shares(q, k, v, p, _drift(out, d_out), d_out)


@EXERCISE.mutant
def lse_taken_as_base_two(q, k, v, bias, out, lse, d_out):
    p = 2.0 ** (q @ k.T / np.sqrt(q.shape[1]) + bias - lse[:, None])
    return _shares(q, k, v, p, _drift(out, d_out), d_out)


@EXERCISE.holds("the shares of all tiles add up to the gradient of attention")
def shares_add_up(call):
    q, k, v, bias, out, lse, d_out = _first
    wanted = reference.attention_gradient(q, k, v, d_out, bias=bias)
    parts = [call(*_tile(_first, slice(j, j + 4))) for j in range(0, 11, 4)]
    dq = sum(part[0] for part in parts)
    dk, dv = (np.concatenate([part[i] for part in parts]) for i in (1, 2))
    gaps = [np.abs(a - b).max() for a, b in zip((dq, dk, dv), wanted)]
    if not max(gaps) < 1e-6:
        return "largest errors: " + ", ".join(f"{n} {text.number(g)}" for n, g in zip(("dq", "dk", "dv"), gaps))


@EXERCISE.holds("moving all keys together changes nothing, so the shares in dk add up to zero")
def keys_move_together(call):
    parts = [call(*_tile(_first, slice(j, j + 4)))[1] for j in range(0, 11, 4)]
    total = np.abs(np.concatenate(parts).sum(axis=0)).max()
    return None if total < 1e-6 else f"their sum is as large as {text.number(total)}"


@EXERCISE.holds("raising a whole row of the bias changes nothing, so the shares in dbias add up to zero in each row")
def rows_of_the_bias(call):
    parts = [call(*_tile(_first, slice(j, j + 4)))[3] for j in range(0, 11, 4)]
    total = np.abs(np.concatenate(parts, axis=1).sum(axis=1)).max()
    return None if total < 1e-6 else f"their sum is as large as {text.number(total)}"


@EXERCISE.holds("doubling d_out doubles every share")
def linear(call):
    once, twice = call(*_second), call(*_second[:6], 2 * _second[6])
    if not all(np.allclose(2 * a, b) for a, b in zip(once, twice)):
        return f"dq begins {text.numbers(once[0], 2)} and then {text.numbers(twice[0], 2)}"


@EXERCISE.holds("dv is the weights, transposed, times d_out")
def values_first(call):
    found = call(np.zeros((2, 3)), np.ones((1, 3)), np.array([[5.0]]), np.zeros((2, 1)), np.ones((2, 1)), np.log([2.0, 4.0]), np.array([[8.0], [4.0]]))[2]
    return None if np.allclose(found, 5) else f"weights of 1/2 and 1/4, with d_out 8 and 4, give {text.numbers(found)}, expected 5"


@EXERCISE.holds("dq and dk carry the keys and the queries, with weight, drift and scale once each, and dbias has no scale")
def one_pair(call):
    q, k = np.array([[2.0, 0, 0, 0]]), np.array([[0.0, 3, 0, 0]])
    dq, dk, _, dbias = call(q, k, np.array([[5.0]]), np.log([[2.0]]), np.array([[1.0]]), np.log([8.0]), np.array([[2.0]]))
    if np.allclose(dq, [[0, 3, 0, 0]]) and np.allclose(dk, [[2, 0, 0, 0]]) and np.allclose(dbias, 2):
        return None
    return f"with a weight of 1/4, d_out (v - out) = 8 and widths of 4, q = 2 e1 and k = 3 e2 get dq {text.numbers(dq)}, dk {text.numbers(dk)} and dbias {text.numbers(dbias)}, expected 3 e2, 2 e1 and 2"
