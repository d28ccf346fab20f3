"""What each trick of the blocked kernel buys: the textbook's loop, sped up in steps that are measured apart.

    python benchmarks/waterfall.py            about a minute
    python benchmarks/waterfall.py --quick    a few seconds, for a first look

One head of 64, 2048 queries and keys, no mask, float32, one thread. Every variant is the one before it with
one thing changed, and is compared with torch's fused attention before it is timed. The variants take turns,
A B C A B C, and each is judged by the median of the processor time it used. Threads are measured last, by the
clock on the wall. Writes waterfall.json to the folder of this chip under
benchmarks/results, or under the folder named with --out; --quick writes nothing.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import machines  # noqa: E402
from attention import draw, machine, race  # noqa: E402  (sets the numbers of threads: before torch)

import torch  # noqa: E402
from torch import Tensor  # noqa: E402
from torch.nn.functional import scaled_dot_product_attention as sdpa  # noqa: E402

from attnlab.kernels import textbook  # noqa: E402
from attnlab.kernels.flash import flash_attention  # noqa: E402
from attnlab.kernels.forward import fastest_way  # noqa: E402
from attnlab.kernels.products import MKL, Library  # noqa: E402
from attnlab.kernels.ways import DEFAULT, trial_of  # noqa: E402

SMALL, LARGE = (128, 128), DEFAULT.blocks  # (queries, keys)
LOG2E = math.log2(math.e)
Attend = Callable[[Tensor, Tensor, Tensor], Tensor]


def blocks(length: int, size: int):
    return (slice(i, min(i + size, length)) for i in range(0, length, size))


def naive(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    """The whole table of scores at once."""
    return torch.softmax(q @ k.t() / q.shape[-1] ** 0.5, -1) @ v


def textbook_loop(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    """The package's textbook, with a mask that permits everything."""
    return textbook.forward(q, k, v, torch.ones(len(q), len(k), dtype=torch.bool), *SMALL)[0]


