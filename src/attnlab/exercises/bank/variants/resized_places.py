"""Learned places for another grid of patches: interpolated, the class token's left alone."""

from __future__ import annotations

import numpy as np

from attnlab.exercises import _text as text
from attnlab.exercises._exercise import Exercise
from attnlab.exercises._probes import comes_out, left_alone


def _line(n, m, centred=True, clamped=True):
    """(n, m): how much each of m old places counts for each of n new ones."""
    at = (np.arange(n) + 0.5) / n * m - 0.5 if centred else np.arange(n) * ((m - 1) / max(n - 1, 1))
    at = np.clip(at, 0, m - 1) if clamped else at
    low = np.clip(np.floor(at).astype(int), 0, max(m - 2, 0))
    share = at - low
    weights = np.zeros((n, m))
    weights[np.arange(n), low] += 1 - share
    weights[np.arange(n), np.minimum(low + 1, m - 1)] += share
    return weights


def _resized(places, side, down, across, **kind):
    places = np.asarray(places, dtype=float)
    grid = places[1:].reshape(side, side, -1)
    new = np.einsum("ia,jb,abd->ijd", _line(down, side, **kind), _line(across, side, **kind), grid)
    return np.concatenate([places[:1], new.reshape(down * across, -1)])


def _reference(places, down, across):
    side = round((len(places) - 1) ** 0.5)
    return _resized(places, side, down, across)


EXERCISE = Exercise(
    id="variants.resized_places",
    title="Places for a larger image",
    level="analyse",
    minutes=25,
    difficulty=3,
    page="variants/vit",
    headings=("Nothing says which patches are neighbours",),
    statement=r"""
    A model was trained on a square grid of $g \times g$ patches and has one learned row for each place: first that of the class token, then those of the patches in reading order. Give it rows for a grid of `down` by `across` patches.

    The class token's row stays as it is. A new patch's row is found between the centres of the old ones: on a side of length 1, patch $i$ of $n$ has its centre at $(i + 0.5) / n$. Between two old centres a row changes in a straight line; before the first centre and behind the last it stays what it is there. Do so along the rows of the grid and along its columns (bilinear interpolation).

    A tiny example: with one feature, `places = [[9], [0], [2], [4], [6]]` (so $g = 2$), `down = 2` and `across = 4` give `[[9], [0], [0.5], [1.5], [2], [4], [4.5], [5.5], [6]]`: the new centres across are at 1/8, 3/8, 5/8, 7/8, the old ones at 1/4 and 3/4.
    """,
    slot='''
    def resized_places(places, down, across):
        """Rows for the class token and for a grid of down * across patches.

        places: (1 + g * g, d), the class token first; down, across: from 1
        result: (1 + down * across, d)
        """
        # YOUR CODE HERE
        ...
    ''',
    hints=(
        "A grid of the same size comes back unchanged. If all patches have the same row, so has every patch of a new grid, whatever the class token's row is.",
        r"The centre of new patch $i$ of $n$, counted in old patches from the first old centre, is $u = (i + 0.5)\, g / n - 0.5$, cut to lie between 0 and $g - 1$. With $l = \lfloor u \rfloor$ it gets the share $1 - (u - l)$ of old patch $l$ and $u - l$ of patch $l + 1$.",
        "```python\ng = round((len(places) - 1) ** 0.5)\ngrid = places[1:].reshape(g, g, -1)\nfor axis, n in ((0, down), (1, across)):\n"
        "    at = np.clip(____, 0, g - 1)\n    low = np.floor(at).astype(int)\n    high = np.minimum(____, g - 1)\n"
        "    share = (at - low).reshape((-1, 1, 1) if axis == 0 else (1, -1, 1))\n"
        "    grid = (1 - share) * np.take(grid, low, axis=axis) + share * np.take(grid, ____, axis=axis)\n"
        "return np.concatenate([____, grid.reshape(down * across, -1)])\n```",
    ),
    parsons=("places_of_a_turned_grid", "places_by_corners"),
    why=r"""
    Learned places belong to one grid. The rows that were learned say where a patch stands in the *image*, so a finer grid asks for the rows in between, and the class token, which stands nowhere, keeps its own.

    **The two most common mistakes.** Treating the class token's row as one more patch: the count $1 + g^2$ is no square, and code that rounds it away shifts every row by one. Exchanging `down` and `across`, or the axes of the grid: no square grid shows it.

    **Cost.** $O(d)$ for each new patch. Published code does the same with a cubic in place of a straight line.
    """,
    verified="equal to the definition for larger, smaller, oblong and unchanged grids, old grids of one to five patches a side, one and seven features, whole numbers and float32.",
    next_thought="why does a model with rotary positions between -1 and 1 not need this step?",
    reference=_reference,
)

