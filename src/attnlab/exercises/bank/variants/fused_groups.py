"""One fused matrix of a published file, group by group, as queries, keys and values."""

from __future__ import annotations

import numpy as np

from attnlab.exercises import _text as text
from attnlab.exercises._exercise import Exercise


def _reference(fused, n_heads, n_kv_heads):
    fused = np.asarray(fused, dtype=float)
    per = n_heads // n_kv_heads
    d_head = len(fused) // (n_heads + 2 * n_kv_heads)
    q, k, v, at = [], [], [], 0
    for _ in range(n_kv_heads):
        for rows, n in ((q, per), (k, 1), (v, 1)):
            rows.append(fused[at : at + n * d_head])
            at += n * d_head
    return tuple(np.concatenate(rows).T for rows in (q, k, v))


EXERCISE = Exercise(
    id="variants.fused_groups",
    title="A file that keeps its heads in groups",
    level="apply",
    minutes=20,
    difficulty=2,
    page="variants/problems",
    statement=r"""
    A published decoder with grouped heads keeps queries, keys and values of a layer in **one** matrix, group by group: first all query heads that share the first key head, then that key head, then its value head; then the same for the second group, and so on. With $H$ heads, $G$ groups and `d_head` features a head that makes $(H + 2 G)\, d_{\text{head}}$ rows and $d$ columns. The matrix acts on a *column*: a token $x$, as a column, gives $F x$.

    Return $W_Q$, $W_K$ and $W_V$ as this course uses them: $x W_Q$ with $x$ a row, and columns in the order of the heads. The width of a head is not given and need not be $d / H$.

    A tiny example: one column, two heads, one group, heads of width 1. The rows $5, 6, 7, 8$ give $W_Q = (5, 6)$, $W_K = (7)$ and $W_V = (8)$.
    """,
    slot='''
    def fused_groups(fused, n_heads, n_kv_heads):
        """One fused matrix as three.

        fused: ((n_heads + 2 * n_kv_heads) * d_head, d), group by group: queries, key, value
        n_heads: a multiple of n_kv_heads
        result: w_q (d, n_heads * d_head), w_k and w_v (d, n_kv_heads * d_head), used as x @ w_q
        """
        # YOUR CODE HERE
        ...
    ''',
    parts=("w_q", "w_k", "w_v"),
    hints=(
        "Every row of the file appears once in the results, as a column. With one group for each head, three rows of heads alternate: query, key, value.",
        r"Give the rows three axes: group, place in the group, feature of the head. A group has $H / G + 2$ places: the first $H / G$ are queries, the last but one is the key, the last one the value.",
        "```python\nper_group = n_heads // n_kv_heads\nparts = fused.reshape(n_kv_heads, ____, -1, fused.shape[1])\nq, k, v = parts[:, :____], parts[:, ____], parts[:, ____]\n"
        "return tuple(one.reshape(-1, fused.shape[1]).____ for one in (q, k, v))\n```",
    ),
    parsons=("fused_all_queries_first", "fused_key_and_value_exchanged"),
    why=r"""
    The order of the file is that of the axes: group, place, feature. A reshape names the axes, and slices along the *place* take queries, keys and values apart, whatever the number of groups.

    **The two most common mistakes.** Cutting the matrix into three blocks, as if all queries came first: with one group that is the same, with more it mixes heads, and every shape fits. Taking `d_head` to be `d / n_heads`.

    **Cost.** A copy of the matrix.
    """,
    verified="the three matrices for six files: one group, one group for each head, and in between; heads wider and narrower than d / H.",
    next_thought="which single property of the outputs would tell you that two query heads of different groups were exchanged?",
    reference=_reference,
)

_rng = np.random.default_rng(73)
for _heads, _groups, _width, _d in ((6, 2, 3, 7), (6, 3, 5, 11), (5, 1, 2, 3), (3, 3, 2, 5), (4, 2, 1, 2), (8, 2, 4, 5), (1, 1, 3, 4)):
    EXERCISE.probe(f"{_heads} heads in {_groups} groups, heads of width {_width}, d = {_d}", _rng.normal(size=((_heads + 2 * _groups) * _width, _d)), _heads, _groups)
EXERCISE.probe("whole numbers", np.arange(20).reshape(10, 2), 6, 2)
EXERCISE.probe("20 heads in 5 groups, heads of width 4, d = 3", np.random.default_rng(74).normal(size=(30 * 4, 3)), 20, 5)
EXERCISE.probe("heads wider than d", np.random.default_rng(75).normal(size=(8 * 5, 2)), 4, 2)


