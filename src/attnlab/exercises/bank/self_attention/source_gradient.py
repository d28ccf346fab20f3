"""The gradient of cross-attention with respect to the tokens of both sides."""

from __future__ import annotations

import numpy as np

from attnlab import reference
from attnlab.exercises import _text as text
from attnlab.exercises._exercise import Exercise


def _parts(x, y, w_q, w_k, w_v, d_output):
    return reference.attention_gradient(x @ w_q, y @ w_k, y @ w_v, d_output)


def _reference(x, y, w_q, w_k, w_v, d_output):
    """Written out along each path: through the scores to both sides, through the values to the source alone."""
    scale = 1 / np.sqrt(w_q.shape[1])
    weights = reference.attention_weights(x @ w_q, y @ w_k)
    d_weights = d_output @ (y @ w_v).T
    d_scores = weights * (d_weights - (weights * d_weights).sum(axis=-1, keepdims=True)) * scale
    through_scores = d_scores.T @ (x @ w_q) @ w_k.T
    return d_scores @ (y @ w_k) @ w_q.T, through_scores + weights.T @ d_output @ w_v.T


EXERCISE = Exercise(
    id="self_attention.source_gradient",
    title="The gradient of both sides",
    level="apply",
    minutes=15,
    difficulty=2,
    page="self_attention/self_or_cross",
    headings=("The mathematics",),
    statement=r"""
    Tokens $X$ ($n \times d$) asked a source $Y$ ($m \times d$): $Q = X W_Q$, $K = Y W_K$, $V = Y W_V$, then attention. Given $\bar O$, the gradient of the loss with respect to the output, return the gradients with respect to **both** sides: $\bar X$ ($n \times d$) and $\bar Y$ ($m \times d$).

    For the part in the middle `reference.attention_gradient(q, k, v, d_output)` is imported: it gives $\bar Q$, $\bar K$, $\bar V$, scale included. Tiny example: if the source has one token, every weight is 1 whatever is asked, so $\bar X = 0$ and $\bar Y$ is the sum of the rows of $\bar O$, times $W_V^\top$.
    """,
    slot='''
    def source_gradient(x, y, w_q, w_k, w_v, d_output):
        """How the loss moves with the tokens that ask, x, and with those that are asked, y.

        x: (n, d), y: (m, d), w_q, w_k: (d, d_k), w_v: (d, d_v), d_output: (n, d_v)
        result: d_x (n, d), d_y (m, d)
        """
        # YOUR CODE HERE
        ...
    ''',
    parts=("d_x", "d_y"),
    imports=("import numpy as np", "from attnlab import reference"),
    hints=(
        "A gradient has the shape of what it belongs to. Count the ways in which a token of the source reaches the output: each way adds something.",
        r"If $Q = X W_Q$, then $\bar X = \bar Q\, W_Q^\top$. The source stands in two products, so $\bar Y$ has two terms.",
        "```python\nq, k, v = x @ w_q, y @ w_k, y @ w_v\nd_q, d_k, d_v = reference.attention_gradient(____)\nreturn d_q @ ____, d_k @ ____ + ____\n```",
    ),
    parsons=("keys_send_nothing_back", "source_paths_averaged"),
    why=r"""
    The asker is used once, as query; the source twice, as key and as value, so two contributions are added. In *self*-attention $X = Y$, and all three land on the same tokens.

    **The two most common mistakes.** Forgetting one of the source's two paths: the model still learns, since the other one remains. Taking the source for finished: in an encoder-decoder this very gradient is what trains the encoder.

    **Cost.** Three more products with the weight matrices, as many operations as the projections forwards, and as many again for the gradients of the matrices themselves.
    """,
    verified="5 askers and 7 source tokens with unequal widths, a square case, one asker, and a source of one token.",
    next_thought="which of the two gradients is missing if the source is a picture encoder that is kept frozen, and what does not have to be computed then?",
    reference=_reference,
)

_rng = np.random.default_rng(47)


def _case(n, m, d, d_k, d_v):
    shapes = (n, d), (m, d), (d, d_k), (d, d_k), (d, d_v), (n, d_v)
    x, y, w_q, w_k, w_v, d_output = (_rng.normal(size=shape) for shape in shapes)
    return x, y, 0.7 * w_q, 0.7 * w_k, w_v, d_output


EXERCISE.probe("5 askers, 7 source tokens, d = 4, d_k = 3, d_v = 2", *_case(5, 7, 4, 3, 2))
EXERCISE.probe("3 askers, 3 source tokens, all widths 3", *_case(3, 3, 3, 3, 3))
EXERCISE.probe("1 asker, 4 source tokens", *_case(1, 4, 3, 2, 5))
EXERCISE.probe("4 askers, a source of one token", *_case(4, 1, 3, 2, 2))


