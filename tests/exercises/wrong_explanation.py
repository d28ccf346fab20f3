"""Wrong answers to the exercises on explanation, other than their mutants: what is wrong, the answer, its true names."""

from __future__ import annotations

import numpy as np

WRONG: list[tuple] = []


def several(name, answers):
    for what, function in answers.items():
        WRONG.append((f"theory.{name}", what, function, ()))


def onto(weights, columns):
    columns = np.asarray(columns, dtype=float)
    return np.asarray(weights, dtype=float) @ columns @ np.linalg.pinv(columns)


def with_ones(values):
    return np.column_stack([np.asarray(values, dtype=float), np.ones(len(values))])


several("same_sum_weights", {
    "the rows as they are": lambda a, v: np.asarray(a, dtype=float),
    "even rows added to the projection": lambda a, v: onto(a, v) + 1 / np.shape(a)[1],
    "the missing sum spread evenly": lambda a, v: onto(a, v) + (1 - onto(a, v).sum(axis=1, keepdims=True)) / np.shape(a)[1],
    "ridge in place of the pseudo-inverse": lambda a, v: np.asarray(a, float) @ with_ones(v) @ np.linalg.solve(with_ones(v).T @ with_ones(v) + 0.1 * np.eye(np.shape(v)[1] + 1), with_ones(v).T),
    "negative numbers cut off and rows divided": lambda a, v: (lambda x: x / x.sum(axis=1, keepdims=True))(np.maximum(onto(a, with_ones(v)), 0.02)),
    "the softmax of the projection": lambda a, v: (lambda x: np.exp(x) / np.exp(x).sum(axis=1, keepdims=True))(onto(a, with_ones(v))),
})


def signs(x):
    x = np.asarray(x, dtype=float)
    return np.sign(x[:, None] - x[None])[np.triu_indices(len(x), 1)]


def tau(a, b, over):
    x, y = signs(a), signs(b)
    below = over((x != 0).sum(), (y != 0).sum())
    return float((x * y).sum() / below) if below > 0 else 0.0


several("kendall", {
    "the larger of the two counts": lambda a, b: tau(a, b, max),
    "the smaller of the two counts": lambda a, b: tau(a, b, min),
    "the mean of the two counts": lambda a, b: tau(a, b, lambda x, y: (x + y) / 2),
    "the product without its root": lambda a, b: tau(a, b, lambda x, y: x * y),
    "ties counted as agreement": lambda a, b: float(((signs(a) == signs(b)).sum() - (signs(a) * signs(b) < 0).sum()) / max(1, np.sqrt((signs(a) != 0).sum() * (signs(b) != 0).sum()))),
    "ties counted as disagreement": lambda a, b: float(np.where(signs(a) * signs(b) > 0, 1, -1).mean()),
    "the sign alone": lambda a, b: float(np.sign((signs(a) * signs(b)).sum())),
    "the distance, one minus it": lambda a, b: 1 - tau(a, b, lambda x, y: np.sqrt(x * y)),
    "pairs with the last number left out": lambda a, b: tau(np.asarray(a)[:-1], np.asarray(b)[:-1], lambda x, y: np.sqrt(x * y)),
})


def along(gradient, rows, blank, places, weigh=None, change=None):
    rows, blank = np.asarray(rows, dtype=float), np.asarray(blank, dtype=float)
    change = rows - blank if change is None else change
    slopes = np.mean([np.asarray(gradient(blank + place * (rows - blank)), dtype=float) for place in places], axis=0)
    return (slopes * change).sum(axis=1)


several("path_gradients", {
    "one step whatever is asked": lambda g, x, b, s: along(g, x, b, [0.5]),
    "both ends included": lambda g, x, b, s: along(g, x, b, np.linspace(0, 1, s + 1)),
    "the gradient at the blank alone": lambda g, x, b, s: along(g, x, b, [0.0]),
    "one step more": lambda g, x, b, s: along(g, x, b, (np.arange(s + 1) + 0.5) / (s + 1)),
    "the change turned round": lambda g, x, b, s: -along(g, x, b, (np.arange(s) + 0.5) / s),
    "a path from nothing": lambda g, x, b, s: (np.mean([np.asarray(g(p * np.asarray(x, float)), float) for p in (np.arange(s) + 0.5) / s], axis=0) * (np.asarray(x, float) - b)).sum(axis=1),
    "one number for all tokens": lambda g, x, b, s: np.full(len(x), along(g, x, b, (np.arange(s) + 0.5) / s).sum()),
    "shares of one": lambda g, x, b, s: (lambda y: y / y.sum())(along(g, x, b, (np.arange(s) + 0.5) / s)) if len(x) > 1 else np.ones(1),
    "sums over tokens": lambda g, x, b, s: np.resize((np.mean([np.asarray(g(np.asarray(b, float) + p * (np.asarray(x, float) - b)), float) for p in (np.arange(s) + 0.5) / s], axis=0) * (np.asarray(x, float) - b)).sum(axis=0), len(x)),
})
several("same_sum_weights", {
    "small directions left out": lambda a, v: np.asarray(a, float) @ with_ones(v) @ np.linalg.pinv(with_ones(v), rcond=0.1),
    "both projections added": lambda a, v: onto(a, v) + onto(a, np.ones((len(v), 1))),
})
several("path_gradients", {
    "points between the ends": lambda g, x, b, s: along(g, x, b, (np.arange(s) + 1) / (s + 1)),
    "points of the best quadrature": lambda g, x, b, s: along(g, x, b, (np.polynomial.legendre.leggauss(s)[0] + 1) / 2),
})
