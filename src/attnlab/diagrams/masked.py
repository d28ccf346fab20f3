"""A hidden word: what enters BERT, who looks at whom, and what guesses."""

from __future__ import annotations

from attnlab.diagrams._drawing import Drawing
from attnlab.diagrams._shapes import Box, Label, Shape, chain, join
from attnlab.diagrams._words import SMALL

TEXT = (
    "How a hidden word is guessed. The text this dog barks enters as CLS, this, MASK, barks, SEP. For each token three rows are added: that of its "
    "piece, of its position and of its segment. In N encoder blocks every token looks at every other, in both directions. The row that leaves "
    "at the place of MASK goes through the head, a layer and the table of pieces, and gives each word a probability: dog is the likeliest. "
    "The rows of the other tokens are not asked."
)
TOKENS = ("[CLS]", "this", "[MASK]", "barks", "[SEP]")


def masked_word() -> Drawing:
    """A text with a hidden word on its way through BERT."""
    return Drawing("masked_word", "A hidden word, guessed from both sides", TEXT, _all(70, 100, 95), _all(1, 65.5, 64))


def _all(left: float, step: float, wide: float) -> tuple[Shape, ...]:
    tokens = [Box(left + step * i, 4, wide, 34, (token,), "lit" if i == 2 else "plain", size=SMALL) for i, token in enumerate(TOKENS)]
    across = 4 * step + wide
    sums = Box(left, 62, across, 46, ("# piece + position + segment", "~ three rows of tables, added and normalised"), "strong", size=SMALL)
    blocks = Box(left, 132, across, 62, ("# *N* encoder blocks", "~ every token looks at every other,", "~ to the left and to the right"), "weight",
                 "book/architecture/encoder", SMALL)  # fmt: skip
    rows = [Box(one.x, 218, one.w, 30, (f"*h*_{{{i}}}",), "lit" if i == 2 else "quiet", size=SMALL) for i, one in enumerate(tokens)]
    middle = tokens[2].cx
    head = Box(middle - 125, 272, 250, 46, ("# head", "~ a layer, then the table of pieces"), "strong", size=SMALL)
    guess = Box(middle - 125, 342, 250, 34, ("dog 0.97, cat 0.01, …",), size=SMALL)
    ends = [join(one, sums, one.cx) for one in tokens] + [join(blocks, one, one.cx) for one in rows]
    label = Label(middle, 392, "~ the other rows are not asked")
    return (*tokens, sums, blocks, *rows, head, guess, *ends, *chain(sums, blocks), *chain(rows[2], head, guess), label)
