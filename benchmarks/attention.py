"""How fast the blocked kernel is beside torch's fused one, measured side by side in one run.

    python benchmarks/attention.py            all rows, about a quarter of an hour
    python benchmarks/attention.py --quick    shorter inputs and fewer rounds, a minute or two; nothing is saved
    python benchmarks/attention.py --only forward two_threads    these rows again; this chip's others stay as recorded

Eight heads of 64, float32, one thread. The candidates of a row take turns, A B A B, and each is judged by
the median of the processor time it used, so that other work on the machine disturbs all of them alike. A
ratio above 1 means that ours is faster. Memory, NumPy, FlexAttention, ONNX Runtime (`pip install ".[bench]"`) and
two threads are measured in fresh processes. Writes attention.json to the folder of this chip under
benchmarks/results, or under the folder named with --out.
"""

from __future__ import annotations

import argparse
import functools
import json
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

for variable in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ[variable] = "2" if "two_threads" in sys.argv else "1"

sys.path.insert(0, str(Path(__file__).resolve().parent))

import machines  # noqa: E402
import numpy as np  # noqa: E402  (after the numbers of threads are set)
import torch  # noqa: E402
from torch.nn.functional import scaled_dot_product_attention as sdpa  # noqa: E402

from attnlab.kernels.flash import flash_attention  # noqa: E402
from attnlab.kernels import backward, forward  # noqa: E402
from attnlab.kernels.ways import Trial  # noqa: E402

HEADS, D_HEAD = 8, 64
Candidates = dict[str, Callable[[], object]]


class Row(NamedTuple):
    """One line of the table: milliseconds of each candidate, and the ratio that is held against the
    targets."""

    name: str
    against: str
    milliseconds: dict[str, float]
    ratio: float
    must: float | None
    moonshot: float | None
    smaller_is_better: bool = False


def race(candidates: Candidates, rounds: int, clock=time.process_time) -> dict[str, float]:
    """Median milliseconds of each candidate, run in turns after one round that is not counted."""
    times: dict[str, list[float]] = {name: [] for name in candidates}
    for turn in range(rounds + 1):
        for name, run in candidates.items():
            start = clock()
            run()
            if turn:
                times[name].append(1000 * (clock() - start))
    return {name: statistics.median(t) for name, t in times.items()}


def row(name: str, candidates: Candidates, must, moonshot, rounds: int, against="sdpa") -> Row:
    ms = race(candidates, rounds)
    return Row(name, against, ms, ms[against] / ms["ours"], must, moonshot)


def draw(n: int, heads: int = HEADS, batch: int = 1, grad: bool = False, keys: int | None = None):
    """q, k, v of standard normal numbers; `keys` heads of keys."""
    g = torch.Generator().manual_seed(n)
    return [
        torch.randn(batch, h, n, D_HEAD, generator=g).requires_grad_(grad)
        for h in (heads, keys or heads, keys or heads)
    ]


def naive(q, k, v, causal=False):
    scores = q @ k.mT * D_HEAD**-0.5
    if causal:
        scores = scores.masked_fill(~torch.ones(scores.shape[-2:], dtype=torch.bool).tril(), -torch.inf)
    return torch.softmax(scores, -1) @ v


