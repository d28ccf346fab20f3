"""How a query should move: the gradient of attention with respect to the query."""

from __future__ import annotations

import numpy as np

from attnlab import reference
from attnlab.exercises import _text as text
from attnlab.exercises._exercise import Exercise
from attnlab.exercises._probes import comes_out, with_scores

EXERCISE = Exercise(
    id="fundamentals.query_gradient",
    title="Which way should the query turn?",
    level="analyse",
    minutes=20,
    difficulty=3,
    page="fundamentals/mathematics",
    headings=("The gradient, one link at a time",),
    statement=r"""
    One query $q$ ($d$ numbers) has the scores $s_j = q \cdot k_j / \sqrt d$, the weights $a = \operatorname{softmax}(s)$ and the output $o = \sum_j a_j v_j$. The loss's
    gradient with respect to the output is given as `d_output`. Return its gradient with respect to the **query**. Scores of 1000 and of -1000 must come out right.

    A tiny example: `q = [0]`, keys `[[1], [-1]]`, values `[[1], [0]]`, `d_output = [1]` give `[0.5]`: turning towards the first key raises the output.
    """,
    slot='''
    def query_gradient(q, k, v, d_output):
        """Gradient of the loss with respect to q.

        q: (d,), k: (keys, d), v: (keys, d_v), d_output: (d_v,); result: (d,)
        """
        # YOUR CODE HERE
        ...
    ''',
    hints=(
        "If all values are equal the output cannot be changed by turning the query. What must the gradient be then?",
        r"Three links: $\bar a_j = \bar o \cdot v_j$; then back through the softmax, $\bar s_j = a_j (\bar a_j - \sum_l a_l \bar a_l)$; then $\bar q = \sum_j \bar s_j k_j / \sqrt d$.",
        "```python\nscale = 1 / np.sqrt(____)\nscores = k @ q * scale\na = np.exp(scores - scores.max())\na = a / ____\n"
        "d_a = ____ @ d_output\nd_s = a * (____)\nreturn scale * ____ @ k\n```",
    ),
    parsons=("chain_softmax_skipped", "chain_scale_forgotten"),
    why=r"""
    The gradient is a sum of keys: towards those whose values do better than the present output, away from the others, each by its weight.

    **The two most common mistakes.** Going back through the softmax as if it were not there, or along its diagonal only. Forgetting the scale: it belongs
    to the way from $q$ to $s$, in both directions.

    **Cost.** That of the forward pass, twice: one product with the values and one with the keys.
    """,
    verified="equal to the gradient for eight cases, one key, whole numbers, scores of 1000 and of -1000 among them, and to finite differences of the loss.",
    next_thought="the weight of the key that would help most is exactly 0; what does the gradient say?",
    reference=lambda q, k, v, d_output: reference.attention_gradient(q[None], k, v, d_output[None])[0][0],
)

_rng = np.random.default_rng(10)


def _case(m, d, d_v):
    return [_rng.normal(size=size) for size in ((d,), (m, d), (m, d_v), (d_v,))]


_first = _case(7, 3, 5)
EXERCISE.probe("7 keys of width 3, values of width 5", *_first)
EXERCISE.probe("2 keys of width 5, values of width 1", *_case(2, 5, 1))
EXERCISE.probe("11 keys of width 2, values of width 3", *_case(11, 2, 3))
EXERCISE.probe("5 keys, all widths 5", *_case(5, 5, 5))
EXERCISE.probe("one key", *_case(1, 3, 2))
EXERCISE.probe("whole numbers", np.array([1, -1]), np.array([[2, 0], [0, 1], [1, 1]]), np.array([[1], [0], [3]]), np.array([2]))


def _with_scores(*scores):
    """Keys with exactly these scores, and values of which each feature belongs to one key."""
    q, k = with_scores(np.array([scores]))
    return q[0], k, np.eye(len(scores)) * 5, np.arange(1.0, len(scores) + 1)


EXERCISE.probe("scores of 1000", *_with_scores(1000.0, 1001.0, 998.5, -4000.0), extreme=True)
EXERCISE.probe("scores of -1000", *_with_scores(-1000.0, -1001.0, -1000.5), extreme=True)


def _forward(q, k):
    return reference.softmax(k @ q / np.sqrt(len(q)))


def _back(d_s, q, k, scale=None):
    return (1 / np.sqrt(len(q)) if scale is None else scale) * d_s @ k


@EXERCISE.solve
def query_gradient_solution(q, k, v, d_output):
    scale = 1 / np.sqrt(len(q))
    scores = k @ q * scale
    a = np.exp(scores - scores.max())
    a = a / a.sum()
    d_a = v @ d_output
    d_s = a * (d_a - a @ d_a)
    return scale * d_s @ k


@EXERCISE.mutant
def chain_softmax_skipped(q, k, v, d_output):
    scale = 1 / np.sqrt(len(q))
    d_s = v @ d_output
    return scale * d_s @ k


