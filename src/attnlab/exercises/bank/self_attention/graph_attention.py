"""A graph attention layer on a dense mask: the score is LeakyReLU of the sum of two numbers."""

from __future__ import annotations

import numpy as np

from attnlab.exercises import _text as text
from attnlab.exercises._exercise import Exercise
from attnlab.reference import graph, softmax


def _reference(x, w, g, mask):
    receivers, senders = graph.edges_of(mask)
    h = x @ w
    return graph.message_passing(graph.gat_scores(h, g, receivers, senders), h, receivers, senders, len(x))


EXERCISE = Exercise(
    id="self_attention.graph_attention",
    title="A graph attention layer",
    level="apply",
    minutes=12,
    difficulty=2,
    page="self_attention/graph_view",
    headings=("Graph attention networks",),
    statement=r"""
    A graph attention layer scores an edge from node $j$ to node $i$ by two learned vectors, $g_0$ for the receiver (the node that asks) and $g_1$ for the sender (the node that is asked):

    $$h = x W, \qquad s_{ij} = \operatorname{LeakyReLU}\bigl(g_0 \cdot h_i + g_1 \cdot h_j\bigr), \qquad o_i = \sum_j \operatorname{softmax}(s_{i\cdot})_j\, h_j ,$$

    with $\operatorname{LeakyReLU}(z) = z$ for $z > 0$ and $0.2\,z$ otherwise. The softmax runs over the $j$ for which `mask[i, j]` is True; each node has at least one, not always itself. Scores may run into the thousands, of either sign, also where there is no edge. Write it with a dense mask.

    A tiny example: with `g` zero, every node gets the plain mean of the $h_j$ it is connected to.
    """,
    slot='''
    def graph_attention(x, w, g, mask):
        """One head of a graph attention layer.

        x: (n, d_in), w: (d_in, d_out), g: (2, d_out): g[0] of the receiver, g[1] of the sender
        mask: boolean, (n, n), True = there is an edge from j (column) to i (row); result: (n, d_out)
        """
        # YOUR CODE HERE
        ...
    ''',
    imports=("import numpy as np", "from attnlab.reference import softmax"),
    hints=(
        "Each node has two numbers, one as receiver and one as sender. The table of scores is LeakyReLU of their sum, for every pair.",
        r"A column plus a row gives a table. LeakyReLU comes *before* the mask and the softmax; the values are the projected nodes.",
        "```python\nh = x @ w\nsums = (h @ g[0])[:, None] + ____\nscores = np.where(sums > 0, sums, ____)\nscores = np.where(mask, scores, ____)\nreturn softmax(scores) @ ____\n```",
    ),
    parsons=("asking_and_asked_exchanged", "bent_before_the_sum"),
    why=r"""
    $[h_i \,\|\, h_j]\, g$, as the paper has it, is $g_0 \cdot h_i + g_1 \cdot h_j$: no vector of double width is ever needed.

    **The two most common mistakes.** Exchanging the two halves of $g$: the scores are then those of the transposed table. LeakyReLU on each number before they are added: then node $i$'s own number cancels in its softmax, and all nodes rank
    *and weight* the others alike.

    **Cost.** Two numbers a node instead of a query and a key: cheap scores, but a static ranking, as the chapter shows.
    """,
    verified="equal to message passing along the edges of five masks, for d_in = 7 and d_out = 5, for square sizes, and for scores of 1000.",
    next_thought="for which nodes would the result change if g[0] were zero?",
    reference=_reference,
)

_rng = np.random.default_rng(31)


def _case(mask, d_in, d_out):
    x, w = _rng.normal(size=(len(mask), d_in)), _rng.normal(size=(d_in, d_out)) / np.sqrt(d_in)
    return x, w, _rng.normal(size=(2, d_out)), mask


_some = (_rng.random((11, 11)) < 0.4) | np.eye(11, dtype=bool)
_first = _case(_some, 7, 5)
EXERCISE.probe("11 nodes, d_in = 7, d_out = 5", *_first)
EXERCISE.probe("a causal mask, 5 nodes, all sizes 5", *_case(np.tri(5, dtype=bool), 5, 5))
EXERCISE.probe("all pairs of 7 nodes", *_case(np.ones((7, 7), bool), 3, 2))
_ring = np.roll(np.eye(7, dtype=bool), 1, axis=1) | np.roll(np.eye(7, dtype=bool), 3, axis=1)
EXERCISE.probe("7 nodes that do not see themselves", *_case(_ring, 3, 5))


