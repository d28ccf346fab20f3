"""RMSNorm with a gain, a piece of the reader's own GPT."""

from __future__ import annotations

import numpy as np

from attnlab.exercises import _text as text
from attnlab.exercises._exercise import Exercise
from attnlab.exercises._probes import comes_out, left_alone
from attnlab.reference import layers


def _reference(x, gain, epsilon):
    return layers.rms_norm(x, gain, epsilon)


EXERCISE = Exercise(
    id="variants.rms_norm",
    title="A norm without a mean",
    level="apply",
    minutes=8,
    difficulty=1,
    page="variants/your_gpt",
    headings=("Two pieces that are new",),
    statement=r"""
    Write RMSNorm, the norm of most open language models since 2023. Each row of `x` is divided by its *root mean square*, the root of the mean of its squared entries, and each feature is then multiplied by its own gain. `epsilon` is added to the mean **under the root**. No mean is subtracted, and there is no bias. `x` may have axes in front, for a batch or for heads; all of them are rows.

    A tiny example: the row `[3, 4, 0, 0]` has the mean square $25/4$; with a gain of `[1, 1, 1, 2]` and a very small `epsilon` it becomes `[1.2, 1.6, 0, 0]`.
    """,
    slot='''
    def rms_norm(x, gain, epsilon):
        """Each row divided by its root mean square, then each feature times its gain.

        x: (..., d); gain: (d,); epsilon: above 0; result: (..., d)
        """
        # YOUR CODE HERE
        ...
    ''',
    hints=(
        "With a gain of one and a tiny epsilon the squares of each row of the result have the mean 1, whatever the row was, zero excepted. Doubling a row changes nothing.",
        r"$y_i = g_i\, x_i \big/ \sqrt{\tfrac{1}{d}\sum_j x_j^2 + \epsilon}$: the mean runs over the features of one row, the last axis.",
        "```python\nsize = np.sqrt((x ** ____).mean(axis=____, keepdims=____) + ____)\nreturn ____ * x / ____\n```",
    ),
    parsons=("rms_mean_subtracted", "rms_over_all_rows"),
    why=r"""
    The mean over the last axis keeps that axis (`keepdims`), so that each row is divided by a number of its own.

    **The two most common mistakes.** Taking the mean over the whole table: one public model did so, and then a token's row depends on the others, later ones too. Subtracting the mean: that is LayerNorm, and a public program ran Llama with it for some days.

    **Cost.** A sum of $d$ squares and a root a row; no mean as in LayerNorm, and no second vector of parameters.
    """,
    verified="equal to the definition for one row, for batches and for heads; with an epsilon that counts; rows of zeros, large rows, whole numbers and single precision.",
    next_thought="in which case does RMSNorm give the numbers of LayerNorm without its bias?",
    reference=_reference,
)

_rng = np.random.default_rng(41)
_x, _g = _rng.normal(size=(3, 5, 7)) + 0.6, _rng.normal(size=7) + 1.5
EXERCISE.probe("3 texts, 5 tokens, width 7", _x, _g, 0.1)
EXERCISE.probe("one row", _x[0, 0], _g, 0.3)
EXERCISE.probe("heads, 2 x 3 x 4 rows of 5", _rng.normal(size=(2, 3, 4, 5)) - 0.4, _rng.normal(size=5), 0.05)
EXERCISE.probe("square", _rng.normal(size=(4, 4)) + 1, _rng.normal(size=4), 0.2)
EXERCISE.probe("rows of very different length", np.array([[1e-4, -2e-4, 3e-4], [5000.0, 1000.0, -70.0]]), np.array([2.0, 1.0, -1.0]), 1e-6)
EXERCISE.probe("a row of zeros", np.array([[0.0, 0.0], [1.0, 3.0]]), np.array([2.0, 5.0]), 1e-6)
EXERCISE.probe("whole numbers", np.array([[3, 4, 0, 1], [1, -2, 2, 5]]), np.array([1, 2, 3, 4]), 1)
EXERCISE.probe("one feature", np.array([[2.0], [-3.0]]), np.array([4.0]), 0.5)
EXERCISE.probe("single precision", _x.astype(np.float32), _g.astype(np.float32), 0.1)
EXERCISE.probe("tiny rows and a tinier epsilon", np.array([[1e-5, -2e-5, 3e-5], [4e-6, 0.0, -1e-6]]), np.array([2.0, 1.0, -1.0]), 1e-13)
EXERCISE.probe("width 24", np.random.default_rng(42).normal(size=(2, 24)), np.linspace(-1, 2, 24), 0.1)


@EXERCISE.solve
def rms_norm_solution(x, gain, epsilon):
    size = np.sqrt((x**2).mean(axis=-1, keepdims=True) + epsilon)
    return gain * x / size


@EXERCISE.mutant
def rms_mean_subtracted(x, gain, epsilon):
    centred = x - x.mean(axis=-1, keepdims=True)
    size = np.sqrt((centred**2).mean(axis=-1, keepdims=True) + epsilon)
    return gain * centred / size


@EXERCISE.mutant
def rms_over_all_rows(x, gain, epsilon):
    size = np.sqrt((x**2).mean() + epsilon)
    return gain * x / size


@EXERCISE.mutant
def rms_sum_for_mean(x, gain, epsilon):
    return gain * x / np.sqrt((x**2).sum(axis=-1, keepdims=True) + epsilon)


@EXERCISE.mutant
def rms_epsilon_outside_the_root(x, gain, epsilon):
    return gain * x / (np.sqrt((x**2).mean(axis=-1, keepdims=True)) + epsilon)


@EXERCISE.mutant
def rms_without_the_root(x, gain, epsilon):
    return gain * x / ((x**2).mean(axis=-1, keepdims=True) + epsilon)


@EXERCISE.mutant
def rms_gain_left_out(x, gain, epsilon):
    return x / np.sqrt((x**2).mean(axis=-1, keepdims=True) + epsilon)


@EXERCISE.mutant
def rms_one_plus_gain(x, gain, epsilon):
    return (1 + gain) * x / np.sqrt((x**2).mean(axis=-1, keepdims=True) + epsilon)


@EXERCISE.mutant
def rms_divided_by_the_deviation(x, gain, epsilon):
    return gain * x / np.sqrt(x.var(axis=-1, keepdims=True) + epsilon)


EXERCISE.holds("the example of the statement comes out")(comes_out([[1.2, 1.6, 0, 0]], np.array([[3.0, 4.0, 0.0, 0.0]]), np.array([1.0, 1.0, 1.0, 2.0]), 1e-12))


@EXERCISE.holds("a row does not depend on the other rows")
def rows_alone(call):
    gap = np.abs(np.asarray(call(_x, _g, 0.1))[1, 2] - np.asarray(call(_x[1:2, 2:3], _g, 0.1))[0, 0]).max()
    return None if gap < 1e-6 else f"a row alone differs by {text.number(gap)} from the same row among others"


@EXERCISE.holds("doubling a row changes nothing, with a tiny epsilon")
def scale_free(call):
    gap = np.abs(np.asarray(call(2 * _x, _g, 1e-12)) - np.asarray(call(_x, _g, 1e-12))).max()
    return None if gap < 1e-5 else f"the result of a doubled row differs by {text.number(gap)}"


EXERCISE.holds("the given rows stay as they are")(left_alone(_x, _g, 0.1))
