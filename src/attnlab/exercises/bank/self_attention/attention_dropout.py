"""Dropout inside attention: some weights are dropped, the rest made larger, and rows no longer sum to one."""

from __future__ import annotations

import numpy as np

from attnlab.exercises import _text as text
from attnlab.exercises._exercise import Exercise

EXERCISE = Exercise(
    id="self_attention.attention_dropout",
    title="Drop some weights",
    level="apply",
    minutes=8,
    difficulty=1,
    page="self_attention/implementation",
    headings=("Dropout stands between normalise and mix",),
    statement=r"""
    While a model is trained, dropout sets each attention weight to zero with probability $p$. What is left is divided by $1 - p$, so that *on average* nothing changes:

    $$o_i = \sum_j \frac{z_{ij}\, a_{ij}}{1 - p}\, v_j, \qquad z_{ij} = 1 \text{ with probability } 1 - p, \text{ else } 0 .$$

    The draw is made for you: `keep` is boolean, True where $z_{ij} = 1$. A tiny example: weights `[0.5, 0.5]`, `keep` `[True, False]`, $p = 0.5$: the first value counts $0.5 / 0.5 = 1$, the second not at all.
    """,
    slot='''
    def attention_dropout(weights, v, keep, p):
        """Mix the values with the weights that are kept.

        weights: (..., n, m), rows sum to one; v: (..., m, d_v)
        keep: boolean, (..., n, m); p: share that is dropped on average; result: (..., n, d_v)
        """
        # YOUR CODE HERE
        ...
    ''',
    hints=(
        "A dropped pair adds nothing to the output, and averaged over all draws the output is that of no dropout.",
        r"Multiply the weights by `keep` and divide by the probability of being *kept*, $1 - p$. Do not touch them otherwise: rows need not sum to one any more.",
        "```python\nkept = weights * ____\nreturn kept / (____) @ v\n```",
    ),
    parsons=("kept_weights_renormalised", "not_made_larger"),
    why=r"""
    With probability $1 - p$ a weight counts $a / (1 - p)$, and otherwise nothing: $a$ on average. So nothing has to be done at evaluation, where dropout is simply left out.

    **The two most common mistakes.** Making rows sum to one again: then the output is an average of the kept values, and no longer right on average. Forgetting the division: all outputs are too small while training, and jump when dropout is turned off.

    **Cost.** One random number for each score, $n\,m$ a head. That is one reason why fast kernels draw them inside the block instead of storing them.
    """,
    verified="equal to the formula for p = 0.3, 0.5 and 0, for a batch, and for a query that loses everything.",
    next_thought="a row in which every weight is dropped gets zeros: how likely is that for two keys?",
    reference=lambda weights, v, keep, p: (weights * keep / (1 - p)) @ v,
)

_rng = np.random.default_rng(8)


def _case(p, n, m, d_v, batch=()):
    powers = np.exp(_rng.normal(size=(*batch, n, m)))
    weights = powers / powers.sum(axis=-1, keepdims=True)
    return weights, _rng.normal(size=(*batch, m, d_v)), _rng.random((*batch, n, m)) >= p, p


_weights, _v, _keep, _p = _case(0.3, 5, 7, 3)
EXERCISE.probe("5 queries, 7 keys, p = 0.3", _weights, _v, _keep, _p)
EXERCISE.probe("7 tokens, p = 0.5", *_case(0.5, 7, 7, 2))
EXERCISE.probe("nothing dropped, p = 0", *_case(0.0, 3, 5, 2))
EXERCISE.probe("a batch of 2", *_case(0.4, 3, 5, 2, (2,)))
_lost = _case(0.6, 3, 5, 2)
_lost[2][1] = False
EXERCISE.probe("query 1 loses everything, p = 0.6", *_lost)


@EXERCISE.solve
def attention_dropout_solution(weights, v, keep, p):
    kept = weights * keep
    return kept / (1 - p) @ v


@EXERCISE.mutant
def not_made_larger(weights, v, keep, p):
    kept = weights * keep
    return kept @ v


@EXERCISE.mutant
def kept_weights_renormalised(weights, v, keep, p):
    kept = weights * keep
    kept = kept / np.maximum(kept.sum(axis=-1, keepdims=True), 1e-9)
    return kept @ v


@EXERCISE.mutant
def divided_by_the_share_dropped(weights, v, keep, p):
    return weights * keep / max(p, 1e-3) @ v


@EXERCISE.mutant(same_as="divided_by_the_share_dropped")
def divided_by_p(weights, v, keep, p):
    return weights * keep / p @ v


@EXERCISE.mutant
def divided_by_the_share_kept(weights, v, keep, p):
    return weights * keep / keep.mean() @ v


@EXERCISE.mutant(same_as="divided_by_the_share_kept")
def divided_by_the_share_kept_of_each_row(weights, v, keep, p):
    return weights * keep / np.maximum(keep.mean(axis=-1, keepdims=True), 1e-9) @ v


@EXERCISE.mutant
def kept_taken_for_dropped(weights, v, keep, p):
    return weights * ~keep / (1 - p) @ v


@EXERCISE.mutant
def made_smaller_instead(weights, v, keep, p):
    return weights * keep * (1 - p) @ v


@EXERCISE.mutant
def one_draw_for_all_queries(weights, v, keep, p):
    return weights * keep[..., :1, :] / (1 - p) @ v


@EXERCISE.mutant
def nothing_dropped(weights, v, keep, p):
    return weights / (1 - p) @ v


@EXERCISE.mutant
def queries_dropped(weights, v, keep, p):
    return (weights @ v) * keep[..., :1] / (1 - p)


@EXERCISE.holds("averaged over all draws, the output is that of no dropout")
def right_on_average(call):
    weights, v, p, total = np.array([[0.2, 0.3, 0.5]]), np.array([[1.0], [2.0], [4.0]]), 0.3, 0.0
    for bits in range(8):
        keep = np.array([[bool(bits >> j & 1) for j in range(3)]])
        total = total + np.prod(np.where(keep, 1 - p, p)) * call(weights, v, keep, p)[0, 0]
    return None if abs(total - 2.8) < 1e-4 else f"the average is {text.number(total)}, not 2.8"


@EXERCISE.holds("a dropped value may change and nothing moves")
def dropped_is_not_heard(call):
    other = _v + 10.0 * ~_keep[0][:, None]
    gap = np.abs(call(_weights, other, _keep, _p) - call(_weights, _v, _keep, _p))[0].max()
    return None if gap < 1e-4 else f"output 0 moves by {text.number(gap)} when the values dropped for it grow by 10"


@EXERCISE.holds("a query that loses everything gets zeros")
def all_lost(call):
    out = call(*_lost)[1]
    return None if np.abs(out).max() < 1e-4 else f"it gets {text.numbers(out)}"


@EXERCISE.holds("each text of a batch has its own draw")
def own_draw(call):
    weights, v, keep, p = EXERCISE.probes[3].arguments
    gap = np.abs(call(weights, v, keep, p)[1] - call(weights[1], v[1], keep[1], p)).max()
    return None if gap < 1e-4 else f"text 1 alone gets an answer that differs by {text.number(gap)}"


@EXERCISE.holds("with weights of a half, one kept and one dropped at p = 0.5, the kept value counts once")
def tiny_example(call):
    out = float(call(np.array([[0.5, 0.5]]), np.array([[1.0], [7.0]]), np.array([[True, False]]), 0.5)[0, 0])
    return None if abs(out - 1) < 1e-4 else f"a kept value of 1 gives {text.number(out)}"
