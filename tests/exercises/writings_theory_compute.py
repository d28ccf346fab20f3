"""Right answers to the exercises on what can be computed and learned in a forward pass, written differently from the solutions."""

from __future__ import annotations

import math
from collections import Counter

import numpy as np
import torch
from right_ways import collector

RIGHT, right = collector("theory")


@right("rank_from_comparisons")
def rank_by_a_stable_sort(tokens):
    order = sorted(range(len(tokens)), key=lambda i: -tokens[i])
    out = [0] * len(tokens)
    for place, i in enumerate(order):
        out[i] = place
    return np.array(out, dtype=int)


@right("rank_from_comparisons")
def rank_by_argsort_twice(tokens):
    return np.argsort(np.argsort(-np.asarray(tokens, dtype=float), kind="stable"), kind="stable")


@right("bracket_depth")
def depth_by_counting(means):
    out, depth, total = [], 0, 0
    for i, mean in enumerate(means):
        now = round(float(mean) * (i + 1))
        opens = now > total
        depth += opens
        out.append(depth)
        depth -= not opens
        total = now
    return np.array(out)


@right("double_histogram")
def double_by_counters(tokens):
    count = Counter(np.asarray(tokens).tolist())
    frequent = Counter(count.values())
    return [frequent[count[one]] for one in np.asarray(tokens).tolist()]


@right("longest_text")
def text_by_search(bound, weight):
    low, high = 1, 10**12
    while low < high:
        n = (low + high + 1) // 2
        if 1 / (1 + (n - 1) * math.exp(-2 * bound)) >= weight:
            low = n
        else:
            high = n - 1
    return low


@right("power_of_length")
def power_by_polyfit(lengths, moved):
    x = np.log(np.asarray(lengths, dtype=float))
    return float(np.mean([np.polyfit(x, np.log(np.asarray(row, dtype=float)), 1)[0] for row in moved]))


@right("guess_from_products")
def guess_by_torch(products, question, labels, rate, steps):
    k, q, y = (torch.tensor(np.asarray(one), dtype=torch.float64) for one in (products, question, labels))
    used = torch.zeros_like(y)
    for _ in range(steps):
        used = used + rate * (y - k @ used)
    return q @ used


@right("left_by_one_step")
def left_as_a_fraction(n, d, noise):
    return (d + 1 + noise * noise) / (n + d + 1 + noise * noise)


@right("paired_gain")
def gain_in_loops(right, dealt):
    gain, error = [], []
    for a, b in zip(np.transpose(right), np.transpose(dealt)):
        gap = [float(x) - float(y) for x, y in zip(a, b)]
        mean = sum(gap) / len(gap)
        gain.append(mean)
        error.append(math.sqrt(sum((x - mean) ** 2 for x in gap) / (len(gap) - 1) / len(gap)))
    return [gain, error]
