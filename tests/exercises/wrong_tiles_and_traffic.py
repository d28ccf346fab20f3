"""Wrong answers to exercises on tiles, traffic, windows and merges, other than their mutants: what is wrong, the answer, its true names."""

from __future__ import annotations

import math

import numpy as np

from attnlab import reference
from attnlab.kernels.traffic import Slow

WRONG: list[tuple] = []


def several(name, answers, names=None):
    for what, function in answers.items():
        WRONG.append((f"efficiency.{name}", what, function, (names or {}).get(what, ())))


# -- window_detective ------------------------------------------------------------------------------------------------

WORDS = ("correct", "one too wide", "one too narrow", "sees the future", "no far end")


def seen(attend, n, place):
    nothing = np.zeros((n, 1))
    return attend(nothing, nothing, np.eye(n))[place] > 0


def by_count(count, size, shift=0):
    return {size: "correct", size + 1: "one too wide", size - 1: "one too narrow"}.get(int(count) + shift, "no far end")


def found(length, place=lambda n, size: n - 2, future=True, shift=0):
    def verdict(attend, size):
        n = length(size)
        row = seen(attend, n, place(n, size))
        if future and row[place(n, size) + 1:].any():
            return "sees the future"
        return by_count(row.sum(), size, shift)
    return verdict


