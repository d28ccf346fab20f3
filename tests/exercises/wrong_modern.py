"""Wrong answers on modern decoders and to the mixed problems of the part, other than their mutants: what is wrong, the answer, its true names."""

from __future__ import annotations

import numpy as np

from attnlab.exercises import EXERCISES

WRONG: list[tuple] = []


def wrong(name, what, function, *names):
    WRONG.append((f"variants.{name}", what, function, names))


def right(name):
    return EXERCISES[f"variants.{name}"].solution


# -- deepest_decoder ---------------------------------------------------------------------------------------------------


def deep(budget, v, d, h, g, w, f, tied, *, table=None, layer=None, last=None, change=0, up=False, floor=0):
    table = (2 - bool(tied)) * v * d if table is None else table
    layer = 2 * d * (h + g) * w + 3 * d * f + 2 * d if layer is None else layer
    rest = budget - table - (d if last is None else last)
    return max(floor, rest // layer + change)


for _what, _answer in {
    "one layer more": lambda *a: deep(*a, change=1),
    "one layer less": lambda *a: deep(*a, change=-1),
    "at least one layer": lambda *a: deep(*a, floor=1),
    "tables free of charge": lambda b, v, d, h, g, w, f, t: deep(b, v, d, h, g, w, f, t, table=0),
    "gains free of charge": lambda b, v, d, h, g, w, f, t: deep(b, v, d, h, g, w, f, t, layer=2 * d * (h + g) * w + 3 * d * f, last=0),
    "gains and biases in the norms": lambda b, v, d, h, g, w, f, t: deep(b, v, d, h, g, w, f, t, layer=2 * d * (h + g) * w + 3 * d * f + 4 * d, last=2 * d),
    "a bias at every matrix": lambda b, v, d, h, g, w, f, t: deep(b, v, d, h, g, w, f, t, layer=2 * d * (h + g) * w + 3 * d * f + 4 * d + (h + 2 * g) * w + 2 * f),
    "no output projection": lambda b, v, d, h, g, w, f, t: deep(b, v, d, h, g, w, f, t, layer=d * (h + 2 * g) * w + 3 * d * f + 2 * d),
    "one matrix for keys and values": lambda b, v, d, h, g, w, f, t: deep(b, v, d, h, g, w, f, t, layer=d * (2 * h + g) * w + 3 * d * f + 2 * d),
    "attention of 4 d squared": lambda b, v, d, h, g, w, f, t: deep(b, v, d, h, g, w, f, t, layer=4 * d * d + 3 * d * f + 2 * d),
    "the heads' width left out": lambda b, v, d, h, g, w, f, t: deep(b, v, d, h, g, w, f, t, layer=2 * d * (h + g) + 3 * d * f + 2 * d),
    "one head of each": lambda b, v, d, h, g, w, f, t: deep(b, v, d, h, g, w, f, t, layer=4 * d * w + 3 * d * f + 2 * d),
    "the network four times the width": lambda b, v, d, h, g, w, f, t: deep(b, v, d, h, g, w, f, t, layer=2 * d * (h + g) * w + 12 * d * d + 2 * d),
    "gains of the norms of queries and keys": lambda b, v, d, h, g, w, f, t: deep(b, v, d, h, g, w, f, t, layer=2 * d * (h + g) * w + 3 * d * f + 2 * d + 2 * w),
    "the two matrices of the network and half a gate": lambda b, v, d, h, g, w, f, t: deep(b, v, d, h, g, w, f, t, layer=2 * d * (h + g) * w + 5 * d * f // 2 + 2 * d),
    "tied and untied exchanged": lambda b, v, d, h, g, w, f, t: deep(b, v, d, h, g, w, f, not t),
    "a table of positions": lambda b, v, d, h, g, w, f, t: deep(b, v + 64, d, h, g, w, f, t),
    "two last norms": lambda b, v, d, h, g, w, f, t: deep(b, v, d, h, g, w, f, t, last=2 * d),
    "a fraction of a layer": lambda b, v, d, h, g, w, f, t: max(0.0, (b - (2 - bool(t)) * v * d - d) / (2 * d * (h + g) * w + 3 * d * f + 2 * d)),
    "always three": lambda *a: 3,
}.items():
    wrong("deepest_decoder", _what, _answer, "deep_rounded_up", "deep_layers_below_zero", "deep_head_width_from_the_model")

# -- centred_stream ----------------------------------------------------------------------------------------------------


def off(x, axis=-1, by=1.0):
    return x - by * np.mean(x, axis=axis, keepdims=True)


for _what, _answer in {
    "nothing changed": lambda *all_: all_,
    "the median taken off": lambda *all_: tuple(x - np.median(x, axis=-1, keepdims=True) for x in all_),
    "half the mean": lambda *all_: tuple(off(x, by=0.5) for x in all_),
    "the first feature taken off": lambda *all_: tuple(x - x[..., :1] for x in all_),
    "divided by the standard deviation as well": lambda *all_: tuple(off(x) / (off(x).std(axis=-1, keepdims=True) + 1e-9) for x in all_),
    "the last feature set so that the sum is zero": lambda *all_: tuple(np.concatenate([x[..., :-1], -x[..., :-1].sum(-1, keepdims=True)], -1) for x in all_),
    "attention left out": lambda t, w, b, u, c: (off(t), w * 1.0, b * 1.0, off(u), off(c)),
    "the network left out": lambda t, w, b, u, c: (off(t), off(w), off(b), u * 1.0, c * 1.0),
    "the matrices left out": lambda t, w, b, u, c: (off(t), w * 1.0, off(b), u * 1.0, off(c)),
    "the bias of attention left out": lambda t, w, b, u, c: (off(t), off(w), b * 1.0, off(u), off(c)),
    "the bias of the network left out": lambda t, w, b, u, c: (off(t), off(w), off(b), off(u), c * 1.0),
    "the matrix of attention left out": lambda t, w, b, u, c: (off(t), w * 1.0, off(b), off(u), off(c)),
    "the matrix of the network left out": lambda t, w, b, u, c: (off(t), off(w), off(b), u * 1.0, off(c)),
    "the table over its tokens": lambda t, w, b, u, c: (off(t, 0), off(w), off(b), off(u), off(c)),
    "the matrices over their inputs": lambda t, w, b, u, c: (off(t), off(w, 0), off(b), off(u, 0), off(c)),
    "biases of zero": lambda t, w, b, u, c: (off(t), off(w), 0.0 * b, off(u), 0.0 * c),
    "the biases exchanged": lambda t, w, b, u, c: (off(t), off(w), off(c), off(u), off(b)),
    "rounded to whole numbers": lambda *all_: tuple(np.round(off(x)) for x in all_),
    "the mean of the table for all": lambda t, w, b, u, c: (off(t), w - t.mean(), b - t.mean(), u - t.mean(), c - t.mean()),
}.items():
    wrong("centred_stream", _what, _answer, "centred_and_scaled")

# -- llama_step --------------------------------------------------------------------------------------------------------


def step(x, keys, values, w_q, w_k, w_v, w_o, norm, rotate, think, *, see=None, weigh=None, scale=None, order=None, end=None, kept=None, place=None, first=None):
    groups, past, d_head = keys.shape
    n = norm(x) if first is None else first(x)
    q, k, v = ((n @ w).reshape(-1, 1, d_head) for w in (w_q, w_k, w_v))
    place = past if place is None else place(past)
    q, k = rotate(q, place), rotate(k, place)
    keys, values = np.concatenate([keys, k], 1), np.concatenate([values, v], 1)
    seen = keys if see is None else see(keys)
    pick = np.repeat(np.arange(groups), len(q) // groups) if order is None else order(len(q), groups)
    s = q @ seen[pick].transpose(0, 2, 1) / (np.sqrt(d_head) if scale is None else scale(d_head, len(x), len(q), past))
    p = np.exp(s - s.max(-1, keepdims=True))
    p = p / p.sum(-1, keepdims=True) if weigh is None else weigh(s, p)
    looked = (p @ values[pick]).reshape(-1) @ w_o
    z = x + looked
    y = z + think(norm(z)) if end is None else end(x, z, looked, norm, think)
    return (y, keys, values) if kept is None else kept(y, keys, values)


def hidden_self(s, p):
    p = np.where(np.arange(p.shape[-1]) == p.shape[-1] - 1, 0.0 if p.shape[-1] > 1 else 1.0, p)
    return p / np.maximum(p.sum(-1, keepdims=True), 1e-300)


for _what, _answer in {
    "the new token does not see itself": lambda *a: step(*a, weigh=hidden_self),
    "weights not normalised": lambda *a: step(*a, weigh=lambda s, p: p),
    "softmax over the heads": lambda *a: step(*a, weigh=lambda s, p: np.exp(s - s.max(0)) / np.exp(s - s.max(0)).sum(0)),
    "no maximum taken off": lambda *a: step(*a, weigh=lambda s, p: np.exp(s) / np.exp(s).sum(-1, keepdims=True)),
    "the mean of the values": lambda *a: step(*a, weigh=lambda s, p: np.full_like(s, 1 / s.shape[-1])),
    "the best key alone": lambda *a: step(*a, weigh=lambda s, p: (s == s.max(-1, keepdims=True)) * 1.0),
    "divided by the width of the head": lambda *a: step(*a, scale=lambda w, d, h, t: w),
    "divided by the root of d": lambda *a: step(*a, scale=lambda w, d, h, t: np.sqrt(d + 1e-3)),
    "divided by the root of the number of heads": lambda *a: step(*a, scale=lambda w, d, h, t: np.sqrt(h + 0.5)),
    "divided by the root of the length": lambda *a: step(*a, scale=lambda w, d, h, t: np.sqrt(t + 1.5)),
    "the first group for all heads": lambda *a: step(*a, order=lambda h, g: np.zeros(h, dtype=int)),
    "groups from the last to the first": lambda *a: step(*a, order=lambda h, g: np.repeat(np.arange(g)[::-1], h // g)),
    "one place behind": lambda *a: step(*a, place=lambda past: max(past - 1, 0)),
    "turned backwards": lambda *a: step(*a, place=lambda past: -past),
    "the row not normalised in front of attention": lambda *a: step(*a, first=lambda x: x),
    "normalised twice in front of attention": lambda *a: step(*a, first=lambda x: a[7](a[7](x))),
    "no feed-forward network": lambda *a: step(*a, end=lambda x, z, looked, norm, think: z),
    "the network's row not added": lambda *a: step(*a, end=lambda x, z, looked, norm, think: think(norm(z))),
    "attention not added to the row": lambda *a: step(*a, end=lambda x, z, looked, norm, think: looked + think(norm(looked))),
    "the network added to the old row": lambda *a: step(*a, end=lambda x, z, looked, norm, think: x + think(norm(z))),
    "normalised after the sum": lambda *a: step(*a, end=lambda x, z, looked, norm, think: norm(z + think(norm(z)))),
    "the network before the norm": lambda *a: step(*a, end=lambda x, z, looked, norm, think: z + norm(think(z))),
    "the old cache given back": lambda *a: step(*a, kept=lambda y, k, v: (y, k[:, :-1], v[:, :-1])),
    "keys and values exchanged": lambda *a: step(*a, kept=lambda y, k, v: (y, v, k)),
    "the oldest row dropped": lambda *a: step(*a, kept=lambda y, k, v: (y, k[:, 1:], v[:, 1:])),
}.items():
    wrong("llama_step", _what, _answer, "step_second_norm_reads_the_old_row", "step_scores_not_scaled")

# -- fused_groups ------------------------------------------------------------------------------------------------------


def cut(fused, n_heads, n_kv_heads, change):
    return change(*right("fused_groups")(fused, n_heads, n_kv_heads), len(fused) // (n_heads + 2 * n_kv_heads))


def heads_of(w, width):
    return w.reshape(len(w), -1, width)


for _what, _answer in {
    "heads of the queries in reverse": lambda *a: cut(*a, lambda q, k, v, w: (heads_of(q, w)[:, ::-1].reshape(q.shape), k, v)),
    "heads of the keys in reverse": lambda *a: cut(*a, lambda q, k, v, w: (q, heads_of(k, w)[:, ::-1].reshape(k.shape), v)),
    "heads of the values in reverse": lambda *a: cut(*a, lambda q, k, v, w: (q, k, heads_of(v, w)[:, ::-1].reshape(v.shape))),
    "features of each head in reverse": lambda *a: cut(*a, lambda q, k, v, w: tuple(heads_of(x, w)[..., ::-1].reshape(x.shape) for x in (q, k, v))),
    "halves and pairs exchanged": lambda *a: cut(*a, lambda q, k, v, w: (np.concatenate([q[:, ::2], q[:, 1::2]], 1), k, v)),
    "keys for the values": lambda *a: cut(*a, lambda q, k, v, w: (q, k, k)),
    "values for the keys": lambda *a: cut(*a, lambda q, k, v, w: (q, v, v)),
    "the scale folded in": lambda *a: cut(*a, lambda q, k, v, w: (q / np.sqrt(w + 0.5), k, v)),
    "keys repeated for every head": lambda *a: cut(*a, lambda q, k, v, w: (q, np.repeat(k, 2, axis=1), np.repeat(v, 2, axis=1))),
    "inputs in reverse": lambda *a: cut(*a, lambda q, k, v, w: (q[::-1], k[::-1], v[::-1])),
    "the first group alone": lambda *a: cut(*a, lambda q, k, v, w: (q, np.tile(k[:, :w], (1, k.shape[1] // w)) + 0.0 * k + 1e-2 * (k.shape[1] == w), v)),
    "queries negative": lambda *a: cut(*a, lambda q, k, v, w: (-q, k, v)),
    "queries and keys negative": lambda *a: cut(*a, lambda q, k, v, w: (-q, -k, v)),
    "values last row doubled": lambda *a: cut(*a, lambda q, k, v, w: (q, k, np.concatenate([v[:, :-1], 2 * v[:, -1:]], 1))),
    "three equal thirds": lambda f, h, g: tuple(np.resize(f, (3, len(f) // 3 or 1, f.shape[1])).transpose(0, 2, 1)),
    "every third row": lambda f, h, g: (f[::3].T, f[1::3].T, f[2::3].T),
    "queries last": lambda f, h, g: (f[-h * (len(f) // (h + 2 * g)):].T, f[: g * (len(f) // (h + 2 * g))].T, f[g * (len(f) // (h + 2 * g)): 2 * g * (len(f) // (h + 2 * g))].T),
}.items():
    wrong("fused_groups", _what, _answer, "fused_key_and_value_in_front", "fused_key_and_value_exchanged", "fused_all_queries_first")

# -- which_norm --------------------------------------------------------------------------------------------------------

CASES = ("layer norm", "RMS norm", "length", "batch norm", "none")
verdict = right("which_norm")
for _case in CASES:
    wrong("which_norm", f"always {_case}", lambda layer, d, case=_case: case)
for _a, _b in (("layer norm", "RMS norm"), ("RMS norm", "length"), ("length", "none"), ("layer norm", "length"), ("RMS norm", "none"), ("batch norm", "length")):
    wrong("which_norm", f"{_a} and {_b} exchanged", lambda *given, a=_a, b=_b: {a: b, b: a}.get(verdict(*given), verdict(*given)))
for _case in CASES[:-1]:
    wrong("which_norm", f"{_case} called none", lambda *given, case=_case: "none" if verdict(*given) == case else verdict(*given))
wrong("which_norm", "in capitals", lambda *given: verdict(*given).upper())
wrong("which_norm", "with an underscore", lambda *given: verdict(*given).replace(" ", "_"))
wrong("which_norm", "its number", lambda *given: str(CASES.index(verdict(*given))))
wrong("which_norm", "only for width 5", lambda layer, d: verdict(layer, d) if d == 5 else "none")

# -- pattern_for_a_budget ----------------------------------------------------------------------------------------------

pattern = right("pattern_for_a_budget")


def but(answer, change):
    return lambda *given: change(answer(*given), *given)


for _what, _answer in {
    "always none": lambda *a: "none",
    "one letter too many": but(pattern, lambda p, *a: p if p == "none" else p + "L"),
    "one letter too few": but(pattern, lambda p, *a: p if p == "none" else p[1:]),
    "small letters": but(pattern, lambda p, *a: p.lower()),
    "letters exchanged": but(pattern, lambda p, *a: p if p == "none" else p.translate({71: 76, 76: 71})),
    "None as a word": but(pattern, lambda p, *a: "None" if p == "none" else p),
    "an empty string where there is none": but(pattern, lambda p, *a: "" if p == "none" else p),
    "numbers of letters": but(pattern, lambda p, *a: p if p == "none" else f"{p.count('G')}G{p.count('L')}L"),
    "letters of its own": but(pattern, lambda p, *a: p if p == "none" else p.replace("L", "W")),
    "separated by commas": but(pattern, lambda p, *a: p if p == "none" else ",".join(p)),
    "every second layer full": lambda n, w, t, b: ("GL" * n)[:n] if sum(t if i % 2 == 0 else min(w, t) for i in range(n)) <= b else "none",
    "the budget for each layer": lambda n, w, t, b: "G" + "L" * (n - 1) if t <= b else "none",
    "one row too few allowed": lambda n, w, t, b: pattern(n, w, t, b - 1),
    "one row too many allowed": lambda n, w, t, b: pattern(n, w, t, b + 1),
    "a window one wider": lambda n, w, t, b: pattern(n, w + 1, t, b),
    "a window one narrower": lambda n, w, t, b: pattern(n, max(w - 1, 1), t, b),
    "a text one longer": lambda n, w, t, b: pattern(n, w, t + 1, b),
    "a text two shorter": lambda n, w, t, b: pattern(n, w, max(t - 2, 1), b),
    "keys and values both counted": lambda n, w, t, b: pattern(n, w, t, b // 2),
    "local layers reach one another only once": lambda n, w, t, b: "L" * n if min(n, 2) * (w - 1) >= t - 1 and n * min(w, t) <= b else "G" + "L" * (n - 1) if t + (n - 1) * min(w, t) <= b else "none",
}.items():
    wrong("pattern_for_a_budget", _what, _answer, *EXERCISES["variants.pattern_for_a_budget"].mutants)
