"""Wrong answers to the exercises on BERT, other than their mutants: what is wrong, the answer, its true names."""

from __future__ import annotations

import numpy as np

WRONG: list[tuple] = []


def several(name, answers, names=None):
    for what, function in answers.items():
        WRONG.append((f"variants.{name}", what, function, (names or {}).get(what, ())))


# -- whole_word_mask -------------------------------------------------------------------------------------------------


def hide(ids, begins, choose, fate, drawn, mask, share=0.15, low=0.8, high=0.9, word=None, late=False):
    word = np.cumsum(begins) - 1 if word is None else word
    chosen, luck = (choose < share)[word], fate[word]
    shown = np.where(luck < low, mask, np.where(luck < high, drawn, ids))
    return np.where(chosen, shown, ids), np.where(chosen, ids, 0)


several("whole_word_mask", {
    "nothing hidden": lambda i, b, c, f, d, m: (i, 0 * i),
    "15 % of the tokens in order": lambda i, b, c, f, d, m: (np.where(np.arange(len(i)) < 0.15 * len(i), m, i), np.where(np.arange(len(i)) < 0.15 * len(i), i, 0)),
    "share of a half": lambda i, b, c, f, d, m: hide(i, b, c, f, d, m, share=0.5),
    "share included": lambda i, b, c, f, d, m: hide(i, b, c, f, d, m, share=0.15 + 1e-12),
    "0.8 included": lambda i, b, c, f, d, m: hide(i, b, c, f, d, m, low=0.8 + 1e-12),
    "0.9 included": lambda i, b, c, f, d, m: hide(i, b, c, f, d, m, high=0.9 + 1e-12),
    "never a random word": lambda i, b, c, f, d, m: hide(i, b, c, f, d, m, high=0.8),
    "never left alone": lambda i, b, c, f, d, m: hide(i, b, c, f, d, m, high=2),
    "one random word for a whole word": lambda i, b, c, f, d, m: hide(i, b, c, f, d[np.flatnonzero(b)][np.cumsum(b) - 1], m),
    "random words from the front": lambda i, b, c, f, d, m: hide(i, b, c, f, np.roll(d, 1), m),
    "mask is 103 always": lambda i, b, c, f, d, m: hide(i, b, c, f, d, 103),
    "mask is 4 always": lambda i, b, c, f, d, m: hide(i, b, c, f, d, 4),
    "chosen by fate": lambda i, b, c, f, d, m: hide(i, b, f, c, d, m),
    "words in reverse": lambda i, b, c, f, d, m: hide(i, b, c[::-1], f[::-1], d, m),
    "targets of -100": lambda i, b, c, f, d, m: (lambda r: (r[0], np.where(r[1] == 0, -100, r[1])))(hide(i, b, c, f, d, m)),
    "targets are what is shown": lambda i, b, c, f, d, m: (lambda r: (r[0], np.where(r[1] != 0, r[0], 0)))(hide(i, b, c, f, d, m)),
    "the two results exchanged": lambda i, b, c, f, d, m: hide(i, b, c, f, d, m)[::-1],
    "targets as 0 and 1": lambda i, b, c, f, d, m: (lambda r: (r[0], (r[1] != 0).astype(int)))(hide(i, b, c, f, d, m)),
}, {"never left alone": (), "mask is 4 always": ()})

# -- masked_gradient -------------------------------------------------------------------------------------------------


def soft(z):
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def grad(z, t, p=None, asked=None, n=None, want=None):
    p = soft(np.asarray(z, dtype=float)) if p is None else p
    asked = t != 0 if asked is None else asked
    want = np.arange(z.shape[-1]) == t[..., None] if want is None else want
    return (p - want) * asked[..., None] / (max(asked.sum(), 1) if n is None else n)


