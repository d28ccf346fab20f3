"""How the keys should move: the gradient of attention with a Gaussian score with respect to the keys."""

from __future__ import annotations

import numpy as np

from attnlab import reference
from attnlab.exercises import _text as text
from attnlab.exercises._exercise import Exercise
from attnlab.exercises._probes import comes_out


def _reference(q, k, v, d_output, width):
    a = reference.softmax(-((q - k) ** 2).sum(axis=-1) / (2 * width**2))
    jacobian = np.diag(a) - np.outer(a, a)
    return (jacobian @ (v @ d_output))[:, None] * (q - k) / width**2


EXERCISE = Exercise(
    id="fundamentals.key_gradient",
    title="Which way should the keys move?",
    level="analyse",
    minutes=25,
    difficulty=3,
    page="fundamentals/mathematics",
    headings=("The gradient, one link at a time",),
    statement=r"""
    One query $q$ ($d$ numbers) is compared with each key by a Gaussian score of width $w$, $s_j = -\lVert q - k_j \rVert^2 / (2 w^2)$; the weights are $a = \operatorname{softmax}(s)$ and the output
    is $o = \sum_j a_j v_j$. The loss's gradient with respect to the output is given as `d_output`. Return its gradient with respect to the **keys**. It must come out right for narrow
    widths too, far from all keys, and with some keys near and others far.

    A tiny example: `q = [0]`, keys `[[1], [-1]]`, values `[[1], [0]]`, `d_output = [1]` and width 1 give `[[-0.25], [-0.25]]`: moving the first key to the query, or the second one away, raises the output.
    """,
    slot='''
    def key_gradient(q, k, v, d_output, width):
        """Gradient of the loss with respect to every key.

        q: (d,), k: (keys, d), v: (keys, d_v), d_output: (d_v,), width: a number above 0; result: (keys, d)
        """
        # YOUR CODE HERE
        ...
    ''',
    hints=(
        "A key that stands exactly at the query gets no gradient, since its score is at its peak there. If all values are equal no key gets one.",
        r"Three links: $\bar a_j = \bar o \cdot v_j$; then back through the softmax, $\bar s_j = a_j (\bar a_j - \sum_l a_l \bar a_l)$; then $\bar k_j = \bar s_j\, \partial s_j / \partial k_j$. Differentiate the square.",
        "```python\ngaps = ____ - k\nscores = -(gaps**2).sum(axis=1) / (2 * width**2)\na = np.exp(scores - scores.max())\na = a / ____\n"
        "d_a = ____ @ d_output\nd_s = a * (____)\nreturn d_s[:, None] * ____ / ____\n```",
    ),
    parsons=("chain_softmax_skipped", "chain_width_left_out"),
    why=r"""
    $\partial s_j / \partial k_j = (q - k_j) / w^2$: minus that of the query, since only the difference counts. A key's score depends on no other key, so the last link has no sum over $j$.

    **The two most common mistakes.** Going back through the softmax as if it were not there, or along its diagonal only. The sign: the page prints the derivative with respect to the *query*.

    **Cost.** About twice that of the forward pass.
    """,
    verified="equal to the full Jacobian for nine cases, one key, whole numbers, a narrow width, near and far keys together and a query far from all, and to finite differences of the loss.",
    next_thought="add up the gradients of all keys: what is the gradient of the query?",
    reference=_reference,
)

_rng = np.random.default_rng(10)


def _case(m, d, d_v, width):
    return [*(_rng.normal(size=size) for size in ((d,), (m, d), (m, d_v), (d_v,))), width]


_first = _case(7, 3, 5, 1.5)
EXERCISE.probe("7 keys of width 3, values of width 5", *_first)
EXERCISE.probe("2 keys of width 5, values of width 1", *_case(2, 5, 1, 2.0))
EXERCISE.probe("11 keys of width 2, values of width 3", *_case(11, 2, 3, 0.8))
EXERCISE.probe("5 keys, all widths 5", *_case(5, 5, 5, 2.5))
EXERCISE.probe("one key", *_case(1, 3, 2, 1.0))
EXERCISE.probe("whole numbers", np.array([1, -1]), np.array([[2, 0], [0, 1], [1, 1]]), np.array([[1], [0], [3]]), np.array([2]), 2)
EXERCISE.probe("two keys near the query and two far away, at width 0.5", np.zeros(2), np.array([[40.0, 3.0], [0.5, 0.0], [0.0, -0.6], [-30.0, 50.0]]),
               _rng.normal(size=(4, 3)), np.array([1.0, -2.0, 0.5]), 0.5, extreme=True)
EXERCISE.probe("the query 40 away from all keys", np.array([40.0]), np.array([[0.0], [0.02], [-0.01]]), np.array([[1.0], [3.0], [-2.0]]), np.array([1.0]), 1.0, extreme=True)
EXERCISE.probe("the query 600 away from all keys", np.full(2, 600.0), np.array([[0.0, 1.0], [1.0, 0.0], [0.0, 0.5]]), np.array([[1.0], [3.0], [-2.0]]), np.array([1.0]), 3.0, extreme=True)


def _forward(q, k, width):
    scores = -((q - k) ** 2).sum(axis=-1) / (2 * width**2)
    powers = np.exp(scores - scores.max())
    return powers / powers.sum()


def _back(d_s, q, k, width):
    return d_s[:, None] * (q - k) / width**2


def _through(a, d_a):
    return a * (d_a - a @ d_a)


