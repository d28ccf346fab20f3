"""Entropy of rows of weights, in bits."""

from __future__ import annotations

import numpy as np

from attnlab import reference
from attnlab.exercises import _text as text
from attnlab.exercises._exercise import Exercise
from attnlab.exercises._probes import comes_out


def _reference(weights):
    safe = np.where(weights > 0, weights, 1.0)
    return -(weights * np.log2(safe)).sum(axis=-1)


EXERCISE = Exercise(
    id="fundamentals.entropy",
    title="How undecided is a row?",
    level="apply",
    minutes=10,
    difficulty=1,
    page="fundamentals/softmax_temperature",
    headings=("Entropy: how undecided a row is",),
    statement=r"""
    For weights of any shape (..., keys), each row of which adds up to 1, return the **entropy** of every row in bits,

    $$H(p) = -\sum_j p_j \log_2 p_j ,$$

    in the shape (...). A weight of exactly 0 adds nothing, and a small one adds little, but not nothing.

    | weights | entropy |
    |---|---|
    | `[0.5, 0.5]` | 1 |
    | `[1, 0, 0]` | 0 |
    """,
    slot='''
    def entropy(weights):
        """The entropy of every row, in bits.

        weights: (..., keys), none negative, every row with sum 1; result: (...)
        """
        # YOUR CODE HERE
        ...
    ''',
    hints=(
        "No row has less than 0 bits, and none more than the logarithm to base 2 of its number of keys.",
        r"$p \log p$ goes to 0 with $p$. So wherever $p = 0$ you may take the logarithm of anything harmless instead.",
        "```python\nsafe = np.where(weights > 0, ____, ____)\nreturn -(weights * ____).sum(axis=____)\n```",
    ),
    parsons=("entropy_in_nats", "surprise_not_weighted"),
    why=r"""
    $-\log_2 p_j$ is the surprise of seeing key $j$, and the entropy is the surprise one should expect. Replacing a zero by 1
    inside the logarithm gives $0 \cdot 0$ in place of $0 \cdot (-\infty)$.

    **The two most common mistakes.** The natural logarithm, which gives nats: smaller by the factor $\ln 2 = 0.69$. NaN for a row with a masked key.

    **Cost.** One logarithm for each weight.
    """,
    verified="equal to the definition for ordinary, uniform, certain and masked rows, alone and in a batch, and for hundreds of small weights.",
    next_thought="two rows of 8 weights have 3 bits and 0.1 bits; which of them lets the other keys' values change the output?",
    reference=_reference,
)

_w = reference.softmax(np.random.default_rng(3).normal(size=(3, 5)) * 1.5)
_square = reference.softmax(np.random.default_rng(4).normal(size=(5, 5)))
_holes = np.array([[0.0, 0.25, 0.75, 0.0], [1.0, 0.0, 0.0, 0.0], [0.25, 0.25, 0.25, 0.25]])
EXERCISE.probe("three rows of five weights", _w)
EXERCISE.probe("five rows of five weights", _square)
EXERCISE.probe("a batch of two", reference.softmax(np.random.default_rng(5).normal(size=(2, 3, 7))))
EXERCISE.probe("rows with weights of exactly 0", _holes)
EXERCISE.probe("one row alone", _w[0])
EXERCISE.probe("one key", np.ones((2, 1)))
EXERCISE.probe("two rows of four axes", _w[:2, None, None, :])
_small = np.array([[0.9, *np.full(400, 0.00025)], [1 - 4e-9, *np.full(400, 1e-11)]])
EXERCISE.probe("400 small weights", _small)


def _terms(weights, log=np.log2):
    return weights * log(np.where(weights > 0, weights, 1.0))


@EXERCISE.solve
def entropy_solution(weights):
    safe = np.where(weights > 0, weights, 1.0)
    return -(weights * np.log2(safe)).sum(axis=-1)


@EXERCISE.mutant
def entropy_in_nats(weights):
    safe = np.where(weights > 0, weights, 1.0)
    return -(weights * np.log(safe)).sum(axis=-1)


@EXERCISE.mutant
def entropy_sign_forgotten(weights):
    return _terms(weights).sum(axis=-1)


@EXERCISE.mutant(evidence=text.not_finite)
def entropy_of_zero_is_nan(weights):
    with np.errstate(divide="ignore", invalid="ignore"):
        return -(weights * np.log2(weights)).sum(axis=-1)


@EXERCISE.mutant
def entropy_averaged(weights):
    return -_terms(weights).mean(axis=-1)


@EXERCISE.mutant
def surprise_not_weighted(weights):
    safe = np.where(weights > 0, weights, 1.0)
    return -np.log2(safe).sum(axis=-1)


@EXERCISE.mutant(evidence=text.shapes)
def entropy_over_queries(weights):
    return -_terms(weights).sum(axis=-2)


@EXERCISE.mutant
def surprise_of_the_largest(weights):
    return -np.log2(weights.max(axis=-1))


@EXERCISE.mutant
def entropy_as_a_share(weights):
    return -_terms(weights).sum(axis=-1) / np.log2(weights.shape[-1])


@EXERCISE.holds("two equal weights have one bit")
def one_bit(call):
    out = float(np.ravel(call(np.array([[0.5, 0.5]])))[0])
    return None if abs(out - 1) < 1e-4 else f"they have {text.number(out)}"


@EXERCISE.holds("a certain row has no entropy")
def certain(call):
    out = float(np.ravel(call(np.array([[0.0, 1.0, 0.0]])))[0])
    return None if abs(out) < 1e-4 else f"it has {text.number(out)}"


@EXERCISE.holds("the order of the keys does not matter")
def shuffled(call):
    gap = np.abs(call(_w[:, ::-1].copy()) - call(_w)).max()
    return None if gap < 1e-6 else f"reversing them changes an entry by {text.number(gap)}"


EXERCISE.holds("the row 1, 0, 0 has 0 bits and a row of its own 0.5, 0.25, 0.25 has 1.5")(
    comes_out([0, 1.5], np.array([[1, 0, 0], [0.5, 0.25, 0.25]])))
EXERCISE.holds("one row alone has one number")(comes_out(2.0, np.full(4, 0.25)))


@EXERCISE.holds("each row has its own entropy, whatever the others hold")
def rows_are_independent(call):
    gap = np.abs(call(_w)[1] - call(_w[1])).max()
    return None if gap < 1e-4 else f"row 1, alone, differs by {text.number(gap)}"


@EXERCISE.holds("400 weights of 0.00025 beside one of 0.9 add 1.197 bits")
def small_ones_count(call):
    out = float(np.ravel(call(_small[0]))[0])
    return None if abs(out - 1.333381) < 1e-3 else f"the row has {text.number(out)} bits, expected 1.333"