def _with_numbers(asking, asked, mask):
    """Nodes whose two numbers are exactly these; what comes back are the weights, and the two numbers' means."""
    n = len(asking)
    x = np.column_stack([asking, asked, np.eye(n)])
    return x, np.eye(n + 2), np.eye(2, n + 2), mask


_far = np.array([1000.0, -9000.0, 0.0, 0.0, 0.0]), np.array([0.0, 5.0, 9000.0, -5.0, -9000.0])
_seen = np.array([[1, 1, 0, 1, 1], [1, 1, 0, 1, 1], [1, 0, 0, 1, 0], [0, 0, 1, 0, 0], [1, 1, 0, 0, 1]], dtype=bool)
EXERCISE.probe("scores from -3600 to 10000, the largest where there is no edge", *_with_numbers(*_far, _seen), extreme=True)


def _bent(z, slope=0.2):
    return np.where(z > 0, z, slope * z)


def _mix(scores, mask, values):
    return softmax(np.where(mask, scores, -np.inf)) @ values


def _sums(h, g):
    return (h @ g[0])[:, None] + h @ g[1]


@EXERCISE.solve
def graph_attention_solution(x, w, g, mask):
    h = x @ w
    sums = (h @ g[0])[:, None] + h @ g[1]
    scores = np.where(sums > 0, sums, 0.2 * sums)
    scores = np.where(mask, scores, -np.inf)
    return softmax(scores) @ h


@EXERCISE.mutant
def asking_and_asked_exchanged(x, w, g, mask):
    h = x @ w
    sums = (h @ g[1])[:, None] + h @ g[0]
    scores = np.where(sums > 0, sums, 0.2 * sums)
    scores = np.where(mask, scores, -np.inf)
    return softmax(scores) @ h


@EXERCISE.mutant
def bent_before_the_sum(x, w, g, mask):
    h = x @ w
    asking, asked = h @ g[0], h @ g[1]
    asked = np.where(asked > 0, asked, 0.2 * asked)
    scores = asking[:, None] + asked
    scores = np.where(mask, scores, -np.inf)
    return softmax(scores) @ h


@EXERCISE.mutant
def score_not_bent(x, w, g, mask):
    h = x @ w
    return _mix(_sums(h, g), mask, h)


@EXERCISE.mutant
def cut_off_instead_of_bent(x, w, g, mask):
    h = x @ w
    return _mix(_bent(_sums(h, g), 0.0), mask, h)


@EXERCISE.mutant
def usual_slope(x, w, g, mask):
    h = x @ w
    return _mix(_bent(_sums(h, g), 0.01), mask, h)


@EXERCISE.mutant
def scale_added(x, w, g, mask):
    h = x @ w
    return _mix(_bent(_sums(h, g)) / np.sqrt(h.shape[-1]), mask, h)


@EXERCISE.mutant
def mask_after_softmax(x, w, g, mask):
    h = x @ w
    return softmax(_bent(_sums(h, g))) * mask @ h


@EXERCISE.mutant
def filled_with_a_modest_number(x, w, g, mask):
    h = x @ w
    return softmax(np.where(mask, _bent(_sums(h, g)), -100.0)) @ h


@EXERCISE.mutant(same_as="one_half_for_both")
def other_half_for_both(x, w, g, mask):
    h = x @ w
    return _mix(_bent(_sums(h, g[[1, 1]])), mask, h)


@EXERCISE.mutant
def tanh_instead_of_bent(x, w, g, mask):
    h = x @ w
    return _mix(np.tanh(_sums(h, g)), mask, h)


@EXERCISE.mutant
def one_half_for_both(x, w, g, mask):
    h = x @ w
    return _mix(_bent(_sums(h, g[[0, 0]])), mask, h)


@EXERCISE.mutant
def nodes_mixed_unprojected(x, w, g, mask):
    h = x @ w
    return _mix(_bent(_sums(h, g)), mask, x)


@EXERCISE.mutant
def edges_ignored(x, w, g, mask):
    h = x @ w
    return _mix(_bent(_sums(h, g)), True, h)