@EXERCISE.solve
def key_gradient_solution(q, k, v, d_output, width):
    gaps = q - k
    scores = -(gaps**2).sum(axis=1) / (2 * width**2)
    a = np.exp(scores - scores.max())
    a = a / a.sum()
    d_a = v @ d_output
    d_s = a * (d_a - a @ d_a)
    return d_s[:, None] * gaps / width**2


@EXERCISE.mutant
def chain_softmax_skipped(q, k, v, d_output, width):
    gaps = q - k
    d_s = v @ d_output
    return d_s[:, None] * gaps / width**2


@EXERCISE.mutant
def chain_width_left_out(q, k, v, d_output, width):
    gaps = q - k
    scores = -(gaps**2).sum(axis=1) / (2 * width**2)
    a = np.exp(scores - scores.max())
    a = a / a.sum()
    d_a = v @ d_output
    d_s = a * (d_a - a @ d_a)
    return d_s[:, None] * gaps


@EXERCISE.mutant
def chain_width_not_squared(q, k, v, d_output, width):
    return _reference(q, k, v, d_output, width) * width


@EXERCISE.mutant
def kernel_half_forgotten(q, k, v, d_output, width):
    return _reference(q, k, v, d_output, width / np.sqrt(2))


@EXERCISE.mutant
def jacobian_diagonal_only(q, k, v, d_output, width):
    a = _forward(q, k, width)
    return _back(a * (1 - a) * (v @ d_output), q, k, width)


@EXERCISE.mutant
def mean_gain_not_subtracted(q, k, v, d_output, width):
    return _back(_forward(q, k, width) * (v @ d_output), q, k, width)


@EXERCISE.mutant
def mean_gain_unweighted(q, k, v, d_output, width):
    d_a = v @ d_output
    return _back(_forward(q, k, width) * (d_a - d_a.mean()), q, k, width)


@EXERCISE.mutant
def gradient_sign_reversed(q, k, v, d_output, width):
    return -_reference(q, k, v, d_output, width)


@EXERCISE.mutant(evidence=text.shapes)
def chain_summed_over_the_keys(q, k, v, d_output, width):
    return -_reference(q, k, v, d_output, width).sum(axis=0)


@EXERCISE.mutant
def chain_of_a_dot_product(q, k, v, d_output, width):
    a = _forward(q, k, width)
    return _through(a, v @ d_output)[:, None] * q / width**2


@EXERCISE.mutant(evidence=text.not_finite)
def chain_without_maximum(q, k, v, d_output, width):
    powers = np.exp(-((q - k) ** 2).sum(axis=-1) / (2 * width**2))
    a = powers / powers.sum()
    return _back(_through(a, v @ d_output), q, k, width)


@EXERCISE.mutant
def chain_weights_left_out(q, k, v, d_output, width):
    a, d_a = _forward(q, k, width), v @ d_output
    return _back(d_a - a @ d_a, q, k, width)


@EXERCISE.holds("with equal values no key gets a gradient")
def equal_values(call):
    q, k, _, d_output, width = _first
    out = np.abs(call(q, k, np.ones((7, 5)), d_output, width)).max()
    return None if out < 1e-6 else f"an entry is {text.number(out)}"


@EXERCISE.holds("a key that stands at the query gets no gradient")
def at_the_query(call):
    q, k, v, d_output, width = _first
    out = np.abs(call(q, np.vstack([q, k[1:]]), v, d_output, width)[0]).max()
    return None if out < 1e-4 else f"an entry of it is {text.number(out)}"


@EXERCISE.holds("moving query and keys together changes nothing")
def moved_together(call):
    q, k, v, d_output, width = _first
    gap = np.abs(call(q + 2, k + 2, v, d_output, width) - call(q, k, v, d_output, width)).max()
    return None if gap < 1e-4 else f"an entry moves by {text.number(gap)}"


@EXERCISE.holds("a small step along the gradient raises the loss by its squared length")
def finite_difference(call):
    q, k, v, d_output, width = _first
    g, step = call(q, k, v, d_output, width), 1e-5
    up, down = ((_forward(q, k + sign * step * g, width) @ v) @ d_output for sign in (1, -1))
    slope, expected = float((up - down) / (2 * step)), float((g**2).sum())
    return None if abs(slope - expected) < 1e-4 else f"the slope is {text.number(slope)}, the squared length {text.number(expected)}"


EXERCISE.holds("the example of the statement comes out")(
    comes_out([[-0.25], [-0.25]], np.array([0]), np.array([[1], [-1]]), np.array([[1], [0]]), np.array([1]), 1))
EXERCISE.holds("a single key gets no gradient")(
    comes_out([[0, 0]], np.array([1.0, 2.0]), np.array([[3.0, -1.0]]), np.array([[5.0]]), np.array([2.0]), 1.0))
EXERCISE.holds("a query 100 away, at width 1, looks at the nearest key alone and gives no gradient")(
    comes_out([[0], [0]], np.array([100.0]), np.array([[0.0], [2.0]]), np.array([[1.0], [0.0]]), np.array([1.0]), 1.0))


@EXERCISE.holds("twice the loss has twice the gradient")
def linear(call):
    q, k, v, d_output, width = _first
    gap = np.abs(call(q, k, v, 2 * d_output, width) - 2 * call(q, k, v, d_output, width)).max()
    return None if gap < 1e-3 else f"an entry is off by {text.number(gap)}"
