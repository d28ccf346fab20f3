"""Right answers to the exercises on a published model, written differently from the solutions."""

from __future__ import annotations

import unicodedata

import numpy as np
from right_ways import collector

RIGHT, right = collector("variants")


@right("packed_product")
def product_after_unpacking(scale, least, codes, x):
    weights = np.empty((*scale.shape, 32))
    weights[..., :16], weights[..., 16:] = codes % 16, codes // 16
    weights = weights * scale[..., None] + least[..., None]
    return (weights.reshape(len(scale), -1) @ x).tolist()


@right("packed_product")
def product_in_single_precision_by_einsum(scale, least, codes, x):
    low, high = np.split(np.asarray(x, dtype=np.float32).reshape(-1, 32), 2, axis=1)
    sums = np.einsum("rbi,bi->rb", (codes & 0x0F).astype(np.float32), low) + np.einsum("rbi,bi->rb", (codes >> 4).astype(np.float32), high)
    return np.einsum("rb,rb->r", scale.astype(np.float32), sums) + least.astype(np.float32) @ (low + high).sum(axis=1)


@right("digits_apart")
def lengths_letter_by_letter(text, cut, most):
    lengths, stretch, digits = [], "", 0
    for letter in text:
        if unicodedata.category(letter) in ("Nd", "Nl", "No"):
            lengths += map(len, cut(stretch)) if stretch else []
            stretch = ""
            if digits % most:
                lengths[-1] += 1
            else:
                lengths.append(1)
            digits += 1
        else:
            stretch, digits = stretch + letter, 0
    return lengths + [len(word) for word in (cut(stretch) if stretch else [])]


@right("digits_apart")
def lengths_of_marked_digits(text, cut, most):
    marks = "".join("N" if unicodedata.category(letter).startswith("N") else "." for letter in text)
    found, at = [], 0
    while at < len(text):
        end = at
        while end < len(text) and marks[end] == marks[at]:
            end += 1
        found += [min(most, end - i) for i in range(at, end, most)] if marks[at] == "N" else [len(word) for word in cut(text[at:end])]
        at = end
    return np.array(found)


@right("answer_perplexity")
def perplexity_in_loops(logits, ids, n_prompt, n_real):
    total, count = 0.0, 0
    for rows, row, begin, end in zip(logits.astype(float), ids, n_prompt, n_real):
        for t in range(begin, end):
            z = rows[t - 1]
            total += z.max() + np.log(np.exp(z - z.max()).sum()) - z[row[t]]
            count += 1
    return np.exp(total / count)


@right("answer_perplexity")
def perplexity_by_weights(logits, ids, n_prompt, n_real):
    z = np.asarray(logits, dtype=np.float64)[:, :-1]
    texts, places = np.indices(ids[:, 1:].shape)
    cost = np.logaddexp.reduce(z, axis=-1) - z[texts, places, ids[:, 1:]]
    weight = (places + 1 >= n_prompt[:, None]) * (places + 1 < n_real[:, None]) * 1.0
    return float(np.e ** np.average(cost, weights=weight))
