"""Right answers to the exercises on vision transformers, written differently from the solutions."""

from __future__ import annotations

import math

import numpy as np
from right_ways import collector

RIGHT, right = collector("variants")


@right("overlapping_patches")
def patches_in_six_loops(images, size, stride):
    out = []
    for image in images:
        rows = []
        top = 0
        while top + size <= len(image[0]):
            left = 0
            while left + size <= len(image[0][0]):
                rows.append([channel[top + i][left + j] for channel in image for i in range(size) for j in range(size)])
                left += stride
            top += stride
        out.append(rows)
    return out


@right("overlapping_patches")
def patches_by_a_view(images, size, stride):
    windows = np.lib.stride_tricks.sliding_window_view(images, (size, size), axis=(2, 3))[:, :, ::stride, ::stride]
    return windows.transpose(0, 2, 3, 1, 4, 5).reshape(len(images), -1, images.shape[1] * size * size)


@right("overlapping_patches")
def patches_by_an_index_in_float32(images, size, stride):
    x = np.asarray(images, dtype=np.float32)
    i = np.arange(0, x.shape[2] - size + 1, stride)[:, None, None, None] + np.arange(size)[:, None]
    j = np.arange(0, x.shape[3] - size + 1, stride)[:, None, None] + np.arange(size)
    cut = x[:, :, i, j]
    return np.moveaxis(cut, 1, 3).reshape(len(x), -1, x.shape[1] * size**2)


@right("resized_places")
def places_in_loops(places, down, across):
    g, d = math.isqrt(len(places) - 1), len(places[0])

    def split(i, n):
        u = min(max((i + 0.5) * g / n - 0.5, 0.0), g - 1.0)
        low = int(u)
        return [(low, 1 - (u - low)), (min(low + 1, g - 1), u - low)]

    out = [[float(x) for x in places[0]]]
    for i in range(down):
        for j in range(across):
            out.append([sum(a * b * float(places[1 + r * g + c][f]) for r, a in split(i, down) for c, b in split(j, across)) for f in range(d)])
    return out


@right("resized_places")
def places_by_interp(places, down, across):
    g = int(round(np.sqrt(len(places) - 1)))
    grid = np.asarray(places[1:], dtype=float).reshape(g, g, -1)
    old = (np.arange(g) + 0.5) / g
    rows, columns = (np.arange(down) + 0.5) / down, (np.arange(across) + 0.5) / across
    wide = np.array([[np.interp(columns, old, grid[r, :, f]) for f in range(grid.shape[2])] for r in range(g)])  # g, d, across
    tall = np.array([[np.interp(rows, old, wide[:, f, c]) for c in range(across)] for f in range(grid.shape[2])])  # d, across, down
    return np.vstack([places[0], tall.transpose(2, 1, 0).reshape(down * across, -1)])


@right("resized_places")
def places_by_hats(places, down, across):
    g = round((len(places) - 1) ** 0.5)

    def hats(n):
        u = np.clip((np.arange(n) + 0.5) * g / n - 0.5, 0, g - 1)
        return np.maximum(0, 1 - np.abs(u[:, None] - np.arange(g)))

    return np.concatenate([places[:1], np.kron(hats(down), hats(across)) @ places[1:]])


@right("class_token_map")
def map_in_loops(weights, n_registers, across, size):
    heads, tokens = len(weights), len(weights[0])
    shares = [sum(float(weights[h][0][t]) for h in range(heads)) for t in range(1 + n_registers, tokens)]
    total, down = sum(shares), len(shares) // across
    return [[shares[(y // size) * across + x // size] / total for x in range(across * size)] for y in range(down * size)]


@right("class_token_map")
def map_by_kron(weights, n_registers, across, size):
    rows = weights[:, 0, 1 + n_registers :].sum(axis=0)
    return np.kron((rows / rows.sum()).reshape(-1, across), np.ones((size, size)))


@right("class_token_map")
def map_by_broadcasting_in_float32(weights, n_registers, across, size):
    shares = np.asarray(weights, dtype=np.float32)[:, 0].mean(0)[-(weights.shape[1] - 1 - n_registers) :]
    grid = (shares / shares.sum()).reshape(-1, 1, across, 1)
    return np.broadcast_to(grid, (grid.shape[0], size, across, size)).reshape(grid.shape[0] * size, across * size).copy()
