"""From logits to what is drawn from: temperature, top-k, nucleus, in this order."""

from __future__ import annotations

import numpy as np

from attnlab.exercises import _text as text
from attnlab.exercises._exercise import Exercise
from attnlab.exercises._probes import comes_out, left_alone
from attnlab.reference import sampling, softmax


def _reference(logits, t, k, p):
    return softmax(sampling.top_p(sampling.top_k(sampling.temperature(np.asarray(logits, dtype=float), t), k), p))


EXERCISE = Exercise(
    id="architecture.sampling_distribution",
    title="What is drawn from",
    level="apply",
    minutes=20,
    difficulty=2,
    page="architecture/decoding",
    headings=("Sampling and its filters",),
    statement=r"""
    Settings of a language model often name three filters at once. Return the probabilities from which the next token is drawn, when they are applied in this order, each to what the one before has left:

    1. divide the logits by the temperature `t`;
    2. keep the `k` largest (all of them if there are not as many), and **make the probabilities of what is kept add up to 1**;
    3. of these, keep the smallest set of the likeliest whose probabilities reach `p`, $0 < p \le 1$, and make them add up to 1 again.

    Each row is a text of its own. No two logits of a row are equal.

    A tiny example: `logits = [[0, 1.0986, 2.0794]]` (the logarithms of 1, 3 and 8), `t = 1`, `k = 2` and `p = 0.7` give `[[0, 0, 1]]`, since 8/11 of what is kept reaches 0.7; with `p = 0.8` they give `[[0, 0.273, 0.727]]`.
    """,
    slot='''
    def sampling_distribution(logits, t, k, p):
        """The probabilities of the next token after temperature, top-k and nucleus, in this order.

        logits: (texts, vocabulary); t: above 0; k: a whole number from 1; p: above 0, at most 1
        result: (texts, vocabulary), each row adds up to 1
        """
        # YOUR CODE HERE
        ...
    ''',
    hints=(
        "Whatever the settings, the likeliest token of each row is kept, and each row adds up to 1.",
        r"With the probabilities in falling order, a token is in the nucleus if the sum of those *before* it is still below $p$. So the token that crosses $p$ belongs to it.",
        "```python\nz = logits / t\norder = np.argsort(____, axis=-1)\nprobabilities = np.exp(np.take_along_axis(z, order, axis=-1) - z.max(axis=-1, keepdims=True))\n"
        "probabilities[:, ____] = 0\nprobabilities /= ____\nbefore = np.cumsum(probabilities, axis=-1) - ____\nprobabilities[____] = 0\nprobabilities /= ____\n"
        "out = np.zeros_like(z)\nnp.put_along_axis(out, order, probabilities, axis=-1)\nreturn out\n```",
    ),
    parsons=("nucleus_before_top_k", "nucleus_drops_the_crossing_token"),
    why=r"""
    Filters do not commute: a nucleus taken before top-k counts the mass of tokens that top-k will remove, so it may keep more tokens than one taken afterwards. A lower temperature never makes a nucleus larger.

    **The two most common mistakes.** Dropping the token with which the sum crosses $p$: the set then falls short of $p$, and it is empty when the likeliest token alone exceeds $p$. Writing 0 into the *logits* of what is removed: $e^0 = 1$ is no small number.

    **Cost.** A sort of the vocabulary for each token that is written.
    """,
    verified="equal to the definitions for one to eleven tokens, k below and above the vocabulary, p from nearly 0 to 1, temperatures from 0.1 to 3, large logits, float32 and whole numbers.",
    next_thought="which of the three filters does nothing at all if the next token is certain?",
    reference=_reference,
)

_rng = np.random.default_rng(21)
_rows = 2 * _rng.normal(size=(5, 11))
EXERCISE.probe("5 texts, 11 tokens", _rows, 0.8, 7, 0.85)
EXERCISE.probe("3 texts, 7 tokens, warm", 2 * _rng.normal(size=(3, 7)), 3.0, 4, 0.6)
EXERCISE.probe("2 texts, 5 tokens, cold", 2 * _rng.normal(size=(2, 5)), 0.3, 4, 0.97)
EXERCISE.probe("one kept", _rows[:2], 1.0, 1, 0.9)
EXERCISE.probe("p nearly 0", _rows[1:4], 1.0, 6, 1e-6)
EXERCISE.probe("p of one", _rows[:3], 1.5, 5, 1.0)
EXERCISE.probe("k above the vocabulary, p of one", _rows[2:], 0.7, 50, 1.0)
EXERCISE.probe("k equal to the vocabulary", _rows[2:], 2.0, 11, 0.5)
EXERCISE.probe("one token", np.array([[-3.0], [2.0]]), 0.5, 3, 0.5)
EXERCISE.probe("logits of a thousand", np.array([[1000.0, 999.0, 998.5, -1000.0], [-999.0, -1000.0, -998.7, -2000.0]]), 1.0, 3, 0.8, extreme=True)
EXERCISE.probe("whole numbers", np.array([[3, 1, 2, 0, -4], [0, 5, 4, 6, 1]]), 2, 3, 0.75)
EXERCISE.probe("single precision", _rows[:3].astype(np.float32), 1.2, 8, 0.7)
EXERCISE.probe("square", 2 * _rng.normal(size=(4, 4)), 0.9, 3, 0.8)


def _sorted(logits, t=1.0):
    z = np.asarray(logits, dtype=float) / t
    return z, np.argsort(-z, axis=-1, kind="stable")


def _over(powers):
    return powers / powers.sum(axis=-1, keepdims=True)


def _softmax(z):
    return _over(np.exp(z - z.max(axis=-1, keepdims=True)))


