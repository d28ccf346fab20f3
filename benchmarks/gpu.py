"""The Triton kernel on the GPU at hand: right first, then tuned, timed beside torch's own backends, and read.

    python benchmarks/gpu.py            all of it, three to five minutes
    python benchmarks/gpu.py --quick    one length, few tiles

Right: forward and backward in three precisions against float64, judged by the plain version's own error. Tuned:
a handful of tiles for each of the three programs, at one length. Timed: `do_bench`'s median (its own events, a
cache emptied before each run) beside torch's attention with each backend forced; 16,384 tokens in all and
2,048 / d heads, as the FlashAttention papers measure. TFLOP/s count the two products of the forward pass, five
of the backward pass, half of them under a causal mask. Read: registers, spills, shared memory and tensor-core
instructions of the programs that this chip ran.

What a step cannot do is written down and the next one goes on. Writes <name of the GPU>.json after every step
to benchmarks/results, or to the folder named with --out. Ends with 1 if a result was wrong or a step failed.
"""

from __future__ import annotations

import argparse
import itertools
import json
import multiprocessing
import os
import re
import sys
import time
import traceback
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import torch
from torch import Tensor
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.nn.functional import scaled_dot_product_attention as sdpa

from attnlab.kernels import flash_triton as host
from attnlab.kernels.flash_triton import Launch, flash_triton

DEVICE = "cuda"
TOKENS, D_MODEL, TUNED_AT = 16384, 2048, 4096
LENGTHS = (16384, 4096, 1024, 8192, 2048)  # what matters most first, should the time run out
BACKENDS = {
    "flash": SDPBackend.FLASH_ATTENTION,
    "cudnn": SDPBackend.CUDNN_ATTENTION,
    "efficient": SDPBackend.EFFICIENT_ATTENTION,
}
PRECISIONS = {"float16": torch.float16, "bfloat16": torch.bfloat16, "float32": torch.float32}
OVERLAYS = {
    "full": {},
    "causal": {"causal": True},
    "window": {"window": 100},
    "bias": {"causal": True, "bias": True},
}
TILES = {
    64: {
        "forward": [(128, 64, 4, 3), (128, 64, 4, 2), (128, 64, 8, 3), (128, 128, 8, 2), (64, 64, 4, 3)],
        "queries": [(64, 64, 4, 2), (64, 64, 4, 3), (128, 64, 8, 2), (64, 128, 4, 2)],
        "keys": [(64, 64, 4, 2), (64, 64, 4, 3), (64, 128, 8, 2), (32, 128, 8, 3), (32, 64, 4, 3)],
    },
    128: {
        "forward": [(128, 64, 8, 2), (128, 64, 8, 3), (128, 128, 8, 2), (64, 64, 4, 3), (64, 64, 4, 2)],
        "queries": [(64, 64, 8, 1), (64, 64, 4, 2), (128, 64, 8, 2), (128, 32, 8, 2)],
        "keys": [(64, 64, 8, 1), (64, 64, 8, 2), (32, 128, 8, 2), (32, 64, 4, 2), (64, 128, 8, 2)],
    },
}
Attention = Callable[[Tensor, Tensor, Tensor], Tensor]


class Report:
    """What was found so far, on disk after every change."""

    def __init__(self, path: Path, budget: float):
        self.path, self.deadline, self.start = path, time.monotonic() + budget, time.monotonic()
        self.found: dict = {"machine": {}, "checks": [], "tiles": [], "times": [], "programs": [], "failed": []}

    def add(self, part: str, what: dict) -> None:
        self.found[part].append(what)
        self.save()

    def save(self) -> None:
        self.found["seconds"] = round(time.monotonic() - self.start)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.write_text(json.dumps(self.found, indent=1) + "\n", encoding="utf8")

    def attempt(self, name: str, step: Callable[[], object]) -> object:
        """The step's result, or None with the reason written down: it failed, or the time was up."""
        if time.monotonic() > self.deadline:
            self.add("failed", {"step": name, "error": "not tried: the time was up"})
            return None
        try:
            return step()
        except Exception as error:  # whatever a compiler or driver may raise must not lose the rest
            self.add("failed", {"step": name, "error": f"{type(error).__name__}: {str(error)[:300]}"})
            print(f"FAILED {name}: {traceback.format_exc(limit=3)[-600:]}", flush=True)
            return None


