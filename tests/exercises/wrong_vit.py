"""Wrong answers to the exercises on vision transformers, other than their mutants: what is wrong, the answer, its true names."""

from __future__ import annotations

import numpy as np

WRONG: list[tuple] = []


def several(name, answers, names=None):
    for what, function in answers.items():
        WRONG.append((f"variants.{name}", what, function, (names or {}).get(what, ())))


# -- overlapping_patches ---------------------------------------------------------------------------------------------


def cut(x, size, stride, tall=None, wide=None, change=lambda square: square):
    x = np.asarray(x, dtype=float)
    tops = range(0, x.shape[2] - size + 1, stride) if tall is None else tall
    lefts = range(0, x.shape[3] - size + 1, stride) if wide is None else wide
    return np.stack([change(x[:, :, i : i + size, j : j + size]).reshape(len(x), -1) for i in tops for j in lefts], axis=1)


several("overlapping_patches", {
    "stride of 1 always": lambda x, size, stride: cut(x, size, 1),
    "stride down, size across": lambda x, size, stride: cut(x, size, stride, wide=range(0, x.shape[3] - size + 1, size)),
    "size down, stride across": lambda x, size, stride: cut(x, size, stride, tall=range(0, x.shape[2] - size + 1, size)),
    "first image for all": lambda x, size, stride: np.repeat(cut(x[:1], size, stride), len(x), axis=0),
    "first channel for all": lambda x, size, stride: cut(np.repeat(x[:, :1], x.shape[1], axis=1), size, stride),
    "channels added": lambda x, size, stride: np.tile(cut(np.asarray(x, dtype=float).sum(1, keepdims=True), size, stride), (1, 1, x.shape[1])),
    "patches before the batch": lambda x, size, stride: np.swapaxes(cut(x, size, stride), 0, 1),
    "the mean of each patch": lambda x, size, stride: np.repeat(cut(x, size, stride).mean(-1, keepdims=True), x.shape[1] * size**2, axis=-1),
    "mirrored within": lambda x, size, stride: cut(x, size, stride, change=lambda s: s[..., ::-1]),
    "upside down within": lambda x, size, stride: cut(x, size, stride, change=lambda s: s[..., ::-1, :]),
    "patches from behind": lambda x, size, stride: cut(x, size, stride)[:, ::-1],
    "channels from behind": lambda x, size, stride: cut(x, size, stride, change=lambda s: s[:, ::-1]),
    "height for width": lambda x, size, stride: cut(x, size, stride, wide=range(0, min(x.shape[2], x.shape[3]) - size + 1, stride)),
    "width for height": lambda x, size, stride: cut(x, size, stride, tall=range(0, min(x.shape[2], x.shape[3]) - size + 1, stride)),
    "every pixel once": lambda x, size, stride: cut(x, size, size)[:, : cut(x, size, stride).shape[1]],
    "shifted by one pixel": lambda x, size, stride: cut(np.roll(x, 1, axis=3), size, stride),
    "rounded": lambda x, size, stride: cut(x, size, stride).round(1),
    "zeros": lambda x, size, stride: 0 * cut(x, size, stride),
    "squares of size plus one, cut": lambda x, size, stride: cut(np.pad(x, ((0, 0), (0, 0), (1, 0), (1, 0))), size, stride)[:, : cut(x, size, stride).shape[1]],
})


# -- resized_places --------------------------------------------------------------------------------------------------


def line(n, g, offset=0.5, back=0.5):
    u = np.clip((np.arange(n) + offset) * g / n - back, 0, g - 1)
    return np.maximum(0, 1 - np.abs(u[:, None] - np.arange(g)))


def laid(places, down, across, rows=line, columns=line, first=None):
    places = np.asarray(places, dtype=float)
    g = round((len(places) - 1) ** 0.5)
    new = np.kron(rows(down, g), columns(across, g)) @ places[1:]
    return np.concatenate([places[:1] if first is None else first(places), new])


def smooth(n, g):
    u = np.clip((np.arange(n) + 0.5) * g / n - 0.5, 0, g - 1)
    w = np.maximum(0, 1 - np.abs(u[:, None] - np.arange(g)))
    return w**2 * (3 - 2 * w) / (w**2 * (3 - 2 * w)).sum(-1, keepdims=True)


