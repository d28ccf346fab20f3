"""Attention over earlier layers, of which several make a block."""

from __future__ import annotations

import numpy as np

from attnlab.exercises import _text as text
from attnlab.exercises._exercise import Exercise
from attnlab.exercises._probes import comes_out


def _rows(writes, size):
    """The embedding, then sums of `size` writes, the last sum of what is left."""
    writes = np.asarray(writes, dtype=float)
    return np.array([writes[0], *(writes[i : i + size].sum(axis=0) for i in range(1, len(writes), size))])


def _look(blocks, query, *, keys=None, values=None, scale=1.0):
    keys = blocks / np.sqrt((blocks**2).mean(axis=-1, keepdims=True)) if keys is None else keys
    scores = keys @ np.asarray(query, dtype=float) * scale
    weights = np.exp(scores - scores.max())
    return weights / weights.sum() @ (blocks if values is None else values)


def _reference(writes, query, size):
    return _look(_rows(writes, size), query)


EXERCISE = Exercise(
    id="architecture.attend_to_blocks",
    title="A query over blocks of layers",
    level="apply",
    minutes=15,
    difficulty=3,
    page="architecture/residual_stream",
    headings=("Attention over earlier layers",),
    statement=r"""
    Keeping what every layer wrote costs memory. So layers are grouped: `writes` holds, for one token, the embedding (row 0) and then what each layer wrote. **The embedding is a block of its own**; after it, every `size` layers make a block, whose state is the *sum* of their writes. The last block may have fewer, and there may be no layer yet.

    Write what the next layer reads:

    $$ \sum_b a_b\, h_b, \qquad a = \operatorname{softmax}_b\big(q \cdot \operatorname{norm}(h_b)\big), $$

    with $h_b$ the blocks' sums and $\operatorname{norm}$ dividing by the root of the mean of the squares. There is no epsilon (no block is zero) and no scale. The *sums themselves* are averaged, not their norms.

    A tiny example: `writes = [[1, 1], [2, 0], [0, 2], [4, 0]]`, `query = [0, 0]`, `size = 2` give `[2.333, 1]`: the blocks are $(1, 1)$, $(2, 2)$ and $(4, 0)$, and all count alike.
    """,
    slot='''
    def attend_to_blocks(writes, query, size):
        """What a layer reads that attends to blocks of earlier layers, for one token.

        writes: (1 + layers, d), the embedding first; query: (d,); size: layers in a block, 1 or more
        result: (d,)
        """
        # YOUR CODE HERE
        ...
    ''',
    hints=(
        "With a query of zeros the result is the plain average of the blocks. With one block alone it is that block, whatever the query.",
        r"Blocks begin at rows $0, 1, 1 + \text{size}, 1 + 2\,\text{size}, \dots$ Sum, then norm for the keys, then softmax, then average the sums.",
        "```python\nstarts = [0, *range(1, len(writes), ____)]\nblocks = np.add.reduceat(writes, starts, axis=0)\nkeys = blocks / np.sqrt(____)\nscores = keys @ query\n"
        "weights = np.exp(scores - scores.max())\nreturn weights / ____ @ blocks\n```",
    ),
    parsons=("blocks_with_the_embedding_inside", "blocks_keys_not_normed"),
    why=r"""
    Within a block the writes are added as in an ordinary stream; between blocks the query chooses. With one layer a block it chooses among all layers; with one block for all it weighs the embedding against the rest.

    **The two most common mistakes.** Forgetting the unfinished block, so that the layer cannot read what was written just before it. Averaging the normalised states: a block that wrote much then counts no more than one that wrote little.

    **Cost.** One state a block is kept, not one a layer: with 64 layers in blocks of 8, nine instead of 65.
    """,
    verified="equal to the definition for blocks of one to nine layers, with a last block that is full or not, for numbers of a hundred-thousandth, and for a token that only has its embedding.",
    next_thought="a query of zeros and blocks of one layer: by what factor does the result differ from the ordinary stream?",
    reference=_reference,
)

