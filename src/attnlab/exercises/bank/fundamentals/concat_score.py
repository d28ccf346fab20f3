"""The score of a query and a key side by side: the additive score with one matrix for both."""

from __future__ import annotations

import numpy as np

from attnlab.exercises import _text as text
from attnlab.exercises._exercise import Exercise
from attnlab.exercises._probes import comes_out
from attnlab.reference import scoring


def _reference(q, k, w, u):
    return scoring.additive(q, k, w[: q.shape[1]], w[q.shape[1]:], u)


EXERCISE = Exercise(
    id="fundamentals.concat_score",
    title="Query and key side by side",
    level="apply",
    minutes=15,
    difficulty=2,
    page="fundamentals/mathematics",
    headings=("Four ways to compare",),
    statement=r"""
    Put a query and a key side by side in one long row, $[q_i ; k_j]$, and let a small network look at the pair. Return this **concat** score of every query with every key,

    $$s_{ij} = u \cdot \tanh\bigl([q_i ; k_j]\, W\bigr) .$$

    Queries and keys may differ in width. `u` is a vector of parameters with one entry for each hidden unit. However long a query is, the scores stay finite.

    A tiny example: with all widths 1, `w = [[1], [1]]` and `u = [1]`, the query `[[0.5]]` and the keys `[[0.5], [-0.5]]` give
    `[[0.762, 0]]`.
    """,
    slot='''
    def concat_score(q, k, w, u):
        """u . tanh([q_i ; k_j] w) for every query i and key j.

        q: (queries, d_q), k: (keys, d_k), w: (d_q + d_k, hidden), u: (hidden,)
        result: (queries, keys)
        """
        # YOUR CODE HERE
        ...
    ''',
    hints=(
        "No score can be larger than the sum of the absolute entries of $u$, however long the query is.",
        r"The first rows of $W$ meet the query and the others meet the key, so $[q ; k]\, W$ is a sum of two products. Project all queries once and all keys once; every pair then needs the sum of two rows.",
        "```python\nfrom_query = q @ w[____]\nfrom_key = k @ w[____]\nhidden = np.tanh(from_query[:, None, :] + from_key[____, :, :])\nreturn hidden @ ____\n```",
    ),
    parsons=("additive_tanh_of_each", "additive_vector_left_out"),
    why=r"""
    It is the additive score of the page, with $W_Q$ above $W_K$ in one matrix. `None` puts an axis of size 1 where the other array has its own, and broadcasting makes all pairs:
    no row is ever repeated, so no copy can stand beside the wrong key.

    **The two most common mistakes.** Leaving the tanh out: the score is then a part from the query plus a part from the key, the first cancels in the softmax,
    and all queries look at the same places. Repeating queries and keys in two different orders.

    **Cost.** One tanh for every query, key and hidden unit, against one multiplication for every query, key and feature in a dot product.
    """,
    verified="equal to the formula for unequal and equal widths, for whole numbers, and for queries of size 60 and 5,000.",
    next_thought="what would the score measure if the lower half of W were minus the upper half and u all ones?",
    reference=_reference,
)

_rng = np.random.default_rng(8)


def _case(n, m, d_q, d_k, hidden):
    sizes = ((n, d_q), (m, d_k), (d_q + d_k, hidden), (hidden,))
    return [_rng.normal(size=size) * (0.7 if len(size) == 2 else 1.0) for size in sizes]


_first = _case(3, 7, 5, 2, 11)
EXERCISE.probe("3 queries, 7 keys", *_first)
EXERCISE.probe("one query, 5 keys", *_case(1, 5, 2, 3, 7))
EXERCISE.probe("5 queries, 5 keys, all widths 5", *_case(5, 5, 5, 5, 5))
EXERCISE.probe("a query of size 60", np.full((1, 2), 60.0), *_case(1, 3, 2, 2, 5)[1:])
EXERCISE.probe("whole numbers as queries and keys", np.array([[1, 0], [0, -1]]), np.array([[2, 1], [0, 1], [-1, 0]]), *_case(1, 1, 2, 2, 3)[2:])
EXERCISE.probe("queries of size 5,000", np.array([[5e3, 0.0], [0.0, -5e3]]), *_case(1, 3, 2, 2, 5)[1:], extreme=True)


def _hidden(q, k, w):
    return (q @ w[: q.shape[1]])[:, None, :] + (k @ w[q.shape[1]:])[None, :, :]


@EXERCISE.solve
def concat_score_solution(q, k, w, u):
    from_query = q @ w[: q.shape[1]]
    from_key = k @ w[q.shape[1]:]
    hidden = np.tanh(from_query[:, None, :] + from_key[None, :, :])
    return hidden @ u


@EXERCISE.mutant
def additive_without_tanh(q, k, w, u):
    return _hidden(q, k, w) @ u


