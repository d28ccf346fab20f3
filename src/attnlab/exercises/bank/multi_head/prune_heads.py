"""Cut a layer down to some of its heads."""

from __future__ import annotations

import numpy as np

from attnlab import reference
from attnlab.exercises import _text as text
from attnlab.exercises._exercise import Exercise
from attnlab.exercises._probes import comes_out
from attnlab.reference.heads import split_heads

EXERCISE = Exercise(
    id="multi_head.prune_heads",
    title="Cut heads away",
    level="apply",
    minutes=15,
    difficulty=2,
    page="multi_head/why_many_heads",
    headings=("The importance of a head", "What goes wrong"),
    statement=r"""
    Remove some heads from a layer for good. `gates` has an entry for each head, 1 for those that stay and 0 for those that go. Return the four smaller matrices. The layer that they make must give what the old one gives when the outputs of the heads are multiplied by the gates.

    A tiny example: three heads of width 1 with `gates` = `[1, 0, 1]`: `w_q`, `w_k`, `w_v` keep columns 0 and 2, `w_o` keeps rows 0 and 2.
    """,
    slot='''
    def prune_heads(w_q, w_k, w_v, w_o, gates):
        """The four matrices of the layer without the heads whose gate is 0.

        w_q, w_k, w_v: (d_model, H * d_head), w_o: (H * d_head, d_out)
        gates: (H,) of 0 and 1
        result: four smaller matrices, heads in the old order
        """
        # YOUR CODE HERE
        ...
    ''',
    parts=("w_q", "w_k", "w_v", "w_o"),
    hints=(
        "The new layer is narrower inside: as many runs of d_head as there are ones. From outside it has the same width as before.",
        r"A head owns a run of $d_{\text{head}}$ columns of $W_Q$, $W_K$, $W_V$ and the rows of $W_O$ with the same numbers. Repeat each gate $d_{\text{head}}$ times and you have a mark for every such column.",
        "```python\nd_head = len(w_o) // len(gates)\nstays = np.repeat(____, ____) == 1\nreturn w_q[:, stays], ____, ____, w_o[____]\n```",
    ),
    parsons=("features_cut_for_heads", "removed_heads_kept"),
    why=r"""
    A closed gate multiplies a head's output by 0, so its rows of $W_O$ add nothing. Then its queries, keys and values are not needed either.

    **The two most common mistakes.** Cutting columns of $W_O$ where a head owns rows. Removing heads one by one with their old numbers, though each removal renumbers those behind.

    **Cost.** Weights, operations and cache shrink in proportion to the heads. With a gate of 0 alone nothing shrinks.
    """,
    verified="equal to the layer with gates, for 2 to 5 heads, one or all of them staying, and for wider and narrower outputs.",
    next_thought="in a model whose heads share keys and values, when may a head of keys go?",
    reference=lambda w_q, w_k, w_v, w_o, gates: tuple(
        np.concatenate([part for part, gate in zip(np.split(w, len(gates), axis=axis), gates) if gate], axis=axis)
        for w, axis in ((w_q, 1), (w_k, 1), (w_v, 1), (w_o, 0))
    ),
)

_rng = np.random.default_rng(12)


def _case(d_model, d_head, gates, d_out=None):
    wide = len(gates) * d_head
    return *(_rng.normal(size=(d_model, wide)) for _ in range(3)), _rng.normal(size=(wide, d_out or d_model)), np.array(gates)


_five = _case(15, 3, [0, 1, 0, 1, 1])
EXERCISE.probe("5 heads of width 3, 3 stay", *_five)
EXERCISE.probe("3 heads of width 5, 1 stays", *_case(15, 5, [0, 1, 0]))
EXERCISE.probe("2 heads of width 2, the last stays", *_case(4, 2, [0, 1]))
EXERCISE.probe("4 heads of width 3, all stay, 20 features out", *_case(5, 3, [1, 1, 1, 1], 20))
EXERCISE.probe("4 heads of width 2, the first goes, 3 features out", *_case(5, 2, [0, 1, 1, 1], 3))
EXERCISE.probe("3 heads of width 1, the middle one goes", *_case(4, 1, [1, 0, 1]))


@EXERCISE.solve
def prune_heads_solution(w_q, w_k, w_v, w_o, gates):
    d_head = len(w_o) // len(gates)
    stays = np.repeat(gates, d_head) == 1
    return w_q[:, stays], w_k[:, stays], w_v[:, stays], w_o[stays]


def _keep(w_q, w_k, w_v, w_o, columns):
    return w_q[:, columns], w_k[:, columns], w_v[:, columns], w_o[columns]


