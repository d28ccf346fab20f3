"""Rollout: weights followed through all layers."""

from __future__ import annotations

import numpy as np

from attnlab import reference
from attnlab.exercises import _text as text
from attnlab.exercises._exercise import Exercise
from attnlab.studies import probe


def _reference(weights):
    return probe.rollout(weights)[-1]


EXERCISE = Exercise(
    id="self_attention.rollout",
    title="Follow the weights down to the input",
    level="apply",
    minutes=15,
    difficulty=2,
    page="self_attention/patterns",
    headings=("Rollout: weights through all layers",),
    statement=r"""
    Given the weights of all layers and heads, (layers, heads, n, n), layer 0 being next to the input, return the **rollout** of the last layer, (n, n): with $\bar A_l$ the mean over heads,

    $$C_l = \tfrac12 \bar A_l + \tfrac12 I, \qquad R_0 = C_0, \qquad R_l = C_l\, R_{l-1} .$$

    Tiny example: one layer with one head that always looks at token 0, two tokens: `[[1, 0], [0.5, 0.5]]`.
    """,
    slot='''
    def rollout(weights):
        """In which shares the input tokens have reached each token of the last layer.

        weights: (layers, heads, n, n), queries in rows, layer 0 next to the input; result: (n, n)
        """
        # YOUR CODE HERE
        ...
    ''',
    hints=(
        "Every row of the result adds up to 1, and a single layer gives back half of its mean table and half of the identity.",
        r"A token asks its own layer, and that layer asks the one below: $R = C_{L-1} \cdots C_1 C_0$, the last layer on the left.",
        "```python\nreached = np.eye(weights.shape[-1])\nfor layer in weights:\n"
        "    step = 0.5 * layer.____ + 0.5 * ____\n    reached = ____ @ ____\nreturn reached\n```",
    ),
    parsons=("rollout_first_layer_on_the_left", "rollout_without_residual"),
    why=r"""
    Each factor is a table of distributions, and a product of such tables is one again: the sum over all paths of the products along them. Starting from the identity saves a special case for layer 0.

    **The two most common mistakes.** Multiplying in the order of reading, which puts the first layer on the left. Adding the identity without halving, so that rows grow to $2^L$.

    **Cost.** $L$ products of $n \times n$ matrices.
    """,
    verified="equal to the definition for one, two, three and five layers, and rows add up to 1.",
    next_thought="what does rollout say if every layer looks only at token 0, and what happens to that as layers are added?",
    reference=_reference,
)


def _draw(layers, heads, n, seed):
    return reference.softmax(2 * np.random.default_rng(seed).normal(size=(layers, heads, n, n)))


EXERCISE.probe("three layers, two heads, five tokens", _draw(3, 2, 5, 41))
EXERCISE.probe("one layer, three heads, four tokens", _draw(1, 3, 4, 42))
EXERCISE.probe("two layers, one head, three tokens", _draw(2, 1, 3, 43))
EXERCISE.probe("five layers, five heads, five tokens", _draw(5, 5, 5, 44))


@EXERCISE.solve
def rollout_solution(weights):
    n = weights.shape[-1]
    reached = np.eye(n)
    for layer in weights:
        step = 0.5 * layer.mean(axis=0) + 0.5 * np.eye(n)
        reached = step @ reached
    return reached


def _product(steps):
    reached = np.eye(steps.shape[-1])
    for step in steps:
        reached = step @ reached
    return reached


def _steps(weights):
    return 0.5 * weights.mean(axis=1) + 0.5 * np.eye(weights.shape[-1])


@EXERCISE.mutant
def rollout_first_layer_on_the_left(weights):
    n = weights.shape[-1]
    reached = np.eye(n)
    for layer in weights:
        step = 0.5 * layer.mean(axis=0) + 0.5 * np.eye(n)
        reached = reached @ step
    return reached


