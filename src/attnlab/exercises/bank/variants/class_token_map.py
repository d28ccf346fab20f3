"""What the class token looks at, as a picture as large as the image."""

from __future__ import annotations

import numpy as np

from attnlab.exercises._exercise import Exercise
from attnlab.exercises._probes import comes_out, left_alone


def _map(weights, n_registers, across, size, row=0, skip=None, renormalise=True, columns=False):
    a = np.asarray(weights, dtype=float).mean(axis=0)
    asked = a[:, row] if columns else a[row]
    shares = asked[1 + n_registers :] if skip is None else skip(asked)
    shares = shares / shares.sum() if renormalise else shares
    return np.kron(shares.reshape(-1, across), np.ones((size, size)))


def _reference(weights, n_registers, across, size):
    return _map(weights, n_registers, across, size)


EXERCISE = Exercise(
    id="variants.class_token_map",
    title="The class token's map",
    level="apply",
    minutes=15,
    difficulty=2,
    page="variants/vit",
    headings=("What the class token attends to", "Registers: room that is no patch"),
    statement=r"""
    `weights` holds the attention weights of one block of a vision transformer: rows are queries, columns are keys. Its tokens are the class token, then `n_registers` registers, then the patches in reading order, `across` of them in a row of the image.

    Make a picture of what the class token attends to in the image: average over the heads, keep the patches alone, **make their shares add up to 1 again**, and give every pixel of a patch of `size` by `size` pixels the share of its patch.

    A tiny example: one head, no registers, and a first row of `[0.2, 0.1, 0.3, 0.0, 0.4]` with `across = 2` and `size = 1` give `[[0.125, 0.375], [0, 0.5]]`.
    """,
    slot='''
    def class_token_map(weights, n_registers, across, size):
        """The share of the class token's attention for each pixel's patch.

        weights: (heads, tokens, tokens), rows add up to 1; tokens: class token, registers, patches
        result: (height, width) in pixels
        """
        # YOUR CODE HERE
        ...
    ''',
    hints=(
        "The shares of the patches add up to 1, so the pixels of the whole picture add up to size * size.",
        "The class token is token 0: its query is row 0. The patches are the columns from `1 + n_registers` on.",
        "```python\nrow = weights.mean(axis=____)[____]\nshares = row[____:]\nshares = shares / ____\ngrid = shares.reshape(____, ____)\n"
        "return np.repeat(np.repeat(grid, size, axis=____), size, axis=____)\n```",
    ),
    parsons=("map_with_registers_as_patches", "map_of_who_looks_at_the_class_token"),
    why=r"""
    What goes to the class token itself and to registers is no part of the image. Without the division a picture of a block whose class token looks mostly at itself would be faint all over, and two blocks could not be compared.

    **The two most common mistakes.** Forgetting the registers, so that the picture slides by as many patches as there are registers; with a number of patches that happens to fit, nothing complains. Taking column 0: that is how much each patch looks at the class token.

    **Cost.** One row of the table; the rest of it is not needed.
    """,
    verified="equal to the definition for no, one and four registers, one and several heads, oblong grids, patches of one to three pixels, weights of 0, and float32.",
    next_thought="if the class token's values at two patches are equal, can the map tell which of the two decided the answer?",
    reference=_reference,
)

_rng = np.random.default_rng(41)


def _weights(heads, tokens):
    z = np.exp(2 * _rng.normal(size=(heads, tokens, tokens)))
    return z / z.sum(axis=-1, keepdims=True)