several("masked_gradient", {
    "zeros": lambda z, t: np.zeros(z.shape),
    "softmax over the tokens": lambda z, t: grad(z, t, p=np.swapaxes(soft(np.swapaxes(np.asarray(z, dtype=float), 1, 2)), 1, 2)),
    "softmax over the texts": lambda z, t: grad(z, t, p=np.moveaxis(soft(np.moveaxis(np.asarray(z, dtype=float), 0, -1)), -1, 0)),
    "sigmoid": lambda z, t: grad(z, t, p=1 / (1 + np.exp(-np.clip(np.asarray(z, dtype=float), -500, 500)))),
    "the target one word later": lambda z, t: grad(z, t, want=np.arange(z.shape[-1]) == ((t + 1) % z.shape[-1])[..., None]),
    "divided by the texts": lambda z, t: grad(z, t, n=len(t)),
    "divided by the tokens of a text": lambda z, t: grad(z, t, n=t.shape[1]),
    "divided by the words": lambda z, t: grad(z, t, n=z.shape[-1]),
    "divided by one more": lambda z, t: grad(z, t, n=(t != 0).sum() + 1),
    "the first text alone": lambda z, t: grad(z, t) * (np.arange(len(t)) == 0)[:, None, None],
    "the first gap of each text": lambda z, t: grad(z, t) * ((t != 0) & (np.cumsum(t != 0, axis=1) == 1))[..., None],
    "with the factor p": lambda z, t: grad(z, t) * soft(np.asarray(z, dtype=float)),
    "temperature of 2": lambda z, t: grad(z, t, p=soft(np.asarray(z, dtype=float) / 2)),
    "at the target alone": lambda z, t: grad(z, t) * (np.arange(z.shape[-1]) == t[..., None]),
    "everywhere but at the target": lambda z, t: grad(z, t) * (np.arange(z.shape[-1]) != t[..., None]),
    "only targets above 1": lambda z, t: grad(z, t, asked=t > 1),
    "no maximum subtracted": lambda z, t: (lambda e: grad(z, t, p=e / e.sum(axis=-1, keepdims=True)))(np.exp(np.clip(np.asarray(z, dtype=float), -700, 700))),
    "rounded": lambda z, t: grad(z, t).round(1),
    "a loss": lambda z, t: -np.log(soft(np.asarray(z, dtype=float)))[t != 0].mean() if (t != 0).any() else 0.0,
    "flattened": lambda z, t: grad(z, t).reshape(-1, z.shape[-1]),
})

# -- pair_input ------------------------------------------------------------------------------------------------------


def lay(first, second, room, cls, sep, cut=True, segment=None):
    a, b = len(first), len(second)
    while cut and a + b > room - 3:
        a, b = (a - 1, b) if a > b else (a, b - 1)
    ids = [cls, *first[:a], sep, *second[:b], sep]
    pad = [0] * (room - len(ids))
    return np.array(ids + pad), np.array([0] * (a + 2) + [1] * (b + 1) + pad), np.array([1] * len(ids) + pad)


several("pair_input", {
    "not cut": lambda f, s, m, c, e: lay(f, s, m, c, e, cut=False),
    "marks exchanged": lambda f, s, m, c, e: lay(f, s, m, e, c),
    "no mark in front": lambda f, s, m, c, e: (lambda r: tuple(np.append(x[1:], 0) for x in r))(lay(f, s, m, c, e)),
    "no mark in the middle": lambda f, s, m, c, e: (lambda r: (np.where((r[0] == e) & (r[1] == 0), 0, r[0]), *r[1:]))(lay(f, s, m, c, e)),
    "no mark at the end": lambda f, s, m, c, e: (lambda r: (np.where((r[0] == e) & (r[1] == 1), 0, r[0]), *r[1:]))(lay(f, s, m, c, e)),
    "the texts exchanged": lambda f, s, m, c, e: lay(s, f, m, c, e),
    "padding in front": lambda f, s, m, c, e: (lambda r: tuple(np.roll(x, int((r[2] == 0).sum())) for x in r))(lay(f, s, m, c, e)),
    "one place less": lambda f, s, m, c, e: tuple(np.append(x, 0) for x in lay(f, s, m - 1, c, e)) if m > 3 else tuple(x[:2] for x in lay([], [], 3, c, e)),
    "one place more": lambda f, s, m, c, e: lay(f, s, m + 1, c, e),
    "not padded": lambda f, s, m, c, e: (lambda r: tuple(x[: r[2].sum()] for x in r))(lay(f, s, m, c, e)),
    "padding is the mark": lambda f, s, m, c, e: (lambda r: (np.where(r[2] == 0, e, r[0]), *r[1:]))(lay(f, s, m, c, e)),
    "padding is -1": lambda f, s, m, c, e: (lambda r: (np.where(r[2] == 0, -1, r[0]), *r[1:]))(lay(f, s, m, c, e)),
    "marks are not real": lambda f, s, m, c, e: (lambda r: (r[0], r[1], r[2] * (r[0] != c) * (r[0] != e)))(lay(f, s, m, c, e)),
    "real and padding exchanged": lambda f, s, m, c, e: (lambda r: (r[0], r[1], 1 - r[2]))(lay(f, s, m, c, e)),
    "segments exchanged": lambda f, s, m, c, e: (lambda r: (r[0], (1 - r[1]) * r[2], r[2]))(lay(f, s, m, c, e)),
    "the last mark in segment 0": lambda f, s, m, c, e: (lambda r: (r[0], r[1] * (r[0] != e), r[2]))(lay(f, s, m, c, e)),
    "segments and real exchanged": lambda f, s, m, c, e: (lambda r: (r[0], r[2], r[1]))(lay(f, s, m, c, e)),
    "two marks in the middle": lambda f, s, m, c, e: lay([*f, e], s, m, c, e),
    "the first mark of the shorter": lambda f, s, m, c, e: lay(f[: m - 3], s[: max(m - 3 - len(f), 0)], m, c, e),
    "the longer text dropped": lambda f, s, m, c, e: lay(*((f, s) if len(f) + len(s) <= m - 3 else ([], s[: m - 3]) if len(f) > len(s) else (f[: m - 3], [])), m, c, e),
}, {"the first mark of the shorter": ("pair_second_cut_alone",)})

