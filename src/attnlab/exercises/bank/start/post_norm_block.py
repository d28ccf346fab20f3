"""One block in the order of 2017: add, then normalise, twice."""

from __future__ import annotations

import numpy as np

from attnlab.exercises import _text as text
from attnlab.exercises._exercise import Exercise
from attnlab.exercises._probes import comes_out


def _norm(x, epsilon, axis=-1, ddof=0):
    centred = x - x.mean(axis=axis, keepdims=True)
    return centred / np.sqrt(x.var(axis=axis, keepdims=True, ddof=ddof) + epsilon)


def _reference(x, attend, feed, epsilon):
    x = _norm(x + attend(x), epsilon)
    return _norm(x + feed(x), epsilon)


EXERCISE = Exercise(
    id="start.post_norm_block",
    title="The block as it was in 2017",
    level="apply",
    minutes=12,
    difficulty=2,
    page="start/what_is_a_transformer",
    headings=("One block: look, then think",),
    statement=r"""
    The block of this page normalises what goes *into* attention and into the feed-forward network. The first transformer did it the other way round: **add first, then normalise the sum**. Write that block:

    $$\begin{aligned} x &\leftarrow \operatorname{norm}(x + \text{attend}(x)) \\ x &\leftarrow \operatorname{norm}(x + \text{feed}(x)) \end{aligned}$$

    `x` holds one row a token, `attend` and `feed` are functions that take such rows and return as many. $\operatorname{norm}$ works on each row by itself: subtract the row's mean, divide by
    $\sqrt{\text{variance} + \epsilon}$, the variance being the mean of the squared deviations.

    A tiny example: with an `attend` and a `feed` that return zeros and $\epsilon = 0$, `x = [[1, 3]]` gives `[[-1, 1]]`.
    """,
    slot='''
    def post_norm_block(x, attend, feed, epsilon):
        """Attention, then the feed-forward network; each is added, and the sum normalised.

        x: (tokens, width); attend, feed: functions from rows to as many rows
        epsilon: added to the variance
        result: (tokens, width)
        """
        # YOUR CODE HERE
        ...
    ''',
    hints=(
        "Every row that comes out has mean 0, whatever came in.",
        r"Two lines of the same form. The second one starts from the *result* of the first: $x + \text{feed}(x)$ with the new $x$ in both places.",
        "```python\nfor change in (attend, feed):\n    x = x + ____\n    centred = x - x.mean(axis=____, keepdims=True)\n"
        "    variance = (centred**2).mean(axis=____, keepdims=True)\n    x = centred / np.sqrt(____)\nreturn x\n```",
    ),
    parsons=("block_residual_left_out", "block_normed_before"),
    why=r"""
    A block changes its rows by adding to them, so what earlier blocks wrote is still there. The normalisation keeps the sizes of the numbers in order. Where it stands matters for training deep models; the part on the architecture measures it.

    **The two most common mistakes.** Giving the feed-forward network the rows from before the attention. Normalising along the wrong axis, over the tokens: then a token's numbers depend on its neighbours', and in a decoder on the future.

    **Cost.** That of attention and of the feed-forward network; additions and normalisation are a few operations a number.
    """,
    verified="equal to the definition for one to seven tokens of widths two to eight, with epsilon from 0 to 0.5.",
    next_thought="what does a block do whose attention and feed-forward network both return zeros, in 2017's order and in this page's?",
    reference=_reference,
)

_rng = np.random.default_rng(3)
_x = _rng.normal(size=(5, 3)) * 2 + 1
_w = _rng.normal(size=(3, 3))


def _so_far(x):
    """A plain look back: the mean of the rows so far."""
    return np.cumsum(x, axis=0) / np.arange(1, len(x) + 1)[:, None]


def _last(x):
    return np.roll(x, 1, axis=0) * 1.5


def _bent(x):
    return np.maximum(0, x @ _w[: x.shape[1], : x.shape[1]] + 0.3)


def _squares(x):
    return 0.5 * x**2 - 1


def _zeros(x):
    return 0 * x


EXERCISE.probe("5 tokens of width 3", _x, _so_far, _bent, 0.1)
EXERCISE.probe("7 tokens of width 8", _rng.normal(size=(7, 8)), _last, _squares, 0.5)
EXERCISE.probe("one token", _rng.normal(size=(1, 3)), _so_far, _bent, 0.1)
EXERCISE.probe("3 tokens of width 3, large numbers", _rng.normal(size=(3, 3)) * 50, _last, _bent, 1e-5)
EXERCISE.probe("whole numbers, nothing added", np.array([[1, 3], [4, 0], [7, 8]]), _zeros, _zeros, 0.0)
EXERCISE.probe("whole numbers of width 3, nothing added", np.array([[1, 3, 8], [4, 0, -5]]), _zeros, _zeros, 0.5)
EXERCISE.probe("2 tokens of width 5, small numbers", _rng.normal(size=(2, 5)) * 0.1, _so_far, _squares, 0.1)


