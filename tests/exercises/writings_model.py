"""Right answers to the exercises on the complete implementation, written differently from the solutions."""

from __future__ import annotations

import math

import numpy as np
from right_ways import collector

RIGHT, right = collector("architecture")


@right("count_encoder_decoder")
def every_matrix_listed(n_words, d, d_ff, encoders, decoders, heads, kv_heads, gated, tied):
    narrow = d * kv_heads // heads
    attention, feed, gain = [(d, d), (d, narrow), (d, narrow), (d, d)], [(d, d_ff)] * (1 + bool(gated)) + [(d_ff, d)], [(d, 1)]
    shapes = (attention + gain + feed + gain) * encoders + (2 * attention + 2 * gain + feed + gain) * decoders
    shapes += 2 * gain + [(n_words, d)] * (2 - bool(tied))
    return sum(a * b for a, b in shapes)


@right("count_encoder_decoder")
def as_a_numpy_number(n_words, d, d_ff, encoders, decoders, heads, kv_heads, gated, tied):
    sizes = np.array([2 * d * d * (1 + kv_heads / heads), (2 + int(gated)) * d * d_ff, d, n_words * d])
    often = np.array([encoders + 2 * decoders, encoders + decoders, 2 * encoders + 3 * decoders + 2, 2 - int(tied)])
    return np.rint(sizes @ often)


@right("unstack_heads")
def unstack_with_slices(stacked, n_heads):
    d = stacked.shape[1]
    width, out = d // n_heads, ([], [], [])
    for head in range(n_heads):
        for role in range(3):
            start = (3 * head + role) * width
            out[role].append(stacked[start:start + width])
    return [np.concatenate(part).T for part in out]


@right("unstack_heads")
def unstack_in_one_einsum(stacked, n_heads):
    d = stacked.shape[1]
    return np.einsum("hrij->rjhi", stacked.reshape(n_heads, 3, -1, d)).reshape(3, d, d)


@right("tied_table_gradient")
def table_gradient_with_add_at(ids, d_rows, states, d_logits):
    out = np.einsum("kv,kd->vd", d_logits.astype(float), states)
    np.add.at(out, ids, math.sqrt(d_rows.shape[-1]) * d_rows)
    return out


@right("tied_table_gradient")
def table_gradient_word_by_word(ids, d_rows, states, d_logits):
    root = d_rows.shape[1] ** 0.5
    return [(d_logits[:, word, None] * states).sum(axis=0) + root * d_rows[ids == word].sum(axis=0) for word in range(d_logits.shape[1])]


@right("two_source_block")
def a_list_of_changes(x, first, second, look, ask_first, ask_second, think, norm):
    changes = [look]
    if first is not None:
        changes.append(lambda rows: ask_first(rows, first))
    if second is not None:
        changes.append(lambda rows: ask_second(rows, second))
    for change in (*changes, think):
        x = norm(change(x) + x)
    return x


@right("two_source_block")
def two_source_block_by_recursion(x, first, second, look, ask_first, ask_second, think, norm):
    if look is not None:
        return two_source_block_by_recursion(norm(x + look(x)), first, second, None, ask_first, ask_second, think, norm)
    if first is not None:
        return two_source_block_by_recursion(norm(x + ask_first(x, first)), None, second, None, ask_first, ask_second, think, norm)
    if second is not None:
        return two_source_block_by_recursion(norm(x + ask_second(x, second)), None, None, None, ask_first, ask_second, think, norm)
    return norm(x + think(x))
