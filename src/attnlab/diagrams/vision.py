"""An image on its way through a vision transformer."""

from __future__ import annotations

from attnlab.diagrams._drawing import Drawing
from attnlab.diagrams._shapes import Box, Label, Matrix, Shape, chain, join

TEXT = (
    "An image of 8 by 8 pixels is cut into 16 patches of 2 by 2. Each patch, 4 numbers, is multiplied with one matrix and becomes a row. "
    "The class token, a learned row without pixels, is put in front, and a learned row for its place is added to each. The 17 rows go through "
    "encoder blocks, in which every token looks at every other. The class token's last row goes to the head, which gives a score for each class."
)
CUT = ("# patches", "~ 16 × 4")
MATRIX = ("# one matrix", "~ 16 × d")
PLACES = ("# + class token", "# + places", "~ 17 × d")
BLOCKS = ("# encoder blocks", "~ no mask", "~ 17 × d")
HEAD = ("# head", "~ class row", "~ 10 scores")


def patches_to_class() -> Drawing:
    """From pixels to patches, to rows, through the blocks, to the scores of the classes."""
    return Drawing("patches_to_class", "An image is read like a text of patches", TEXT, _wide(), _narrow())


def _image(x: float, y: float) -> Matrix:
    """8 by 8 pixels; every second patch is tinted."""
    cells = tuple(tuple("weight" if (i // 2 + j // 2) % 2 == 0 else "" for j in range(8)) for i in range(8))
    return Matrix(x, y, 8, 8, 12, cells=cells)


def _wide() -> tuple[Shape, ...]:
    image = _image(4, 36)
    cut, matrix = Box(140, 56, 92, 56, CUT), Box(262, 56, 108, 56, MATRIX)
    places = Box(400, 46, 126, 76, PLACES)
    blocks = Box(384, 172, 158, 76, BLOCKS)
    head = Box(180, 172, 124, 76, HEAD)
    guess = Box(4, 188, 96, 44, ("# “a 3”",), kind="weight")
    flows = [*chain(image, cut, matrix, places), join(places, blocks), join(blocks, head), join(head, guess)]
    return (image, cut, matrix, places, blocks, head, guess, *flows, Label(52, 18, "image"))


def _narrow() -> tuple[Shape, ...]:
    image = _image(116, 24)
    rows = [Box(84, 24 + 128 + 0, 160, 50, CUT), Box(84, 230, 160, 50, MATRIX), Box(84, 308, 160, 72, PLACES),
            Box(84, 408, 160, 72, BLOCKS), Box(84, 508, 160, 72, HEAD), Box(116, 608, 96, 40, ("# “a 3”",), kind="weight")]  # fmt: skip
    return (image, *rows, *chain(image, *rows), Label(164, 10, "image"))
