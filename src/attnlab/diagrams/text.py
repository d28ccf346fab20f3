"""From a text to vectors."""

from __future__ import annotations

from attnlab.diagrams._drawing import Drawing
from attnlab.diagrams._shapes import Box, Label, Matrix, Shape, join, route

TOKENS = (("the", 1996), ("cat", 4937), ("slept", 7771))  # ids in the vocabulary of BERT, uncased, which MiniLM shares
CELL, ROWS, COLUMNS = 21, 9, 3
AT = (1, 4, 7)  # the rows of the little table that stand for the three ids
TEXT = (
    "The text “The cat slept” is cut into three tokens: the, cat, slept. Each has a number in the vocabulary, its id: 1996, "
    "4937, 7771. The id chooses a row of the embedding table, which has one row for each entry of the vocabulary. The three "
    "rows, in the order of the text, are the vectors X: three rows of d_model numbers."
)


def text_to_vectors() -> Drawing:
    """From a text to vectors: tokens, ids, rows of a table."""
    return Drawing("text_to_vectors", "From a text to vectors", TEXT, _wide(), _narrow())


def _table(x: float, y: float, columns: int, cell: float) -> Matrix:
    return Matrix(x, y, ROWS, columns, cell, cells=tuple(("w3" if row in AT else "",) * columns for row in range(ROWS)))


def _wide() -> tuple[Shape, ...]:
    table = _table(420, 30, COLUMNS, CELL)
    heights = [table.y + (row + 0.5) * CELL for row in AT]
    text = Box(2, heights[1] - 22, 134, 44, ("“The cat slept”",))
    tokens = [Box(170, y - 19, 66, 38, (token,)) for y, (token, _) in zip(heights, TOKENS)]
    ids = [Box(284, y - 19, 66, 38, (str(number),), kind="strong") for y, (_, number) in zip(heights, TOKENS)]
    vectors = [Matrix(553, y - CELL / 2, 1, COLUMNS, CELL, cells=(("w3",) * COLUMNS,)) for y in heights]
    flows = (
        [join(a, b) for a, b in zip(tokens, ids)]
        + [join(one, table) for one in ids]
        + [join(table, one, kind="weight") for one in vectors]
    )
    flows += [route(text.on("right"), (152, text.cy), (152, one.cy), one.on("left")) for one in tokens]
    labels = [
        Label(x, 11, f"# {name}")
        for x, name in ((69, "text"), (203, "tokens"), (317, "ids"), (table.cx, "table"), (584, "vectors"))
    ]
    labels += [Label(512, 234, "~ one row for each entry of the vocabulary", "end"), Label(584, 234, "~ *X*: 3 × *d*")]
    return (text, *tokens, *ids, table, *vectors, *flows, *labels)


def _narrow() -> tuple[Shape, ...]:
    text, xs = Box(102, 4, 208, 40, ("“The cat slept”",)), (102, 174, 246)
    tokens = [Box(x, 74, 64, 36, (token,)) for x, (token, _) in zip(xs, TOKENS)]
    ids = [Box(x, 140, 64, 36, (str(number),), kind="strong") for x, (_, number) in zip(xs, TOKENS)]
    table = _table(116, 206, 9, 20)
    vectors = Matrix(116, 416, 3, 9, 20, cells=(("w3",) * 9,) * 3)
    flows = [join(text, one) for one in tokens] + [join(a, b) for a, b in zip(tokens, ids)] + [join(one, table) for one in ids]
    rows = ((24, "text"), (92, "tokens"), (158, "ids"), (262, "table"), (438, "vectors"))
    labels = [Label(4, y, f"# {name}", "start") for y, name in rows]
    labels += [Label(4, 286 + 19 * i, f"~ {line}", "start") for i, line in enumerate(("one row for", "each entry"))]
    return (
        text,
        *tokens,
        *ids,
        table,
        vectors,
        *flows,
        join(table, vectors, kind="weight"),
        *labels,
        Label(4, 462, "~ *X*: 3 × *d*", "start"),
    )
