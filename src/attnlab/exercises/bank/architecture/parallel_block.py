"""A block whose two layers read the same normalised stream and write at once."""

from __future__ import annotations

import numpy as np

from attnlab.exercises import _text as text
from attnlab.exercises._exercise import Exercise
from attnlab.exercises._probes import comes_out, left_alone


def _norm(x, gain, epsilon, root=True):
    x = np.asarray(x, dtype=float)
    square = (x**2).mean(axis=-1, keepdims=True)
    return x / (np.sqrt(square + epsilon) if root else np.sqrt(square) + epsilon) * gain


def _reference(x, attend, feed, gain, epsilon):
    h = np.stack([row / np.sqrt(np.dot(row, row) / len(row) + epsilon) for row in np.asarray(x, dtype=float)]) * gain
    return x + attend(h) + feed(h)


EXERCISE = Exercise(
    id="architecture.parallel_block",
    title="Two layers that write at once",
    level="apply",
    minutes=10,
    difficulty=1,
    page="architecture/residual_stream",
    headings=("A sum of writes",),
    statement=r"""
    Some models (GPT-J, PaLM) let attention and the feed-forward network of a block *read the same normalised stream* and write to it at the same time, so that both can be computed together:

    $$ h = \operatorname{norm}(x), \qquad x' = x + \text{attend}(h) + \text{feed}(h) . $$

    Write this parallel block. $\operatorname{norm}$ divides each row by $\sqrt{\text{mean of its squares} + \epsilon}$ and then multiplies number by number by `gain`. `attend` and `feed` are functions that take rows and return as many. Do not change `x`.

    A tiny example: with an `attend` and a `feed` that return what they are given, `gain = [1, 2]` and $\epsilon = 0$, `x = [[3, 3]]` gives `[[5, 7]]`.
    """,
    slot='''
    def parallel_block(x, attend, feed, gain, epsilon):
        """A block whose attention and feed-forward network read the same rows and write at once.

        x: (tokens, d); attend, feed: functions from rows to as many rows; gain: (d,); epsilon: a number
        result: (tokens, d)
        """
        # YOUR CODE HERE
        ...
    ''',
    hints=(
        "If both layers return zeros, the block returns what came in, unnormalised.",
        r"Normalise once. Both layers are given the same $h$, and both results are added to $x$, not to $h$.",
        "```python\nsquare = (x**2).mean(axis=____, keepdims=True)\nh = x / np.sqrt(____) * gain\nreturn x + attend(____) + feed(____)\n```",
    ),
    parsons=("parallel_layers_in_a_row", "parallel_stream_from_the_norm"),
    why=r"""
    The stream is a sum, so it does not matter to it who writes first. What is lost is that the feed-forward network can read what this block's attention wrote; the next block's can.

    **The two most common mistakes.** Adding to the normalised rows: the stream is then cut at every block. Letting the second layer read the stream after the first: that is the usual block.

    **Cost.** One normalisation fewer, and the first matrices of both layers can be one product.
    """,
    verified="equal to the definition for one to seven tokens of widths two to five, and untouched by layers that write nothing.",
    next_thought="how many writes has a model of 12 such blocks made, and by how much should they be scaled at the start?",
    reference=_reference,
)

_rng = np.random.default_rng(313)
_x, _w = 2 * _rng.normal(size=(5, 3)) + 0.7, _rng.normal(size=(3, 3))


def _so_far(x):
    return np.cumsum(x, axis=0) / np.arange(1, len(x) + 1)[:, None]


def _bent(x):
    return np.maximum(0, x @ _w[: x.shape[1], : x.shape[1]] + 0.3)


def _squares(x):
    return 0.5 * x**2 - 1


def _zeros(x):
    return 0 * x


