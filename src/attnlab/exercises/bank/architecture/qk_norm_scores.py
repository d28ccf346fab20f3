"""Scores of queries and keys that are normalised first."""

from __future__ import annotations

import numpy as np

from attnlab.exercises import _text as text
from attnlab.exercises._exercise import Exercise
from attnlab.exercises._probes import comes_out


def _reference(q, k, gain_q, gain_k, epsilon):
    q, k = np.asarray(q, dtype=float), np.asarray(k, dtype=float)
    out = np.empty((q.shape[0], q.shape[1], k.shape[1]))
    for h, i, j in np.ndindex(out.shape):
        a = gain_q * q[h, i] / np.sqrt(q[h, i] @ q[h, i] / q.shape[2] + epsilon)
        b = gain_k * k[h, j] / np.sqrt(k[h, j] @ k[h, j] / q.shape[2] + epsilon)
        out[h, i, j] = a @ b / np.sqrt(q.shape[2])
    return out


def _scores(q, k, gain_q, gain_k, epsilon, *, size=None, centre=False, axis=-1, scale=True, both=True):
    """The scores with one ingredient exchanged; with epsilon 0 a row of zeros would be 0 / 0 and stays 0."""
    size = size or (lambda square: np.sqrt(square + epsilon))

    def norm(x, gain):
        x = x - x.mean(axis=-1, keepdims=True) if centre else np.asarray(x, dtype=float)
        divisor = size((x**2).mean(axis=axis, keepdims=True))
        return gain * x / np.where(divisor == 0, 1, divisor)

    q, k = norm(q, gain_q), norm(k, gain_k) if both else np.asarray(k, dtype=float)
    return q @ np.swapaxes(k, -1, -2) / (np.sqrt(q.shape[-1]) if scale else 1)


EXERCISE = Exercise(
    id="architecture.qk_norm_scores",
    title="Scores that cannot run away",
    level="apply",
    minutes=12,
    difficulty=2,
    page="architecture/normalisation",
    headings=("QK-norm: bounded scores",),
    statement=r"""
    Write the scores of several heads with **QK-norm**: before the product, each query and each key of each head goes through an RMSNorm of its own,

    $$S = \frac{\hat Q \hat K^\top}{\sqrt{d}}, \qquad \hat q = \gamma_q \odot \frac{q}{\sqrt{\tfrac1d \sum_i q_i^2 + \epsilon}}, \qquad
    \hat k = \gamma_k \odot \frac{k}{\sqrt{\tfrac1d \sum_i k_i^2 + \epsilon}}.$$

    The width $d$ is that of one head. All heads share the gain of the queries `gain_q` and that of the keys `gain_k`. No softmax, no mask.

    A tiny example: `q = [[[3, 4]]]`, `k = [[[0, 2]]]`, gains `[1, 1]` and `epsilon = 0` give `[[[1.131]]]`.
    """,
    slot='''
    def qk_norm_scores(q, k, gain_q, gain_k, epsilon):
        """Scores of normalised queries and keys, divided by the root of the head's width.

        q: (heads, n, d), k: (heads, m, d), gain_q and gain_k: (d,); result: (heads, n, m)
        """
        # YOUR CODE HERE
        ...
    ''',
    hints=(
        "A query ten times as long must give the same scores. What is left of a vector when its length does not count?",
        "The mean square is taken over the last axis alone: one number for each token of each head. Nothing is subtracted.",
        "```python\ndef norm(x, gain):\n    square = (x**2).mean(axis=____, keepdims=____)\n    return gain * x / ____\n\n"
        "q, k = norm(q, gain_q), norm(k, gain_k)\nreturn q @ np.swapaxes(k, ____, ____) / ____\n```",
    ),
    parsons=("norm_epsilon_outside", "qk_norm_over_the_tokens"),
    why=r"""
    After the norm every query and every key has the length $\sqrt d$ (times its gain), so by Cauchy and Schwarz no score is larger than $\sqrt d \cdot \max|\gamma_q \gamma_k|$, whatever the projections do in training.

    **The two most common mistakes.** Normalising the whole row of all heads at once, before it is cut: then a head can still have large queries while the others have small ones. Dividing by the length instead of the root mean square: the scores come out $d$ times too small.

    **Cost.** A few operations for each number of $Q$ and $K$; the product costs as many for each number and each token.
    """,
    verified="one head and several, one query, queries of zeros, very long and very short ones, and whole numbers.",
    next_thought="with both gains 1, how sharp can the softmax of these scores be for a head of width 64 and a text of 1,000 tokens?",
    reference=_reference,
)

_rng = np.random.default_rng(17)


def _case(heads, n, m, d):
    return (_rng.normal(size=(heads, n, d)) * 2 + 0.5, _rng.normal(size=(heads, m, d)) - 0.7, _rng.normal(size=d) + 1.5, _rng.normal(size=d) - 1)