several("window_detective", {
    **{f'always "{word}"': lambda attend, size, word=word: word for word in WORDS},
    "a text of 10": found(lambda size: 10),
    "a text of 16": found(lambda size: 16),
    "a text of 32": found(lambda size: 32),
    "no test of the future": found(lambda size: size + 3, future=False),
    "a query in the middle": found(lambda size: size + 5, lambda n, size: n // 2),
    "the query at the window's size less one": found(lambda size: size + 3, lambda n, size: size - 1),
    "the query at the window's size": found(lambda size: size + 3, lambda n, size: size),
    "one counted too many": found(lambda size: size + 4, shift=1),
    "the future for the right one": lambda attend, size: {"sees the future": "correct", "correct": "sees the future"}.get(
        found(lambda s: s + 4)(attend, size), found(lambda s: s + 4)(attend, size)),
    "wide and narrow exchanged": lambda attend, size: {"one too wide": "one too narrow", "one too narrow": "one too wide"}.get(
        found(lambda s: s + 4)(attend, size), found(lambda s: s + 4)(attend, size)),
    "capitals": lambda attend, size: found(lambda s: s + 4)(attend, size).capitalize(),
    "weights above a tenth": lambda attend, size: by_count((attend(*[np.zeros((size + 4, 1))] * 2, np.eye(size + 4))[size + 2] > 0.1).sum(), size),
    "the shape": lambda attend, size: "correct" if attend(*np.zeros((3, size + 4, 2))).shape == (size + 4, 2) else "no far end",
    "sums of weights": lambda attend, size: by_count(attend(*[np.zeros((size + 4, 1))] * 2, np.ones((size + 4, 1)))[size + 2].sum(), size),
}, {"the query at the window's size": ("far_end_not_tested",)})

# -- users_that_fit --------------------------------------------------------------------------------------------------


def fitting(cache=lambda t, layers, h, d, b: 2 * t * layers * h * d * b, rounded=math.floor, least=0, free=lambda m, w: m - w):
    def users(memory, weights, tokens, layers, kv_heads, d_head, bytes_each):
        return max(rounded(free(memory, weights) / cache(tokens, layers, kv_heads, d_head, bytes_each)), least)
    return users


several("users_that_fit", {
    "rounded to the nearest": fitting(rounded=round),
    "not rounded": fitting(rounded=float),
    "at least one": fitting(least=1),
    "three tables": fitting(lambda t, n, h, d, b: 3 * t * n * h * d * b),
    "the width ignored": fitting(lambda t, n, h, d, b: 2 * t * n * h * b),
    "tokens ignored": fitting(lambda t, n, h, d, b: 2 * n * h * d * b),
    "added instead of multiplied": fitting(lambda t, n, h, d, b: 2 * t * (n + h) * d * b),
    "the width squared": fitting(lambda t, n, h, d, b: 2 * t * n * h * d * d * b),
    "weights added": fitting(free=lambda m, w: m + w),
    "weights in numbers": lambda m, w, t, n, h, d, b: max((m - w * b) // (2 * t * n * h * d * b), 0),
    "one less": fitting(rounded=lambda x: math.floor(x) - 1),
    "one more": fitting(rounded=lambda x: math.floor(x) + 1),
    "strictly less than the memory": fitting(rounded=lambda x: math.ceil(x) - 1),
    "a tenth kept free": fitting(free=lambda m, w: 0.9 * m - w),
    "bits for bytes": fitting(lambda t, n, h, d, b: 2 * t * n * h * d * b / 8),
    "nobody where the weights fill half": lambda m, w, *rest: 0 if 2 * w > m else fitting()(m, w, *rest),
    "one where it just does not fit": lambda m, w, *rest: max(fitting()(m, w, *rest), int(m > w)),
    "always 7": lambda *numbers: 7,
    "the size without its sign": lambda m, w, *rest: fitting(least=-10**9)(m, w, *rest) if m > w else abs(fitting(least=-10**9)(m, w, *rest)),
    "two bytes always": lambda m, w, t, n, h, d, b: max((m - w) // (4 * t * n * h * d), 0),
})

# -- unmerge ---------------------------------------------------------------------------------------------------------


def share_of(lse, lse_2):
    return np.exp(lse_2 - lse)


def apart(out, lse, out_2, share):
    return (out - share[:, None] * out_2) / (1 - share)[:, None]


several("unmerge", {
    "the share the other way": lambda o, x, o2, x2: (apart(o, x, o2, np.exp(-np.abs(x - x2)) * 0.5), x + np.log1p(-share_of(x, x2))),
    "a difference of sizes": lambda o, x, o2, x2: (apart(o, x, o2, share_of(x, x2)), x - share_of(x, x2)),
    "the logarithm added with the wrong sign": lambda o, x, o2, x2: (apart(o, x, o2, share_of(x, x2)), x - np.log1p(-share_of(x, x2))),
    "the log-sum-exp of the part": lambda o, x, o2, x2: (apart(o, x, o2, share_of(x, x2)), x2),
    "log-sum-exp added": lambda o, x, o2, x2: (apart(o, x, o2, share_of(x, x2)), np.logaddexp(x, x2)),
    "the rest's log alone": lambda o, x, o2, x2: (apart(o, x, o2, share_of(x, x2)), np.log1p(-share_of(x, x2))),
    "base 2": lambda o, x, o2, x2: (apart(o, x, o2, np.exp2(x2 - x)), x + np.log2(1 - np.exp2(x2 - x))),
    "divided by the share": lambda o, x, o2, x2: ((o - share_of(x, x2)[:, None] * o2) / np.maximum(share_of(x, x2), 1e-9)[:, None], x + np.log1p(-share_of(x, x2))),
    "the part's output weighted by the rest": lambda o, x, o2, x2: ((o - (1 - share_of(x, x2))[:, None] * o2) / (1 - share_of(x, x2))[:, None], x + np.log1p(-share_of(x, x2))),
    "the first row's share for all": lambda o, x, o2, x2: (apart(o, x, o2, np.full(len(x), share_of(x, x2)[0])), x + np.log1p(-share_of(x, x2))),
    "rests below a hundredth cut off": lambda o, x, o2, x2: (apart(o, x, o2, np.minimum(share_of(x, x2), 0.99)), x + np.log1p(-share_of(x, x2))),
    "exponents cut off at 700": lambda o, x, o2, x2: ((np.exp(np.clip(x, -700, 700))[:, None] * o - np.exp(np.clip(x2, -700, 700))[:, None] * o2)
                                                      / (np.exp(np.clip(x, -700, 700)) - np.exp(np.clip(x2, -700, 700)) + 1e-300)[:, None], x + np.log1p(-share_of(x, x2))),
    "NaN for nothing to take away": lambda o, x, o2, x2: (apart(o, x, o2, share_of(x, x2)) + np.where(np.isinf(x2), np.nan, 0)[:, None], x + np.log1p(-share_of(x, x2))),
    "zeros for nothing to take away": lambda o, x, o2, x2: (np.where(np.isinf(x2)[:, None], 0, apart(o, x, o2, share_of(x, x2))), x + np.log1p(-share_of(x, x2))),
    "unchanged": lambda o, x, o2, x2: (o, x),
    "results exchanged": lambda o, x, o2, x2: (x + np.log1p(-share_of(x, x2)), apart(o, x, o2, share_of(x, x2))),
    "the mean row": lambda o, x, o2, x2: (np.broadcast_to(apart(o, x, o2, share_of(x, x2)).mean(axis=0), o.shape), x + np.log1p(-share_of(x, x2))),
})

# -- tree_merge ------------------------------------------------------------------------------------------------------


def joined(top, weigh=None, lse=None):
    def join(outs, lses):
        with np.errstate(all="ignore"):
            e = np.exp(lses - top(lses))
            w = e / e.sum(axis=0) if weigh is None else weigh(lses, e)
            total = top(lses) + np.log(e.sum(axis=0)) if lse is None else lse(lses, e)
            return (w[..., None] * outs).sum(axis=0), total
    return join


def largest(lses):
    return lses.max(axis=0)


several("tree_merge", {
    "no maximum": joined(lambda x: 0.0),
    "one maximum": joined(lambda x: x.max()),
    "the minimum for the maximum": joined(lambda x: x.min(axis=0)),
    "the mean for the maximum": joined(lambda x: x.mean(axis=0)),
    "the first worker for the maximum": joined(lambda x: x[0]),
    "700 for the maximum": joined(lambda x: 700.0),
    "1990 for the maximum": joined(lambda x: 1990.0),
    "the log-sum-exps' mean": joined(largest, lse=lambda x, e: x.mean(axis=0)),
    "the maximum not added": joined(largest, lse=lambda x, e: np.log(e.sum(axis=0))),
    "the log of the mean": joined(largest, lse=lambda x, e: x.max(axis=0) + np.log(e.mean(axis=0))),
    "weights by the log-sum-exps themselves": joined(largest, weigh=lambda x, e: x / x.sum(axis=0)),
    "weights over everything": joined(largest, weigh=lambda x, e: np.exp(x - x.max()) / np.exp(x - x.max()).sum()),
    "squared weights": joined(largest, weigh=lambda x, e: e**2 / (e**2).sum(axis=0)),
    "the heaviest worker alone": joined(largest, weigh=lambda x, e: (x == x.max(axis=0)) * 1.0),
    "weights the other way": joined(largest, weigh=lambda x, e: np.exp(x.min(axis=0) - x) / np.exp(x.min(axis=0) - x).sum(axis=0)),
    "the first two alone": lambda outs, lses: joined(largest)(outs[:2], lses[:2]),
    "pairs averaged": lambda outs, lses: (outs.mean(axis=0), joined(largest)(outs, lses)[1]),
    "all rows alike": lambda outs, lses: (np.broadcast_to(joined(largest)(outs, lses)[0].mean(axis=0), outs.shape[1:]), joined(largest)(outs, lses)[1]),
    "base 2": joined(largest, weigh=lambda x, e: np.exp2(x - x.max(axis=0)) / np.exp2(x - x.max(axis=0)).sum(axis=0)),
    "clipped at 50": lambda outs, lses: joined(largest)(outs, np.clip(lses, -50, 50)),
}, {"no maximum": ("no_common_maximum",), "one maximum": ("one_maximum_for_all_rows",),
    "pairs averaged": ("plain_average",)})

# -- traffic_closed_form ---------------------------------------------------------------------------------------------


def moved(once, each, blocks=lambda n, b: math.ceil(n / b)):
    return lambda n, d, b: once(n, d) + blocks(n, b) * each(n, d)


def both(n, d):
    return 2 * n * d


several("traffic_closed_form", {
    "two numbers a row": moved(lambda n, d: 2 * n * d + 2 * n, both),
    "outputs forgotten": moved(lambda n, d: n * d + n, both),
    "blocks in proportion": moved(lambda n, d: 2 * n * d + n, both, lambda n, b: n / b),
    "one block too many": moved(lambda n, d: 2 * n * d + n, both, lambda n, b: n // b + 1),
    "rounded to the nearest": moved(lambda n, d: 2 * n * d + n, both, lambda n, b: max(round(n / b), 1)),
    "at most 8 blocks": moved(lambda n, d: 2 * n * d + n, both, lambda n, b: min(math.ceil(n / b), 8)),
    "keys and values of the block alone": lambda n, d, b: 2 * n * d + n + math.ceil(n / b) * 2 * min(n, b) * d,
    "outputs stored for every block of keys": moved(lambda n, d: n * d + n, lambda n, d: 3 * n * d),
    "bytes": lambda n, d, b: 4 * (2 * n * d + n + math.ceil(n / b) * 2 * n * d),
    "the log-sum-exp of each block": lambda n, d, b: 2 * n * d + math.ceil(n / b) * (2 * n * d + n),
    "keys outside": lambda n, d, b: 2 * n * d + math.ceil(n / b) * (3 * n * d + 4 * n),
    "the width forgotten": lambda n, d, b: 2 * n + n + math.ceil(n / b) * 2 * n,
    "n squared": lambda n, d, b: 2 * n * d + n + n * n,
    "the last block by its size": lambda n, d, b: 2 * n * d + n + int(n / b * 2 * n * d),
}, {"keys outside": ("queries_reloaded",)})

# -- tiles_to_visit --------------------------------------------------------------------------------------------------


def windowed(near=lambda n, m, bq, bk: starts(m, bk)[None] <= last(n, m, bq)[:, None],
             far=lambda n, m, bq, bk, w: ends(m, bk)[None] > first(n, m, bq)[:, None] - w):
    """The right table, with the border of the future or the far end of the window open."""
    return lambda n, m, bq, bk, w: near(n, m, bq, bk) & far(n, m, bq, bk, w)


def starts(m, bk):
    return np.arange(0, m, bk)


def ends(m, bk):
    return np.minimum(starts(m, bk) + bk, m) - 1


def first(n, m, bq):
    return starts(n, bq) + m - n


def last(n, m, bq):
    return ends(n, bq) + m - n


def near_at(position, least=np.less_equal):
    return windowed(lambda n, m, bq, bk: least(starts(m, bk)[None], position(n, m, bq)[:, None]))


several("tiles_to_visit", {
    "one key of the future": near_at(lambda *a: last(*a) + 1),
    "the own key not counted": near_at(last, np.less),
    "the offset the other way": lambda n, m, bq, bk, w: (starts(m, bk)[None] <= (ends(n, bq) + n - m)[:, None]) & (ends(m, bk)[None] > (starts(n, bq) + n - m)[:, None] - w),
    "the offset the other way for the future": near_at(lambda n, m, bq: ends(n, bq) + n - m),
    "no offset for the far end": windowed(far=lambda n, m, bq, bk, w: ends(m, bk)[None] > starts(n, bq)[:, None] - w),
    "the offset never below 0": near_at(lambda n, m, bq: ends(n, bq) + max(m - n, 0)),
    "the offset in blocks": windowed(lambda n, m, bq, bk: np.arange(-(-m // bk))[None] <= (np.arange(-(-n // bq)) + (-(-m // bk)) - (-(-n // bq)))[:, None]),
    "the middle of a block": near_at(lambda n, m, bq: (first(n, m, bq) + last(n, m, bq)) // 2),
    "none on the diagonal": near_at(lambda *a: first(*a) - 1),
    "at least one tile a row": lambda n, m, bq, bk, w: windowed()(n, m, bq, bk, w) | (starts(m, bk) == 0)[None],
    "rows and columns exchanged": lambda n, m, bq, bk, w: windowed()(m, n, bk, bq, w).T,
    "from the last tile": lambda *a: windowed()(*a)[::-1, ::-1],
    "the tiles to skip": lambda *a: ~windowed()(*a),
    "blocks of keys as large as those of queries": lambda n, m, bq, bk, w: windowed()(n, m, bq, bq, w),
    "a window of 4, whatever is asked": lambda n, m, bq, bk, w: windowed()(n, m, bq, bk, 4),
    "a window in tiles": windowed(far=lambda n, m, bq, bk, w: np.arange(len(starts(m, bk)))[None] > np.arange(len(starts(n, bq)))[:, None] - w),
    "the window rounded up to tiles": lambda n, m, bq, bk, w: windowed()(n, m, bq, bk, -(-w // bk) * bk),
    "the window rounded down to tiles": lambda n, m, bq, bk, w: windowed()(n, m, bq, bk, max(w // bk * bk, 1)),
    "a window to both sides": windowed(lambda n, m, bq, bk: np.ones((len(starts(n, bq)), len(starts(m, bk))), bool),
                                       lambda n, m, bq, bk, w: (ends(m, bk)[None] > first(n, m, bq)[:, None] - w) & (starts(m, bk)[None] < last(n, m, bq)[:, None] + w)),
    "full blocks of keys beyond the end": windowed(far=lambda n, m, bq, bk, w: (starts(m, bk) + bk - 1)[None] > first(n, m, bq)[:, None] - w + bk),
    "the window of the last block for all": windowed(far=lambda n, m, bq, bk, w: np.broadcast_to(ends(m, bk) > first(n, m, bq)[-1] - w, (len(starts(n, bq)), len(starts(m, bk))))),
    "the far end never behind key 0": lambda n, m, bq, bk, w: windowed()(n, m, bq, bk, w) & (starts(m, bk)[None] >= (first(n, m, bq)[:, None] - w)),
    "8 tiles at most": lambda *a: windowed()(*a)[:8, :8],
    "a row a query": lambda n, m, bq, bk, w: np.repeat(windowed()(n, m, bq, bk, w), bq, axis=0)[:n],
    "0 and 1": lambda *a: windowed()(*a).astype(int),
}, {"the own key not counted": ("strict_diagonal_of_tiles",), "rows and columns exchanged": ("looks_at_the_future",)})

# -- traffic_score ---------------------------------------------------------------------------------------------------


def streamed(rows=16, keys=4, told=lambda memory: memory.traffic, start=-1e9, mix=lambda o, total: o / total, limit=None):
    def attend(memory, q, k, v):
        out, (n, d) = Slow(np.zeros(q.shape)), q.shape
        for i in range(0, n, rows):
            queries = memory.load(q[i:i + rows]) / np.sqrt(d)
            o, total, m = queries * 0, queries[:, :1] * 0, queries[:, :1] * 0 + start
            for j in range(0, limit or n, keys):
                s = queries @ memory.load(k[j:j + keys]).T
                new = np.maximum(m, s.max(axis=-1, keepdims=True))
                shrink, p, m = np.exp(m - new), np.exp(s - new), new
                total, o = shrink * total + p.sum(-1, keepdims=True), shrink * o + p @ memory.load(v[j:j + keys])
            memory.store(out[i:i + rows], mix(o, total))
        return out.numpy(), told(memory)
    return attend


def looked_at(memory, q, k, v):
    return reference.attention(q.numpy(), k.numpy(), v.numpy()), memory.traffic


def past_the_machine(memory, q, k, v):
    return reference.attention(q._array, k._array, v._array), memory.traffic


def copied_out(memory, q, k, v):
    q, k, v = (np.concatenate([np.array(memory.load(x[i:i + 20])) for i in range(0, len(x), 20)]).view(np.ndarray) for x in (q, k, v))
    return reference.attention(q, k, v), memory.traffic


several("traffic_score", {
    "the arrays read beside the machine": looked_at,
    "private arrays read": past_the_machine,
    "nothing stored": copied_out,
    "a score of 0": streamed(told=lambda memory: 0),
    "loads alone": streamed(told=lambda memory: memory.loads),
    "blocks too small": streamed(rows=4),
    "blocks too large": streamed(rows=61),
    "61 keys always": streamed(limit=61, keys=10),
    "the first 60 keys": streamed(limit=60),
    "not divided": streamed(mix=lambda o, total: o * 1),
    "a maximum that starts at 0": streamed(start=0.0),
    "uniform weights": streamed(start=-1e9, mix=lambda o, total: o / total * 0 + 0.1),
    "the largest weight alone": streamed(mix=lambda o, total: np.sign(o)),
    "nothing": lambda memory, q, k, v: (np.zeros(q.shape), 0),
    "zeros stored": lambda memory, q, k, v: (memory.store(Slow(np.zeros((5, 5))), memory.full((5, 5), 0.0)), np.zeros(q.shape), memory.traffic)[1:],
})

# -- shared_budget ---------------------------------------------------------------------------------------------------

SIZES = (16, 32, 64, 128, 256, 512, 1024)


def block(numbers=lambda q, bk, d, dv, s: q * d + s * bk * (d + dv), sizes=SIZES, bytes_of=lambda b: b, spare=0, none=0):
    def largest_block(budget, block_k, d_head, d_value, bytes_each, stages):
        fitting = [q for q in sizes if bytes_of(bytes_each) * numbers(q, block_k, d_head, d_value, stages) + spare <= budget]
        return max(fitting, default=none)
    return largest_block


several("shared_budget", {
    **{f"none above {most}": block(sizes=[q for q in SIZES if q <= most]) for most in (128, 256, 512)},
    **{f"none below {least}": block(sizes=[q for q in SIZES if q >= least]) for least in (32, 64, 128)},
    "2048 as well": block(sizes=(*SIZES, 2048, 4096)),
    "8 as well": block(sizes=(8, *SIZES)),
    "16 where nothing fits": block(none=16),
    "one stage more": block(lambda q, bk, d, dv, s: q * d + (s + 1) * bk * (d + dv)),
    "the keys' width for the values": block(lambda q, bk, d, dv, s: q * d + s * bk * 2 * d),
    "the values' width for the queries": block(lambda q, bk, d, dv, s: q * dv + s * bk * (d + dv)),
    "outputs kept too": block(lambda q, bk, d, dv, s: q * (d + dv) + s * bk * (d + dv)),
    "scores kept too": block(lambda q, bk, d, dv, s: q * d + q * bk + s * bk * (d + dv)),
    "stages for keys alone": block(lambda q, bk, d, dv, s: q * d + s * bk * d + bk * dv),
    "two bytes always": block(bytes_of=lambda b: 2),
    "1024 bytes kept free": block(spare=1024),
    "the smallest that fits": lambda *a: 16 if block()(*a) else 0,
    "128 always": lambda *a: 128,
    "half of it": lambda *a: block()(*a) // 2,
})

# -- roofline --------------------------------------------------------------------------------------------------------

several("roofline", {
    "the mean of both times": lambda f, b, p, w: (f / p + b / w) / 2,
    "the speed at the ridge": lambda f, b, p, w: f / p if f / b > w / p else b / w,
    "the root of the sum of squares": lambda f, b, p, w: ((f / p) ** 2 + (b / w) ** 2) ** 0.5,
    "operations over both speeds": lambda f, b, p, w: f / min(p, w),
    "the intensity": lambda f, b, p, w: f / b,
    "the ridge": lambda f, b, p, w: p / w,
    "whole seconds": lambda f, b, p, w: max(f // p, b // w),
    "rounded up": lambda f, b, p, w: math.ceil(max(f / p, b / w)),
    "half of the larger": lambda f, b, p, w: max(f / p, b / w) / 2,
    "bits": lambda f, b, p, w: max(f / p, 8 * b / w),
    "times multiplied": lambda f, b, p, w: f / p * b / w,
    "one over the time": lambda f, b, p, w: 1 / max(f / p, b / w),
    "memory only far from the ridge": lambda f, b, p, w: b / w if b / w > 3 * f / p else f / p,
    "never below a second": lambda f, b, p, w: max(f / p, b / w, 1.0),
    "always 10": lambda f, b, p, w: 10.0,
})

# -- ring_bytes ------------------------------------------------------------------------------------------------------


def sent(forward=lambda p: 2 * (p - 1), backward=lambda p: 4 * p, table=lambda c, h, d, b: c * h * d * b):
    return lambda p, c, h, d, b: (forward(p) * table(c, h, d, b), backward(p) * table(c, h, d, b))


several("ring_bytes", {
    "one step too few forward": sent(lambda p: 2 * (p - 2)),
    "keys and values left out of the last message": sent(backward=lambda p: 4 * (p - 1) + 2),
    "one step too many backward": sent(backward=lambda p: 4 * (p + 1)),
    "three tables backward": sent(backward=lambda p: 3 * p),
    "six tables backward": sent(backward=lambda p: 6 * p),
    "two ranks always": sent(lambda p: 2, lambda p: 8),
    "all ranks together": sent(lambda p: 2 * p * (p - 1), lambda p: 4 * p * p),
    "forward twice": sent(lambda p: 4 * (p - 1)),
    "results exchanged": lambda *a: sent()(*a)[::-1],
    "the width ignored": sent(table=lambda c, h, d, b: c * h * b),
    "tokens ignored": sent(table=lambda c, h, d, b: h * d * b),
    "bits": sent(table=lambda c, h, d, b: 8 * c * h * d * b),
    "the sum and the backward": lambda *a: (sum(sent()(*a)), sent()(*a)[1]),
    "a head's scores too": sent(table=lambda c, h, d, b: c * h * (d + c) * b),
    "one": lambda *a: (2, 8),
    "kilobytes": lambda *a: tuple(x / 1024 for x in sent()(*a)),
}, {"all ranks together": ("whole_sequence_in_every_step",)})

# -- ring_attention --------------------------------------------------------------------------------------------------


def ring(order=lambda r, s, p: (r - s) % p, told=None, own=True, scale=1.0, keys=slice(None), weigh=None):
    def attend(qs, ks, vs):
        p = len(qs)
        held = np.array([[order(r, s, p) for s in range(p)] for r in range(p)])
        k, v = (np.concatenate([x[shard][keys] for shard in range(p)]) for x in (ks, vs))
        outs = np.stack([reference.attention(scale * q, k, v) for q in qs])
        return (outs if weigh is None else weigh(outs)), (held if told is None else told(held))
    return attend


several("ring_attention", {
    "the table by steps and ranks": ring(told=lambda held: held.T),
    "counted from one": ring(told=lambda held: held + 1),
    "the step's number": ring(lambda r, s, p: s),
    "the rank's number": ring(lambda r, s, p: r),
    "one step late": ring(lambda r, s, p: (r - s - 1) % p),
    "two places a step": ring(lambda r, s, p: (r - 2 * s) % p),
    "neighbours exchanged": ring(lambda r, s, p: r ^ (s % 2) if p % 2 == 0 else (r - s) % p),
    "not round the ring": ring(lambda r, s, p: max(r - s, 0)),
    "negative shards": ring(lambda r, s, p: r - s),
    "the first key of each shard": ring(keys=slice(0, 1)),
    "unscaled": lambda qs, ks, vs: ring(scale=np.sqrt(qs.shape[-1]))(qs, ks, vs),
    "outputs in reverse": ring(weigh=lambda outs: outs[::-1]),
    "the first rank's outputs for all": ring(weigh=lambda outs: np.broadcast_to(outs[:1], outs.shape)),
    "summed instead of merged": lambda qs, ks, vs: (np.stack([sum(reference.attention(q, k, v) for k, v in zip(ks, vs)) for q in qs]),
                                                   ring()(qs, ks, vs)[1]),
    "causal": lambda qs, ks, vs: (reference.attention(qs.reshape(-1, qs.shape[-1]), ks.reshape(-1, ks.shape[-1]), vs.reshape(-1, vs.shape[-1]),
                                  np.tri(qs.shape[0] * qs.shape[1], dtype=bool)).reshape(*qs.shape[:2], -1), ring()(qs, ks, vs)[1]),
    "one long table of outputs": lambda qs, ks, vs: (np.concatenate(list(ring()(qs, ks, vs)[0])), ring()(qs, ks, vs)[1]),
})

# -- program_work ----------------------------------------------------------------------------------------------------


def program(text=lambda n, h: n // h, head=lambda n, h: n % h, kv=lambda n, h, g: n % h // g, count=lambda n, b: -(-n // b),
            first=lambda c, i, b: (c - 1 - i) * b, stop=lambda top, n, b: min(top + b, n)):
    def work(i, number, n_queries, block_q, heads, group):
        top = first(count(n_queries, block_q), i, block_q)
        return text(number, heads), head(number, heads), kv(number, heads, group), top, stop(top, n_queries, block_q)
    return work


several("program_work", {
    "the head counted through the batch": program(head=lambda n, h: n),
    "the head of keys through the batch": program(kv=lambda n, h, g: n // g),
    "the head for the head of keys": program(kv=lambda n, h, g: n % h),
    "the group's number for the head of keys": program(kv=lambda n, h, g: n % g),
    "as many heads of keys as in a group": program(kv=lambda n, h, g: n % h // (h // g)),
    "the last row itself": program(stop=lambda top, n, b: min(top + b, n) - 1),
    "rows counted from one": program(first=lambda c, i, b: (c - 1 - i) * b + 1),
    "how many rows": program(stop=lambda top, n, b: min(top + b, n) - top),
    "one block too many": program(count=lambda n, b: n // b + 1),
    "one block too early": program(first=lambda c, i, b: (c - i) * b),
    "the first program shorter": program(first=lambda c, i, b: 0 if i == 0 else (c - 1 - i) * b),
    "counted from text 1": program(text=lambda n, h: n // h + 1),
    "one text": program(text=lambda n, h: 0),
    "texts by the group": program(text=lambda n, h: n // (h * 2)),
    "the number halved": program(head=lambda n, h: (n // 2) % h),
    "rows to the end": program(stop=lambda top, n, b: n),
})

# -- online_softmax --------------------------------------------------------------------------------------------------


def stream(first=-np.inf, top=lambda m, s: max(m, s.max()), shrink=lambda m, new: np.exp(m - new), weigh=lambda s, new: np.exp(s - new),
           step=lambda block: block, end=lambda o, total: o / total, entropy=lambda m, total, t: m + np.log(total) - t / total):
    def both(scores, values, block):
        m, total, t, o = first, 0.0, 0.0, np.zeros(values.shape[1])
        with np.errstate(all="ignore"):
            for i in range(0, len(scores), step(block)):
                s, v = scores[i:i + block], values[i:i + block]
                new = top(m, s)
                r, p, m = shrink(m, new), weigh(s, new), new
                total, t, o = r * total + p.sum(), r * t + p @ s, r * o + p @ v
            return end(o, total), entropy(m, total, t)
    return both


several("online_softmax", {
    "no maximum": stream(first=0.0, top=lambda m, s: 0.0),
    "700 for the maximum": stream(first=700.0, top=lambda m, s: 700.0),
    "the first block's maximum": stream(top=lambda m, s: s.max() if np.isinf(m) else m),
    "the first score's maximum": stream(top=lambda m, s: s[0] if np.isinf(m) else m),
    "the last block's maximum": stream(top=lambda m, s: s.max()),
    "the minimum": stream(first=np.inf, top=lambda m, s: min(m, s.min()), shrink=lambda m, new: 0.0 if np.isinf(m) else np.exp(m - new)),
    "the mean of the block": stream(top=lambda m, s: s.mean()),
    "a maximum that starts at 100": stream(first=100.0),
    "a maximum that starts at 1": stream(first=1.0),
    "the block's first score skipped": lambda s, v, b: stream()(np.where(np.arange(len(s)) % b == 0, -1e9, s) if b > 1 else s, v, b),
    "blocks that overlap": stream(step=lambda b: max(b - 1, 1)),
    "blocks with a gap": stream(step=lambda b: b + 1),
    "scores clipped at 500": lambda s, v, b: stream()(np.clip(s, -500, 500), v, b),
    "base 2": stream(shrink=lambda m, new: np.exp2(m - new), weigh=lambda s, new: np.exp2(s - new)),
    "divided by the number of scores": lambda s, v, b: stream(end=lambda o, total: o / len(s))(s, v, b),
    "divided after every block": lambda s, v, b: stream(end=lambda o, total: o / max(total, 1.5))(s, v, b),
    "the largest value alone": lambda s, v, b: (v[np.argmax(s)], 0.0),
    "the plain mean": lambda s, v, b: (v.mean(axis=0), np.log(len(s))),
    "a table of one row": lambda s, v, b: (stream()(s, v, b)[0][None], stream()(s, v, b)[1]),
    "the average alone": lambda s, v, b: stream()(s, v, b)[0],
    "the entropy in bits": stream(entropy=lambda m, total, t: (m + np.log(total) - t / total) / np.log(2)),
    "the entropy's sign turned": stream(entropy=lambda m, total, t: t / total - m - np.log(total)),
    "the log-sum-exp for the entropy": stream(entropy=lambda m, total, t: m + np.log(total)),
    "the mean score for the entropy": stream(entropy=lambda m, total, t: t / total),
    "the largest weight for the entropy": stream(entropy=lambda m, total, t: 1 / total),
    "the surprise of the largest weight": stream(entropy=lambda m, total, t: np.log(total)),
    "the log of the number of scores": lambda s, v, b: (stream()(s, v, b)[0], np.log(len(s))),
    "the number of equal weights": stream(entropy=lambda m, total, t: np.exp(m + np.log(total) - t / total)),
    "the average score unweighted": lambda s, v, b: (stream()(s, v, b)[0], np.logaddexp.reduce(s) - s.mean()),
    "the scores' sum not divided": stream(entropy=lambda m, total, t: m + np.log(total) - t),
    "entropies of the blocks added": lambda s, v, b: (stream()(s, v, b)[0], sum(stream()(s[i:i + b], v[i:i + b], b)[1] for i in range(0, len(s), b))),
    "the entropy in a list of one": lambda s, v, b: (stream()(s, v, b)[0], [stream()(s, v, b)[1]]),
    "in reverse": lambda s, v, b: stream()(s[::-1], v, b),
    "the first block alone": lambda s, v, b: stream()(s[:b], v[:b], b),
}, {"no maximum": ("no_max_subtraction",), "a maximum that starts at 1": ("maximum_starts_at_zero",), "a maximum that starts at 100": ("maximum_starts_at_zero",)})

# -- merge -----------------------------------------------------------------------------------------------------------


def join_two(top, empty=True, weigh=None):
    def join(o1, x1, o2, x2):
        with np.errstate(all="ignore"):
            m = top(x1, x2)
            a, b = (np.exp(x1 - m), np.exp(x2 - m)) if weigh is None else weigh(x1 - m, x2 - m)
            total = a + b
            out = (a[:, None] * o1 + b[:, None] * o2) / (np.where(total > 0, total, 1) if empty else total)[:, None]
            return out, m + np.log(total)
    return join


def larger(x1, x2):
    return np.where(np.isinf(np.maximum(x1, x2)), 0, np.maximum(x1, x2))


several("merge", {
    "relative to the first": join_two(lambda a, b: np.where(np.isinf(a), np.where(np.isinf(b), 0, b), a)),
    "relative to the second": join_two(lambda a, b: np.where(np.isinf(b), np.where(np.isinf(a), 0, a), b)),
    "relative to the smaller": join_two(lambda a, b: np.where(np.isinf(np.minimum(a, b)), larger(a, b), np.minimum(a, b))),
    "relative to the mean": join_two(lambda a, b: np.where(np.isinf(a + b), larger(a, b), (a + b) / 2)),
    "relative to 700": join_two(lambda a, b: 700.0 + 0 * larger(a, b)),
    "relative to 2000": join_two(lambda a, b: 2000.0 + 0 * larger(a, b)),
    "NaN where both are empty": join_two(lambda a, b: np.maximum(a, b), empty=False),
    "0 for the log-sum-exp of nothing": lambda *a: (join_two(larger)(*a)[0], np.maximum(join_two(larger)(*a)[1], -1e4)),
    "squares": join_two(larger, weigh=lambda a, b: (np.exp(2 * a), np.exp(2 * b))),
    "base 2": join_two(larger, weigh=lambda a, b: (np.exp2(a), np.exp2(b))),
    "the heavier one alone": join_two(larger, weigh=lambda a, b: ((a >= b) * 1.0, (a < b) * 1.0)),
    "the first alone": lambda o1, x1, o2, x2: (o1, x1),
    "summed outputs": lambda o1, x1, o2, x2: (o1 + o2, join_two(larger)(o1, x1, o2, x2)[1]),
    "ln 2 too little": lambda *a: (join_two(larger)(*a)[0], join_two(larger)(*a)[1] - np.log(2)),
    "weights over all rows": join_two(larger, weigh=lambda a, b: (np.full(len(a), np.exp(a).sum()), np.full(len(a), np.exp(b).sum()))),
    "a thousandth of noise": lambda *a: (join_two(larger)(*a)[0] * 1.001, join_two(larger)(*a)[1]),
    "results exchanged": lambda *a: join_two(larger)(*a)[::-1],
    "clipped at 700": lambda o1, x1, o2, x2: join_two(larger)(o1, np.minimum(x1, 700), o2, np.minimum(x2, 700)),
    "the log-sum-exp as a column": lambda *a: (join_two(larger)(*a)[0], join_two(larger)(*a)[1][:, None]),
}, {"NaN where both are empty": ("empty_block_is_nan",)})

# -- layer_flops -----------------------------------------------------------------------------------------------------


def flops(projections=8, pairs=4, wide=16):
    return lambda n, d: (projections * n * d * d, pairs * n * n * d, wide * n * d * d)


several("layer_flops", {
    "one projection": flops(projections=2), "two projections": flops(projections=4), "five projections": flops(projections=10),
    "a causal half": lambda n, d: (8 * n * d * d, 2 * n * (n + 1) * d, 16 * n * d * d),
    "the softmax counted": lambda n, d: (8 * n * d * d, 4 * n * n * d + 5 * n * n, 16 * n * d * d),
    "biases counted": lambda n, d: (8 * n * d * d + 4 * n * d, 4 * n * n * d, 16 * n * d * d + 5 * n * d),
    "parameters": lambda n, d: (4 * d * d, 2 * n * d, 8 * d * d),
    "three products feed-forward": flops(wide=24), "three times the width feed-forward": flops(wide=12),
    "heads of width 64": lambda n, d: (8 * n * d * d, 4 * n * n * 64, 16 * n * d * d),
    "the width squared for pairs": lambda n, d: (8 * n * d * d, 4 * n * n * d * d, 16 * n * d * d),
    "in another order": lambda n, d: (4 * n * n * d, 8 * n * d * d, 16 * n * d * d),
    "one of three": lambda n, d: 8 * n * d * d + 4 * n * n * d + 16 * n * d * d,
    "thousands": lambda n, d: tuple(x / 1000 for x in flops()(n, d)),
    "tokens forgotten": lambda n, d: (8 * d * d, 4 * n * d, 16 * d * d),
    "8, 4 and 16": lambda n, d: (8, 4, 16),
})

# -- largest_block ---------------------------------------------------------------------------------------------------


def fits(each=lambda d, bk: 2 * d + bk + 4, once=lambda d, bk: bk * d, rounded=math.floor, least=0):
    return lambda capacity, d, bk: max(least, rounded((capacity - once(d, bk)) / each(d, bk)))


several("largest_block", {
    "two numbers a query": fits(lambda d, bk: 2 * d + bk + 2), "three numbers a query": fits(lambda d, bk: 2 * d + bk + 3),
    "five numbers a query": fits(lambda d, bk: 2 * d + bk + 5), "three tables a query": fits(lambda d, bk: 3 * d + bk + 4),
    "scores twice": fits(lambda d, bk: 2 * d + 2 * bk + 4), "at least one": fits(least=1), "negative": fits(least=-10**9),
    "rounded to the nearest": fits(rounded=round), "not rounded": fits(rounded=float), "one less": fits(rounded=lambda x: math.ceil(x) - 1),
    "one more": fits(rounded=lambda x: math.floor(x) + 1), "a key of each query": fits(lambda d, bk: 2 * d + bk + 4 + d),
    "the keys without their width": fits(once=lambda d, bk: bk), "a power of two": lambda c, d, bk: 1 << max(fits()(c, d, bk), 1).bit_length() - 1,
    "no more than the keys": lambda c, d, bk: min(fits()(c, d, bk), max(bk, d)), "no more than 64": lambda c, d, bk: min(fits()(c, d, bk), 64),
    "always 1": lambda c, d, bk: 1, "the capacity by the width": lambda c, d, bk: c // d,
})

# -- document_mask ---------------------------------------------------------------------------------------------------


def same_text(documents):
    return documents[:, None] == documents[None, :]


def packed(past=lambda n: np.tri(n, dtype=bool), same=same_text):
    return lambda documents: same(documents) & past(len(documents))


several("document_mask", {
    "one key of the future": packed(lambda n: np.tri(n, k=1, dtype=bool)),
    "the first token of a text left out": lambda d: packed()(d) & ~np.eye(len(d), dtype=bool) | np.eye(len(d), dtype=bool) & (np.arange(len(d)) > 0),
    "neighbours alone": packed(lambda n: np.tri(n, dtype=bool) & ~np.tri(n, k=-2, dtype=bool)),
    "a window of 8": packed(lambda n: np.tri(n, dtype=bool) & ~np.tri(n, k=-8, dtype=bool)),
    "a window of 32": packed(lambda n: np.tri(n, dtype=bool) & ~np.tri(n, k=-32, dtype=bool)),
    "the first text alone": lambda d: packed()(d) & (d == d[0])[None, :],
    "the text before as well": packed(same=lambda d: np.abs(np.subtract.outer(*[np.unique(d, return_inverse=True)[1]] * 2)) <= 1),
    "numbers without their sign": packed(same=lambda d: np.abs(d)[:, None] == np.abs(d)[None, :]),
    "numbers that grow": packed(same=lambda d: d[:, None] <= d[None, :]),
    "the first token of the sequence for all": lambda d: packed()(d) | (np.arange(len(d)) == 0)[None, :],
    "keys by queries": lambda d: packed()(d)[::-1, ::-1],
    "0 and 1": lambda d: packed()(d).astype(int),
    "added to the scores": lambda d: np.where(packed()(d), 0.0, -np.inf),
    "nobody": lambda d: np.zeros((len(d),) * 2, dtype=bool),
    "texts not equal": packed(same=lambda d: ~same_text(d)),
    "a block a text": lambda d: np.array([[np.count_nonzero(d[:i] == d[i]) >= np.count_nonzero(d[:j] == d[j]) for j in range(len(d))] for i in range(len(d))]),
    "numbers taken for positions": lambda d: np.tri(len(d), dtype=bool) & (np.abs(np.arange(len(d))[:, None] - np.arange(len(d))) < np.maximum(d, 1)[:, None]),
})

# -- fair_order ------------------------------------------------------------------------------------------------------


def pieces(n, world, each=2):
    return np.arange(n).reshape(each * world, -1)


several("fair_order", {
    "the back pieces one further": lambda n, p: np.concatenate([pieces(n, p)[:p], np.roll(pieces(n, p)[::-1][:p], 1, axis=0)], axis=1),
    "in the order of the cards, two by two": lambda n, p: np.arange(n).reshape(-1, p, 2).swapaxes(0, 1).reshape(p, -1) if n % (2 * p) == 0 else None,
    "rows in reverse order of contiguous shards": lambda n, p: np.arange(n).reshape(p, -1)[::-1],
    "first and last exchanged": lambda n, p: np.concatenate([np.arange(n).reshape(p, -1)[:, :-1], np.arange(n).reshape(p, -1)[::-1, -1:]], axis=1),
    "the same for all": lambda n, p: np.tile(np.arange(n // p), (p, 1)),
    "one list": lambda n, p: np.concatenate([pieces(n, p)[:p], pieces(n, p)[::-1][:p]], axis=1).ravel(),
    "counted from one": lambda n, p: np.concatenate([pieces(n, p)[:p], pieces(n, p)[::-1][:p]], axis=1) + 1,
    "ranks for positions": lambda n, p: np.repeat(np.arange(p), n // p).reshape(p, -1),
    "columns for ranks": lambda n, p: np.concatenate([pieces(n, p)[:p], pieces(n, p)[::-1][:p]], axis=1).T,
    "one rank more": lambda n, p: np.arange(n)[: n // (p + 1) * (p + 1)].reshape(p + 1, -1),
    "squares": lambda n, p: (np.arange(n) ** 2 % n).reshape(p, -1),
    "sorted by the remainder of 3": lambda n, p: np.argsort(np.arange(n) % 3, kind="stable").reshape(p, -1),
    "the first and the last of each pair": lambda n, p: np.stack([np.arange(n // 2), np.arange(n)[::-1][: n // 2]], axis=1).reshape(-1)[: n].reshape(p, -1)[:, ::-1] * 1
    if p > 7 else np.arange(n).reshape(-1, p).T,
    "halves": lambda n, p: np.concatenate([np.arange(n)[: n // 2].reshape(p, -1), np.arange(n)[n // 2:].reshape(p, -1)], axis=1),
    "zeros": lambda n, p: np.zeros((p, n // p), dtype=int),
}, {"halves": ("pieces_not_mirrored",), "the first and the last of each pair": ("dealt_like_cards",)})

# -- judge_a_kernel --------------------------------------------------------------------------------------------------


def right_within(tolerance, cases, features=3, near=None):
    near = near or (lambda found, right: np.allclose(found, right, rtol=0, atol=tolerance))

    def judge(kernel):
        for n, m, low, causal in cases:
            rng = np.random.default_rng(n + m)
            q, k, v = (rng.normal(size=(rows, wide)) for rows, wide in ((n, 5), (m, 5), (m, features)))
            q[:, 0], k[:, 0] = -low, 1
            mask = np.tri(n, m, m - n, dtype=bool) if causal else None
            with np.errstate(all="ignore"):
                if not near(kernel(q, k, v, causal), reference.attention(q, k, v, mask)):
                    return False
        return True
    return judge


ALL = [(n, m, low, causal) for n, m in ((7, 7), (3, 11)) for low in (0, 5000) for causal in (False, True)]
several("judge_a_kernel", {
    "always True": lambda kernel: True,
    "always False": lambda kernel: False,
    **{f"a tolerance of {t}": right_within(t, ALL) for t in (1e-15, 1e-9, 0.2, 0.5, 1.0)},
    "causal alone": right_within(1e-3, [case for case in ALL if case[3]]),
    "without a mask alone": right_within(1e-3, [case for case in ALL if not case[3]]),
    "square alone": right_within(1e-3, [case for case in ALL if case[0] == 7]),
    "one block of keys": right_within(1e-3, [(3, 3, low, causal) for low in (0, 5000) for causal in (False, True)]),
    "blocks that divide": right_within(1e-3, [(4, 12, low, causal) for low in (0, 5000) for causal in (False, True)]),
    "scores near 0": right_within(1e-3, [case for case in ALL if not case[2]]),
    "scores far below 0 alone": right_within(1.0, [case for case in ALL if case[2]]),
    "one feature": right_within(1e-3, ALL, features=1),
    "no finite numbers asked for": lambda kernel: bool(np.isfinite(kernel(*np.random.default_rng(0).normal(size=(3, 7, 5)), True)).all()),
    "rows that stay in the range of the values": lambda kernel: bool((np.abs(kernel(*np.random.default_rng(0).normal(size=(3, 7, 5)), False)) < 3).all()),
    "turned round": lambda kernel: not right_within(1e-3, ALL)(kernel),
    "the sum of all outputs": lambda kernel: abs(kernel(*np.ones((3, 8, 5)), False).sum() - 40) < 1e-3,
    "sums of rows": right_within(1e-3, ALL, near=lambda found, right: np.allclose(found.sum(1), right.sum(1), atol=1e-3)),
    "the mean": right_within(1e-3, ALL, near=lambda found, right: abs(found.mean() - right.mean()) < 1e-3),
    "the first query": right_within(1e-3, ALL, near=lambda found, right: np.allclose(found[0], right[0], atol=1e-3)),
    "the median error": right_within(1e-3, ALL, near=lambda found, right: np.median(np.abs(found - right)) < 1e-3),
    "one query": right_within(1e-3, [(1, 11, low, causal) for low in (0, 5000) for causal in (False, True)]),
}, {"a tolerance of 1e-15": ("bit_for_bit",), "without a mask alone": ("mask_not_tested",),
    "square alone": ("square_inputs_only",), "blocks that divide": ("sizes_that_divide",), "scores near 0": ("ordinary_scores_only",),
    "one block of keys": ("one_kind_of_input",), "the sum of all outputs": ("shapes_only",)})

# -- causal_work -----------------------------------------------------------------------------------------------------


def worked(count, sign=-1):
    def table(places):
        p = len(places)
        return np.array([[count(places[r], places[(r + sign * s) % p]) for s in range(p)] for r in range(p)])
    return table


def visible(queries, keys):
    return (keys[None] <= queries[:, None]).sum()


several("causal_work", {
    "ranks by ranks": lambda x: np.array([[visible(q, k) for k in x] for q in x]),
    "the longest row": worked(lambda q, k: (k <= q.max()).sum()),
    "the shortest row": worked(lambda q, k: (k <= q.min()).sum() * len(q)),
    "halves of tiles": worked(lambda q, k: len(q) * len(k) / 2),
    "one step late": lambda x: np.roll(worked(visible)(x), 1, axis=1),
    "shares of the tile": worked(lambda q, k: visible(q, k) / q.size**2),
    "sums over the steps": lambda x: np.cumsum(worked(visible)(x), axis=1),
    "whether there is work": worked(lambda q, k: int(visible(q, k) > 0)),
    "pairs in place": worked(lambda q, k: (k <= q).sum()),
    "a rank's own tile alone": lambda x: worked(visible)(x) * (np.arange(len(x)) == 0),
    "sorted tokens": lambda x: worked(visible)(np.sort(x.ravel()).reshape(x.shape)),
    "one pair more": lambda x: worked(visible)(x) + 1,
    "keys of the future": worked(lambda q, k: (k[None] > q[:, None]).sum()),
    "the total of each rank": lambda x: worked(visible)(x).sum(axis=1),
    "the busiest rank for all": lambda x: np.broadcast_to(worked(visible)(x).max(axis=0), (len(x), len(x))),
    "positions modulo 100": lambda x: worked(visible)(x % 100),
    "the first step whole": lambda x: np.where(np.arange(len(x)) == 0, x.shape[1] ** 2, worked(visible)(x)),
}, {"sorted tokens": ("future_by_rank",)})

# -- causal_tiles ----------------------------------------------------------------------------------------------------


def tiled(most=lambda last, first, shift, m: max(0, last + 1 + shift), fewest=lambda last, first, shift, m: max(0, first + 1 + shift),
          up=lambda a, b: -(-a // b), down=lambda a, b: a // b, rows=lambda top, bq, n: min(top + bq, n) - 1):
    def count(top, n, m, bq, bk):
        last = rows(top, bq, n)
        return up(most(last, top, m - n, m), bk), down(fewest(last, top, m - n, m), bk)
    return count


several("causal_tiles", {
    "one tile more": tiled(up=lambda a, b: a // b + 1),
    "rounded up twice": tiled(down=lambda a, b: -(-a // b)),
    "rounded to the nearest": tiled(up=lambda a, b: round(a / b)),
    "the offset the other way": tiled(most=lambda last, first, shift, m: max(0, last + 1 - shift)),
    "the offset never below 0": tiled(most=lambda last, first, shift, m: last + 1 + max(shift, 0), fewest=lambda last, first, shift, m: first + 1 + max(shift, 0)),
    "results exchanged": lambda *a: tiled()(*a)[::-1],
    "masked tiles for whole ones": lambda *a: (tiled()(*a)[0], tiled()(*a)[0] - tiled()(*a)[1]),
    "at least one visited": lambda *a: (max(tiled()(*a)[0], 1), tiled()(*a)[1]),
    "no whole tile": lambda *a: (tiled()(*a)[0], 0),
    "all but one whole": lambda *a: (tiled()(*a)[0], max(tiled()(*a)[0] - 1, 0)),
    "tiles of queries for tiles of keys": lambda top, n, m, bq, bk: tiled()(top, n, m, bq, bq),
    "the first row's own key not counted": tiled(fewest=lambda last, first, shift, m: max(0, first + shift)),
    "the last row's own key not counted": tiled(most=lambda last, first, shift, m: max(0, last + shift)),
    "whole by the last row of all": tiled(fewest=lambda last, first, shift, m: m),
    "at most 100": lambda *a: tuple(min(x, 100) for x in tiled()(*a)),
    "block numbers": lambda top, n, m, bq, bk: (top // bq + 1, top // bq),
    "the sum": lambda *a: sum(tiled()(*a)),
})

# -- cache_bytes -----------------------------------------------------------------------------------------------------


def kept(numbers=lambda t, n, h, d: 2 * t * n * h * d, bytes_of=lambda b: b):
    return lambda t, n, h, d, b: numbers(t, n, h, d) * bytes_of(b)


several("cache_bytes", {
    "three tables": kept(lambda t, n, h, d: 3 * t * n * h * d), "four tables": kept(lambda t, n, h, d: 4 * t * n * h * d),
    "the width ignored": kept(lambda t, n, h, d: 2 * t * n * h), "the width squared": kept(lambda t, n, h, d: 2 * t * n * h * d * d),
    "tokens ignored": kept(lambda t, n, h, d: 2 * n * h * d), "two bytes always": kept(bytes_of=lambda b: 2),
    "bits": kept(bytes_of=lambda b: 8 * b), "bits for bytes": kept(bytes_of=lambda b: b / 8),
    "kibibytes": kept(bytes_of=lambda b: b / 1024), "heads added": kept(lambda t, n, h, d: 2 * t * n * (h + d)),
    "one token less": kept(lambda t, n, h, d: 2 * (t - 1) * n * h * d), "one layer more": kept(lambda t, n, h, d: 2 * t * (n + 1) * h * d),
    "pairs of tokens": kept(lambda t, n, h, d: t * (t + 1) * n * h * d), "scores too": kept(lambda t, n, h, d: 2 * t * n * h * d + n * h * t * t),
    "always 4": lambda *a: 4, "a sum": lambda t, n, h, d, b: 2 * (t + n + h + d + b), "a list": lambda *a: [kept()(*a)],
})

# -- block_loop ------------------------------------------------------------------------------------------------------


def loop(scale=lambda q, k, v: np.sqrt(q.shape[1]), first=None, sink=lambda x: x, start=lambda sink, m: (np.exp(sink - m), 0.0), top=lambda m, s: np.maximum(m, s.max(axis=1, keepdims=True)),
         end=lambda m, l, o: (o / l, m + np.log(l)), step_q=lambda b: b, step_k=lambda b: b, values=lambda v, j, b: v[j:j + b]):
    def run(q, k, v, sinks, block_q, block_k):
        out, lse = np.zeros((len(q), v.shape[1])), np.zeros(len(q))
        with np.errstate(all="ignore"):
            for i in range(0, len(q), step_q(block_q)):
                rows = slice(i, i + block_q)
                one = sink(sinks)[rows, None]
                m = one if first is None else np.full(one.shape, first)
                l, o = start(one, m) if first is not None else (1.0, start(one, m)[1])
                for j in range(0, len(k), step_k(block_k)):
                    s = q[rows] @ k[j:j + block_k].T / scale(q, k, v)
                    new = top(m, s)
                    r, p, m = np.exp(m - new), np.exp(s - new), new
                    l, o = r * l + p.sum(axis=1, keepdims=True), r * o + p @ values(v, j, block_k)
                mixed, last = end(m, l, o)
                out[rows], lse[rows] = mixed, last[:, 0]
        return out, lse
    return run


several("block_loop", {
    "the values' width for the scale": loop(lambda q, k, v: np.sqrt(v.shape[1])),
    "the width for its root": loop(lambda q, k, v: q.shape[1]),
    "the number of keys for the width": loop(lambda q, k, v: np.sqrt(len(k))),
    "the first block's maximum": loop(first=-np.inf, top=lambda m, s: np.where(np.isinf(m), s.max(axis=1, keepdims=True), m)),
    "the last block's maximum": loop(top=lambda m, s: s.max(axis=1, keepdims=True) + 0 * np.where(np.isinf(m), 0, m)),
    "the mean for the maximum": loop(top=lambda m, s: s.mean(axis=1, keepdims=True)),
    "700 for the maximum": loop(first=700.0, top=lambda m, s: m),
    "a maximum from 1 on": loop(first=1.0),
    "ln m for every log-sum-exp": loop(end=lambda m, l, o: (o / l, 0 * m + np.log(l * 0 + 11))),
    "the sums for the log-sum-exps": loop(end=lambda m, l, o: (o / l, l)),
    "the maximum for the log-sum-exp": loop(end=lambda m, l, o: (o / l, m)),
    "the log-sum-exp's sign turned": loop(end=lambda m, l, o: (o / l, -m - np.log(l))),
    "the log-sum-exp unscaled": lambda q, k, v, x, a, b: (loop()(q, k, v, x, a, b)[0], loop(lambda q, k, v: 1.0)(q, k, v, x, a, b)[1]),
    "blocks of keys that overlap": loop(step_k=lambda b: max(b - 1, 1)),
    "blocks of keys with a gap": loop(step_k=lambda b: b + 1),
    "blocks of queries with a gap": loop(step_q=lambda b: b + 1),
    "every block's values those of the first": loop(values=lambda v, j, b: np.resize(v[:b], v[j:j + b].shape)),
    "divided by the number of keys": lambda q, k, v, x, a, b: (loop(end=lambda m, l, o: (o / len(k), m + np.log(l)))(q, k, v, x, a, b)),
    "queries and keys exchanged": lambda q, k, v, x, a, b: loop()(k, q, np.resize(v, (len(q), v.shape[1])), np.resize(x, len(k)), b, a),
    "results exchanged": lambda *x: loop()(*x)[::-1],
    "the log-sum-exps as a column": lambda *x: (loop()(*x)[0], loop()(*x)[1][:, None]),
    "scores clipped at 500": loop(top=lambda m, s: np.maximum(np.minimum(m, 500), np.clip(s, -500, 500).max(axis=1, keepdims=True))),
    "the first sink for all": loop(sink=lambda x: np.full(len(x), x[0])),
    "the largest sink for all": loop(sink=lambda x: np.full(len(x), x.max())),
    "a sink of 0 for all": loop(sink=lambda x: 0 * np.where(np.isinf(x), 0, x)),
    "the sink's sign turned": loop(sink=lambda x: -x),
    "the sink counted twice": loop(sink=lambda x: x + np.log(2)),
    "the sink has a value of 1": loop(start=lambda one, m: (1.0, 1.0)),
    "the sink has the mean value": lambda q, k, v, x, a, b: (loop()(q, k, v, x, a, b)[0] + np.exp(x - loop()(q, k, v, x, a, b)[1])[:, None] * v.mean(axis=0), loop()(q, k, v, x, a, b)[1]),
    "sinks in reverse": loop(sink=lambda x: x[::-1]),
    "a sink of minus infinity as 0": loop(sink=lambda x: np.where(np.isinf(x), 0, x)),
    "a sink of minus infinity as a finite number": loop(sink=lambda x: np.maximum(x, -30)),
    "the sink no larger than the scores": loop(sink=lambda x: np.minimum(x, 1000)),
}, {"a maximum from 1 on": ("maximum_starts_at_zero",)})

# -- backward_tile ---------------------------------------------------------------------------------------------------


def tile(p=lambda q, k, bias, lse: np.exp(q @ k.T / np.sqrt(q.shape[1]) + bias - lse[:, None]), drift=lambda out, d_out: (out * d_out).sum(axis=1, keepdims=True),
         s=lambda p, dp, d: p * (dp - d), results=lambda q, k, p, s, d_out, c: (c * s @ k, c * s.T @ q, p.T @ d_out), d_bias=lambda s, p, c: s):
    def share(q, k, v, bias, out, lse, d_out):
        weights = p(q, k, bias, lse)
        d_s, c = s(weights, d_out @ v.T, drift(out, d_out)), 1 / np.sqrt(q.shape[1])
        return *results(q, k, weights, d_s, d_out, c), d_bias(d_s, weights, c)
    return share


several("backward_tile", {
    "the drift added": tile(s=lambda p, dp, d: p * (dp + d)),
    "the sign turned": tile(s=lambda p, dp, d: p * (d - dp)),
    "the drift not weighted": tile(s=lambda p, dp, d: p * dp - d),
    "the weights' square": tile(s=lambda p, dp, d: p**2 * (dp - d)),
    "1 - p": tile(s=lambda p, dp, d: p * (1 - p) * (dp - d)),
    "the drift's mean": tile(drift=lambda out, d_out: (out * d_out).mean(axis=1, keepdims=True)),
    "the drift from the outputs alone": tile(drift=lambda out, d_out: out.sum(axis=1, keepdims=True)),
    "the drift from the sums": tile(drift=lambda out, d_out: out.sum(axis=1, keepdims=True) * d_out.sum(axis=1, keepdims=True)),
    "the scale missing in dk": tile(results=lambda q, k, p, s, d, c: (c * s @ k, s.T @ q, p.T @ d)),
    "the scale missing in dq": tile(results=lambda q, k, p, s, d, c: (s @ k, c * s.T @ q, p.T @ d)),
    "the scale in dv too": tile(results=lambda q, k, p, s, d, c: (c * s @ k, c * s.T @ q, c * p.T @ d)),
    "dv from the scores": tile(results=lambda q, k, p, s, d, c: (c * s @ k, c * s.T @ q, s.T @ d)),
    "dq and dk from the weights": tile(results=lambda q, k, p, s, d, c: (c * p @ k, c * p.T @ q, p.T @ d)),
    "log-sum-exp added": tile(p=lambda q, k, bias, lse: np.exp(q @ k.T / np.sqrt(q.shape[1]) + bias + lse[:, None])),
    "the first log-sum-exp for all": tile(p=lambda q, k, bias, lse: np.exp(q @ k.T / np.sqrt(q.shape[1]) + bias - lse[0])),
    "divided by the log-sum-exp": tile(p=lambda q, k, bias, lse: np.exp(q @ k.T / np.sqrt(q.shape[1]) + bias) / lse[:, None]),
    "lse cut off at 700": tile(p=lambda q, k, bias, lse: np.exp(np.minimum(q @ k.T / np.sqrt(q.shape[1]) + bias, 700) - np.minimum(lse, 700)[:, None])),
    "averaged over the queries": tile(results=lambda q, k, p, s, d, c: (c * s @ k, c * s.T @ q / len(q), p.T @ d / len(q))),
    "in another order": tile(results=lambda q, k, p, s, d, c: (p.T @ d, c * s @ k, c * s.T @ q)),
    "each query's share of dk": tile(results=lambda q, k, p, s, d, c: (c * s @ k, np.broadcast_to((c * s.T @ q).mean(axis=0), k.shape), p.T @ d)),
    "the bias taken off": tile(p=lambda q, k, bias, lse: np.exp(q @ k.T / np.sqrt(q.shape[1]) - np.where(np.isinf(bias), 0, bias) - lse[:, None])),
    "the bias multiplied": tile(p=lambda q, k, bias, lse: np.exp(q @ k.T / np.sqrt(q.shape[1]) * np.where(np.isinf(bias), 1, bias) - lse[:, None])),
    "the first row's bias for all": tile(p=lambda q, k, bias, lse: np.exp(q @ k.T / np.sqrt(q.shape[1]) + bias[0] - lse[:, None])),
    "a hidden key seen": tile(p=lambda q, k, bias, lse: np.exp(q @ k.T / np.sqrt(q.shape[1]) + np.where(np.isinf(bias), 0, bias) - lse[:, None])),
    "a hidden key a little seen": tile(p=lambda q, k, bias, lse: np.exp(q @ k.T / np.sqrt(q.shape[1]) + np.maximum(bias, -5) - lse[:, None])),
    "dbias by its root": tile(d_bias=lambda s, p, c: s / c),
    "dbias twice scaled": tile(d_bias=lambda s, p, c: c * c * s),
    "dbias with its sign turned": tile(d_bias=lambda s, p, c: -s),
    "dbias averaged over the queries": tile(d_bias=lambda s, p, c: np.broadcast_to(s.mean(axis=0), s.shape)),
    "dbias summed over the queries": tile(d_bias=lambda s, p, c: s.sum(axis=0)),
    "dbias of zero": tile(d_bias=lambda s, p, c: 0 * s),
    "dbias transposed": tile(d_bias=lambda s, p, c: s.T),
    "dbias times the weights again": tile(d_bias=lambda s, p, c: s * p),
    "no dbias": lambda *a: tile()(*a)[:3],
})
