"""Right answers to the exercises on training, written differently from the solutions."""

from __future__ import annotations

import math
from collections import Counter

import numpy as np
from right_ways import collector

RIGHT, right = collector("architecture")


@right("next_merge")
def merge_by_a_counter(words, counts):
    often = Counter()
    for word, count in zip(words, counts):
        for at in range(len(word) - 1):
            often[word[at], word[at + 1]] += count
    most = max(often.values())
    left, right_ = sorted(pair for pair, n in often.items() if n == most)[0]
    return [left, right_, most]


@right("next_merge")
def merge_on_a_square_of_counts(words, counts):
    size = 1 + max(max(word) for word in words)
    table = np.zeros((size, size), dtype=int)
    for word, count in zip(words, counts):
        ids = np.array(word)
        np.add.at(table, (ids[:-1], ids[1:]), int(count))
    best = int(table.argmax())  # the first of the largest: smallest left id, then smallest right id
    return best // size, best % size, int(table.max())


@right("next_merge")
def merge_written_out_with_walls(words, counts):
    row = [i for word, count in zip(words, counts) for _ in range(count) for i in (*word, None)]
    pairs = Counter((a, b) for a, b in zip(row, row[1:]) if a is not None and b is not None)
    (left, right_), n = sorted(pairs.items(), key=lambda item: (-item[1], item[0]))[0]
    return np.array([left, right_, n], dtype=np.float32)


@right("source_then_target")
def row_by_lists(sources, targets, sep, end, pad):
    wide = max(len(s) + len(t) + 1 for s, t in zip(sources, targets))
    inputs, labels = [], []
    for source, target in zip(sources, targets):
        gap = wide - len(source) - len(target) - 1
        inputs.append(list(source) + [sep] + list(target) + [pad] * gap)
        labels.append([-100] * len(source) + list(target) + [end] + [-100] * gap)
    return inputs, labels


@right("source_then_target")
def row_by_moving_the_inputs(sources, targets, sep, end, pad):
    n, m = np.array([len(s) for s in sources]), np.array([len(t) for t in targets])
    inputs = np.full((len(n), int((n + m).max()) + 1), pad)
    for i, (source, target) in enumerate(zip(sources, targets)):
        inputs[i, : n[i] + m[i] + 1] = np.concatenate([source, [sep], target]).astype(int)
    at = np.arange(inputs.shape[1])
    labels = np.concatenate([inputs[:, 1:], np.zeros((len(n), 1), dtype=int)], axis=1)
    labels[np.arange(len(n)), n + m] = end
    return inputs, np.where((at >= n[:, None]) & (at <= (n + m)[:, None]), labels, -100)


@right("source_then_target")
def row_by_torch(sources, targets, sep, end, pad):
    import torch

    rows = [torch.tensor([*s, sep, *t, end]) for s, t in zip(sources, targets)]
    inputs = torch.nn.utils.rnn.pad_sequence([row[:-1] for row in rows], batch_first=True, padding_value=pad)
    said = [torch.cat([torch.full((len(s),), -100), row[len(s) + 1:]]) for s, row in zip(sources, rows)]
    return inputs, torch.nn.utils.rnn.pad_sequence(said, batch_first=True, padding_value=-100)


@right("smoothed_divergence")
def divergence_in_loops(logits, targets, smoothing, pad):
    total, n = 0.0, 0
    for row, wanted in zip(logits, targets):
        for z, target in zip(row, wanted):
            if target == pad:
                continue
            n += 1
            top = max(map(float, z))
            norm = top + math.log(sum(math.exp(float(x) - top) for x in z))
            for k, x in enumerate(z):
                q = 0.0 if k == pad else 1 - smoothing if k == target else smoothing / (len(z) - 2)
                total += q * (math.log(q) - (float(x) - norm)) if q > 0 else 0.0
    return total / n


@right("smoothed_divergence")
def divergence_in_float32(logits, targets, smoothing, pad):
    z = logits.astype(np.float32)
    norm = np.logaddexp.reduce(z, axis=-1)
    words = z.shape[-1]
    rest, hit = np.float32(smoothing / (words - 2)), np.take_along_axis(z, targets[..., None], axis=-1)[..., 0]
    others = z.sum(axis=-1) - hit - z[..., pad]
    cross = norm - (1 - np.float32(smoothing)) * hit - rest * others
    entropy = -(1 - smoothing) * math.log(1 - smoothing) - (smoothing * math.log(rest) if smoothing else 0.0)
    return (cross - entropy)[targets != pad].mean(dtype=np.float32)


