"""How far several rows of weights disagree, in bits: the entropy of their mean less the mean of their entropies."""

from __future__ import annotations

import numpy as np

from attnlab import reference
from attnlab.exercises import _text as text
from attnlab.exercises._exercise import Exercise
from attnlab.exercises._probes import comes_out


def _entropy(weights, log=np.log2, axis=-1):
    return -(weights * log(np.where(weights > 0, weights, 1.0))).sum(axis=axis)


def _reference(weights):
    return _entropy(weights.mean(axis=-2)) - _entropy(weights).mean(axis=-1)


EXERCISE = Exercise(
    id="fundamentals.disagreement",
    title="Do the queries look at different places?",
    level="apply",
    minutes=15,
    difficulty=2,
    page="fundamentals/softmax_temperature",
    headings=("Entropy: how undecided a row is",),
    statement=r"""
    A table of weights of shape (..., queries, keys) has rows $p_1, \dots, p_n$, each of which adds up to 1. Return by how many bits the rows **disagree**: the entropy of
    their mean, less the mean of their entropies,

    $$\mathcal D = \mathcal H\Bigl(\tfrac1n \sum_i p_i\Bigr) - \tfrac1n \sum_i \mathcal H(p_i) ,$$

    in the shape (...). It is 0 if all queries look alike. A weight of exactly 0 adds nothing, and a small one adds little, but not nothing.

    A tiny example: `[[1, 0], [0, 1]]` gives 1, and `[[0.5, 0.5], [0.5, 0.5]]` gives 0.
    """,
    slot='''
    def disagreement(weights):
        """Entropy of the mean row less the mean entropy of the rows, in bits.

        weights: (..., queries, keys), none negative, every row with sum 1; result: (...)
        """
        # YOUR CODE HERE
        ...
    ''',
    hints=(
        "The result is never below 0, and never above the logarithm to base 2 of the number of queries.",
        r"Write one function for the entropy of a row and use it twice: on the mean of the rows, and on each row. Where $p = 0$, take the logarithm of 1 instead.",
        "```python\ndef entropy(p):\n    safe = np.where(p > 0, ____, ____)\n    return -(p * np.log2(safe)).sum(axis=____)\n\n"
        "return entropy(weights.mean(axis=____)) - entropy(weights).mean(axis=____)\n```",
    ),
    parsons=("entropy_in_nats", "disagreement_summed"),
    why=r"""
    Mixing rows can only add uncertainty, so the difference is never negative. It is the number of bits that the name of the query tells about the place that is looked at
    (their *mutual information*, with all queries equally likely). A score that never reads the query has 0 bits, however sharp its rows are.

    **The two most common mistakes.** The natural logarithm, which gives nats: smaller by the factor $\ln 2 = 0.69$. NaN where a weight is exactly 0.

    **Cost.** Two logarithms for each weight at most.
    """,
    verified="equal to the definition for ordinary, uniform, certain and masked rows, one table and a batch, and for hundreds and thousands of small weights.",
    next_thought="two queries, both certain: which two values can the disagreement have?",
    reference=_reference,
)

_w = reference.softmax(np.random.default_rng(3).normal(size=(3, 5)) * 1.5)
_square = reference.softmax(np.random.default_rng(4).normal(size=(5, 5)) * 2)
_batch = reference.softmax(np.random.default_rng(5).normal(size=(2, 3, 7)) * 2)
_holes = np.array([[0.0, 0.25, 0.75, 0.0], [1.0, 0.0, 0.0, 0.0], [0.25, 0.25, 0.25, 0.25]])
EXERCISE.probe("three rows of five weights", _w)
EXERCISE.probe("five rows of five weights", _square)
EXERCISE.probe("a batch of two", _batch)
EXERCISE.probe("rows with weights of exactly 0", _holes)
EXERCISE.probe("a batch of one", _w[None])
EXERCISE.probe("one row alone", _w[:1])
EXERCISE.probe("one key", np.ones((2, 1)))
EXERCISE.probe("a batch with two axes", reference.softmax(np.random.default_rng(6).normal(size=(2, 3, 2, 5)) * 2))
_small = np.array([[0.9, *np.full(400, 0.00025)], [1.0, *np.zeros(400)], [0.0, *np.full(400, 0.0025)]])
EXERCISE.probe("400 small weights", _small)
_dust = np.array([[0.9, *np.full(20000, 5e-6)], [1.0, *np.zeros(20000)]])
EXERCISE.probe("20,000 weights of five millionths", _dust)


