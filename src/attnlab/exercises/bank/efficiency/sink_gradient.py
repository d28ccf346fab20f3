"""How a sink learns: its gradient, from what the forward pass has kept."""

from __future__ import annotations

import numpy as np

from attnlab.exercises import _text as text
from attnlab.exercises._exercise import Exercise


def _share(lse, sink):
    return np.exp(sink - lse)


def _drift(out, d_out):
    return (d_out * out).sum(axis=-1)


def _reference(out, lse, sink, d_out):
    return -(_share(lse, sink) * _drift(out, d_out)).sum()


EXERCISE = Exercise(
    id="efficiency.sink_gradient",
    title="How a sink learns",
    level="apply",
    minutes=15,
    difficulty=2,
    page="efficiency/blocked_backward",
    headings=("Backward: compute it again",),
    statement=r"""
    A head has a **sink**: one learned score, the same for all its queries, in the denominator of every row, with no value behind it. The forward pass has kept the output `out` and the log-sum-exp `lse` of each row; the sink is part of `lse`. Given `d_out`, the gradient of the output, return the gradient of the sink, **one number** for the whole head. You need neither queries nor keys nor values.

    A tiny example: one row of one key of value 2. The scores of key and sink are both 0, so the output is 1 and the log-sum-exp $\ln 2$. With `d_out = [[1]]` the gradient is `-0.5`.
    """,
    slot='''
    def sink_gradient(out, lse, sink, d_out):
        """The gradient of a head's learned sink.

        out, d_out: (n, d_v), lse: (n,), the sink included, sink: a number
        result: a number
        """
        # YOUR CODE HERE
        ...
    ''',
    hints=(
        "More sink means less of everything else: if every output helps to lower the loss, the gradient of the sink is positive.",
        r"The sink is a score like any other, so its gradient in row $i$ is $P_{i0}\,(\bar P_{i0} - D_i)$. What is its weight $P_{i0}$, from `sink` and `lse`? And what is $\bar P_{i0}$, if its value is zero?",
        "```python\nweight = np.exp(____)\nd = (d_out * out).sum(axis=____)\nreturn ____\n```",
    ),
    parsons=("sink_gradient_positive", "sink_rows_averaged"),
    why=r"""
    $\bar P_{i0}$ is the gradient times the sink's value, and that value is zero. What is left is $-P_{i0} D_i$, added up over all rows, since the same number stands in each. A sink rises where the outputs push the loss up, and falls where they are wanted.

    **The two most common mistakes.** The sign: with nothing to mix in, only the minus of the normalisation remains. Adding the sink to `lse` once more, where it is contained already.

    **Cost.** $n$ products of $D$ and a weight; $D$ is needed for the other gradients in any case.
    """,
    verified="the slope of a loss, for sinks far below, among and far above the scores, and for scores near 1000.",
    next_thought="the sinks of gpt-oss are a number for each head; what would a sink for each query be, and who would provide it?",
    reference=_reference,
)

_rng = np.random.default_rng(67)


def _forward(s, v, sink):
    """(output, log-sum-exp) of rows of scores with one sink."""
    top = np.maximum(s.max(axis=-1, keepdims=True), sink)
    total = np.exp(s - top).sum(axis=-1, keepdims=True) + np.exp(sink - top)
    return np.exp(s - top) @ v / total, (top + np.log(total))[:, 0]


def _draw(n, m, d_v, sink, about=0.0):
    s, v = about + _rng.normal(size=(n, m)), _rng.normal(size=(m, d_v))
    out, lse = _forward(s, v, sink)
    return out, lse, sink, _rng.normal(size=(n, d_v))


EXERCISE.probe("5 rows, values of width 3, a sink of 1", *_draw(5, 7, 3, 1.0))
EXERCISE.probe("3 rows, values of width 2, a sink of -0.5", *_draw(3, 2, 2, -0.5))
EXERCISE.probe("7 rows, values of width 1, a sink of 3", *_draw(7, 5, 1, 3.0))
EXERCISE.probe("1 row, values of width 4, a sink of 0", *_draw(1, 3, 4, 0.0))
EXERCISE.probe("4 rows, values of width 4, scores and sink near 1000", *_draw(4, 5, 4, 1001.0, about=1000.0), extreme=True)
EXERCISE.probe("2 rows, a sink of minus infinity", *_draw(2, 3, 2, -np.inf), extreme=True)


@EXERCISE.solve
def sink_gradient_solution(out, lse, sink, d_out):
    weight = np.exp(sink - lse)
    d = (d_out * out).sum(axis=-1)
    return -(weight * d).sum()


@EXERCISE.mutant
def sink_gradient_positive(out, lse, sink, d_out):
    weight = np.exp(sink - lse)
    d = (d_out * out).sum(axis=-1)
    return (weight * d).sum()


@EXERCISE.mutant
def sink_rows_averaged(out, lse, sink, d_out):
    weight = np.exp(sink - lse)
    d = (d_out * out).sum(axis=-1)
    return -(weight * d).mean()


@EXERCISE.mutant
def sink_counted_again(out, lse, sink, d_out):
    return -(_share(np.logaddexp(lse, sink), sink) * _drift(out, d_out)).sum()


@EXERCISE.mutant
def weight_of_the_keys_for_the_sinks(out, lse, sink, d_out):
    return -((1 - _share(lse, sink)) * _drift(out, d_out)).sum()


@EXERCISE.mutant
def weights_for_the_sinks_gradient(out, lse, sink, d_out):
    return -_share(lse, sink).sum()


@EXERCISE.mutant
def drift_over_columns(out, lse, sink, d_out):
    return -(_share(lse, sink) * _drift(out, d_out).sum()).sum()


@EXERCISE.mutant
def sink_weight_left_out(out, lse, sink, d_out):
    return -_drift(out, d_out).sum()


@EXERCISE.mutant(evidence=text.not_finite)
def no_common_maximum(out, lse, sink, d_out):
    with np.errstate(all="ignore"):
        return -(np.exp(sink) / np.exp(lse) * _drift(out, d_out)).sum()


_scores, _values, _d_out = _rng.normal(size=(5, 7)), _rng.normal(size=(7, 3)), _rng.normal(size=(5, 3))


@EXERCISE.holds("it is the slope of the loss")
def slope(call):
    loss = [(_forward(_scores, _values, 0.7 + step)[0] * _d_out).sum() for step in (1e-4, -1e-4)]
    wanted, found = (loss[0] - loss[1]) / 2e-4, float(call(*_forward(_scores, _values, 0.7), 0.7, _d_out))
    return None if abs(found - wanted) < 1e-3 else f"moving the sink gives {text.number(wanted)}, yours is {text.number(found)}"


@EXERCISE.holds("two halves of the rows add up to the whole")
def rows_add_up(call):
    out, lse = _forward(_scores, _values, 0.7)
    whole = float(call(out, lse, 0.7, _d_out))
    halves = float(call(out[:2], lse[:2], 0.7, _d_out[:2])) + float(call(out[2:], lse[2:], 0.7, _d_out[2:]))
    return None if abs(whole - halves) < 1e-4 else f"the whole is {text.number(whole)}, the halves are {text.number(halves)}"


@EXERCISE.holds("a sink of minus infinity has no gradient")
def nothing_to_learn(call):
    found = float(call(*_forward(_scores, _values, -np.inf), -np.inf, _d_out))
    return None if abs(found) < 1e-6 else f"it is {text.number(found)}"