@EXERCISE.mutant
def edges_turned_round(x, w, g, mask):
    h = x @ w
    return _mix(_bent(_sums(h, g)), mask.T, h)


@EXERCISE.mutant
def graph_softmax_over_queries(x, w, g, mask):
    h = x @ w
    return softmax(np.where(mask, _bent(_sums(h, g)), -np.inf), axis=0) @ h


@EXERCISE.holds("renaming the nodes renames the outputs")
def equivariant(call):
    x, w, g, mask = _first
    order = np.array([3, 0, 6, 2, 5, 1, 4, 10, 7, 9, 8])
    gap = np.abs(call(x[order], w, g, mask[order][:, order]) - call(x, w, g, mask)[order]).max()
    return None if gap < 1e-4 else f"an entry differs by {text.number(gap)}"


@EXERCISE.holds("a node that is not connected may change and nothing moves")
def no_edge_no_news(call):
    x, w, g, mask = _first
    mask = mask.copy()
    mask[0, 4] = False
    other = x.copy()
    other[4] += 3
    gap = np.abs(call(other, w, g, mask) - call(x, w, g, mask))[0].max()
    return None if gap < 1e-4 else f"output 0 moves by {text.number(gap)} when node 4 changes"


@EXERCISE.holds("with `g` zero every node gets the plain mean of those it is connected to")
def tiny_example(call):
    x, w, g, mask = _first
    mean = mask @ (x @ w) / mask.sum(axis=-1, keepdims=True)
    gap = np.abs(call(x, w, 0 * g, mask) - mean).max()
    return None if gap < 1e-4 else f"an entry differs from the mean by {text.number(gap)}"


@EXERCISE.holds("a node with one edge gets the node at its other end")
def single_edge(call):
    x, w, g, _ = _first
    turned = np.roll(np.eye(len(x), dtype=bool), 1, axis=1)
    gap = np.abs(call(x, w, g, turned) - np.roll(x @ w, -1, axis=0)).max()
    return None if gap < 1e-4 else f"an entry differs by {text.number(gap)}"


def _two_weights(call, *asked):
    """The weights of a node that is connected to two others with these numbers."""
    mask = np.array([[False, True, True], [True, False, False], [True, False, False]])
    return call(*_with_numbers(np.array([0.0, 0, 0]), np.array([0.0, *asked]), mask))[0][3:5]


@EXERCISE.holds("above zero a sum higher by the logarithm of 2 makes a weight twice as large")
def by_hand(call):
    out = _two_weights(call, 0.0, np.log(2))
    return None if np.allclose(out, [1 / 3, 2 / 3], atol=1e-4) else f"the two weights are {text.numbers(out)}"


@EXERCISE.holds("below zero it takes a sum lower by five times as much")
def slope(call):
    out = _two_weights(call, 0.0, -5 * np.log(3))
    return None if np.allclose(out, [0.75, 0.25], atol=1e-4) else f"the two weights are {text.numbers(out)}"


@EXERCISE.holds("the receiver has a say where its number decides on which side of zero a sum lies")
def asking_counts(call):
    asking = np.array([[-2.0, 0, 0], [0.0, 0, 0]])
    mask = np.array([[False, True, True], [True, False, False], [True, False, False]])
    low, high = (call(*_with_numbers(numbers, np.array([0.0, 0, np.log(3)]), mask))[0][4] for numbers in asking)
    good = abs(low - 3**0.2 / (1 + 3**0.2)) < 1e-4 and abs(high - 0.75) < 1e-4
    return None if good else f"the larger weight is {text.number(low)} below zero and {text.number(high)} above, expected 0.555 and 0.75"


@EXERCISE.holds("scores of 1000 do no harm, and the largest may be where there is no edge")
def large_scores(call):
    mask = np.array([[False, True, True, True]] + [[True, False, False, False]] * 3)
    asked = np.array([[9000.0, 1000.0, 1000 + np.log(3), -9000.0], [9000.0, -5000.0, -5000 + 5 * np.log(3), -9000.0]])
    high, low = (call(*_with_numbers(np.array([0.0, -1000, -9000, 0]), numbers, mask))[0][3:6] for numbers in asked)
    good = np.allclose([high, low], [0.25, 0.75, 0], atol=1e-3)
    return None if good else f"weights that should be 0.25, 0.75 and 0 are {text.numbers(high)} at 1000 and {text.numbers(low)} at -1000"
