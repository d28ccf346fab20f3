"""How fast the Triton kernel is on a GPU, beside torch's own backends, each of them forced.

    python benchmarks/gpu.py                     forward and backward, d 64 and 128, lengths 1,024 to 16,384
    python benchmarks/gpu.py --quick             one length
    python benchmarks/gpu.py --tune 4096 128     every tile that fits, forward, at one length and width

16,384 tokens in all and 2,048 / d heads, as the FlashAttention papers measure. The candidates of a row take
turns and are judged by the median of events on the GPU's own clock. TFLOP/s count the two products of the
forward pass (five of the backward pass), half of them under a causal mask. The first head of every output is
checked against float32 before anything is timed. Needs a GPU that CUDA knows and the package triton; writes
gpu.json to benchmarks/results, or to the folder named with --out.
"""

from __future__ import annotations

import argparse
import itertools
import json
import statistics
import sys
from collections.abc import Callable
from pathlib import Path

import torch
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.nn.functional import scaled_dot_product_attention as sdpa

from attnlab.kernels.flash_triton import flash_triton

TOKENS, D_MODEL = 16384, 2048
BACKENDS = {"flash": SDPBackend.FLASH_ATTENTION, "cudnn": SDPBackend.CUDNN_ATTENTION}
TILES = {"block_q": (64, 128), "block_k": (32, 64, 128), "warps": (4, 8), "stages": (1, 2, 3, 4)}
Attention = Callable[[torch.Tensor, torch.Tensor, torch.Tensor], torch.Tensor]


def draw(length: int, d: int) -> list[torch.Tensor]:
    """q, k and v in float16, (batch, heads, length, d), that want gradients."""
    shape = TOKENS // length, D_MODEL // d, length, d
    generator = torch.Generator("cuda").manual_seed(0)
    how = {"device": "cuda", "dtype": torch.float16, "generator": generator, "requires_grad": True}
    return [torch.randn(shape, **how) for _ in range(3)]


def forced(backend: SDPBackend, causal: bool) -> Attention:
    """torch's attention by this backend and no other; RuntimeError where it cannot."""

    def attend(q, k, v):
        with sdpa_kernel(backend):
            return sdpa(q, k, v, is_causal=causal)

    return attend


def candidates(causal: bool) -> dict[str, Attention]:
    """Ours and torch's, by name."""
    ours = {"ours": lambda q, k, v: flash_triton(q, k, v, causal=causal)}
    return ours | {name: forced(backend, causal) for name, backend in BACKENDS.items()}


def works(name: str, attend: Attention, causal: bool, inputs: list[torch.Tensor]) -> bool:
    """Whether the candidate runs here; SystemExit if its first head is not attention in float32."""
    try:
        out = attend(*inputs)
    except RuntimeError as error:
        print(f"  {name} does not run here: {str(error).splitlines()[0]}")
        return False
    with sdpa_kernel(SDPBackend.MATH):
        exact = sdpa(*(x[:1, :1].float() for x in inputs), is_causal=causal)
    gap = (out[:1, :1].float() - exact).abs().max().item()
    if gap > 5e-3:
        sys.exit(f"{name} is wrong by {gap:.4f}")
    return True


def race(runs: dict[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """Median milliseconds of each, in turns, after two rounds that are not counted."""
    times: dict[str, list[float]] = {name: [] for name in runs}
    for turn in range(rounds + 2):
        for name, run in runs.items():
            start, stop = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
            start.record()
            run()
            stop.record()
            torch.cuda.synchronize()
            if turn > 1:
                times[name].append(start.elapsed_time(stop))
    return {name: statistics.median(each) for name, each in times.items()}


def measure(length: int, d: int, causal: bool, rounds: int) -> list[dict]:
    """One row for the forward and one for the backward pass: TFLOP/s of each candidate."""
    inputs = draw(length, d)
    able = {name: run for name, run in candidates(causal).items() if works(name, run, causal, inputs)}
    with torch.no_grad():
        forward = race({name: lambda run=run: run(*inputs) for name, run in able.items()}, rounds)
    outs = {name: run(*inputs) for name, run in able.items()}
    d_out = torch.ones_like(inputs[0])

    def gradients(out: torch.Tensor) -> Callable[[], object]:
        return lambda: torch.autograd.grad(out, inputs, d_out, retain_graph=True)

    backward = race({name: gradients(out) for name, out in outs.items()}, rounds)
    flops = 4 * TOKENS * length * D_MODEL / (2 if causal else 1)
    rows = (("forward", forward, flops), ("backward", backward, 2.5 * flops))
    return [
        {"pass": way, "length": length, "d": d, "causal": causal,
         "tflops": {name: work / ms / 1e9 for name, ms in milliseconds.items()}}
        for way, milliseconds, work in rows
    ]  # fmt: skip


def show(row: dict) -> str:
    speeds = "  ".join(f"{name} {speed:6.1f}" for name, speed in row["tflops"].items())
    mask = "causal" if row["causal"] else "full"
    return f"{row['pass']:8} n {row['length']:6} d {row['d']:4} {mask:6}  {speeds}"


def tune(length: int, d: int, rounds: int) -> None:
    """TFLOP/s of the forward pass for every tile that compiles, best first."""
    inputs, flops, found = draw(length, d), 4 * TOKENS * length * D_MODEL, []
    for sizes in itertools.product(*TILES.values()):
        how = dict(zip(TILES, sizes, strict=True))
        try:
            with torch.no_grad():
                milliseconds = race({"ours": lambda how=how: flash_triton(*inputs, **how)}, rounds)["ours"]
        except Exception as error:  # Triton raises its own kinds where a tile does not fit
            print(f"{how}: {type(error).__name__}")
            continue
        found.append((flops / milliseconds / 1e9, how))
    for speed, how in sorted(found, key=lambda each: -each[0])[:10]:
        print(f"{speed:6.1f} TFLOP/s  {how}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--tune", nargs=2, type=int, metavar=("LENGTH", "WIDTH"))
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results")
    options = parser.parse_args()
    if not torch.cuda.is_available():
        sys.exit(f"this benchmark needs a GPU, and torch {torch.__version__} finds none")
    rounds = 10 if options.quick else 30
    if options.tune:
        return tune(*options.tune, rounds)
    lengths = (4096,) if options.quick else (1024, 4096, 16384)
    rows = []
    for length, d, causal in itertools.product(lengths, (64, 128), (False, True)):
        rows += measure(length, d, causal, rounds)
        print("\n".join(show(row) for row in rows[-2:]), flush=True)
    options.out.mkdir(parents=True, exist_ok=True)
    report = {"device": torch.cuda.get_device_name(), "torch": torch.__version__, "rows": rows}
    (options.out / "gpu.json").write_text(json.dumps(report, indent=1) + "\n", encoding="utf8")


if __name__ == "__main__":
    main()
