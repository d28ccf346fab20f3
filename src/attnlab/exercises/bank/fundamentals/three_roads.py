"""The gradient of a token that is query, key and value at once."""

from __future__ import annotations

import numpy as np

from attnlab.exercises import _text as text
from attnlab.exercises._exercise import Exercise
from attnlab.exercises._probes import comes_out


def _reference(d_q, d_k, d_v, w_q, w_k, w_v):
    roads = ((d_q, w_q), (d_k, w_k), (d_v, w_v))
    return sum(np.einsum("to,io->ti", d, w) for d, w in roads)


EXERCISE = Exercise(
    id="fundamentals.three_roads",
    title="Three paths back to one token",
    level="analyse",
    minutes=10,
    difficulty=2,
    page="fundamentals/from_scratch",
    headings=("The way back",),
    statement=r"""
    The same tokens $X$ ($n \times d$) are projected three times: $Q = X W_Q$, $K = X W_K$, $V = X W_V$. The loss's gradients with respect to $Q$, $K$ and $V$ are
    given. Return its gradient with respect to $X$.

    A tiny example: all six arrays `[[2]]` give `[[12]]`.
    """,
    slot='''
    def three_roads(d_q, d_k, d_v, w_q, w_k, w_v):
        """Gradient of the loss with respect to x, where q = x @ w_q, k = x @ w_k, v = x @ w_v.

        d_q, d_k, d_v: (tokens, d_head); w_q, w_k, w_v: (d_model, d_head)
        result: (tokens, d_model)
        """
        # YOUR CODE HERE
        ...
    ''',
    hints=(
        "Set two of the three gradients to zero: what remains is the way back through one projection.",
        r"If $x$ acts on the loss along several paths, its gradient is the sum over the paths: $\bar X = \bar Q W_Q^\top + \dots$",
        "```python\nroad_q = d_q @ ____\nroad_k = d_k @ ____\nroad_v = ____ @ w_v.T\nreturn ____\n```",
    ),
    parsons=("roads_values_only", "roads_averaged"),
    why=r"""
    A small change of a token changes its query, its key and its value at once, and to first order the three effects add up.

    **The two most common mistakes.** Forgetting a path: the model still trains, since the others point roughly the right way. Averaging in place of adding.

    **Cost.** Three matrix products, as in the forward pass.
    """,
    verified="equal to the sum of three products for unequal and square matrices, one token, and whole numbers.",
    next_thought="a token also goes past the attention on a direct path, y = x + attention(x); what does that add?",
    reference=_reference,
)

_rng = np.random.default_rng(13)


def _case(tokens, d_model, d_head):
    return [*_rng.normal(size=(3, tokens, d_head)), *_rng.normal(size=(3, d_model, d_head))]


_first = _case(3, 7, 5)
EXERCISE.probe("3 tokens, widths 7 and 5", *_first)
EXERCISE.probe("one token, widths 2 and 3", *_case(1, 2, 3))
EXERCISE.probe("5 tokens, both widths 5", *_case(5, 5, 5))
EXERCISE.probe("2 tokens, widths 1 and 3", *_case(2, 1, 3))
EXERCISE.probe("whole numbers as gradients, fractions as matrices", *_rng.integers(-3, 4, size=(3, 2, 3)), *_rng.normal(size=(3, 5, 3)))


@EXERCISE.solve
def three_roads_solution(d_q, d_k, d_v, w_q, w_k, w_v):
    road_q = d_q @ w_q.T
    road_k = d_k @ w_k.T
    road_v = d_v @ w_v.T
    return road_q + road_k + road_v


@EXERCISE.mutant
def roads_values_only(d_q, d_k, d_v, w_q, w_k, w_v):
    road_v = d_v @ w_v.T
    return road_v


@EXERCISE.mutant
def roads_key_forgotten(d_q, d_k, d_v, w_q, w_k, w_v):
    return d_q @ w_q.T + d_v @ w_v.T


@EXERCISE.mutant
def roads_averaged(d_q, d_k, d_v, w_q, w_k, w_v):
    road_q = d_q @ w_q.T
    road_k = d_k @ w_k.T
    road_v = d_v @ w_v.T
    return (road_q + road_k + road_v) / 3


@EXERCISE.mutant
def roads_sums_multiplied(d_q, d_k, d_v, w_q, w_k, w_v):
    return (d_q + d_k + d_v) @ (w_q + w_k + w_v).T


@EXERCISE.mutant
def roads_weights_exchanged(d_q, d_k, d_v, w_q, w_k, w_v):
    return d_q @ w_k.T + d_k @ w_q.T + d_v @ w_v.T


@EXERCISE.mutant
def roads_not_transposed(d_q, d_k, d_v, w_q, w_k, w_v):
    return d_q @ w_q + d_k @ w_k + d_v @ w_v


@EXERCISE.mutant
def roads_one_matrix(d_q, d_k, d_v, w_q, w_k, w_v):
    return (d_q + d_k + d_v) @ w_q.T


@EXERCISE.mutant
def roads_value_forgotten(d_q, d_k, d_v, w_q, w_k, w_v):
    return d_q @ w_q.T + d_k @ w_k.T


@EXERCISE.mutant
def roads_query_forgotten(d_q, d_k, d_v, w_q, w_k, w_v):
    return d_k @ w_k.T + d_v @ w_v.T


@EXERCISE.mutant
def roads_query_only(d_q, d_k, d_v, w_q, w_k, w_v):
    return d_q @ w_q.T


@EXERCISE.mutant
def roads_multiplied(d_q, d_k, d_v, w_q, w_k, w_v):
    return (d_q @ w_q.T) * (d_k @ w_k.T) * (d_v @ w_v.T)


@EXERCISE.mutant
def roads_subtracted(d_q, d_k, d_v, w_q, w_k, w_v):
    return d_q @ w_q.T - d_k @ w_k.T + d_v @ w_v.T


@EXERCISE.holds("a path whose gradient is zero adds nothing")
def zero_road(call):
    d_q, d_k, d_v, *weights = _first
    whole = call(d_q, d_k, d_v, *weights)
    parts = [call(a * d_q, b * d_k, c * d_v, *weights) for a, b, c in np.eye(3)]
    gap = np.abs(sum(parts) - whole).max()
    each = min(np.abs(part).max() for part in parts)
    return None if gap < 1e-4 and each > 0.1 else "the three paths, each alone, do not add up to the whole, or one of them is missing"


@EXERCISE.holds("the shape is that of the tokens")
def of_the_tokens(call):
    out = call(*_first)
    return None if out.shape == (3, 7) else f"{text.shape(out)} for 3 tokens of width 7"


EXERCISE.holds("six arrays of 2 give 12")(comes_out([[12]], *(np.array([[2]]) for _ in range(6))))


@EXERCISE.holds("each path goes back through its own matrix")
def own_weights(call):
    d_q, d_k, d_v, *weights = _first
    for name, use, gradient, w in zip(("query", "key", "value"), np.eye(3), (d_q, d_k, d_v), weights):
        out = call(*(on * d for on, d in zip(use, (d_q, d_k, d_v))), *weights)
        gap = np.abs(out - np.einsum("to,io->ti", gradient, w)).max()
        if not gap < 1e-3:
            return f"the path through the {name}, alone, is off by {text.number(gap)}"
    return None
