"""The reader's own model: every piece that an exercise yields, and whose it is.

The pieces and their stages are those of `attnlab.mine`, which this room may not import; a test holds them together. On the site
`practice/mine.js` marks the pieces of the reader who looks.
"""

from __future__ import annotations

from collections.abc import Sequence

from attnlab.diagrams._drawing import Drawing
from attnlab.diagrams._shapes import Box, Group, Shape, join

TEXT = (
    "A model of 26 pieces, each the answer to an exercise and a link to it. Tokens enter, are cut and given their places. Rows are normalised "
    "and changed one by one; masks say who may look. Then they look: heads are split, scores become weights, values are mixed, heads are merged. "
    "The same can be had in one function, or tile by tile. At the end the model writes, and its surprise is measured. A piece that "
    "is yours has a tick and the words yours, every other says the course's."
)
YOURS, COURSE = "~ ✓ yours", "~ the course's"
STAGES = (
    ("Enter", (
        ("apply_merges", "start/tokens_and_embeddings", "start.apply_merges"),
        ("sinusoidal", "positions/sinusoidal", "positions.sinusoidal"),
        ("add_positions", "positions/sinusoidal", "positions.add_positions"),
        ("rotary", "positions/relative", "positions.rotary"),
    )),
    ("Normalise, think", (
        ("rms_norm", "variants/your_gpt", "variants.rms_norm"),
        ("gated_network", "variants/your_gpt", "variants.gated_network"),
    )),
    ("Who may look", (
        ("causal_mask", "self_attention/masks", "self_attention.causal_mask"),
        ("padding_mask", "self_attention/masks", "self_attention.padding_mask"),
    )),
    ("Look", (
        ("split_heads", "multi_head/implementation", "multi_head.split_heads"),
        ("softmax", "self_attention/scaled_dot_product", "self_attention.softmax"),
        ("masked_attention", "self_attention/masks", "self_attention.masked_attention"),
        ("merge_heads", "multi_head/implementation", "multi_head.merge_heads"),
    )),
    ("Or: look in one function", (
        ("kernel_regression", "fundamentals/mathematics", "fundamentals.kernel_regression"),
        ("self_attention", "self_attention/scaled_dot_product", "self_attention.self_attention"),
        ("multi_head", "multi_head/implementation", "multi_head.multi_head"),
        ("wire_attention", "architecture/your_model", "architecture.wire_attention"),
        ("cached_step", "self_attention/masks", "self_attention.cached_step"),
        ("llama_step", "variants/modern_decoders", "variants.llama_step"),
    )),
    ("Or: look tile by tile", (
        ("block_loop", "efficiency/blocked_kernel", "efficiency.block_loop"),
        ("merge", "efficiency/online_softmax", "efficiency.merge"),
        ("tiles_to_visit", "efficiency/blocked_kernel", "efficiency.tiles_to_visit"),
        ("my_attention", "efficiency/memory_traffic", "efficiency.traffic_score"),
    )),
    ("Write, be judged", (
        ("sampling_distribution", "architecture/decoding", "architecture.sampling_distribution"),
        ("continue_text", "start/what_is_a_transformer", "start.continue_text"),
        ("write_greedily", "fundamentals/looking_back", "fundamentals.write_greedily"),
        ("next_token_loss", "start/tokens_and_embeddings", "start.next_token_loss"),
    )),
)  # fmt: skip
SIZE, ACROSS, HIGH, GAP, PAD, HEAD, BETWEEN = 12.0, 144, 44, 8, 9, 28, 22


def your_model(yours: Sequence[str] = ()) -> Drawing:
    """The pieces of a model, those that are the reader's marked. Errors: ValueError for a name that no piece has."""
    known = {name for _, pieces in STAGES for name, *_ in pieces}
    if strange := sorted(set(yours) - known):
        raise ValueError(f"{', '.join(strange)} is no piece of the model")
    said = f" Yours: {', '.join(name.replace('_', ' ') for name in yours)}." if yours else ""
    enter, think, may, look, one, tiles, write = range(7)
    wide = _rows(yours, ((enter,), (think, may), (look,), (one,), (tiles,), (write,)), 4, 640)
    narrow = _rows(yours, tuple((stage,) for stage in range(7)), 2, 328)
    return Drawing("your_model", "Your own model, piece by piece", TEXT + said, wide, narrow)


def _rows(yours: Sequence[str], rows: tuple[tuple[int, ...], ...], columns: int, across: int) -> tuple[Shape, ...]:
    """Stages below each other, some side by side; an arrow from every row to the next."""
    shapes, above, y = [], [], 2.0
    for row in rows:
        groups, x = [], (across - sum(_wide(stage, columns) for stage in row) - GAP * (len(row) - 1)) / 2
        for stage in row:
            group, boxes = _stage(stage, yours, columns, x, y)
            groups.append(group)
            shapes += [group, *boxes]
            x += group.w + GAP
        shapes += [join(a, b) for a in above for b in groups]
        above, y = groups, y + max(group.h for group in groups) + BETWEEN
    return tuple(shapes)


def _columns(stage: int, columns: int) -> int:
    """How many boxes stand side by side: six are two rows of three where there is room."""
    count = len(STAGES[stage][1])
    return min(count, 3 if count == 6 and columns > 3 else columns)


def _wide(stage: int, columns: int) -> float:
    beside = _columns(stage, columns)
    return beside * ACROSS + (beside - 1) * GAP + 2 * PAD


def _stage(stage: int, yours: Sequence[str], columns: int, x: float, y: float) -> tuple[Group, list[Box]]:
    """A frame with its title, and a box for each piece."""
    title, pieces = STAGES[stage]
    beside, boxes = _columns(stage, columns), []
    for i, (name, page, exercise) in enumerate(pieces):
        down, right = divmod(i, beside)
        at = x + PAD + right * (ACROSS + GAP), y + HEAD + down * (HIGH + GAP)
        boxes.append(_piece(name, f"book/{page}#{_anchor(exercise)}", name in yours, *at))
    high = boxes[-1].bottom + PAD - y
    return Group(x, y, _wide(stage, columns), high, title), boxes


def _anchor(exercise: str) -> str:
    return "exercise-" + exercise.replace(".", "-").replace("_", "-")


def _piece(name: str, page: str, yours: bool, x: float, y: float) -> Box:
    lines = name.replace("_", " "), YOURS if yours else COURSE
    return Box(x, y, ACROSS, HIGH, lines, "weight" if yours else "plain", page, SIZE)