@EXERCISE.solve
def fused_groups_solution(fused, n_heads, n_kv_heads):
    per_group = n_heads // n_kv_heads
    d = fused.shape[1]
    parts = fused.reshape(n_kv_heads, per_group + 2, -1, d)
    w_q = parts[:, :per_group].reshape(-1, d).T
    w_k = parts[:, per_group].reshape(-1, d).T
    w_v = parts[:, per_group + 1].reshape(-1, d).T
    return w_q, w_k, w_v


@EXERCISE.mutant
def fused_all_queries_first(fused, n_heads, n_kv_heads):
    d_head = len(fused) // (n_heads + 2 * n_kv_heads)
    w_q = fused[: n_heads * d_head].T
    w_k = fused[n_heads * d_head : (n_heads + n_kv_heads) * d_head].T
    w_v = fused[(n_heads + n_kv_heads) * d_head :].T
    return w_q, w_k, w_v


@EXERCISE.mutant
def fused_key_and_value_exchanged(fused, n_heads, n_kv_heads):
    per_group = n_heads // n_kv_heads
    d = fused.shape[1]
    parts = fused.reshape(n_kv_heads, per_group + 2, -1, d)
    w_q = parts[:, :per_group].reshape(-1, d).T
    w_k = parts[:, per_group + 1].reshape(-1, d).T
    w_v = parts[:, per_group].reshape(-1, d).T
    return w_q, w_k, w_v


def _cut(fused, n_heads, n_kv_heads, q, k, v):
    per, d = n_heads // n_kv_heads, fused.shape[1]
    parts = np.asarray(fused).reshape(n_kv_heads, per + 2, -1, d)
    return tuple(parts[:, one].reshape(-1, d).T for one in (q(per), k(per), v(per)))


@EXERCISE.mutant
def fused_key_and_value_in_front(fused, n_heads, n_kv_heads):
    return _cut(fused, n_heads, n_kv_heads, lambda per: slice(2, None), lambda per: 0, lambda per: 1)


@EXERCISE.mutant
def fused_place_before_group(fused, n_heads, n_kv_heads):
    per, d = n_heads // n_kv_heads, fused.shape[1]
    parts = np.asarray(fused).reshape(n_kv_heads, per + 2, -1, d)
    return parts[:, :per].swapaxes(0, 1).reshape(-1, d).T, parts[:, per].reshape(-1, d).T, parts[:, per + 1].reshape(-1, d).T


@EXERCISE.mutant
def fused_features_before_places(fused, n_heads, n_kv_heads):
    per, d = n_heads // n_kv_heads, fused.shape[1]
    parts = np.asarray(fused).reshape(n_kv_heads, -1, per + 2, d).swapaxes(1, 2)
    return parts[:, :per].reshape(-1, d).T, parts[:, per].reshape(-1, d).T, parts[:, per + 1].reshape(-1, d).T


@EXERCISE.mutant
def fused_groups_before_everything(fused, n_heads, n_kv_heads):
    per, d = n_heads // n_kv_heads, fused.shape[1]
    parts = np.asarray(fused).reshape(per + 2, n_kv_heads, -1, d).swapaxes(0, 1)
    return parts[:, :per].reshape(-1, d).T, parts[:, per].reshape(-1, d).T, parts[:, per + 1].reshape(-1, d).T


@EXERCISE.mutant
def fused_not_transposed(fused, n_heads, n_kv_heads):
    return tuple(one.T for one in _reference(fused, n_heads, n_kv_heads))


@EXERCISE.holds("every row of the file comes out once")
def once(call):
    fused = np.arange(40.0).reshape(20, 2)
    rows = [np.asarray(one, dtype=float) for one in call(fused, 6, 2)]
    if [one.shape for one in rows] != [(2, 12), (2, 4), (2, 4)]:
        return "the shapes are " + ", ".join(text.shape(one) for one in rows) + ", expected (2, 12), (2, 4), (2, 4)"
    found = sorted(np.concatenate(rows, axis=1)[0].tolist())
    return None if np.allclose(found, fused[:, 0]) else "some rows are missing, or come twice"


@EXERCISE.holds("the example gives 5, 6 and 7 and 8")
def example(call):
    out = [np.asarray(one, dtype=float).ravel().tolist() for one in call(np.array([[5.0], [6.0], [7.0], [8.0]]), 2, 1)]
    return None if out == [[5, 6], [7], [8]] else f"yours is {'; '.join(text.numbers(one) for one in out)}"