_rng = np.random.default_rng(37)
EXERCISE.probe("3 by 3 to 5 by 7", _rng.normal(size=(10, 3)), 5, 7)
EXERCISE.probe("5 by 5 to 3 by 2", _rng.normal(size=(26, 7)), 3, 2)
EXERCISE.probe("2 by 2 to 4 by 4", _rng.normal(size=(5, 2)), 4, 4)
EXERCISE.probe("unchanged", _rng.normal(size=(17, 3)), 4, 4)
EXERCISE.probe("4 by 4 to 4 by 9", _rng.normal(size=(17, 2)), 4, 9)
EXERCISE.probe("one patch to 2 by 3", _rng.normal(size=(2, 5)), 2, 3)
EXERCISE.probe("3 by 3 to one patch", _rng.normal(size=(10, 2)), 1, 1)
EXERCISE.probe("one feature", _rng.normal(size=(10, 1)), 6, 5)
EXERCISE.probe("whole numbers", np.arange(10).reshape(10, 1) * 7 % 11, 4, 5)
EXERCISE.probe("single precision", _rng.normal(size=(17, 3)).astype(np.float32), 6, 3)
EXERCISE.probe("a single row of patches", _rng.normal(size=(17, 2)), 1, 5)
_rng = np.random.default_rng(38)
EXERCISE.probe("11 by 11 to 14 by 19, eleven features", _rng.normal(size=(122, 11)), 14, 19)


@EXERCISE.solve
def resized_places_solution(places, down, across):
    g = round((len(places) - 1) ** 0.5)
    grid = places[1:].reshape(g, g, -1)
    for axis, n in ((0, down), (1, across)):
        at = np.clip((np.arange(n) + 0.5) * g / n - 0.5, 0, g - 1)
        low = np.floor(at).astype(int)
        high = np.minimum(low + 1, g - 1)
        share = (at - low).reshape((-1, 1, 1) if axis == 0 else (1, -1, 1))
        grid = (1 - share) * np.take(grid, low, axis=axis) + share * np.take(grid, high, axis=axis)
    return np.concatenate([places[:1], grid.reshape(down * across, -1)])


@EXERCISE.mutant
def places_of_a_turned_grid(places, down, across):
    g = round((len(places) - 1) ** 0.5)
    grid = places[1:].reshape(g, g, -1).swapaxes(0, 1)
    for axis, n in ((0, down), (1, across)):
        at = np.clip((np.arange(n) + 0.5) * g / n - 0.5, 0, g - 1)
        low = np.floor(at).astype(int)
        high = np.minimum(low + 1, g - 1)
        share = (at - low).reshape((-1, 1, 1) if axis == 0 else (1, -1, 1))
        grid = (1 - share) * np.take(grid, low, axis=axis) + share * np.take(grid, high, axis=axis)
    return np.concatenate([places[:1], grid.reshape(down * across, -1)])


@EXERCISE.mutant
def places_by_corners(places, down, across):
    g = round((len(places) - 1) ** 0.5)
    grid = places[1:].reshape(g, g, -1)
    for axis, n in ((0, down), (1, across)):
        at = np.arange(n) * (g - 1) / max(n - 1, 1)
        low = np.floor(at).astype(int)
        high = np.minimum(low + 1, g - 1)
        share = (at - low).reshape((-1, 1, 1) if axis == 0 else (1, -1, 1))
        grid = (1 - share) * np.take(grid, low, axis=axis) + share * np.take(grid, high, axis=axis)
    return np.concatenate([places[:1], grid.reshape(down * across, -1)])


@EXERCISE.mutant
def places_of_the_nearest(places, down, across):
    places = np.asarray(places, dtype=float)
    side = round((len(places) - 1) ** 0.5)
    grid = places[1:].reshape(side, side, -1)
    rows, columns = (np.clip(np.floor((np.arange(n) + 0.5) / n * side).astype(int), 0, side - 1) for n in (down, across))
    return np.concatenate([places[:1], grid[rows][:, columns].reshape(down * across, -1)])


@EXERCISE.mutant
def places_go_on_beyond_the_last(places, down, across):
    return _resized(places, round((len(places) - 1) ** 0.5), down, across, clamped=False)


@EXERCISE.mutant
def places_down_and_across_exchanged(places, down, across):
    new = _resized(places, round((len(places) - 1) ** 0.5), across, down)
    return new


@EXERCISE.mutant
def class_token_among_the_places(places, down, across):
    """The last patch is dropped in the place of the class token, and every row moves by one."""
    places = np.asarray(places, dtype=float)
    moved = np.concatenate([places[:1], places[:-1]])
    return _resized(moved, round((len(places) - 1) ** 0.5), down, across)


@EXERCISE.mutant(evidence=text.shapes)
def class_token_without_a_row(places, down, across):
    return _resized(places, round((len(places) - 1) ** 0.5), down, across)[1:]


@EXERCISE.mutant
def places_in_a_single_line(places, down, across):
    """All patches as one row, stretched."""
    places = np.asarray(places, dtype=float)
    return np.concatenate([places[:1], _line(down * across, len(places) - 1) @ places[1:]])


EXERCISE.holds("the example of the statement comes out")(
    comes_out([[9], [0], [0.5], [1.5], [2], [4], [4.5], [5.5], [6]], np.array([[9.0], [0], [2], [4], [6]]), 2, 4))


@EXERCISE.holds("patches with equal rows have equal rows on every grid")
def equal_rows(call):
    places = np.concatenate([np.full((1, 3), 7.0), np.tile([[1.0, -2.0, 0.5]], (9, 1))])
    new = np.asarray(call(places, 4, 5), dtype=float)
    good = new.shape == (21, 3) and np.allclose(new[1:], places[1], atol=1e-4) and np.allclose(new[0], 7, atol=1e-4)
    return None if good else f"the first rows are {text.numbers(new.reshape(-1)[:6])}"


EXERCISE.holds("the given rows stay as they are")(left_alone(np.random.default_rng(5).normal(size=(5, 2)), 3, 3))
