"""Explorables: pictures that answer while the reader moves something. The only bridge to JavaScript.

How to add one, called ``name``:

1. ``static/widgets/name.js``: a plain ES module, at most 50 KB. Its arithmetic is exported as pure functions;
   ``export default { render }`` builds the picture in ``render({ model, el })`` with ``model.get``,
   ``change`` and ``watch``. Shared parts come by ``import { ... } from "./common.js";`` without renaming.
2. Here: a function ``name(...)`` that checks its arguments at the door and returns
   ``Explorable("name", state, table)``. ``state`` holds plain lists, numbers and text (what the reader can
   move); ``table`` is ``_table(...)`` of real numbers, shown where there is no JavaScript.
3. ``tests/widgets/test_arithmetic.py``: every exported function against the NumPy reference at 1e-12.
   ``tests/test_explore.py``: the table and the errors. ``tests/site/test_explorables.py``: a walk by keyboard.
4. ``explore.css``: reuse its classes, add the room to keep for the new one (last lines). A colour never says
   what no number beside it says.

A notebook shows it by ``explore.name()`` as the last line of a cell, a page without code by the directive
``{explorable} name``. One source, two hosts: ``afm-mount.js`` on the site, anywidget (optional) in JupyterLab.
"""

from __future__ import annotations

import html
import importlib.util
import json
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from attnlab import masks, probe, reference
from attnlab.kernels import cost, traffic
from attnlab.reference import blocked, positions, scoring

WIDGETS = Path(__file__).parent / "static" / "widgets"
MASKS = ("none", "causal", "padding")

Numbers = Sequence[float] | np.ndarray
Rows = Sequence[Numbers] | np.ndarray
Cells = Sequence[float | int | str] | np.ndarray


class Explorable:
    """The picture `name` with its `state`; on the site, in JupyterLab, or as a table of numbers."""

    def __init__(self, name: str, state: dict, table: str) -> None:
        self.name, self._state, self._table, self._widget = name, state, table, None

    @property
    def state(self) -> dict:
        """What the reader has set by now (in JupyterLab with anywidget), else what it started with."""
        if self._widget is None:
            return dict(self._state)
        return {key: getattr(self._widget, key) for key in self._state}

    def __repr__(self) -> str:
        return f"<explorable {self.name}>"

    def _repr_html_(self) -> str:
        state = html.escape(json.dumps(self._state, ensure_ascii=False, separators=(",", ":")))
        return f'<div data-afm="{self.name}" data-state="{state}">{self._table}</div>'

    def _repr_mimebundle_(self, include=None, exclude=None) -> dict:
        bundle = {"text/plain": repr(self), "text/html": self._repr_html_()}
        if importlib.util.find_spec("anywidget") is None:
            return bundle
        self._widget = self._widget or _as_widget(self.name, self._state)
        live = self._widget._repr_mimebundle_() or {}
        data = live[0] if isinstance(live, tuple) else live
        return {**data, **bundle}


def module_source(name: str) -> str:
    """The module with common.js joined in front: a relative import fails where anywidget loads it."""
    own = (WIDGETS / f"{name}.js").read_text(encoding="utf-8")
    own = re.sub(r'^import \{[^}]*\} from "\./common\.js";\n', "", own, flags=re.MULTILINE)
    return (WIDGETS / "common.js").read_text(encoding="utf-8") + own


def _as_widget(name: str, state: dict):
    """An anywidget with one synchronised trait for each entry of the state."""
    import anywidget
    import traitlets

    traits = {key: traitlets.Any(value).tag(sync=True) for key, value in state.items()}
    style = (WIDGETS / "explore.css").read_text(encoding="utf-8")
    return type(name, (anywidget.AnyWidget,), {"_esm": module_source(name), "_css": style, **traits})()