@EXERCISE.mutant
def rollout_without_residual(weights):
    n = weights.shape[-1]
    reached = np.eye(n)
    for layer in weights:
        reached = layer.mean(axis=0) @ reached
    return reached


@EXERCISE.mutant(evidence=text.row_sums)
def rollout_not_halved(weights):
    return _product(weights.mean(axis=1) + np.eye(weights.shape[-1]))


@EXERCISE.mutant(evidence=text.row_sums)
def rollout_divided_by_column(weights):
    step = weights.mean(axis=1) + np.eye(weights.shape[-1])
    return _product(step / step.sum(axis=-2, keepdims=True))


@EXERCISE.mutant
def rollout_of_the_last_layer_alone(weights):
    return _steps(weights)[-1]


@EXERCISE.mutant
def rollout_layers_for_heads(weights):
    return _product(_steps(weights.swapaxes(0, 1)))


@EXERCISE.mutant
def rollout_averaged_over_layers(weights):
    return _steps(weights).mean(axis=0)


@EXERCISE.mutant(evidence=text.row_sums)
def rollout_of_the_strongest_head(weights):
    return _product(0.5 * weights.max(axis=1) + 0.5 * np.eye(weights.shape[-1]))


@EXERCISE.mutant
def rollout_entry_by_entry(weights):
    reached = np.ones(weights.shape[-2:])
    for step in _steps(weights):
        reached = step * reached
    return reached


@EXERCISE.mutant
def rollout_residual_once(weights):
    reached = _product(weights.mean(axis=1))
    return 0.5 * reached + 0.5 * np.eye(weights.shape[-1])


@EXERCISE.holds("every row adds up to 1")
def rows(call):
    sums = np.asarray(call(_draw(3, 2, 5, 45))).sum(axis=-1)
    return None if np.abs(sums - 1).max() < 1e-6 else f"the first rows add up to {text.numbers(sums, 3)}"


@EXERCISE.holds("two layers that look one token back give a quarter, a half, a quarter")
def triangle(call):
    back = np.eye(4, k=-1)
    back[0, 0] = 1
    row = np.asarray(call(np.stack([back, back])[:, None]))[3]
    return None if np.abs(row - [0, 0.25, 0.5, 0.25]).max() < 1e-6 else f"the last row is {text.numbers(row)}"


@EXERCISE.holds("all heads of a layer count alike")
def heads_exchanged(call):
    weights = _draw(3, 3, 5, 46)
    gap = np.abs(call(weights[:, ::-1].copy()) - call(weights)).max()
    return None if gap < 1e-4 else f"exchanging heads moves an entry by {text.number(gap)}"


@EXERCISE.holds("the last layer stands on the left")
def order(call):
    first, back = np.zeros((3, 3)), np.eye(3, k=-1)
    first[:, 0] = back[0, 0] = 1
    row = np.asarray(call(np.stack([first, back])[:, None]))[2]
    return None if np.allclose(row, [0.5, 0.25, 0.25], atol=1e-4) else f"first all to token 0, then one token back: the last row is {text.numbers(row)}, expected 0.5, 0.25, 0.25"


@EXERCISE.holds("one layer that always looks at token 0 gives 1, 0 and 0.5, 0.5")
def tiny_example(call):
    out = call(np.array([[[[1.0, 0.0], [1.0, 0.0]]]]))
    return None if np.allclose(out, [[1, 0], [0.5, 0.5]], atol=1e-4) else f"it gives {text.numbers(out)}"


@EXERCISE.holds("a layer on top multiplies what has been reached so far from the left")
def one_layer_more(call):
    weights = _draw(5, 2, 4, 47)
    top = 0.5 * weights[-1].mean(axis=0) + 0.5 * np.eye(4)
    gap = np.abs(call(weights) - top @ call(weights[:-1])).max()
    return None if gap < 1e-4 else f"with five layers instead of four an entry differs by {text.number(gap)} from that"
