"""Wrong answers to the exercises on a published model, other than their mutants: what is wrong, the answer, its true names."""

from __future__ import annotations

import unicodedata
from itertools import groupby

import numpy as np

WRONG: list[tuple] = []


def several(name, answers, names=None):
    for what, function in answers.items():
        WRONG.append((f"variants.{name}", what, function, (names or {}).get(what, ())))


# -- packed_product --------------------------------------------------------------------------------------------------


def product(scale, least, c, x):
    return ((scale[..., None] * c + least[..., None]).reshape(len(scale), -1) @ np.asarray(x, dtype=float)).copy()


def codes_of(codes):
    return np.concatenate([codes & 15, codes >> 4], axis=-1).astype(float)


several("packed_product", {
    "seven for fifteen": lambda s, m, c, x: product(s, m, np.concatenate([c & 7, c >> 4], axis=-1).astype(float), x),
    "shifted by three": lambda s, m, c, x: product(s, m, np.concatenate([c & 15, c >> 3], axis=-1).astype(float), x),
    "the low half twice": lambda s, m, c, x: product(s, m, np.concatenate([c & 15, c & 15], axis=-1).astype(float), x),
    "the high half twice": lambda s, m, c, x: product(s, m, np.concatenate([c >> 4, c >> 4], axis=-1).astype(float), x),
    "signed codes": lambda s, m, c, x: product(s, m, np.where(codes_of(c) > 7, codes_of(c) - 16, codes_of(c)), x),
    "bytes from the last": lambda s, m, c, x: product(s, m, codes_of(c[..., ::-1]), x),
    "blocks from the last": lambda s, m, c, x: product(s[:, ::-1], m[:, ::-1], codes_of(c[:, ::-1]), x),
    "the first block's scale for the row": lambda s, m, c, x: product(np.repeat(s[:, :1], s.shape[1], 1), m, codes_of(c), x),
    "the first row's scales for all": lambda s, m, c, x: product(np.repeat(s[:1], len(s), 0), m, codes_of(c), x),
    "the scale divided by fifteen": lambda s, m, c, x: product(s / 15, m, codes_of(c), x),
    "codes between 0 and 1": lambda s, m, c, x: product(s, m, codes_of(c) / 15, x),
    "the scale's size": lambda s, m, c, x: product(np.abs(s), m, codes_of(c), x),
    "the first block alone": lambda s, m, c, x: product(s[:, :1], m[:, :1], codes_of(c[:, :1]), x[:32]),
    "scale and least exchanged": lambda s, m, c, x: product(m, s, codes_of(c), x),
    "a mean for a sum": lambda s, m, c, x: product(s, m, codes_of(c), x) / len(x),
    "half a step more": lambda s, m, c, x: product(s, m, codes_of(c) + 0.5, x),
    "the sum of all rows": lambda s, m, c, x: np.full(len(s), product(s, m, codes_of(c), x).sum()),
    "codes times x without scales": lambda s, m, c, x: product(np.ones_like(s), np.zeros_like(m), codes_of(c), x),
})

# -- digits_apart ----------------------------------------------------------------------------------------------------


def is_digit(letter):
    return unicodedata.category(letter)[0] == "N"


def stretches(text):
    return [(digits, "".join(run)) for digits, run in groupby(text, key=is_digit)]


def groups(run, most):
    return [run[i:i + most] for i in range(0, len(run), most)]


def lengths(words):
    return [len(word) for word in words]


def cut_all(text, cut, most, also=lambda run: run, group=groups):
    return lengths([word for digits, run in stretches(text) for word in (group(run, most) if digits else cut(also(run)))])


def space_with_the_digits(text, cut, most):
    found = []
    for digits, run in stretches(text):
        if digits and found and found[-1] == " ":
            run = found.pop() + run
        found += groups(run, most) if digits else cut(run)
    return lengths(found)


