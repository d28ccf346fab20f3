"""Right answers to the exercises about training and about one's own model, written differently from the solutions."""

from __future__ import annotations

import numpy as np
from right_ways import collector

RIGHT, right = collector("architecture")


@right("verdict_over_seeds")
def verdict_pair_by_pair(base, other):
    below = [o < b for o in other for b in base]
    above = [o > b for o in other for b in base]
    return "worse" if all(below) else "better" if all(above) else "open"


@right("verdict_over_seeds")
def verdict_by_sorting(base, other):
    base, other = sorted(base), sorted(other)
    if other[-1] - base[0] < 0:
        return "worse"
    return np.str_("better") if base[-1] - other[0] < 0 else "open"


@right("which_piece")
def blame_by_list(score, course, mine):
    base = score({**course})
    return [bool(score({k: (mine[k] if k == name else v) for k, v in course.items()}) < base) for name in mine]


@right("which_piece")
def blame_putting_back(score, course, mine):
    model, out = {**course}, np.zeros(len(mine), dtype=bool)
    base = score(model)
    for place, (name, piece) in enumerate(mine.items()):
        kept = model[name]
        model[name] = piece
        out[place] = base > score(model)
        model[name] = kept
    return out


@right("three_masks")
def masks_in_loops(source, target, pad):
    texts, m, n = len(source), len(source[0]), len(target[0])
    encoder, decoder, cross = np.zeros((texts, m, m), bool), np.zeros((texts, n, n), bool), np.zeros((texts, n, m), bool)
    for t in range(texts):
        for j in range(m):
            encoder[t, :, j] = cross[t, :, j] = source[t][j] != pad
        for i in range(n):
            for j in range(i + 1):
                decoder[t, i, j] = target[t][j] != pad
    return encoder, decoder, cross


@right("three_masks")
def masks_by_outer_products(source, target, pad):
    real, own = source != pad, target != pad
    n = target.shape[1]
    i = np.arange(n)
    every = np.ones_like(target, dtype=bool)
    return (np.einsum("ti,tj->tij", np.ones_like(real), real), (i[:, None] >= i) & own[:, np.newaxis],
            np.einsum("ti,tj->tij", every, real))


@right("wire_attention")
def wire_by_a_loop(x, context, mask, n_heads, project, split, attend, merge):
    made = {}
    for role in ("query", "key", "value"):
        made[role] = split(project(role, x if role == "query" else context), n_heads)
    return project("output", merge(attend(made["query"], made["key"], made["value"], mask)))


@right("wire_attention")
def wire_in_one_line(x, context, mask, n_heads, project, split, attend, merge):
    return project("output", merge(attend(split(project("query", x), n_heads), *(split(project(r, context), n_heads) for r in ("key", "value")), mask)))


@right("wire_attention")
def wire_one_text_at_a_time(x, context, mask, n_heads, project, split, attend, merge):
    if x.ndim == 2:
        return wire_in_one_line(x, context, mask, n_heads, project, split, attend, merge)
    masks = np.broadcast_to(mask, (len(x), n_heads, x.shape[1], context.shape[1]))
    return np.stack([wire_in_one_line(a, b, m, n_heads, project, split, attend, merge) for a, b, m in zip(x, context, masks)])
