"""Scores through a matrix, from axes in unusual places."""

from __future__ import annotations

import numpy as np

from attnlab.exercises import _text as text
from attnlab.exercises._exercise import Exercise
from attnlab.exercises._probes import comes_out


def _reference(q, w, k):
    q, k = np.moveaxis(np.asarray(q), 1, 0), np.moveaxis(np.asarray(k), 2, 1)
    return np.stack([one @ w @ other.T for one, other in zip(q, k)])


EXERCISE = Exercise(
    id="start.scores_by_letters",
    title="Axes in the wrong order",
    level="apply",
    minutes=15,
    difficulty=2,
    page="start/pytorch_in_ten_minutes",
    headings=("4 · einsum: name the axes, and say which survive", "2 · Shapes: reshape keeps the order of the numbers, transpose does not"),
    statement=r"""
    Queries come from one library, keys from another: `q` has the axes (queries, batch, $d_q$) and `k` has (batch, $d_k$, keys). A learned matrix `w` ($d_q \times d_k$) stands between them. Return the scores

    $$s_{bij} = \sum_{c} \sum_{e} q_{ibc}\, w_{ce}\, k_{bej}$$

    with the axes (batch, queries, keys). There is no scale.

    A tiny example: `q = [[[2]], [[3]]]` (two queries, one text), `w = [[10]]`, `k = [[[1, 4]]]` (two keys) give `[[[20, 80], [30, 120]]]`.
    """,
    slot='''
    def scores_by_letters(q, w, k):
        """Scores of every query with every key, through w.

        q: (queries, batch, d_q), w: (d_q, d_k), k: (batch, d_k, keys); result: (batch, queries, keys)
        """
        # YOUR CODE HERE
        ...
    ''',
    hints=(
        "Three letters survive, two are summed. No reshape is needed, and none would be right.",
        "Give each axis of each factor its letter, from the formula. The letters of the result are in its index.",
        '```python\nletters = "____,ce,____->____"\nreturn np.einsum(letters, q, w, k)\n```',
    ),
    parsons=("keys_before_queries", "letters_of_the_matrix_exchanged"),
    why=r"""
    The letters say what is meant, so the order in which a library stores its axes does not matter any more. `q.transpose(1, 0, 2) @ w @ k` gives the same.

    **The two most common mistakes.** A reshape to get the batch to the front: the shape is right and the numbers belong to other texts. The matrix transposed, which shows only where it is not square.

    **Cost.** $b\,n\,d_q d_k$ multiplications for $qw$ and $b\,n\,m\,d_k$ for the rest, if it is done in two products. A plain `einsum` of three factors may do the sums in one go, which takes $b\,n\,m\,d_q d_k$; `optimize=True` avoids it.
    """,
    verified="all five sizes different, all equal, a single text, a single query, whole numbers.",
    next_thought="which letters would change if every text had a matrix of its own?",
    reference=_reference,
)

_rng = np.random.default_rng(53)


def _case(batch, n, m, d_q, d_k):
    return [_rng.normal(size=s) for s in ((n, batch, d_q), (d_q, d_k), (batch, d_k, m))]


_first = _case(3, 5, 7, 2, 4)
EXERCISE.probe("3 texts, 5 queries, 7 keys, widths 2 and 4", *_first)
EXERCISE.probe("everything 3", *_case(3, 3, 3, 3, 3))
EXERCISE.probe("one text, 2 queries, 5 keys", *_case(1, 2, 5, 3, 2))
EXERCISE.probe("5 texts, one query, 2 keys", *_case(5, 1, 2, 3, 3))
EXERCISE.probe("whole numbers, 2 texts, 2 queries, 2 keys", *[_rng.integers(-4, 5, s) for s in ((2, 2, 3), (3, 3), (2, 3, 2))])


@EXERCISE.solve
def scores_by_letters_solution(q, w, k):
    letters = "ibc,ce,bej->bij"
    return np.einsum(letters, q, w, k)


@EXERCISE.mutant(evidence=text.shapes)
def keys_before_queries(q, w, k):
    letters = "ibc,ce,bej->bji"
    return np.einsum(letters, q, w, k)


@EXERCISE.mutant
def letters_of_the_matrix_exchanged(q, w, k):
    letters = "ibc,ec,bej->bij"
    if w.shape[0] != w.shape[1]:
        w = w.T
        return np.einsum(letters, q, w, k) + 0 * q.sum()
    return np.einsum(letters, q, w, k)


@EXERCISE.mutant
def queries_reshaped_not_moved(q, w, k):
    n, batch, d_q = q.shape
    return _reference(np.moveaxis(q.reshape(batch, n, d_q), 0, 1), w, k)


@EXERCISE.mutant
def keys_reshaped_not_moved(q, w, k):
    batch, d_k, m = k.shape
    return _reference(q, w, np.moveaxis(k.reshape(batch, m, d_k), 1, 2))


@EXERCISE.mutant
def first_texts_scores_for_all(q, w, k):
    return np.repeat(_reference(q, w, k)[:1], q.shape[1], axis=0)


@EXERCISE.mutant
def texts_mixed_up(q, w, k):
    return np.repeat(np.einsum("ibc,ce,gej->ij", q, w, k)[None], q.shape[1], axis=0)


@EXERCISE.mutant
def letters_scaled_as_well(q, w, k):
    return _reference(q, w, k) / np.sqrt(k.shape[1])


@EXERCISE.mutant(evidence=text.shapes)
def batch_left_in_the_middle(q, w, k):
    return np.moveaxis(_reference(q, w, k), 0, 1)


EXERCISE.holds("the example of the statement comes out")(
    comes_out([[[20, 80], [30, 120]]], np.array([[[2]], [[3]]]), np.array([[10]]), np.array([[[1, 4]]])))


@EXERCISE.holds("a text's scores do not depend on the other texts")
def apart(call):
    q, w, k = _first
    whole, alone = np.asarray(call(q, w, k))[1], np.asarray(call(q[:, 1:2], w, k[1:2]))[0]
    if whole.shape != alone.shape:
        return f"its shape is {text.shape(whole)} among others and {text.shape(alone)} alone"
    gap = np.abs(whole - alone).max()
    return None if gap < 1e-4 else f"a score moves by {text.number(gap)}"
