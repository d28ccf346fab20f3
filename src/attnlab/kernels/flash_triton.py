"""The blocked kernel for a GPU: one block of queries a program, thousands of programs at a time.

This file is the door and the gradient's hook; the programs stand in `flash_triton_device`. On tensors of a
GPU they are compiled. Without a GPU they can be run by Triton's interpreter, slowly: set TRITON_INTERPRET=1
in the environment before Triton is first imported. Importing this module needs no Triton, calling it does.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor

from attnlab._counts import count
from attnlab._shapes import Float
from attnlab.kernels.flash_triton_device import (
    forward_program,
    keys_program,
    queries_program,
    triton,
)

PRECISIONS = (torch.float16, torch.bfloat16, torch.float32)
WIDTHS = (16, 32, 64, 128)
SMALL = 100 * 1024  # bytes of shared memory for one program that every chip since 2020 has, or nearly
GRID_ROWS = 65535  # the chip's limit for the second axis of a grid


class Launch(NamedTuple):
    """Sizes of a tile, and how to run it: `warps` of 32 threads each, `stages` of tiles on their way."""

    block_q: int
    block_k: int
    warps: int
    stages: int


class Launches(NamedTuple):
    """Of the three programs: the output, the gradients of queries, the gradients of keys and values."""

    forward: Launch
    queries: Launch
    keys: Launch


class Options(NamedTuple):
    """Everything but the tensors. `scaled`: the programs apply scale and bias to each score at once, and do
    not leave the scale to the exponential."""

    causal: bool
    window: int
    scale: float
    scaled: bool
    launches: Launches


def flash_triton(
    q: Float[Tensor, "*batch heads queries d_head"],
    k: Float[Tensor, "*batch kv_heads keys d_head"],
    v: Float[Tensor, "*batch kv_heads keys d_value"],
    *,
    causal: bool = False,
    window: int | None = None,
    bias: Float[Tensor, "..."] | None = None,
    scale: float | None = None,
    return_lse: bool = False,
    block_q: int | None = None,
    block_k: int | None = None,
    warps: int | None = None,
    stages: int | None = None,
) -> Float[Tensor, "*batch heads queries d_value"] | tuple[
    Float[Tensor, "*batch heads queries d_value"], Float[Tensor, "*batch heads queries"]
]:
    """softmax(scale · q kᵀ + bias) v on the GPU, block by block; `return_lse`: also each row's log-sum-exp.

    causal, window: as in `flash_attention`: the last query is aligned with the last key, a window of n shows
        the last n keys, the query's own included. A query that may look at no key gets output 0 and lse -inf.
    bias: a float added to the scores; broadcasts to (*batch, heads, queries, keys); may hold -inf. No gradient.
    block_q, block_k, warps, stages: for tuning; powers of two. They do not change the result.

    kv_heads divides heads. d_head and d_value are 16, 32, 64 or 128. float16, float32 and, on a GPU,
    bfloat16, under autocast too; sums and the log-sum-exp are float32, and float32 products are not rounded
    to TF32. Gradients reach q, k and v, from the output and from the log-sum-exp; differentiating those
    again is refused, and so is torch.func. Non-contiguous arguments are copied.
    Errors: ImportError without Triton; TypeError for the dtype; ValueError for shapes, sizes, and for tensors
    that are not on a GPU while the interpreter is off; RuntimeError for a second derivative.
    Source: [dao2023, algorithms 1 and 2].
    """
    _check_triton()
    _check_tensors(q, k, v)
    _check_bias(bias, q, k)
    if scale is not None and not math.isfinite(scale):
        raise ValueError(f"scale must be finite but is {scale}")
    window = None if window is None else min(count("window", window, 1), q.shape[-2] + k.shape[-2])
    scale = q.shape[-1] ** -0.5 if scale is None else float(scale)
    options = Options(
        causal=causal or window is not None,
        window=window or 0,
        scale=scale,
        scaled=bias is not None or scale <= 0 or q.dtype == torch.float32,
        launches=_launches_with(_own_sizes(block_q, block_k, warps, stages), q, v, window is not None),
    )
    out, lse, _, _ = _FlashTriton.apply(q, k, v, bias, options)
    return (out, lse) if return_lse else out


class _FlashTriton(torch.autograd.Function):
    """Keeps the arguments, the output, and each row's peak and share: all that the weights can be computed
    again from."""

    @staticmethod
    def forward(ctx, q, k, v, bias, options):
        q, k, v = q.contiguous(), k.contiguous(), v.contiguous()
        out = q.new_empty(*q.shape[:-1], v.shape[-1])
        lse, peak, share = (q.new_empty(q.shape[:-1], dtype=torch.float32) for _ in range(3))
        launch = options.launches.forward
        grid = _grid(q, launch.block_q)
        if all(grid):
            arrays = (q, k, v, *_bias_places(bias, q, k)[:2], out, lse, peak, share)
            forward_program[grid](*arrays, *_sizes(q, k, bias, options), **_constants(q, k, v, options, launch))
        ctx.save_for_backward(q, k, v, bias, out, peak, share)
        ctx.mark_non_differentiable(peak, share)
        ctx.options = options
        return out, lse, peak, share

    @staticmethod
    def backward(ctx, d_out, d_lse, *_):
        q, k, v, bias, out, peak, share = ctx.saved_tensors
        with torch.no_grad():
            grads = _gradients(
                q, k, v, bias, out, d_out.contiguous(), d_lse.contiguous(), peak, share, ctx.options
            )
        if torch.is_grad_enabled():  # somebody wants a graph of the gradients
            grads = [_NoSecondDerivative.apply(grad, q, k, v, d_out, d_lse) for grad in grads]
        return *grads, None, None


class _NoSecondDerivative(torch.autograd.Function):
    """A gradient as it is, which depends on all that it was computed from, and says so when asked how."""

    @staticmethod
    def forward(ctx, grad, *roots):
        return grad

    @staticmethod
    def backward(ctx, _):
        raise RuntimeError(
            "flash_triton has no second derivatives: its gradients cannot be differentiated again; use"
            " attention, whose steps torch knows"
        )


def _gradients(
    q: Tensor, k: Tensor, v: Tensor, bias: Tensor | None, out: Tensor, d_out: Tensor, d_lse: Tensor,
    peak: Tensor, share: Tensor, options: Options,
) -> tuple[Tensor, Tensor, Tensor]:  # fmt: skip
    """(dq, dk, dv). The program for the queries goes first: it leaves each row's drift for the other."""
    d_q, d_k, d_v = torch.empty_like(q), torch.empty_like(k), torch.empty_like(v)
    drift = torch.empty_like(peak)
    numbers = *_sizes(q, k, bias, options), options.scale
    arrays = (q, k, v, *_bias_places(bias, q, k)[:2])
    launch = options.launches.queries
    grid = _grid(q, launch.block_q)
    if all(grid):
        rest = out, d_out, d_lse, peak, share, drift, d_q
        queries_program[grid](*arrays, *rest, *numbers, **_constants(q, k, v, options, launch))
    launch = options.launches.keys
    grid = _grid(k, launch.block_k)
    if all(grid):
        rest = d_out, peak, share, drift, d_k, d_v
        keys_program[grid](*arrays, *rest, *numbers, **_constants(q, k, v, options, launch))
    return d_q, d_k, d_v


