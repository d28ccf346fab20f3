"""The additive score: a small network that looks at query and key together."""

from __future__ import annotations

import numpy as np

from attnlab.exercises import _text as text
from attnlab.exercises._exercise import Exercise
from attnlab.exercises._probes import comes_out
from attnlab.reference import scoring

EXERCISE = Exercise(
    id="fundamentals.additive_score",
    title="The first scoring function",
    level="apply",
    minutes=15,
    difficulty=2,
    page="fundamentals/mathematics",
    headings=("Four ways to compare",),
    statement=r"""
    Return the **additive** score of every query with every key,

    $$s_{ij} = u \cdot \tanh(q_i W_Q + k_j W_K) .$$

    Queries and keys may differ in width. `u` is a vector of parameters with one entry for each hidden unit. However long a query is, the scores stay finite.

    A tiny example: with all widths 1, `w_q = w_k = [[1]]` and `u = [1]`, the query `[[0.5]]` and the keys `[[0.5], [-0.5]]` give
    `[[0.762, 0]]`.
    """,
    slot='''
    def additive_score(q, k, w_q, w_k, u):
        """u . tanh(q_i w_q + k_j w_k) for every query i and key j.

        q: (queries, d_q), k: (keys, d_k), w_q: (d_q, hidden), w_k: (d_k, hidden), u: (hidden,)
        result: (queries, keys)
        """
        # YOUR CODE HERE
        ...
    ''',
    hints=(
        "No score can be larger than the sum of the absolute entries of $u$, however long the query is.",
        r"Project all queries once and all keys once. Then every pair needs the *sum* of two rows of hidden numbers: an array of queries $\times$ keys $\times$ hidden.",
        "```python\nfrom_query = ____\nfrom_key = ____\nhidden = np.tanh(from_query[:, None, :] + from_key[____, :, :])\nreturn hidden @ ____\n```",
    ),
    parsons=("additive_tanh_of_each", "additive_vector_left_out"),
    why=r"""
    `None` puts an axis of size 1 where the other array has its own, and broadcasting makes all pairs.

    **The two most common mistakes.** Leaving the tanh out: the score is then a part from the query plus a part from the key, the first cancels in the softmax,
    and all queries look at the same places. Scoring with something other than the key.

    **Cost.** One tanh for every query, key and hidden unit, against one multiplication for every query, key and feature in a dot product.
    """,
    verified="equal to the formula for unequal and equal widths, for whole numbers, and for queries of size 60 and 5,000.",
    next_thought="what would the score measure if W_K were minus W_Q and u all ones?",
    reference=scoring.additive,
)

_rng = np.random.default_rng(8)


def _case(n, m, d_q, d_k, hidden):
    sizes = ((n, d_q), (m, d_k), (d_q, hidden), (d_k, hidden), (hidden,))
    return [_rng.normal(size=size) * (0.7 if len(size) == 2 else 1.0) for size in sizes]


_first = _case(3, 7, 5, 2, 11)
EXERCISE.probe("3 queries, 7 keys", *_first)
EXERCISE.probe("one query, 5 keys", *_case(1, 5, 2, 3, 7))
EXERCISE.probe("5 queries, 5 keys, all widths 5", *_case(5, 5, 5, 5, 5))
EXERCISE.probe("a query of size 60", np.full((1, 2), 60.0), *_case(1, 3, 2, 2, 5)[1:])
EXERCISE.probe("whole numbers as queries and keys", np.array([[1, 0], [0, -1]]), np.array([[2, 1], [0, 1], [-1, 0]]), *_case(1, 1, 2, 2, 3)[2:])
EXERCISE.probe("queries of size 5,000", np.array([[5e3, 0.0], [0.0, -5e3]]), *_case(1, 3, 2, 2, 5)[1:], extreme=True)


@EXERCISE.solve
def additive_score_solution(q, k, w_q, w_k, u):
    from_query = q @ w_q
    from_key = k @ w_k
    hidden = np.tanh(from_query[:, None, :] + from_key[None, :, :])
    return hidden @ u


@EXERCISE.mutant
def additive_without_tanh(q, k, w_q, w_k, u):
    return ((q @ w_q)[:, None, :] + (k @ w_k)[None, :, :]) @ u


@EXERCISE.mutant
def additive_product(q, k, w_q, w_k, u):
    return np.tanh((q @ w_q)[:, None, :] * (k @ w_k)[None, :, :]) @ u


@EXERCISE.mutant
def additive_tanh_of_the_score(q, k, w_q, w_k, u):
    return np.tanh(((q @ w_q)[:, None, :] + (k @ w_k)[None, :, :]) @ u)


