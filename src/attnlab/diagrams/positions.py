"""Where a position can enter a layer of attention."""

from __future__ import annotations

from attnlab.diagrams._drawing import Drawing
from attnlab.diagrams._shapes import Box, Group, Shape, chain, join

FLOW = (
    ("# tokens", "~ a vector each"),
    ("*X*", "~ the input"),
    ("*Q*, *K*", "~ projected"),
    ("*Q* *K*^{⊤}/√*d*_{k}", "~ scores"),
    ("*A*", "~ softmax"),
)
ENTRIES = (
    ("1  added to tokens", (("sinusoidal", "sinusoidal"), ("learned", "learned"))),
    ("2  *Q*, *K* rotated", (("rotary", "relative"),)),
    ("3  added to scores", (("Shaw", "relative"), ("T5", "relative"), ("ALiBi", "relative"))),
)
TEXT = (
    "A layer as a row: token vectors, input X, queries and keys, scores, weights. Positions can enter at three places. First: "
    "added to the token vectors, as sinusoids or a learned table. Second: queries and keys are rotated, as in rotary positions."
    " Third: a bias is added to the scores, as in Shaw's, T5's and ALiBi's schemes."
)


def where_positions_enter() -> Drawing:
    """Where a position can enter: added to the tokens, turning queries and keys, or added to the scores."""
    return Drawing("where_positions_enter", "Where positions enter", TEXT, _wide(), _narrow())


def _entry(x: float, y: float, w: float, which: int, widths: tuple[float, ...]) -> list[Shape]:
    """One place of entry: a frame, its name, and the schemes that enter there."""
    name, schemes = ENTRIES[which]
    at, inner = x + (w - sum(widths) - 8 * (len(widths) - 1)) / 2, []
    for (scheme, page), wide in zip(schemes, widths):
        inner.append(Box(at, y + 38, wide, 32, (f"# {scheme}",), page=f"book/positions/{page}", size=13.5))
        at += wide + 8
    return [Group(x, y, w, 80, name), *inner]


def _wide() -> tuple[Shape, ...]:
    flow = [Box(4 + 132 * i, 124, 104, 60, lines) for i, lines in enumerate(FLOW)]
    entries = [_entry(2, 2, 204, 0, (98, 82)), _entry(218, 2, 204, 1, (80,)), _entry(434, 2, 204, 2, (64, 48, 66))]
    flows = [*chain(*flow), *(join(entry[0], one, kind="weight", thick=2.4) for entry, one in zip(entries, flow[1:4]))]
    return (*flow, *(shape for entry in entries for shape in entry), *flows)


def _narrow() -> tuple[Shape, ...]:
    flow = [Box(2, 2 + 104 * i, 104, 60, lines) for i, lines in enumerate(FLOW)]
    entries = [_entry(132, 96 + 104 * i, 194, i, widths) for i, widths in enumerate(((96, 78), (80,), (60, 44, 64)))]
    flows = [*chain(*flow), *(join(entry[0], one, kind="weight", thick=2.4) for entry, one in zip(entries, flow[1:4]))]
    return (*flow, *(shape for entry in entries for shape in entry), *flows)
