"""The kernel's place in autograd: what is saved, which loop is asked, and what is taken from the definition.

First derivatives go through the blocked loops, or for small inputs through the whole matrix. Second ones and
forward mode are taken from the definition, which autograd can follow: rare, right, and of quadratic size.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor
from torch.autograd import Function

from attnlab.kernels import dropout
from attnlab.kernels.backward import Rows, backward
from attnlab.kernels.forward import forward
from attnlab.kernels.heads import Options, Overlay
from attnlab.kernels.inputs import Inputs
from attnlab.kernels.plain import all_scores, keep_mask, mix, plain, plain_gradient, prepare

TENSORS = 6  # q, k, v, bias, key_mask, alibi_slopes: what every function here begins with


class Attend(Function):
    """(out, peak, log of the total). The log-sum-exp is the sum of the last two, and its gradient comes back
    with the last."""

    @staticmethod
    def forward(*inputs):
        q, k, v, *overlay, options = _without_tangents(inputs)
        with torch.autocast("cpu", enabled=False):
            attend = plain if options.small else forward
            return attend(q, k, v, Overlay(*overlay), options)

    @staticmethod
    def setup_context(ctx, inputs, output):
        *tensors, ctx.options = inputs
        ctx.mark_non_differentiable(output[1])
        ctx.save_for_backward(*tensors, *output)
        ctx.save_for_forward(*tensors)

    @staticmethod
    def backward(ctx, d_out, _, d_log):
        grads = Gradient.apply(*ctx.saved_tensors, d_out, d_log, ctx.options, ctx.needs_input_grad[3])
        return *grads, *[None] * (TENSORS + 1 - len(grads))

    @staticmethod
    def jvp(ctx, *tangents):
        f, inputs = _definition(ctx.saved_tensors[:TENSORS], ctx.options, with_bias=True)
        d_out, d_log = _push_forward(f, inputs, tangents[: len(inputs)])
        return d_out, None, d_log

    @staticmethod
    def vmap(info, in_dims, *inputs):
        tensors = _lead(info.batch_size, in_dims, inputs[:TENSORS], inputs[-1])
        return Attend.apply(*tensors, inputs[-1]), (0, 0, 0)


class Gradient(Function):
    """(dq, dk, dv), and the bias's if it is asked for."""

    @staticmethod
    def forward(*inputs):
        q, k, v, bias, key_mask, alibi_slopes, *rows, options, need_bias = _without_tangents(inputs)
        with torch.autocast("cpu", enabled=False):
            differentiate = plain_gradient if options.small else backward
            overlay = Overlay(bias, key_mask, alibi_slopes)
            grads = differentiate(q, k, v, overlay, options, Rows(*rows), need_bias)
        return tuple(grad.to(x.dtype) for grad, x in zip(grads, (q, k, v, bias)) if grad is not None)

    @staticmethod
    def setup_context(ctx, inputs, output):
        *tensors, ctx.options, ctx.need_bias = inputs
        ctx.save_for_backward(*tensors)
        ctx.save_for_forward(*tensors)

    @staticmethod
    def backward(ctx, *grads):
        f, inputs = _first_derivative(ctx)
        with torch.autocast("cpu", enabled=False):
            d_d_out, d_d_log, *d_inputs = torch.func.vjp(f, *inputs)[1](grads)
        d_inputs += [None] * (len(ctx.saved_tensors) - 2 - len(d_inputs))
        return *d_inputs, d_d_out, d_d_log, None, None

    @staticmethod
    def jvp(ctx, *tangents):
        f, inputs = _first_derivative(ctx)
        d_out, d_log = tangents[-4:-2]
        return _push_forward(f, inputs, (d_out, d_log, *tangents[: len(inputs) - 2]))

    @staticmethod
    def vmap(info, in_dims, *inputs):
        *tensors, options, need_bias = inputs
        grads = Gradient.apply(*_lead(info.batch_size, in_dims, tensors, options), options, need_bias)
        if need_bias:
            one = tensors[3] if in_dims[3] is None else tensors[3].select(in_dims[3], 0)
            grads = *grads[:3], grads[3].reshape(info.batch_size, *one.shape)
        return grads, (0,) * len(grads)


def _without_tangents(inputs: Sequence) -> list:
    """The tensors as the workers may use them. Whether tangents are followed belongs to a thread, and in
    theirs, in forward mode, they would be."""
    return [x.detach() if isinstance(x, Tensor) else x for x in inputs]