@EXERCISE.mutant
def chain_scale_forgotten(q, k, v, d_output):
    scale = 1 / np.sqrt(len(q))
    scores = k @ q * scale
    a = np.exp(scores - scores.max())
    a = a / a.sum()
    d_a = v @ d_output
    d_s = a * (d_a - a @ d_a)
    return d_s @ k


@EXERCISE.mutant
def chain_scale_twice(q, k, v, d_output):
    a, d_a = _forward(q, k), v @ d_output
    return _back(a * (d_a - a @ d_a), q, k, 1 / len(q))


@EXERCISE.mutant
def chain_ends_at_the_keys(q, k, v, d_output):
    return _back(_forward(q, k), q, k)


@EXERCISE.mutant(evidence=text.shapes)
def chain_values_for_keys(q, k, v, d_output):
    a, d_a = _forward(q, k), v @ d_output
    return _back(a * (d_a - a @ d_a), q, v)


@EXERCISE.mutant
def jacobian_diagonal_only(q, k, v, d_output):
    a = _forward(q, k)
    return _back(a * (1 - a) * (v @ d_output), q, k)


@EXERCISE.mutant
def mean_gain_not_subtracted(q, k, v, d_output):
    return _back(_forward(q, k) * (v @ d_output), q, k)


@EXERCISE.mutant
def mean_gain_unweighted(q, k, v, d_output):
    d_a = v @ d_output
    return _back(_forward(q, k) * (d_a - d_a.mean()), q, k)


@EXERCISE.mutant
def gradient_sign_reversed(q, k, v, d_output):
    a, d_a = _forward(q, k), v @ d_output
    return _back(a * (a @ d_a - d_a), q, k)


@EXERCISE.mutant(evidence=text.not_finite)
def chain_without_maximum(q, k, v, d_output):
    powers, d_a = np.exp(k @ q / np.sqrt(len(q))), v @ d_output
    a = powers / powers.sum()
    return _back(a * (d_a - a @ d_a), q, k)


@EXERCISE.mutant
def chain_scores_not_scaled(q, k, v, d_output):
    a, d_a = reference.softmax(k @ q), v @ d_output
    return _back(a * (d_a - a @ d_a), q, k)


@EXERCISE.mutant
def chain_never_scaled(q, k, v, d_output):
    a, d_a = reference.softmax(k @ q), v @ d_output
    return _back(a * (d_a - a @ d_a), q, k, 1.0)


@EXERCISE.mutant
def chain_scale_of_the_values(q, k, v, d_output):
    scale = 1 / np.sqrt(v.shape[1])
    a, d_a = reference.softmax(k @ q * scale), v @ d_output
    return _back(a * (d_a - a @ d_a), q, k, scale)


@EXERCISE.mutant
def chain_weights_left_out(q, k, v, d_output):
    a, d_a = _forward(q, k), v @ d_output
    return _back(d_a - a @ d_a, q, k)


@EXERCISE.holds("with equal values the gradient is zero")
def equal_values(call):
    q, k, _, d_output = _first
    out = np.abs(call(q, k, np.ones((7, 5)), d_output)).max()
    return None if out < 1e-6 else f"an entry is {text.number(out)}"


@EXERCISE.holds("adding one vector to all keys changes nothing")
def shifted_keys(call):
    q, k, v, d_output = _first
    gap = np.abs(call(q, k + 2, v, d_output) - call(q, k, v, d_output)).max()
    return None if gap < 1e-4 else f"an entry moves by {text.number(gap)}"


@EXERCISE.holds("a small step along the gradient raises the loss by its squared length")
def finite_difference(call):
    q, k, v, d_output = _first
    g, step = call(q, k, v, d_output), 1e-5
    up, down = ((_forward(q + sign * step * g, k) @ v) @ d_output for sign in (1, -1))
    slope, expected = float((up - down) / (2 * step)), float((g**2).sum())
    return None if abs(slope - expected) < 1e-4 else f"the slope is {text.number(slope)}, the squared length {text.number(expected)}"


EXERCISE.holds("the example of the statement comes out")(
    comes_out([0.5], np.array([0]), np.array([[1], [-1]]), np.array([[1], [0]]), np.array([1])))
EXERCISE.holds("a single key gets no gradient")(
    comes_out([0, 0], np.array([1.0, 2.0]), np.array([[3.0, -1.0]]), np.array([[5.0]]), np.array([2.0])))


@EXERCISE.holds("scores that are all higher by 1000 have the same gradient")
def far_from_zero(call):
    low, high, below = (call(*_with_scores(*(np.array([0.0, 1.0, -1.5]) + far))) for far in (0, 1000, -1000))
    for name, out in (("1000", high), ("-1000", below)):
        gap = np.abs(out - low).max()
        if not gap < 1e-3:
            return f"with scores of {name} an entry moves by {text.number(gap)}"
    return None


@EXERCISE.holds("twice the loss has twice the gradient")
def linear(call):
    q, k, v, d_output = _first
    gap = np.abs(call(q, k, v, 2 * d_output) - 2 * call(q, k, v, d_output)).max()
    return None if gap < 1e-3 else f"an entry is off by {text.number(gap)}"
