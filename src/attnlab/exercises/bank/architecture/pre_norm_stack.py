"""A whole encoder in the other order: normalised first, with one more norm at the end."""

from __future__ import annotations

import numpy as np

from attnlab.exercises import _text as text
from attnlab.exercises._exercise import Exercise
from attnlab.exercises._probes import comes_out


def _norm(x, epsilon, axis=-1, outside=False):
    centred = x - np.mean(x, axis=axis, keepdims=True)
    variance = np.mean(centred**2, axis=axis, keepdims=True)
    return centred / (np.sqrt(variance) + epsilon if outside else np.sqrt(variance + epsilon))


def _reference(x, layers, epsilon):
    for layer in layers:
        for change in layer:
            x = x + change(_norm(x, epsilon))
    return _norm(x, epsilon)


EXERCISE = Exercise(
    id="architecture.pre_norm_stack",
    title="The stack, normalised first",
    level="apply",
    minutes=15,
    difficulty=2,
    page="architecture/encoder",
    headings=("The block in formulas",),
    statement=r"""
    The encoder of this page normalises *after* each sum. Most large language models since 2019 normalise **before**: each sublayer is given normalised rows, its result is added to the rows as they were, and the rows are normalised **once more at the very end**.
    Write that encoder, for any number of layers:

    $$x \leftarrow x + \text{attend}(\operatorname{norm}(x)), \qquad x \leftarrow x + \text{feed}(\operatorname{norm}(x)), \qquad \text{after all layers: } \operatorname{norm}(x).$$

    `layers` is a list of pairs `(attend, feed)` of functions from rows to as many rows, the first layer first. The norm works on each row: minus its mean, divided by $\sqrt{\text{variance} + \epsilon}$, the variance being the mean of the squared deviations.

    A tiny example: without layers and with $\epsilon = 0$, `x = [[1, 3]]` gives `[[-1, 1]]`.
    """,
    slot='''
    def pre_norm_stack(x, layers, epsilon):
        """All layers, normalised before each sublayer, and once after the last.

        x: (tokens, width); layers: a list of pairs (attend, feed); epsilon: added to the variance
        result: (tokens, width)
        """
        # YOUR CODE HERE
        ...
    ''',
    hints=(
        "If every `attend` and `feed` returns zeros, the result is norm(x), however many layers there are.",
        "One line serves for attend and feed alike: the rows plus what the sublayer makes of the *normalised* rows. The sum itself is not normalised, except after the last layer.",
        "```python\nfor layer in layers:\n    for change in layer:\n        centred = ____\n        normed = centred / np.sqrt((centred**2).mean(-1, keepdims=True) + ____)\n"
        "        x = ____ + change(____)\n# once more\nreturn ____\n```",
    ),
    parsons=("stack_residual_from_the_normed", "stack_without_the_last_norm"),
    why=r"""
    The rows themselves are not normalised on their way, so what the first layer wrote arrives at the last norm unchanged, as one summand; on the way back the gradient has a path past all sublayers. The last norm is there because the sum grows with the depth.

    **The two most common mistakes.** Leaving out the last norm: the model still trains, but what it hands over is as large as the depth has made it. Adding to the *normalised* rows: then the old row is lost at every sublayer.

    **Cost.** That of the sublayers; a norm is a few operations a number.
    """,
    verified="equal to the definition for 0 to 4 layers, one to seven tokens, with epsilon from 0 to 0.5.",
    next_thought="how large do the rows get before the last norm, when all sublayers return rows of length 1?",
    reference=_reference,
)

_rng = np.random.default_rng(11)
_w = _rng.normal(size=(3, 8, 8))


def _so_far(x):
    return np.cumsum(x, axis=0) / np.arange(1, len(x) + 1)[:, None]


def _other(x):
    return np.roll(x, 1, axis=0) * 1.5 + 0.5


def _bent(x):
    return np.maximum(0, x @ _w[0][: x.shape[1], : x.shape[1]] + 0.3)


def _squares(x):
    return 0.5 * x**2 - 1


def _turned(x):
    return np.tanh(x @ _w[1][: x.shape[1], : x.shape[1]])


def _zeros(x):
    return 0 * x


