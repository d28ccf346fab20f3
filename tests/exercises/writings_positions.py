"""Right answers to the exercises of the part on positions, written differently."""

from __future__ import annotations

import cmath
import math

import numpy as np

RIGHT: list[tuple[str, object]] = []


def right(name):
    def add(function):
        RIGHT.append((f"positions.{name}", function))
        return function
    return add


@right("sinusoidal")
def sinusoidal_in_loops(n, width):
    table = []
    for p in range(n):
        hands = [cmath.exp(1j * p * math.exp(-math.log(10000) * 2 * i / width)) for i in range(width // 2)]
        table.append([part for hand in hands for part in (hand.imag, hand.real)])
    return table


@right("sinusoidal")
def sinusoidal_in_float32(n, width):
    angles = np.outer(np.arange(n), 10000.0 ** (-(np.arange(width) // 2) * 2 / width))
    return np.where(np.arange(width) % 2, np.cos(angles), np.sin(angles)).astype(np.float32)


@right("shift_rotation")
def shift_rotation_by_solving(width, shift):
    """The one matrix that maps enough signals onto their successors."""
    angles = np.outer(np.arange(width) * 40.0, 10000.0 ** (-np.arange(0, width, 2) / width))
    moved = angles + shift * 10000.0 ** (-np.arange(0, width, 2) / width)
    here, there = (np.stack([np.sin(a), np.cos(a)], -1).reshape(width, width) for a in (angles, moved))
    return np.linalg.solve(here, there).T


@right("add_positions")
def add_positions_token_by_token(x, signal, start):
    out = np.array(x)
    for b in range(x.shape[0]):
        for t in range(x.shape[1]):
            out[b, t] = out[b, t] * x.shape[2] ** 0.5 + signal[start + t]
    return out


@right("rotary")
def rotary_by_complex_numbers(x, p):
    out = np.empty(x.shape)
    for t, position in enumerate(p):
        for i in range(x.shape[1] // 2):
            turned = complex(*x[t, 2 * i : 2 * i + 2]) * cmath.exp(1j * position * 10000 ** (-2 * i / x.shape[1]))
            out[t, 2 * i : 2 * i + 2] = turned.real, turned.imag
    return out


@right("alibi")
def alibi_entry_by_entry(n_heads, q_pos, k_pos):
    ratio = 2 ** (-8 / n_heads)
    return [[[-abs(int(q) - int(k)) * ratio ** (h + 1) for k in k_pos] for q in q_pos] for h in range(n_heads)]


@right("distance_bucket")
def distance_bucket_by_its_edges(distance, n_buckets, max_distance):
    exact = n_buckets // 2
    edges = [exact * (max_distance / exact) ** (j / exact) for j in range(1, exact)]
    return [r if r < exact else exact + sum(r >= edge for edge in edges) for r in distance.tolist()]


@right("carry_over")
def carry_over_row_by_row(w, n_heads):
    out, width = np.empty_like(w), len(w) // n_heads
    for h in range(n_heads):
        for i in range(width // 2):
            out[h * width + i] = w[h * width + 2 * i]
            out[h * width + width // 2 + i] = w[h * width + 2 * i + 1]
    return out
