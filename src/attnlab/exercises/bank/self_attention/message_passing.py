"""Attention along a list of edges, without a table of all pairs."""

from __future__ import annotations

import numpy as np

from attnlab.exercises import _text as text
from attnlab.exercises._exercise import Exercise
from attnlab.exercises._probes import LARGE, LARGEST_HIDDEN, with_scores
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
    Nodes attend along edges: edge $e$ goes from `senders[e]` to `receivers[e]`. Each edge has a score, $q_{\text{receiver}} \cdot k_{\text{sender}} / \sqrt{d_k}$. The scores of the edges *into one node* go through a softmax,
    and the node's output is the sum of its senders' values under these weights. Do it without a table of all pairs: one number for each edge.

    - `receivers`, `senders`: two arrays of whole numbers, equally long, in any order, perhaps empty; an edge that is listed twice counts twice;
    - a node that no edge reaches gets zeros;
    - scores may run into the thousands, of either sign.

    A tiny example: a single edge from node 2 to node 0. Output 0 is `v[2]`, all others are zero.
    """,
    slot='''
    def message_passing(q, k, v, receivers, senders):
        """For every node the weighted mean of its senders' values.

        q, k: (n, d_k), v: (n, d_v); receivers, senders: (edges,) whole numbers
        result: (n, d_v)
        """
        # YOUR CODE HERE
        ...
    ''',
    hints=(
        "Along all edges of a full graph this is attention. Along the edges of a mask it is attention under that mask, whatever the order of the edges.",
        r"`q[receivers]` has one row for each edge. Sums over the edges of a node are made by `np.add.at(total, receivers, ...)`; afterwards `total[receivers]` hands each edge the total of its node.",
        "```python\nscores = (q[receivers] * ____).sum(axis=-1) / np.sqrt(q.shape[-1])\nlargest = np.full(len(q), -np.inf)\nnp.maximum.at(largest, ____, scores)\n"
        "powers = np.exp(scores - largest[____])\ntotal = np.zeros(len(q))\n"
        "np.add.at(total, ____, powers)\nweights = powers / total[____]\nout = np.zeros((len(q), v.shape[-1]))\nnp.add.at(out, ____, weights[:, None] * ____)\nreturn out\n```",
    ),
    parsons=("last_message_wins", "softmax_over_the_senders"),
    why=r"""
    Gather, compute along the edges, scatter: every graph network is written like this. Each node subtracts the largest score of *its* edges: one maximum for the whole graph would leave a node whose scores are all far below it with nothing but zeros to divide.

    **The two most common mistakes.** `out[receivers] += messages`: with several edges into a node NumPy keeps one and drops the rest, without a word. Normalising over the edges that *leave* a node: the
    softmax over the wrong axis again.

    **Cost.** In proportion to the number of edges. For a full graph that is $n^2$ and slower than a matrix product; for a sparse one it is far less.
    """,
    verified="equal to masked attention along the edges of three masks, shuffled, with nodes that nobody reaches, an edge listed twice, no edge at all, and scores of 1000.",
    next_thought="an edge in the list twice: which change of its score would do the same?",
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
EXERCISE.probe("7 nodes, no edge into node 2", *_case_some)
EXERCISE.probe("a causal mask, 5 nodes", *_case(np.tri(5, dtype=bool), 3, 2))
EXERCISE.probe("all pairs of 5 nodes, all widths 5", *_case(np.ones((5, 5), bool), 5, 5))
_q, _k, _v, _receivers, _senders = _case(np.pad(_some, ((0, 2), (0, 2))), 5, 3)
EXERCISE.probe("9 nodes, nobody reaches the last two", _q, _k, _v, _receivers, _senders)
EXERCISE.probe("a single edge from node 2 to node 0", _q, _k, _v, np.array([0]), np.array([2]))
EXERCISE.probe("an edge listed twice", _q, _k, _v, np.array([4, 1, 4, 4]), np.array([3, 1, 8, 3]))
EXERCISE.probe("no edge", _q, _k, _v, np.array([], dtype=int), np.array([], dtype=int))


def _with_scores(scores, mask):
    """Nodes and edges with exactly these scores; values are unit vectors, so the weights come back."""
    n, m = max(scores.shape), scores.shape[1]
    q, k = with_scores(np.pad(scores, ((0, n - len(scores)), (0, 0))))
    return q, k, np.eye(m), *np.nonzero(np.pad(mask, ((0, n - len(mask)), (0, 0))))


EXERCISE.probe("scores from -3000 to 1001, nodes far apart", *_with_scores(LARGE, LARGEST_HIDDEN), extreme=True)
EXERCISE.probe("all scores of all nodes near -3000", *_with_scores(np.minimum(LARGE, -1000) - 2000, LARGE < 0), extreme=True)


def _weights(q, k, receivers, senders, group):
    scores = (q[receivers] * k[senders]).sum(axis=-1) / np.sqrt(q.shape[-1])
    largest = np.full(len(q), -np.inf)
    np.maximum.at(largest, group, scores)
    powers, total = np.exp(scores - largest[group]), np.zeros(len(q))
    np.add.at(total, group, powers)
    return powers / total[group]


def _collect(weights, v, receivers, senders):
    out = np.zeros((len(v), v.shape[-1]))
    np.add.at(out, receivers, weights[:, None] * v[senders])
    return out


@EXERCISE.solve
def message_passing_solution(q, k, v, receivers, senders):
    scores = (q[receivers] * k[senders]).sum(axis=-1) / np.sqrt(q.shape[-1])
    largest = np.full(len(q), -np.inf)
    np.maximum.at(largest, receivers, scores)
    powers = np.exp(scores - largest[receivers])
    total = np.zeros(len(q))
    np.add.at(total, receivers, powers)
    weights = powers / total[receivers]
    out = np.zeros((len(q), v.shape[-1]))
    np.add.at(out, receivers, weights[:, None] * v[senders])
    return out


@EXERCISE.mutant
def last_message_wins(q, k, v, receivers, senders):
    scores = (q[receivers] * k[senders]).sum(axis=-1) / np.sqrt(q.shape[-1])
    largest = np.full(len(q), -np.inf)
    np.maximum.at(largest, receivers, scores)
    powers = np.exp(scores - largest[receivers])
    total = np.zeros(len(q))
    np.add.at(total, receivers, powers)
    weights = powers / total[receivers]
    out = np.zeros((len(q), v.shape[-1]))
    out[receivers] += weights[:, None] * v[senders]
    return out


@EXERCISE.mutant
def softmax_over_the_senders(q, k, v, receivers, senders):
    scores = (q[receivers] * k[senders]).sum(axis=-1) / np.sqrt(q.shape[-1])
    largest = np.full(len(q), -np.inf)
    np.maximum.at(largest, receivers, scores)
    powers = np.exp(scores - largest[receivers])
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


@EXERCISE.mutant(evidence=text.not_finite)
def no_max_subtraction(q, k, v, receivers, senders):
    powers = np.exp((q[receivers] * k[senders]).sum(axis=-1) / np.sqrt(q.shape[-1]))
    total = np.zeros(len(q))
    np.add.at(total, receivers, powers)
    return _collect(powers / total[receivers], v, receivers, senders)


def _relative_to(top, q, k, v, receivers, senders):
    scores = (q[receivers] * k[senders]).sum(axis=-1) / np.sqrt(q.shape[-1])
    powers, total = np.exp(scores - top(scores)), np.zeros(len(q))
    np.add.at(total, receivers, powers)
    return _collect(powers / total[receivers], v, receivers, senders)


@EXERCISE.mutant(evidence=text.not_finite)
def one_maximum_for_all_edges(q, k, v, receivers, senders):
    return _relative_to(lambda scores: scores.max(initial=-1e9), q, k, v, receivers, senders)


@EXERCISE.mutant(evidence=text.not_finite, same_as="one_maximum_for_all_edges")
def one_maximum_that_starts_at_zero(q, k, v, receivers, senders):
    return _relative_to(lambda scores: scores.max(initial=0), q, k, v, receivers, senders)


@EXERCISE.mutant(evidence=text.not_finite, same_as="one_maximum_for_all_edges")
def one_maximum_and_no_edge_forgotten(q, k, v, receivers, senders):
    return _relative_to(lambda scores: scores.max(), q, k, v, receivers, senders)


@EXERCISE.mutant
def edge_counted_once(q, k, v, receivers, senders):
    edges = np.unique(np.stack([receivers, senders]), axis=1)
    return _reference(q, k, v, edges[0], edges[1])


@EXERCISE.mutant
def divided_by_d_k(q, k, v, receivers, senders):
    return _reference(q / np.sqrt(q.shape[-1]), k, v, receivers, senders)


@EXERCISE.mutant
def queries_and_keys_swapped(q, k, v, receivers, senders):
    return _reference(k, q, v, receivers, senders)


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


@EXERCISE.holds("a single edge from node 2 to node 0 takes the value of node 2 to node 0, and nothing anywhere else")
def tiny_example(call):
    out = call(_q, _k, _v, np.array([0]), np.array([2]))
    if out.shape != _v.shape:
        return f"the result is {text.shape(out)} for 9 nodes and values of width 3"
    if not np.abs(out[0] - _v[2]).max() < 1e-4:
        return f"output 0 begins {text.number(out[0, 0])}, the value {text.number(_v[2, 0])}"
    return None if np.abs(out[1:]).max() < 1e-4 else f"the largest other entry is {text.number(np.abs(out[1:]).max())}"


@EXERCISE.holds("a score higher by the logarithm of 3 makes a weight three times as large")
def by_hand(call):
    out = call(*_with_scores(np.array([[0.0, np.log(3)], [0, 0]]), np.array([[True, True], [False, False]])))[0]
    return None if np.allclose(out, [0.25, 0.75], atol=1e-4) else f"with the scores 0 and log 3 the weights are {text.numbers(out)}"


@EXERCISE.holds("scores of 1000 and -1000 do no harm, in one graph")
def large_scores(call):
    scores = np.array([[1000.0, 1001.0], [-1000.0, -999.0]])
    out = call(*_with_scores(scores, np.ones((2, 2), dtype=bool)))
    good = np.allclose(out, [0.269, 0.731], atol=1e-3)
    return None if good else f"scores of 1000 and 1001 get the weights {text.numbers(out[0])}, -1000 and -999 get {text.numbers(out[1])}"


@EXERCISE.holds("an edge listed twice counts twice")
def twice(call):
    q, k = with_scores(np.zeros((2, 2)))
    out = call(q, k, np.eye(2), np.array([0, 0, 0]), np.array([0, 1, 1]))[0]
    return None if np.allclose(out, [1 / 3, 2 / 3], atol=1e-4) else f"equal scores, the second edge listed twice: the weights are {text.numbers(out)}"


@EXERCISE.holds("only a node's senders count")
def senders_alone(call):
    q, k, v, receivers, senders = _case_some
    for node in range(len(q)):
        unheard = ~np.isin(np.arange(len(q)), senders[receivers == node])
        gap = np.abs(call(q, k, v + 9 * unheard[:, None], receivers, senders) - call(q, k, v, receivers, senders))[node].max()
        if not gap < 1e-4:
            return f"output {node} moves by {text.number(gap)} when the values of those grow that send it nothing"
    return None