def _fewer(rounds: int, n: int) -> int:
    """Fewer rounds for long inputs, which take long enough to be measured well."""
    return rounds if n <= 4096 else max(1, rounds // 3)


def forward_rows(lengths, rounds) -> Iterator[Row]:
    for n in lengths:
        q, k, v = draw(n)
        for causal, moonshot, naive_targets in ((False, 1.05, (3.0, 3.7)), (True, 1.10, (6.0, 8.5))):
            word = "causal" if causal else "full"
            candidates: Candidates = {
                "ours": lambda: flash_attention(q, k, v, causal=causal),
                "sdpa": lambda: sdpa(q, k, v, is_causal=causal),
            }
            if n == 2048:
                candidates["naive"] = lambda: naive(q, k, v, causal)
            first = row(f"forward, {word}, N = {n}", candidates, 0.95, moonshot, _fewer(rounds, n))
            yield first
            if n == 2048:
                ratio = first.milliseconds["naive"] / first.milliseconds["ours"]
                yield Row(f"forward, {word}, N = {n}", "naive", first.milliseconds, ratio, *naive_targets)


def gradient(out, inputs, d_out) -> Callable[[], object]:
    return lambda: torch.autograd.grad(out, inputs, d_out, retain_graph=True)


def backward_row(name, inputs, causal, must, moonshot, rounds) -> Row:
    d_out = torch.ones_like(inputs[0]) * torch.linspace(-1, 1, D_HEAD)
    with torch.enable_grad():
        ours, theirs = flash_attention(*inputs, causal=causal), sdpa(*inputs, is_causal=causal)
    candidates = {"ours": gradient(ours, inputs, d_out), "sdpa": gradient(theirs, inputs, d_out)}
    return row(name, candidates, must, moonshot, rounds)


def backward_rows(lengths, rounds) -> Iterator[Row]:
    for n in lengths:
        for causal, moonshot in ((False, 1.05), (True, 1.10)):
            word = "causal" if causal else "full"
            yield backward_row(
                f"backward, {word}, N = {n}", draw(n, grad=True), causal, 0.95, moonshot, _fewer(rounds, n)
            )


def large_scores_rows(n, rounds) -> Iterator[Row]:
    """Scores of any size: above 4 or so the bound no longer serves, and the running maximum takes its place."""
    for factor in (4, 40, 400):
        q, k, v = draw(n)
        large = q * factor
        candidates: Candidates = {"ours": lambda: flash_attention(large, k, v), "sdpa": lambda: sdpa(large, k, v)}
        yield row(f"scores x {factor}, forward, N = {n}", candidates, 0.90, 1.0, rounds)
        q, k, v = draw(n, grad=True)
        inputs = [(q.detach() * factor).requires_grad_(), k, v]
        yield backward_row(f"scores x {factor}, backward, N = {n}", inputs, False, 0.90, 1.0, rounds)


def window_rows(lengths, rounds) -> Iterator[Row]:
    for n, must, moonshot in zip(lengths, (4.0, 8.0), (6.0, 12.0)):
        q, k, v = draw(n)
        behind = torch.arange(n)[:, None] - torch.arange(n)
        mask = (behind >= 0) & (behind < 256)
        yield row(
            f"window 256, forward, N = {n}",
            {"ours": lambda: flash_attention(q, k, v, window=256), "sdpa": lambda: sdpa(q, k, v, attn_mask=mask)},
            must, moonshot, rounds,
        )  # fmt: skip


def dropout_row(n, rounds) -> Iterator[Row]:
    q, k, v = draw(n)
    candidates = {
        "ours": lambda: flash_attention(q, k, v, dropout_p=0.1),
        "sdpa": lambda: sdpa(q, k, v, dropout_p=0.1),
    }
    yield row(f"dropout 0.1, forward, N = {n}", candidates, 1.5, 3.0, rounds)


def padding_row(n, rounds) -> Iterator[Row]:
    q, k, v = draw(n, heads=4, batch=4)
    lengths = torch.tensor([0.10, 0.30, 0.52, 1.00]) * n  # 48 % of all places are filled
    mask = torch.arange(n) < lengths[:, None]
    candidates = {
        "ours": lambda: flash_attention(q, k, v, key_mask=mask),
        "sdpa": lambda: sdpa(q, k, v, attn_mask=mask[:, None, None]),
    }
    yield row(f"key padding, 48 % full, N = {n}", candidates, 1.4, 2.0, rounds)


def decode_row(n, rounds) -> Iterator[Row]:
    q, k, v = draw(n, keys=2)
    q = q[..., :1, :].contiguous()
    candidates = {
        "ours": lambda: flash_attention(q, k, v, causal=True),
        "sdpa": lambda: sdpa(q, k, v, enable_gqa=True),
    }
    yield row(f"decode, 8 heads on 2, cache of {n}", candidates, 1.5, 2.5, 20 * rounds)


def fresh(part: str, *arguments, seconds: float = 150) -> dict | None:
    """Run one part of this file in a process of its own; None if it fails or takes too long."""
    command = [sys.executable, __file__, "--part", part, *map(str, arguments)]
    try:
        run = subprocess.run(command, capture_output=True, text=True, timeout=seconds, check=True, encoding="utf-8")
    except (subprocess.TimeoutExpired, subprocess.CalledProcessError) as error:
        print(f"  {part} was left out: {type(error).__name__}", file=sys.stderr)
        return None
    return json.loads(run.stdout.splitlines()[-1])


def numpy_part(n: int, rounds: int) -> dict:
    """Milliseconds of the NumPy lesson and of torch, in a process where each has one thread."""
    from attnlab.reference.blocked import Masking, blocked_attention

    q, k, v = draw(n)
    arrays = [x.numpy() for x in (q, k, v)]
    return {
        word: race(
            {
                "ours": lambda: blocked_attention(*arrays, masking=Masking(causal=causal)),
                "sdpa": lambda: sdpa(q, k, v, is_causal=causal),
            },
            rounds,
        )
        for word, causal in (("full", False), ("causal", True))
    }


def two_threads_part(n: int, rounds: int) -> dict:
    """Forward and backward on two threads, by the clock on the wall: processor time would hide waiting."""
    torch.set_num_threads(2)
    inputs = draw(n, grad=True)
    d_out = torch.ones_like(inputs[0])

    def both(attend, **options):
        return lambda: torch.autograd.grad(attend(*inputs, **options), inputs, d_out)

    with torch.enable_grad():
        return {
            word: race(
                {"ours": both(flash_attention, causal=causal), "sdpa": both(sdpa, is_causal=causal)},
                rounds,
                time.perf_counter,
            )
            for word, causal in (("full", False), ("causal", True))
        }


def flex_part(n: int, rounds: int) -> dict:
    """FlexAttention as torch compiles it for this processor; needs a C++ compiler."""
    from torch.nn.attention.flex_attention import create_block_mask, flex_attention

    compiled = torch.compile(flex_attention)
    q, k, v = draw(n)
    mask = create_block_mask(lambda b, h, i, j: i >= j, None, None, n, n, device="cpu")
    return {
        word: race(
            {
                "ours": lambda: flash_attention(q, k, v, causal=causal),
                "flex": lambda: compiled(q, k, v, block_mask=mask if causal else None),
            },
            rounds,
        )
        for word, causal in (("full", False), ("causal", True))
    }


def onnx_part(n: int, rounds: int) -> dict:
    """ONNX Runtime's MultiHeadAttention, a fused kernel of its own, on its own layout (batch, tokens, heads · width);
    its output is compared with ours before anything is timed. It skips nothing under a causal mask."""
    q, k, v = draw(n)
    flat = {name: x.transpose(1, 2).flatten(2).numpy().copy() for name, x in zip(("query", "key", "value"), (q, k, v))}
    times = {}
    for word, causal in (("full", False), ("causal", True)):
        session = onnx_session(causal)
        theirs = torch.from_numpy(session.run(None, flat)[0]).unflatten(-1, (HEADS, D_HEAD)).transpose(1, 2)
        torch.testing.assert_close(theirs, flash_attention(q, k, v, causal=causal), atol=1e-5, rtol=0)
        candidates = {
            "ours": lambda: flash_attention(q, k, v, causal=causal),
            "onnx": lambda: session.run(None, flat),
        }
        times[word] = race(candidates, rounds)
    return times


def onnx_session(causal: bool):
    """A model of one node, on one thread."""
    import onnxruntime
    from onnx import TensorProto, helper

    tensor = functools.partial(helper.make_tensor_value_info, elem_type=TensorProto.FLOAT, shape=("batch", "n", HEADS * D_HEAD))
    names = ["query", "key", "value"]
    node = helper.make_node(
        "MultiHeadAttention", names, ["out"], domain="com.microsoft", num_heads=HEADS, unidirectional=int(causal)
    )
    graph = helper.make_graph([node], "attention", [tensor(name) for name in names], [tensor("out")])
    domains = [helper.make_opsetid("", 17), helper.make_opsetid("com.microsoft", 1)]
    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads = settings.inter_op_num_threads = 1
    model = helper.make_model(graph, opset_imports=domains, ir_version=10).SerializeToString()
    return onnxruntime.InferenceSession(model, settings, providers=["CPUExecutionProvider"])


def memory_part(n: int, _rounds: int) -> dict:
    """Megabytes that a forward and a backward pass need at their peak, and those of their tensors alone."""

    def run(length):
        with torch.enable_grad():
            inputs = draw(length, grad=True)
            flash_attention(*inputs, causal=True).backward(torch.ones(1, HEADS, length, D_HEAD))

    run(512)  # whatever the libraries need once
    before = peak_memory()
    run(n)
    tensors = 8 * HEADS * n * D_HEAD * 4  # q, k, v, the output and the gradients of all four
    return {"peak": (peak_memory() - before) / 1e6, "tensors": tensors / 1e6}


def peak_memory() -> int:
    """Bytes. From Linux's own count: getrusage would count the process that started this one."""
    for line in Path("/proc/self/status").read_text(encoding="utf-8").splitlines():
        if line.startswith("VmHWM"):
            return 1024 * int(line.split()[1])
    raise OSError("no VmHWM in /proc/self/status: memory can be measured on Linux only")


# Each is measured in processes of its own: how its rows begin, against what, and the two targets.
PEERS = {
    "numpy": ("NumPy only, forward", "sdpa", 0.6, 0.85),
    "two_threads": ("2 threads, forward + backward", "sdpa", 0.9, 1.05),
    "onnx": ("forward", "onnx", {"full": 0.9, "causal": 1.3}, {"full": 1.0, "causal": 1.5}),
    "flex": ("forward", "flex", None, None),
}


def fresh_rows(part: str, lengths, rounds) -> Iterator[Row]:
    name, against, *targets = PEERS[part]
    n = lengths[0]
    for word, ms in (fresh(part, n, rounds) or {}).items():
        must, moonshot = (t[word] if isinstance(t, dict) else t for t in targets)
        yield Row(f"{name}, {word}, N = {n}", against, ms, ms[against] / ms["ours"], must, moonshot)


def memory_rows(n) -> Iterator[Row]:
    small, large = fresh("memory", n, 1), fresh("memory", 2 * n, 1)
    if small is None or large is None:
        return
    growth, share = large["peak"] / small["peak"], large["peak"] / large["tensors"]
    yield Row(f"memory, N = {2 * n} against {n}", "half the length", {}, growth, 2.1, 2.0, True)
    yield Row(f"memory, N = {2 * n}, of the tensors' own", "tensors", {}, share, 1.5, 1.25, True)


def rows_of(group: str, quick: bool) -> Iterator[Row]:
    """The rows of one group, a key of GROUPS."""
    lengths, rounds = ((2048,), 3) if quick else ((2048, 4096, 8192, 16384), 7)
    yield from GROUPS[group](lengths, rounds)


GROUPS: dict[str, Callable[[tuple[int, ...], int], Iterator[Row]]] = {
    "forward": forward_rows,
    "backward": backward_rows,
    "scores": lambda lengths, rounds: large_scores_rows(lengths[0], rounds),
    "window": lambda lengths, rounds: window_rows(lengths[1:3] or lengths, max(1, rounds - 4)),
    "dropout": lambda lengths, rounds: dropout_row(lengths[0], rounds),
    "padding": lambda lengths, rounds: padding_row(lengths[0], rounds),
    "decode": lambda lengths, rounds: decode_row(16384, rounds),
    **{part: functools.partial(fresh_rows, part) for part in PEERS},
    "memory": lambda lengths, rounds: memory_rows(4096),
}


def reached(r: Row) -> str:
    if r.must is None:
        return ""
    better = (lambda target: r.ratio <= target) if r.smaller_is_better else (lambda target: r.ratio >= target)
    return "moonshot" if better(r.moonshot) else "must" if better(r.must) else "BELOW"


def show(r: Row) -> str:
    times = "  ".join(f"{name} {ms:.4g} ms" for name, ms in r.milliseconds.items())
    targets = "" if r.must is None else f"{r.must:g} / {r.moonshot:g}"
    return f"{r.name:44} {'/ ' + r.against:18} {r.ratio:7.2f}   {targets:12} {reached(r):9} {times}"


def machine() -> dict[str, str]:
    return {
        **machines.this(),
        "system": platform.system(),
        "python": platform.python_version(),
        "torch": torch.__version__,
        "numpy": np.__version__,
        **ways(),
        "load at the start": f"{os.getloadavg()[0]:.1f}",
    }


def ways() -> dict[str, str]:
    """What won the race of whole tiles here, in each pass."""
    passes = {"forward": forward, "backward": backward}
    won = {name: each.fastest_way(Trial(torch.float32, D_HEAD)) for name, each in passes.items()}
    return {name: f"{way.library.name}, {way.blocks[0]} x {way.blocks[1]}" for name, way in won.items()}


def known(chip: str, results: Path) -> str:
    """One line for each chip with results, this one marked; and whether this one is new."""
    chips = list(machines.records("attention", results))
    lines = [f"  {name}{'   <- this machine' if name == chip else ''}" for name in chips]
    return "\n".join(["chips known:", *lines, *([] if chip in chips else [f"  {chip}   <- this machine, new"])])


PARTS = {"numpy": numpy_part, "two_threads": two_threads_part, "flex": flex_part, "onnx": onnx_part, "memory": memory_part}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--only", nargs="+", choices=GROUPS, metavar="GROUP", help=", ".join(GROUPS))
    parser.add_argument("--out", type=Path, default=machines.RESULTS)
    parser.add_argument("--part", nargs=3, metavar=("NAME", "LENGTH", "ROUNDS"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    torch.set_num_threads(1)
    torch.set_grad_enabled(False)
    if options.part:
        name, n, rounds = options.part
        print(json.dumps(PARTS[name](int(n), int(rounds))))
        return 0
    about = machine()
    print(known(about["chip"], options.out))
    print("\n".join(f"{key}: {value}" for key, value in about.items()), flush=True)
    rows = []
    for group in options.only or [name for name in GROUPS if not (options.quick and name == "flex")]:
        for r in rows_of(group, options.quick):
            rows.append(r._asdict() | {"reached": reached(r)})
            print(show(r), flush=True)
    if not options.quick:
        old = machines.records("attention", options.out).get(about["chip"], {}) if options.only else {}
        report = {"machine": about, "rows": machines.merged(rows, old.get("rows", []))}
        print(machines.save("attention", report, options.out))
    return 0


if __name__ == "__main__":
    sys.exit(main())
