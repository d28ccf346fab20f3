"""Right answers to the exercises of Start, written differently from the solutions."""

from __future__ import annotations

import math

import numpy as np
from right_ways import collector

RIGHT, right = collector("start")


@right("penalised_gradient")
def gradient_in_loops(x, y, w, b, decay):
    n, d_w, d_b = len(y), [0.0] * len(w), 0.0
    for row, target in zip(x, y):
        error = sum(float(a) * float(c) for a, c in zip(row, w)) + b - target
        d_b += 2 * error / n
        for i, a in enumerate(row):
            d_w[i] += 2 * error * a / n
    return [g + 2 * decay * c for g, c in zip(d_w, w)], d_b


@right("penalised_gradient")
def gradient_with_the_bias_as_an_input(x, y, w, b, decay):
    one = np.c_[x, np.ones(len(x))]
    both = 2 / len(x) * one.T @ (one @ np.append(w, b) - y)
    both[:-1] += 2 * decay * w
    return both[:-1], both[-1]


@right("penalised_gradient")
def gradient_in_float32(x, y, w, b, decay):
    x, y, w = (part.astype(np.float32) for part in (x, y, w))
    e = np.einsum("nd,d->n", x, w) + np.float32(b) - y
    return np.einsum("n,nd->d", e, x) * np.float32(2 / len(x)) + np.float32(2 * decay) * w, np.float32(2) * e.mean()


@right("penalised_gradient")
def gradient_measured(x, y, w, b, decay):
    loss = lambda p: ((x @ p[:-1] + p[-1] - y) ** 2).mean() + decay * (p[:-1] ** 2).sum()
    p = np.append(w, b).astype(float)
    slopes = np.array([(loss(p + h) - loss(p - h)) / 2e-4 for h in 1e-4 * np.eye(len(p))])
    return slopes[:-1], slopes[-1]


@right("warmup_cosine")
def schedule_one_step_at_a_time(steps, peak, warmup):
    rates = [peak * t / warmup for t in range(1, warmup + 1)]
    rest = steps - warmup
    return rates + [peak * math.cos(math.pi * t / rest / 2) ** 2 for t in range(rest)]


@right("warmup_cosine")
def schedule_in_two_pieces(steps, peak, warmup):
    rise = peak * np.linspace(0, 1, warmup + 1)[1:]
    fall = peak / 2 + peak / 2 * np.cos(np.linspace(0, np.pi, steps - warmup, endpoint=False))
    return np.concatenate([rise, fall]).astype(np.float32)


@right("adamw")
def adamw_one_parameter_at_a_time(w, gradients, rate, decay, betas, epsilon):
    out = []
    for i, value in enumerate(w):
        value, m, v = float(value), 0.0, 0.0
        for t, g in enumerate(gradients[:, i]):
            value -= rate * decay * value
            m += (1 - betas[0]) * (g - m)
            v += (1 - betas[1]) * (g * g - v)
            value -= rate * (m / (1 - betas[0] ** (t + 1))) / (math.sqrt(v / (1 - betas[1] ** (t + 1))) + epsilon)
        out.append(value)
    return out


@right("adamw")
def adamw_by_torch(w, gradients, rate, decay, betas, epsilon):
    import torch

    p = torch.tensor(np.asarray(w, dtype=float), requires_grad=True)
    optimiser = torch.optim.AdamW([p], lr=rate, weight_decay=decay, betas=betas, eps=epsilon)
    for g in np.array(gradients, dtype=float):
        p.grad = torch.tensor(g)
        optimiser.step()
    return p.detach()


@right("early_stopping")
def stopping_with_a_counter(losses, patience):
    best, lowest, waited = 0, float("inf"), 0
    for place, loss in enumerate(losses):
        waited = 0 if loss < lowest else waited + 1
        if loss < lowest:
            best, lowest = place, loss
        if waited >= patience:
            return best, place
    return best, len(losses) - 1


@right("early_stopping")
def stopping_by_running_minima(losses, patience):
    lowest = np.minimum.accumulate(np.asarray(losses, dtype=float))
    since = np.arange(len(lowest)) - np.searchsorted(-lowest, -lowest)
    late = np.flatnonzero(since == patience)
    stop = late[0] if len(late) else len(lowest) - 1
    return np.int64(stop - since[stop]), np.int64(stop)


@right("broadcast_shape")
def shape_from_the_end(a, b):
    out, a, b = [], list(a), list(b)
    while a or b:
        i, j = a.pop() if a else 1, b.pop() if b else 1
        if i != j and i != 1 and j != 1:
            return [-1]
        out.insert(0, j if i == 1 else i)
    return out


@right("broadcast_shape")
def shape_by_torch(a, b):
    import torch

    try:
        return torch.tensor(torch.broadcast_shapes(tuple(a), tuple(b)))
    except RuntimeError:
        return torch.tensor([-1])


@right("scores_by_letters")
def scores_by_products(q, w, k):
    return q.transpose(1, 0, 2) @ w @ k


@right("scores_by_letters")
def scores_by_torch(q, w, k):
    import torch

    return torch.einsum("ibc,ce,bej->bij", *(torch.tensor(np.asarray(part, dtype=float)) for part in (q, w, k)))


@right("scores_by_letters")
def scores_in_loops(q, w, k):
    (n, batch, d_q), (d_k, m) = q.shape, k.shape[1:]
    return [[[sum(q[i, b, c] * w[c, e] * k[b, e, j] for c in range(d_q) for e in range(d_k)) for j in range(m)] for i in range(n)]
            for b in range(batch)]


@right("masked_fill")
def fill_by_where(x, mask, value):
    return np.where(mask, value, x)


@right("masked_fill")
def fill_by_torch(x, mask, value):
    import torch

    return torch.tensor(np.asarray(x, dtype=float)).masked_fill(torch.tensor(np.asarray(mask)), value)


@right("masked_fill")
def fill_in_place_on_a_copy(x, mask, value):
    out = x.astype(np.float32)
    np.putmask(out, np.broadcast_to(mask, x.shape), value)
    return out


@right("accumulate")
def accumulate_token_by_token(gradients, sizes, clip):
    each = np.repeat(np.asarray(gradients, dtype=float), sizes, axis=0)
    mean = each.mean(axis=0)
    return mean / max(1.0, math.hypot(*mean) / clip)


@right("accumulate")
def accumulate_in_a_loop(gradients, sizes, clip):
    whole = [0.0] * len(gradients[0])
    for g, size in zip(gradients, sizes):
        whole = [a + size * float(c) / sum(sizes) for a, c in zip(whole, g)]
    length = sum(a * a for a in whole) ** 0.5
    return [a * clip / length for a in whole] if length > clip else whole