def _table(caption: str, columns: Sequence[str], rows: Sequence[tuple[str, Cells]], digits: int = 3) -> str:
    """An HTML table of numbers with named rows and columns."""

    def cell(tag: str, text: str, scope: str = "") -> str:
        return f"<{tag}{scope}>{html.escape(text)}</{tag}>"

    head = "<td></td>" + "".join(cell("th", name, ' scope="col"') for name in columns)
    body = "".join(
        "<tr>"
        + cell("th", name, ' scope="row"')
        + "".join(cell("td", _text(x, digits)) for x in numbers)
        + "</tr>"
        for name, numbers in rows
    )
    return (
        f'<table class="attnx-fallback"><caption>{html.escape(caption)}</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    )


def _text(number: float | int | str, digits: int) -> str:
    """Whole numbers whole, text as it is, everything else rounded; a real minus sign."""
    if isinstance(number, str | int | np.integer):
        return str(number).replace("-", "\N{MINUS SIGN}")
    if number == -np.inf:
        return "\N{MINUS SIGN}\N{INFINITY}"
    rounded = f"{abs(number):.{digits}f}"
    return f"\N{MINUS SIGN}{rounded}" if number < 0 and float(rounded) else rounded


# ---- softmax and scale ---------------------------------------------------------------------------


def softmax_and_scale(
    scores: Numbers = (1.5, 0.8, 0.1, -0.6, -1.3),
    temperature: float = 1.0,
    d_k: int = 64,
    divide: bool = True,
) -> Explorable:
    """softmax(q.k / sqrt(d_k) / T) for a handful of keys; weights, entropy and gradient move with every part.

    `scores` are in standard deviations of q.k, each sqrt(d_k) for entries of variance 1 [vaswani2017, 3.2.1].
    `divide` says whether the division by sqrt(d_k) is on. The table gives entropy in bits.
    """
    scores = [float(score) for score in scores]
    if not 2 <= len(scores) <= 8:
        raise ValueError(f"softmax_and_scale needs 2 to 8 scores, got {len(scores)}")
    if not np.all(np.abs(scores) <= 4):
        raise ValueError(f"every score must be between -4 and 4 standard deviations, got {scores}")
    if not 0.01 <= temperature <= 100:
        raise ValueError(f"temperature must be between 0.01 and 100, got {temperature}")
    if not 1 <= d_k <= 1024 or int(d_k) != d_k:
        raise ValueError(f"d_k must be a whole number between 1 and 1024, got {d_k}")
    state = {"scores": scores, "temperature": float(temperature), "d_k": int(d_k), "divide": bool(divide)}
    return Explorable("softmax_and_scale", state, _softmax_table(**state))


def _softmax_table(scores: Numbers, temperature: float, d_k: int, divide: bool) -> str:
    products = np.asarray(scores) * np.sqrt(d_k)
    logits = products / np.sqrt(d_k) if divide else products
    weights = reference.softmax(logits, temperature=temperature)
    bits = -sum(p * np.log2(p) for p in weights if p > 0)
    rows = [(f"key {i + 1}", row) for i, row in enumerate(zip(products, logits, weights))]
    caption = (
        f"Softmax at temperature {temperature:g}, d_k = {d_k}: entropy {bits:.3f} bits "
        f"of at most {np.log2(len(scores)):.3f}."
    )
    return _table(caption, ["q·k", "q·k / √d_k" if divide else "q·k, not divided", "weight"], rows)


# ---- attention on a sentence ---------------------------------------------------------------------

SENTENCE = ("the", "cat", "saw", "a", "bird")
VECTORS = (
    (0.5, -1.0),
    (1.9, 1.2),
    (2.2, -0.4),
    (1.0, -2.0),
    (0.8, 1.8),
)  # across: has content; up: is a noun
IDENTITY = [[1.0, 0.0], [0.0, 1.0]]
PROJECTIONS = ("identity", "previous", "noun")


def attention_on_a_sentence(
    tokens: Sequence[str] = SENTENCE,
    vectors: Rows = VECTORS,
    projections: str = "noun",
    query: int = 1,
    mask: str = "none",
) -> Explorable:
    """softmax(Q K^T / sqrt(2)) V for tokens on a plane, step by step; tokens and matrices can be changed.

    `vectors` (tokens, 2), entries between -3 and 3. `projections`: "identity", "previous" (tokens on a circle
    in their order) or "noun" (scores by the second entry). `query` is the index of the chosen token.
    """
    tokens, vectors = [str(token) for token in tokens], [[float(x) for x in row] for row in vectors]
    _check_sentence(tokens, vectors, projections, query, mask)
    presets = _presets(vectors)
    chosen = {
        key: value
        for key, value in presets[PROJECTIONS.index(projections)].items()
        if key not in ("name", "label")
    }
    state = {
        "tokens": tokens,
        **chosen,
        "query": int(query),
        "mask": mask,
        "length": len(tokens) - 1,
        "step": 0,
        "presets": presets,
    }
    return Explorable("attention_on_a_sentence", state, _sentence_table(state))


def _check_sentence(
    tokens: list[str], vectors: list[list[float]], projections: str, query: int, mask: str
) -> None:
    if not 2 <= len(tokens) <= 8:
        raise ValueError(f"attention_on_a_sentence needs 2 to 8 tokens, got {len(tokens)}")
    if len(vectors) != len(tokens):
        raise ValueError(f"{len(tokens)} tokens need {len(tokens)} vectors, got {len(vectors)}")
    for token, vector in zip(tokens, vectors):
        if len(vector) != 2 or not np.all(np.abs(vector) <= 3):
            raise ValueError(f"the vector of {token!r} must be 2 numbers between -3 and 3, got {vector}")
    if projections not in PROJECTIONS:
        raise ValueError(f"projections must be one of {', '.join(PROJECTIONS)}, got {projections!r}")
    if mask not in MASKS:
        raise ValueError(f"mask must be one of {', '.join(MASKS)}, got {mask!r}")
    if not 0 <= query < len(tokens):
        raise ValueError(f"query must be an index from 0 to {len(tokens) - 1}, got {query}")


def _presets(vectors: list[list[float]]) -> list[dict]:
    """The choices of projections, each with the vectors that make sense of it. Tokens are rows: q = x W_Q."""
    circle, turn_back = _circle(len(vectors))
    plain = {"vectors": vectors, "w_q": IDENTITY, "w_k": IDENTITY, "w_v": IDENTITY}
    return [
        {"name": "identity", "label": "identity", **plain},
        {"name": "previous", "label": "look at the previous", **plain, "vectors": circle, "w_q": turn_back},
        {
            "name": "noun",
            "label": "look for the noun",
            **plain,
            "w_q": [[0.0, 1.5], [0.0, 0.0]],
            "w_k": [[0.0, 0.0], [0.0, 1.0]],
        },
    ]


def _circle(n: int) -> tuple[list[list[float]], list[list[float]]]:
    """n points on a circle in the order of the sentence, with a gap, and the matrix that turns back."""
    step, radius, sharpness = 2 * np.pi / (n + 1), 1.5, 3.0
    angles = step * np.arange(n)
    points = radius * np.stack([np.cos(angles), np.sin(angles)], axis=-1)
    turn = sharpness * np.array([[np.cos(step), -np.sin(step)], [np.sin(step), np.cos(step)]])
    return (points.round(2) + 0.0).tolist(), (turn.round(2) + 0.0).tolist()


def _sentence_table(state: dict) -> str:
    x, n = np.asarray(state["vectors"]), len(state["tokens"])
    q, k = x @ np.asarray(state["w_q"]), x @ np.asarray(state["w_k"])
    weights = reference.attention_weights(q, k, mask=_allowed(state["mask"], n, state["length"]))
    caption = f"Attention weights, mask: {state['mask']}. Rows are queries, columns are keys."
    return _table(caption, state["tokens"], list(zip(state["tokens"], weights)), digits=2)


def _allowed(mask: str, n: int, length: int):
    """The Boolean mask by its name, (queries, keys); True = may look."""
    if mask == "causal":
        return masks.causal(np.arange(n), np.arange(n))
    if mask == "padding":
        return np.broadcast_to(np.asarray(masks.padding(np.array([length]), n)).reshape(1, n), (n, n))
    return np.ones((n, n), dtype=bool)


# ---- tile walk -----------------------------------------------------------------------------------

TILE_MASKS = ("none", "causal", "window")
LOOPS = ("queries", "keys")
TILE_WIDTH = 2


def tile_walk(
    n: int = 8,
    blocks: tuple[int, int] = (2, 3),
    mask: str = "causal",
    loop: str = "queries",
    window: int = 3,
    memory: int = 36,
    seed: int = 1,
) -> Explorable:
    """A blocked attention over `n` tokens, tile by tile: what is loaded, skipped, held, rescaled and moved.

    `blocks` are (queries, keys). `loop` names the outer one: "queries" as in FlashAttention-2, "keys" as in
    FlashAttention. A `window` is causal and counts the query's own key. `memory` is M, in elements; queries,
    keys and values have 2 entries each and follow from the `seed`.
    """
    _check_tile_walk(n, blocks, mask, loop, window, memory, seed)
    state = {
        "n": int(n),
        "seed": int(seed),
        "block_q": int(blocks[0]),
        "block_k": int(blocks[1]),
        "mask": mask,
        "window": int(window),
        "loop": loop,
        "capacity": int(memory),
        "step": 0,
    }
    return Explorable("tile_walk", state, _walk_table(state))


def _check_tile_walk(
    n: int, blocks: tuple[int, int], mask: str, loop: str, window: int, memory: int, seed: int
) -> None:
    if len(blocks) != 2:
        raise ValueError(f"blocks must be (queries, keys), got {blocks}")
    limits = {
        "n": (n, 6, 12),
        "queries a block": (blocks[0], 1, n),
        "keys a block": (blocks[1], 1, n),
        "window": (window, 1, n),
        "memory": (memory, 8, 999),
        "seed": (seed, 1, 999),
    }
    for name, (value, low, high) in limits.items():
        if not low <= value <= high or int(value) != value:
            raise ValueError(f"{name} must be a whole number between {low} and {high}, got {value}")
    if mask not in TILE_MASKS:
        raise ValueError(f"mask must be one of {', '.join(TILE_MASKS)}, got {mask!r}")
    if loop not in LOOPS:
        raise ValueError(f"loop must be one of {', '.join(LOOPS)}, got {loop!r}")


def _tile_vectors(seed: int, n: int, d: int = TILE_WIDTH) -> np.ndarray:
    """q, k, v as (3, n, d): entries from -2.0 to 2.0 by s <- 16807 s mod (2^31 - 1), token after token."""
    drawn, s = [], seed
    for _ in range(3 + 3 * n * d):  # the first three are dropped: small seeds begin alike
        s = 16807 * s % 2147483647
        drawn.append((s % 41 - 20) / 10)
    return np.array(drawn[3:]).reshape(n, 3, d).swapaxes(0, 1)


def _tile_mask(mask: str, n: int, window: int) -> np.ndarray:
    """The Boolean mask by its name, (n, n); True = may look."""
    positions = np.arange(n)
    if mask == "window":
        return masks.window(positions, positions, window)
    return masks.causal(positions, positions) if mask == "causal" else np.ones((n, n), dtype=bool)


def _computed_tiles(state: dict, allowed: np.ndarray) -> list[tuple[slice, slice]]:
    """(rows, keys) of the tiles in which some query may look, in the order of the loops."""
    rows, keys = (
        [slice(i, i + b) for i in range(0, state["n"], b)] for b in (state["block_q"], state["block_k"])
    )
    order = (
        [(r, c) for r in rows for c in keys]
        if state["loop"] == "queries"
        else [(r, c) for c in keys for r in rows]
    )
    return [tile for tile in order if allowed[tile].any()]


def _tile_moves(tiles: list[tuple[slice, slice]], i: int, state: dict) -> int:
    """Elements moved for tile i: blocks of the inner loop at every tile, of the outer one when it changes."""
    n, d, outer = state["n"], TILE_WIDTH, state["loop"] == "keys"
    r, c = (len(range(n)[side]) for side in tiles[i])
    first = i == 0 or tiles[i - 1][outer] != tiles[i][outer]
    last = i + 1 == len(tiles) or tiles[i + 1][outer] != tiles[i][outer]
    if outer:  # keys outside: q, o, l, m in; o, l, m out
        return first * 2 * c * d + r * (3 * d + 4)
    return first * r * d + 2 * c * d + last * r * (d + 1)  # at the end o and its log-sum-exp


def _walk_table(state: dict) -> str:
    q, k, v = _tile_vectors(state["seed"], state["n"])
    allowed = _tile_mask(state["mask"], state["n"], state["window"])
    tiles = _computed_tiles(state, allowed)
    scores = np.where(allowed, q @ k.T / np.sqrt(TILE_WIDTH), -np.inf)
    running, moved, rows = blocked.start(state["n"], TILE_WIDTH), 0, []
    for i, (r, c) in enumerate(tiles):
        part = blocked.Running(*(x[r] for x in running))
        before = part.peak[0, 0]
        blocked.absorb(part, scores[r, c].copy(), v[c])
        moved += _tile_moves(tiles, i, state)
        factor = np.exp(before - part.peak[0, 0])
        known = (part.peak[0, 0], factor, part.total[0, 0]) if part.total[0, 0] else (-np.inf, 1.0, 0.0)
        rows.append((_tile_name(r, c, state["n"]), [int((~allowed[r, c]).sum()), *known, moved]))
    out, _ = blocked.finish(running)
    gap = np.abs(out - reference.attention(q, k, v, mask=allowed)).max()
    return _table(
        _walk_caption(state, moved, gap), ["pairs masked", "m", "factor", "l", "moved so far"], rows
    )


def _tile_name(rows: slice, keys: slice, n: int) -> str:
    ends = ((side.start + 1, min(side.stop, n)) for side in (rows, keys))
    spans = (f"{a}" if a == b else f"{a}\N{EN DASH}{b}" for a, b in ends)
    return "queries {}, keys {}".format(*spans)


def _walk_caption(state: dict, moved: int, gap: float) -> str:
    n, M = state["n"], state["capacity"]
    fits = M >= n + 3
    standard = f"{traffic.standard_traffic(n, TILE_WIDTH, M)}" if fits else "impossible: no room for a row"
    return (
        f"Tiles of {state['block_q']} queries and {state['block_k']} keys over {n} tokens, "
        f"mask: {state['mask']}, {state['loop']} outside. m, factor and l of the first row of each tile. "
        f"Moved in all: {moved} elements; standard attention with M = {M}: {standard}. "
        f"The output {'equals attention' if gap < 1e-12 else f'differs from attention by {gap:.1e}'}."
    )


# ---- cost against length -------------------------------------------------------------------------


def cost_against_length(
    length: int = 1024,
    width: int = 768,
    heads: int = 12,
    layers: int = 12,
    memory: int = 192,
    bytes_each: int = 2,
    peak: float = 312.0,
    bandwidth: float = 1.5,
) -> Explorable:
    """What attention costs at a length: operations by part, bytes, traffic, and the roof over them.

    `memory` is the fast memory in KiB, `bytes_each` the size of a number, `peak` in 10^12 operations and
    `bandwidth` in 10^12 bytes a second. The defaults are GPT-2 on an A100 [dao2022, section 2.1; dao2023,
    section 2.1].
    """
    _check_cost(length, width, heads, layers, memory, bytes_each, peak, bandwidth)
    state = {
        "length": int(length),
        "width": int(width),
        "heads": int(heads),
        "layers": int(layers),
        "memory": int(memory),
        "bytes_each": int(bytes_each),
        "peak": float(peak),
        "bandwidth": float(bandwidth),
    }
    return Explorable("cost_against_length", state, _cost_table(state))


def _check_cost(
    length: int,
    width: int,
    heads: int,
    layers: int,
    memory: int,
    bytes_each: int,
    peak: float,
    bandwidth: float,
) -> None:
    limits = {
        "length": (length, 64, 2**20),
        "width": (width, 64, 2**14),
        "heads": (heads, 1, 128),
        "layers": (layers, 1, 128),
        "memory": (memory, 8, 2**16),
    }
    for name, (value, low, high) in limits.items():
        if not low <= value <= high or int(value) != value:
            raise ValueError(f"{name} must be a whole number between {low} and {high}, got {value}")
    if width % heads:
        raise ValueError(f"heads must divide the width, but {width} / {heads} leaves {width % heads}")
    if bytes_each not in (1, 2, 4):
        raise ValueError(f"bytes_each must be 1, 2 or 4, got {bytes_each}")
    for name, value in {"peak": peak, "bandwidth": bandwidth}.items():
        if not 0.001 <= value <= 100_000:
            raise ValueError(f"{name} must be between 0.001 and 100000, got {value}")


def _cost_at(state: dict) -> dict[str, float | None]:
    """Counts at one length; traffic in bytes of one layer, None where a block does not fit into fast memory.

    Standard attention is charged its least, 4 n² + 4 n d_head elements a head, with every input read once.
    """
    n, width, heads, size = (state[key] for key in ("length", "width", "heads", "bytes_each"))
    d, flops = width // heads, cost.layer_flops(state["length"], state["width"])
    try:
        blocked_elements = heads * traffic.flash_2_traffic(n, d, state["memory"] * 1024 // size)
    except ValueError:
        blocked_elements = None
    return {
        **flops,
        "share": flops["scores and mix"] / sum(flops.values()),
        "table": cost.score_bytes(n, heads, size),
        "cache": cost.cache_bytes(n, state["layers"], heads, d, size),
        "standard": size * heads * (4 * n * n + 4 * n * d),
        "blocked": None if blocked_elements is None else size * blocked_elements,
    }


def _cost_table(state: dict) -> str:
    rows = []
    for length in sorted({256, 1024, 4096, 16384, 65536, state["length"]}):
        at = _cost_at({**state, "length": length})
        ways = (at["standard"], at["blocked"])
        mebibytes = [x if x is None else x / 2**20 for x in (at["table"], at["cache"], *ways)]
        per_byte = [x if x is None else cost.intensity(at["scores and mix"], x) for x in ways]
        cells = ["does not fit" if x is None else x for x in (100 * at["share"], *mebibytes, *per_byte)]
        rows.append((f"{length:,} tokens", cells))
    ridge = state["peak"] / state["bandwidth"]
    caption = (
        f"Width {state['width']}, {state['heads']} heads, {state['layers']} layers, "
        f"{state['bytes_each']} bytes a number, {state['memory']} KiB of fast memory: "
        "share of the operations (%), MiB, and operations a byte. "
        f"Below {ridge:.0f} operations a byte memory is the limit."
    )
    columns = [
        "score and mix, %",
        "table, one layer",
        "cache, all layers",
        "moved: standard",
        "moved: Flash-2",
    ]
    return _table(caption, [*columns, "a byte: standard", "a byte: Flash-2"], rows, digits=1)


# ---- heads side by side --------------------------------------------------------------------------

HEAD_PAIRS = {  # (layer, head) twice, of MiniLM
    "previous token, next token": ((0, 2), (1, 8)),
    "same word again, first token": ((2, 9), (4, 5)),
    "spread out, concentrated": ((0, 0), (1, 11)),
}


def heads_side_by_side(
    sentence: int = 0, query: int = 2, a: tuple[int, int] = (0, 2), b: tuple[int, int] = (1, 8)
) -> Explorable:
    """Two heads of MiniLM on one sentence: their tables, what one query looks at, what kind of head each is.

    `a` and `b` are (layer, head). The weights are `probe.sample_weights()`, kept with the package. The table
    holds mean weights in per cent and the mean entropy of a row in bits.
    """
    kept = json.loads(probe.SAMPLES.read_text(encoding="utf-8"))
    layers, heads, sentences = kept["layers"], kept["heads"], kept["sentences"]
    _check_index("sentence", sentence, len(sentences))
    _check_index("query", query, len(sentences[sentence]["tokens"]))
    for name, pair in {"a": a, "b": b}.items():
        if len(pair) != 2:
            raise ValueError(f"{name} must be (layer, head), got {pair}")
        _check_index(f"the layer of {name}", pair[0], layers)
        _check_index(f"the head of {name}", pair[1], heads)
    presets = [{"label": label, **_pair(*pair)} for label, pair in HEAD_PAIRS.items()]
    state = {
        **kept,
        "sentence": int(sentence),
        "query": int(query),
        **_pair(a, b),
        "presets": presets,
    }
    return Explorable("heads_side_by_side", state, _heads_table(sentence, (a, b)))


def _check_index(name: str, value: int, size: int) -> None:
    if not 0 <= value < size or int(value) != value:
        raise ValueError(f"{name} must be a whole number from 0 to {size - 1}, got {value}")


def _pair(a: tuple[int, int], b: tuple[int, int]) -> dict[str, int]:
    return {"layer_a": int(a[0]), "head_a": int(a[1]), "layer_b": int(b[0]), "head_b": int(b[1])}


def _heads_table(sentence: int, chosen: tuple[tuple[int, int], ...]) -> str:
    tokens, weights = probe.sample_weights()[sentence]
    shown = dict.fromkeys([*chosen, *(head for pair in HEAD_PAIRS.values() for head in pair)])
    rows = []
    for layer, head in shown:
        found = probe.head_statistics(weights[layer, head])
        shares = [100 * found[key] for key in ("previous", "itself", "next", "first", "last")]
        rows.append((f"layer {layer}, head {head}", [*shares, found["entropy"]]))
    caption = f"Heads of MiniLM on “{' '.join(tokens[1:-1])}”: mean weight in %."
    columns = ["previous", "itself", "next", "[CLS]", "[SEP]", "entropy, bits"]
    return _table(caption, columns, rows, digits=1)


# ---- temperature and kernel width ----------------------------------------------------------------

PLACES = (-2.5, -1.6, -0.3, 0.8, 2.2)
SPACES = ("line", "circle")
EDGE = 3.0


def temperature_and_kernel_width(
    keys: Numbers = PLACES,
    values: Numbers = (0.4, 1.5, -0.6, 0.9, 2.0),
    query: float = 0.2,
    width: float = 0.7,
    space: str = "line",
) -> Explorable:
    """sum_j G(q - k_j) v_j / sum_j G(q - k_j) beside dot-product attention with the scale 1 / width².

    `keys` and `query` are places from -3 to 3. In the `space` "line" they are numbers; in "circle" the line is
    bent into a circle of circumference 6, all keys have one norm, and the two ways give the same weights.
    """
    keys, values = [float(key) for key in keys], [float(value) for value in values]
    _check_kernel(keys, values, query, width, space)
    state = {"places": keys, "values": values, "query": float(query), "width": float(width), "space": space}
    return Explorable("temperature_and_kernel_width", state, _kernel_table(state))


def _check_kernel(keys: list[float], values: list[float], query: float, width: float, space: str) -> None:
    if not 2 <= len(keys) <= 8:
        raise ValueError(f"temperature_and_kernel_width needs 2 to 8 keys, got {len(keys)}")
    if len(values) != len(keys):
        raise ValueError(f"{len(keys)} keys need {len(keys)} values, got {len(values)}")
    if not np.all(np.abs([*keys, query]) <= EDGE):
        raise ValueError(f"keys and query must be between -3 and 3, got {keys} and {query}")
    if not np.all(np.isfinite(values)):
        raise ValueError(f"values must be finite, got {values}")
    if not 0.05 <= width <= 50:
        raise ValueError(f"width must be between 0.05 and 50, got {width}")
    if space not in SPACES:
        raise ValueError(f"space must be one of {', '.join(SPACES)}, got {space!r}")


def _bent(places: Numbers, space: str) -> np.ndarray:
    """Places as vectors, (places, 1) on the line and (places, 2) on the circle."""
    places, radius = np.asarray(places, dtype=float), EDGE / np.pi
    if space == "line":
        return places[:, None]
    return radius * np.stack([np.cos(places / radius), np.sin(places / radius)], axis=-1)


def _kernel_table(state: dict) -> str:
    q, k = (_bent(places, state["space"]) for places in ([state["query"]], state["places"]))
    v, width = np.asarray(state["values"])[:, None], state["width"]
    by_distance = reference.softmax(scoring.gaussian(q, k, width))[0]
    by_dot = reference.attention_weights(q, k, scale=width**-2)[0]
    columns = zip(state["places"], state["values"], np.linalg.norm(q - k, axis=-1), by_distance, by_dot)
    rows = [(f"key {i + 1}", cells) for i, cells in enumerate(columns)]
    mixes = scoring.kernel_regression(q, k, v, width).item(), reference.attention(q, k, v, scale=width**-2).item()
    caption = (
        f"Keys on a {state['space']}, query at {state['query']:g}, width {width:g}, temperature {width**2:g}: "
        f"the mix is {mixes[0]:.3f} by distance and {mixes[1]:.3f} by dot product."
    )
    return _table(caption, ["place", "value", "distance", "weight by distance", "weight by dot product"], rows)


# ---- graph view ----------------------------------------------------------------------------------

GRAPH_MASKS = ("none", "causal", "window", "padding")
MOST_LAYERS = 4


def graph_view(
    tokens: Sequence[str] = SENTENCE,
    vectors: Rows = VECTORS,
    mask: str = "none",
    query: int = 1,
    layers: int = 1,
) -> Explorable:
    """Tokens as nodes, weights as edges: mask or remove edges, shuffle the tokens, follow news through layers.

    `vectors` (tokens, 2) are the values, scores those of "look for the noun". Masks go by place: "window" sees
    two tokens, "padding" hides the last one. `query` is the index of the token whose edges stand out.
    """
    tokens, vectors = [str(token) for token in tokens], [[float(x) for x in row] for row in vectors]
    _check_sentence(tokens, vectors, "noun", query, "none")
    if mask not in GRAPH_MASKS:
        raise ValueError(f"mask must be one of {', '.join(GRAPH_MASKS)}, got {mask!r}")
    if not 1 <= layers <= MOST_LAYERS or int(layers) != layers:
        raise ValueError(f"layers must be a whole number between 1 and {MOST_LAYERS}, got {layers}")
    preset = _presets(vectors)[PROJECTIONS.index("noun")]
    state = {
        "tokens": tokens,
        "vectors": vectors,
        "w_q": preset["w_q"],
        "w_k": preset["w_k"],
        "order": list(range(len(tokens))),
        "mask": mask,
        "removed": [],
        "query": int(query),
        "layers": int(layers),
    }
    return Explorable("graph_view", state, _graph_table(state))


def _graph_mask(mask: str, n: int) -> np.ndarray:
    """The edges of a mask by its name, (hearers, heard); True = there is one."""
    at = np.arange(n)
    if mask == "window":
        return masks.window(at, at, 2)
    return _allowed(mask, n, n - 1)


def _graph_table(state: dict) -> str:
    x, n = np.asarray(state["vectors"]), len(state["tokens"])
    may = _graph_mask(state["mask"], n)
    q, k = x @ np.asarray(state["w_q"]), x @ np.asarray(state["w_k"])
    weights = reference.attention_weights(q, k, mask=may)
    paths = np.linalg.matrix_power(may.astype(int), state["layers"]).sum(axis=-1)
    rows = [
        (token, [*row, *out, int(count)])
        for token, row, out, count in zip(state["tokens"], weights, weights @ x, paths)
    ]
    caption = (
        f"Weights of the edges, mask: {state['mask']}. A row hears, a column is heard; then the output, and the "
        f"number of paths into the token through {state['layers']} layer{'s' if state['layers'] > 1 else ''}."
    )
    return _table(caption, [*state["tokens"], "output 1", "output 2", "paths"], rows, digits=2)


# ---- alignment explorer --------------------------------------------------------------------------

ALIGNMENTS = Path(__file__).with_name("alignments.json")
LOOKS = ("attention", "one vector")


def alignment_explorer(
    phrase: int = 0, step: int = 0, look: str = "attention", phrases: Sequence[dict] | None = None
) -> Explorable:
    """English numbers written in German, word by word: what the decoder looks at, or sees without attention.

    `look` is "attention" or "one vector". Each of the `phrases` has a `number`, the words of its `source`, the
    `right` answer, the `target` that was written with its `weights` (steps, words), the `states` of the words, what
    the decoder without attention wrote, `alone`, and its vector, `one`. The ones kept with the package come from two
    models of width 48 trained on 4,000 other numbers below 100,000, as in the chapter on intuition; of states and
    vector the first two numbers of either direction are kept.
    """
    kept = json.loads(ALIGNMENTS.read_text(encoding="utf-8")) if phrases is None else list(phrases)
    _check_index("phrase", phrase, len(kept))
    if look not in LOOKS:
        raise ValueError(f"look must be one of {', '.join(LOOKS)}, got {look!r}")
    for one in kept:
        shape, words = np.shape(one["weights"]), (len(one["target"]), len(one["source"]))
        if shape != words:
            raise ValueError(f"the weights of {one['number']} must have the shape {words}, got {shape}")
    written = kept[phrase]["target" if look == "attention" else "alone"]
    _check_index("step", step, len(written))
    state = {"phrases": kept, "phrase": int(phrase), "step": int(step), "look": look}
    return Explorable("alignment_explorer", state, _alignment_table(kept[phrase]))


def _alignment_table(phrase: dict) -> str:
    caption = (
        f"Weights while writing {phrase['number']:,} in German. Rows are written, columns are read. "
        f"Without attention the same number came out as: {' '.join(phrase['alone'][:-1])}."
    )
    return _table(caption, phrase["source"], list(zip(phrase["target"], phrase["weights"])), digits=2)


# ---- bias shapes ---------------------------------------------------------------------------------

WISHES = ("steady", "previous", "logarithm", "seventh")
FARTHEST = 64


def bias_shapes(
    wish: str = "steady",
    heads: int = 8,
    head: int = 3,
    buckets: int = 16,
    most: int = 64,
    reach: int = 16,
    distance: int = 12,
) -> Explorable:
    """The bias of ALiBi, T5 and Shaw against the distance, beside what a head would wish for.

    T5 and Shaw get the best numbers that their rows allow: the mean wish of the distances that share one. (Shaw's
    rows are vectors; for one query each adds a number.) ALiBi has `heads` heads, a power of two, and shows `head`,
    counted from 1. `most` is T5's largest distance, `reach` Shaw's.
    """
    _check_biases(wish, heads, head, buckets, most, reach, distance)
    sizes = {"heads": heads, "head": head, "buckets": buckets, "most": most, "reach": reach, "distance": distance}
    state = {"wish": wish, **{name: int(size) for name, size in sizes.items()}}
    return Explorable("bias_shapes", state, _bias_table(state))


def _check_biases(
    wish: str, heads: int, head: int, buckets: int, most: int, reach: int, distance: int
) -> None:
    if wish not in WISHES:
        raise ValueError(f"wish must be one of {', '.join(WISHES)}, got {wish!r}")
    limits = {
        "heads": (heads, 1, 16),
        "head": (head, 1, heads),
        "buckets": (buckets, 4, 32),
        "most": (most, 20, 128),
        "reach": (reach, 1, FARTHEST),
        "distance": (distance, 0, FARTHEST),
    }
    for name, (value, low, high) in limits.items():
        if not low <= value <= high or int(value) != value:
            raise ValueError(f"{name} must be a whole number between {low} and {high}, got {value}")
    for name, value in {"heads": heads, "buckets": buckets}.items():
        if int(value).bit_count() != 1:
            raise ValueError(f"{name} must be a power of two, got {value}")


def _wished(wish: str, distances: np.ndarray) -> np.ndarray:
    """What a head would like to add to the score of a key so far back."""
    return {
        "steady": -0.1 * distances,
        "previous": np.where(distances == 1, 0.0, -4.0),
        "logarithm": -np.log2(1.0 + distances),
        "seventh": np.where(distances % 7 == 0, 0.0, -3.0),
    }[wish]


def _mean_of_each(row: np.ndarray, wish: np.ndarray) -> np.ndarray:
    """The mean wish of the distances that share a number. `row` in the machine's own integers: 32 bits in a browser."""
    return np.bincount(row, wish) / np.maximum(np.bincount(row), 1)


def _biases(state: dict) -> dict[str, np.ndarray]:
    """Wish and biases at the distances 0 to 64, as the best of each scheme."""
    here, back = np.array([FARTHEST]), np.arange(FARTHEST + 1)
    wish = _wished(state["wish"], back)
    rows = {
        "T5": positions.t5_buckets(here, here - back, state["buckets"], state["most"], False)[0],
        "Shaw": np.minimum(back, state["reach"]),
    }
    best = {name: _mean_of_each(row.astype(np.intp), wish)[row] for name, row in rows.items()}
    line = positions.alibi(state["heads"], here, here - back)[state["head"] - 1, 0]
    return {"wish": wish, "ALiBi": line, **best}


def _bias_table(state: dict) -> str:
    found = _biases(state)
    shown = sorted({0, 1, 2, 4, 8, 16, 32, FARTHEST, state["distance"]})
    rows = [(f"{r} back", [found[name][r] for name in found]) for r in shown]
    caption = (
        f"Bias against the distance, wish: {state['wish']}. ALiBi head {state['head']} of {state['heads']}, "
        f"T5 with {state['buckets']} buckets up to {state['most']}, Shaw with reach {state['reach']}."
    )
    return _table(caption, list(found), rows, digits=2)


# ---- hands of two positions ----------------------------------------------------------------------

PHASES = ("sinusoid", "rotary")
CONTENTS = (0.9, -0.6, 1.3, -1.1, 0.4, -0.2, 0.7, -1.5)


def position_phases(
    kind: str = "sinusoid", width: int = 8, base: int = 10000, position: int = 5, offset: int = 3
) -> Explorable:
    """The hands of positions p and p + offset, pair by pair, and the sum of the cosines between them.

    `kind` is "sinusoid" (two signals) or "rotary" (a query and a key of fixed contents, turned). Whatever the
    position is, the sum is the same.
    """
    if kind not in PHASES:
        raise ValueError(f"kind must be one of {', '.join(PHASES)}, got {kind!r}")
    limits = {"width": (width, 2, 16), "base": (base, 2, 10**6), "position": (position, 0, 500),
              "offset": (offset, -50, 50)}  # fmt: skip
    for name, (value, low, high) in limits.items():
        if not low <= value <= high or int(value) != value:
            raise ValueError(f"{name} must be a whole number between {low} and {high}, got {value}")
    if width % 2:
        raise ValueError(f"width must be even, got {width}")
    sizes = {"width": width, "base": base, "position": position, "offset": offset}
    state = {"kind": kind, **{name: int(size) for name, size in sizes.items()}}
    return Explorable("position_phases", state, _phase_table(state))


def _hands(state: dict) -> np.ndarray:
    """Angles of query and key in radians, (pairs, 2)."""
    speeds = positions.frequencies(state["width"], float(state["base"]))
    ends = np.array([state["position"], state["position"] + state["offset"]])
    angles = positions.angles(ends, speeds).T
    if state["kind"] == "rotary":
        angles[:, 1] += CONTENTS[: len(speeds)]
    return angles


def _phase_table(state: dict) -> str:
    hands, speeds = _hands(state), positions.frequencies(state["width"], float(state["base"]))
    apart = hands[:, 1] - hands[:, 0]
    degrees = np.rad2deg(np.column_stack([hands, apart])) % 360
    rows = [(f"pair {i}", [f"{speed:.4g}", *degrees[i]]) for i, speed in enumerate(speeds)]
    caption = (
        f"Hands at position {state['position']} and at {state['position'] + state['offset']}, {state['kind']}, in "
        f"degrees. The sum of the cosines between them is {np.cos(apart).sum():.3f}, wherever the two stand."
    )
    return _table(caption, ["radians a step", "first hand", "second hand", "apart"], rows, digits=1)
