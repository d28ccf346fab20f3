"""Right answers to the exercises on encoder and decoder in odd styles: loops, lists, einsum, single precision, other orders."""

from __future__ import annotations

import functools
import itertools
import math

import numpy as np
from right_ways import collector

RIGHT, right = collector("architecture")


def _row(row, epsilon):
    """One row in plain Python."""
    mean = math.fsum(row) / len(row)
    spread = math.sqrt(math.fsum((a - mean) ** 2 for a in row) / len(row) + epsilon)
    return [(a - mean) / spread if spread else 0.0 for a in row]


def _norm(x, epsilon):
    return np.array([_row([float(a) for a in row], epsilon) for row in x])


@right("pre_norm_stack")
def stack_in_plain_python(x, layers, epsilon):
    return _norm(functools.reduce(lambda rows, change: rows + change(_norm(rows, epsilon)), itertools.chain(*layers), np.array(x, float)), epsilon).tolist()


@right("pre_norm_stack")
def stack_in_place_on_a_copy(x, layers, epsilon):
    x = np.array(x, dtype=float)
    for layer in layers:
        for change in layer:
            z = x - x.mean(-1, keepdims=True)
            z /= np.sqrt(z.var(-1, keepdims=True) + epsilon)
            x += change(z)
    x -= x.mean(-1)[:, None]
    return x / np.hypot(x.std(-1), math.sqrt(epsilon))[:, None]


@right("pre_norm_stack")
def stack_by_recursion(x, layers, epsilon):
    def norm(rows):
        return (rows - rows.mean(1, keepdims=True)) * (rows.var(1, keepdims=True) + epsilon) ** -0.5
    if not len(layers):
        return norm(np.asarray(x, float))
    attend, feed = layers[0]
    y = x + attend(norm(x))
    return stack_by_recursion(y + feed(norm(y)), layers[1:], epsilon)


@right("block_with_dropout")
def dropout_by_choosing(x, attend, feed, keep, rate, training, epsilon):
    for number, change in enumerate([attend, feed]):
        new = change(x)
        new = np.where(keep[number], new, 0) / (1 - rate) if training else new
        x = _norm(x + new, epsilon)
    return x


@right("block_with_dropout")
def dropout_as_a_factor(x, attend, feed, keep, rate, training, epsilon):
    factor = np.array(keep, dtype=float) / (1 - rate) if training else [1, 1]
    x = _norm(np.add(x, factor[0] * attend(x)), epsilon)
    return _norm(np.add(x, factor[1] * feed(x)), epsilon).tolist()


@right("embed_texts")
def texts_token_by_token(table, positions, texts):
    longest = max(map(len, texts))
    root = math.sqrt(len(table[0]))
    rows = [[[root * a + b for a, b in zip(table[ids[t]], positions[t])] if t < len(ids) else [0.0] * len(table[0])
             for t in range(longest)] for ids in texts]
    return rows, [[t < len(ids) for t in range(longest)] for ids in texts]


@right("embed_texts")
def texts_by_a_mask(table, positions, texts):
    longest = max(map(len, texts))
    real = np.arange(longest) < np.array([len(ids) for ids in texts])[:, None]
    ids = np.zeros(real.shape, dtype=int)
    ids[real] = [i for text in texts for i in text]
    rows = np.take(table, ids, axis=0) * table.shape[-1] ** 0.5 + positions[:longest]
    return rows * real[..., None], real.astype(int)


@right("teacher_pairs")
def pairs_in_lists(texts, start, end, pad):
    most = max(map(len, texts))
    fill = [[pad] * (most - len(ids)) for ids in texts]
    return ([[start, *ids, *rest] for ids, rest in zip(texts, fill)], [[*ids, end, *rest] for ids, rest in zip(texts, fill)],
            [[True] * (len(ids) + 1) + [False] * len(rest) for ids, rest in zip(texts, fill)])


@right("teacher_pairs")
def pairs_from_one_table(texts, start, end, pad):
    whole = np.array(list(itertools.zip_longest(*[[start, *ids, end] for ids in texts], fillvalue=pad))).T
    inputs, labels = whole[:, :-1].copy(), whole[:, 1:].copy()
    inputs[inputs == end] = pad
    return inputs, labels, labels != pad


@right("pre_norm_decoder")
def decoder_with_its_masks_by_loops(x, encoder_rows, real, blocks, norm):
    n = len(x)
    past = np.array([[u <= t for u in range(n)] for t in range(n)])
    source = np.array([[bool(r) for r in real] for _ in range(n)])
    *_, memory = encoder_rows
    for block in blocks:
        for change, context, may in zip(block, (None, memory, None), (past, source, None)):
            z = norm(x)
            x = x + (change(z) if may is None else change(z, z if context is None else context, may))
    return norm(x)


@right("pre_norm_decoder")
def decoder_with_joined_masks(x, encoder_rows, real, blocks, norm):
    n, m = len(x), encoder_rows.shape[1]
    both = np.concatenate([np.tril(np.ones((n, n))), np.outer(np.ones(n), real)], axis=1).astype(bool)
    x = x.copy()
    for own, cross, feed in blocks:
        x += own(norm(x), norm(x), both[:, :n])
        x += cross(norm(x), encoder_rows[len(encoder_rows) - 1], both[:, n:n + m])
        x += feed(norm(x))
    return norm(x)


@right("examine_decoder")
def examined_with_all_ids(decode, source, target, n_words):
    base = np.asarray(decode(source, target))
    found = [False, False, False]
    for u, old in enumerate(target):
        for new in set(range(n_words)) - {old}:
            moved = [bool(np.any(np.abs(a - b) > 1e-9)) for a, b in zip(decode(source, [*target[:u], new, *target[u + 1:]]), base)]
            found[0] |= any(moved[:u])
            found[2] |= any(moved[u + 1:])
    for j, old in enumerate(source):
        for new in set(range(n_words)) - {old}:
            found[1] |= bool(np.any(np.abs(np.asarray(decode([*source[:j], new, *source[j + 1:]], target)) - base) > 1e-9))
    return found


@right("examine_decoder")
def examined_by_a_table(decode, source, target, n_words):
    base, n = np.array(decode(source, target)), len(target)
    table = np.zeros((n, n), bool)
    for u in range(n):
        other = np.array(target)
        other[u] = (other[u] - 1) % n_words
        table[:, u] = np.abs(np.array(decode(source, other.tolist())) - base).max(1) > 1e-9
    sources = [source[:j] + [(source[j] - 1) % n_words] + source[j + 1:] for j in range(len(source))]
    reads = any(np.abs(np.array(decode(other, target)) - base).max() > 1e-9 for other in sources)
    return np.array([np.triu(table, 1).any(), reads, np.tril(table, -1).any()])
