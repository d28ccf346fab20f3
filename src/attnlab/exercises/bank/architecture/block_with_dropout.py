"""Where dropout stands in a block of 2017: on what a sublayer gives, before it is added."""

from __future__ import annotations

import numpy as np

from attnlab.exercises import _text as text
from attnlab.exercises._exercise import Exercise
from attnlab.exercises._probes import comes_out


def _norm(x, epsilon):
    centred = x - np.mean(x, axis=-1, keepdims=True)
    return centred / np.sqrt(np.mean(centred**2, axis=-1, keepdims=True) + epsilon)


def _block(x, attend, feed, keep, rate, training, epsilon, drop=None):
    drop = drop or (lambda change, kept: np.where(kept, change / (1 - rate), 0.0) if training else change)
    for change, kept in zip((attend, feed), keep):
        x = _norm(x + drop(change(x), kept), epsilon)
    return x


def _reference(x, attend, feed, keep, rate, training, epsilon):
    return _block(x, attend, feed, keep, rate, training, epsilon)


EXERCISE = Exercise(
    id="architecture.block_with_dropout",
    title="A block that drops, at its place and in its time",
    level="apply",
    minutes=15,
    difficulty=2,
    page="architecture/encoder",
    headings=("Where dropout stands",),
    statement=r"""
    Write the block of 2017 with its residual dropout. For attention and then for the feed-forward network: what the sublayer returns is dropped in places, then added to the rows, then the sum is normalised.

    `keep` holds two boolean tables, the first for attention, the second for the feed-forward network; **true stays**. In training, what stays is divided by $1 - p$, with $p$ the `rate`, so that the expected value is as without dropout, and what is dropped becomes 0. Outside training **nothing** is dropped or divided, and `keep` is not used.

    The norm works on each row: minus its mean, divided by $\sqrt{\text{variance} + \epsilon}$.

    A tiny example: `x = [[1, 3]]`, an `attend` that returns `[[4, 2]]`, a `feed` that returns zeros, `keep = [[[True, False]], [[True, True]]]`, `rate = 0.5`, $\epsilon = 0$. In training the sum is $(1 + 8, 3 + 0)$ and the result `[[1, -1]]`.
    """,
    slot='''
    def block_with_dropout(x, attend, feed, keep, rate, training, epsilon):
        """The block of 2017, with dropout on what each sublayer returns.

        x: (tokens, width); attend, feed: functions from rows to as many rows
        keep: (2, tokens, width) booleans, true stays; rate: from 0 to below 1; training: True or False
        result: (tokens, width)
        """
        # YOUR CODE HERE
        ...
    ''',
    hints=(
        "With `training=False` the result must not depend on `keep` or on `rate`.",
        "The old rows are never dropped, only what is added to them. The order in one sublayer: compute, drop, add, normalise.",
        "```python\nfor change, kept in zip((attend, feed), keep):\n    new = change(____)\n    if training:\n        new = ____\n    x = x + ____\n    # then the norm\n    ...\nreturn x\n```",
    ),
    parsons=("dropout_on_the_sum", "dropout_never_scaled"),
    why=r"""
    The residual path stays whole: a token's row is never lost, only part of what is written onto it. Dividing in training means that nothing has to be done when the model is used.

    **The two most common mistakes.** Dropping the sum, or the normalised rows: then the old row is dropped, too. Dropping while the model is used: two calls with the same input differ, and the model is worse than it could be.

    **Cost.** One random number for each entry and sublayer, in training alone.
    """,
    verified="in training and outside, with rates from 0 to 0.75, tables of which some, all and nothing stay, and whole numbers.",
    next_thought="what is the variance that dropout at rate p adds to a number of size 1?",
    reference=_reference,
)

_rng = np.random.default_rng(23)
_w = _rng.normal(size=(8, 8))


def _so_far(x):
    return np.cumsum(x, axis=0) / np.arange(1, len(x) + 1)[:, None] + 0.2


def _bent(x):
    return np.maximum(0, x @ _w[: x.shape[1], : x.shape[1]] + 0.3)


def _squares(x):
    return 0.5 * x**2 - 1


def _other(x):
    return np.roll(x, 1, axis=0) * 1.5


def _four_two(x):
    return np.zeros(np.shape(x)) + np.array([4.0, 2.0])


def _zeros(x):
    return 0 * x


def _keep(*shape, rate=0.4):
    return _rng.random((2, *shape)) > rate


_x, _kept = _rng.normal(size=(5, 3)) + 1, _keep(5, 3)
EXERCISE.probe("5 tokens of width 3, in training", _x, _so_far, _bent, _kept, 0.25, True, 0.1)
EXERCISE.probe("the same, outside training", _x, _so_far, _bent, _kept, 0.25, False, 0.1)
EXERCISE.probe("7 tokens of width 8, a high rate", _rng.normal(size=(7, 8)), _other, _squares, _keep(7, 8, rate=0.75), 0.75, True, 0.2)
EXERCISE.probe("one token", _rng.normal(size=(1, 5)), _so_far, _squares, _keep(1, 5), 0.4, True, 0.1)
EXERCISE.probe("rate 0, everything stays", _rng.normal(size=(3, 5)), _other, _bent, np.ones((2, 3, 5), bool), 0.0, True, 0.1)
EXERCISE.probe("nothing of either sublayer stays", _rng.normal(size=(3, 5)) * 2, _other, _bent, np.zeros((2, 3, 5), bool), 0.5, True, 0.3)
EXERCISE.probe("whole numbers", np.array([[1, 3, 8], [4, 0, -5]]), _squares, _other, _keep(2, 3), 0.5, True, 0.5)
EXERCISE.probe("a rate above 0, everything stays", _rng.normal(size=(3, 5)), _other, _squares, np.ones((2, 3, 5), bool), 0.4, True, 0.1)