def machine() -> dict[str, object]:
    import triton

    chip = torch.cuda.get_device_properties(0)
    a, b = (torch.randn(8192, 8192, device=DEVICE, dtype=torch.float16) for _ in range(2))
    return {
        "gpu": chip.name,
        "capability": f"{chip.major}.{chip.minor}",
        "multiprocessors": chip.multi_processor_count,
        "memory_gib": round(chip.total_memory / 2**30),
        "torch": torch.__version__,
        "triton": triton.__version__,
        "cuda": torch.version.cuda,
        "cudnn": torch.backends.cudnn.version(),
        "matmul_tflops": round(2 * 8192**3 / milliseconds(lambda: a @ b) / 1e9, 1),
    }


def milliseconds(run: Callable[[], object]) -> float:
    from triton.testing import do_bench

    return do_bench(run, warmup=20, rep=80, return_mode="median")


# Right


def plain(q: Tensor, k: Tensor, v: Tensor, bias: Tensor | None, allowed: Tensor) -> tuple[Tensor, Tensor]:
    """(out, lse) in the precision of q, by the definition. The bias is added in float32 at most, since float64
    would tell apart scores beside -1e9 that float32 cannot."""
    group = q.shape[1] // k.shape[1]
    k, v = k.repeat_interleave(group, 1), v.repeat_interleave(group, 1)
    scores = q @ k.mT * q.shape[-1] ** -0.5
    if bias is not None:
        scores = (scores.float() + bias).to(torch.promote_types(q.dtype, torch.float32))
    scores = scores.masked_fill(~allowed, -torch.inf)
    lse = scores.to(torch.promote_types(q.dtype, torch.float32)).logsumexp(-1)
    return scores.softmax(-1).to(v.dtype) @ v, lse


def may_look(n: int, m: int, causal: bool = False, window: int | None = None) -> Tensor:
    behind = torch.arange(n, device=DEVICE)[:, None] + m - n - torch.arange(m, device=DEVICE)
    allowed = torch.ones(n, m, dtype=torch.bool, device=DEVICE)
    if causal or window:
        allowed &= behind >= 0
    return allowed & (behind < window) if window else allowed


def hostile_bias(n: int, m: int) -> Tensor:
    """Random, with rows of three finite "minus infinities" and a column of the real one."""
    bias = torch.randn(n, m, device=DEVICE)
    bias[7], bias[8], bias[9] = -1e9, -1e30, torch.finfo(torch.float32).min
    bias[:, 3] = -torch.inf
    return bias


def check(dtype: torch.dtype, d: int, name: str) -> dict:
    """Largest error of output, log-sum-exp and gradients, against float64, and the plain version's own."""
    torch.manual_seed(d)
    n, m, overlay = 333, 461, dict(OVERLAYS[name])
    bias = hostile_bias(n, m) if overlay.pop("bias", False) else None
    shapes = (2, 4, n, d), (2, 2, m, d), (2, 2, m, d)
    drawn = [torch.randn(shape, device=DEVICE).to(dtype) for shape in shapes]
    d_out, d_lse = torch.randn(2, 4, n, d, device=DEVICE).to(dtype), torch.randn(2, 4, n, device=DEVICE)
    if bias is not None:
        d_lse[..., 7:10] = 0  # autograd's own rule for logsumexp takes exp(score - lse), and lse forgot the sum
    allowed = may_look(n, m, **overlay)
    results = []
    for kind in (dtype, dtype, torch.float64):
        x = [each.to(kind).requires_grad_() for each in drawn]
        ours = len(results) == 0
        out, lse = flash_triton(*x, bias=bias, return_lse=True, **overlay) if ours else plain(*x, bias, allowed)
        grads = torch.autograd.grad((out, lse), x, (d_out.to(out.dtype), d_lse.to(lse.dtype)))
        results.append([each.double() for each in (out, lse, *grads)])
    return verdict(dtype, results) | {"precision": str(dtype)[6:], "d": d, "mask": name}


def gap(x: Tensor, exact: Tensor) -> float:
    """Largest error, of numbers above 1 relative to them."""
    return ((x - exact).abs() / exact.abs().clamp(min=1)).max().item()


def verdict(dtype: torch.dtype, results: list[list[Tensor]]) -> dict:
    """At most twice the plain version's error, and one rounding."""
    errors, right = {}, True
    for name, ours, rough, exact in zip(("out", "lse", "dq", "dk", "dv"), *results, strict=True):
        off, allowance = gap(ours, exact), gap(rough, exact)
        one = torch.finfo(torch.float32 if name == "lse" else dtype).eps
        right = right and off <= 2 * allowance + one  # a NaN is not at most anything
        errors[name] = {"ours": off, "plain": allowance}
    return {"right": bool(right), "errors": errors}


# Timed