def _grid(x: Tensor, block: int) -> tuple[int, int]:
    """(blocks of rows, heads of the whole batch)."""
    return -(-x.shape[-2] // block), x.shape[:-2].numel()


def _bias_places(
    bias: Tensor | None, q: Tensor, k: Tensor
) -> tuple[Tensor | None, Tensor | None, int, int]:
    """(bias, where each head's begins, strides of its rows and keys): it is read where it lies, never
    repeated."""
    if bias is None:
        return None, None, 0, 0
    bias = bias.detach().expand(*q.shape[:-1], k.shape[-2])
    places = torch.zeros((), dtype=torch.int64, device=q.device)
    for size, stride in zip(bias.shape[:-2], bias.stride()[:-2], strict=True):
        places = places[..., None] + torch.arange(size, device=q.device) * stride
    return bias, places.flatten(), *bias.stride()[-2:]


def _sizes(q: Tensor, k: Tensor, bias: Tensor | None, options: Options) -> tuple[float, ...]:
    """(queries, keys, strides of the bias, scale, step), as all programs take them."""
    step = 1.0 if options.scaled else options.scale
    return q.shape[-2], k.shape[-2], *_bias_places(bias, q, k)[2:], options.scale, step


def _constants(q: Tensor, k: Tensor, v: Tensor, options: Options, launch: Launch) -> dict[str, int | bool]:
    """What the programs must know when they are compiled."""
    return {
        "GROUP": q.shape[-3] // k.shape[-3],
        "SCALED": options.scaled,
        "CAUSAL": options.causal,
        "WINDOW": options.window,
        "D": q.shape[-1],
        "D_VALUE": v.shape[-1],
        "BLOCK_Q": launch.block_q,
        "BLOCK_K": launch.block_k,
        "num_warps": launch.warps,
        "num_stages": launch.stages,
    }


def _launches(bytes_each: int, width: int, window: bool, room: int = SMALL) -> Launches:
    """Tiles of the three programs, the fastest found on an H200 among those without spills that fit into `room`.

    room: bytes of shared memory that a program may have on the chip at hand. A window adds a loop to each program;
    at width 128 the tiles that are best without one would spill.
    """
    if bytes_each == 4:
        return Launches(Launch(64, 32, 4, 2), Launch(32, 32, 4, 1), Launch(32, 32, 4, 1))
    if width > 64:
        stages = 3 if room >= 2**17 and not window else 2
        queries = Launch(64, 64, 8, 1) if window else Launch(64, 64, 4, 2)
        return Launches(Launch(128, 64, 8, stages), queries, Launch(32, 128, 8, 2))
    return Launches(Launch(128, 64, 8, 3), Launch(64, 64, 4, 3), Launch(32, 64, 4, 3))


def _room(device: torch.device) -> int:
    """Bytes of shared memory that a program may have; where that cannot be asked, those of a small chip."""
    if device.type != "cuda":
        return SMALL
    return getattr(torch.cuda.get_device_properties(device), "shared_memory_per_block_optin", SMALL)


def _own_sizes(block_q, block_k, warps, stages) -> dict[str, int]:
    """The sizes that were given, checked."""
    given = {"block_q": block_q, "block_k": block_k, "warps": warps, "stages": stages}
    least = {"block_q": 16, "block_k": 16, "warps": 1, "stages": 1}
    sizes = {name: count(name, size, least[name]) for name, size in given.items() if size is not None}
    for name, size in sizes.items():
        if name != "stages" and size & (size - 1):
            raise ValueError(f"{name} must be a power of two but is {size}")
    return sizes


def _launches_with(own: dict[str, int], q: Tensor, v: Tensor, window: bool) -> Launches:
    defaults = _launches(q.element_size(), max(q.shape[-1], v.shape[-1]), window, _room(q.device))
    return Launches(*(launch._replace(**own) for launch in defaults))


def interpreted() -> bool:
    """Whether Triton's interpreter runs the programs: TRITON_INTERPRET was set when they were imported."""
    return type(forward_program).__name__ == "InterpretedFunction"


def _check_triton() -> None:
    if triton is None:
        raise ImportError(
            "flash_triton needs the package triton, which is not installed (Linux: pip install triton)"
        )


def _check_tensors(q: Tensor, k: Tensor, v: Tensor) -> None:
    for name, x, words in (("q", q, "queries, d_head"), ("k", k, "keys, d_head"), ("v", v, "keys, d_value")):
        if not isinstance(x, Tensor):
            raise TypeError(f"{name} must be a tensor but is a {type(x).__name__}")
        if x.dtype not in PRECISIONS:
            raise TypeError(f"{name} must hold float16, bfloat16 or float32 but its dtype is {x.dtype}")
        if x.dtype != q.dtype:
            raise TypeError(f"dtypes differ: q {q.dtype}, {name} {x.dtype}")
        if x.device != q.device:
            raise ValueError(f"devices differ: q {q.device}, {name} {x.device}")
        if torch._C._functorch.is_functorch_wrapped_tensor(x):
            raise RuntimeError("flash_triton does not run under torch.func (vmap, grad, ...); use attention")
        if x.ndim < 3:
            raise ValueError(f"{name} needs the axes (..., heads, {words}) but has shape {tuple(x.shape)}")
        if x.shape[:-3] != q.shape[:-3]:
            raise ValueError(f"batch axes differ: q {tuple(q.shape[:-3])}, {name} {tuple(x.shape[:-3])}")
    if interpreted() and q.dtype == torch.bfloat16:
        raise TypeError(
            "Triton's interpreter cannot multiply bfloat16 (triton-lang/triton#11584): use float16 or float32"
        )
    if not q.is_cuda and not interpreted():
        raise ValueError(
            f"q is on {q.device} and Triton compiles for GPUs; set TRITON_INTERPRET=1 before Triton is"
            " imported, or use flash_attention"
        )
    _check_shapes(q, k, v)


def _check_shapes(q: Tensor, k: Tensor, v: Tensor) -> None:
    if q.shape[-1] != k.shape[-1]:
        raise ValueError(f"q has d_head = {q.shape[-1]} but k has d_head = {k.shape[-1]}")
    for name, width in (("d_head", q.shape[-1]), ("d_value", v.shape[-1])):
        if width not in WIDTHS:
            raise ValueError(f"{name} must be a power of two, 16, 32, 64 or 128, but is {width}")
    if k.shape[-2] != v.shape[-2]:
        raise ValueError(f"k has {k.shape[-2]} keys but v has {v.shape[-2]}")
    if k.shape[-3] != v.shape[-3]:
        raise ValueError(f"k has {k.shape[-3]} heads but v has {v.shape[-3]}")
    if k.shape[-3] == 0 or q.shape[-3] % k.shape[-3]:
        raise ValueError(f"{k.shape[-3]} heads of keys do not divide {q.shape[-3]} heads of queries")
    rows = q.shape[:-2].numel()
    if rows > GRID_ROWS:
        raise ValueError(f"batch · heads is {rows}, more than the {GRID_ROWS} that one launch can take")


def _check_bias(bias: Tensor | None, q: Tensor, k: Tensor) -> None:
    if bias is None:
        return
    if not isinstance(bias, Tensor) or not bias.is_floating_point():
        raise TypeError(f"bias must hold floats but its dtype is {getattr(bias, 'dtype', type(bias).__name__)}")
    if bias.device != q.device:
        raise ValueError(f"devices differ: q {q.device}, bias {bias.device}")
    if bias.requires_grad:
        raise ValueError("bias gets no gradient from flash_triton; use flash_attention for one that is learnt")
    scores = (*q.shape[:-1], k.shape[-2])
    fits = bias.ndim <= len(scores) and all(
        size in (1, full) for size, full in zip(bias.shape[::-1], scores[::-1], strict=False)
    )
    if not fits:
        raise ValueError(f"bias {tuple(bias.shape)} does not broadcast to scores {scores}")