@right("smoothed_divergence")
def divergence_by_torch(logits, targets, smoothing, pad):
    import torch

    z, t = torch.tensor(np.asarray(logits, dtype=float)), torch.tensor(np.asarray(targets))
    q = torch.full(z.shape, smoothing / (z.shape[-1] - 2), dtype=torch.float64)
    q = q.scatter(-1, t[..., None], 1 - smoothing)
    q[..., pad] = 0
    kept = t != pad
    return torch.nn.functional.kl_div(z.log_softmax(-1)[kept], q[kept], reduction="sum") / kept.sum()


@right("inverse_root")
def schedule_step_by_step(done, steps, peak, warmup):
    rates = []
    for n in range(done + 1, done + steps + 1):
        rates.append(peak * n / warmup if n <= warmup else peak * (warmup / n) ** 0.5)
    return rates


@right("inverse_root")
def schedule_by_the_page_formula(done, steps, peak, warmup):
    n = np.arange(1, done + steps + 1, dtype=np.float32)
    rates = np.minimum(n**-0.5, n * warmup**-1.5)
    return (peak * rates / warmup**-0.5)[done:]


@right("inverse_root")
def schedule_in_two_pieces_joined(done, steps, peak, warmup):
    n = np.arange(done, done + steps) + 1
    line = n[n <= warmup] / warmup
    root = 1 / np.sqrt(n[n > warmup] / warmup)
    return peak * np.concatenate([line, root])


@right("clip_or_skip")
def clip_by_hypot(w, b, largest):
    numbers = [float(x) for part in (w, b) for x in np.ravel(part)]
    if any(math.isnan(x) or math.isinf(x) for x in numbers):
        return np.zeros(w.shape).tolist(), np.zeros(b.shape).tolist()
    length = math.hypot(*numbers)
    factor = min(1.0, largest / length) if length else 1.0
    return (w * factor).tolist(), (b * factor).tolist()


@right("clip_or_skip")
def clip_on_copies_in_place(w, b, largest):
    w, b = w.astype(float), b.astype(float)
    if not (np.isfinite(w).all() and np.isfinite(b).all()):
        return 0 * np.nan_to_num(w, posinf=0, neginf=0), np.zeros_like(b)
    length = np.hypot(np.hypot.reduce(w, axis=None), np.hypot.reduce(b))
    if length > largest:
        w *= largest / length
        b *= largest / length
    return w, b


@right("clip_or_skip")
def clip_by_two_divisions(w, b, largest):
    flat = np.append(w, b).astype(np.longdouble)
    if np.isnan(flat.sum()) or np.isinf(flat).any():
        return np.zeros_like(w, dtype=float), np.zeros_like(b, dtype=float)
    scale = max(abs(flat).max() / largest, 1.0)
    shrunk = flat / scale
    shrunk = shrunk / max(np.sqrt((shrunk**2).sum()) / largest, 1.0)
    if scale == 1.0 and np.sqrt((flat**2).sum()) <= largest:
        shrunk = flat
    return shrunk[: w.size].reshape(w.shape).astype(float), shrunk[w.size:].astype(float)


@right("orthogonalise")
def steps_on_the_other_side(matrix, coefficients):
    x = np.array(matrix, dtype=float)
    size = math.sqrt((x**2).sum())
    if size:
        x = x / size
    for a, b, c in coefficients:
        gram = x.T @ x
        x = x @ (a * np.eye(len(gram)) + b * gram + c * gram @ gram)
    return x


@right("orthogonalise")
def steps_on_the_short_side(matrix, coefficients):
    wide = matrix.T if matrix.shape[0] > matrix.shape[1] else matrix
    x = wide / (np.linalg.norm(wide) or 1.0)
    for a, b, c in coefficients:
        square = x @ x.T
        x = a * x + (b * square + c * np.linalg.matrix_power(square, 2)) @ x
    return x.T if matrix.shape[0] > matrix.shape[1] else x


@right("orthogonalise")
def steps_by_torch(matrix, coefficients):
    import torch

    x = torch.tensor(np.array(matrix, dtype=np.float32))
    x = x / x.norm().clamp(min=1e-12)
    for a, b, c in np.array(coefficients, dtype=float).tolist():
        x = a * x + b * x @ x.T @ x + c * x @ x.T @ x @ x.T @ x
    return x
