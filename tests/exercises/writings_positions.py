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


@right("table_gradient")
def table_gradient_by_adding_at(d_x, p, max_len):
    table = np.zeros((max_len, d_x.shape[-1]), dtype=np.float32)
    np.add.at(table, p.reshape(-1), d_x.reshape(-1, d_x.shape[-1]))
    return table


@right("position_ids")
def position_ids_token_by_token(is_token):
    out = []
    for row in is_token.tolist():
        seen, ids = 0, []
        for real in row:
            ids.append(seen if real else 0)
            seen += real
        out.append(ids)
    return out


@right("stretch_table")
def stretch_table_feature_by_feature(table, n, kept):
    rows = table[kept:]
    at = [i * (len(rows) - 1) / (n - 1) for i in range(n)]
    columns = [np.interp(at, range(len(rows)), rows[:, f]) for f in range(table.shape[1])]
    return np.vstack([table[:kept], np.transpose(columns)])


@right("banded_speeds")
def banded_speeds_pair_by_pair(speeds, factor, trained, slow, fast):
    out = []
    for speed in speeds:
        wavelength = 2 * math.pi / speed
        if wavelength <= trained / fast:
            out.append(speed)
        elif wavelength >= trained / slow:
            out.append(speed / factor)
        else:
            smooth = (trained / wavelength - slow) / (fast - slow)
            out.append((1 - smooth) * speed / factor + smooth * speed)
    return out


@right("new_directions")
def new_directions_by_counting(speeds, trained, length):
    return [bool(length > trained and speed > 0 and speed * (trained - 1) / math.tau < 1) for speed in speeds]


@right("loss_by_place")
def loss_by_place_with_running_sums(losses, edges):
    total = np.concatenate([[0], np.cumsum(losses.mean(axis=0))])
    return np.diff(total[edges]) / np.diff(edges)


@right("knows_only_offsets")
def knows_only_offsets_for_other_queries(score):
    q_pos, k_pos = np.array([3, 11, 40]), np.arange(7)
    rounded = [np.round(score(q_pos + s, k_pos + s), 7) for s in (0, 1, 73, 2001)]
    return all((np.abs(one - rounded[0]) < 1e-6).all() for one in rounded)


@right("rotary_in_a_picture")
def rotary_in_a_picture_by_complex_numbers(x, rows, columns):
    h, out = x.shape[1] // 2, np.array(x, dtype=float)
    for t in range(len(x)):
        for i in range(x.shape[1] // 2):
            place, pair = (rows[t], i) if 2 * i < h else (columns[t], i - h // 2)
            z = complex(*x[t, 2 * i : 2 * i + 2]) * cmath.exp(1j * place * 10000 ** (-2 * pair / h))
            out[t, 2 * i : 2 * i + 2] = z.real, z.imag
    return out


@right("cached_alibi")
def cached_alibi_from_the_newest_token(q, k, v, slope):
    out = []
    for i in range(len(q)):
        end = len(k) - len(q) + i + 1
        s = k[:end] @ q[i] / math.sqrt(len(q[i])) - slope * (len(k) - 1 - np.arange(end))
        w = np.exp(s - s.max())
        out.append(w @ v[:end] / w.sum())
    return np.array(out)