EXERCISE.probe("3 heads, 2 by 5 patches, 4 registers", _weights(3, 15), 4, 5, 2)
EXERCISE.probe("no registers", _weights(2, 13), 0, 4, 3)
EXERCISE.probe("one register, one head", _weights(1, 8), 1, 2, 2)
EXERCISE.probe("as many registers as patches in a row", _weights(2, 10), 3, 3, 2)
EXERCISE.probe("pixels as patches", _weights(2, 11), 0, 5, 1)
EXERCISE.probe("a square of patches", _weights(2, 18), 1, 4, 2)
EXERCISE.probe("one patch", _weights(2, 4), 2, 1, 3)
EXERCISE.probe("a column of patches", _weights(2, 8), 1, 1, 2)
_certain = np.zeros((1, 7, 7))
_certain[0, :, 4] = 1
EXERCISE.probe("all of it to one patch", _certain, 0, 3, 2)
EXERCISE.probe("single precision", _weights(2, 15).astype(np.float32), 2, 4, 2)
_rng = np.random.default_rng(42)
_own = _weights(5, 42)
EXERCISE.probe("5 heads, 7 registers, patches of 5 pixels", _weights(5, 42), 7, 17, 5)
_own[:, 0, 1:] *= 1e-9
_own[:, 0, 0] = 1 - _own[:, 0, 1:].sum(axis=-1)
EXERCISE.probe("the class token attends to itself, nearly", _own, 1, 8, 1)


@EXERCISE.solve
def class_token_map_solution(weights, n_registers, across, size):
    row = weights.mean(axis=0)[0]
    shares = row[1 + n_registers:]
    shares = shares / shares.sum()
    grid = shares.reshape(-1, across)
    return np.repeat(np.repeat(grid, size, axis=0), size, axis=1)


@EXERCISE.mutant
def map_with_registers_as_patches(weights, n_registers, across, size):
    row = weights.mean(axis=0)[0]
    n_patches = len(row) - 1 - n_registers
    shares = row[1:1 + n_patches]
    shares = shares / shares.sum()
    grid = shares.reshape(-1, across)
    return np.repeat(np.repeat(grid, size, axis=0), size, axis=1)


@EXERCISE.mutant
def map_of_who_looks_at_the_class_token(weights, n_registers, across, size):
    row = weights.mean(axis=0)[:, 0]
    shares = row[1 + n_registers:]
    shares = shares / shares.sum()
    grid = shares.reshape(-1, across)
    return np.repeat(np.repeat(grid, size, axis=0), size, axis=1)


@EXERCISE.mutant
def map_not_divided_by_its_sum(weights, n_registers, across, size):
    return _map(weights, n_registers, across, size, renormalise=False)


@EXERCISE.mutant
def map_of_the_first_head(weights, n_registers, across, size):
    return _map(weights[:1], n_registers, across, size)


@EXERCISE.mutant
def map_of_the_last_token(weights, n_registers, across, size):
    return _map(weights, n_registers, across, size, row=-1)


@EXERCISE.mutant
def map_of_all_queries(weights, n_registers, across, size):
    a = np.asarray(weights, dtype=float).mean(axis=(0, 1))[None, None]
    return _map(np.repeat(a, a.shape[-1], axis=1), n_registers, across, size)


@EXERCISE.mutant
def map_tiled(weights, n_registers, across, size):
    return np.tile(_map(weights, n_registers, across, 1), (size, size))


@EXERCISE.mutant
def map_filled_downward(weights, n_registers, across, size):
    grid = _map(weights, n_registers, across, 1)
    return np.kron(grid.ravel().reshape(across, -1).T, np.ones((size, size)))


EXERCISE.holds("the example of the statement comes out")(
    comes_out([[0.125, 0.375], [0, 0.5]], np.array([[[0.2, 0.1, 0.3, 0.0, 0.4]] + [[0.2] * 5] * 4]), 0, 2, 1))


@EXERCISE.holds("what goes to registers and to the class token changes nothing")
def prefix_is_no_part(call):
    rows = np.exp(np.random.default_rng(6).normal(size=(9, 9)))
    more = rows * np.where(np.arange(9) < 3, 3.0, 1.0)
    maps = [np.asarray(call((z / z.sum(axis=-1, keepdims=True))[None], 2, 3, 2), dtype=float) for z in (rows, more)]
    same = maps[0].shape == maps[1].shape and np.allclose(*maps, atol=1e-4)
    return None if same else "more weight on the first three tokens changes the picture"


EXERCISE.holds("the given weights stay as they are")(left_alone(np.full((1, 5, 5), 0.2), 0, 2, 2))
