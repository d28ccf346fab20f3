"""Dropout inside attention, backwards: which weights get a gradient, which values, and how large."""

from __future__ import annotations

import numpy as np

from attnlab.exercises import _text as text
from attnlab.exercises._exercise import Exercise


def _turned(x):
    return x.swapaxes(-1, -2)


def _back(weights, v, d_output, factor):
    """Gradients of (weights * factor) @ v."""
    return d_output @ _turned(v) * factor, _turned(weights * factor) @ d_output


EXERCISE = Exercise(
    id="self_attention.attention_dropout",
    title="Back through dropout",
    level="apply",
    minutes=15,
    difficulty=2,
    page="self_attention/implementation",
    headings=("Dropout stands between normalise and mix",),
    statement=r"""
    While a model is trained, dropout sets each attention weight to zero with probability $p$ and divides what is left by $1 - p$:

    $$o_i = \sum_j \frac{z_{ij}\, a_{ij}}{1 - p}\, v_j, \qquad z_{ij} = 1 \text{ with probability } 1 - p, \text{ else } 0 .$$

    Write the way **back**. The draw of the forward pass is given, `keep`, boolean, True where $z_{ij} = 1$, and so is $\bar O$, the gradient of the loss with respect to the output. Return two gradients: with respect to the weights (as they were *before* dropout) and with respect to the values.

    A tiny example: weights `[[0.5, 0.5]]`, values `[[1], [7]]`, `keep` `[[True, False]]`, $p = 0.5$, $\bar O$ `[[3]]`. The gradient of the weights is `[[6, 0]]`, that of the values `[[3], [0]]`.
    """,
    slot='''
    def dropout_backward(weights, v, keep, p, d_output):
        """How the loss moves with the weights before dropout, and with the values.

        weights: (..., n, m), rows sum to one; v: (..., m, d_v); keep: boolean, (..., n, m)
        p: share that is dropped on average; d_output: (..., n, d_v)
        result: d_weights (..., n, m), d_v (..., m, d_v)
        """
        # YOUR CODE HERE
        ...
    ''',
    parts=("d_weights", "d_v"),
    hints=(
        "A weight that was dropped had no effect on the output. How large can its gradient be? And the part of a value's gradient that comes through it?",
        r"With $\tilde A = A \odot Z / (1 - p)$ the forward pass is $O = \tilde A V$. So $\bar V = \tilde A^\top \bar O$, the gradient of $\tilde A$ is $\bar O V^\top$, and each entry of $A$ was multiplied by a constant.",
        "```python\nfactor = keep / (____)\nd_weights = d_output @ ____ * ____\nd_v = (____).swapaxes(-1, -2) @ d_output\nreturn d_weights, d_v\n```",
    ),
    parsons=("dropped_weights_get_a_gradient", "not_made_larger"),
    why=r"""
    Dropout multiplies each weight by a number that does not depend on it, $0$ or $1/(1-p)$. A gradient is multiplied by the same number on its way back; so the draw has to be kept, or made again from the same seed, as fast kernels do.

    **The two most common mistakes.** Letting a gradient through to weights that were dropped. Mixing the values' gradient with the weights before dropout.

    **Cost.** Two products, as without dropout, and $n\,m$ bits for the draw.
    """,
    verified="both gradients for p = 0.3, 0.5 and 0, for a batch, and for a query that loses everything.",
    next_thought="the softmax in front of dropout gets these gradients: do they still sum to zero along a row after it?",
    reference=lambda weights, v, keep, p, d_output: (
        np.einsum("...ie,...je->...ij", d_output, v) * np.where(keep, 1 / (1 - p), 0.0),
        np.einsum("...ij,...ie->...je", weights * np.where(keep, 1 / (1 - p), 0.0), d_output)),
)

_rng = np.random.default_rng(8)


def _case(p, n, m, d_v, batch=()):
    powers = np.exp(_rng.normal(size=(*batch, n, m)))
    weights = powers / powers.sum(axis=-1, keepdims=True)
    keep = _rng.random((*batch, n, m)) >= p
    return weights, _rng.normal(size=(*batch, m, d_v)), keep, p, _rng.normal(size=(*batch, n, d_v))


_weights, _v, _keep, _p, _d_output = _case(0.3, 5, 7, 3)
EXERCISE.probe("5 queries, 7 keys, p = 0.3", _weights, _v, _keep, _p, _d_output)
EXERCISE.probe("7 tokens, p = 0.5", *_case(0.5, 7, 7, 2))
EXERCISE.probe("nothing dropped, p = 0", *_case(0.0, 3, 5, 2))
EXERCISE.probe("a batch of 2", *_case(0.4, 3, 5, 2, (2,)))
_lost = _case(0.6, 3, 5, 2)
_lost[2][1] = False
EXERCISE.probe("query 1 loses everything, p = 0.6", *_lost)
EXERCISE.probe("a batch of one", *_case(0.5, 3, 5, 2, (1,)))


@EXERCISE.solve
def dropout_backward_solution(weights, v, keep, p, d_output):
    factor = keep / (1 - p)
    d_weights = d_output @ v.swapaxes(-1, -2) * factor
    d_v = (weights * factor).swapaxes(-1, -2) @ d_output
    return d_weights, d_v


@EXERCISE.mutant
def dropped_weights_get_a_gradient(weights, v, keep, p, d_output):
    factor = keep / (1 - p)
    d_weights = d_output @ v.swapaxes(-1, -2)
    d_v = (weights * factor).swapaxes(-1, -2) @ d_output
    return d_weights, d_v


