"""Right answers to the exercises on BERT, written differently from the solutions."""

from __future__ import annotations

import math

import numpy as np
from right_ways import collector

RIGHT, right = collector("variants")


@right("whole_word_mask")
def whole_words_in_loops(ids, begins, choose, fate, drawn, mask):
    shown, targets, w = [], [], -1
    for i in range(len(ids)):
        w += 1 if begins[i] else 0
        if choose[w] >= 0.15:
            shown.append(int(ids[i]))
            targets.append(0)
            continue
        targets.append(int(ids[i]))
        shown.append(mask if fate[w] < 0.8 else int(drawn[i]) if fate[w] < 0.9 else int(ids[i]))
    return shown, targets


@right("whole_word_mask")
def whole_words_by_repeating(ids, begins, choose, fate, drawn, mask):
    starts = np.flatnonzero(begins)
    lengths = np.diff(np.append(starts, len(ids)))
    asked, luck = np.repeat(choose < 0.15, lengths), np.repeat(fate, lengths)
    shown = np.array(ids)
    shown[asked & (luck < 0.8)] = mask
    other = asked & (luck >= 0.8) & (luck < 0.9)
    shown[other] = drawn[other]
    return shown, ids * asked


@right("masked_gradient")
def masked_gradient_place_by_place(logits, targets):
    out, chosen = np.zeros(logits.shape), [(b, i) for b in range(len(targets)) for i in range(len(targets[b])) if targets[b][i]]
    for b, i in chosen:
        z = [float(x) for x in logits[b][i]]
        powers = [math.exp(x - max(z)) for x in z]
        for k in range(len(z)):
            out[b, i, k] = (powers[k] / sum(powers) - (k == targets[b][i])) / len(chosen)
    return out.tolist()


@right("masked_gradient")
def masked_gradient_of_the_gathered(logits, targets):
    rows = targets > 0
    out = np.zeros(logits.shape, dtype=np.float32)
    z = logits[rows].astype(np.float64)
    if len(z):
        p = np.exp(z - np.logaddexp.reduce(z, axis=-1, keepdims=True))
        p[np.arange(len(z)), targets[rows]] -= 1
        out[rows] = p / len(z)
    return out


@right("pair_input")
def pair_by_popping(first, second, max_len, cls, sep):
    a, b = list(first), list(second)
    while len(a) + len(b) + 3 > max_len:
        (b if len(b) >= len(a) else a).pop()
    ids, segments, real = (np.zeros(max_len, dtype=int) for _ in range(3))
    n, m = len(a), len(b)
    ids[: n + m + 3] = [cls] + a + [sep] + b + [sep]
    segments[n + 2 : n + m + 3] = 1
    real[: n + m + 3] = 1
    return ids, segments, real


@right("pair_input")
def pair_by_arithmetic(first, second, max_len, cls, sep):
    room, a, b = max_len - 3, len(first), len(second)
    if a + b > room:
        small = min(a, b)
        if 2 * small <= room:
            a, b = (room - b, b) if a > b else (a, room - a)
        else:
            a, b = room - room // 2, room // 2
    row = [cls, *first[:a], sep, *second[:b], sep]
    return (row + [0] * (max_len - len(row)), [int(a + 2 <= i < a + b + 3) for i in range(max_len)], [int(i < a + b + 3) for i in range(max_len)])


@right("pseudo_likelihood")
def pseudo_by_logaddexp(guess, ids, mask):
    terms = []
    for i in list(range(len(ids)))[1:-1]:
        shown = [mask if j == i else int(t) for j, t in enumerate(ids)]
        z = np.asarray(guess(np.array(shown)))[i]
        terms.append(z[ids[i]] - np.logaddexp.reduce(z))
    return float(np.sum(terms))


@right("pseudo_likelihood")
def pseudo_with_where(guess, ids, mask):
    at, total = np.arange(len(ids)), np.zeros(())
    for i in at[1:-1]:
        z = guess(np.where(at == i, mask, ids))[i].astype(float)
        total = total - np.log(np.exp(z - z[ids[i]] - (z - z[ids[i]]).max()).sum()) - (z - z[ids[i]]).max()
    return total
