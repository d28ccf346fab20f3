"""What a kernel runs on: the levels of memory of a GPU, and a ring of devices."""

from __future__ import annotations

from attnlab.diagrams._drawing import Drawing
from attnlab.diagrams._shapes import Box, Group, Label, Matrix, Shape, join

MEMORY = (
    "Four levels of memory of a GPU, small and fast above, large and slow below. The large memory, HBM, holds Q, K, V and O, "
    "cut into tiles of rows. One tile of queries and, one after the other, tiles of keys and values come through the L2 cache "
    "into the shared memory of a multiprocessor. In its registers a tile of scores, the running maximum and sum and the "
    "unfinished output are kept. The finished tile of O goes back, with one number a row for the backward pass; scores and "
    "weights are never written to HBM."
)


def gpu_memory() -> Drawing:
    """The levels of memory of a GPU, with the tiles of Q, K, V that move between them."""
    return Drawing("gpu_memory", "Tiles and the levels of memory of a GPU", MEMORY, _memory_wide(), _memory_narrow())


def _tile(x: float, y: float, name: str, kind: str, w: float = 62) -> Box:
    return Box(x, y, w, 32, (name,), kind=kind, round=4, size=14)


def _stored(cx: float, y: float, name: str, lit: int, columns: int = 3) -> list[Shape]:
    """A matrix in the large memory, six tiles of rows, one of them on its way."""
    kind = name.lower() if name in "QKV" else "plain"
    cells = tuple((f"{kind}2" if name in "QKV" else "strong",) * columns if row == lit else ("",) * columns for row in range(6))
    return [Matrix(cx - columns * 8, y, 6, columns, 16, kind, cells), Label(cx, y + 110, f"*{name}*")]


def _memory_wide() -> tuple[Shape, ...]:
    chip = Group(2, 2, 636, 146, "one multiprocessor of many")
    registers, shared = Group(16, 34, 292, 100, "registers"), Group(332, 34, 292, 100, "shared memory")
    kept = [
        _tile(30 + 90 * i, 82, name, kind, 84)
        for i, (name, kind) in enumerate((("*S*_{ij}", "weight"), ("max, sum", "plain"), ("*O*_{i}", "strong")))
    ]
    came = [
        _tile(346 + 90 * i, 82, f"*{name}*_{{{low}}}", name.lower(), 84)
        for i, (name, low) in enumerate((("Q", "i"), ("K", "j"), ("V", "j")))
    ]
    cache = Box(16, 182, 608, 36, ("L2 cache, shared by all multiprocessors",))
    large = Group(2, 252, 636, 170, "HBM")
    o, q, k, v = (_stored(cx, 288, name, lit) for cx, name, lit in ((84, "O", 2), (392, "Q", 2), (482, "K", 4), (572, "V", 4)))
    flows = [
        join(shared, registers),
        join(registers, cache, at=84),
        join(cache, o[0], at=84),
        *(join(one[0], cache, at=one[0].cx, kind=kind) for one, kind in ((q, "q"), (k, "k"), (v, "v"))),
    ]
    flows += [join(cache, tile, at=cx, kind=kind) for tile, cx, kind in zip(came, (388, 478, 568), "qkv")]
    labels = [
        Label(624, 20, "~ small and fast", "end"),
        Label(238, 316, "large and slow"),
        Label(238, 342, "~ *S* and *A*, *n* × *n*,"),
        Label(238, 361, "~ are never written here"),
        Label(98, 165, "~ *O*_{i}, once", "start"),
    ]
    return (chip, registers, shared, *kept, *came, cache, large, *o, *q, *k, *v, *flows, *labels)


def _memory_narrow() -> tuple[Shape, ...]:
    chip = Group(2, 2, 324, 238, "one multiprocessor of many")
    registers, shared = Group(14, 36, 300, 82, "registers"), Group(84, 146, 230, 82, "shared memory")
    kept = [
        _tile(24 + 95 * i, 74, name, kind, 88)
        for i, (name, kind) in enumerate((("*O*_{i}", "strong"), ("max, sum", "plain"), ("*S*_{ij}", "weight")))
    ]
    came = [
        _tile(98 + 69 * i, 184, f"*{name}*_{{{low}}}", name.lower(), 60)
        for i, (name, low) in enumerate((("Q", "i"), ("K", "j"), ("V", "j")))
    ]
    cache = Box(14, 278, 300, 36, ("L2 cache, shared by all",))
    large = Group(2, 352, 324, 206)
    o, q, k, v = (_stored(cx, 378, name, lit) for cx, name, lit in ((49, "O", 2), (128, "Q", 2), (197, "K", 4), (266, "V", 4)))
    lane = 49
    flows = [
        join(shared, registers),
        join(registers, cache, at=lane),
        join(cache, o[0], at=lane),
        *(join(one[0], cache, at=one[0].cx, kind=kind) for one, kind in ((q, "q"), (k, "k"), (v, "v"))),
    ]
    flows += [join(cache, tile, at=tile.cx, kind=kind) for tile, kind in zip(came, "qkv")]
    labels = [
        Label(58, 261, "~ *O*_{i}", "start"),
        Label(164, 516, "# HBM, the large memory"),
        Label(164, 538, "~ *S* and *A* are never written here"),
    ]
    return (chip, registers, shared, *kept, *came, cache, large, *o, *q, *k, *v, *flows, *labels)


RING = (
    "Four devices in a ring. Each keeps its own block of queries and the unfinished output for it. The blocks of keys and "
    "values go round: in every step each device passes the block it has to the next one. After four steps every query has met "
    "every key, and no device ever held more than its share, and the block that is arriving."
)


def ring() -> Drawing:
    """Ring attention on four devices: queries stay, blocks of keys and values go round."""
    return Drawing("ring", "A ring of four devices", RING, _ring(208, 428, 640), _ring(140, 184, 328))


def _device(number: int, x: float, y: float, w: float) -> list[Shape]:
    half = (w - 36) / 2
    stays = Box(x + 12, y + 36, half, 52, (f"*Q*_{{{number}}}", "~ stays"), kind="q", round=4)
    moves = [
        Box(x + 24 + half, y + 36, half, 24, (f"*K*_{{{number}}}",), kind="k", round=4),
        Box(x + 24 + half, y + 64, half, 24, (f"*V*_{{{number}}}",), kind="v", round=4),
    ]
    return [Group(x, y, w, 100, f"device {number}"), stays, *moves]


def _ring(w: float, right: float, across: float) -> tuple[Shape, ...]:
    places = ((4, 4), (right, 4), (right, 184), (4, 184))
    devices = [_device(i, x, y, w) for i, (x, y) in enumerate(places)]
    frames = [device[0] for device in devices]
    flows = [join(a, b, thick=2.4) for a, b in zip(frames, [*frames[1:], frames[0]])]
    labels = [
        Label(across / 2, 134, "*K* and *V* move on at every step"),
        Label(across / 2, 156, "~ after 4 steps every query has met every key"),
    ]
    if across < 400:
        labels = [Label(164, 126, "*K*, *V* move"), Label(164, 144, "on at every"), Label(164, 162, "step")]
    return (*(shape for device in devices for shape in device), *flows, *labels)
