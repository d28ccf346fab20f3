"""Attention along a list of edges, without a table of all pairs."""

from __future__ import annotations

import numpy as np

from attnlab.exercises import _text as text
from attnlab.exercises._exercise import Exercise
from attnlab.reference import graph


def _reference(q, k, v, receivers, senders):
    scores = graph.dot_scores(q, k, receivers, senders)
    return graph.message_passing(scores, v, receivers, senders, len(q))


EXERCISE = Exercise(
    id="self_attention.message_passing",
    title="Attention along edges",
    level="apply",
    minutes=15,
    difficulty=2,
    page="self_attention/graph_view",
    headings=("Messages along edges",),
    statement=r"""
    Nodes ask, and edges say whom: edge $e$ goes from `senders[e]` to `receivers[e]`. Each edge has a score, $q_{\text{receiver}} \cdot k_{\text{sender}} / \sqrt{d_k}$. The scores of the edges *into one node* go through a softmax,
    and the node takes home the sum of its senders' values under these weights. Do it without a table of all pairs: one number for each edge.

    - `receivers`, `senders`: two lists of whole numbers, equally long, in any order;
    - a node that no edge reaches gets zeros.

    A tiny example: a single edge from node 2 to node 0. Output 0 is `v[2]`, all others are zero.
    """,
    slot='''
    def message_passing(q, k, v, receivers, senders):
        """Every node takes the weighted mean of its senders' values.

        q, k: (n, d_k), v: (n, d_v); receivers, senders: (edges,) whole numbers
        result: (n, d_v)
        """
        # YOUR CODE HERE
        ...
    ''',
    hints=(
        "Along all edges of a full graph this is attention. Along the edges of a mask it is attention under that mask, whatever the order of the edges.",
        r"`q[receivers]` has one row for each edge. Sums over the edges of a node are made by `np.add.at(total, receivers, ...)`; afterwards `total[receivers]` hands each edge the total of its node.",
        "```python\nscores = (q[receivers] * ____).sum(axis=-1) / np.sqrt(q.shape[-1])\npowers = np.exp(scores - scores.max(initial=0))\ntotal = np.zeros(len(q))\n"
        "np.add.at(total, ____, powers)\nweights = powers / total[____]\nout = np.zeros((len(q), v.shape[-1]))\nnp.add.at(out, ____, weights[:, None] * ____)\nreturn out\n```",
    ),
    parsons=("last_message_wins", "softmax_over_the_senders"),
    why=r"""
    Gather, compute along the edges, scatter: every graph network is written like this. One maximum for all edges is enough here, since subtracting a number from all scores of a node changes nothing.

    **The two most common mistakes.** `out[receivers] += messages`: with several edges into a node NumPy keeps one and drops the rest, without a word. Normalising over the edges that *leave* a node, which is
    a softmax over the wrong axis in other clothes.

    **Cost.** In proportion to the number of edges. For a full graph that is $n^2$ and slower than a matrix product; for a sparse one it is the only affordable way.
    """,
    verified="equal to masked attention along the edges of four masks, shuffled, with a node that nobody reaches.",
    next_thought="what does the output mean if an edge is in the list twice?",
    reference=_reference,
)

_rng = np.random.default_rng(29)


def _case(mask, d_k, d_v):
    receivers, senders = np.nonzero(mask)
    order = _rng.permutation(len(receivers))
    n = len(mask)
    q, k = _rng.normal(size=(2, n, d_k))
    return q, k, _rng.normal(size=(n, d_v)), receivers[order], senders[order]


_some = _rng.random((7, 7)) < 0.4
_some[2] = False
_some[4] = _some[:, 3] = True
_some[2] = False
_case_some = _case(_some, 5, 3)
EXERCISE.probe("7 nodes, node 2 hears nobody", *_case_some)
EXERCISE.probe("a causal mask, 5 nodes", *_case(np.tri(5, dtype=bool), 3, 2))
EXERCISE.probe("all pairs of 5 nodes, all widths 5", *_case(np.ones((5, 5), bool), 5, 5))


