"""The feed-forward network, with its shapes."""

from __future__ import annotations

from attnlab.diagrams._drawing import Drawing
from attnlab.diagrams._shapes import Box, Label, Matrix, Shape, chain

ROWS, NARROW_COLUMNS, WIDE_COLUMNS = 3, 4, 8
BELOW_ZERO = {0: (1, 2, 4, 7), 1: (0, 3, 4, 6), 2: (1, 2, 5, 6, 7)}  # what the activation sets to zero, row by row
TEXT = (
    "A table of three tokens, one row each, d numbers wide. The first matrix and its bias make every row four times as wide. The "
    "activation is applied to each number by itself; with ReLU those below zero become zero, drawn empty. The second matrix and "
    "its bias make every row d wide again. Each row goes its own way: the second one is drawn strong throughout, and no arrow "
    "leads from row to row."
)
STEPS = (("# expand", "~ *W*_{1}, *b*_{1}"), ("# activate", "~ *f*"), ("# contract", "~ *W*_{2}, *b*_{2}"))
NAMES = ("*n* × *d*", "*n* × 4*d*", "*n* × 4*d*", "*n* × *d*")


def feed_forward_shapes() -> Drawing:
    """A feed-forward network with its shapes: expand, activate, contract, each row by itself."""
    return Drawing("feed_forward_shapes", "A feed-forward network: each token by itself", TEXT, _wide(), _narrow())


def _table(x: float, y: float, cell: float, number: int) -> Matrix:
    """One of the four tables; the third has what is set to zero left empty."""
    columns = WIDE_COLUMNS if number in (1, 2) else NARROW_COLUMNS

    def kind(row: int, column: int) -> str:
        empty = number == 2 and column in BELOW_ZERO[row]
        return "blank" if empty else "w3" if row == 1 else "w1"

    cells = tuple(tuple(kind(row, column) for column in range(columns)) for row in range(ROWS))
    return Matrix(x, y, ROWS, columns, cell, "weight", cells)


def _wide() -> tuple[Shape, ...]:
    cell, gap, across, x, shapes, names = 13, 12, 82, 5.0, [], []
    for number in range(4):
        table = _table(x, 42, cell, number)
        shapes.append(table)
        names.append(Label(table.cx, 102, NAMES[number]))
        x = table.right + gap
        if number < 3:
            shapes.append(Box(x, 34, across, 56, STEPS[number]))
            x += across + gap
    notes = [Label(shapes[0].cx, 18, "tokens"), Label(shapes[2].cx, 18, "hidden"), Label(shapes[4].cx, 18, "hidden"), Label(shapes[6].cx, 18, "out")]
    return (*shapes, *chain(*shapes), *names, *notes)


def _narrow() -> tuple[Shape, ...]:
    cell, y, shapes, names = 15, 4.0, [], []
    for number in range(4):
        columns = WIDE_COLUMNS if number in (1, 2) else NARROW_COLUMNS
        table = _table(130 - columns * cell / 2, y, cell, number)
        shapes.append(table)
        names.append(Label(210, table.cy, f"{('tokens', 'hidden', 'hidden', 'out')[number]}: {NAMES[number]}", "start"))
        y = table.bottom + 20
        if number < 3:
            shapes.append(Box(70, y, 120, 50, STEPS[number]))
            y += 70
    return (*shapes, *chain(*shapes), *names)