def draw(length: int, d: int) -> list[Tensor]:
    """q, k and v in float16, (batch, heads, length, d), that want gradients."""
    how = {"device": DEVICE, "dtype": torch.float16, "requires_grad": True}
    return [torch.randn(TOKENS // length, D_MODEL // d, length, d, **how) for _ in range(3)]


def forced(backend: SDPBackend, causal: bool) -> Attention:
    """torch's attention by this backend and no other; RuntimeError where it cannot."""

    def attend(q, k, v):
        with sdpa_kernel(backend):
            return sdpa(q, k, v, is_causal=causal)

    return attend


def ours(launches: host.Launches, causal: bool) -> Attention:
    """`flash_triton` with these tiles."""

    def attend(q, k, v):
        options = host.Options(causal, 0, q.shape[-1] ** -0.5, False, launches)
        return host._FlashTriton.apply(q, k, v, None, options)[0]

    return attend


def time_of(attend: Attention, inputs: list[Tensor], way: str) -> float:
    """Milliseconds of the forward pass alone, or of the backward pass alone."""
    if way == "forward":
        with torch.no_grad():
            return milliseconds(lambda: attend(*inputs))
    out = attend(*inputs)
    d_out = torch.randn_like(out)
    return milliseconds(lambda: torch.autograd.grad(out, inputs, d_out, retain_graph=True))


def defaults(d: int) -> host.Launches:
    return host._launches(2, d, False, host._room(torch.device(DEVICE)))


def tune(report: Report, d: int, quick: bool) -> host.Launches:
    """The fastest tile of each program, full and causal together, one program after the other."""
    inputs, best = draw(TUNED_AT, d), defaults(d)
    for program in best._fields:
        found = {}
        for tile in TILES[d][program][: 2 if quick else None]:
            launches = best._replace(**{program: Launch(*tile)})
            way = "forward" if program == "forward" else "backward"

            def both(launches=launches, way=way):
                return [time_of(ours(launches, causal), inputs, way) for causal in (False, True)]

            times = report.attempt(f"{program} {d} {tile}", both)
            if times:
                found[tile] = sum(times)
                report.add("tiles", {"program": program, "d": d, "tile": tile, "full_causal_ms": times})
        if found:
            best = best._replace(**{program: Launch(*min(found, key=found.get))})
    return best


def time_row(report: Report, tuned: host.Launches, length: int, d: int, causal: bool, way: str) -> None:
    """TFLOP/s of each candidate, one row of the report."""
    inputs = draw(length, d)
    able = {"ours": ours(tuned, causal), "ours, default tiles": ours(defaults(d), causal)}
    if tuned == defaults(d):
        del able["ours, default tiles"]
    able |= {name: forced(backend, causal) for name, backend in BACKENDS.items()}
    work = 4 * TOKENS * length * D_MODEL / (2 if causal else 1) * (1 if way == "forward" else 2.5)
    row = {"pass": way, "length": length, "d": d, "causal": causal, "tflops": {}}
    for name, attend in able.items():
        label = f"{name} {way} {length} {d} {causal}"
        ms = report.attempt(label, lambda attend=attend: time_of(attend, inputs, way))
        if ms:
            row["tflops"][name] = round(work / ms / 1e9, 1)
    report.add("times", row)
    print(show(row), flush=True)


def show(row: dict) -> str:
    speeds = "  ".join(f"{name} {speed:6.1f}" for name, speed in row["tflops"].items())
    mask = "causal" if row["causal"] else "full"
    return f"{row['pass']:8} n {row['length']:6} d {row['d']:4} {mask:6}  {speeds}"


# Read


class Watched:
    """A program that remembers the compiled kernel it launched."""

    def __init__(self, program):
        self.program, self.kernel = program, None

    def __getitem__(self, grid):
        def launch(*arrays, **constants):
            self.kernel = self.program[grid](*arrays, **constants)

        return launch


def compiled(launches: host.Launches, d: int, causal: bool) -> dict[str, object]:
    """The kernels that a call of `flash_triton` launches, by program."""
    names = {"forward": "forward_program", "queries": "queries_program", "keys": "keys_program"}
    watched = {name: Watched(getattr(host, program)) for name, program in names.items()}
    try:
        for name, program in names.items():
            setattr(host, program, watched[name])
        ours(launches, causal)(*draw(1024, d)).sum().backward()
    finally:
        for name, program in names.items():
            setattr(host, program, watched[name].program)
    return {name: each.kernel for name, each in watched.items()}


def resources(kernel) -> dict[str, object]:
    """Registers of a thread, bytes spilled, bytes of shared memory, and what multiplies matrices."""
    found = {
        "registers": kernel.n_regs,
        "spills": kernel.n_spills,
        "shared": kernel.metadata.shared,
        "warps": kernel.metadata.num_warps,
        "wgmma in PTX": kernel.asm["ptx"].count("wgmma.mma_async"),
    }
    try:  # needs a disassembler
        sass = kernel.asm["sass"]
        found |= {word: len(re.findall(rf"\b{word}\b", sass)) for word in ("HGMMA", "HMMA", "STL", "LDL")}
    except Exception as error:
        found["no SASS"] = type(error).__name__
    return found


def read(report: Report, launches: host.Launches, d: int) -> None:
    for causal in (False, True):
        for name, kernel in compiled(launches, d, causal).items():
            tile = getattr(launches, name)
            what = {"program": name, "d": d, "causal": causal, "tile": list(tile)} | resources(kernel)
            report.add("programs", what)


# Compiled in advance


def jobs(quick: bool) -> list[tuple]:
    """Every program that the checks and the tiles will ask for: ("check", ...) and ("tile", ...)."""
    checks = [("check", *each) for each in itertools.product(PRECISIONS.values(), (64, 128), OVERLAYS)]
    tiles = [
        ("tile", d, program, tile, causal)
        for d, programs in TILES.items()
        for program, tried in programs.items()
        for tile in tried[: 2 if quick else None]
        for causal in (False, True)
    ]
    return checks + tiles


def make_ready(job: tuple) -> None:
    """Runs the job once on little data. What fails here fails again in its turn, where it is written down."""
    try:
        if job[0] == "check":
            check(*job[1:])
            return
        _, d, program, tile, causal = job
        out = ours(defaults(d)._replace(**{program: Launch(*tile)}), causal)(*draw(1024, d))
        if program != "forward":
            out.sum().backward()
    except Exception:
        return


def prepare(quick: bool) -> None:
    """A process a core, since compiling takes seconds a program; Triton's cache on disk hands the programs on."""
    workers = min(16, os.cpu_count() or 1)
    with ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn")) as pool:
        list(pool.map(make_ready, jobs(quick)))


# All of it


def measure(report: Report, quick: bool) -> None:
    report.found["machine"] = report.attempt("machine", machine) or {}
    report.attempt("prepare", lambda: prepare(quick))
    print(f"programs compiled after {time.monotonic() - report.start:.0f} seconds", flush=True)
    for precision, d, name in itertools.product(PRECISIONS.values(), (64, 128), OVERLAYS):
        found = report.attempt(f"check {precision} {d} {name}", lambda: check(precision, d, name))
        if found:
            report.add("checks", found)
            if not found["right"]:
                print("WRONG", found, flush=True)
    tuned = {}
    for d in (64, 128):
        tuned[d] = report.attempt(f"tune {d}", lambda: tune(report, d, quick)) or defaults(d)
        print(f"tiles for d = {d}: {tuned[d]}", flush=True)
        report.attempt(f"read {d}", lambda: read(report, tuned[d], d))
    lengths = (TUNED_AT,) if quick else LENGTHS
    for length, d, causal, way in itertools.product(lengths, (64, 128), (False, True), ("forward", "backward")):
        name = f"time {length} {d} {causal} {way}"
        report.attempt(name, lambda: time_row(report, tuned[d], length, d, causal, way))


def summary(found: dict) -> str:
    """What must not be missed in the last lines: right or wrong, the programs, ratios to torch's backends."""
    lines = [f"{sum(c['right'] for c in found['checks'])} of {len(found['checks'])} checks right"]
    for each in found["programs"]:
        lines.append("  ".join(f"{key} {value}" for key, value in each.items()))
    for row in sorted(found["times"], key=lambda row: (row["pass"], row["d"], row["causal"], row["length"])):
        lines.append(show(row) + "  " + ratios(row["tflops"]))
    lines += [f"failed: {each['step']}: {each['error'][:120]}" for each in found["failed"]]
    return "\n".join([*lines, f"{found['seconds']} seconds"])


def ratios(speeds: dict[str, float]) -> str:
    own = speeds.get("ours")
    return "  ".join(f"/{name} {own / speeds[name]:.2f}" for name in BACKENDS if own and name in speeds)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--seconds", type=float, default=300, help="no step starts later than this")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results")
    options = parser.parse_args()
    if not torch.cuda.is_available():
        sys.exit(f"this benchmark needs a GPU, and torch {torch.__version__} finds none")
    name = re.sub(r"\W+", "_", torch.cuda.get_device_name()).lower()
    report = Report(options.out / f"{name}.json", options.seconds)
    measure(report, options.quick)
    report.save()
    print(summary(report.found))
    wrong = report.found["failed"] or not all(each["right"] for each in report.found["checks"])
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
