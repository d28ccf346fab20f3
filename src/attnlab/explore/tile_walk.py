"""The blocked kernel on a small table of scores, tile by tile."""

from __future__ import annotations

import numpy as np

from attnlab import masks, reference
from attnlab.explore._explorable import Explorable, table
from attnlab.kernels import traffic
from attnlab.reference import blocked

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
    """A blocked attention over `n` tokens, tile by tile, from the middle: what is loaded, skipped, held, rescaled and moved.

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
    state["step"] = (len(_computed_tiles(state, _tile_mask(mask, state["n"], window))) + 1) // 2
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
    return table(
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
