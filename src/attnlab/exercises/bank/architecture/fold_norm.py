"""The gain and the bias of a norm, moved into the linear layer that follows."""

from __future__ import annotations

import numpy as np

from attnlab.exercises import _text as text
from attnlab.exercises._exercise import Exercise
from attnlab.exercises._probes import comes_out


def _reference(gain, bias, w, b):
    gain, bias, w, b = (np.asarray(part, dtype=float) for part in (gain, bias, w, b))
    return np.diag(gain) @ w, np.array([bias @ column for column in w.T]) + b


EXERCISE = Exercise(
    id="architecture.fold_norm",
    title="A norm without parameters",
    level="apply",
    minutes=10,
    difficulty=2,
    page="architecture/normalisation",
    headings=("The mathematics",),
    parts=("the matrix", "the bias"),
    statement=r"""
    A LayerNorm with gain $\gamma$ and bias $\beta$ is followed by a linear layer: $y = (\gamma \odot u + \beta)\, W + b$, where $u$ is the normalised row. Before a published model is studied, $\gamma$ and $\beta$ are often **folded** into the linear layer.

    Return the pair $(W', b')$ with which $u\,W' + b'$ is the same $y$ for every row $u$.

    A tiny example: `gain = [2, 3]`, `bias = [1, 0]`, `w = [[1], [10]]`, `b = [5]` give `([[2], [30]], [6])`.
    """,
    slot='''
    def fold_norm(gain, bias, w, b):
        """The matrix and the bias of a linear layer that does the norm's gain and bias too.

        gain, bias: (d_in,), w: (d_in, d_out), b: (d_out,); result: (d_in, d_out) and (d_out,)
        """
        # YOUR CODE HERE
        ...
    ''',
    hints=(
        "Put in $u = 0$: what leaves is $b'$. Put in a row with a single 1: what leaves, less $b'$, is a row of $W'$.",
        r"$(\gamma \odot u) W$: feature $i$ of $u$ meets row $i$ of $W$. So row $i$ of $W$ is multiplied by $\gamma_i$. And $\beta$ goes through the *old* $W$.",
        "```python\nnew_w = gain[____] * w\nnew_b = ____ @ ____ + b\nreturn new_w, new_b\n```",
    ),
    parsons=("fold_gain_on_the_columns", "fold_bias_before_the_gain"),
    why=r"""
    $(\gamma \odot u + \beta) W + b = u\,(\operatorname{diag}(\gamma) W) + (\beta W + b)$. What is left of the norm has no parameters, and $W'$ alone says what the layer reads from the stream.

    **The two most common mistakes.** Multiplying the columns by $\gamma$, which changes what is written instead of what is read. Letting $\beta$ pass through the new matrix: that is the norm with bias and gain in the other order, $\gamma \odot (u + \beta)$.

    **Cost.** Once $d_\text{in} d_\text{out}$ operations, and from then on two fewer a feature.
    """,
    verified="tall, wide and square matrices, one column, gains of 0 and below 0, biases of 0, and whole numbers.",
    next_thought="a model has one norm and three projections behind it, for queries, keys and values. What must be folded where?",
    reference=_reference,
)

_rng = np.random.default_rng(41)


def _case(d_in, d_out):
    return _rng.normal(size=d_in) + 1.3, _rng.normal(size=d_in), _rng.normal(size=(d_in, d_out)), _rng.normal(size=d_out)


_first = _case(5, 3)
EXERCISE.probe("5 features in, 3 out", *_first)
EXERCISE.probe("2 features in, 7 out", *_case(2, 7))
EXERCISE.probe("4 in, 4 out", *_case(4, 4))
EXERCISE.probe("3 in, one out", *_case(3, 1))
EXERCISE.probe("a gain of 0 and one below 0", np.array([0.0, -2.0, 1.5]), *_case(3, 2)[1:])
EXERCISE.probe("no bias in the linear layer", *_case(3, 5)[:3], np.zeros(5))
EXERCISE.probe("whole numbers", np.array([2, 3]), np.array([1, -4]), np.array([[1, 0, 2], [10, 5, -1]]), np.array([5, 6, 7]))


@EXERCISE.solve
def fold_norm_solution(gain, bias, w, b):
    new_w = gain[:, None] * w
    new_b = bias @ w + b
    return new_w, new_b


@EXERCISE.mutant
def fold_gain_on_the_columns(gain, bias, w, b):
    new_w = np.resize(gain, w.shape[1]) * w
    new_b = bias @ w + b
    return new_w, new_b


@EXERCISE.mutant
def fold_bias_forgotten(gain, bias, w, b):
    return gain[:, None] * w, b


@EXERCISE.mutant
def fold_bias_not_projected(gain, bias, w, b):
    return gain[:, None] * w, np.resize(bias, w.shape[1]) + b


@EXERCISE.mutant
def fold_bias_before_the_gain(gain, bias, w, b):
    new_w = gain[:, None] * w
    new_b = bias @ new_w + b
    return new_w, new_b


@EXERCISE.mutant
def fold_old_bias_dropped(gain, bias, w, b):
    return gain[:, None] * w, bias @ w


@EXERCISE.mutant
def fold_gain_forgotten(gain, bias, w, b):
    return w, bias @ w + b


@EXERCISE.mutant
def fold_gain_divides(gain, bias, w, b):
    with np.errstate(divide="ignore", invalid="ignore"):
        return w / np.asarray(gain, dtype=float)[:, None], bias @ w + b


@EXERCISE.mutant
def fold_gain_on_the_old_bias(gain, bias, w, b):
    return gain[:, None] * w, bias @ w + gain.mean() * b


EXERCISE.holds("the example of the statement comes out")(
    comes_out(([[2.0], [30.0]], [6.0]), np.array([2.0, 3.0]), np.array([1.0, 0.0]), np.array([[1.0], [10.0]]), np.array([5.0])))


@EXERCISE.holds("the folded layer says the same of every row")
def same_answers(call):
    gain, bias, w, b = _first
    u = np.random.default_rng(1).normal(size=(4, 5))
    new_w, new_b = call(gain, bias, w, b)
    gap = np.abs(u @ np.asarray(new_w) + np.asarray(new_b) - ((gain * u + bias) @ w + b)).max()
    return None if gap < 1e-4 else f"what leaves differs by up to {text.number(gap)}"


@EXERCISE.holds("a gain of 1 and a bias of 0 change nothing")
def nothing_to_fold(call):
    _, _, w, b = _first
    new_w, new_b = call(np.ones(5), np.zeros(5), w, b)
    gap = max(np.abs(np.asarray(new_w) - w).max(), np.abs(np.asarray(new_b) - b).max())
    return None if gap < 1e-6 else f"a number moves by {text.number(gap)}"
