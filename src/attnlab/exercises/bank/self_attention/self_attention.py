"""Self-attention: one table of tokens, three projections that are stored side by side."""

from __future__ import annotations

import numpy as np

from attnlab import reference
from attnlab.exercises import _text as text
from attnlab.exercises._exercise import Exercise
from attnlab.exercises._probes import APART, APART_WEIGHTS, with_scores
from attnlab.reference import softmax


def _three(w, d_k):
    return w[:, :d_k], w[:, d_k:2 * d_k], w[:, 2 * d_k:]


def _project(x, w_q, w_k, w_v):
    return x @ w_q, x @ w_k, x @ w_v


EXERCISE = Exercise(
    id="self_attention.self_attention",
    title="Three projections in one matrix",
    level="apply",
    minutes=15,
    difficulty=2,
    page="self_attention/scaled_dot_product",
    headings=("The mathematics",),
    statement=r"""
    Queries, keys and values are projections of one table of tokens $X$ ($n \times d_{\text{model}}$). Many libraries store the three matrices as **one**, side by side in this order,

    $$W = \begin{pmatrix} W_Q & W_K & W_V \end{pmatrix}, \qquad d_{\text{model}} \times (d_k + d_k + d_v),$$

    so that one product projects everything. Write the whole of self-attention for such a $W$. You are told $d_k$; the width of the values is what is left, and need not equal $d_k$. Scores in the thousands, of either sign, must do no harm.

    A tiny example: if the first $d_k$ columns of `w` hold zeros, all scores are 0 and every row of the output is the mean of the rows of $X W_V$.
    """,
    slot='''
    def self_attention(x, w, d_k):
        """Every token asks all tokens, with queries, keys and values projected from the same x by one matrix.

        x: (..., n, d_model), w: (d_model, d_k + d_k + d_v), d_k: width of queries and keys; result: (..., n, d_v)
        """
        # YOUR CODE HERE
        ...
    ''',
    imports=("import numpy as np", "from attnlab.reference import softmax"),
    hints=(
        "The output has one row for each token; its width is what `w` has left after queries and keys. Exchange two tokens, and the same two rows of the output are exchanged.",
        r"$X W = (Q \;\, K \;\, V)$: cut the *last* axis at $d_k$ and at $2 d_k$. From there on it is attention, and the scale belongs to $d_k$.",
        "```python\nq, k, v = np.split(x @ w, [____, ____], axis=____)\nscores = q @ ____ / np.sqrt(____)\nreturn softmax(scores) @ ____\n```",
    ),
    parsons=("scaled_by_d_model", "cut_in_three_equal_parts"),
    why=r"""
    Projecting with three matrices side by side and cutting the result is the same as projecting three times: column $c$ of $XW$ uses column $c$ of $W$ alone. One large product keeps a machine busier than three small ones.

    **The two most common mistakes.** Cutting into three equal parts, which is right only for $d_v = d_k$. Scaling by the square root of $d_{\text{model}}$, which is right only for a head as wide as the model.

    **Cost.** $2 n\, d_{\text{model}} (2 d_k + d_v)$ operations for the projections, linear in $n$; for short texts they cost more than attention itself.
    """,
    verified="equal to the definition for d_model = 7, d_k = 5, d_v = 3, for d_v above d_k, for square weights, for a batch, and for scores of 1000.",
    next_thought="somebody hands you a file with one such matrix and does not say in which order the parts stand: which test on its outputs would tell?",
    reference=lambda x, w, d_k: reference.attention(*_project(x, *_three(w, d_k))),
)

_rng = np.random.default_rng(11)


def _case(n, d_model, d_k, d_v, batch=()):
    x = _rng.normal(size=(*batch, n, d_model))
    return x, _rng.normal(size=(d_model, 2 * d_k + d_v)) / np.sqrt(d_model), d_k


