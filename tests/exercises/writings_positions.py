"""Right answers to the exercises of the part on positions, written differently."""

from __future__ import annotations

import cmath
import math

import numpy as np
from right_ways import collector

RIGHT, right = collector("positions")


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


@right("sinusoidal")
def sinusoidal_column_by_column(n, width):
    table = np.zeros((n, width), order="F")
    speed = 1.0
    for i in range(0, width, 2):
        table[:, i] = [math.sin(p * speed) for p in range(n)]
        table[:, i + 1] = np.sin(np.arange(n) * speed + np.pi / 2)
        speed *= math.exp(-2 * math.log(10000) / width)
    return table


@right("shift_rotation")
def shift_rotation_as_a_product(width, shift):
    """The matrix of one step, multiplied by itself, or its transpose."""
    step = np.zeros((width, width))
    for i in range(0, width, 2):
        b = 10000.0 ** (-i / width)
        step[i : i + 2, i : i + 2] = [[math.cos(b), math.sin(b)], [-math.sin(b), math.cos(b)]]
    return np.linalg.matrix_power(step if shift >= 0 else step.T, abs(shift)).astype(np.float32)


@right("add_positions")
def add_positions_in_single_precision(x, signal, start):
    x *= np.sqrt(x.shape[-1])
    x += np.take(signal, range(start, start + x.shape[1]), axis=0)[None]
    return list(x.astype(np.float32))


@right("rotary")
def rotary_by_matrices(x, p):
    """One rotation matrix a token and pair, in single precision."""
    n, d = x.shape
    angles = np.outer(p, [10000 ** (-i / d) for i in range(0, d, 2)])
    matrices = np.array([[np.cos(angles), -np.sin(angles)], [np.sin(angles), np.cos(angles)]])
    return np.einsum("abti,tib->tia", matrices, x.reshape(n, d // 2, 2)).reshape(n, d).astype(np.float32)


@right("rotary")
def rotary_with_a_turned_copy(x, p):
    speeds = np.repeat(1 / 10000 ** (np.arange(0, x.shape[1], 2) / x.shape[1]), 2)
    turned = np.stack([-x[:, 1::2], x[:, 0::2]], axis=-1).reshape(x.shape)
    return x * np.cos(np.outer(p, speeds)) + turned * np.sin(np.outer(p, speeds))


@right("alibi")
def alibi_head_by_head(n_heads, q_pos, k_pos):
    gap = np.where(q_pos[:, None] > k_pos, q_pos[:, None] - k_pos, k_pos - q_pos[:, None])
    return np.stack([gap / -(2.0 ** (8 * h / n_heads)) for h in range(1, n_heads + 1)]).astype(np.float32)


@right("distance_bucket")
def distance_bucket_one_by_one(distance, n_buckets, max_distance):
    exact, out = n_buckets // 2, []
    for r in distance:
        if r >= exact:
            r = min(exact + int(math.log(r / exact, max_distance / exact) * exact + 1e-9), n_buckets - 1)
        out.append(float(r))
    return out


@right("carry_over")
def carry_over_by_a_permutation_matrix(w, n_heads):
    width = len(w) // n_heads
    order = [2 * i for i in range(width // 2)] + [2 * i + 1 for i in range(width // 2)]
    matrix = np.kron(np.eye(n_heads), np.eye(width)[order])
    return np.asfortranarray(matrix @ w)


@right("table_gradient")
def table_gradient_by_one_hot_vectors(d_x, p, max_len):
    return sum(np.eye(max_len)[row].T @ d for row, d in zip(p, d_x))


@right("table_gradient")
def table_gradient_feature_by_feature(d_x, p, max_len):
    return np.transpose([np.bincount(p.ravel(), d_x[..., f].ravel(), max_len) for f in range(d_x.shape[-1])])


@right("position_ids")
def position_ids_from_the_first_token(is_token):
    first = np.argmax(is_token, axis=1)
    return ((np.arange(is_token.shape[1]) - first[:, None]) * is_token).astype(np.float32)


@right("stretch_table")
def stretch_table_by_a_matrix(table, n, kept):
    """Shares as a table of hats, one for each old row."""
    m = len(table) - kept
    at = np.arange(n) * (m - 1) / (n - 1)
    shares = np.maximum(1 - np.abs(at[:, None] - np.arange(m)), 0)
    return [*table[:kept].tolist(), *(shares @ table[kept:]).tolist()]


@right("banded_speeds")
def banded_speeds_in_single_precision(speeds, factor, trained, slow, fast):
    turns = (speeds * trained / np.float32(2 * np.pi)).astype(np.float32)
    slowed = np.interp(turns, [slow, fast], [1 / factor, 1])
    return (speeds * slowed).astype(np.float32)


@right("new_directions")
def new_directions_in_degrees(speeds, trained, length):
    before = np.degrees(speeds) * (trained - 1)
    return np.logical_and.reduce([before < 360, speeds > 0, np.full(len(speeds), length > trained)]).tolist()


@right("loss_by_place")
def loss_by_place_at_once(losses, edges):
    inside = losses[:, edges[0] : edges[-1]].mean(axis=0, dtype=np.float32)
    return np.add.reduceat(inside, edges[:-1] - edges[0]) / np.diff(edges)


@right("knows_only_offsets")
def knows_only_offsets_at_random_places(score):
    rng, p = np.random.default_rng(5), np.arange(12)
    here = score(p, p[:5])
    return np.bool_(all(np.allclose(here, score(p + s, p[:5] + s), atol=1e-7) for s in rng.integers(1, 5000, size=20)))


@right("rotary_in_a_picture")
def rotary_in_a_picture_by_quarters(x, rows, columns):
    n, width = x.shape
    speeds = 10000.0 ** (-4 * np.arange(width // 4) / width)
    angle = np.concatenate([np.outer(rows, speeds), np.outer(columns, speeds)], axis=1)
    z = x.reshape(n, -1, 2) @ np.array([1, 1j]) * np.exp(1j * angle)
    return np.stack([z.real, z.imag], axis=-1).reshape(n, width).astype(np.float32)


@right("cached_alibi")
def cached_alibi_with_a_large_fill(q, k, v, slope):
    n, m = len(q), len(k)
    back = np.subtract.outer(np.arange(m - n, m), np.arange(m))
    s = np.einsum("id,jd->ij", q, k) * q.shape[1] ** -0.5 - slope * np.abs(back)
    s[back < 0] = -1e9
    w = np.exp((s - s.max(1)[:, None]).astype(np.float32))
    return np.einsum("ij,jd->id", w, v) / w.sum(1)[:, None]
