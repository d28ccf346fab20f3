"""The gradient of a scale that is learned, as with normalised queries and keys."""

from __future__ import annotations

import numpy as np

from attnlab import reference
from attnlab.exercises import _text as text
from attnlab.exercises._exercise import Exercise
from attnlab.reference import softmax


def _tables(q, k, v, scale, d_output):
    """Raw products, weights, and the gradient of the weights."""
    return q @ k.T, reference.softmax(scale * q @ k.T), d_output @ v.T


def _d_scores(weights, d_weights):
    return weights * (d_weights - (weights * d_weights).sum(axis=-1, keepdims=True))


def _reference(q, k, v, scale, d_output):
    raw, weights, d_weights = _tables(q, k, v, scale, d_output)
    return (_d_scores(weights, d_weights) * raw).sum()


EXERCISE = Exercise(
    id="self_attention.scale_gradient",
    title="A scale that learns",
    level="analyse",
    minutes=20,
    difficulty=2,
    page="self_attention/why_scale",
    headings=("What flows back",),
    statement=r"""
    With normalised queries and keys the factor on the scores is a **parameter**: $A = \operatorname{softmax}(c\, Q K^\top)$ and $O = A V$, with one number $c$ for the whole head. Given `d_output`, the gradient $\bar O$, return the gradient of $c$, one number.

    A tiny example: one query `[[1]]`, keys `[[0], [1]]`, values `[[0], [1]]`, $c = 0$ and `d_output = [[1]]`. Both weights are one half, and the gradient is `0.25`: a larger $c$ moves weight to the second key, whose value raises the output.
    """,
    slot='''
    def scale_gradient(q, k, v, scale, d_output):
        """The gradient of the learned factor on the scores.

        q: (n, d_k), k: (m, d_k), v: (m, d_v), scale: a number, d_output: (n, d_v)
        result: a number
        """
        # YOUR CODE HERE
        ...
    ''',
    imports=("import numpy as np", "from attnlab.reference import softmax"),
    hints=(
        "Adding one vector to all keys changes no weight, so it cannot change this gradient either.",
        r"Undo the steps: from $\bar O$ to $\bar A$, from $\bar A$ to $\bar S$. Each score is $c$ times a product $q_i \cdot k_j$: how does it change with $c$? Add up over all pairs.",
        "```python\nraw = q @ k.T\nweights = softmax(____)\nd_weights = ____\n"
        "mean = (weights * d_weights).sum(axis=-1, keepdims=True)\nd_scores = weights * (____)\nreturn (____).sum()\n```",
    ),
    parsons=("scale_gradient_of_scaled_scores", "row_mean_left_out"),
    why=r"""
    The derivative of $c\, q_i \cdot k_j$ with respect to $c$ is $q_i \cdot k_j$, and the same $c$ stands in every score: $\bar c = \sum_{ij} \bar S_{ij}\, q_i \cdot k_j$. It is positive where weight should move to keys with *small* products: a training step goes against it, and the rows become flatter.

    **The two most common mistakes.** Multiplying by the scaled scores, which is $c$ times too much. Leaving out the mean of the row: then $\bar c$ changes when all keys move together.

    **Cost.** Everything but the last product and sum is there in any backward pass.
    """,
    verified="the slope of a loss for small, large and negative factors, and unequal sizes.",
    next_thought="what is this gradient when every row has settled on one key, and what does that mean for a scale that has grown too large?",
    reference=_reference,
)

_rng = np.random.default_rng(83)


def _draw(n, m, d, d_v, scale):
    return _rng.normal(size=(n, d)), _rng.normal(size=(m, d)), _rng.normal(size=(m, d_v)), scale, _rng.normal(size=(n, d_v))