@EXERCISE.mutant
def additive_tanh_of_each(q, k, w_q, w_k, u):
    from_query = np.tanh(q @ w_q)
    from_key = np.tanh(k @ w_k)
    hidden = from_query[:, None, :] + from_key[None, :, :]
    return hidden @ u


@EXERCISE.mutant
def additive_relu(q, k, w_q, w_k, u):
    return np.maximum((q @ w_q)[:, None, :] + (k @ w_k)[None, :, :], 0) @ u


@EXERCISE.mutant
def additive_query_left_out(q, k, w_q, w_k, u):
    return np.repeat((np.tanh(k @ w_k) @ u)[None, :], len(q), axis=0)


@EXERCISE.mutant
def additive_key_left_out(q, k, w_q, w_k, u):
    return np.repeat((np.tanh(q @ w_q) @ u)[:, None], len(k), axis=1)


@EXERCISE.mutant
def additive_vector_left_out(q, k, w_q, w_k, u):
    from_query = q @ w_q
    from_key = k @ w_k
    hidden = np.tanh(from_query[:, None, :] + from_key[None, :, :])
    return hidden.sum(axis=-1)


@EXERCISE.mutant(evidence=text.shapes)
def additive_keys_as_rows(q, k, w_q, w_k, u):
    return (np.tanh((q @ w_q)[:, None, :] + (k @ w_k)[None, :, :]) @ u).T


@EXERCISE.mutant(evidence=text.not_finite)
def additive_tanh_by_hand(q, k, w_q, w_k, u):
    z = (q @ w_q)[:, None, :] + (k @ w_k)[None, :, :]
    return (np.exp(z) - np.exp(-z)) / (np.exp(z) + np.exp(-z)) @ u


@EXERCISE.mutant(evidence=text.not_finite, same_as="additive_tanh_by_hand")
def additive_tanh_by_one_exponential(q, k, w_q, w_k, u):
    powers = np.exp(2 * ((q @ w_q)[:, None, :] + (k @ w_k)[None, :, :]))
    return (powers - 1) / (powers + 1) @ u


@EXERCISE.mutant
def additive_weights_exchanged(q, k, w_q, w_k, u):
    if w_q.shape != w_k.shape:
        raise ValueError("the widths do not fit")
    return np.tanh((q @ w_k)[:, None, :] + (k @ w_q)[None, :, :]) @ u


@EXERCISE.mutant
def additive_hidden_averaged(q, k, w_q, w_k, u):
    return np.tanh((q @ w_q)[:, None, :] + (k @ w_k)[None, :, :]) @ u / len(u)


@EXERCISE.holds("one row for each query, one column for each key")
def one_for_each_pair(call):
    out = call(*_first)
    return None if out.shape == (3, 7) else f"{text.shape(out)} for 3 queries and 7 keys"


@EXERCISE.holds("no score is larger than the sum of the absolute entries of u")
def bounded(call):
    q, k, w_q, w_k, u = _first
    largest, bound = np.abs(call(50 * q, 50 * k, w_q, w_k, u)).max(), np.abs(u).sum()
    return None if largest <= bound + 1e-6 else f"a score of {text.number(largest)}, where the sum is {text.number(bound)}"


@EXERCISE.holds("different queries rank the keys differently")
def queries_matter(call):
    out = call(*_first)
    gap = np.ptp(out - out[:, :1], axis=0).max()
    return None if gap > 1e-3 else "every query's row is the same up to a constant"


EXERCISE.holds("the query 0.5 has the scores 0.762 and 0 with the keys 0.5 and -0.5, all weights being 1")(
    comes_out([[0.762, 0]], np.array([[0.5]]), np.array([[0.5], [-0.5]]), np.array([[1]]), np.array([[1]]), np.array([1])))


@EXERCISE.holds("hidden unit by hidden unit the scores add up")
def by_hidden_unit(call):
    q, k, w_q, w_k, u = _first
    parts = sum(call(q, k, w_q, w_k, u * (np.arange(len(u)) == unit)) for unit in range(len(u)))
    gap = np.abs(parts - call(q, k, w_q, w_k, u)).max()
    return None if gap < 1e-3 else f"a score differs from the sum over the units by {text.number(gap)}"
EXERCISE.holds("two hidden units of 1 and 2 with u = 2 and -1 give 0.559")(
    comes_out([[0.559]], np.array([[1.0]]), np.array([[0.0]]), np.array([[1.0, 2.0]]), np.array([[1.0, 2.0]]), np.array([2.0, -1.0])))