def near(n, g):
    return np.eye(g)[np.minimum(np.arange(n) * g // n, g - 1)]


several("resized_places", {
    "no half at the new centre": lambda p, a, b: laid(p, a, b, *(lambda n, g: line(n, g, 0.0),) * 2),
    "no half taken back": lambda p, a, b: laid(p, a, b, *(lambda n, g: line(n, g, 0.5, 0.0),) * 2),
    "neither half": lambda p, a, b: laid(p, a, b, *(lambda n, g: line(n, g, 0.0, 0.0),) * 2),
    "nearest down, linear across": lambda p, a, b: laid(p, a, b, near, line),
    "linear down, nearest across": lambda p, a, b: laid(p, a, b, line, near),
    "a smoother curve": lambda p, a, b: laid(p, a, b, smooth, smooth),
    "the class token is the mean": lambda p, a, b: laid(p, a, b, first=lambda p: p[1:].mean(0, keepdims=True)),
    "the class token is zero": lambda p, a, b: laid(p, a, b, first=lambda p: 0 * p[:1]),
    "the class token is the first patch": lambda p, a, b: laid(p, a, b, first=lambda p: p[1:2]),
    "the class token at the end": lambda p, a, b: np.roll(laid(p, a, b), -1, axis=0),
    "rows from below": lambda p, a, b: np.concatenate([laid(p, a, b)[:1], laid(p, a, b)[1:].reshape(a, b, -1)[::-1].reshape(a * b, -1)]),
    "columns from the right": lambda p, a, b: np.concatenate([laid(p, a, b)[:1], laid(p, a, b)[1:].reshape(a, b, -1)[:, ::-1].reshape(a * b, -1)]),
    "written downward": lambda p, a, b: np.concatenate([laid(p, a, b)[:1], laid(p, a, b)[1:].reshape(a, b, -1).swapaxes(0, 1).reshape(a * b, -1)]),
    "the mean for all": lambda p, a, b: np.concatenate([np.asarray(p[:1], dtype=float), np.tile(np.asarray(p[1:], dtype=float).mean(0), (a * b, 1))]),
    "cut off or repeated": lambda p, a, b: np.concatenate([np.asarray(p[:1], dtype=float), np.resize(np.asarray(p[1:], dtype=float), (a * b, len(p[0])))]),
    "scaled by the size": lambda p, a, b: laid(p, a, b) * np.sqrt((len(p) - 1) / (a * b)),
    "one number for all features": lambda p, a, b: np.repeat(laid(p, a, b)[:, :1], len(p[0]), axis=1),
    "two digits": lambda p, a, b: laid(p, a, b).round(1),
})


# -- class_token_map -------------------------------------------------------------------------------------------------


def shown(w, r, across, size, shares=None, big=lambda grid, size: np.kron(grid, np.ones((size, size)))):
    row = np.asarray(w, dtype=float).mean(0)[0][1 + r :] if shares is None else shares(np.asarray(w, dtype=float))
    return big((row / row.sum()).reshape(-1, across), size)


several("class_token_map", {
    "the class token kept, the last patch dropped": lambda w, r, across, size: shown(w, r, across, size, lambda a: a.mean(0)[0][r : a.shape[1] - 1]),
    "one register too many": lambda w, r, across, size: shown(w, r, across, size, lambda a: np.roll(a.mean(0)[0], -1)[1 + r :]),
    "the largest over heads": lambda w, r, across, size: shown(w, r, across, size, lambda a: a.max(0)[0][1 + r :]),
    "the last head": lambda w, r, across, size: shown(w, r, across, size, lambda a: a[-1, 0, 1 + r :]),
    "the second token asks": lambda w, r, across, size: shown(w, r, across, size, lambda a: a.mean(0)[1][1 + r :]),
    "divided by the largest": lambda w, r, across, size: shown(w, r, across, size) / shown(w, r, across, size).max(),
    "divided by all pixels": lambda w, r, across, size: shown(w, r, across, size) / size**2,
    "times the number of patches": lambda w, r, across, size: shown(w, r, across, size) * (len(w[0]) - 1 - r),
    "uniform": lambda w, r, across, size: shown(w, r, across, size, lambda a: np.ones(a.shape[1] - 1 - r)),
    "upside down": lambda w, r, across, size: shown(w, r, across, size)[::-1],
    "mirrored": lambda w, r, across, size: shown(w, r, across, size)[:, ::-1],
    "repeated down alone": lambda w, r, across, size: shown(w, r, across, size, big=lambda grid, size: np.repeat(grid, size, axis=0)),
    "repeated across, tiled down": lambda w, r, across, size: shown(w, r, across, size, big=lambda grid, size: np.tile(np.repeat(grid, size, axis=1), (size, 1))),
    "repeated down, tiled across": lambda w, r, across, size: shown(w, r, across, size, big=lambda grid, size: np.tile(np.repeat(grid, size, axis=0), (1, size))),
    "softmax once more": lambda w, r, across, size: shown(w, r, across, size, lambda a: np.exp(a.mean(0)[0][1 + r :])),
    "each head made to add up first": lambda w, r, across, size: shown(w, r, across, size, lambda a: (a[:, 0, 1 + r :] / a[:, 0, 1 + r :].sum(-1, keepdims=True)).mean(0)),
    "flat": lambda w, r, across, size: shown(w, r, across, size).ravel(),
    "two digits": lambda w, r, across, size: shown(w, r, across, size).round(1),
})
