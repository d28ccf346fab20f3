"""How many tokens each token can depend on after several layers of a mask."""

from __future__ import annotations

import numpy as np

from attnlab.exercises._exercise import Exercise
from attnlab.exercises._probes import comes_out, left_alone
from attnlab.reference.mixers.sparse import hops


def _reference(mask, n_layers):
    return (hops(np.asarray(mask, dtype=bool)) <= n_layers).sum(axis=1)


def _known(mask, n_layers, start=None):
    sees = np.asarray(mask).astype(float)
    known = np.eye(len(sees)) if start is None else start
    for _ in range(n_layers):
        known = ((sees @ known + known) > 0).astype(float)
    return known


EXERCISE = Exercise(
    id="efficiency.reach_after",
    title="How many tokens reach it?",
    level="analyse",
    minutes=15,
    difficulty=2,
    page="efficiency/sparse",
    headings=("Reach: how many hops",),
    statement=r"""
    All of `n_layers` layers use the same mask: `mask[i, j]` is True where token $i$ may look at token $j$. Around each layer there is a residual, so that a token keeps what it had, even if the mask does not let it see itself. Return for each token **how many tokens** (itself included) it can depend on after the last layer, as $n$ whole numbers. `n_layers` may be 0.

    A tiny example: three tokens, each of which sees only the one before it, `mask = [[0, 0, 0], [1, 0, 0], [0, 1, 0]]` (as booleans). After 1 layer: `[1, 2, 2]`. After 2: `[1, 2, 3]`.
    """,
    slot='''
    def reach_after(mask, n_layers):
        """How many tokens each token can depend on.

        mask: boolean, (n, n), rows look at columns; n_layers: 0 or more
        result: (n,) whole numbers
        """
        # YOUR CODE HERE
        ...
    ''',
    hints=(
        "Keep a boolean table of who knows whom; at the start, everybody knows themselves. A layer adds what those whom one sees *knew before it*.",
        r"With $R_0 = I$: $R_{t+1} = R_t \lor M R_t$, where the product of booleans is True where at least one middle token serves.",
        "```python\nsees, known = mask.astype(int), np.eye(len(mask), dtype=int)\nfor _ in range(____):\n    known = ((sees @ ____ + known) > ____).astype(int)\nreturn known.sum(axis=____)\n```",
    ),
    parsons=("reach_without_residual", "reach_who_depends_on_it"),
    why=r"""
    What counts is whether a path exists, not how many there are: two ways to the same token are one token. The residual is the pair of a token with itself.

    **The two most common mistakes.** A power of the mask without the residual, which finds those at exactly that many hops. Summing over the wrong axis, which counts whom a token reaches.

    **Cost.** One product of two $n \times n$ tables a layer; with the square of the table in place of the table, $\log_2$ of the layers.
    """,
    verified="no layer to more than needed, masks with and without the own token, symmetric and not, one token.",
    next_thought="if two kinds of layers alternate, does it matter which comes first?",
    reference=_reference,
)

_RNG = np.random.default_rng(3)
_LINE = np.eye(9, k=-1, dtype=bool)
_SOME = _RNG.random((11, 11)) < 0.12
_BLIND = _SOME & ~np.eye(11, dtype=bool)
_BAND = np.abs(np.arange(13)[:, None] - np.arange(13)) <= 1
_HUB = np.zeros((8, 8), dtype=bool)
_HUB[:, 2] = _HUB[5, :] = True
for _name, _mask, _layers in (
    ("a line of 9 tokens, 3 layers", _LINE, 3), ("a line, 1 layer", _LINE, 1), ("a line, 20 layers", _LINE, 20), ("11 tokens at random, 2 layers", _SOME, 2),
    ("11 tokens that do not see themselves, 3 layers", _BLIND, 3), ("a band, 4 layers", _BAND, 4), ("a hub, 2 layers", _HUB, 2), ("no layer", _SOME, 0),
    ("one token", np.zeros((1, 1), dtype=bool), 2), ("two ways to the same token, 2 layers", np.array([[0, 0, 0, 0], [1, 0, 0, 0], [1, 0, 0, 0], [0, 1, 1, 0]], dtype=bool), 2), ("nobody sees anybody", np.zeros((5, 5), dtype=bool), 3), ("causal, 1 layer", np.tri(7, dtype=bool), 1),
):  # fmt: skip
    EXERCISE.probe(_name, _mask, _layers)


@EXERCISE.solve
def reach_after_solution(mask, n_layers):
    sees, known = mask.astype(int), np.eye(len(mask), dtype=int)
    for _ in range(n_layers):
        known = ((sees @ known + known) > 0).astype(int)
    return known.sum(axis=1)


@EXERCISE.mutant
def reach_without_residual(mask, n_layers):
    sees, known = mask.astype(int), np.eye(len(mask), dtype=int)
    for _ in range(n_layers):
        known = ((sees @ known) > 0).astype(int)
    return known.sum(axis=1)


@EXERCISE.mutant
def reach_who_depends_on_it(mask, n_layers):
    sees, known = mask.astype(int), np.eye(len(mask), dtype=int)
    for _ in range(n_layers):
        known = ((sees @ known + known) > 0).astype(int)
    return known.sum(axis=0)


@EXERCISE.mutant
def reach_counts_ways(mask, n_layers):
    sees = np.asarray(mask).astype(float) + np.eye(len(mask))
    return np.linalg.matrix_power(sees, n_layers).sum(axis=1)


@EXERCISE.mutant
def reach_one_layer_more(mask, n_layers):
    return _known(mask, n_layers + 1).sum(axis=1)


@EXERCISE.mutant
def reach_one_layer_less(mask, n_layers):
    return _known(mask, max(n_layers - 1, 0)).sum(axis=1)


@EXERCISE.mutant
def reach_itself_left_out(mask, n_layers):
    return _known(mask, n_layers).sum(axis=1) - 1


@EXERCISE.mutant
def reach_added_up_by_layers(mask, n_layers):
    return 1 + n_layers * np.asarray(mask).sum(axis=1)


EXERCISE.holds("the example of the statement comes out")(comes_out([1, 2, 3], np.eye(3, k=-1, dtype=bool), 2))


@EXERCISE.holds("without a layer each token depends on itself alone")
def none(call):
    found = np.asarray(call(_SOME, 0), dtype=float)
    return None if (found == 1).all() else f"a token depends on {int(found.max())}"


EXERCISE.holds("the given arrays stay as they are")(left_alone(_SOME, 2))
