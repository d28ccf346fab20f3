"""Wrong answers to the exercises on what can be computed and learned in a forward pass, other than their mutants."""

from __future__ import annotations

import numpy as np

WRONG: list[tuple] = []


def several(name, answers):
    for what, function in answers.items():
        WRONG.append((f"theory.{name}", what, function, ()))


several("rank_from_comparisons", {
    "the tokens themselves": lambda tokens: np.asarray(tokens),
    "all 0": lambda tokens: np.zeros(len(tokens), dtype=int),
    "places": lambda tokens: np.arange(len(tokens)),
    "from the back": lambda tokens: len(tokens) - np.argsort(np.argsort(-np.asarray(tokens, dtype=float), kind="stable"), kind="stable"),
    "an unsigned share": lambda tokens: np.argsort(np.argsort(-np.asarray(tokens, dtype=float), kind="stable"), kind="stable") / max(len(tokens), 1),
    "ties broken by a small number": lambda tokens: np.argsort(np.argsort(1e-6 * np.arange(len(tokens)) - np.asarray(tokens, dtype=float))),
})
several("bracket_depth", {
    "one too deep": lambda means: np.rint(np.asarray(means) * np.arange(1, len(means) + 1)) + 1,
    "all 1": lambda means: np.ones(len(means)),
    "never below 1": lambda means: np.maximum(np.rint(np.asarray(means) * np.arange(1, len(means) + 1)), 1),
    "its absolute mean": lambda means: np.abs(np.asarray(means)),
})
several("longest_text", {
    "twice the gap": lambda bound, weight: int(np.floor(1 + (1 - weight) / weight * np.exp(min(4 * bound, 40)))),
    "one": lambda bound, weight: 1,
    "not whole": lambda bound, weight: 1 + (1 - weight) / weight * np.exp(2 * bound) * 1.1,
    "at most a million": lambda bound, weight: min(10**6, int(1 + (1 - weight) / weight * np.exp(2 * bound))),
    "never one": lambda bound, weight: max(2, int(1 + (1 - weight) / weight * np.exp(2 * bound))),
})
several("power_of_length", {
    "minus one": lambda lengths, moved: -1.0,
    "the sign turned": lambda lengths, moved: -float(np.mean([np.polyfit(np.log(lengths), np.log(np.asarray(row, dtype=float)), 1)[0] for row in moved])),
    "the median model": lambda lengths, moved: np.polyfit(np.log(lengths), np.log(np.median(np.asarray(moved, dtype=float), axis=0)), 1)[0] + 0.02,
})
several("guess_from_products", {
    "0": lambda products, question, labels, rate, steps: 0.0,
    "one step too many": lambda products, question, labels, rate, steps: _descend(products, question, labels, rate, steps + 1),
    "one step too few": lambda products, question, labels, rate, steps: _descend(products, question, labels, rate, max(steps - 1, 0)),
    "half the rate": lambda products, question, labels, rate, steps: _descend(products, question, labels, rate / 2, steps),
    "twice the rate": lambda products, question, labels, rate, steps: _descend(products, question, labels, 2 * rate, steps),
    "the end of the descent": lambda products, question, labels, rate, steps: question @ np.linalg.pinv(np.asarray(products, dtype=float)) @ labels,
})
several("left_by_one_step", {
    "1": lambda n, d, noise: 1.0,
    "the squared noise twice": lambda n, d, noise: 1 - n / (n + d + 1 + 2 * noise**2),
    "a power of four": lambda n, d, noise: 1 - n / (n + d + 1 + noise**4),
})
several("paired_gain", {
    "per cent": lambda right, dealt: 100 * _gain(right, dealt),
    "two errors": lambda right, dealt: _gain(right, dealt) * [[1], [2]],
    "error first": lambda right, dealt: _gain(right, dealt)[::-1],
    "sorted before they are paired": lambda right, dealt: _gain(np.sort(right, axis=0), np.sort(dealt, axis=0)),
    "as if of coins": lambda right, dealt: _coins(np.mean(np.asarray(right, dtype=float) - dealt, axis=0), len(right)),
    "no sign": lambda right, dealt: np.abs(_gain(right, dealt)),
})

several("double_histogram", {
    "values cut to whole numbers": lambda tokens: _as_frequent(tokens, int),
    "values without their sign": lambda tokens: _as_frequent(tokens, abs),
    "the past alone": lambda tokens: np.array([_as_frequent(tokens, float)[i] if i == 0 else len({x for x, c in zip(tokens[: i + 1].tolist(), _often(tokens)) if c == _often(tokens)[i]}) for i in range(len(tokens))]),
})


def _descend(products, question, labels, rate, steps):
    left, out = np.asarray(labels, dtype=float).copy(), 0.0
    for _ in range(steps):
        out, left = out + rate * (np.asarray(question) @ left), left - rate * np.asarray(products) @ left
    return out


def _coins(share, n):
    return np.stack([share, np.sqrt(np.abs(share * (1 - share)) / n)])


def _gain(right, dealt):
    gap = np.asarray(right, dtype=float) - dealt
    return np.stack([gap.mean(0), gap.std(0, ddof=1) / np.sqrt(len(gap))])


def _often(tokens):
    return [int((np.asarray(tokens) == one).sum()) for one in np.asarray(tokens)]


def _as_frequent(tokens, name):
    often = _often(tokens)
    return np.array([len({name(x) for x, c in zip(np.asarray(tokens).tolist(), often) if c == mine}) for mine in often], dtype=int)