def _top(z, k, fill=-np.inf):
    smallest = np.sort(z, axis=-1)[:, max(z.shape[1] - k, 0), None]
    return np.where(z < smallest, fill, z)


def _nucleus(probabilities, p, inclusive=False):
    order = np.argsort(-probabilities, axis=-1, kind="stable")
    fallen = np.take_along_axis(probabilities, order, axis=-1)
    sums = np.cumsum(fallen, axis=-1)
    drop = sums > p if inclusive else sums - fallen >= p
    drop[:, 0] = False
    kept = np.zeros_like(probabilities)
    np.put_along_axis(kept, order, np.where(drop, 0.0, fallen), axis=-1)
    return kept


@EXERCISE.solve
def sampling_distribution_solution(logits, t, k, p):
    z = logits / t
    order = np.argsort(-z, axis=-1)
    probabilities = np.exp(np.take_along_axis(z, order, axis=-1) - z.max(axis=-1, keepdims=True))
    probabilities[:, k:] = 0
    probabilities /= probabilities.sum(axis=-1, keepdims=True)
    before = np.cumsum(probabilities, axis=-1) - probabilities
    probabilities[before >= p] = 0
    probabilities /= probabilities.sum(axis=-1, keepdims=True)
    out = np.zeros_like(z)
    np.put_along_axis(out, order, probabilities, axis=-1)
    return out


@EXERCISE.mutant
def nucleus_drops_the_crossing_token(logits, t, k, p):
    z = logits / t
    order = np.argsort(-z, axis=-1)
    probabilities = np.exp(np.take_along_axis(z, order, axis=-1) - z.max(axis=-1, keepdims=True))
    probabilities[:, k:] = 0
    probabilities /= probabilities.sum(axis=-1, keepdims=True)
    outside = np.cumsum(probabilities, axis=-1) > p
    outside[:, 0] = False
    probabilities[outside] = 0
    probabilities /= probabilities.sum(axis=-1, keepdims=True)
    out = np.zeros_like(z)
    np.put_along_axis(out, order, probabilities, axis=-1)
    return out


@EXERCISE.mutant
def nucleus_before_top_k(logits, t, k, p):
    z = logits / t
    order = np.argsort(-z, axis=-1)
    probabilities = np.exp(np.take_along_axis(z, order, axis=-1) - z.max(axis=-1, keepdims=True))
    probabilities /= probabilities.sum(axis=-1, keepdims=True)
    before = np.cumsum(probabilities, axis=-1) - probabilities
    probabilities[before >= p] = 0
    probabilities[:, k:] = 0
    probabilities /= probabilities.sum(axis=-1, keepdims=True)
    out = np.zeros_like(z)
    np.put_along_axis(out, order, probabilities, axis=-1)
    return out


@EXERCISE.mutant
def removed_logits_set_to_zero(logits, t, k, p):
    return _over(_nucleus(_softmax(_top(np.asarray(logits, dtype=float) / t, k, fill=0.0)), p))


@EXERCISE.mutant
def top_k_keeps_one_too_many(logits, t, k, p):
    return _reference(logits, t, k + 1, p)


@EXERCISE.mutant
def top_k_keeps_one_too_few(logits, t, k, p):
    return _reference(logits, t, max(k - 1, 1), p)


@EXERCISE.mutant
def kept_probabilities_not_renormalised(logits, t, k, p):
    return _nucleus(_softmax(_top(np.asarray(logits, dtype=float) / t, k)), p)


@EXERCISE.mutant
def temperature_after_the_filters(logits, t, k, p):
    z = np.asarray(logits, dtype=float)
    return softmax(sampling.top_p(sampling.top_k(z, k), p) / t)


@EXERCISE.mutant
def temperature_multiplies(logits, t, k, p):
    return _reference(np.asarray(logits, dtype=float) * t * t, t, k, p)


@EXERCISE.mutant
def nucleus_of_all_texts_together(logits, t, k, p):
    z = sampling.top_k(np.asarray(logits, dtype=float) / t, k)
    whole = softmax(z) / len(z)
    kept = _nucleus(whole.reshape(1, -1), p).reshape(whole.shape)
    kept = np.where(whole == whole.max(axis=-1, keepdims=True), whole, kept)
    return _over(kept)


EXERCISE.holds("the example of the statement comes out")(
    comes_out([[0, 0, 1]], np.log([[1.0, 3.0, 8.0]]), 1, 2, 0.7))
EXERCISE.holds("the example with a larger p comes out")(
    comes_out([[0, 3 / 11, 8 / 11]], np.log([[1.0, 3.0, 8.0]]), 1, 2, 0.8))


@EXERCISE.holds("every row adds up to 1")
def adds_up(call):
    sums = np.asarray(call(_rows, 0.9, 6, 0.7), dtype=float).sum(axis=-1)
    return None if np.allclose(sums, 1, atol=1e-4) else f"the rows add up to {text.numbers(sums)}"


@EXERCISE.holds("the likeliest token is kept, however small p is")
def likeliest_kept(call):
    out = np.asarray(call(_rows, 1.0, 5, 1e-9), dtype=float)
    good = np.allclose(out, np.eye(11)[_rows.argmax(axis=-1)], atol=1e-4)
    return None if good else f"with p nearly 0 the largest probabilities are {text.numbers(out.max(axis=-1))}"


@EXERCISE.holds("a row does not depend on the other rows")
def rows_alone(call):
    gap = np.abs(np.asarray(call(_rows, 1.3, 6, 0.8), dtype=float)[2:3] - np.asarray(call(_rows[2:3], 1.3, 6, 0.8), dtype=float)).max()
    return None if gap < 1e-4 else f"text 2 alone gets probabilities that differ by {text.number(gap)}"


EXERCISE.holds("the given logits stay as they are")(left_alone(_rows, 0.5, 3, 0.9))