def _definition(
    tensors: Sequence[Tensor | None], options: Options, with_bias: bool
) -> tuple[Callable[..., tuple[Tensor, Tensor]], tuple[Tensor, ...]]:
    """A function of q, k, v (and the bias) that gives (out, log-sum-exp) with the whole matrix in memory, and
    the tensors to call it with."""
    q, k, v, bias, key_mask, alibi_slopes = tensors
    keep = _kept(q, k, v, Overlay(bias, key_mask, alibi_slopes), options) if options.dropout_p else None

    def attend(q: Tensor, k: Tensor, v: Tensor, bias: Tensor | None = bias) -> tuple[Tensor, Tensor]:
        overlay = Overlay(bias, key_mask, alibi_slopes)
        q, k, v = prepare(q, k, v, overlay)
        weights, log_total = _weigh(all_scores(q, k, overlay, options))
        if keep is not None:
            weights = weights * keep / dropout.kept(options.dropout_p)
        return mix(weights, v), log_total

    return attend, (q, k, v, bias) if with_bias and bias is not None else (q, k, v)


def _weigh(scores: Tensor) -> tuple[Tensor, Tensor]:
    """(weights, log of the total): the gradient of the latter is that of the log-sum-exp, since a shift by the
    peak, taken as a constant, changes neither."""
    if scores.shape[-1] == 0:
        return scores, scores.sum(-1) - torch.inf
    blind = torch.isneginf(scores).all(-1, keepdim=True)
    scores = scores.masked_fill(blind, 0.0)
    scores = scores - scores.detach().amax(-1, keepdim=True)
    weights = torch.softmax(scores, -1).masked_fill(blind, 0.0)
    return weights, torch.logsumexp(scores, -1).masked_fill(blind[..., 0], -torch.inf)


def _kept(q: Tensor, k: Tensor, v: Tensor, overlay: Overlay, options: Options) -> Tensor:
    """The dropout mask of the whole matrix: those of all tiles, put together."""
    keep = torch.zeros(*q.shape[:-1], k.shape[-2], dtype=torch.bool, device="cpu")
    if options.small:
        return keep_mask(keep.shape, options)
    inputs = Inputs(q, k, v, overlay, options)
    for slot in inputs.slots():
        head, mine = inputs.head(slot, None, 1.0), keep[slot.q]
        for tile in inputs.tiles(slot):
            mine[tile.rows, tile.keys] = head.keep_mask(tile)
    return keep


def _first_derivative(ctx) -> tuple[Callable, tuple[Tensor, ...]]:
    """`Gradient` as a function of d_out, d_log, q, k, v (and the bias), and what to call it with."""
    *tensors, d_out, d_log = ctx.saved_tensors
    f, inputs = _definition(tensors[:TENSORS], ctx.options, ctx.need_bias)

    def gradient(d_out: Tensor, d_log: Tensor, *inputs: Tensor) -> tuple[Tensor, ...]:
        return torch.func.vjp(f, *inputs)[1]((d_out, d_log))

    return gradient, (d_out, d_log, *inputs)


def _push_forward(f: Callable, inputs: Sequence[Tensor], tangents: Sequence[Tensor | None]) -> tuple[Tensor, ...]:
    """J · tangents by two backward passes: pulling back is linear, and its own derivative is J."""
    tangents = tuple(torch.zeros_like(x) if t is None else t for x, t in zip(inputs, tangents))
    with torch.autocast("cpu", enabled=False):
        out, pull = torch.func.vjp(f, *inputs)
        return torch.func.vjp(pull, tuple(torch.zeros_like(x) for x in out))[1](tangents)[0]


def _lead(
    size: int, in_dims: Sequence[int | None], tensors: Sequence[Tensor | None], options: Options
) -> list[Tensor | None]:
    """The tensors with the mapped axis in front: one more axis of the batch. The bias, which may have fewer
    axes than the scores, is given all of them."""
    if options.dropout_p:
        raise RuntimeError("dropout draws its masks for a whole call: under vmap give dropout_p=0")
    if tensors[5] is not None and in_dims[5] is not None:
        raise RuntimeError("alibi_slopes cannot be mapped over by vmap: slopes that differ go into bias=")
    leading = []
    for place, (x, at) in enumerate(zip(tensors, in_dims)):
        if x is not None and place != 5:
            x = x.expand(size, *x.shape) if at is None else x.movedim(at, 0)
            if place == 3:
                x = x.reshape(size, *[1] * (leading[0].ndim - x.ndim), *x.shape[1:])
        leading.append(x)
    return leading