_rng = np.random.default_rng(315)
_writes, _query = _rng.normal(size=(8, 3)) * np.array([0.5, 1, 2, 1, 3, 1, 0.5, 2])[:, None], np.array([0.9, -0.6, 0.4])
EXERCISE.probe("7 layers in blocks of 3", _writes, _query, 3)
EXERCISE.probe("6 layers in blocks of 3", _writes[:7], _query, 3)
EXERCISE.probe("7 layers, one a block", _writes, _query, 1)
EXERCISE.probe("2 layers in a block of 5", _writes[:3], _query, 5)
EXERCISE.probe("the embedding alone", _writes[:1], _query, 2)
EXERCISE.probe("11 layers of width 5 in blocks of 4", _rng.normal(size=(12, 5)), 1.5 * _rng.normal(size=5), 4)
EXERCISE.probe("a query of zeros", _writes, np.zeros(3), 2)
EXERCISE.probe("whole numbers", np.array([[1, 1], [2, 0], [0, 2], [4, 0]]), np.array([1, 0]), 2)
EXERCISE.probe("a query of a thousand", _writes, 1000 * _query, 3, extreme=True)
EXERCISE.probe("13 layers in blocks of 9", _rng.normal(size=(14, 3)), _query, 9)
EXERCISE.probe("numbers of a hundred-thousandth", 1e-5 * _writes, _query, 3)


@EXERCISE.solve
def attend_to_blocks_solution(writes, query, size):
    starts = [0, *range(1, len(writes), size)]
    blocks = np.add.reduceat(writes, starts, axis=0)
    keys = blocks / np.sqrt((blocks**2).mean(axis=1, keepdims=True))
    scores = keys @ query
    weights = np.exp(scores - scores.max())
    return weights / weights.sum() @ blocks


@EXERCISE.mutant
def blocks_with_the_embedding_inside(writes, query, size):
    starts = [*range(0, len(writes), size)]
    blocks = np.add.reduceat(writes, starts, axis=0)
    keys = blocks / np.sqrt((blocks**2).mean(axis=1, keepdims=True))
    scores = keys @ query
    weights = np.exp(scores - scores.max())
    return weights / weights.sum() @ blocks


@EXERCISE.mutant
def blocks_keys_not_normed(writes, query, size):
    starts = [0, *range(1, len(writes), size)]
    blocks = np.add.reduceat(writes, starts, axis=0)
    keys = blocks
    scores = keys @ query
    weights = np.exp(scores - scores.max())
    return weights / weights.sum() @ blocks


@EXERCISE.mutant
def blocks_unfinished_one_left_out(writes, query, size):
    full = 1 + (len(writes) - 1) // size * size
    return _look(_rows(np.asarray(writes)[:full], size), query)


@EXERCISE.mutant
def blocks_averaged_not_summed(writes, query, size):
    writes = np.asarray(writes, dtype=float)
    return _look(np.array([writes[0], *(writes[i : i + size].mean(axis=0) for i in range(1, len(writes), size))]), query)


@EXERCISE.mutant
def blocks_normed_values(writes, query, size):
    blocks = _rows(writes, size)
    return _look(blocks, query, values=blocks / np.sqrt((blocks**2).mean(axis=-1, keepdims=True)))


@EXERCISE.mutant
def blocks_scores_scaled(writes, query, size):
    return _look(_rows(writes, size), query, scale=len(query) ** -0.5)


@EXERCISE.mutant
def blocks_as_running_sums(writes, query, size):
    return _look(np.cumsum(_rows(writes, size), axis=0), query)


@EXERCISE.mutant
def blocks_of_one_layer_each(writes, query, size):
    return _look(np.asarray(writes, dtype=float), query)


@EXERCISE.mutant
def blocks_weights_not_normalised(writes, query, size):
    blocks = _rows(writes, size)
    return np.exp(blocks / np.sqrt((blocks**2).mean(axis=-1, keepdims=True)) @ np.asarray(query, dtype=float)) @ blocks


@EXERCISE.mutant
def blocks_all_counted_alike(writes, query, size):
    return _rows(writes, size).mean(axis=0)


@EXERCISE.mutant
def blocks_the_best_one_alone(writes, query, size):
    blocks = _rows(writes, size)
    return blocks[(blocks / np.sqrt((blocks**2).mean(axis=-1, keepdims=True)) @ query).argmax()]


EXERCISE.holds("2.333 and 1 come out for the example of the statement")(comes_out(
    [7 / 3, 1], np.array([[1, 1], [2, 0], [0, 2], [4, 0]]), np.array([0, 0]), 2))


@EXERCISE.holds("the embedding alone is read as it is")
def embedding(call):
    off = np.abs(np.asarray(call(_writes[:1], _query, 3), dtype=float) - _writes[0]).max()
    return None if off < 1e-5 else f"it comes out changed by {text.number(off)}"


@EXERCISE.holds("the order within a block does not matter")
def order(call):
    gap = np.abs(np.asarray(call(_writes[[0, 3, 1, 2, 6, 4, 5, 7]], _query, 3), dtype=float) - np.asarray(call(_writes, _query, 3), dtype=float)).max()
    return None if gap < 1e-5 else f"reordering the layers of a block moves the result by {text.number(gap)}"
