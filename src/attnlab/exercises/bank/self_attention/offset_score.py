"""How much a head looks at a fixed distance: the previous token, the next one, itself."""

from __future__ import annotations

import numpy as np

from attnlab import reference
from attnlab.exercises import _text as text
from attnlab.exercises._exercise import Exercise
from attnlab.studies import probe

EXERCISE = Exercise(
    id="self_attention.offset_score",
    title="Is it a previous-token head?",
    level="apply",
    minutes=10,
    difficulty=1,
    page="self_attention/patterns",
    headings=("The mathematics: a pattern as a number",),
    statement=r"""
    For tables of weights of shape (..., n, n), queries in rows, return the mean weight that query $i$ puts on key $i + d$,

    $$s_d(A) = \frac{1}{n - |d|} \sum_i a_{i,\,i+d} ,$$

    where the sum runs over the queries that *have* such a key. The result has shape (...); `offset` is $d$, with $|d| < n$: $-1$ is the previous token, $1$ the next one.

    For `[[0.9, 0.1], [0.6, 0.4]]` the score is 0.6 at offset $-1$, and 0.1 at offset 1.
    """,
    slot='''
    def offset_score(weights, offset):
        """Mean weight on the key at a fixed distance from the query.

        weights: (..., n, n), queries in rows; offset: whole number between -n and n
        result: (...)
        """
        # YOUR CODE HERE
        ...
    ''',
    hints=(
        "A head that looks only at the previous token scores exactly 1 at offset -1, whatever its first token does.",
        r"The entries $a_{i,\,i+d}$ form a diagonal of the table: the main one for $d = 0$, and it has $n - |d|$ entries.",
        "```python\ndiagonal = np.diagonal(weights, ____, axis1=____, axis2=____)\nreturn diagonal.____(axis=-1)\n```",
    ),
    parsons=("offset_turned_round", "divided_by_all_tokens"),
    why=r"""
    `np.diagonal` with an offset takes the entries beside the main diagonal, and their mean divides by as many as there are: $n - |d|$.

    **The two most common mistakes.** Dividing by $n$, so that a perfect head never reaches 1. Counting the offset from key to query, which confuses *previous* with *next*.

    **Cost.** $n - |d|$ numbers of each table are read.
    """,
    verified="equal to the definition at offsets from -6 to 4, alone and in a batch of heads.",
    next_thought="with a causal mask, what is the score at offset 1, and why is that no discovery?",
    reference=probe.offset_mass,
)

_rng = np.random.default_rng(31)
_five = reference.softmax(1.5 * _rng.normal(size=(5, 5)))
_heads = reference.softmax(1.5 * _rng.normal(size=(2, 3, 7, 7)))
EXERCISE.probe("five tokens, the previous one", _five, -1)
EXERCISE.probe("five tokens, the next one", _five, 1)
EXERCISE.probe("five tokens, three places back", _five, -3)
EXERCISE.probe("six heads of seven tokens, two places on", _heads, 2)
EXERCISE.probe("six heads of seven tokens, the token itself", _heads, 0)
EXERCISE.probe("seven tokens, from the last to the first", _heads[0, 0], -6)
EXERCISE.probe("five tokens, from the first to the last", _five, 4)


@EXERCISE.solve
def offset_score_solution(weights, offset):
    diagonal = np.diagonal(weights, offset, axis1=-2, axis2=-1)
    return diagonal.mean(axis=-1)


@EXERCISE.mutant
def offset_turned_round(weights, offset):
    diagonal = np.diagonal(weights, -offset, axis1=-2, axis2=-1)
    return diagonal.mean(axis=-1)


@EXERCISE.mutant
def divided_by_all_tokens(weights, offset):
    diagonal = np.diagonal(weights, offset, axis1=-2, axis2=-1)
    return diagonal.sum(axis=-1) / weights.shape[-1]


@EXERCISE.mutant
def text_bent_to_a_ring(weights, offset):
    n = weights.shape[-1]
    places = np.arange(n)
    return weights[..., places, (places + offset) % n].mean(axis=-1)


@EXERCISE.mutant
def offset_summed(weights, offset):
    return np.diagonal(weights, offset, axis1=-2, axis2=-1).sum(axis=-1)


@EXERCISE.mutant
def offset_counted_by_winners(weights, offset):
    n = weights.shape[-1]
    places = np.arange(max(0, -offset), min(n, n - offset))
    return (weights.argmax(axis=-1)[..., places] == places + offset).mean(axis=-1)


@EXERCISE.mutant
def offset_of_the_axes_in_front(weights, offset):
    return np.diagonal(weights, offset).mean(axis=-1)


@EXERCISE.mutant
def offset_as_a_window(weights, offset):
    places = np.arange(weights.shape[-1])
    near = np.abs(places[:, None] - places) <= abs(offset)
    return (weights * near).sum(axis=-1).mean(axis=-1)


@EXERCISE.mutant
def always_the_previous_token(weights, offset):
    return np.diagonal(weights, -1, axis1=-2, axis2=-1).mean(axis=-1)


@EXERCISE.holds("a head that looks only at the previous token scores 1")
def perfect(call):
    table = np.eye(5, k=-1)
    table[0, 0] = 1
    out = float(np.ravel(call(table, -1))[0])
    return None if abs(out - 1) < 1e-6 else f"it scores {text.number(out)}"


@EXERCISE.holds("mirroring the text turns the offset round")
def mirrored(call):
    gap = abs(np.ravel(call(_five[::-1, ::-1].copy(), 1))[0] - np.ravel(call(_five, -1))[0])
    return None if gap < 1e-6 else f"the two differ by {text.number(gap)}"


@EXERCISE.holds("previous weights of 0.9, 0.6, 0 and 0 have the mean 0.375")
def tiny_mean(call):
    table = np.diag([0.9, 0.6, 0.0, 0.0], k=-1) + np.diag([1, 0.1, 0.4, 1, 1])
    out = float(np.ravel(call(table, -1))[0])
    return None if abs(out - 0.375) < 1e-4 else f"they give {text.number(out)}"


@EXERCISE.holds("on itself, weights of 0.9, 0.5 and 0.4 have the mean 0.6")
def itself(call):
    own = np.diag([0.9, 0.5, 0.4])
    out = float(np.ravel(call(own + np.roll(np.eye(3) - own, 1, axis=1), 0))[0])
    return None if abs(out - 0.6) < 1e-4 else f"they give {text.number(out)}"


@EXERCISE.holds("every head of a batch has a score of its own")
def own_score(call):
    out, alone = call(_heads, -2), call(_heads[1, 2], -2)
    if out.shape != (2, 3):
        return f"two by three heads give {text.shape(out)}"
    return None if abs(out[1, 2] - alone) < 1e-4 else f"the last head gets {text.number(out[1, 2])} among others and {text.number(alone)} alone"


@EXERCISE.holds("the farthest offset is a single weight, that of the last token on the first")
def corner(call):
    out = float(np.ravel(call(_five, -4))[0])
    return None if abs(out - _five[4, 0]) < 1e-4 else f"it gives {text.number(out)}, the weight is {text.number(_five[4, 0])}"
