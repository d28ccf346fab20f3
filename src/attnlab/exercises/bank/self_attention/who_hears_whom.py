"""A debugging tool: find out by experiment which tokens each output of a layer depends on."""

from __future__ import annotations

import numpy as np

from attnlab import reference
from attnlab.exercises import _text as text
from attnlab.exercises._exercise import Exercise


def _fresh(x, j, seed):
    other = x.copy()
    other[j] = np.random.default_rng(seed).normal(size=x.shape[1])
    return other


def _reference(layer, x):
    before = layer(x)
    return np.array([np.abs(layer(_fresh(x, j, 5)) - before).max(axis=-1) > 1e-9 for j in range(len(x))]).T


EXERCISE = Exercise(
    id="self_attention.who_hears_whom",
    title="Which token reaches which output?",
    level="analyse",
    minutes=15,
    difficulty=2,
    page="self_attention/implementation",
    headings=("A test that knows nothing about the code",),
    statement=r"""
    Write the most useful test of this course. `layer` is *any* function from a table of tokens ($n \times d$) to a table with one row for each token. Find out by experiment which outputs depend on
    which tokens: replace one token, and look which rows of the output move. Return a boolean table ($n \times n$):

    - entry $[i, j]$ is True if output $i$ moves when token $j$ is replaced, by more than $10^{-9}$.

    Use your own random numbers for the new token, for example `np.random.default_rng(0)`. A tiny example: for a causal layer and three tokens the table is the lower triangle, diagonal included.
    """,
    slot='''
    def who_hears_whom(layer, x):
        """Which output depends on which token, found out by replacing one token after the other.

        layer: a function of tokens (n, d) that returns a table with n rows; x: (n, d)
        result: boolean, (n, n), entry [i, j]: output i depends on token j
        """
        # YOUR CODE HERE
        ...
    ''',
    returns="masks",
    hints=(
        "It is one experiment for each token. Every experiment starts from the *same* unchanged tokens, and fills one column of the table.",
        r"Replace the whole token by random numbers: adding something to one feature, or multiplying by 2, is invisible to some layers. A row has moved if *any* of its numbers has moved, however little.",
        "```python\nbefore = layer(x)\nhears = np.zeros((len(x), len(x)), dtype=bool)\nfor j in range(len(x)):\n    other = ____\n"
        "    other[j] = np.random.default_rng(j).normal(size=____)\n    moved = np.abs(layer(other) - ____)\n    hears[____] = moved.max(axis=____) > 1e-9\nreturn hears\n```",
    ),
    parsons=("row_for_column", "only_one_feature_changed"),
    why=r"""
    The tool asks nothing about the code: masks, heads, reshapes and caches may be as clever as they like. Compare its table with the mask you meant. A cell too many is a leak, a cell too few is deafness.

    **The two most common mistakes.** Not starting from the original tokens again, so that changes pile up. Changing too gently: a layer with a normalisation in front does not notice that a token was doubled.

    **Cost.** $n + 1$ runs of the layer: nothing, for the 7 tokens that are enough.
    """,
    verified="a causal layer, a window, one that whispers, one that normalises its tokens, one that centres them, and three that use some features only.",
    next_thought="could two bugs cancel in this table and still be two bugs?",
    reference=_reference,
)

_rng = np.random.default_rng(17)
_w_q, _w_k, _w_v = (_rng.normal(size=(5, 5)) for _ in range(3))
_at = np.arange(7)


def _attend(x, mask):
    return reference.attention(x @ _w_q, x @ _w_k, x @ _w_v, mask=mask)


def _causal_layer(x):
    return _attend(x, np.tri(len(x), dtype=bool))


def _windowed_layer(x):
    gap = np.arange(len(x))[:, None] - np.arange(len(x))
    return _attend(x, (gap >= 0) & (gap < 3))


def _whispering_layer(x):
    return np.tri(len(x)) @ x * 1e-5 + np.eye(len(x), k=1) @ x * 1e-6


def _normalised_layer(x):
    return _causal_layer(x / np.linalg.norm(x, axis=-1, keepdims=True))


def _centred_layer(x):
    return _causal_layer(x - x.mean(axis=-1, keepdims=True))


def _writes_late(x):
    shown = np.zeros_like(x)
    shown[:, 3:] = np.roll(x[:, :2], 1, axis=0)
    return shown


def _writes_early(x):
    shown = np.zeros_like(x)
    shown[:, :2] = np.roll(x[:, 3:], 2, axis=0)
    return shown


