"""Self-attention: one table of tokens, three projections."""

from __future__ import annotations

import numpy as np

from attnlab import reference
from attnlab.exercises import _text as text
from attnlab.exercises._exercise import Exercise
from attnlab.exercises._probes import APART, APART_WEIGHTS, with_scores
from attnlab.reference import softmax

EXERCISE = Exercise(
    id="self_attention.self_attention",
    title="From tokens to self-attention",
    level="apply",
    minutes=10,
    difficulty=1,
    page="self_attention/scaled_dot_product",
    headings=("The mathematics",),
    statement=r"""
    Queries, keys and values are not three inputs: they are three *projections* of one table of tokens $X$ ($n \times d_{\text{model}}$).
    Add the step *project* in front of the others:

    $$Q = X W_Q, \quad K = X W_K, \quad V = X W_V, \qquad O = \operatorname{softmax}\!\left(\frac{Q K^\top}{\sqrt{d_k}}\right) V$$

    A tiny example: if `w_q` holds zeros, all scores are 0 and every row of the output is the mean of the rows of `x @ w_v`. Scores in the thousands, of either sign, must do no harm.
    """,
    slot='''
    def self_attention(x, w_q, w_k, w_v):
        """Every token asks all tokens, with queries, keys and values projected from the same x.

        x: (..., n, d_model), w_q, w_k: (d_model, d_k), w_v: (d_model, d_v); result: (..., n, d_v)
        """
        # YOUR CODE HERE
        ...
    ''',
    imports=("import numpy as np", "from attnlab.reference import softmax"),
    hints=(
        "The output has one row for each token and the width of `w_v`. Exchange two tokens, and the same two rows of the output are exchanged.",
        r"Three matrix products give $Q$, $K$, $V$; from there on it is attention, and $d_k$ is the width of $Q$, not of $X$.",
        "```python\nq, k, v = x @ w_q, ____, ____\nscores = q @ ____ / np.sqrt(____)\nreturn softmax(scores) @ ____\n```",
    ),
    parsons=("scaled_by_d_model", "keys_from_query_weights"),
    why=r"""
    One product for each role, then attention as before. `q.shape[-1]` is $d_k$ even when the model is wider.

    **The two most common mistakes.** Scaling by the square root of $d_{\text{model}}$, which is right only for a head as wide as the model. Using one projection for queries and keys: the scores
    become symmetric, so $i$ cares for $j$ exactly as much as $j$ for $i$.

    **Cost.** $2 n\, d_{\text{model}} (2 d_k + d_v)$ operations for the projections, linear in $n$; for short texts they cost more than attention itself.
    """,
    verified="equal to the definition for d_model = 7, d_k = 5, d_v = 3, for square weights, for a batch, and for scores of 1000.",
    next_thought="if the rows of x are shuffled, how does the output change?",
    reference=lambda x, w_q, w_k, w_v: reference.attention(x @ w_q, x @ w_k, x @ w_v),
)

_rng = np.random.default_rng(11)


def _case(n, d_model, d_k, d_v, batch=()):
    x = _rng.normal(size=(*batch, n, d_model))
    return x, *(_rng.normal(size=(d_model, width)) / np.sqrt(d_model) for width in (d_k, d_k, d_v))


_x, _w_q, _w_k, _w_v = _case(11, 7, 5, 3)
EXERCISE.probe("11 tokens, d_model = 7, d_k = 5, d_v = 3", _x, _w_q, _w_k, _w_v)
EXERCISE.probe("5 tokens, all widths 5", *_case(5, 5, 5, 5))
EXERCISE.probe("a batch of 2", *_case(3, 13, 2, 5, (2,)))
EXERCISE.probe("a batch of 2 x 3", *_case(5, 7, 3, 2, (2, 3)))
EXERCISE.probe("3 texts of 3 tokens, all widths 3", *_case(3, 3, 3, 3, (3,)))


def _with_scores(scores):
    """Tokens that are unit vectors, and weights that give exactly these scores; the values are unit vectors too."""
    return np.eye(len(scores)), *with_scores(scores), np.eye(len(scores))


EXERCISE.probe("scores from -3000 to 1001", *_with_scores(APART), extreme=True)


@EXERCISE.solve
def self_attention_solution(x, w_q, w_k, w_v):
    q, k, v = x @ w_q, x @ w_k, x @ w_v
    scores = q @ k.swapaxes(-1, -2) / np.sqrt(q.shape[-1])
    return softmax(scores) @ v


@EXERCISE.mutant
def scaled_by_d_model(x, w_q, w_k, w_v):
    q, k, v = x @ w_q, x @ w_k, x @ w_v
    scores = q @ k.swapaxes(-1, -2) / np.sqrt(x.shape[-1])
    return softmax(scores) @ v


