"""Linear attention over texts of several lengths in one batch."""

from __future__ import annotations

import numpy as np

from attnlab.exercises import _text as text
from attnlab.exercises._exercise import Exercise
from attnlab.exercises._probes import comes_out, left_alone


def _phi(x):
    x = np.asarray(x, dtype=float)
    return np.where(x > 0, x + 1, np.exp(np.minimum(x, 0)))


def _read(q, state, total):
    weight = q @ total[..., None]
    return np.where(weight > 0, q @ state / np.where(weight > 0, weight, 1), 0)


def _reference(q, k, v, real):
    q, k, v = np.asarray(q, dtype=float), np.asarray(k, dtype=float), np.asarray(v, dtype=float)
    out = np.zeros((*q.shape[:2], v.shape[-1]))
    for b in range(len(q)):
        weights = _phi(q[b]) @ _phi(k[b][real[b]]).T
        if real[b].any():
            out[b] = weights @ v[b][real[b]] / weights.sum(axis=1, keepdims=True)
    return out


EXERCISE = Exercise(
    id="efficiency.padded_linear",
    title="Linear attention with padding",
    level="apply",
    minutes=20,
    difficulty=2,
    page="efficiency/linear",
    headings=("Moving the brackets",),
    statement=r"""
    A batch holds texts of several lengths, filled up with padding: `real[b, j]` is True where text $b$ has a token $j$. Compute linear attention in both directions (not causal) with $\phi(x) = \mathrm{elu}(x) + 1$, so that **no padded key takes part**, neither in the sum of values nor in the normaliser. Sum over the keys first; there need be no table of all pairs. Every query gets its output, padded or not. A text without any token gets zeros.

    A tiny example: one text, `q = [[[0]]]`, `k = [[[0], [1], [5]]]`, `v = [[[3], [6], [100]]]`, `real = [[True, True, False]]`. The features of the keys are 1, 2 and (padded) 6; the output is $(3 + 12) / 3$: `[[[5]]]`.
    """,
    slot='''
    def padded_linear(q, k, v, real):
        """Linear attention with elu + 1, padded keys left out.

        q: (batch, queries, d_k); k: (batch, keys, d_k); v: (batch, keys, d_v); real: boolean, (batch, keys)
        result: (batch, queries, d_v)
        """
        # YOUR CODE HERE
        ...
    ''',
    hints=(
        "A padded key must weigh nothing, whatever its vector holds, even if that is all zeros: the feature map does not send zero to zero.",
        r"Set the *features* to zero: $\tilde\phi_j = r_j\, \phi(k_j)$ with $r_j \in \{0, 1\}$. Then $S = \sum_j \tilde\phi_j v_j^\top$, $z = \sum_j \tilde\phi_j$.",
        "```python\nphi = lambda x: np.where(x > 0, x + 1, np.exp(np.minimum(x, 0)))\nkeys = phi(k) * real[____]\nstate, total = keys.mT @ v, keys.sum(axis=____)\n"
        "weight = phi(q) @ total[..., None]\nreturn np.where(weight > 0, phi(q) @ state / np.where(weight > 0, weight, 1), ____)\n```",
    ),
    parsons=("padded_before_the_features", "padded_values_alone"),
    why=r"""
    With a softmax, a score of $-\infty$ removes a key. Here the place to remove it is after the feature map, in both sums, for they share the features.

    **The two most common mistakes.** Zeroing the keys before the map, when $\phi(0) = 1$. Zeroing the values alone: the output then shrinks toward zero with every padded token.

    **Cost.** $n\, d_k d_v$ products for the sums over $n$ keys, $n\, d_k (d_v + 1)$ for $n$ queries to read them; nothing of size $n^2$.
    """,
    verified="texts of several lengths, one of them without tokens, padding that holds large numbers, one key, whole numbers, single precision.",
    next_thought="how would you mask a causal chunk whose text has already ended?",
    reference=_reference,
)


def _case(seed, batch, queries, keys, d_k, d_v, lengths):
    rng = np.random.default_rng(seed)
    q, k, v = rng.normal(size=(batch, queries, d_k)), rng.normal(size=(batch, keys, d_k)), rng.normal(size=(batch, keys, d_v))
    real = np.arange(keys) < np.array(lengths)[:, None]
    k[~real] *= 3
    v[~real] += 7
    return q, k, v, real