@EXERCISE.solve
def block_with_dropout_solution(x, attend, feed, keep, rate, training, epsilon):
    for change, kept in zip((attend, feed), keep):
        new = change(x)
        if training:
            new = new * kept / (1 - rate)
        x = x + new
        centred = x - x.mean(axis=-1, keepdims=True)
        x = centred / np.sqrt((centred**2).mean(axis=-1, keepdims=True) + epsilon)
    return x


@EXERCISE.mutant
def dropout_on_the_sum(x, attend, feed, keep, rate, training, epsilon):
    for change, kept in zip((attend, feed), keep):
        x = x + change(x)
        if training:
            x = x * kept / (1 - rate)
        centred = x - x.mean(axis=-1, keepdims=True)
        x = centred / np.sqrt((centred**2).mean(axis=-1, keepdims=True) + epsilon)
    return x


@EXERCISE.mutant
def dropout_never_scaled(x, attend, feed, keep, rate, training, epsilon):
    for change, kept in zip((attend, feed), keep):
        new = change(x)
        if training:
            new = new * kept
        x = x + new
        centred = x - x.mean(axis=-1, keepdims=True)
        x = centred / np.sqrt((centred**2).mean(axis=-1, keepdims=True) + epsilon)
    return x


def _with(drop):
    return lambda x, attend, feed, keep, rate, training, epsilon: _block(x, attend, feed, keep, rate, training, epsilon, drop(rate, training))


@EXERCISE.mutant
def dropout_after_the_norm(x, attend, feed, keep, rate, training, epsilon):
    for change, kept in zip((attend, feed), keep):
        x = _norm(x + change(x), epsilon)
        x = x * kept / (1 - rate) if training else x
    return x


@EXERCISE.mutant
def dropout_on_what_goes_in(x, attend, feed, keep, rate, training, epsilon):
    for change, kept in zip((attend, feed), keep):
        x = _norm(x + change(x * kept / (1 - rate) if training else x), epsilon)
    return x


@EXERCISE.mutant
def dropout_while_it_is_used(x, attend, feed, keep, rate, training, epsilon):
    return _block(x, attend, feed, keep, rate, True, epsilon)


@EXERCISE.mutant
def dropout_scaled_when_used(x, attend, feed, keep, rate, training, epsilon):
    return _with(lambda rate, training: lambda new, kept: new * kept if training else new * (1 - rate))(x, attend, feed, keep, rate, training, epsilon)


@EXERCISE.mutant
def dropout_keeps_what_it_should_drop(x, attend, feed, keep, rate, training, epsilon):
    return _block(x, attend, feed, ~np.asarray(keep, dtype=bool), rate, training, epsilon)


@EXERCISE.mutant
def dropout_one_table_for_both(x, attend, feed, keep, rate, training, epsilon):
    return _block(x, attend, feed, (keep[0], keep[0]), rate, training, epsilon)


@EXERCISE.mutant
def dropout_on_attention_alone(x, attend, feed, keep, rate, training, epsilon):
    x = _norm(x + (attend(x) * keep[0] / (1 - rate) if training else attend(x)), epsilon)
    return _norm(x + feed(x), epsilon)


@EXERCISE.mutant
def dropout_before_a_norm_that_comes_first(x, attend, feed, keep, rate, training, epsilon):
    for change, kept in zip((attend, feed), keep):
        new = change(_norm(x, epsilon))
        x = x + (new * kept / (1 - rate) if training else new)
    return x


@EXERCISE.holds("outside training another table of what stays changes nothing")
def calm(call):
    one, other = (np.asarray(call(_x, _so_far, _bent, kept, 0.25, False, 0.1)) for kept in (_kept, ~_kept))
    gap = np.abs(one - other).max()
    return None if gap < 1e-5 else f"an entry moves by {text.number(gap)}"


@EXERCISE.holds("in training, with nothing kept, only the old rows are left")
def old_rows(call):
    x = np.array([[1.0, 3.0], [2.0, 0.0]])
    found = np.asarray(call(x, _four_two, _four_two, np.zeros((2, 2, 2), bool), 0.5, True, 0.0))
    return None if np.allclose(found, [[-1, 1], [1, -1]], atol=1e-3) else f"rows (1, 3) and (2, 0) become {text.numbers(found)}"


EXERCISE.holds("the example of the statement comes out")(
    comes_out([[1.0, -1.0]], np.array([[1.0, 3.0]]), _four_two, _zeros, np.array([[[True, False]], [[True, True]]]), 0.5, True, 0.0))