@EXERCISE.mutant
def removed_heads_kept(w_q, w_k, w_v, w_o, gates):
    d_head = len(w_o) // len(gates)
    stays = np.repeat(gates, d_head) == 0
    return w_q[:, stays], w_k[:, stays], w_v[:, stays], w_o[stays]


@EXERCISE.mutant
def features_cut_for_heads(w_q, w_k, w_v, w_o, gates):
    stays = np.flatnonzero(gates)
    return w_q[:, stays], w_k[:, stays], w_v[:, stays], w_o[stays]


@EXERCISE.mutant
def heads_in_turns_cut(w_q, w_k, w_v, w_o, gates):
    return _keep(w_q, w_k, w_v, w_o, np.tile(gates, len(w_o) // len(gates)) == 1)


@EXERCISE.mutant(evidence=text.shapes)
def output_columns_cut(w_q, w_k, w_v, w_o, gates):
    stays = np.repeat(gates, len(w_o) // len(gates)) == 1
    return w_q[:, stays], w_k[:, stays], w_v[:, stays], w_o[:, stays[: w_o.shape[1]]]


@EXERCISE.mutant
def cut_one_by_one(w_q, w_k, w_v, w_o, gates):
    left, d_head = list(range(len(gates))), len(w_o) // len(gates)
    for head in np.flatnonzero(gates == 0):
        left.pop(min(head, len(left) - 1))
    return _keep(w_q, w_k, w_v, w_o, np.arange(len(w_o)).reshape(-1, d_head)[left].ravel())


@EXERCISE.mutant(evidence=text.shapes)
def zeroed_not_cut(w_q, w_k, w_v, w_o, gates):
    gate = np.repeat(gates, len(w_o) // len(gates))
    return w_q * gate, w_k * gate, w_v * gate, w_o * gate[:, None]


@EXERCISE.mutant
def first_heads_kept(w_q, w_k, w_v, w_o, gates):
    return _keep(w_q, w_k, w_v, w_o, slice(0, int(sum(gates)) * (len(w_o) // len(gates))))


@EXERCISE.mutant
def rescaled_after_cutting(w_q, w_k, w_v, w_o, gates):
    q, k, v, o = prune_heads_solution(w_q, w_k, w_v, w_o, gates)
    return q, k, v, o * len(gates) / sum(gates)


def _layer(x, w_q, w_k, w_v, w_o, n_heads, gates):
    q, k, v = (split_heads(x @ w, n_heads) for w in (w_q, w_k, w_v))
    parts = reference.attention(q, k, v) @ w_o.reshape(n_heads, -1, w_o.shape[1])
    return (parts * np.reshape(gates, (-1, 1, 1))).sum(axis=0)


@EXERCISE.holds("the smaller layer gives what the gates give")
def same_as_gates(call):
    *old, gates = _five
    x = np.random.default_rng(1).normal(size=(7, 15))
    new = call(*old, gates)
    if new[0].shape != (15, 9) or new[3].shape != (9, 15):
        return f"w_q and w_o are {text.shape(new[0])} and {text.shape(new[3])}"
    gap = np.abs(_layer(x, *new, 3, np.ones(3)) - _layer(x, *old, 5, gates)).max()
    return None if gap < 1e-4 else f"an entry differs by {text.number(gap)}"


@EXERCISE.holds("if all heads stay, nothing changes")
def nothing_to_cut(call):
    *old, gates = _five
    same = all(a.shape == b.shape and np.allclose(a, b) for a, b in zip(call(*old, np.ones_like(gates)), old))
    return None if same else "the matrices are others"


EXERCISE.holds("of three heads of width 1 with the gates 1, 0, 1 the columns and rows 0 and 2 are kept")(comes_out(
    ([[1, 3]], [[4, 6]], [[7, 9]], [[10], [12]]),
    np.array([[1, 2, 3]]), np.array([[4, 5, 6]]), np.array([[7, 8, 9]]), np.array([[10], [11], [12]]), np.array([1, 0, 1])))


@EXERCISE.holds("each matrix keeps the runs of the heads that stay, as they were")
def runs_kept(call):
    *old, gates = _five
    stays = np.repeat(gates, 3) == 1
    for name, matrix, before, axis in zip(EXERCISE.parts, call(*old, gates), old, (1, 1, 1, 0)):
        wanted = np.compress(stays, before, axis=axis)
        if matrix.shape != wanted.shape:
            return f"{name} is {text.shape(matrix)}, expected {text.shape(wanted)}"
        if not np.allclose(matrix, wanted, atol=1e-3):
            return f"{name} differs by {text.number(np.abs(matrix - wanted).max())}"
    return None
