"""The blocked kernel for a GPU: one block of queries a program, thousands of programs at a time.

This file is the door and the gradient's hook; the programs stand in `flash_triton_device`. On tensors of a
GPU they are compiled. Without a GPU they can be run by Triton's interpreter, slowly: set TRITON_INTERPRET=1
in the environment before Triton is first imported. Importing this module needs no Triton, calling it does.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from attnlab._shapes import Float
from attnlab.kernels.flash_triton_device import forward_program, keys_program, queries_program, triton

PRECISIONS = (torch.float16, torch.bfloat16, torch.float32)
WIDTHS = (16, 32, 64, 128)
LOG2E = 1.4426950408889634
GRID_ROWS = 65535  # the chip's limit for the second axis of a grid


class Launch(NamedTuple):
    """Sizes of a tile, and how to run it: `warps` of 32 threads each, `stages` of tiles on their way."""

    block_q: int
    block_k: int
    warps: int
    stages: int


class Options(NamedTuple):
    """Everything but the tensors."""

    causal: bool
    window: int
    scale: float
    forward: Launch
    backward: Launch


def flash_triton(
    q: Float[Tensor, "*batch heads queries d_head"],
    k: Float[Tensor, "*batch kv_heads keys d_head"],
    v: Float[Tensor, "*batch kv_heads keys d_value"],
    *,
    causal: bool = False,
    window: int | None = None,
    scale: float | None = None,
    return_lse: bool = False,
    block_q: int | None = None,
    block_k: int | None = None,
    warps: int | None = None,
    stages: int | None = None,
) -> Float[Tensor, "*batch heads queries d_value"] | tuple[
    Float[Tensor, "*batch heads queries d_value"], Float[Tensor, "*batch heads queries"]
]:
    """softmax(scale · q kᵀ) v on the GPU, block by block; with `return_lse` also each row's log-sum-exp.

    causal, window: as in `flash_attention`: the last query is aligned with the last key, a window of n shows
        the last n keys, the query's own included. A query that may look at no key gets output 0 and lse -inf.
    block_q, block_k, warps, stages: for tuning; powers of two for the blocks. They do not change the result.

    kv_heads divides heads. d_head and d_value are 16, 32, 64 or 128. float16, float32 and, on a GPU,
    bfloat16; sums and the log-sum-exp are float32, and float32 products are not rounded to TF32. Gradients
    reach q, k and v, from the output and from the log-sum-exp, once. Non-contiguous arguments are copied.
    Errors: ImportError without Triton; TypeError for the dtype; ValueError for shapes, sizes, and for tensors
    that are not on a GPU while the interpreter is off.
    Source: [dao2023, algorithms 1 and 2].
    """
    _check_triton()
    _check_tensors(q, k, v)
    _check_sizes(window=window, block_q=block_q, block_k=block_k, warps=warps, stages=stages)
    forward, backward = _launches(q.element_size(), max(q.shape[-1], v.shape[-1]), window is not None)
    own = {"block_q": block_q, "block_k": block_k, "warps": warps, "stages": stages}
    own = {name: size for name, size in own.items() if size is not None}
    options = Options(
        causal=causal or window is not None,
        window=window or 0,
        scale=q.shape[-1] ** -0.5 if scale is None else scale,
        forward=forward._replace(**own),
        backward=backward._replace(**own),
    )
    out, lse = _FlashTriton.apply(q, k, v, options)
    return (out, lse) if return_lse else out


class _FlashTriton(torch.autograd.Function):
    """Keeps the arguments, the output and the log-sum-exp, as the version for the CPU does."""

    @staticmethod
    def forward(ctx, q, k, v, options):
        q, k, v = q.contiguous(), k.contiguous(), v.contiguous()
        out = q.new_empty(*q.shape[:-1], v.shape[-1])
        lse = q.new_empty(q.shape[:-1], dtype=torch.float32)
        grid = _grid(q, options.forward.block_q)
        if all(grid):
            scale = options.scale * LOG2E
            constants = _constants(q, k, v, options, options.forward)
            forward_program[grid](q, k, v, out, lse, q.shape[-2], k.shape[-2], scale, **constants)
        ctx.save_for_backward(q, k, v, out, lse)
        ctx.options = options
        return out, lse

    @staticmethod
    @once_differentiable
    def backward(ctx, d_out, d_lse):
        q, k, v, out, lse = ctx.saved_tensors
        return *_gradients(q, k, v, out, lse, d_out.contiguous(), d_lse, ctx.options), None


def _gradients(
    q: Tensor, k: Tensor, v: Tensor, out: Tensor, lse: Tensor, d_out: Tensor, d_lse: Tensor, options: Options
) -> tuple[Tensor, Tensor, Tensor]:
    """(dq, dk, dv). A row without keys gets the level +inf, which makes all its weights 0."""
    d_q, d_k, d_v = torch.empty_like(q), torch.empty_like(k), torch.empty_like(v)
    level = torch.where(torch.isneginf(lse), torch.inf, lse * LOG2E)
    drift = (d_out.float() * out.float()).sum(-1) - d_lse
    constants = _constants(q, k, v, options, options.backward)
    sizes = q.shape[-2], k.shape[-2], options.scale * LOG2E, options.scale
    inputs = q, k, v, d_out, level, drift
    grid = _grid(k, options.backward.block_k)
    if all(grid):
        keys_program[grid](*inputs, d_k, d_v, *sizes, **constants)
    grid = _grid(q, options.backward.block_q)
    if all(grid):
        queries_program[grid](*inputs, d_q, *sizes, **constants)
    return d_q, d_k, d_v


def _grid(x: Tensor, block: int) -> tuple[int, int]:
    """(blocks of rows, heads of the whole batch)."""
    return -(-x.shape[-2] // block), x.shape[:-2].numel()


def _constants(q: Tensor, k: Tensor, v: Tensor, options: Options, launch: Launch) -> dict[str, int | bool]:
    """What the programs must know when they are compiled."""
    return {
        "GROUP": q.shape[-3] // k.shape[-3],
        "CAUSAL": options.causal,
        "WINDOW": options.window,
        "D": q.shape[-1],
        "D_VALUE": v.shape[-1],
        "BLOCK_Q": launch.block_q,
        "BLOCK_K": launch.block_k,
        "num_warps": launch.warps,
        "num_stages": launch.stages,
    }


def _launches(bytes_each: int, width: int, window: bool) -> tuple[Launch, Launch]:
    """Tiles of the forward and of the backward pass, whose 16-bit versions fit into 100 KiB of shared memory.

    A window adds a third loop to the forward program; with four warps its registers would spill.
    """
    if bytes_each == 4:
        return Launch(64, 32, 4, 2), Launch(32, 32, 4, 1)
    if width > 64:
        return Launch(128, 64, 8, 2), Launch(64, 64, 8, 1)
    return Launch(128, 64, 8 if window else 4, 3), Launch(64, 64, 4, 2)


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


def _check_sizes(**sizes: int | None) -> None:
    for name, size in sizes.items():
        if size is None:
            continue
        if isinstance(size, bool) or not isinstance(size, int):
            raise TypeError(f"{name} must be a whole number but is {size!r}")
        if size < 1:
            raise ValueError(f"{name} must be at least 1 but is {size}")
        if name in ("block_q", "block_k") and (size < 16 or size & (size - 1)):
            raise ValueError(f"{name} must be a power of two of at least 16 but is {size}")
