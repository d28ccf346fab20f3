"""Why the square root of d_k: the factor that gives scores of variance one."""

from __future__ import annotations

import numpy as np

from attnlab.exercises import _text as text
from attnlab.exercises._exercise import Exercise

EXERCISE = Exercise(
    id="self_attention.score_variance",
    title="The factor that keeps scores of size one",
    level="understand",
    minutes=10,
    difficulty=2,
    page="self_attention/why_scale",
    headings=(r"Why divide by $\sqrt{d_k}$?",),
    statement=r"""
    The factor $1/\sqrt{d_k}$ assumes that the components of queries and keys have variance 1. Suppose they have mean 0, are independent, and have variances
    `var_q` and `var_k`. Return the **factor** by which $q \cdot k$ must be multiplied so that the score has variance 1.

    A tiny example: with `d_k=4` and both variances 1 the factor is `0.5`.
    """,
    slot='''
    def score_scale(d_k, var_q, var_k):
        """The factor c for which c * (q . k) has variance 1.

        d_k: number of components; var_q, var_k: variance of one component of q, of k; result: a number
        """
        # YOUR CODE HERE
        ...
    ''',
    hints=(
        "Multiplying a random number by $c$ multiplies its variance by $c^2$.",
        r"A product of independent variables with mean 0 has variance $\operatorname{Var}(q_t)\operatorname{Var}(k_t)$, and the score is the sum of $d_k$ such products: "
        r"$\operatorname{Var}(q \cdot k) = d_k \operatorname{Var}(q_t) \operatorname{Var}(k_t)$.",
        "```python\nvariance = ____\nreturn 1 / ____\n```",
    ),
    parsons=("variance_of_a_sum", "divided_by_the_variance"),
    why=r"""
    The variance of the score is $d_k \operatorname{Var}(q_t)\operatorname{Var}(k_t)$; dividing by its root, the standard deviation, leaves variance 1.

    **The two most common mistakes.** Dividing by the variance instead of its root: the scores then shrink with the width, and all weights become equal.
    Taking the factor for a normalisation of length: no vector becomes a unit vector, and the factor does not depend on any particular query.

    **Cost.** None: the factor is one constant for the whole layer.
    """,
    verified="equal to 1 / sqrt(d_k var_q var_k) for four widths, with unequal variances.",
    next_thought="a trained model's queries have grown to variance 4; what does that do to its softmax?",
    reference=lambda d_k, var_q, var_k: 1 / np.sqrt(d_k * var_q * var_k),
)

EXERCISE.probe("d_k = 4, variances 1 and 1", 4, 1.0, 1.0)
EXERCISE.probe("d_k = 7, variances 4 and 0.25", 7, 4.0, 0.25)
EXERCISE.probe("d_k = 13, variances 0.3 and 2", 13, 0.3, 2.0)
EXERCISE.probe("d_k = 2, variances 0.04 and 9", 2, 0.04, 9.0)


@EXERCISE.solve
def score_scale_solution(d_k, var_q, var_k):
    variance = d_k * var_q * var_k
    return 1 / np.sqrt(variance)


@EXERCISE.mutant
def variances_ignored(d_k, var_q, var_k):
    return 1 / np.sqrt(d_k)


@EXERCISE.mutant
def divided_by_the_variance(d_k, var_q, var_k):
    variance = d_k * var_q * var_k
    return 1 / variance


@EXERCISE.mutant
def divisor_for_factor(d_k, var_q, var_k):
    return np.sqrt(d_k * var_q * var_k)


@EXERCISE.mutant
def variance_for_factor(d_k, var_q, var_k):
    return d_k * var_q * var_k


@EXERCISE.mutant
def variance_of_a_sum(d_k, var_q, var_k):
    variance = d_k * (var_q + var_k)
    return 1 / np.sqrt(variance)


@EXERCISE.mutant
def variances_taken_for_deviations(d_k, var_q, var_k):
    return 1 / (np.sqrt(d_k) * var_q * var_k)


@EXERCISE.mutant
def width_forgotten(d_k, var_q, var_k):
    return 1 / np.sqrt(var_q * var_k)


@EXERCISE.mutant
def scale_as_unit_length(d_k, var_q, var_k):
    return 1 / (d_k * np.sqrt(var_q * var_k))


@EXERCISE.holds("with variances 1 it is the usual 1 / sqrt(d_k)")
def usual_case(call):
    factor = float(call(16, 1.0, 1.0))
    return None if abs(factor - 0.25) < 1e-4 else f"for d_k = 16 it is {text.number(factor)}"


@EXERCISE.holds("four times the width halves it")
def width_enters_as_a_root(call):
    ratio = float(call(20, 0.5, 3.0) / call(5, 0.5, 3.0))
    return None if abs(ratio - 0.5) < 1e-4 else f"from d_k = 5 to 20 it changes by a factor of {text.number(ratio)}"


@EXERCISE.holds("queries and keys play the same part")
def symmetric(call):
    gap = float(abs(call(5, 0.5, 3.0) - call(5, 3.0, 0.5)))
    return None if gap < 1e-4 else f"exchanging the variances changes it by {text.number(gap)}"


@EXERCISE.holds("measured scores have variance 1")
def measured(call):
    rng = np.random.default_rng(0)
    q, k = rng.normal(scale=0.5, size=(4000, 11)), rng.normal(scale=3.0, size=(4000, 11))
    variance = float(((q * k).sum(axis=-1) * call(11, 0.25, 9.0)).var())
    return None if abs(variance - 1) < 0.2 else f"over 4000 pairs of width 11 it is {text.number(variance)}"