_first = _case(2, 3, 5, 7)
EXERCISE.probe("2 heads, 3 queries, 5 keys, width 7", *_first, 0.1)
EXERCISE.probe("3 heads, 2 queries, 7 keys, width 4", *_case(3, 2, 7, 4), 0.5)
EXERCISE.probe("one head, one query, 3 keys", *_case(1, 1, 3, 5), 0.1)
EXERCISE.probe("width 2, a query of zeros", np.array([[[0.0, 0.0], [1.0, 3.0]]]), *_case(1, 2, 3, 2)[1:], 0.1)
EXERCISE.probe("queries of a thousand", _first[0] * 1000, *_first[1:], 0.1)
EXERCISE.probe("keys of a thousandth", _first[0], _first[1] / 1000, *_first[2:], 1e-5)
EXERCISE.probe("whole numbers", np.array([[[3, 4, -1]]]), np.array([[[0, 2, 5], [1, -1, 1]]]), np.array([1, 2, 3]), np.array([2, 1, -1]), 1)


@EXERCISE.solve
def qk_norm_scores_solution(q, k, gain_q, gain_k, epsilon):
    def norm(x, gain):
        square = (x**2).mean(axis=-1, keepdims=True)
        return gain * x / np.sqrt(square + epsilon)

    q, k = norm(q, gain_q), norm(k, gain_k)
    return q @ np.swapaxes(k, -1, -2) / np.sqrt(q.shape[-1])


@EXERCISE.mutant
def qk_norm_left_out(q, k, gain_q, gain_k, epsilon):
    q, k = q * gain_q, k * gain_k
    return q @ np.swapaxes(k, -1, -2) / np.sqrt(q.shape[-1])


@EXERCISE.mutant
def qk_norm_of_queries_alone(q, k, gain_q, gain_k, epsilon):
    return _scores(q, k, gain_q, gain_k, epsilon, both=False)


@EXERCISE.mutant
def qk_norm_over_the_tokens(q, k, gain_q, gain_k, epsilon):
    def norm(x, gain):
        square = (x**2).mean(axis=-2, keepdims=True)
        return gain * x / np.sqrt(square + epsilon)

    q, k = norm(q, gain_q), norm(k, gain_k)
    return q @ np.swapaxes(k, -1, -2) / np.sqrt(q.shape[-1])


@EXERCISE.mutant
def qk_norm_over_all_heads(q, k, gain_q, gain_k, epsilon):
    return _scores(q, k, gain_q, gain_k, epsilon, axis=(0, -1))


@EXERCISE.mutant
def norm_subtracts_the_mean(q, k, gain_q, gain_k, epsilon):
    return _scores(q, k, gain_q, gain_k, epsilon, centre=True)


@EXERCISE.mutant
def norm_epsilon_outside(q, k, gain_q, gain_k, epsilon):
    def norm(x, gain):
        square = (x**2).mean(axis=-1, keepdims=True)
        return gain * x / (np.sqrt(square) + epsilon)

    q, k = norm(q, gain_q), norm(k, gain_k)
    return q @ np.swapaxes(k, -1, -2) / np.sqrt(q.shape[-1])


@EXERCISE.mutant
def norm_to_length_one(q, k, gain_q, gain_k, epsilon):
    return _scores(q, k, gain_q, gain_k, epsilon, size=lambda square: np.sqrt(square * q.shape[-1] + epsilon))


@EXERCISE.mutant
def norm_root_left_out(q, k, gain_q, gain_k, epsilon):
    return _scores(q, k, gain_q, gain_k, epsilon, size=lambda square: square + epsilon)


@EXERCISE.mutant
def norm_gain_left_out(q, k, gain_q, gain_k, epsilon):
    return _scores(q, k, 1, 1, epsilon)


@EXERCISE.mutant
def qk_norm_without_scale(q, k, gain_q, gain_k, epsilon):
    return _scores(q, k, gain_q, gain_k, epsilon, scale=False)


EXERCISE.holds("the example of the statement comes out")(
    comes_out([[[1.6 / 2**0.5]]], np.array([[[3.0, 4.0]]]), np.array([[[0.0, 2.0]]]), np.ones(2), np.ones(2), 0.0))


@EXERCISE.holds("a query ten times as long has the same scores")
def length_does_not_count(call):
    q, k, gain_q, gain_k = _first
    gap = np.abs(np.asarray(call(10 * q, k, gain_q, gain_k, 1e-9)) - np.asarray(call(q, k, gain_q, gain_k, 1e-9))).max()
    return None if gap < 1e-4 else f"a score moves by {text.number(gap)}"


@EXERCISE.holds("with gains of 1 no score is larger than the root of the width")
def bounded(call):
    q, k, *_ = _first
    largest = np.abs(np.asarray(call(500 * q, 500 * k, np.ones(7), np.ones(7), 1e-9))).max()
    return None if largest < 7**0.5 + 1e-3 else f"a score is {text.number(largest)}, and the root of 7 is 2.646"


@EXERCISE.holds("what the other heads hold changes nothing in a head")
def heads_apart(call):
    q, k, gain_q, gain_k = _first
    louder = q.copy()
    louder[1] *= 9
    gap = np.abs(np.asarray(call(louder, k, gain_q, gain_k, 0.1))[0] - np.asarray(call(q, k, gain_q, gain_k, 0.1))[0]).max()
    return None if gap < 1e-6 else f"a score of the first head moves by {text.number(gap)} when the queries of the second change"