@EXERCISE.mutant
def keys_from_query_weights(x, w_q, w_k, w_v):
    q, k, v = x @ w_q, x @ w_q, x @ w_v
    scores = q @ k.swapaxes(-1, -2) / np.sqrt(q.shape[-1])
    return softmax(scores) @ v


@EXERCISE.mutant(same_as="keys_from_query_weights")
def queries_from_key_weights(x, w_q, w_k, w_v):
    return reference.attention(x @ w_k, x @ w_k, x @ w_v)


@EXERCISE.mutant
def queries_and_keys_swapped(x, w_q, w_k, w_v):
    return reference.attention(x @ w_k, x @ w_q, x @ w_v)


@EXERCISE.mutant(evidence=text.shapes)
def values_not_projected(x, w_q, w_k, w_v):
    return reference.attention(x @ w_q, x @ w_k, x)


@EXERCISE.mutant
def only_values_projected(x, w_q, w_k, w_v):
    return reference.attention(x, x, x @ w_v)


@EXERCISE.mutant(evidence=text.shapes)
def nothing_projected(x, w_q, w_k, w_v):
    return reference.attention(x, x, x)


@EXERCISE.mutant(evidence=text.shapes)
def keys_used_as_values(x, w_q, w_k, w_v):
    return reference.attention(x @ w_q, x @ w_k, x @ w_k)


@EXERCISE.mutant
def weight_matrices_transposed(x, w_q, w_k, w_v):
    return reference.attention(x @ w_q.T, x @ w_k.T, x @ w_v.T)


@EXERCISE.mutant
def no_scale(x, w_q, w_k, w_v):
    return reference.attention(x @ w_q, x @ w_k, x @ w_v, scale=1.0)


@EXERCISE.mutant
def all_axes_turned(x, w_q, w_k, w_v):
    return softmax(x @ w_q @ (x @ w_k).T / np.sqrt(w_q.shape[-1])) @ (x @ w_v)


@EXERCISE.mutant(evidence=text.not_finite)
def no_max_subtraction(x, w_q, w_k, w_v):
    exponentials = np.exp(x @ w_q @ (x @ w_k).swapaxes(-1, -2) / np.sqrt(w_q.shape[-1]))
    return exponentials / exponentials.sum(axis=-1, keepdims=True) @ (x @ w_v)


@EXERCISE.mutant
def divided_by_d_k(x, w_q, w_k, w_v):
    return reference.attention(x @ w_q, x @ w_k, x @ w_v, scale=1 / w_q.shape[-1])


@EXERCISE.mutant
def softmax_over_queries(x, w_q, w_k, w_v):
    weights = softmax(x @ w_q @ (x @ w_k).swapaxes(-1, -2) / np.sqrt(w_q.shape[-1]), axis=-2)
    return weights @ (x @ w_v)


@EXERCISE.holds("one row for each token, as wide as w_v")
def output_shape(call):
    out = call(_x, _w_q, _w_k, _w_v)
    return None if out.shape == (11, 3) else f"{text.shape(out)} for 11 tokens and w_v of width 3"


@EXERCISE.holds("shuffling the tokens shuffles the output the same way")
def equivariance(call):
    order = np.arange(11)[::-1]
    gap = np.abs(call(_x[order], _w_q, _w_k, _w_v) - call(_x, _w_q, _w_k, _w_v)[order]).max()
    return None if gap < 1e-4 else f"an entry differs by {text.number(gap)}"


@EXERCISE.holds("a single token gets its own value")
def single_token(call):
    gap = np.abs(call(_x[:1], _w_q, _w_k, _w_v) - _x[:1] @ _w_v).max()
    return None if gap < 1e-4 else f"an entry differs by {text.number(gap)}"


@EXERCISE.holds("with query weights of zero every token gets the mean value")
def zero_queries(call):
    gap = np.abs(call(_x, 0 * _w_q, _w_k, _w_v) - (_x @ _w_v).mean(axis=0)).max()
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
    gap = np.abs(call(alike, _w_q, _w_k, _w_v) - alike @ _w_v).max()
    return None if gap < 1e-4 else f"with eleven equal tokens an entry differs from their value by {text.number(gap)}"


@EXERCISE.holds("each text of a batch is answered by itself")
def texts_are_independent(call):
    x, *w = EXERCISE.probes[2].arguments
    gap = np.abs(call(x, *w)[1] - call(x[1], *w)).max()
    return None if gap < 1e-4 else f"text 1 alone gets an answer that differs by {text.number(gap)}"