EXERCISE.probe("5 tokens of width 3, two layers", _rng.normal(size=(5, 3)) * 2 + 1, [(_so_far, _bent), (_other, _squares)], 0.1)
EXERCISE.probe("7 tokens of width 8, one layer", _rng.normal(size=(7, 8)), [(_other, _squares)], 0.5)
EXERCISE.probe("one token, three layers", _rng.normal(size=(1, 5)), [(_so_far, _bent), (_turned, _squares), (_other, _turned)], 0.1)
EXERCISE.probe("4 tokens of width 2, four layers", _rng.normal(size=(4, 2)) + 1, [(_so_far, _bent), (_other, _squares), (_turned, _bent), (_so_far, _turned)], 0.2)
EXERCISE.probe("no layer", _rng.normal(size=(3, 5)) * 3, [], 0.1)
EXERCISE.probe("whole numbers, sublayers that return zeros", np.array([[1, 3, 8], [4, 0, -5]]), [(_zeros, _zeros)], 0.5)
EXERCISE.probe("large numbers", _rng.normal(size=(3, 5)) * 1000, [(_so_far, _bent), (_other, _turned)], 1e-5)


@EXERCISE.solve
def pre_norm_stack_solution(x, layers, epsilon):
    def norm(x):
        centred = x - x.mean(axis=-1, keepdims=True)
        return centred / np.sqrt((centred**2).mean(axis=-1, keepdims=True) + epsilon)

    for attend, feed in layers:
        x = x + attend(norm(x))
        x = x + feed(norm(x))
    return norm(x)


@EXERCISE.mutant
def stack_without_the_last_norm(x, layers, epsilon):
    def norm(x):
        centred = x - x.mean(axis=-1, keepdims=True)
        return centred / np.sqrt((centred**2).mean(axis=-1, keepdims=True) + epsilon)

    for attend, feed in layers:
        x = x + attend(norm(x))
        x = x + feed(norm(x))
    return x


@EXERCISE.mutant
def stack_residual_from_the_normed(x, layers, epsilon):
    def norm(x):
        centred = x - x.mean(axis=-1, keepdims=True)
        return centred / np.sqrt((centred**2).mean(axis=-1, keepdims=True) + epsilon)

    for attend, feed in layers:
        x = norm(x) + attend(norm(x))
        x = norm(x) + feed(norm(x))
    return norm(x)


@EXERCISE.mutant
def stack_normed_after(x, layers, epsilon):
    for layer in layers:
        for change in layer:
            x = _norm(x + change(x), epsilon)
    return _norm(x, epsilon)


@EXERCISE.mutant
def stack_residual_left_out(x, layers, epsilon):
    for layer in layers:
        for change in layer:
            x = change(_norm(x, epsilon))
    return _norm(x, epsilon)


@EXERCISE.mutant
def stack_one_norm_for_both(x, layers, epsilon):
    for attend, feed in layers:
        normed = _norm(x, epsilon)
        x = x + attend(normed) + feed(normed)
    return _norm(x, epsilon)


@EXERCISE.mutant
def stack_feed_not_normed(x, layers, epsilon):
    for attend, feed in layers:
        x = x + attend(_norm(x, epsilon))
        x = x + feed(x)
    return _norm(x, epsilon)


@EXERCISE.mutant
def stack_feed_before_attention(x, layers, epsilon):
    return _reference(x, [layer[::-1] for layer in layers], epsilon)


@EXERCISE.mutant
def stack_every_layer_reads_the_first_rows(x, layers, epsilon):
    total = x
    for attend, feed in layers:
        y = x + attend(_norm(x, epsilon))
        total = total + (y + feed(_norm(y, epsilon)) - x)
    return _norm(total, epsilon)


@EXERCISE.mutant
def stack_first_layer_every_time(x, layers, epsilon):
    return _reference(x, [layers[0] for _ in layers], epsilon)


@EXERCISE.mutant
def stack_normed_over_the_tokens(x, layers, epsilon):
    for layer in layers:
        for change in layer:
            x = x + change(_norm(x, epsilon, axis=0))
    return _norm(x, epsilon, axis=0)


@EXERCISE.mutant
def stack_epsilon_outside_the_root(x, layers, epsilon):
    for layer in layers:
        for change in layer:
            x = x + change(_norm(x, epsilon, outside=True))
    return _norm(x, epsilon, outside=True)


@EXERCISE.holds("every row that comes out has mean 0")
def mean_zero(call):
    means = np.asarray(call(EXERCISE.probes[0].arguments[0], [(_so_far, _bent)], 0.1)).mean(axis=-1)
    off = means[np.abs(means).argmax()]
    return None if abs(off) < 1e-4 else f"a row has the mean {text.number(off)}"


@EXERCISE.holds("layers whose sublayers return zeros change nothing")
def zeros_change_nothing(call):
    x = EXERCISE.probes[0].arguments[0]
    gap = np.abs(np.asarray(call(x, [(_zeros, _zeros)] * 3, 0.1)) - np.asarray(call(x, [], 0.1))).max()
    return None if gap < 1e-4 else f"three such layers move an entry by {text.number(gap)}"


EXERCISE.holds("1 and 3 become -1 and 1 without a layer")(comes_out([[-1.0, 1.0]], np.array([[1.0, 3.0]]), [], 0.0))