def unmasked(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    """No mask on tiles where nothing is masked."""
    out, scale = torch.empty(len(q), v.shape[-1]), q.shape[-1] ** 0.5
    for rows in blocks(len(q), SMALL[0]):
        peak = q.new_full((len(q[rows]), 1), torch.finfo(q.dtype).min)
        total, mix = torch.zeros_like(peak), torch.zeros_like(out[rows])
        for keys in blocks(len(k), SMALL[1]):
            scores = q[rows] @ k[keys].t() / scale
            new_peak = torch.maximum(peak, scores.amax(-1, keepdim=True))
            weights, rescale = torch.exp(scores - new_peak), torch.exp(peak - new_peak)
            total = rescale * total + weights.sum(-1, keepdim=True)
            mix = rescale * mix + weights @ v[keys]
            peak = new_peak
        out[rows] = mix / total
    return out


def in_place(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    """One buffer for every tile of scores, and every operation in place."""
    out, scale = torch.empty(len(q), v.shape[-1]), q.shape[-1] ** -0.5
    room = torch.empty(SMALL[0] * SMALL[1])
    for rows in blocks(len(q), SMALL[0]):
        peak = q.new_full((len(q[rows]), 1), torch.finfo(q.dtype).min)
        total, mix = torch.zeros_like(peak), out[rows].zero_()
        for keys in blocks(len(k), SMALL[1]):
            scores = torch.mm(q[rows], k[keys].t(), out=_view(room, rows, keys)).mul_(scale)
            new_peak = torch.maximum(peak, scores.amax(-1, keepdim=True))
            rescale = peak.sub_(new_peak).exp_()
            weights = scores.sub_(new_peak).exp_()
            total.mul_(rescale).add_(weights.sum(-1, keepdim=True))
            mix.mul_(rescale).addmm_(weights, v[keys])
            peak = new_peak
        mix.div_(total)
    return out


def base_two(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    """The scale, times log2(e), goes into the queries once, and exp2 takes the place of exp."""
    q = q * (q.shape[-1] ** -0.5 * LOG2E)
    out, room = torch.empty(len(q), v.shape[-1]), torch.empty(SMALL[0] * SMALL[1])
    for rows in blocks(len(q), SMALL[0]):
        peak = q.new_full((len(q[rows]), 1), torch.finfo(q.dtype).min)
        total, mix = torch.zeros_like(peak), out[rows].zero_()
        for keys in blocks(len(k), SMALL[1]):
            scores = torch.mm(q[rows], k[keys].t(), out=_view(room, rows, keys))
            new_peak = torch.maximum(peak, scores.amax(-1, keepdim=True))
            rescale = peak.sub_(new_peak).exp2_()
            weights = scores.sub_(new_peak).exp2_()
            total.mul_(rescale).add_(weights.sum(-1, keepdim=True))
            mix.mul_(rescale).addmm_(weights, v[keys])
            peak = new_peak
        mix.div_(total)
    return out


def bounded(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    """A bound on every score of a row instead of the running maximum: nothing to rescale."""
    q = q * (q.shape[-1] ** -0.5 * LOG2E)
    bound = _bound(q, k)
    out, room = torch.empty(len(q), v.shape[-1]), torch.empty(SMALL[0] * SMALL[1])
    for rows in blocks(len(q), SMALL[0]):
        total, mix = q.new_zeros(len(q[rows]), 1), out[rows].zero_()
        for keys in blocks(len(k), SMALL[1]):
            scores = torch.mm(q[rows], k[keys].t(), out=_view(room, rows, keys))
            weights = scores.sub_(bound[rows]).exp2_()
            total.add_(weights.sum(-1, keepdim=True))
            mix.addmm_(weights, v[keys])
        mix.div_(total)
    return out


def folded(q: Tensor, k: Tensor, v: Tensor, sizes=SMALL, library: Library = MKL) -> Tensor:
    """The bound as one more column of the queries beside a column of ones: the product subtracts it."""
    q = q * (q.shape[-1] ** -0.5 * LOG2E)
    q = torch.cat([q, -_bound(q, k)], 1)
    k = torch.cat([k, torch.ones(len(k), 1)], 1)
    out = torch.empty(len(q), v.shape[-1])
    for rows in blocks(len(q), sizes[0]):
        total, mix = q.new_zeros(len(q[rows]), 1), out[rows].zero_()
        for keys in blocks(len(k), sizes[1]):
            weights = library.product(q[rows], k[keys], "scores").exp2_()
            total.add_(weights.sum(-1, keepdim=True))
            library.add(mix, weights, v[keys])
        mix.div_(total)
    return out


def larger_blocks(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    """Blocks of 512 x 512: fewer, longer operations."""
    return folded(q, k, v, LARGE)


def faster_product(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    """The library that won the race of whole tiles on this chip."""
    return folded(q, k, v, LARGE, fastest_way(trial_of(q, v)).library)


def packaged(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    """The package's kernel, with masks, grouped heads and all its other options standing by."""
    return flash_attention(q[None], k[None], v[None])[0]


def fused(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    """torch's fused kernel, written in C++."""
    return sdpa(q[None, None], k[None, None], v[None, None])[0, 0]


STEPS: dict[str, Attend] = {
    "textbook loop": textbook_loop,
    "no mask where none is needed": unmasked,
    "buffers, in place": in_place,
    "exp2, scale folded": base_two,
    "bound instead of maximum": bounded,
    "bound folded": folded,
    "larger blocks": larger_blocks,
    "faster product": faster_product,
}
BESIDE: dict[str, Attend] = {"whole table": naive, "the package": packaged, "torch, fused": fused}


def _view(room: Tensor, rows: slice, keys: slice) -> Tensor:
    height, width = rows.stop - rows.start, keys.stop - keys.start
    return room[: height * width].view(height, width)


def _bound(q: Tensor, k: Tensor) -> Tensor:
    """|q_i| max |k_j|, at least every score of row i."""
    lengths = torch.linalg.vector_norm(q, dim=-1, keepdim=True)
    return lengths * torch.linalg.vector_norm(k, dim=-1).amax()


def check(variants: dict[str, Attend], n: int) -> None:
    """AssertionError unless every variant gives what the fused kernel gives; the last blocks are ragged."""
    q, k, v = (x[0, 0] for x in draw(n + 37, heads=1))
    exact = fused(q.double(), k.double(), v.double())
    for name, attend in variants.items():
        error = (attend(q, k, v) - exact).abs().max().item()
        assert error < 1e-5, f"{name} is off by {error:.1e}"


def threads_part(n: int, rounds: int) -> dict:
    """Wall-clock milliseconds for 8 heads: one thread, two threads inside each operation of one head after
    another, two workers with a head each."""
    q, k, v = draw(n)
    heads = [(q[0, h], k[0, h], v[0, h]) for h in range(q.shape[1])]

    def one_by_one(threads: int) -> None:
        torch.set_num_threads(threads)
        for head in heads:
            faster_product(*head)

    def workers() -> None:
        torch.set_num_threads(2)
        flash_attention(q, k, v)

    candidates = {
        "1 thread": lambda: one_by_one(1),
        "2 threads inside each operation": lambda: one_by_one(2),
        "2 workers, a head each": workers,
    }
    return race(candidates, rounds, time.perf_counter)


def threads(n: int, rounds: int) -> dict:
    """`threads_part` in a process of its own, where torch may use two threads."""
    command = [sys.executable, __file__, "--part", "two_threads", str(n), str(rounds)]
    run = subprocess.run(command, capture_output=True, text=True, timeout=300, check=True, encoding="utf-8")
    return json.loads(run.stdout.splitlines()[-1])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--out", type=Path, default=machines.RESULTS)
    parser.add_argument("--part", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    torch.set_num_threads(1)
    torch.set_grad_enabled(False)
    if options.part:
        print(json.dumps(threads_part(int(options.part[1]), int(options.part[2]))))
        return 0
    n, rounds = (1024, 5) if options.quick else (2048, 41)
    variants = STEPS | BESIDE
    check(variants, n)
    q, k, v = (x[0, 0] for x in draw(n, heads=1))
    ms = race({name: lambda attend=attend: attend(q, k, v) for name, attend in variants.items()}, rounds)
    report = {
        "machine": machine(),
        "tokens": n,
        "width": q.shape[-1],
        "rounds": rounds,
        "steps": {name: ms[name] for name in STEPS},
        "beside": {name: ms[name] for name in BESIDE},
        "threads": threads(n, rounds // 4),
        "load at the end": f"{os.getloadavg()[0]:.1f}",
    }
    print(json.dumps(report, indent=1))
    if not options.quick:
        print(machines.save("waterfall", report, options.out))
    return 0


if __name__ == "__main__":
    sys.exit(main())