@EXERCISE.solve
def source_gradient_solution(x, y, w_q, w_k, w_v, d_output):
    q, k, v = x @ w_q, y @ w_k, y @ w_v
    d_q, d_k, d_v = reference.attention_gradient(q, k, v, d_output)
    d_x = d_q @ w_q.T
    d_y = d_k @ w_k.T + d_v @ w_v.T
    return d_x, d_y


@EXERCISE.mutant
def keys_send_nothing_back(x, y, w_q, w_k, w_v, d_output):
    q, k, v = x @ w_q, y @ w_k, y @ w_v
    d_q, d_k, d_v = reference.attention_gradient(q, k, v, d_output)
    d_x = d_q @ w_q.T
    d_y = d_v @ w_v.T
    return d_x, d_y


@EXERCISE.mutant
def values_send_nothing_back(x, y, w_q, w_k, w_v, d_output):
    d_q, d_k, _ = _parts(x, y, w_q, w_k, w_v, d_output)
    return d_q @ w_q.T, d_k @ w_k.T


@EXERCISE.mutant
def source_paths_averaged(x, y, w_q, w_k, w_v, d_output):
    q, k, v = x @ w_q, y @ w_k, y @ w_v
    d_q, d_k, d_v = reference.attention_gradient(q, k, v, d_output)
    d_x = d_q @ w_q.T
    d_y = (d_k @ w_k.T + d_v @ w_v.T) / 2
    return d_x, d_y


@EXERCISE.mutant
def source_taken_for_finished(x, y, w_q, w_k, w_v, d_output):
    return _parts(x, y, w_q, w_k, w_v, d_output)[0] @ w_q.T, np.zeros_like(y)


@EXERCISE.mutant
def all_paths_to_both_sides(x, y, w_q, w_k, w_v, d_output):
    d_q, d_k, d_v = _parts(x, y, w_q, w_k, w_v, d_output)
    both = d_q @ w_q.T + d_k @ w_k.T + d_v @ w_v.T
    return both, both


@EXERCISE.mutant
def gradient_not_turned_back(x, y, w_q, w_k, w_v, d_output):
    d_q, d_k, d_v = _parts(x, y, w_q, w_k, w_v, d_output)
    return d_q @ w_q, d_k @ w_k + d_v @ w_v


@EXERCISE.mutant
def scaled_once_more(x, y, w_q, w_k, w_v, d_output):
    d_q, d_k, d_v = _parts(x, y, w_q, w_k, w_v, d_output)
    scale = w_q.shape[1] ** -0.5
    return scale * d_q @ w_q.T, scale * d_k @ w_k.T + d_v @ w_v.T


@EXERCISE.mutant
def key_and_value_paths_exchanged(x, y, w_q, w_k, w_v, d_output):
    d_q, d_k, d_v = _parts(x, y, w_q, w_k, w_v, d_output)
    return d_q @ w_q.T, d_k @ w_v.T + d_v @ w_k.T


def _loss(x, y, w_q, w_k, w_v, d_output):
    return (reference.attention(x @ w_q, y @ w_k, y @ w_v) * d_output).sum()


def _moved(which):
    """Moving one entry of x or y by a little changes the loss as the gradient says."""
    def test(call):
        arguments = [np.array(a) for a in EXERCISE.probes[0].arguments]
        slope = float(np.asarray(call(*arguments)[which])[2, 1])
        ends = []
        for step in (1e-5, -1e-5):
            moved = [a.copy() for a in arguments]
            moved[which][2, 1] += step
            ends.append(_loss(*moved))
        measured = (ends[0] - ends[1]) / 2e-5
        return None if abs(slope - measured) < 1e-3 else f"the gradient says {text.number(slope)}, the loss says {text.number(measured)}"

    return test


EXERCISE.holds("the loss moves with an asker as d_x says")(_moved(0))
EXERCISE.holds("the loss moves with a token of the source as d_y says")(_moved(1))


@EXERCISE.holds("with a source of one token the asker gets no gradient")
def one_token(call):
    d_x = np.asarray(call(*EXERCISE.probes[3].arguments)[0])
    return None if np.abs(d_x).max() < 1e-4 else f"its largest entry is {text.number(np.abs(d_x).max())}"


@EXERCISE.holds("with a source of one token the source gets the sum of the output's gradients through the values")
def one_value(call):
    x, y, w_q, w_k, w_v, d_output = EXERCISE.probes[3].arguments
    gap = np.abs(np.asarray(call(x, y, w_q, w_k, w_v, d_output)[1]) - d_output.sum(axis=0) @ w_v.T).max()
    return None if gap < 1e-4 else f"an entry differs by {text.number(gap)}"


@EXERCISE.holds("d_x has the shape of x, d_y that of y")
def shapes(call):
    x, y, *rest = EXERCISE.probes[0].arguments
    d_x, d_y = (np.asarray(part) for part in call(x, y, *rest))
    return None if (d_x.shape, d_y.shape) == (x.shape, y.shape) else f"{text.shape(d_x)} and {text.shape(d_y)} for {x.shape} and {y.shape}"