@EXERCISE.mutant
def values_mixed_before_dropout(weights, v, keep, p, d_output):
    return d_output @ _turned(v) * keep / (1 - p), _turned(weights) @ d_output


@EXERCISE.mutant
def not_made_larger(weights, v, keep, p, d_output):
    factor = keep / 1
    d_weights = d_output @ v.swapaxes(-1, -2) * factor
    d_v = (weights * factor).swapaxes(-1, -2) @ d_output
    return d_weights, d_v


@EXERCISE.mutant
def kept_weights_renormalised(weights, v, keep, p, d_output):
    total = np.maximum((weights * keep).sum(axis=-1, keepdims=True), 1e-9)
    share, d_share = weights * keep / total, d_output @ _turned(v)
    return keep / total * (d_share - (share * d_share).sum(axis=-1, keepdims=True)), _turned(share) @ d_output


@EXERCISE.mutant
def divided_by_the_share_dropped(weights, v, keep, p, d_output):
    return _back(weights, v, d_output, keep / max(p, 1e-3))


@EXERCISE.mutant(same_as="divided_by_the_share_dropped")
def divided_by_p(weights, v, keep, p, d_output):
    return _back(weights, v, d_output, keep / p)


@EXERCISE.mutant
def divided_by_the_share_kept(weights, v, keep, p, d_output):
    return _back(weights, v, d_output, keep / keep.mean())


@EXERCISE.mutant(same_as="divided_by_the_share_kept")
def divided_by_the_share_kept_of_each_row(weights, v, keep, p, d_output):
    return _back(weights, v, d_output, keep / np.maximum(keep.mean(axis=-1, keepdims=True), 1e-9))


@EXERCISE.mutant
def kept_taken_for_dropped(weights, v, keep, p, d_output):
    return _back(weights, v, d_output, ~keep / (1 - p))


@EXERCISE.mutant
def made_smaller_instead(weights, v, keep, p, d_output):
    return _back(weights, v, d_output, keep * (1 - p))


@EXERCISE.mutant
def one_draw_for_all_queries(weights, v, keep, p, d_output):
    return _back(weights, v, d_output, np.broadcast_to(keep[..., :1, :], keep.shape) / (1 - p))


@EXERCISE.mutant
def nothing_dropped(weights, v, keep, p, d_output):
    return _back(weights, v, d_output, 1 / (1 - p))


@EXERCISE.mutant
def queries_dropped(weights, v, keep, p, d_output):
    return _back(weights, v, d_output, np.broadcast_to(keep[..., :1], keep.shape) / (1 - p))


def _loss(weights, v, keep, p, d_output):
    return ((weights * keep / (1 - p)) @ v * d_output).sum()


def _slope(which, place):
    """Moving one entry changes the loss as the gradient says; without an error of approximation, since the loss is linear in it."""
    def test(call):
        moved = [_weights.copy(), _v.copy()]
        moved[which][place] += 1
        measured = _loss(*moved, _keep, _p, _d_output) - _loss(_weights, _v, _keep, _p, _d_output)
        told = float(np.asarray(call(_weights, _v, _keep, _p, _d_output)[which])[place])
        return None if abs(told - measured) < 1e-4 else f"the gradient says {text.number(told)}, the loss says {text.number(measured)}"

    return test


_kept = tuple(np.argwhere(_keep)[3])
EXERCISE.holds("the loss moves with a kept weight as d_weights says")(_slope(0, _kept))
EXERCISE.holds("the loss moves with an entry of a value as d_v says")(_slope(1, (2, 1)))


@EXERCISE.holds("a weight that was dropped gets no gradient")
def dropped_is_not_heard(call):
    largest = np.abs(np.asarray(call(_weights, _v, _keep, _p, _d_output)[0])[~_keep]).max()
    return None if largest < 1e-6 else f"one gets {text.number(largest)}"


@EXERCISE.holds("a query that loses everything sends nothing back")
def all_lost(call):
    weights, v, keep, p, d_output = _lost
    other = d_output.copy()
    other[1] += 5
    gap = max(np.abs(np.asarray(a) - np.asarray(b)).max() for a, b in zip(call(weights, v, keep, p, other), call(weights, v, keep, p, d_output)))
    return None if gap < 1e-6 else f"another gradient at its output moves an entry by {text.number(gap)}"


@EXERCISE.holds("each text of a batch has its own draw")
def own_draw(call):
    weights, v, keep, p, d_output = EXERCISE.probes[3].arguments
    both, alone = call(weights, v, keep, p, d_output), call(weights[1], v[1], keep[1], p, d_output[1])
    gap = max(np.abs(np.asarray(a)[1] - np.asarray(b)).max() for a, b in zip(both, alone))
    return None if gap < 1e-4 else f"text 1 alone gets an answer that differs by {text.number(gap)}"


@EXERCISE.holds("the tiny example gives 6 and 0 for the weights, 3 and 0 for the values")
def tiny_example(call):
    out = call(np.array([[0.5, 0.5]]), np.array([[1.0], [7.0]]), np.array([[True, False]]), 0.5, np.array([[3.0]]))
    good = np.allclose(out[0], [[6, 0]], atol=1e-4) and np.allclose(out[1], [[3], [0]], atol=1e-4)
    return None if good else f"it gives {text.numbers(out[0])} and {text.numbers(out[1])}"