# -- pseudo_likelihood -----------------------------------------------------------------------------------------------


def logs(z):
    z = np.asarray(z, dtype=float)
    z = z - z.max(axis=-1, keepdims=True)
    return z - np.log(np.exp(z).sum(axis=-1, keepdims=True))


def terms(guess, ids, mask, row=0, token=0, places=None, put=None):
    ids, out = np.asarray(ids), []
    for i in range(1, len(ids) - 1) if places is None else places(len(ids)):
        hidden = ids.copy()
        hidden[i] = mask if put is None else put
        z = logs(guess(hidden))
        out.append(z[(i + row) % len(ids)][ids[(i + token) % len(ids)]])
    return out


several("pseudo_likelihood", {
    "nothing": lambda g, i, m: 0.0,
    "the row before": lambda g, i, m: sum(terms(g, i, m, row=-1)),
    "the row behind": lambda g, i, m: sum(terms(g, i, m, row=1)),
    "the next token": lambda g, i, m: sum(terms(g, i, m, token=1)),
    "the first mark scored": lambda g, i, m: sum(terms(g, i, m, places=lambda n: range(n - 1))),
    "the last mark scored": lambda g, i, m: sum(terms(g, i, m, places=lambda n: range(1, n))),
    "the first token left out": lambda g, i, m: sum(terms(g, i, m, places=lambda n: range(2, n - 1))),
    "the last token left out": lambda g, i, m: sum(terms(g, i, m, places=lambda n: range(1, n - 2))),
    "hidden by id 0": lambda g, i, m: sum(terms(g, i, m, put=0)),
    "hidden by id 4": lambda g, i, m: sum(terms(g, i, m, put=4)),
    "the smallest term": lambda g, i, m: min(terms(g, i, m), default=0.0),
    "the product of the probabilities": lambda g, i, m: float(np.exp(sum(terms(g, i, m)))),
    "perplexity": lambda g, i, m: float(np.exp(-np.mean(terms(g, i, m)))) if len(i) > 2 else 1.0,
    "divided by all ids": lambda g, i, m: sum(terms(g, i, m)) / len(i),
    "logits minus their mean": lambda g, i, m: sum(float(z[t] - z.mean()) for t, z in ((i[j], g(np.where(np.arange(len(i)) == j, m, i))[j]) for j in range(1, len(i) - 1))),
    "logits minus their maximum": lambda g, i, m: sum(float(z[t] - z.max()) for t, z in ((i[j], g(np.where(np.arange(len(i)) == j, m, i))[j]) for j in range(1, len(i) - 1))),
    "the id of the mask scored": lambda g, i, m: sum(float(logs(g(np.where(np.arange(len(i)) == j, m, i)))[j][m]) for j in range(1, len(i) - 1)),
    "the neighbours hidden too": lambda g, i, m: sum(float(logs(g(np.where(np.abs(np.arange(len(i)) - j) <= 1, m, i)))[j][i[j]]) for j in range(1, len(i) - 1)),
    "all terms squared": lambda g, i, m: sum(x * x for x in terms(g, i, m)),
    "base 10": lambda g, i, m: sum(terms(g, i, m)) / np.log(10),
    "a list of the terms": lambda g, i, m: terms(g, i, m),
    "hits counted": lambda g, i, m: float(sum(np.argmax(g(np.where(np.arange(len(i)) == j, m, i))[j]) == i[j] for j in range(1, len(i) - 1))),
})
