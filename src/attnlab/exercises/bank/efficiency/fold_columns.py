"""Scale, base and bound, all folded into one matrix product."""

from __future__ import annotations

import numpy as np

from attnlab.exercises import _text as text
from attnlab.exercises._exercise import Exercise


def _wide(q, k, level, factor, keys=1.0):
    """The queries times `factor` with minus `level` as one more column, the keys with a column of ones."""
    return np.hstack([factor * q, -level[:, None]]), np.hstack([keys * k, np.ones((len(k), 1))])


def _reference(q, k, bound):
    return _wide(q, k, np.log2(np.e) * bound, np.log2(np.e) / np.sqrt(q.shape[-1]))


EXERCISE = Exercise(
    id="efficiency.fold_columns",
    title="All in one product",
    level="apply",
    minutes=15,
    difficulty=2,
    page="efficiency/kernel_tricks",
    headings=("The column",),
    statement=r"""
    Inside the loop the weights should be **powers of two** of a product, and nothing else: `2.0 ** (wide_q @ wide_k.T)` must equal $e^{s_{ij} - r_i}$, where $s_{ij} = q_i \cdot k_j / \sqrt{d_k}$ and `bound` holds the $r_i$.

    Return `wide_q` ($n \times (d_k + 1)$) and `wide_k` ($m \times (d_k + 1)$), built before the loop. The keys stay as they are and get a last column of **ones**; everything else goes into the queries.

    A tiny example: `q = [[2]]`, `k = [[3]]`, `bound = [6]` give `wide_q = [[2.885, -8.656]]` and `wide_k = [[3, 1]]`. Their product is 0, and the weight 1.
    """,
    slot='''
    def fold_columns(q, k, bound):
        """Queries and keys with one more column, so that 2 ** (wide_q @ wide_k.T) are the weights.

        q: (n, d_k), k: (m, d_k), bound: (n,), subtracted from the scaled scores
        result: wide_q (n, d_k + 1), wide_k (m, d_k + 1)
        """
        # YOUR CODE HERE
        ...
    ''',
    parts=("wide_q", "wide_k"),
    hints=(
        "Take both tables apart again: the first columns give the scores, the last column times one gives what is subtracted.",
        r"$e^{s - r} = 2^{(s - r) \log_2 e}$: the factor $\log_2 e$ belongs to the scores *and* to the bound, the factor $1/\sqrt{d_k}$ to the scores alone.",
        "```python\nbase = np.log2(np.e)\nleft = q * ____\nlast = ____\nwide_q = np.hstack([left, last[:, None]])\n"
        "wide_k = np.hstack([k, np.ones((len(k), 1))])\nreturn wide_q, wide_k\n```",
    ),
    parsons=("bound_not_in_base_two", "bound_added"),
    why=r"""
    Three passes over every tile (scale, change of base, subtraction) become one more column and a product with $n$ numbers, done once. The exponential that remains is the cheap one.

    **The two most common mistakes.** Changing the base of the scores and not of the bound. Scaling the bound, too: it bounds the scores *after* scaling.

    **Cost.** One product in $d_k$ more, and a copy of queries and keys.
    """,
    verified="the weights against exponentials of the scaled scores, for unequal sizes and widths 1 to 16.",
    next_thought="the backward pass subtracts the log-sum-exp and D: into which products would you fold these?",
    reference=_reference,
)

_rng = np.random.default_rng(73)
for _n, _m, _d in ((5, 7, 3), (3, 2, 16), (4, 4, 4), (1, 5, 2), (7, 3, 1)):
    EXERCISE.probe(f"{_n} queries, {_m} keys of width {_d}", _rng.normal(size=(_n, _d)), _rng.normal(size=(_m, _d)), 1 + _rng.random(_n))


@EXERCISE.solve
def fold_columns_solution(q, k, bound):
    base = np.log2(np.e)
    left = q * base / np.sqrt(q.shape[-1])
    last = -base * bound
    wide_q = np.hstack([left, last[:, None]])
    wide_k = np.hstack([k, np.ones((len(k), 1))])
    return wide_q, wide_k


@EXERCISE.mutant
def bound_not_in_base_two(q, k, bound):
    base = np.log2(np.e)
    left = q * base / np.sqrt(q.shape[-1])
    last = -bound
    wide_q = np.hstack([left, last[:, None]])
    wide_k = np.hstack([k, np.ones((len(k), 1))])
    return wide_q, wide_k


@EXERCISE.mutant
def bound_added(q, k, bound):
    base = np.log2(np.e)
    left = q * base / np.sqrt(q.shape[-1])
    last = base * bound
    wide_q = np.hstack([left, last[:, None]])
    wide_k = np.hstack([k, np.ones((len(k), 1))])
    return wide_q, wide_k


@EXERCISE.mutant
def base_not_changed(q, k, bound):
    return _wide(q, k, bound, 1 / np.sqrt(q.shape[-1]))


@EXERCISE.mutant
def scale_not_folded(q, k, bound):
    return _wide(q, k, np.log2(np.e) * bound, np.log2(np.e))


@EXERCISE.mutant
def bound_scaled_too(q, k, bound):
    root = np.sqrt(q.shape[-1])
    return _wide(q, k, np.log2(np.e) * bound / root, np.log2(np.e) / root)


@EXERCISE.mutant
def base_upside_down(q, k, bound):
    return _wide(q, k, np.log(2) * bound, np.log(2) / np.sqrt(q.shape[-1]))


@EXERCISE.mutant
def keys_scaled_too(q, k, bound):
    root = np.sqrt(q.shape[-1])
    return _wide(q, k, np.log2(np.e) * bound, np.log2(np.e) / root, keys=1 / root)


_q, _k, _bound = _rng.normal(size=(5, 3)), _rng.normal(size=(7, 3)), 1 + _rng.random(5)


@EXERCISE.holds("powers of two of the product are the weights")
def weights(call):
    wide_q, wide_k = call(_q, _k, _bound)
    gap = float(np.abs(2.0 ** (np.asarray(wide_q) @ np.asarray(wide_k).T) - np.exp(_q @ _k.T / np.sqrt(3) - _bound[:, None])).max())
    return None if gap < 1e-4 else f"they differ by up to {text.number(gap)}"


@EXERCISE.holds("the keys are as they were, beside a column of ones")
def keys_stay(call):
    wide_k = np.asarray(call(_q, _k, _bound)[1])
    gap = float(np.abs(wide_k - np.hstack([_k, np.ones((7, 1))])).max())
    return None if gap < 1e-5 else f"they differ by up to {text.number(gap)}"


@EXERCISE.holds("with a bound of zero and width 1 a query of ln 2 becomes 1")
def unit(call):
    found = float(np.asarray(call(np.array([[np.log(2)]]), np.ones((1, 1)), np.zeros(1))[0])[0, 0])
    return None if abs(found - 1) < 1e-4 else f"it becomes {text.number(found)}"
