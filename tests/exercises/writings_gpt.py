"""Right answers to the exercises on GPT, written differently from the solutions."""

from __future__ import annotations

import math
from itertools import chain

import numpy as np
from right_ways import collector

RIGHT, right = collector("variants")


@right("strided_perplexity")
def perplexity_by_overwriting_backwards(log_p, ids, window, stride):
    n, begins = len(ids), [0]
    while begins[-1] + window < n:
        begins.append(begins[-1] + stride)
    found = np.full(n, np.nan)
    for b in reversed(begins):
        piece = np.asarray(ids[b:b + window])
        rows = np.asarray(log_p(piece), dtype=float)
        found[b + 1:b + len(piece)] = np.take_along_axis(rows[:-1], piece[1:, None], axis=1)[:, 0]
    return math.exp(-found[1:].mean())


@right("strided_perplexity")
def perplexity_token_by_token(log_p, ids, window, stride):
    product, judged = 0.0, 0
    for i in range(1, len(ids)):
        begin = 0 if i < window else stride * math.ceil((i - window + 1) / stride)
        product += float(log_p(list(ids[begin:begin + window]))[i - 1 - begin][ids[i]])
        judged += 1
    return [math.e ** (-product / judged)][0]


@right("best_option")
def options_in_a_comprehension(log_p, context, options):
    c = len(context)
    means = [sum(float(log_p([*context, *o])[c - 1 + j][t]) for j, t in enumerate(o)) / len(o) for o in options]
    return means.index(max(means)), means


@right("best_option")
def options_by_fancy_indexing_in_float32(log_p, context, options):
    means = np.zeros(len(options), dtype=np.float32)
    for n, option in enumerate(options):
        whole = np.concatenate([np.asarray(context), np.asarray(option)]).astype(int)
        rows = np.asarray(log_p(whole)).astype(np.float32)
        means[n] = rows[len(context) - 1:-1][np.arange(len(option)), option].mean()
    return means.argmax(), means


@right("bits_per_byte")
def bits_by_joining(log_p, pieces):
    return float(np.divide(np.asarray(log_p, dtype=float), np.log(2)).sum()) / -len(b"".join(pieces))


@right("bits_per_byte")
def bits_in_a_loop(log_p, pieces):
    bits = 0.0
    for surprise in log_p:
        bits -= float(surprise) * math.log2(math.e)
    return bits / len(list(chain.from_iterable(pieces)))