_x, _w, _ = _case(11, 7, 5, 3)
_w_q, _w_k, _w_v = _three(_w, 5)
EXERCISE.probe("11 tokens, d_model = 7, d_k = 5, d_v = 3", _x, _w, 5)
EXERCISE.probe("5 tokens, all widths 5", *_case(5, 5, 5, 5))
EXERCISE.probe("7 tokens, d_model = 5, d_k = 2, d_v = 5", *_case(7, 5, 2, 5))
EXERCISE.probe("a batch of 2", *_case(3, 13, 2, 5, (2,)))
EXERCISE.probe("a batch of 2 x 3", *_case(5, 7, 3, 2, (2, 3)))
EXERCISE.probe("a batch of one text of one token", *_case(1, 5, 2, 3, (1,)))
EXERCISE.probe("3 texts of 3 tokens, all widths 3", *_case(3, 3, 3, 3, (3,)))


def _with_scores(scores):
    """Tokens that are unit vectors, and weights that give exactly these scores; the values are unit vectors too."""
    n = len(scores)
    return np.eye(n), np.hstack([*with_scores(scores), np.eye(n)]), 16


EXERCISE.probe("scores from -3000 to 1001", *_with_scores(APART), extreme=True)


@EXERCISE.solve
def self_attention_solution(x, w, d_k):
    q, k, v = np.split(x @ w, [d_k, 2 * d_k], axis=-1)
    scores = q @ k.swapaxes(-1, -2) / np.sqrt(q.shape[-1])
    return softmax(scores) @ v


@EXERCISE.mutant
def scaled_by_d_model(x, w, d_k):
    q, k, v = np.split(x @ w, [d_k, 2 * d_k], axis=-1)
    scores = q @ k.swapaxes(-1, -2) / np.sqrt(x.shape[-1])
    return softmax(scores) @ v


@EXERCISE.mutant
def cut_in_three_equal_parts(x, w, d_k):
    q, k, v = np.split(x @ w, 3, axis=-1)
    scores = q @ k.swapaxes(-1, -2) / np.sqrt(q.shape[-1])
    return softmax(scores) @ v


@EXERCISE.mutant
def values_cut_to_d_k(x, w, d_k):
    return reference.attention(*_project(x, w[:, :d_k], w[:, d_k:2 * d_k], w[:, 2 * d_k:3 * d_k]))


@EXERCISE.mutant
def values_expected_in_front(x, w, d_k):
    d_v = w.shape[1] - 2 * d_k
    return reference.attention(*_project(x, w[:, d_v:d_v + d_k], w[:, d_v + d_k:], w[:, :d_v]))


@EXERCISE.mutant
def keys_from_query_weights(x, w, d_k):
    w_q, _, w_v = _three(w, d_k)
    return reference.attention(x @ w_q, x @ w_q, x @ w_v)


@EXERCISE.mutant(same_as="keys_from_query_weights")
def queries_from_key_weights(x, w, d_k):
    w_q, w_k, w_v = _three(w, d_k)
    return reference.attention(x @ w_k, x @ w_k, x @ w_v)


@EXERCISE.mutant
def queries_and_keys_swapped(x, w, d_k):
    w_q, w_k, w_v = _three(w, d_k)
    return reference.attention(x @ w_k, x @ w_q, x @ w_v)


@EXERCISE.mutant(evidence=text.shapes)
def values_not_projected(x, w, d_k):
    w_q, w_k, w_v = _three(w, d_k)
    return reference.attention(x @ w_q, x @ w_k, x)


@EXERCISE.mutant
def only_values_projected(x, w, d_k):
    w_q, w_k, w_v = _three(w, d_k)
    return reference.attention(x, x, x @ w_v)


@EXERCISE.mutant(evidence=text.shapes)
def nothing_projected(x, w, d_k):
    w_q, w_k, w_v = _three(w, d_k)
    return reference.attention(x, x, x)


@EXERCISE.mutant(evidence=text.shapes)
def keys_used_as_values(x, w, d_k):
    w_q, w_k, w_v = _three(w, d_k)
    return reference.attention(x @ w_q, x @ w_k, x @ w_k)


@EXERCISE.mutant
def weight_matrices_transposed(x, w, d_k):
    w_q, w_k, w_v = _three(w, d_k)
    return reference.attention(x @ w_q.T, x @ w_k.T, x @ w_v.T)


