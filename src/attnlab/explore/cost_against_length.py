"""Memory, traffic and operations of attention against the length of the text."""

from __future__ import annotations

from attnlab.explore._explorable import Explorable, table
from attnlab.kernels import cost, traffic


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
    return table(caption, [*columns, "a byte: standard", "a byte: Flash-2"], rows, digits=1)
