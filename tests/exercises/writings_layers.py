"""Right answers to the exercises on normalisation, written differently from the solutions."""

from __future__ import annotations

import math

import numpy as np
import torch
from right_ways import collector

RIGHT, right = collector("architecture")


@right("qk_norm_scores")
def scores_in_loops(q, k, gain_q, gain_k, epsilon):
    d = len(q[0][0])

    def norm(row, gain):
        size = math.sqrt(math.fsum(float(a) * float(a) for a in row) / d + epsilon)
        return [float(g) * float(a) / size for a, g in zip(row, gain)]

    return [[[math.fsum(a * b for a, b in zip(norm(i, gain_q), norm(j, gain_k))) / math.sqrt(d) for j in keys] for i in queries]
            for queries, keys in zip(q, k)]  # fmt: skip


@right("qk_norm_scores")
def scores_divided_at_the_end(q, k, gain_q, gain_k, epsilon):
    product = np.einsum("hid,hjd->hij", q * gain_q * gain_k, k * 1.0)
    long_q, long_k = (np.einsum("htd,htd->ht", x * 1.0, x * 1.0) / q.shape[-1] + epsilon for x in (q, k))
    return product / np.sqrt(long_q[:, :, None] * long_k[:, None, :] * q.shape[-1])


@right("qk_norm_scores")
def scores_in_float32(q, k, gain_q, gain_k, epsilon):
    q, k = (x.astype(np.float32) for x in (q, k))
    q = gain_q.astype(np.float32) * q / np.sqrt(np.mean(q * q, axis=2, keepdims=True) + np.float32(epsilon))
    k = gain_k.astype(np.float32) * k / np.sqrt(np.mean(k * k, axis=2, keepdims=True) + np.float32(epsilon))
    return (q / np.float32(math.sqrt(q.shape[2]))) @ k.transpose(0, 2, 1)


@right("qk_norm_scores")
def scores_with_torch(q, k, gain_q, gain_k, epsilon):
    q, k, gain_q, gain_k = (torch.tensor(x).double() for x in (q, k, gain_q, gain_k))
    norm = torch.nn.functional.rms_norm
    d = q.shape[-1]
    return norm(q, (d,), gain_q, epsilon) @ norm(k, (d,), gain_k, epsilon).mT / d**0.5


@right("layer_norm_gradient")
def gradient_by_automatic_differentiation(x, d_output, gain, epsilon):
    x = torch.tensor(x, dtype=torch.float64, requires_grad=True)
    gain, above = torch.tensor(gain).double(), torch.tensor(d_output).double()
    (torch.nn.functional.layer_norm(x, x.shape[-1:], gain, None, float(epsilon)) * above).sum().backward()
    return x.grad


@right("layer_norm_gradient")
def gradient_term_by_term(x, d_output, gain, epsilon):
    x, g, d = x.astype(float), gain * d_output, x.shape[1]
    centred = x - x.mean(1, keepdims=True)
    inverse = ((centred**2).sum(1, keepdims=True) / d + epsilon) ** -0.5
    through_variance = -0.5 * (g * centred).sum(1, keepdims=True) * inverse**3
    d_centred = g * inverse + through_variance * 2 * centred / d
    return d_centred - d_centred.sum(1, keepdims=True) / d


@right("layer_norm_gradient")
def gradient_row_by_row(x, d_output, gain, epsilon):
    rows = []
    for row, above in zip(x.tolist(), d_output.tolist()):
        d = len(row)
        mean = sum(row) / d
        s = math.sqrt(sum((a - mean) ** 2 for a in row) / d + epsilon)
        u, g = [(a - mean) / s for a in row], [float(c) * b for c, b in zip(gain, above)]
        common, along = sum(g) / d, sum(a * b for a, b in zip(u, g)) / d
        rows.append([(b - common - a * along) / s for a, b in zip(u, g)])
    return rows


@right("layer_norm_gradient")
def gradient_in_float32(x, d_output, gain, epsilon):
    x, g = x.astype(np.float32), (gain * d_output).astype(np.float32)
    centred = x - x.mean(-1, keepdims=True)
    s = np.sqrt(np.mean(centred * centred, -1, keepdims=True) + np.float32(epsilon))
    g = g - g.mean(-1, keepdims=True)
    return g / s - centred * np.mean(centred * g, -1, keepdims=True) / s**3


@right("fold_norm")
def folded_with_diagonals(gain, bias, w, b):
    return np.diag(gain) @ w, (bias[None] @ w)[0] + b


@right("fold_norm")
def folded_from_the_outside(gain, bias, w, b):
    def layer(u):
        return (gain * u + bias) @ w + b

    new_b = layer(np.zeros(len(gain)))
    return np.array([layer(row) - new_b for row in np.eye(len(gain))]), new_b


@right("fold_norm")
def folded_in_lists(gain, bias, w, b):
    new_w = [[float(g) * float(a) for a in row] for g, row in zip(gain, w)]
    return new_w, [float(c) + sum(float(t) * float(row[j]) for t, row in zip(bias, w)) for j, c in enumerate(b)]


@right("fold_norm")
def folded_by_columns(gain, bias, w, b):
    return (w.T * gain).T, np.einsum("i,io->o", bias, w) + b


@right("norm_on_both_sides")
def block_step_by_step(x, attend, feed, norm_in, norm_out):
    looked = norm_out(attend(norm_in(x)))
    middle = np.add(x, looked)
    return middle + norm_out(feed(norm_in(middle)))


@right("norm_on_both_sides")
def block_in_recursion(x, attend, feed, norm_in, norm_out):
    def step(x, *layers):
        return step(x + norm_out(layers[0](norm_in(x))), *layers[1:]) if layers else x

    return step(np.array(x, dtype=float), attend, feed)


@right("norm_on_both_sides")
def block_in_place_on_a_copy(x, attend, feed, norm_in, norm_out):
    x = np.array(x, dtype=np.float64)
    for layer in [attend, feed]:
        x += norm_out(layer(norm_in(x.copy())))
    return x