@EXERCISE.solve
def post_norm_block_solution(x, attend, feed, epsilon):
    for change in (attend, feed):
        x = x + change(x)
        centred = x - x.mean(axis=-1, keepdims=True)
        variance = (centred**2).mean(axis=-1, keepdims=True)
        x = centred / np.sqrt(variance + epsilon)
    return x


@EXERCISE.mutant
def block_residual_left_out(x, attend, feed, epsilon):
    for change in (attend, feed):
        x = change(x)
        centred = x - x.mean(axis=-1, keepdims=True)
        variance = (centred**2).mean(axis=-1, keepdims=True)
        x = centred / np.sqrt(variance + epsilon)
    return x


@EXERCISE.mutant
def block_normed_before(x, attend, feed, epsilon):
    for change in (attend, feed):
        centred = x - x.mean(axis=-1, keepdims=True)
        variance = (centred**2).mean(axis=-1, keepdims=True)
        x = x + change(centred / np.sqrt(variance + epsilon))
    return x


@EXERCISE.mutant
def residual_of_itself(x, attend, feed, epsilon):
    for change in (attend, feed):
        x = change(x)
        x = _norm(x + x, epsilon)
    return x


@EXERCISE.mutant
def feed_forward_reads_the_old_rows(x, attend, feed, epsilon):
    looked = _norm(x + attend(x), epsilon)
    return _norm(looked + feed(x), epsilon)


@EXERCISE.mutant
def attention_and_feed_forward_side_by_side(x, attend, feed, epsilon):
    return _norm(x + attend(x) + feed(x), epsilon)


@EXERCISE.mutant
def block_normed_once_at_the_end(x, attend, feed, epsilon):
    x = x + attend(x)
    return _norm(x + feed(x), epsilon)


@EXERCISE.mutant
def feed_forward_first(x, attend, feed, epsilon):
    return _reference(x, feed, attend, epsilon)


@EXERCISE.mutant
def block_normed_over_tokens(x, attend, feed, epsilon):
    x = _norm(x + attend(x), epsilon, axis=0)
    return _norm(x + feed(x), epsilon, axis=0)


@EXERCISE.mutant
def block_divided_by_the_variance(x, attend, feed, epsilon):
    for change in (attend, feed):
        x = x + change(x)
        x = (x - x.mean(axis=-1, keepdims=True)) / (x.var(axis=-1, keepdims=True) + epsilon)
    return x


@EXERCISE.mutant
def epsilon_outside_the_root(x, attend, feed, epsilon):
    for change in (attend, feed):
        x = x + change(x)
        x = (x - x.mean(axis=-1, keepdims=True)) / (x.std(axis=-1, keepdims=True) + epsilon)
    return x


@EXERCISE.mutant
def variance_with_one_less(x, attend, feed, epsilon):
    x = _norm(x + attend(x), epsilon, ddof=1)
    return _norm(x + feed(x), epsilon, ddof=1)


@EXERCISE.mutant
def block_mean_not_subtracted(x, attend, feed, epsilon):
    for change in (attend, feed):
        x = x + change(x)
        x = x / np.sqrt((x**2).mean(axis=-1, keepdims=True) + epsilon)
    return x


@EXERCISE.holds("every row has mean 0")
def mean_zero(call):
    means = np.asarray(call(_x, _so_far, _bent, 0.1)).mean(axis=-1)
    off = means[np.abs(means).argmax()]
    return None if abs(off) < 1e-4 else f"a row has the mean {text.number(off)}"


@EXERCISE.holds("a later token does not change an earlier one if attention looks back only")
def no_leak(call):
    moved = _x.copy()
    moved[-1] += 3
    gap = np.abs(np.asarray(call(moved, _so_far, _bent, 0.1))[:-1] - np.asarray(call(_x, _so_far, _bent, 0.1))[:-1]).max()
    return None if gap < 1e-6 else f"an earlier row moves by {text.number(gap)}"


EXERCISE.holds("1 and 3 become -1 and 1 where nothing is added")(comes_out([[-1.0, 1.0]], np.array([[1.0, 3.0]]), _zeros, _zeros, 0.0))