@EXERCISE.mutant
def no_scale(x, w, d_k):
    w_q, w_k, w_v = _three(w, d_k)
    return reference.attention(x @ w_q, x @ w_k, x @ w_v, scale=1.0)


@EXERCISE.mutant
def all_axes_turned(x, w, d_k):
    w_q, w_k, w_v = _three(w, d_k)
    return softmax(x @ w_q @ (x @ w_k).T / np.sqrt(w_q.shape[-1])) @ (x @ w_v)


@EXERCISE.mutant(evidence=text.not_finite)
def no_max_subtraction(x, w, d_k):
    w_q, w_k, w_v = _three(w, d_k)
    exponentials = np.exp(x @ w_q @ (x @ w_k).swapaxes(-1, -2) / np.sqrt(w_q.shape[-1]))
    return exponentials / exponentials.sum(axis=-1, keepdims=True) @ (x @ w_v)


@EXERCISE.mutant
def divided_by_d_k(x, w, d_k):
    w_q, w_k, w_v = _three(w, d_k)
    return reference.attention(x @ w_q, x @ w_k, x @ w_v, scale=1 / w_q.shape[-1])


@EXERCISE.mutant
def softmax_over_queries(x, w, d_k):
    w_q, w_k, w_v = _three(w, d_k)
    weights = softmax(x @ w_q @ (x @ w_k).swapaxes(-1, -2) / np.sqrt(w_q.shape[-1]), axis=-2)
    return weights @ (x @ w_v)


@EXERCISE.holds("one row for each token, as wide as w_v")
def output_shape(call):
    out = call(_x, _w, 5)
    return None if out.shape == (11, 3) else f"{text.shape(out)} for 11 tokens and w_v of width 3"


@EXERCISE.holds("shuffling the tokens shuffles the output the same way")
def equivariance(call):
    order = np.arange(11)[::-1]
    gap = np.abs(call(_x[order], _w, 5) - call(_x, _w, 5)[order]).max()
    return None if gap < 1e-4 else f"an entry differs by {text.number(gap)}"


@EXERCISE.holds("a single token gets its own value")
def single_token(call):
    gap = np.abs(call(_x[:1], _w, 5) - _x[:1] @ _w_v).max()
    return None if gap < 1e-4 else f"an entry differs by {text.number(gap)}"


@EXERCISE.holds("with query weights of zero every token gets the mean value")
def zero_queries(call):
    gap = np.abs(call(_x, np.hstack([0 * _w_q, _w_k, _w_v]), 5) - (_x @ _w_v).mean(axis=0)).max()
    return None if gap < 1e-4 else f"an entry differs by {text.number(gap)}"


@EXERCISE.holds("scores of 1000 and -1000 do no harm")
def large_scores(call):
    out = call(*_with_scores(APART))
    good = np.allclose(out, APART_WEIGHTS, atol=1e-3)
    return None if good else f"scores of 1000 and 1001 get the weights {text.numbers(out[0])}, -1000 and -1001 get {text.numbers(out[1])}"


@EXERCISE.holds("a score higher by the logarithm of 3 makes a weight three times as large")
def by_hand(call):
    out = call(*_with_scores(np.array([[0.0, np.log(3)], [0.0, 0.0]])))[0]
    return None if np.allclose(out, [0.25, 0.75], atol=1e-4) else f"with the scores 0 and log 3 the weights are {text.numbers(out)}"


@EXERCISE.holds("equal values come back unchanged, so the weights add up to 1")
def equal_values(call):
    alike = np.outer(np.ones(11), _x[0])
    gap = np.abs(call(alike, _w, 5) - alike @ _w_v).max()
    return None if gap < 1e-4 else f"with eleven equal tokens an entry differs from their value by {text.number(gap)}"


@EXERCISE.holds("each text of a batch is answered by itself")
def texts_are_independent(call):
    x, w, d_k = EXERCISE.probes[3].arguments
    gap = np.abs(call(x, w, d_k)[1] - call(x[1], w, d_k)).max()
    return None if gap < 1e-4 else f"text 1 alone gets an answer that differs by {text.number(gap)}"