def _reads_late(x):
    return np.roll(x[:, 3:], 1, axis=0)


_x = _rng.normal(size=(7, 5))
for _name, _layer in (("causal attention", _causal_layer), ("a window of 3", _windowed_layer), ("a layer that whispers", _whispering_layer),
                      ("tokens normalised first", _normalised_layer), ("tokens centred first", _centred_layer), ("a layer that writes the last features only", _writes_late),
                      ("a layer that writes the first features only", _writes_early),
                      ("a layer that reads the last features only", _reads_late)):
    EXERCISE.probe(_name, _layer, _x)


@EXERCISE.solve
def who_hears_whom_solution(layer, x):
    before = layer(x)
    hears = np.zeros((len(x), len(x)), dtype=bool)
    for j in range(len(x)):
        other = x.copy()
        other[j] = np.random.default_rng(j).normal(size=x.shape[1])
        moved = np.abs(layer(other) - before)
        hears[:, j] = moved.max(axis=-1) > 1e-9
    return hears


@EXERCISE.mutant(evidence=text.allowed)
def row_for_column(layer, x):
    before = layer(x)
    hears = np.zeros((len(x), len(x)), dtype=bool)
    for j in range(len(x)):
        other = x.copy()
        other[j] = np.random.default_rng(j).normal(size=x.shape[1])
        moved = np.abs(layer(other) - before)
        hears[j] = moved.max(axis=-1) > 1e-9
    return hears


@EXERCISE.mutant(evidence=text.allowed)
def only_one_feature_changed(layer, x):
    before = layer(x)
    hears = np.zeros((len(x), len(x)), dtype=bool)
    for j in range(len(x)):
        other = x.copy()
        other[j, 0] = 10.0
        moved = np.abs(layer(other) - before)
        hears[:, j] = moved.max(axis=-1) > 1e-9
    return hears


@EXERCISE.mutant(evidence=text.allowed)
def token_only_doubled(layer, x):
    before, columns = layer(x), []
    for j in range(len(x)):
        other = x.copy()
        other[j] *= 2
        columns.append(np.abs(layer(other) - before).max(axis=-1) > 1e-9)
    return np.array(columns).T


@EXERCISE.mutant(evidence=text.allowed)
def changes_pile_up(layer, x):
    before, other, columns = layer(x), x.copy(), []
    for j in range(len(x)):
        other[j] = np.random.default_rng(j).normal(size=x.shape[1])
        columns.append(np.abs(layer(other) - before).max(axis=-1) > 1e-9)
    return np.array(columns).T


@EXERCISE.mutant(evidence=text.allowed)
def small_changes_forgiven(layer, x):
    before = layer(x)
    return np.array([np.abs(layer(_fresh(x, j, 3)) - before).max(axis=-1) > 1e-3 for j in range(len(x))]).T


@EXERCISE.mutant(evidence=text.allowed)
def only_first_output_feature(layer, x):
    before = layer(x)
    return np.array([np.abs(layer(_fresh(x, j, 3)) - before)[:, 0] > 1e-9 for j in range(len(x))]).T


@EXERCISE.mutant(evidence=text.allowed)
def only_last_token_replaced(layer, x):
    hears = np.zeros((len(x), len(x)), dtype=bool)
    hears[:, -1] = np.abs(layer(_fresh(x, len(x) - 1, 3)) - layer(x)).max(axis=-1) > 1e-9
    return hears


@EXERCISE.holds("a layer that passes every token through gives the diagonal")
def diagonal(call):
    out = call(lambda x: 3 * x, _x)
    return None if np.array_equal(out, np.eye(7, dtype=bool)) else f"{int(out.sum())} entries are true instead of 7"


@EXERCISE.holds("a layer that looks ahead is caught")
def leak_found(call):
    out = call(lambda x: np.concatenate([x[1:], x[:1]]), _x)
    return None if np.triu(out, 1).any() else "no entry above the diagonal is true"


@EXERCISE.impostor
def one_number_added_to_all_features(layer, x):
    before, columns = layer(x), []
    for j in range(len(x)):
        other = x.copy()
        other[j] += 1.0
        columns.append(np.abs(layer(other) - before).max(axis=-1) > 1e-9)
    return np.array(columns).T


@EXERCISE.impostor
def every_feature_must_move(layer, x):
    before = layer(x)
    return np.array([np.abs(layer(_fresh(x, j, 3)) - before).min(axis=-1) > 1e-9 for j in range(len(x))]).T
