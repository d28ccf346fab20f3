"""Handwritten digits of 8 by 8 pixels, out of the package scikit-learn: real images, small enough for a minute of training."""

from __future__ import annotations

import gzip

import numpy as np

from attnlab._counts import counts
from attnlab._shapes import Array, Float, Int
from attnlab.weights.packages import data_file

SIDE, FULL = 8, 16  # pixels a side; a pixel counts how many of 4 by 4 finer ones hold ink


def handwritten() -> tuple[Float[Array, "images 1 8 8"], Int[Array, "images"]]:
    """(images, labels): 1,797 digits by 13 people, with ink from 0 to 1 in steps of 1/16.

    The package is not imported, one file in it is read.
    Errors: ImportError or FileNotFoundError where scikit-learn is not installed.
    Source: [alpaydin1998], the test set of the optical digits in the UCI repository.
    """
    with gzip.open(data_file("sklearn", "datasets/data/digits.csv.gz"), "rt", encoding="ascii") as file:
        table = np.loadtxt(file, delimiter=",")
    return table[:, :-1].reshape(-1, 1, SIDE, SIDE) / FULL, table[:, -1].astype(np.int64)


@counts("n", "seed")
def handwritten_split(n: int = 1397, seed: int = 0) -> tuple[tuple[Array, Array], tuple[Array, Array]]:
    """((images, labels) to learn from, those of the test): `n` of them drawn at random, the rest held out.

    The same people wrote both parts: it is no test on new hands.
    Errors: those of `handwritten`, and ValueError where nothing would be left on one side.
    """
    images, labels = handwritten()
    if not 0 < n < len(images):
        raise ValueError(f"n must be between 1 and {len(images) - 1} but is {n}")
    order = np.random.default_rng(seed).permutation(len(images))
    return (images[order[:n]], labels[order[:n]]), (images[order[n:]], labels[order[n:]])


def shifted(
    images: Float[Array, "*batch height width"], down: int, right: int
) -> Float[Array, "*batch height width"]:
    """Each image moved by so many pixels, up or left where negative; what leaves is lost, what enters is 0.

    Errors: ValueError for a shift that leaves nothing.
    """
    height, width = images.shape[-2:]
    if abs(down) >= height or abs(right) >= width:
        raise ValueError(f"a shift by ({down}, {right}) leaves nothing of an image of {height} by {width}")
    moved = np.zeros_like(images)
    rows, columns = (slice(max(n, 0), size + min(n, 0)) for n, size in ((down, height), (right, width)))
    from_rows, from_columns = (slice(max(-n, 0), size + min(-n, 0)) for n, size in ((down, height), (right, width)))
    moved[..., rows, columns] = images[..., from_rows, from_columns]
    return moved
