"""An image as a row of tokens: cut into squares, and put together again."""

from __future__ import annotations

from attnlab._counts import count
from attnlab._shapes import Array, Float, Real
from attnlab.reference._numbers import finite


def patches(images: Real[Array, "*batch channels height width"], size: int) -> Float[Array, "*batch patches pixels"]:
    """Cut each image into squares of size · size pixels, in reading order; each square becomes a row.

    A row holds one channel after the other, each in reading order: pixels = channels · size · size.
    Errors: ValueError unless `size` divides both sides.
    Source: [dosovitskiy2021, section 3.1].
    """
    images = finite("images", images)
    *batch, channels, height, width = images.shape
    size = _need_squares(height, width, size)
    cut = images.reshape(*batch, channels, height // size, size, width // size, size)
    n = len(batch)  # after it: channels, rows, pixels down, columns, pixels across
    together = cut.transpose(*range(n), n + 1, n + 3, n, n + 2, n + 4)
    return together.reshape(*batch, (height // size) * (width // size), channels * size**2)


def from_patches(
    rows: Real[Array, "*batch patches pixels"], size: int, height: int, width: int
) -> Float[Array, "*batch channels height width"]:
    """The images that were cut: `from_patches(patches(x, size), size, height, width)` is x.

    Errors: ValueError for rows that do not fill such an image.
    """
    rows, size = finite("rows", rows), _need_squares(height, width, size)
    *batch, n_patches, pixels = rows.shape
    down, across = height // size, width // size
    if n_patches != down * across or pixels % size**2:
        raise ValueError(
            f"an image of {height} by {width} has {down * across} patches of a multiple of {size**2} pixels, "
            f"not {n_patches} of {pixels}"
        )
    n = len(batch)
    cut = rows.reshape(*batch, down, across, pixels // size**2, size, size)
    return cut.transpose(*range(n), n + 2, n, n + 3, n + 1, n + 4).reshape(*batch, pixels // size**2, height, width)


def _need_squares(height: int, width: int, size: int) -> int:
    height, width, size = count("height", height), count("width", width), count("size", size, at_least=1)
    if height % size or width % size or not height or not width:
        raise ValueError(f"an image of {height} by {width} cannot be cut into squares of {size} by {size}")
    return size