@EXERCISE.mutant
def additive_product(q, k, w, u):
    return np.tanh((q @ w[: q.shape[1]])[:, None, :] * (k @ w[q.shape[1]:])[None, :, :]) @ u


@EXERCISE.mutant
def additive_tanh_of_the_score(q, k, w, u):
    return np.tanh(_hidden(q, k, w) @ u)


@EXERCISE.mutant
def additive_tanh_of_each(q, k, w, u):
    from_query = np.tanh(q @ w[: q.shape[1]])
    from_key = np.tanh(k @ w[q.shape[1]:])
    hidden = from_query[:, None, :] + from_key[None, :, :]
    return hidden @ u


@EXERCISE.mutant
def additive_relu(q, k, w, u):
    return np.maximum(_hidden(q, k, w), 0) @ u


@EXERCISE.mutant
def additive_query_left_out(q, k, w, u):
    return np.repeat((np.tanh(k @ w[q.shape[1]:]) @ u)[None, :], len(q), axis=0)


@EXERCISE.mutant
def additive_key_left_out(q, k, w, u):
    return np.repeat((np.tanh(q @ w[: q.shape[1]]) @ u)[:, None], len(k), axis=1)


@EXERCISE.mutant
def additive_vector_left_out(q, k, w, u):
    from_query = q @ w[: q.shape[1]]
    from_key = k @ w[q.shape[1]:]
    hidden = np.tanh(from_query[:, None, :] + from_key[None, :, :])
    return hidden.sum(axis=-1)


@EXERCISE.mutant(evidence=text.shapes)
def additive_keys_as_rows(q, k, w, u):
    return (np.tanh(_hidden(q, k, w)) @ u).T


@EXERCISE.mutant(evidence=text.not_finite)
def additive_tanh_by_hand(q, k, w, u):
    z = _hidden(q, k, w)
    return (np.exp(z) - np.exp(-z)) / (np.exp(z) + np.exp(-z)) @ u


@EXERCISE.mutant(evidence=text.not_finite, same_as="additive_tanh_by_hand")
def additive_tanh_by_one_exponential(q, k, w, u):
    powers = np.exp(2 * _hidden(q, k, w))
    return (powers - 1) / (powers + 1) @ u


@EXERCISE.mutant
def additive_weights_exchanged(q, k, w, u):
    return np.tanh((q @ w[k.shape[1]:])[:, None, :] + (k @ w[: k.shape[1]])[None, :, :]) @ u


@EXERCISE.mutant
def pairs_in_another_order(q, k, w, u):
    pairs = np.concatenate([np.tile(q, (len(k), 1)), np.repeat(k, len(q), axis=0)], axis=1)
    return (np.tanh(pairs @ w) @ u).reshape(len(q), len(k))


@EXERCISE.mutant
def additive_hidden_averaged(q, k, w, u):
    return np.tanh(_hidden(q, k, w)) @ u / len(u)


@EXERCISE.holds("one row for each query, one column for each key")
def one_for_each_pair(call):
    out = call(*_first)
    return None if out.shape == (3, 7) else f"{text.shape(out)} for 3 queries and 7 keys"


@EXERCISE.holds("no score is larger than the sum of the absolute entries of u")
def bounded(call):
    q, k, w, u = _first
    largest, bound = np.abs(call(50 * q, 50 * k, w, u)).max(), np.abs(u).sum()
    return None if largest <= bound + 1e-6 else f"a score of {text.number(largest)}, where the sum is {text.number(bound)}"


@EXERCISE.holds("different queries rank the keys differently")
def queries_matter(call):
    out = call(*_first)
    gap = np.ptp(out - out[:, :1], axis=0).max()
    return None if gap > 1e-3 else "every query's row is the same up to a constant"


EXERCISE.holds("the query 0.5 has the scores 0.762 and 0 with the keys 0.5 and -0.5, all parameters being 1")(
    comes_out([[0.762, 0]], np.array([[0.5]]), np.array([[0.5], [-0.5]]), np.array([[1], [1]]), np.array([1])))


@EXERCISE.holds("hidden unit by hidden unit the scores add up")
def by_hidden_unit(call):
    q, k, w, u = _first
    parts = sum(call(q, k, w, u * (np.arange(len(u)) == unit)) for unit in range(len(u)))
    gap = np.abs(parts - call(q, k, w, u)).max()
    return None if gap < 1e-3 else f"a score differs from the sum over the units by {text.number(gap)}"


EXERCISE.holds("two hidden units of 1 and 2 with u = 2 and -1 give 0.559")(
    comes_out([[0.559]], np.array([[1.0]]), np.array([[0.0]]), np.array([[1.0, 2.0], [1.0, 2.0]]), np.array([2.0, -1.0])))
