"""Wrong answers to the exercises on positions, other than their mutants: what is wrong, the answer, its true names."""

from __future__ import annotations

import numpy as np

from attnlab.reference import positions

WRONG: list[tuple] = []


def several(name, answers, names=None):
    for what, function in answers.items():
        WRONG.append((f"positions.{name}", what, function, (names or {}).get(what, ())))


def soft(z, axis=-1):
    powers = np.exp(z - z.max(axis=axis, keepdims=True))
    return powers / powers.sum(axis=axis, keepdims=True)


# -- sinusoidal ------------------------------------------------------------------------------------------------------


def signals(p, width, speeds=None):
    p = np.asarray(p, dtype=float)
    speeds = positions.frequencies(width) if speeds is None else speeds
    turned = p[:, None] * speeds
    return np.stack([np.sin(turned), np.cos(turned)], axis=-1).reshape(len(p), width)


several("sinusoidal", {
    "the pair's number for twice the pair's number": lambda n, w: signals(np.arange(n), w, 10000.0 ** (-np.arange(w // 2) / w)),
    "turns for radians": lambda n, w: signals(2 * np.pi * np.arange(n), w),
    "degrees for radians": lambda n, w: signals(np.deg2rad(np.arange(n)), w),
    "slow pairs first": lambda n, w: signals(np.arange(n), w, positions.frequencies(w)[::-1]),
    "speeds that fall in a straight line": lambda n, w: signals(np.arange(n), w, np.linspace(1, 1e-4, w // 2)),
    "base e to the tenth": lambda n, w: signals(np.arange(n), w, positions.frequencies(w, np.e**10)),
    "the last position first": lambda n, w: signals(np.arange(n), w)[::-1],
    "positions as a share of the text": lambda n, w: signals(np.arange(n) / n, w),
    "rows of length one": lambda n, w: signals(np.arange(n), w) / np.sqrt(w / 2),
    "sines alone": lambda n, w: np.repeat(signals(np.arange(n), w)[:, 0::2], 2, axis=1),
    "the sine's sign turned": lambda n, w: signals(-np.arange(n), w),
    "a table of 512 rows, repeated": lambda n, w: signals(np.arange(n) % 512, w),
    "positions cut off at 1000": lambda n, w: signals(np.minimum(np.arange(n), 1000), w),
    "one row as a vector": lambda n, w: np.squeeze(signals(np.arange(n), w)),
    "two digits": lambda n, w: signals(np.arange(n), w).round(2),
    "whole numbers": lambda n, w: signals(np.arange(n), w).astype(int),
    "the last pair stands still": lambda n, w: signals(np.arange(n), w, positions.frequencies(w) * (np.arange(w // 2) < max(w // 2 - 1, 1))),
    "a shape of width by n": lambda n, w: signals(np.arange(n), w).T,
})

# -- shift_rotation --------------------------------------------------------------------------------------------------


def turning(angles):
    out, even = np.zeros((2 * len(angles),) * 2), np.arange(0, 2 * len(angles), 2)
    out[even, even] = out[even + 1, even + 1] = np.cos(angles)
    out[even, even + 1], out[even + 1, even] = np.sin(angles), -np.sin(angles)
    return out


several("shift_rotation", {
    "the shift's sign forgotten": lambda w, s: turning(abs(s) * positions.frequencies(w)),
    "one position too far": lambda w, s: turning((s + 1) * positions.frequencies(w)),
    "slow pairs first": lambda w, s: turning(s * positions.frequencies(w)[::-1]),
    "the pair's number for twice the pair's number": lambda w, s: turning(s * 10000.0 ** (-np.arange(w // 2) / w)),
    "base 1000": lambda w, s: turning(s * positions.frequencies(w, 1000.0)),
    "only the first pair turned": lambda w, s: turning(s * positions.frequencies(w) * (np.arange(w // 2) == 0)) + 1e-9,
    "small angles": lambda w, s: np.eye(w) + (turning(s * positions.frequencies(w)) - turning(-s * positions.frequencies(w))) / 2,
    "a few terms of the exponential": lambda w, s: sum(np.linalg.matrix_power(
        s * turning(positions.frequencies(w) * 0 + np.pi / 2) * np.repeat(positions.frequencies(w), 2), k) / float(np.prod(range(1, k + 1)))
        for k in range(24)),
    "the shift as turns": lambda w, s: turning(2 * np.pi * s * positions.frequencies(w)),
    "both sines with a plus": lambda w, s: np.abs(turning(s * positions.frequencies(w))),
    "sines made positive": lambda w, s: turning(np.abs(np.arcsin(np.sin(s * positions.frequencies(w))))),
    "the signal itself on the diagonal": lambda w, s: np.diag(signals([s], w)[0]),
    "shifts above 100 cut off": lambda w, s: turning(np.clip(s, -100, 100) * positions.frequencies(w)),
    "a width of 6, whatever was asked": lambda w, s: turning(s * positions.frequencies(6)),
    "the identity": lambda w, s: np.eye(w),
})

# -- add_positions ---------------------------------------------------------------------------------------------------


def rows_at(x, signal, start):
    return signal[start:start + x.shape[-2]]


several("add_positions", {
    "the root of 10, whatever the width": lambda x, u, s: x * np.sqrt(10) + rows_at(x, u, s),
    "the root of the number of tokens": lambda x, u, s: x * np.sqrt(x.shape[1]) + rows_at(x, u, s),
    "divided by the root": lambda x, u, s: x / np.sqrt(x.shape[-1]) + rows_at(x, u, s),
    "the root of the number of positions": lambda x, u, s: x * np.sqrt(len(u)) + rows_at(x, u, s),
    "one position late": lambda x, u, s: x * np.sqrt(x.shape[-1]) + u[s + 1:s + 1 + x.shape[1]],
    "one position early": lambda x, u, s: x * np.sqrt(x.shape[-1]) + u[np.arange(s, s + x.shape[1]) - 1],
    "the last rows of the table": lambda x, u, s: x * np.sqrt(x.shape[-1]) + u[len(u) - x.shape[1]:],
    "rows in reverse": lambda x, u, s: x * np.sqrt(x.shape[-1]) + rows_at(x, u, s)[::-1],
    "the signal taken off": lambda x, u, s: x * np.sqrt(x.shape[-1]) - rows_at(x, u, s),
    "the signal of the first text alone": lambda x, u, s: x * np.sqrt(x.shape[-1]) + rows_at(x, u, s) * (np.arange(len(x)) == 0)[:, None, None],
    "every text further on": lambda x, u, s: x * np.sqrt(x.shape[-1]) + u[(s + np.arange(len(x))[:, None] + np.arange(x.shape[1])) % len(u)],
    "the signal scaled instead": lambda x, u, s: x + np.sqrt(x.shape[-1]) * rows_at(x, u, s),
    "the first text for all": lambda x, u, s: np.broadcast_to(x[:1] * np.sqrt(x.shape[-1]) + rows_at(x, u, s), x.shape),
    "no signal": lambda x, u, s: x * np.sqrt(x.shape[-1]),
    "unit rows": lambda x, u, s: x / np.linalg.norm(x, axis=-1, keepdims=True) * np.sqrt(x.shape[-1]) + rows_at(x, u, s),
    "a batch of one lost": lambda x, u, s: np.squeeze(x * np.sqrt(x.shape[-1]) + rows_at(x, u, s)),
    "the table from the row numbers of all texts": lambda x, u, s: (x * np.sqrt(x.shape[-1])).reshape(-1, x.shape[-1]).reshape(x.shape)
    + u[(s + np.arange(x.shape[0] * x.shape[1]).reshape(x.shape[:2])) % len(u)],
})

# -- table_gradient --------------------------------------------------------------------------------------------------


def summed(d_x, p, n):
    out = np.zeros((n, d_x.shape[-1]))
    np.add.at(out, p.ravel(), d_x.reshape(-1, d_x.shape[-1]))
    return out


several("table_gradient", {
    "row 0 left out, as if it were padding": lambda d, p, n: summed(d, p, n) * (np.arange(n) > 0)[:, None],
    "the mean over texts": lambda d, p, n: summed(d, p, n) / len(d),
    "the mean over tokens of a text": lambda d, p, n: summed(d, p, n) / d.shape[1],
    "divided by the root of the uses": lambda d, p, n: summed(d, p, n) / np.sqrt(np.maximum(np.bincount(p.ravel(), minlength=n), 1))[:, None],
    "each row's first use alone": lambda d, p, n: np.array([d[p == r][0] if (p == r).any() else d[0, 0] * 0 for r in range(n)]),
    "each row's largest": lambda d, p, n: np.array([d[p == r].max(axis=0) if (p == r).any() else d[0, 0] * 0 for r in range(n)]),
    "times the number of uses": lambda d, p, n: summed(d, p, n) * np.bincount(p.ravel(), minlength=n)[:, None],
    "as many rows as positions met": lambda d, p, n: summed(d, p, p.max() + 1),
    "rows in reverse": lambda d, p, n: summed(d, p, n)[::-1],
    "downhill": lambda d, p, n: -summed(d, p, n),
    "one row late": lambda d, p, n: np.roll(summed(d, p, n), 1, axis=0),
    "sums from row to row": lambda d, p, n: np.cumsum(summed(d, p, n), axis=0),
    "every feature the same": lambda d, p, n: np.repeat(summed(d, p, n).mean(axis=1, keepdims=True), d.shape[-1], axis=1),
    "the last text left out": lambda d, p, n: summed(d[:-1], p[:-1], n) if len(d) > 1 else summed(d, p, n),
    "repeated within a text counted once": lambda d, p, n: sum(summed(d[b][np.unique(p[b], return_index=True)[1]],
                                                                     np.unique(p[b]), n) for b in range(len(d))),
    "counts": lambda d, p, n: np.repeat(np.bincount(p.ravel(), minlength=n)[:, None], d.shape[-1], axis=1) * 1.0,
    "positions above 4 in row 4": lambda d, p, n: summed(d, np.minimum(p, 4), n),
}, {"row 0 left out, as if it were padding": ("row_zero_taken_for_padding",)})

# -- position_ids ----------------------------------------------------------------------------------------------------


def counted(m):
    return np.cumsum(m, axis=1) - 1


several("position_ids", {
    "counted from the first real token, padding behind counted on": lambda m: np.maximum(np.arange(m.shape[1]) - m.argmax(axis=1)[:, None], 0),
    "tokens before, padding behind counted": lambda m: np.cumsum(m, axis=1) - m,
    "the first text's padding for all": lambda m: np.where(m, np.arange(m.shape[1]) - m[0].argmax(), 0),
    "counted on from text to text": lambda m: np.where(m, np.cumsum(m).reshape(m.shape) - 1, 0),
    "numbered in the batch": lambda m: np.where(m, np.arange(m.size).reshape(m.shape), 0),
    "columns at real tokens": lambda m: np.where(m, np.arange(m.shape[1]), 0),
    "padding at 2": lambda m: np.where(m, counted(m), 2),
    "padding on the left alone": lambda m: np.where(m[:, -1:], np.where(m, counted(m), 0), np.where(m, np.arange(m.shape[1]), 0)),
    "padding counted": lambda m: np.where(m, 0, np.cumsum(~m, axis=1)),
    "the length of the text": lambda m: np.where(m, m.sum(axis=1, keepdims=True) - 1, 0),
    "truth values": lambda m: m & ~m,
    "halves": lambda m: np.where(m, counted(m) / 2, 0),
    "at most three": lambda m: np.where(m, np.minimum(counted(m), 3), 0),
    "negative for padding behind": lambda m: np.where(m | (counted(m) < 0), np.maximum(counted(m), 0), -1),
    "as text": lambda m: np.squeeze(np.where(m, counted(m), 0)),
})

# -- stretch_table ---------------------------------------------------------------------------------------------------


def between(rows, at):
    low = np.clip(np.floor(at).astype(int), 0, len(rows) - 2)
    share = (at - low)[:, None]
    return (1 - share) * rows[low] + share * rows[low + 1]


def stretched(at, special=lambda t, kept: t[:kept]):
    return lambda t, n, kept: np.concatenate([special(t, kept), between(t[kept:], at(len(t) - kept, n))])


def steps(m, n):
    return np.linspace(0, m - 1, n)


several("stretch_table", {
    "steps of (m - 1) / n": stretched(lambda m, n: np.arange(n) * (m - 1) / n),
    "the row below": stretched(lambda m, n: np.floor(steps(m, n) + 1e-9)),
    "the row above": stretched(lambda m, n: np.ceil(steps(m, n) - 1e-9)),
    "cut off where it should shrink": lambda t, n, kept: t[:kept + n] if n < len(t) - kept else stretched(steps)(t, n, kept),
    "kept rows behind": lambda t, n, kept: np.roll(stretched(steps)(t, n, kept), -kept, axis=0),
    "one kept row always": lambda t, n, kept: stretched(steps)(t, n, 1),
    "n rows in all": lambda t, n, kept: stretched(steps)(t, n - kept, kept) if n - kept > 1 else t[:n],
    "kept rows as zeros": stretched(steps, lambda t, kept: t[:kept] * 0),
    "shares smoothed": stretched(lambda m, n: np.floor(steps(m, n)) + (lambda s: s * s * (3 - 2 * s))(steps(m, n) % 1)),
    "places in reverse": stretched(lambda m, n: steps(m, n)[::-1]),
    "unit rows": lambda t, n, kept: (lambda out: out / np.linalg.norm(out, axis=1, keepdims=True))(stretched(steps)(t, n, kept) + 1e-12),
    "rows repeated": lambda t, n, kept: np.concatenate([t[:kept], t[kept:][np.arange(n) % (len(t) - kept)]]),
    "whole numbers for a table of whole numbers": lambda t, n, kept: stretched(steps)(t, n, kept).astype(t.dtype),
    "the mean of both neighbours": stretched(lambda m, n: np.where(steps(m, n) % 1 > 1e-9, np.floor(steps(m, n)) + 0.5, steps(m, n))),
    "the mean row for all": lambda t, n, kept: np.concatenate([t[:kept], np.tile(t[kept:].mean(axis=0), (n, 1))]),
    "the nearest row where it shrinks": lambda t, n, kept: stretched(lambda m, n: np.round(steps(m, n)) if n < m else steps(m, n))(t, n, kept),
    "the last place lost": lambda t, n, kept: stretched(steps)(t, n, kept)[:-1],
    "steps of m / n, cut off at the last row": stretched(lambda m, n: np.minimum(np.arange(n) * m / n, m - 1)),
}, {"steps of (m - 1) / n": ("last_place_not_reached",)})

# -- rotary ----------------------------------------------------------------------------------------------------------


def turned(x, p, speeds=None):
    return positions.rotary(np.asarray(x, dtype=float), p, speeds)


several("rotary", {
    "the pair's number for twice the pair's number": lambda x, p: turned(x, p, 10000.0 ** (-np.arange(x.shape[1] // 2) / x.shape[1])),
    "slow pairs first": lambda x, p: turned(x, p, positions.frequencies(x.shape[1])[::-1]),
    "turned twice": lambda x, p: turned(turned(x, p), p),
    "positions counted from the first row's": lambda x, p: turned(x, p - p[0]),
    "positions in rising order": lambda x, p: turned(x, np.sort(p)),
    "the first position for all": lambda x, p: turned(x, np.full(len(p), p[0])),
    "counted from one": lambda x, p: turned(x, p + 1),
    "turns for radians": lambda x, p: turned(x, 2 * np.pi * p),
    "degrees for radians": lambda x, p: turned(x, np.deg2rad(p)),
    "only half of the features": lambda x, p: np.hstack([turned(x, p)[:, :2 * (x.shape[1] // 4)], x[:, 2 * (x.shape[1] // 4):]]),
    "a table of 1024 positions, repeated": lambda x, p: turned(x, p % 1024),
    "a table of 512 positions, its last row for the rest": lambda x, p: turned(x, np.minimum(p, 511)),
    "cosines alone": lambda x, p: x * np.repeat(np.cos(positions.angles(p, positions.frequencies(x.shape[1]))), 2, axis=1),
    "whole numbers for a table of whole numbers": lambda x, p: turned(x, p).astype(x.dtype),
    "the two of a pair exchanged": lambda x, p: turned(x.reshape(len(x), -1, 2)[..., ::-1].reshape(x.shape), p),
    "unit rows": lambda x, p: turned(x, p) / np.linalg.norm(x, axis=1, keepdims=True),
    "rows in another order": lambda x, p: turned(x, p)[::-1],
    "the last pair left alone": lambda x, p: np.hstack([turned(x, p)[:, :-2], x[:, -2:]]),
    "speeds in a straight line": lambda x, p: turned(x, p, np.linspace(1, 1e-4, x.shape[1] // 2)),
})

# -- alibi -----------------------------------------------------------------------------------------------------------


def biased(slopes, gap):
    return lambda h, q, k: -slopes(h)[:, None, None] * gap(q[:, None], k[None, :])


def straight(q, k):
    return np.abs(q - k)


several("alibi", {
    "powers of e": biased(lambda h: np.exp(-8 * np.arange(1, h + 1) / h), straight),
    "heads in reverse": biased(lambda h: positions.alibi_slopes(h)[::-1], straight),
    "distance squared": biased(positions.alibi_slopes, lambda q, k: (q - k) ** 2),
    "the logarithm of the distance": biased(positions.alibi_slopes, lambda q, k: np.log1p(np.abs(q - k))),
    "distance plus one": biased(positions.alibi_slopes, lambda q, k: np.abs(q - k) + 1),
    "distance at most 7": biased(positions.alibi_slopes, lambda q, k: np.minimum(np.abs(q - k), 7)),
    "later keys hidden": lambda h, q, k: np.where(k[None, :] > q[:, None], -np.inf, positions.alibi(h, q, k)),
    "earlier keys for nothing": biased(positions.alibi_slopes, lambda q, k: np.maximum(k - q, 0)),
    "queries and keys exchanged": lambda h, q, k: positions.alibi(h, k, q),
    "heads behind": lambda h, q, k: np.moveaxis(positions.alibi(h, q, k), 0, -1),
    "the same ratio for any number of heads": biased(lambda h: 2.0 ** (-8 * np.arange(1, h + 1) / 16), straight),
    "slopes that fall in a straight line": biased(lambda h: np.linspace(0.5, 2.0**-8, h), straight),
    "slopes one step too gentle": biased(lambda h: 2.0 ** (-8 * np.arange(2, h + 2) / h), straight),
    "counted from the newest": lambda h, q, k: -positions.alibi_slopes(h)[:, None, None] * (max(q.max(), k.max()) - k[None, :] + 0 * q[:, None]),
    "counted from the first key": lambda h, q, k: positions.alibi(h, q - k[0] + 1, k - k[0]),
    "one head's axis lost": lambda h, q, k: np.squeeze(positions.alibi(h, q, k)),
    "averaged over heads": lambda h, q, k: np.broadcast_to(positions.alibi(h, q, k).mean(axis=0), (h, len(q), len(k))),
    "at most 16 heads": lambda h, q, k: positions.alibi(min(h, 16), q, k),
    "the slope as a power": lambda h, q, k: np.moveaxis(-np.abs(q[:, None] - k)[..., None] ** positions.alibi_slopes(h), -1, 0),
})

# -- distance_bucket -------------------------------------------------------------------------------------------------


def bucketed(wide, exact=lambda n: n // 2, last=lambda n: n - 1):
    def sort(r, n, far):
        e = exact(n)
        return np.where(r < e, r, np.minimum(wide(np.maximum(r, e) / e, far / e, e), last(n))).astype(int)
    return sort


def growing(ratio, far, e):
    return e + np.floor(e * np.log(ratio) / np.log(far))


several("distance_bucket", {
    "rounded up and one less": bucketed(lambda r, far, e: e - 1 + np.ceil(e * np.log(r) / np.log(far))),
    "rounded up": bucketed(lambda r, far, e: e + np.ceil(e * np.log(r) / np.log(far))),
    "the first wide bucket skipped": bucketed(lambda r, far, e: growing(r, far, e) + 1),
    "one wide bucket less": bucketed(growing, last=lambda n: n - 2),
    "the root of the share": bucketed(lambda r, far, e: e + np.floor(e * np.sqrt(np.minimum(np.log(r) / np.log(far), 1)))),
    "roots for logarithms": bucketed(lambda r, far, e: e + np.floor(e * (np.sqrt(r) - 1) / (np.sqrt(far) - 1))),
    "128 always": lambda r, n, far: bucketed(growing)(r, n, 128),
    "32 buckets always": lambda r, n, far: bucketed(growing)(r, 32, max(far, 17)),
    "the distance itself, cut off": lambda r, n, far: np.minimum(r, n - 1),
    "divided by the largest": lambda r, n, far: np.minimum(r * n // far, n - 1),
    "no division by the exact half below": bucketed(lambda r, far, e: e + np.floor(e * np.log(r) / np.log(far * e))),
    "beyond the largest dropped to 0": lambda r, n, far: np.where(r > far, 0, bucketed(growing)(r, n, far)),
    "distances in rising order": lambda r, n, far: bucketed(growing)(np.sort(r), n, far),
    "counted from one": lambda r, n, far: bucketed(growing)(r, n, far) + 1,
    "in reverse": lambda r, n, far: n - 1 - bucketed(growing)(r, n, far),
    "one less": lambda r, n, far: np.maximum(bucketed(growing)(r, n, far) - 1, 0),
    "not rounded": lambda r, n, far: np.where(r < n // 2, r, np.minimum(
        n // 2 * (1 + np.log(np.maximum(r, n // 2) / (n // 2)) / np.log(far / (n // 2))), n - 1)),
    "powers of two": lambda r, n, far: np.where(r < n // 2, r, np.minimum(n // 2 + np.floor(np.log2(np.maximum(r, n // 2) / (n // 2))), n - 1)).astype(int),
    "always in the last": lambda r, n, far: np.full(len(r), n - 1),
})

# -- carry_over ------------------------------------------------------------------------------------------------------


def reordered(order):
    def move(w, h):
        d = len(w) // h
        return w.reshape(h, d, -1)[:, order(d)].reshape(w.shape)
    return move


several("carry_over", {
    "rows in reverse within a head": reordered(lambda d: np.arange(d)[::-1]),
    "halves exchanged": reordered(lambda d: np.roll(np.arange(d), d // 2)),
    "neighbours exchanged": reordered(lambda d: np.arange(d) ^ 1),
    "applied twice": lambda w, h: reordered(positions.adjacent_to_halves)(reordered(positions.adjacent_to_halves)(w, h), h),
    "the first head alone": lambda w, h: np.concatenate([reordered(positions.adjacent_to_halves)(w, h)[:len(w) // h], w[len(w) // h:]]),
    "odd rows in reverse": reordered(lambda d: np.r_[0:d:2, d - 1:0:-2]),
    "odd rows with a minus": lambda w, h: reordered(positions.adjacent_to_halves)(w, h) * np.tile(np.repeat([1, -1], len(w) // h // 2), h)[:, None],
    "number and width of heads exchanged": lambda w, h: w.reshape(-1, h, w.shape[1]).swapaxes(0, 1).reshape(w.shape),
    "rows and columns": lambda w, h: reordered(positions.adjacent_to_halves)(w, h)[:, ::-1],
    "fast pairs last": reordered(lambda d: np.r_[d - 2:-1:-2, d - 1:0:-2] if d > 1 else np.arange(d)),
    "a permutation of 6 rows, whatever the width": lambda w, h: w[np.concatenate([np.arange(len(w)).reshape(-1, 2)[:, 0], np.arange(len(w)).reshape(-1, 2)[:, 1]])]
    if len(w) // h != 6 else reordered(positions.adjacent_to_halves)(w, h),
    "in three parts": reordered(lambda d: np.r_[0:d:3, 1:d:3, 2:d:3]),
    "sorted rows": lambda w, h: np.sort(w, axis=0),
    "heads in pairs": lambda w, h: w.reshape(h, -1, 2, w.shape[1]).swapaxes(0, 1).reshape(w.shape),
    "whole numbers": lambda w, h: reordered(positions.adjacent_to_halves)(w, h).astype(int),
})

# -- new_directions --------------------------------------------------------------------------------------------------


def further(limit, trained_less=1, length_less=1, least=np.less):
    return lambda w, trained, length: least(w * (trained - trained_less), limit) & (w * (length - length_less) > w * (trained - trained_less))


several("new_directions", {
    **{f"less than {limit} radians": further(limit) for limit in (1, 2, 3, 4, 5, 6, 6.5, 7, 10, 12.5, 180)},
    "exactly a turn counted as less": further(2 * np.pi, least=np.less_equal),
    "two turns": further(4 * np.pi),
    "four turns": further(8 * np.pi),
    "the length for the largest offset of the training alone": lambda w, t, n: (w * t < 2 * np.pi) & (n > t) & (w > 0),
    "a pair that stands still marked": lambda w, t, n: (w * (t - 1) < 2 * np.pi) & (n > t),
    "as far as before counted": lambda w, t, n: (w * (t - 1) < 2 * np.pi) & (n >= t) & (w > 0),
    "only pairs that come round now": lambda w, t, n: (w * (t - 1) < 2 * np.pi) & (w * (n - 1) >= 2 * np.pi),
    "pairs that had come round": lambda w, t, n: (w * (t - 1) >= 2 * np.pi) & (n > t),
    "the slower half": lambda w, t, n: (w < np.median(w)) & (n > t),
    "never": lambda w, t, n: np.zeros(len(w), bool),
    "always": lambda w, t, n: np.ones(len(w), bool),
    "the slowest alone": lambda w, t, n: (w == w.min()) & (n > t),
    "wavelengths for speeds": lambda w, t, n: (2 * np.pi * w > t - 1) & (n > t),
    "one answer for all": lambda w, t, n: bool(n > t),
    "the largest angle of the long text, reduced to a turn": lambda w, t, n: (w * (n - 1)) % (2 * np.pi) > (w * (t - 1)) % (2 * np.pi),
    "counted the other way": lambda w, t, n: further(2 * np.pi)(w, n, t),
    "two less": further(2 * np.pi, 2, 2),
}, {"less than 1 radians": ("full_turns_forgotten",), "the length for the largest offset of the training alone": ("length_for_largest_offset",)})

# -- banded_speeds ---------------------------------------------------------------------------------------------------


def banded(share, mix=lambda w, kept, s: kept * w + (1 - kept) * w / s):
    return lambda w, s, n, slow, fast: mix(w, np.clip(share(w * n / (2 * np.pi), slow, fast, w, n), 0, 1), s)


def ramp(turns, slow, fast, w, n):
    return (turns - slow) / (fast - slow)


several("banded_speeds", {
    "a ramp in the logarithm": banded(lambda t, slow, fast, w, n: np.log(t / slow) / np.log(fast / slow)),
    "a smooth ramp": banded(lambda t, slow, fast, w, n: (lambda s: s * s * (3 - 2 * s))(np.clip(ramp(t, slow, fast, w, n), 0, 1))),
    "a ramp from 0": banded(lambda t, slow, fast, w, n: t / fast),
    "a ramp over the pairs": banded(lambda t, slow, fast, w, n: np.linspace(1, 0, len(w))),
    "borders of 1 and 4 always": banded(lambda t, slow, fast, w, n: ramp(t, 1, 4, w, n)),
    "borders of 1 and 32 always": banded(lambda t, slow, fast, w, n: ramp(t, 1, 32, w, n)),
    "the largest offset for the length": banded(lambda t, slow, fast, w, n: ramp(w * (n - 1) / (2 * np.pi), slow, fast, w, n)),
    "half turns": banded(lambda t, slow, fast, w, n: ramp(2 * t, slow, fast, w, n)),
    "whole turns": banded(lambda t, slow, fast, w, n: ramp(np.floor(t), slow, fast, w, n)),
    "a product of both": banded(ramp, lambda w, kept, s: w * s ** (kept - 1)),
    "wavelengths mixed": banded(ramp, lambda w, kept, s: 1 / (kept / w + (1 - kept) * s / w)),
    "divided by the root of the factor": banded(ramp, lambda w, kept, s: kept * w + (1 - kept) * w / np.sqrt(s)),
    "shares that do not add up": banded(ramp, lambda w, kept, s: kept * w + w / s),
    "slow pairs stopped": banded(ramp, lambda w, kept, s: kept * w),
    "the slowest pairs stopped": lambda w, s, n, slow, fast: np.where(w * n / (2 * np.pi) < 0.15 * slow, 0, banded(ramp)(w, s, n, slow, fast)),
    "very slow pairs kept": lambda w, s, n, slow, fast: np.where(w < 3e-4, w, banded(ramp)(w, s, n, slow, fast)),
    "no pair between": lambda w, s, n, slow, fast: np.where(w * n / (2 * np.pi) >= fast, w, w / s),
    "a factor of 8 always": lambda w, s, n, slow, fast: banded(ramp)(w, 8, n, slow, fast),
    "unchanged": lambda w, s, n, slow, fast: w,
    "scaled lengths": lambda w, s, n, slow, fast: banded(ramp)(w, s, n * s, slow, fast),
})

# -- loss_by_place ---------------------------------------------------------------------------------------------------


def by_place(cut):
    return lambda losses, edges: np.array([cut(losses, a, b) for a, b in zip(edges[:-1], edges[1:])])


several("loss_by_place", {
    "the median": by_place(lambda x, a, b: np.median(x[:, a:b])),
    "the worst": by_place(lambda x, a, b: x[:, a:b].max()),
    "the first position alone": by_place(lambda x, a, b: x[:, a].mean()),
    "the first position left out": by_place(lambda x, a, b: x[:, a + 1:b].mean() if b - a > 1 else x[:, a:b].mean()),
    "the last position left out": by_place(lambda x, a, b: x[:, a:b - 1].mean() if b - a > 1 else x[:, a:b].mean()),
    "one position late": by_place(lambda x, a, b: x[:, a + 1:b + 1].mean()),
    "to the end of the text": by_place(lambda x, a, b: x[:, a:].mean()),
    "the first text alone": by_place(lambda x, a, b: x[0, a:b].mean()),
    "summed over texts": by_place(lambda x, a, b: x[:, a:b].mean(axis=1).sum()),
    "summed over positions": by_place(lambda x, a, b: x[:, a:b].sum(axis=1).mean()),
    "less than the mean of the text": by_place(lambda x, a, b: x[:, a:b].mean() - x.mean()),
    "the deviation": by_place(lambda x, a, b: x[:, a:b].std()),
    "each text by itself": lambda x, edges: np.array([x[:, a:b].mean(axis=1) for a, b in zip(edges[:-1], edges[1:])]),
    "the rest added": lambda x, edges: np.array([x[:, a:b].mean() for a, b in zip(edges, [*edges[1:], x.shape[1]]) if b > a] + [0.0]),
    "the last range forgotten": lambda x, edges: by_place(lambda x, a, b: x[:, a:b].mean())(x, edges[:-1]),
    "from the beginning whatever the first edge": lambda x, edges: by_place(lambda x, a, b: x[:, a:b].mean())(x, np.r_[0, edges[1:]]),
    "the geometric mean": by_place(lambda x, a, b: np.exp(np.log(x[:, a:b] + 1e-12).mean())),
    "divided by the number of texts once more": by_place(lambda x, a, b: x[:, a:b].mean() / len(x)),
    "range widths for edges": lambda x, edges: by_place(lambda x, a, b: x[:, a:b].mean())(x, np.r_[0, np.cumsum(np.diff(edges))]),
})

# -- rotary_in_a_picture ---------------------------------------------------------------------------------------------


def in_picture(first, second, speeds=lambda h: positions.frequencies(h)):
    def turn(x, rows, columns):
        h = x.shape[1] // 2
        return np.hstack([turned(x[:, :h], first(rows, columns), speeds(h)), turned(x[:, h:], second(rows, columns), speeds(h))])
    return turn


def row(rows, columns):
    return rows


def column(rows, columns):
    return columns


several("rotary_in_a_picture", {
    "columns for both": in_picture(column, column),
    "the second half left alone": in_picture(row, lambda r, c: 0 * c),
    "the first half left alone": in_picture(lambda r, c: 0 * r, column),
    "columns turned backwards": in_picture(row, lambda r, c: -c),
    "both turned backwards": in_picture(lambda r, c: -r, lambda r, c: -c),
    "the row added to the column": in_picture(row, lambda r, c: r + c),
    "the column added to the row": in_picture(lambda r, c: r + c, column),
    "slow pairs first": in_picture(row, column, lambda h: positions.frequencies(h)[::-1]),
    "counted from one": in_picture(lambda r, c: r + 1, lambda r, c: c + 1),
    "counted from the first patch": in_picture(lambda r, c: r - r[0], lambda r, c: c - c[0]),
    "counted from the centre": in_picture(lambda r, c: r - r.mean(), lambda r, c: c - c.mean()),
    "one speed for all": in_picture(row, column, lambda h: np.ones(h // 2)),
    "base 100": in_picture(row, column, lambda h: positions.frequencies(h, 100.0)),
    "halves paired within each half": lambda x, r, c: np.hstack([positions.rotary(part, p, rotate=positions.rotate_halves)
                                                                 for part, p in zip(np.split(x, 2, axis=1), (r, c))]),
    "even features by the row, odd ones by the column": lambda x, r, c: np.stack(
        [turned(x[:, 0::2], r), turned(x[:, 1::2], c)], axis=-1).reshape(x.shape),
    "signals added": lambda x, r, c: x + np.hstack([signals(p, x.shape[1] // 2) for p in (r, c)]),
    "rows of a square picture": lambda x, r, c: turned(x, r * int(np.sqrt(len(x))) + c),
    "turned by both, one after the other": lambda x, r, c: turned(turned(x, r), -c),
    "whole numbers": lambda x, r, c: in_picture(row, column)(x, r, c).round(),
    "eight features alone": lambda x, r, c: in_picture(row, column)(x, r, c) if x.shape[1] == 8 else turned(x, r),
}, {"base 100": ("exponent_of_the_whole_width",)})

# -- cached_alibi ----------------------------------------------------------------------------------------------------


def newest(bias=lambda back, slope: -slope * back, seen=lambda back: back >= 0, scale=None, top=None, fill=-np.inf, axis=-1):
    def attend(q, k, v, slope):
        n, m = len(q), len(k)
        back = (np.arange(n) + m - n)[:, None] - np.arange(m)
        s = q @ k.T / np.sqrt(q.shape[1] if scale is None else scale(q, k, v)) + bias(back, slope)
        hidden = np.where(seen(back), s, fill)
        highest = hidden.max(axis=axis, keepdims=True) if top is None else top(s, hidden)
        with np.errstate(all="ignore"):
            w = np.exp(hidden - highest)
            return w / w.sum(axis=axis, keepdims=True) @ v
    return attend


several("cached_alibi", {
    "no maximum": newest(top=lambda s, hidden: 0.0),
    "one maximum for all rows": newest(top=lambda s, hidden: hidden.max()),
    "the mean for the maximum": newest(top=lambda s, hidden: s.mean(axis=1, keepdims=True)),
    "the maximum of all keys, hidden ones too": newest(top=lambda s, hidden: s.max(axis=1, keepdims=True)),
    "700 for the maximum": newest(top=lambda s, hidden: 700.0),
    "a fill of -30": newest(fill=-30.0),
    "a fill of -100": newest(fill=-100.0),
    "a fill of -10,000": newest(fill=-1e4),
    "a fill of 0": newest(fill=0.0),
    "distance squared": newest(lambda back, slope: -slope * back**2),
    "the logarithm of the distance": newest(lambda back, slope: -slope * np.log1p(np.abs(back))),
    "distance at most 5": newest(lambda back, slope: -slope * np.minimum(back, 5)),
    "a window of 8": newest(seen=lambda back: (back >= 0) & (back < 8)),
    "the own key hidden": newest(seen=lambda back: (back > 0) | (back == back.max())),
    "one key of the future": newest(seen=lambda back: back >= -1),
    "a mask from the top left": lambda q, k, v, slope: newest(seen=lambda back: back >= len(k) - len(q))(q, k, v, slope),
    "a bias from the top left": lambda q, k, v, slope: newest(lambda back, s: -s * np.abs(back - len(k) + len(q)))(q, k, v, slope),
    "scaled by the values' width": newest(scale=lambda q, k, v: v.shape[1]),
    "scaled by the number of keys": newest(scale=lambda q, k, v: len(k)),
    "softmax over the queries": newest(axis=0),
    "a slope of one half": lambda q, k, v, slope: newest()(q, k, v, 0.5),
    "the slope's exponential as a factor": newest(lambda back, slope: np.log(np.maximum(1 - slope * back / 20, 1e-9))),
    "newest tokens in reverse": lambda q, k, v, slope: newest()(q[::-1], k, v, slope)[::-1],
    "keys in reverse": lambda q, k, v, slope: newest()(q, k[::-1], v[::-1], slope),
    "no softmax": lambda q, k, v, slope: (q @ k.T / np.sqrt(q.shape[1])) @ v,
}, {"no maximum": ("no_max_subtraction",), "one maximum for all rows": ("one_maximum_for_all_rows",),
    "the maximum of all keys, hidden ones too": ("maximum_over_hidden_keys",), "a mask from the top left": ("cached_queries_at_zero",)})

# -- knows_only_offsets ----------------------------------------------------------------------------------------------


def still(score, *shifts, atol=1e-9, p=np.arange(12)):
    return all(np.abs(score(p, p) - score(p + s, p + s)).max() <= atol for s in shifts)


several("knows_only_offsets", {
    **{f"shifted by {s} alone": lambda score, s=s: still(score, s) for s in (7, 10, 13, 40, 50, 100, 997, 1000, 64, 67)},
    "shifted by 10 and 1000": lambda score: still(score, 10, 1000),
    "shifted by 1 and 2": lambda score: still(score, 1, 2),
    "always True": lambda score: True,
    "always False": lambda score: False,
    **{f"a tolerance of {t}": lambda score, t=t: still(score, 1, 3, 997, atol=t) for t in (0.1, 0.01, 0.001)},
    "a tolerance of 1e-15": lambda score: still(score, 1, 3, 997, atol=1e-15),
    "the sums compared": lambda score: abs(score(np.arange(12), np.arange(12)).sum() - score(np.arange(12) + 997, np.arange(12) + 997).sum()) < 1e-6,
    "the first score alone": lambda score: still(score, 1, 3, 997, p=np.arange(1)),
    "the diagonal alone": lambda score: bool(np.allclose(np.diag(score(np.arange(12), np.arange(12))), np.diag(score(np.arange(12) + 997, np.arange(12) + 997)))),
    "the shapes compared": lambda score: score(np.arange(12), np.arange(12)).shape == (12, 12),
    "queries moved alone": lambda score: bool(np.allclose(score(np.arange(12), np.arange(12)), score(np.arange(12) + 3, np.arange(12)))),
    "no negative numbers": lambda score: bool((score(np.arange(12), np.arange(12)) >= -99).all()),
    "finite": lambda score: bool(np.isfinite(score(np.arange(12), np.arange(12))).all()),
    "right turned round": lambda score: not still(score, 1, 3, 997),
}, {"shifted by 13 alone": ("small_shift_only",), "shifted by 1 and 2": ("small_shift_only",), "shifted by 10 and 1000": ("round_shift_only",),
    "shifted by 100 alone": ("round_shift_only",), "shifted by 1000 alone": ("round_shift_only",),
    "a tolerance of 1e-15": ("honest_rounding_rejected",), "queries moved alone": ("keys_moved_alone",)})