several("digits_apart", {
    "groups one too large": lambda text, cut, most: cut_all(text, cut, most + 1),
    "groups one too small": lambda text, cut, most: cut_all(text, cut, max(most - 1, 1)),
    "the first group alone": lambda text, cut, most: cut_all(text, cut, most, group=lambda run, m: [run[:m]]),
    "the first group, then the rest": lambda text, cut, most: cut_all(text, cut, most, group=lambda run, m: [one for one in (run[:m], run[m:]) if one]),
    "whole groups alone": lambda text, cut, most: cut_all(text, cut, most, group=lambda run, m: [run[i:i + m] for i in range(0, len(run) - m + 1, m)]),
    "as even groups as can be": lambda text, cut, most: cut_all(text, cut, most, group=lambda run, m: ["".join(one) for one in np.array_split(list(run), -(-len(run) // m))]),
    "the space before goes with the digits": space_with_the_digits,
    "stretches stripped before they are cut": lambda text, cut, most: cut_all(text, cut, most, also=str.strip),
    "words by white space": lambda text, cut, most: lengths(text.split()),
    "the words of the whole text": lambda text, cut, most: lengths(cut(text)),
    "letter by letter": lambda text, cut, most: [1] * len(text),
    "digits thrown away": lambda text, cut, most: lengths([word for digits, run in stretches(text) if not digits for word in cut(run)]),
    "digits alone": lambda text, cut, most: lengths([word for digits, run in stretches(text) if digits for word in groups(run, most)]),
    "in order of length": lambda text, cut, most: sorted(cut_all(text, cut, most)),
    "from the last": lambda text, cut, most: cut_all(text, cut, most)[::-1],
    "the number of words": lambda text, cut, most: len(cut_all(text, cut, most)),
    "where words end": lambda text, cut, most: np.cumsum(np.array(cut_all(text, cut, most), dtype=int)),
    "bytes": lambda text, cut, most: [len(word.encode()) for digits, run in stretches(text) for word in (groups(run, most) if digits else cut(run))],
})

# -- answer_perplexity -----------------------------------------------------------------------------------------------


def surprises(logits, ids, begins, ends):
    z = np.asarray(logits, dtype=float)
    z = z - z.max(axis=-1, keepdims=True)
    log_p = z - np.log(np.exp(z).sum(axis=-1, keepdims=True))
    return [np.array([-log_p[b, t - 1, ids[b, t]] for t in range(max(1, int(begins[b])), int(ends[b]))]) for b in range(len(ids))]


def joined(logits, ids, begins, ends):
    found = np.concatenate(surprises(logits, ids, begins, ends))
    return found if len(found) else np.zeros(1)


several("answer_perplexity", {
    "the last token of each answer left out": lambda z, x, p, n: np.exp(joined(z, x, p, n - 1).mean()),
    "one token of the question too": lambda z, x, p, n: np.exp(joined(z, x, p - 1, n).mean()),
    "one place of padding too": lambda z, x, p, n: np.exp(joined(z, x, p, np.minimum(n + 1, x.shape[1])).mean()),
    "the questions": lambda z, x, p, n: np.exp(joined(z, x, np.ones_like(p), p).mean()),
    "the first text alone": lambda z, x, p, n: np.exp(joined(z[:1], x[:1], p[:1], n[:1]).mean()),
    "the worst text": lambda z, x, p, n: max(np.exp(one.mean()) for one in surprises(z, x, p, n)),
    "the best text": lambda z, x, p, n: min(np.exp(one.mean()) for one in surprises(z, x, p, n)),
    "the median surprise": lambda z, x, p, n: np.exp(np.median(joined(z, x, p, n))),
    "the mean of inverse probabilities": lambda z, x, p, n: np.exp(np.minimum(joined(z, x, p, n), 300)).mean(),
    "the inverse of the mean probability": lambda z, x, p, n: 1 / max(np.exp(-joined(z, x, p, n)).mean(), 1e-300),
    "the sign turned": lambda z, x, p, n: np.exp(-joined(z, x, p, n).mean()),
    "the sum": lambda z, x, p, n: np.exp(min(joined(z, x, p, n).sum(), 300)),
    "bits": lambda z, x, p, n: joined(z, x, p, n).mean() / np.log(2),
    "two to the bits, twice over": lambda z, x, p, n: np.exp(2 * joined(z, x, p, n).mean()),
    "divided by texts": lambda z, x, p, n: np.exp(min(joined(z, x, p, n).sum() / len(x), 300)),
    "divided by the length of the table": lambda z, x, p, n: np.exp(joined(z, x, p, n).sum() / x.size),
    "one decimal": lambda z, x, p, n: np.exp(joined(z, x, p, n).mean()).round(1),
    "the size of the vocabulary": lambda z, x, p, n: float(z.shape[-1]),
})