EXERCISE.probe("3 texts of 2, 7 and 5 tokens", *_case(1, 3, 5, 7, 3, 2, [2, 7, 5]))
EXERCISE.probe("a text without tokens", *_case(2, 2, 3, 5, 2, 4, [0, 4]))
EXERCISE.probe("nothing padded", *_case(3, 2, 6, 4, 5, 3, [4, 4]))
EXERCISE.probe("one key", *_case(4, 2, 3, 1, 2, 3, [1, 0]))
EXERCISE.probe("square", *_case(5, 4, 4, 4, 4, 4, [1, 2, 3, 4]))
EXERCISE.probe("single precision", *(x.astype(np.float32) if x.dtype == float else x for x in _case(6, 2, 3, 5, 3, 2, [2, 5])))
EXERCISE.probe("whole numbers", np.array([[[1, -2], [0, 3]]]), np.array([[[2, 0], [-1, 1], [4, 4]]]), np.array([[[3], [5], [70]]]), np.array([[True, True, False]]))
EXERCISE.probe("padding in front", *_case(7, 2, 3, 6, 3, 2, [6, 6])[:3], np.array([[False, False, True, True, True, True], [False, True, True, True, False, True]]))
_ZEROS = _case(8, 2, 3, 5, 3, 2, [2, 4])
EXERCISE.probe("padding that is all zeros", _ZEROS[0], _ZEROS[1] * _ZEROS[3][..., None], _ZEROS[2] * _ZEROS[3][..., None], _ZEROS[3])


@EXERCISE.solve
def padded_linear_solution(q, k, v, real):
    phi = lambda x: np.where(x > 0, x + 1, np.exp(np.minimum(x, 0)))
    keys = phi(k) * real[..., None]
    state, total = keys.mT @ v, keys.sum(axis=1)
    weight = phi(q) @ total[..., None]
    return np.where(weight > 0, phi(q) @ state / np.where(weight > 0, weight, 1), 0)


@EXERCISE.mutant
def padded_before_the_features(q, k, v, real):
    phi = lambda x: np.where(x > 0, x + 1, np.exp(np.minimum(x, 0)))
    keys = phi(k * real[..., None])
    state, total = keys.mT @ v, keys.sum(axis=1)
    weight = phi(q) @ total[..., None]
    return np.where(weight > 0, phi(q) @ state / np.where(weight > 0, weight, 1), 0)


@EXERCISE.mutant
def padded_values_alone(q, k, v, real):
    phi = lambda x: np.where(x > 0, x + 1, np.exp(np.minimum(x, 0)))
    keys = phi(k)
    state, total = keys.mT @ (v * real[..., None]), keys.sum(axis=1)
    weight = phi(q) @ total[..., None]
    return np.where(weight > 0, phi(q) @ state / np.where(weight > 0, weight, 1), 0)


@EXERCISE.mutant
def padded_not_at_all(q, k, v, real):
    keys = _phi(k)
    return _read(_phi(q), keys.mT @ np.asarray(v, dtype=float), keys.sum(axis=1))


@EXERCISE.mutant
def padded_no_normaliser(q, k, v, real):
    keys = _phi(k) * real[..., None]
    return _phi(q) @ (keys.mT @ np.asarray(v, dtype=float))


@EXERCISE.mutant
def padded_divided_by_length(q, k, v, real):
    keys = _phi(k) * real[..., None]
    return _phi(q) @ (keys.mT @ np.asarray(v, dtype=float)) / np.maximum(real.sum(axis=1), 1)[:, None, None]


@EXERCISE.mutant
def padded_without_features(q, k, v, real):
    keys = np.asarray(k, dtype=float) * real[..., None]
    weight = np.asarray(q, dtype=float) @ keys.sum(axis=1)[..., None]
    return np.asarray(q, dtype=float) @ (keys.mT @ np.asarray(v, dtype=float)) / np.where(weight == 0, 1, weight)


@EXERCISE.mutant
def padded_texts_share_a_state(q, k, v, real):
    keys = _phi(k) * real[..., None]
    state, total = (keys.mT @ np.asarray(v, dtype=float)).sum(axis=0, keepdims=True), keys.sum(axis=(0, 1))[None]
    return _read(_phi(q), state, total)


EXERCISE.holds("the example of the statement comes out")(
    comes_out([[[5]]], np.array([[[0.0]]]), np.array([[[0.0], [1], [5]]]), np.array([[[3.0], [6], [100]]]), np.array([[True, True, False]])))


@EXERCISE.holds("padding may hold anything")
def anything(call):
    q, k, v, real = _case(1, 3, 5, 7, 3, 2, [2, 7, 5])
    other = np.where(real[..., None], v, -v), np.where(real[..., None], k, 2 - k)
    gap = np.abs(np.asarray(call(q, other[1], other[0], real), dtype=float) - np.asarray(call(q, k, v, real), dtype=float)).max()
    return None if gap < 1e-6 else f"with other numbers in the padding an output moves by {text.number(float(gap))}"


@EXERCISE.holds("values that are all equal come back")
def equal(call):
    q, k, v, real = _case(3, 2, 6, 4, 5, 3, [4, 2])
    out = np.asarray(call(q, k, np.full(v.shape, 2.0), real), dtype=float)
    return None if np.allclose(out, 2, atol=1e-5) else f"2 becomes {text.number(float(out.flat[np.abs(out - 2).argmax()]))}"


EXERCISE.holds("the given arrays stay as they are")(left_alone(*_case(1, 3, 5, 7, 3, 2, [2, 7, 5])))
