"""Other weights, the same output."""

from __future__ import annotations

import numpy as np

from attnlab import reference
from attnlab.exercises import _text as text
from attnlab.exercises._exercise import Exercise


def _reference(weights, values):
    constraints = np.vstack([values.T, np.ones(len(weights))])
    free = np.linalg.svd(constraints)[2][np.linalg.matrix_rank(constraints):]
    step = free.T @ (free @ -weights)
    if not (step < -1e-12).any():
        step = free[0]
    falling = step < 0
    return weights + (weights[falling] / -step[falling]).min() * step


EXERCISE = Exercise(
    id="self_attention.same_output",
    title="Other weights, the same output",
    level="create",
    minutes=25,
    difficulty=3,
    page="self_attention/patterns",
    headings=("Are weights an explanation?",),
    statement=r"""
    Given one row of weights $a$ over $m$ keys, all positive, and the values $V$ ($m \times d_v$, with $m > d_v + 1$), return **another** row of weights with the same output, as far away as one step allows. Many answers are right; only this is checked:

    1. no weight is negative and they add up to 1;
    2. the output is the same: $b\,V = a\,V$;
    3. at least one weight of $b$ is 0 (below $10^{-9}$): you went as far as you could in your direction.

    Since all weights of $a$ are positive, the third point makes $b$ different from $a$.
    """,
    slot='''
    def same_output(weights, values):
        """Another row of weights with the same output, at the edge of what is possible.

        weights: (m,), all positive, with sum 1; values: (m, d_v), m > d_v + 1
        result: (m,), none negative, with sum 1, at least one of them 0
        """
        # YOUR CODE HERE
        ...
    ''',
    hints=(
        "Add a direction that changes neither the output nor the sum. Every such direction lowers some weights and raises others.",
        r"You need $\delta$ with $V^\top \delta = 0$ and $\mathbf 1^\top \delta = 0$: a vector in the null space of the $(d_v + 1) \times m$ matrix of "
        r"$V^\top$ with a row of ones below. The last rows of $V_h^\top$ in a full singular value decomposition span it. Then walk $b = a + t\,\delta$ until the first weight reaches 0.",
        "```python\nconstraints = np.vstack([values.T, ____])\ndirection = np.linalg.svd(constraints)[2][____]\n"
        "falling = direction < 0\nstep = (weights[falling] / ____).____()\nreturn weights + step * direction\n```",
    ),
    parsons=("sum_left_free", "walked_past_zero"),
    why=r"""
    There are $m$ unknowns and $d_v + 1$ equations, so at least $m - d_v - 1$ directions are free. The step is the largest that keeps all weights at or above 0: the smallest of the ratios
    $a_j / (-\delta_j)$ over the falling weights.

    **The two most common mistakes.** Forgetting the row of ones, so that the weights no longer add up to 1; and repairing that by dividing afterwards, which changes the output.

    **Cost.** One decomposition of a $(d_v + 1) \times m$ matrix.
    """,
    verified="all three properties, for 3 to 12 keys and values of width 1 to 5.",
    next_thought="how much of the weight could you move if you were allowed many steps, and what stops you?",
    reference=_reference,
    judged_by="properties",
)


def _cases():
    rng = np.random.default_rng(12)
    for m, d in ((3, 1), (5, 2), (12, 5), (7, 2)):
        yield reference.softmax(rng.normal(size=m)), rng.normal(size=(m, d))


_all = list(_cases())
EXERCISE.probe("three keys, values of width 1", *_all[0])
EXERCISE.probe("five keys, values of width 2", *_all[1])
EXERCISE.probe("twelve keys, values of width 5", *_all[2])


def _free(weights, values):
    return np.linalg.svd(np.vstack([values.T, np.ones(len(weights))]))[2][-1]


def _edge(weights, direction):
    falling = direction < 0
    return weights + (weights[falling] / -direction[falling]).min() * direction


@EXERCISE.solve
def same_output_solution(weights, values):
    constraints = np.vstack([values.T, np.ones(len(weights))])
    direction = np.linalg.svd(constraints)[2][-1]
    falling = direction < 0
    step = (weights[falling] / -direction[falling]).min()
    return weights + step * direction


@EXERCISE.mutant
def sum_left_free(weights, values):
    direction = np.linalg.svd(values.T)[2][-1]
    falling = direction < 0
    step = (weights[falling] / -direction[falling]).min() if falling.any() else 1.0
    return weights + step * direction


@EXERCISE.mutant
def sum_repaired_by_division(weights, values):
    direction = np.linalg.svd(values.T)[2][-1]
    direction = direction if (direction < 0).any() else -direction
    moved = _edge(weights, direction)
    return moved / moved.sum()


@EXERCISE.mutant
def walked_past_zero(weights, values):
    constraints = np.vstack([values.T, np.ones(len(weights))])
    direction = np.linalg.svd(constraints)[2][-1]
    falling = direction < 0
    step = (weights[falling] / -direction[falling]).max()
    return weights + 2 * step * direction


@EXERCISE.mutant
def stopped_too_early(weights, values):
    return (weights + _edge(weights, _free(weights, values))) / 2


@EXERCISE.mutant
def same_weights_again(weights, values):
    return weights.copy()


@EXERCISE.mutant
def weight_moved_blindly(weights, values):
    direction = np.zeros(len(weights))
    direction[:2] = 1, -1
    return _edge(weights, direction)


@EXERCISE.mutant
def direction_that_counts_most(weights, values):
    direction = np.linalg.svd(np.vstack([values.T, np.ones(len(weights))]))[2][0]
    return _edge(weights, direction if (direction < 0).any() else -direction)


@EXERCISE.mutant
def negative_weights_cut_off(weights, values):
    moved = np.maximum(weights + 2 * _free(weights, values), 0)
    return moved / moved.sum()


@EXERCISE.holds("no weight is negative, and they add up to 1")
def distributions(call):
    for weights, values in _all:
        out = np.asarray(call(weights, values), float)
        if out.shape != weights.shape or not np.isfinite(out).all():
            return f"for {len(weights)} keys the shape is {text.shape(out)}"
        if out.min() < -1e-6 or abs(out.sum() - 1) > 1e-5:
            return f"the smallest weight is {text.number(out.min())} and the sum {text.number(out.sum())}"
    return None


@EXERCISE.holds("the output is the same")
def unchanged(call):
    for weights, values in _all:
        gap = np.abs((np.asarray(call(weights, values), float) - weights) @ values).max()
        if not gap < 1e-5:
            return f"with {len(weights)} keys it moves by {text.number(gap)}"
    return None


@EXERCISE.holds("at least one weight has become 0")
def at_the_edge(call):
    for weights, values in _all:
        least = np.asarray(call(weights, values), float).min()
        if not least < 1e-6:
            return f"with {len(weights)} keys the smallest weight is {least:.1e}"
    return None