EXERCISE.probe("5 queries, 7 keys, a factor of 0.6", *_draw(5, 7, 3, 2, 0.6))
EXERCISE.probe("3 queries, 11 keys, a factor of 1.5", *_draw(3, 11, 2, 5, 1.5))
EXERCISE.probe("4 queries, 4 keys, all widths 4, a factor of 0.3", *_draw(4, 4, 4, 4, 0.3))
EXERCISE.probe("1 query, 2 keys, a factor of 0", *_draw(1, 2, 5, 3, 0.0))
EXERCISE.probe("2 queries, 5 keys, a factor of -0.8", *_draw(2, 5, 3, 1, -0.8))


@EXERCISE.solve
def scale_gradient_solution(q, k, v, scale, d_output):
    raw = q @ k.T
    weights = softmax(scale * raw)
    d_weights = d_output @ v.T
    mean = (weights * d_weights).sum(axis=-1, keepdims=True)
    d_scores = weights * (d_weights - mean)
    return (d_scores * raw).sum()


@EXERCISE.mutant
def scale_gradient_of_scaled_scores(q, k, v, scale, d_output):
    raw = q @ k.T
    weights = softmax(scale * raw)
    d_weights = d_output @ v.T
    mean = (weights * d_weights).sum(axis=-1, keepdims=True)
    d_scores = weights * (d_weights - mean)
    return (d_scores * scale * raw).sum()


@EXERCISE.mutant
def row_mean_left_out(q, k, v, scale, d_output):
    raw = q @ k.T
    weights = softmax(scale * raw)
    d_weights = d_output @ v.T
    d_scores = weights * d_weights
    return (d_scores * raw).sum()


@EXERCISE.mutant
def softmax_not_differentiated(q, k, v, scale, d_output):
    raw, _, d_weights = _tables(q, k, v, scale, d_output)
    return (d_weights * raw).sum()


@EXERCISE.mutant
def learned_scale_ignored(q, k, v, scale, d_output):
    return _reference(q, k, v, 1 / np.sqrt(q.shape[-1]), d_output) if scale else _reference(q, k, v, 1.0, d_output)


@EXERCISE.mutant
def scale_gradient_averaged(q, k, v, scale, d_output):
    raw, weights, d_weights = _tables(q, k, v, scale, d_output)
    return (_d_scores(weights, d_weights) * raw).mean()


@EXERCISE.mutant
def step_taken_for_the_gradient(q, k, v, scale, d_output):
    return -_reference(q, k, v, scale, d_output)


@EXERCISE.mutant
def mean_of_the_column(q, k, v, scale, d_output):
    raw, weights, d_weights = _tables(q, k, v, scale, d_output)
    return (weights * (d_weights - (weights * d_weights).sum(axis=0, keepdims=True)) * raw).sum()


_q, _k, _v, _, _d_output = _draw(5, 7, 3, 2, 0.0)


@EXERCISE.holds("it is the slope of the loss")
def slope(call):
    loss = [(reference.attention(_q, _k, _v, scale=0.7 + step) * _d_output).sum() for step in (1e-4, -1e-4)]
    wanted, found = (loss[0] - loss[1]) / 2e-4, float(call(_q, _k, _v, 0.7, _d_output))
    return None if abs(found - wanted) < 1e-3 else f"at 0.7 the loss has the slope {text.number(wanted)}, yours is {text.number(found)}"


@EXERCISE.holds("one vector added to all keys changes nothing")
def keys_together(call):
    gap = abs(float(call(_q, _k, _v, 0.7, _d_output)) - float(call(_q, _k + 3.0, _v, 0.7, _d_output)))
    return None if gap < 1e-3 else f"it changes by {text.number(gap)}"


@EXERCISE.holds("two halves of the queries add up to the whole")
def queries_add_up(call):
    whole = float(call(_q, _k, _v, 0.7, _d_output))
    halves = float(call(_q[:2], _k, _v, 0.7, _d_output[:2])) + float(call(_q[2:], _k, _v, 0.7, _d_output[2:]))
    return None if abs(whole - halves) < 1e-4 else f"the whole is {text.number(whole)}, the halves are {text.number(halves)}"
