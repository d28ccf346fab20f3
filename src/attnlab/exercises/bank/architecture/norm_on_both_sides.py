"""A block with a norm before and a norm after each layer, inside the residual connection."""

from __future__ import annotations

import numpy as np

from attnlab.exercises import _text as text
from attnlab.exercises._exercise import Exercise
from attnlab.exercises._probes import comes_out


def _reference(x, attend, feed, norm_in, norm_out):
    for layer in (attend, feed):
        change = norm_out(layer(norm_in(x)))
        x = np.asarray(x) + change
    return x


EXERCISE = Exercise(
    id="architecture.norm_on_both_sides",
    title="A norm on both sides",
    level="apply",
    minutes=10,
    difficulty=2,
    page="architecture/normalisation",
    headings=("Where the norm stands",),
    statement=r"""
    Some newer models neither normalise only before a layer nor after the sum. They normalise **what enters the layer and what it gives, before that is added**:

    $$x \leftarrow x + \operatorname{norm}_\text{out}(\operatorname{layer}(\operatorname{norm}_\text{in}(x)))$$

    Write a block of this kind: first with `attend`, then with `feed`, with the same two norms for both. All four are functions from rows to as many rows.

    A tiny example: with `norm_in` and `norm_out` that halve and an `attend` and a `feed` that give back what they get, `x = [[16]]` gives `[[25]]`.
    """,
    slot='''
    def norm_on_both_sides(x, attend, feed, norm_in, norm_out):
        """Attention, then the feed-forward network, each with a norm before it and one behind it; the stream is only added to.

        x: (tokens, d); the others: functions from (tokens, d) to (tokens, d); result: (tokens, d)
        """
        # YOUR CODE HERE
        ...
    ''',
    hints=(
        "Where the layers give zeros and the norms keep zeros, the block is the identity: nothing stands on the way straight through.",
        "Three functions one inside the other, and one addition. The second step starts from the *sum* that the first has made.",
        "```python\nfor layer in (attend, feed):\n    x = ____ + norm_out(____(____))\nreturn x\n```",
    ),
    parsons=("sandwich_norms_the_sum", "residual_from_the_normed_rows"),
    why=r"""
    The stream itself is never normalised, so the gradient has its straight way; and what is added has a known size, so the stream grows slowly: with outputs of size 1, independent of what is there, its mean square grows by about 1 a layer.

    **The two most common mistakes.** Normalising the sum: that is post-norm. Adding to the *normalised* rows instead of the stream: it looks like a pre-norm block and cuts the straight way.

    **Cost.** Two norms a layer instead of one.
    """,
    verified="one token and several, norms that differ from each other, layers that mix tokens, whole numbers, and layers that give nothing.",
    next_thought="gain 0 in every norm_out at initialisation: what does a stack of a hundred such blocks do at first, and which parameters have a gradient?",
    reference=_reference,
)

_rng = np.random.default_rng(53)
_x = _rng.normal(size=(5, 3)) * 2 + 1
_w = _rng.normal(size=(8, 8))


def _so_far(x):
    return np.cumsum(x, axis=0) / np.arange(1, len(x) + 1)[:, None]


def _turned(x):
    return 1.5 * np.roll(x, 1, axis=0) + 0.2


def _bent(x):
    return np.maximum(0, x @ _w[: x.shape[1], : x.shape[1]] + 0.3)


def _squares(x):
    return 0.5 * x**2 - 1


def _rms(x):
    return 1.3 * x / np.sqrt((x**2).mean(axis=-1, keepdims=True) + 0.1)


def _layer(x):
    centred = x - x.mean(axis=-1, keepdims=True)
    return 0.7 * centred / np.sqrt((centred**2).mean(axis=-1, keepdims=True) + 0.1) + 0.4


def _halved(x):
    return x / 2


def _same(x):
    return x + 0.0


def _nothing(x):
    return 0.0 * x


EXERCISE.probe("5 tokens of width 3", _x, _so_far, _bent, _layer, _rms)
EXERCISE.probe("7 tokens of width 8", _rng.normal(size=(7, 8)), _turned, _squares, _rms, _layer)
EXERCISE.probe("one token", _rng.normal(size=(1, 4)), _so_far, _bent, _rms, _layer)
EXERCISE.probe("3 tokens of width 3, large numbers", 50 * _rng.normal(size=(3, 3)), _turned, _bent, _layer, _rms)
EXERCISE.probe("whole numbers", np.array([[1, 3, 8], [4, 0, -5]]), _turned, _squares, _halved, _rms)
EXERCISE.probe("layers that give nothing", _rng.normal(size=(2, 5)), _nothing, _nothing, _rms, _rms)


@EXERCISE.solve
def norm_on_both_sides_solution(x, attend, feed, norm_in, norm_out):
    for layer in (attend, feed):
        x = x + norm_out(layer(norm_in(x)))
    return x


@EXERCISE.mutant
def sandwich_norms_the_sum(x, attend, feed, norm_in, norm_out):
    for layer in (attend, feed):
        x = norm_out(x + layer(norm_in(x)))
    return x


@EXERCISE.mutant
def residual_from_the_normed_rows(x, attend, feed, norm_in, norm_out):
    for layer in (attend, feed):
        x = norm_in(x)
        x = x + norm_out(layer(x))
    return x


@EXERCISE.mutant
def sandwich_without_the_second_norm(x, attend, feed, norm_in, norm_out):
    for layer in (attend, feed):
        x = x + layer(norm_in(x))
    return x


@EXERCISE.mutant
def sandwich_without_the_first_norm(x, attend, feed, norm_in, norm_out):
    for layer in (attend, feed):
        x = x + norm_out(layer(x))
    return x


@EXERCISE.mutant
def sandwich_norms_exchanged(x, attend, feed, norm_in, norm_out):
    for layer in (attend, feed):
        x = x + norm_in(layer(norm_out(x)))
    return x


@EXERCISE.mutant
def sandwich_nothing_added(x, attend, feed, norm_in, norm_out):
    for layer in (attend, feed):
        x = norm_out(layer(norm_in(x)))
    return x


@EXERCISE.mutant
def sandwich_side_by_side(x, attend, feed, norm_in, norm_out):
    return x + norm_out(attend(norm_in(x))) + norm_out(feed(norm_in(x)))


@EXERCISE.mutant
def sandwich_feed_forward_first(x, attend, feed, norm_in, norm_out):
    return _reference(x, feed, attend, norm_in, norm_out)


@EXERCISE.mutant
def sandwich_one_norm_at_the_end(x, attend, feed, norm_in, norm_out):
    x = x + attend(norm_in(x))
    return x + norm_out(feed(norm_in(x)))


EXERCISE.holds("the example of the statement comes out")(comes_out([[25.0]], np.array([[16.0]]), _same, _same, _halved, _halved))


@EXERCISE.holds("layers that give nothing leave the stream as it is")
def straight_way(call):
    x = np.array([[3.0, -2.0, 7.0], [0.5, 1.0, 0.0]])
    gap = np.abs(np.asarray(call(x, _nothing, _nothing, _rms, _rms)) - x).max()
    return None if gap < 1e-6 else f"a number of the stream moves by {text.number(gap)}"


@EXERCISE.holds("what is added to the stream does not grow with it")
def bounded_change(call):
    x = np.array([[300.0, -200.0, 700.0]])
    moved = np.abs(np.asarray(call(x, _same, _bent, _rms, _rms)) - x).max()
    return None if moved < 5 else f"a number of about 700 moves by {text.number(moved)}"