_gain = np.array([0.5, -1.5, 2.0])
EXERCISE.probe("5 tokens of width 3", _x, _so_far, _bent, _gain, 0.1)
EXERCISE.probe("7 tokens of width 5", _rng.normal(size=(7, 5)), _so_far, _squares, _rng.normal(size=5), 0.5)
EXERCISE.probe("one token", _x[:1], _so_far, _bent, _gain, 0.1)
EXERCISE.probe("2 tokens, small numbers", 0.1 * _rng.normal(size=(2, 3)), _bent, _squares, np.ones(3), 0.1)
EXERCISE.probe("nothing is written", _x, _zeros, _zeros, _gain, 0.1)
EXERCISE.probe("whole numbers", np.array([[3, 4], [1, -1], [0, 2]]), _so_far, _squares, np.array([1, 2]), 0)


@EXERCISE.solve
def parallel_block_solution(x, attend, feed, gain, epsilon):
    square = (x**2).mean(axis=-1, keepdims=True)
    h = x / np.sqrt(square + epsilon) * gain
    return x + attend(h) + feed(h)


@EXERCISE.mutant
def parallel_layers_in_a_row(x, attend, feed, gain, epsilon):
    for layer in (attend, feed):
        square = (x**2).mean(axis=-1, keepdims=True)
        h = x / np.sqrt(square + epsilon) * gain
        x = x + layer(h)
    return x


@EXERCISE.mutant
def parallel_stream_from_the_norm(x, attend, feed, gain, epsilon):
    square = (x**2).mean(axis=-1, keepdims=True)
    h = x / np.sqrt(square + epsilon) * gain
    return h + attend(h) + feed(h)


@EXERCISE.mutant
def parallel_stream_left_out(x, attend, feed, gain, epsilon):
    h = _norm(x, gain, epsilon)
    return attend(h) + feed(h)


@EXERCISE.mutant
def parallel_stream_added_twice(x, attend, feed, gain, epsilon):
    h = _norm(x, gain, epsilon)
    return (x + attend(h)) + (x + feed(h))


@EXERCISE.mutant
def parallel_feed_reads_what_is_not_normalised(x, attend, feed, gain, epsilon):
    return x + attend(_norm(x, gain, epsilon)) + feed(x)


@EXERCISE.mutant
def parallel_sum_normalised_after(x, attend, feed, gain, epsilon):
    return _norm(x + attend(x) + feed(x), gain, epsilon)


@EXERCISE.mutant
def parallel_feed_reads_what_attention_found(x, attend, feed, gain, epsilon):
    return x + feed(attend(_norm(x, gain, epsilon)))


@EXERCISE.mutant
def parallel_norm_with_the_mean_subtracted(x, attend, feed, gain, epsilon):
    h = _norm(x - x.mean(axis=-1, keepdims=True), gain, epsilon)
    return x + attend(h) + feed(h)


@EXERCISE.mutant
def parallel_gain_left_out(x, attend, feed, gain, epsilon):
    h = _norm(x, 1, epsilon)
    return x + attend(h) + feed(h)


@EXERCISE.mutant
def parallel_epsilon_outside_the_root(x, attend, feed, gain, epsilon):
    h = _norm(x, gain, epsilon, root=False)
    return x + attend(h) + feed(h)


@EXERCISE.mutant
def parallel_norm_by_the_length(x, attend, feed, gain, epsilon):
    h = x / np.sqrt((x**2).sum(axis=-1, keepdims=True) + epsilon) * gain
    return x + attend(h) + feed(h)


@EXERCISE.mutant
def parallel_norm_over_the_tokens(x, attend, feed, gain, epsilon):
    h = x / np.sqrt((x**2).mean(axis=0, keepdims=True) + epsilon) * gain
    return x + attend(h) + feed(h)


EXERCISE.holds("3, 3 becomes 5, 7 with layers that return what they are given")(comes_out(
    [[5, 7]], np.array([[3.0, 3.0]]), lambda x: x, lambda x: x, np.array([1.0, 2.0]), 0.0))


@EXERCISE.holds("layers that write nothing leave the stream as it is")
def nothing_written(call):
    off = np.abs(np.asarray(call(_x, _zeros, _zeros, _gain, 0.1), dtype=float) - _x).max()
    return None if off < 1e-5 else f"the stream moves by {text.number(off)}"


EXERCISE.holds("the given rows stay as they are")(left_alone(np.array([[1.0, 2.0], [3.0, -1.0]]), _so_far, _squares, np.ones(2), 0.1))