def _with(entropy, weights):
    return entropy(weights.mean(axis=-2)) - entropy(weights).mean(axis=-1)


@EXERCISE.solve
def disagreement_solution(weights):
    def entropy(p):
        safe = np.where(p > 0, p, 1.0)
        return -(p * np.log2(safe)).sum(axis=-1)

    return entropy(weights.mean(axis=-2)) - entropy(weights).mean(axis=-1)


@EXERCISE.mutant
def entropy_in_nats(weights):
    def entropy(p):
        safe = np.where(p > 0, p, 1.0)
        return -(p * np.log(safe)).sum(axis=-1)

    return entropy(weights.mean(axis=-2)) - entropy(weights).mean(axis=-1)


@EXERCISE.mutant
def disagreement_summed(weights):
    def entropy(p):
        safe = np.where(p > 0, p, 1.0)
        return -(p * np.log2(safe)).sum(axis=-1)

    return entropy(weights.mean(axis=-2)) - entropy(weights).sum(axis=-1)


@EXERCISE.mutant
def disagreement_turned_round(weights):
    return -_reference(weights)


@EXERCISE.mutant(evidence=text.not_finite)
def entropy_of_zero_is_nan(weights):
    with np.errstate(divide="ignore", invalid="ignore"):
        return _with(lambda p: -(p * np.log2(p)).sum(axis=-1), weights)


@EXERCISE.mutant
def entropy_averaged(weights):
    return _reference(weights) / weights.shape[-1]


@EXERCISE.mutant
def surprise_not_weighted(weights):
    return _with(lambda p: -np.log2(np.where(p > 0, p, 1.0)).sum(axis=-1), weights)


@EXERCISE.mutant
def disagreement_of_the_mean_alone(weights):
    return _entropy(weights.mean(axis=-2))


@EXERCISE.mutant
def disagreement_of_the_rows_alone(weights):
    return _entropy(weights).mean(axis=-1)


@EXERCISE.mutant
def disagreement_of_the_columns(weights):
    return _reference(weights.swapaxes(-1, -2))


@EXERCISE.mutant
def surprise_of_the_largest(weights):
    return _with(lambda p: -np.log2(p.max(axis=-1)), weights)


@EXERCISE.mutant
def entropy_as_a_share(weights):
    return _reference(weights) / np.log2(max(weights.shape[-1], 2))


@EXERCISE.holds("two certain rows that look at different places disagree by one bit")
def one_bit(call):
    out = float(np.ravel(call(np.array([[1.0, 0.0], [0.0, 1.0]])))[0])
    return None if abs(out - 1) < 1e-4 else f"they have {text.number(out)}"


@EXERCISE.holds("rows that are all alike do not disagree")
def alike(call):
    out = float(np.ravel(call(np.tile(_w[:1], (3, 1))))[0])
    return None if abs(out) < 1e-4 else f"three copies of a row have {text.number(out)} bits"


@EXERCISE.holds("neither the order of the keys nor that of the queries matters")
def shuffled(call):
    gap = np.abs(call(_w[::-1, ::-1].copy()) - call(_w)).max()
    return None if gap < 1e-6 else f"reversing both changes an entry by {text.number(gap)}"


EXERCISE.holds("the rows 1, 0, 0 and 0.5, 0.25, 0.25 disagree by 0.311 bits")(
    comes_out(0.311278, np.array([[1, 0, 0], [0.5, 0.25, 0.25]])))
EXERCISE.holds("four certain rows on four keys disagree by two bits")(comes_out(2.0, np.eye(4)))


@EXERCISE.holds("each table of a batch has its own number, whatever the others hold")
def tables_are_independent(call):
    gap = np.abs(call(_batch)[1] - call(_batch[1])).max()
    return None if gap < 1e-4 else f"table 1, alone, differs by {text.number(gap)}"


@EXERCISE.holds("400 weights of 0.00025 beside one of 0.9 count")
def small_ones_count(call):
    out, wanted = float(np.ravel(call(_small[:2]))[0]), float(_reference(_small[:2]))
    return None if abs(out - wanted) < 1e-3 else f"with a certain row they have {text.number(out)} bits, expected {text.number(wanted)}"