def _weights(q, k, receivers, senders, group):
    scores = (q[receivers] * k[senders]).sum(axis=-1) / np.sqrt(q.shape[-1])
    powers = np.exp(scores - scores.max(initial=0))
    total = np.zeros(len(q))
    np.add.at(total, group, powers)
    return powers / total[group]


def _collect(weights, v, receivers, senders):
    out = np.zeros((len(v), v.shape[-1]))
    np.add.at(out, receivers, weights[:, None] * v[senders])
    return out


@EXERCISE.solve
def message_passing_solution(q, k, v, receivers, senders):
    scores = (q[receivers] * k[senders]).sum(axis=-1) / np.sqrt(q.shape[-1])
    powers = np.exp(scores - scores.max(initial=0))
    total = np.zeros(len(q))
    np.add.at(total, receivers, powers)
    weights = powers / total[receivers]
    out = np.zeros((len(q), v.shape[-1]))
    np.add.at(out, receivers, weights[:, None] * v[senders])
    return out


@EXERCISE.mutant
def last_message_wins(q, k, v, receivers, senders):
    scores = (q[receivers] * k[senders]).sum(axis=-1) / np.sqrt(q.shape[-1])
    powers = np.exp(scores - scores.max(initial=0))
    total = np.zeros(len(q))
    np.add.at(total, receivers, powers)
    weights = powers / total[receivers]
    out = np.zeros((len(q), v.shape[-1]))
    out[receivers] += weights[:, None] * v[senders]
    return out


@EXERCISE.mutant
def softmax_over_the_senders(q, k, v, receivers, senders):
    scores = (q[receivers] * k[senders]).sum(axis=-1) / np.sqrt(q.shape[-1])
    powers = np.exp(scores - scores.max(initial=0))
    total = np.zeros(len(q))
    np.add.at(total, senders, powers)
    weights = powers / total[senders]
    out = np.zeros((len(q), v.shape[-1]))
    np.add.at(out, receivers, weights[:, None] * v[senders])
    return out


@EXERCISE.mutant
def messages_sent_backwards(q, k, v, receivers, senders):
    return _reference(q, k, v, senders, receivers)


@EXERCISE.mutant
def softmax_over_all_edges(q, k, v, receivers, senders):
    weights = _weights(q, k, receivers, senders, np.zeros_like(receivers))
    return _collect(weights, v, receivers, senders)


@EXERCISE.mutant
def messages_not_normalised(q, k, v, receivers, senders):
    scores = (q[receivers] * k[senders]).sum(axis=-1) / np.sqrt(q.shape[-1])
    return _collect(np.exp(scores), v, receivers, senders)


@EXERCISE.mutant(evidence=text.not_finite)
def lonely_node_is_nan(q, k, v, receivers, senders):
    scores = (q[receivers] * k[senders]).sum(axis=-1) / np.sqrt(q.shape[-1])
    powers, total = np.exp(scores), np.zeros(len(q))
    np.add.at(total, receivers, powers)
    with np.errstate(invalid="ignore"):
        return _collect(powers, v, receivers, senders) / total[:, None]


@EXERCISE.mutant
def plain_mean_of_the_senders(q, k, v, receivers, senders):
    return _collect(_weights(0 * q, k, receivers, senders, receivers), v, receivers, senders)


@EXERCISE.mutant
def no_scale(q, k, v, receivers, senders):
    return _reference(q * np.sqrt(q.shape[-1]), k, v, receivers, senders)


@EXERCISE.holds("the order of the edges does not matter")
def any_order(call):
    q, k, v, receivers, senders = _case_some
    gap = np.abs(call(q, k, v, receivers[::-1], senders[::-1]) - call(q, k, v, receivers, senders)).max()
    return None if gap < 1e-4 else f"an entry moves by {text.number(gap)} when the list is turned round"


@EXERCISE.holds("equal values give every node that is reached that value")
def weights_sum_to_one(call):
    q, k, v, receivers, senders = _case_some
    out = call(q, k, np.ones_like(v), receivers, senders)[np.unique(receivers)]
    return None if np.abs(out - 1).max() < 1e-4 else f"values of 1 give {text.numbers(out[:, 0], 3)}"
