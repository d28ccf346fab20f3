"""Wrong answers to the exercises on self-attention, other than their mutants: what is wrong, the answer, its true names."""

from __future__ import annotations

import numpy as np

WRONG: list[tuple] = []


def wrong(name, what, function, *names):
    WRONG.append((f"self_attention.{name}", what, function, names))


def soft(z, axis=-1):
    powers = np.exp(z - z.max(axis=axis, keepdims=True))
    return powers / powers.sum(axis=axis, keepdims=True)


def score(q, k):
    return q @ k.swapaxes(-1, -2) / np.sqrt(q.shape[-1])


def over(powers):
    total = powers.sum(axis=-1, keepdims=True)
    return powers / np.where(total > 0, total, 1)


def relative_to(top):
    """Attention whose exponentials are relative to `top(scores)`, under a mask or none."""
    def attend(q, k, v, mask=True):
        scores = np.where(mask, score(q, k), -np.inf)
        return over(np.exp(scores - top(scores))) @ v
    return attend


def filled_with(fill):
    """Attention with a finite fill, and zeros for a row without keys."""
    def attend(q, k, v, mask=True):
        scores = np.where(mask, score(q, k), fill)
        return soft(scores) @ v * np.broadcast_to(mask, scores.shape).any(axis=-1, keepdims=True)
    return attend


def hidden_maximum(q, k, v, mask=True):
    """The maximum over all keys, hidden ones too."""
    scores = score(q, k)
    return over(np.exp(scores - scores.max(axis=-1, keepdims=True)) * mask) @ v


TOPS = {"no maximum": lambda s: 0.0, "one maximum for all rows": lambda s: s.max(),
        "the mean for the maximum": lambda s: s.mean(axis=-1, keepdims=True),
        "the minimum for the maximum": lambda s: np.where(np.isfinite(s), s, np.inf).min(axis=-1, keepdims=True),
        "700 for the maximum": lambda s: 700.0,
        "a maximum that starts at 0": lambda s: s.max(axis=-1, keepdims=True, initial=0)}
OVERFLOW = ("no_max_subtraction", "one_maximum_for_all_rows")

# -- softmax ---------------------------------------------------------------------------------------------------------

for _what, _top in TOPS.items():
    def _softmax(scores, temperature=1.0, top=_top):
        z = scores / temperature
        e = np.exp(z - top(z))
        return e / e.sum(axis=-1, keepdims=True)
    wrong("softmax", _what, _softmax, *OVERFLOW)
wrong("softmax", "the maximum is not divided by T",
      lambda s, temperature=1.0: over(np.exp(s / temperature - s.max(axis=-1, keepdims=True))), "maximum_before_temperature")
wrong("softmax", "the maximum is divided by T twice", lambda s, temperature=1.0: over(
    np.exp(s / temperature - s.max(axis=-1, keepdims=True) / temperature**2)))
wrong("softmax", "clipped at 700", lambda s, temperature=1.0: over(np.exp(np.clip(s / temperature, -700, 700))))
wrong("softmax", "the largest magnitude for the maximum", lambda s, temperature=1.0: over(
    np.exp(s / temperature - np.abs(s / temperature).max(axis=-1, keepdims=True))))
wrong("softmax", "the last score for the maximum", lambda s, temperature=1.0: over(np.exp((s - s[..., -1:]) / temperature)))
wrong("softmax", "powers of 2", lambda s, temperature=1.0: over(2 ** ((s - s.max(-1, keepdims=True)) / temperature)))
wrong("softmax", "largest scores get least", lambda s, temperature=1.0: soft(-s / temperature))
wrong("softmax", "square for exponential", lambda s, temperature=1.0: over((s / temperature) ** 2))
wrong("softmax", "log-softmax", lambda s, temperature=1.0: np.log(soft(s / temperature) + 1e-300))
wrong("softmax", "0.01 in the denominator", lambda s, temperature=1.0: np.exp((s - s.max(-1, keepdims=True)) / temperature)
      / (np.exp((s - s.max(-1, keepdims=True)) / temperature).sum(-1, keepdims=True) + 0.01))
wrong("softmax", "equal weights", lambda s, temperature=1.0: np.full(s.shape, 1 / s.shape[-1]))
wrong("softmax", "axis 1", lambda s, temperature=1.0: soft(s / temperature, axis=1), "softmax_over_second_last_axis")
wrong("softmax", "a default temperature of 2", lambda s, temperature=2.0: soft(s / temperature))
wrong("softmax", "the first text for all", lambda s, temperature=1.0: np.broadcast_to(
    soft(s / temperature)[0], s.shape) if s.ndim > 2 else soft(s / temperature))

# -- scaled_dot_product, self_attention ------------------------------------------------------------------------------


def beside_nobody(attend):
    """`attend` with one more key whose score is `nobody` and whose value is zero, made by one more feature."""
    def with_one_more_key(q, k, v, nobody):
        d = q.shape[-1]
        q = np.concatenate([q * np.sqrt((d + 1) / d), np.full((*q.shape[:-1], 1), np.sqrt(d + 1))], axis=-1)
        k = np.concatenate([np.pad(k, [(0, 0)] * (k.ndim - 1) + [(0, 1)]), np.zeros((*k.shape[:-2], 1, d + 1))], axis=-2)
        k[..., -1, -1] = nobody
        return attend(q, k, np.concatenate([v, np.zeros((*v.shape[:-2], 1, v.shape[-1]))], axis=-2))
    return with_one_more_key


def projected(attend):
    return lambda x, w, d_k: attend(x @ w[:, :d_k], x @ w[:, d_k:2 * d_k], x @ w[:, 2 * d_k:])


PLAIN = {
    **{what: relative_to(top) for what, top in TOPS.items()},
    "clipped at 60": lambda q, k, v: soft(np.clip(score(q, k), -60, 60)) @ v,
    "all axes turned": lambda q, k, v: soft(q @ k.T / np.sqrt(q.shape[-1])) @ v,
    "divided by d_k + 1": lambda q, k, v: soft(q @ k.swapaxes(-1, -2) / np.sqrt(q.shape[-1] + 1)) @ v,
    "divided by 8": lambda q, k, v: soft(q @ k.swapaxes(-1, -2) / 8) @ v,
    "the sign turned": lambda q, k, v: soft(-score(q, k)) @ v,
    "distance for dot product": lambda q, k, v: soft(-((q[..., :, None, :] - k[..., None, :, :]) ** 2).sum(-1)) @ v,
    "scale on both": lambda q, k, v: soft(score(q, k) / np.sqrt(k.shape[-1])) @ v,
    "causal, though nobody asked": lambda q, k, v: soft(
        np.where(np.tri(*score(q, k).shape[-2:], dtype=bool), score(q, k), -np.inf)) @ v,
    "the output scaled": lambda q, k, v: soft(score(q, k)) @ v / np.sqrt(q.shape[-1]),
    "queries added": lambda q, k, v: soft(score(q, k)) @ v + q.sum(axis=-1, keepdims=True),
    "equal weights": lambda q, k, v: np.broadcast_to(v.mean(axis=-2, keepdims=True), (*q.shape[:-1], v.shape[-1])),
    "rounded to two places": lambda q, k, v: (soft(score(q, k)) @ v).round(2),
    "the first text for all": lambda q, k, v: np.broadcast_to(
        soft(score(q, k))[(0,) * (q.ndim - 2)] @ v[(0,) * (q.ndim - 2)], (*q.shape[:-1], v.shape[-1])),
}
PLAIN_NAMES = {"all axes turned": ("all_axes_turned",), "equal weights": ("mean_of_values",), "scale on both": ("divided_by_d_k",),
               "the output scaled": ()}
for _what, _attend in PLAIN.items():
    wrong("scaled_dot_product", _what, beside_nobody(_attend), *OVERFLOW, *PLAIN_NAMES.get(_what, ()))
    wrong("self_attention", _what, projected(_attend), *OVERFLOW, *PLAIN_NAMES.get(_what, ()))
wrong("self_attention", "values by the query weights", projected(lambda q, k, v: soft(score(q, k)) @ q))
wrong("self_attention", "a residual added", projected(lambda q, k, v: soft(score(q, k)) @ v + v))
wrong("self_attention", "projected after mixing, values unweighted",
      projected(lambda q, k, v: np.broadcast_to(v.mean(-2, keepdims=True), v.shape)))
wrong("self_attention", "keys in front of queries", lambda x, w, d_k: soft(score(x @ w[:, d_k:2 * d_k], x @ w[:, :d_k])) @ (x @ w[:, 2 * d_k:]),
      "queries_and_keys_swapped")
wrong("self_attention", "columns dealt out in turn", lambda x, w, d_k: soft(score(x @ w[:, :2 * d_k:2], x @ w[:, 1:2 * d_k:2])) @ (x @ w[:, 2 * d_k:]))
wrong("self_attention", "rows cut", lambda x, w, d_k: soft(score(x @ w[:, :d_k], x @ w[:, d_k:2 * d_k])) @ (x @ w)[..., 2 * d_k - 1:-1])
wrong("self_attention", "the scale of all columns", lambda x, w, d_k: soft(
    score(x @ w[:, :d_k], x @ w[:, d_k:2 * d_k]) * np.sqrt(d_k / w.shape[1])) @ (x @ w[:, 2 * d_k:]))


def nobody_in(combine):
    """Plain exponentials relative to each row's maximum, joined with nobody in some way."""
    def attend(q, k, v, nobody):
        scores = score(q, k)
        top = np.maximum(scores.max(axis=-1, keepdims=True), nobody)
        return combine(np.exp(scores - top), np.exp(nobody - top), v)
    return attend


for _what, _attend in {
        "nobody counted once for each key": nobody_in(lambda e, n, v: e / (e + n).sum(-1, keepdims=True) @ v),
        "nobody's share given to all keys": nobody_in(lambda e, n, v: (e + n / e.shape[-1]) / (e.sum(-1, keepdims=True) + n) @ v),
        "nobody takes the mean of the values": nobody_in(lambda e, n, v: (e @ v + n * v.mean(-2, keepdims=True)) / (e.sum(-1, keepdims=True) + n)),
        "nobody as a value of one": nobody_in(lambda e, n, v: (e @ v + n) / (e.sum(-1, keepdims=True) + n)),
        "twice nobody": nobody_in(lambda e, n, v: e / (e.sum(-1, keepdims=True) + 2 * n) @ v),
        "the keys below nobody hidden": lambda q, k, v, nobody: over(np.where(score(q, k) > nobody, np.exp(score(q, k) - score(q, k).max(-1, keepdims=True)), 0)) @ v,
        "nobody subtracted from the scores": lambda q, k, v, nobody: soft(score(q, k) - nobody) @ v,
        "the last key dropped instead": lambda q, k, v, nobody: soft(np.concatenate([score(q, k), np.full((*score(q, k).shape[:-1], 1), float(nobody))], -1))[..., 1:] @ v,
        }.items():
    wrong("scaled_dot_product", _what, _attend, "nobody_ignored", "hard_lookup")

# -- masked_attention, cached_step -----------------------------------------------------------------------------------

FILLS = {f"filled with {fill:g}": filled_with(fill) for fill in (0.0, -1.0, -10.0, -30.0, -100.0, -1000.0)}
FILL_NAMES = {"filled with -1": ("filled_with_minus_one",), "filled with 0": ("scores_times_mask",)}
MASKED = {
    **{what: relative_to(top) for what, top in TOPS.items()}, **FILLS,
    "the maximum over hidden keys": hidden_maximum,
    "hidden values alone": lambda q, k, v, mask: soft(score(q, k)) @ v * np.broadcast_to(
        mask, score(q, k).shape).any(-1, keepdims=True),
    "a dead row takes the first value": lambda q, k, v, mask: relative_to(TOPS["a maximum that starts at 0"])(q, k, v, mask)
    + ~np.broadcast_to(mask, score(q, k).shape).any(-1, keepdims=True) * v[..., :1, :],
    "dead rows everywhere zero": lambda q, k, v, mask: filled_with(-1e9)(q, k, v, mask)
    * np.broadcast_to(mask, score(q, k).shape).any(-1).all(),
    "NaN made zero, without a maximum": lambda q, k, v, mask: np.nan_to_num(
        np.exp(np.where(mask, score(q, k), -np.inf)) / np.exp(np.where(mask, score(q, k), -np.inf)).sum(-1, keepdims=True)) @ v,
    "scaled by d_v": lambda q, k, v, mask: relative_to(lambda s: s.max(-1, keepdims=True, initial=-1e9))(
        q * np.sqrt(q.shape[-1] / v.shape[-1]), k, v, mask),
    "keys hidden for all that one query may not see": lambda q, k, v, mask: filled_with(-1e9)(
        q, k, v, np.asarray(mask).all(axis=-2, keepdims=True)),
    "the mask of the last row for all": lambda q, k, v, mask: filled_with(-1e9)(q, k, v, mask[..., -1:, :]),
}
MASKED_NAMES = {**FILL_NAMES, "the maximum over hidden keys": ("maximum_over_hidden_keys",),
                "the mean for the maximum": ("filled_with_plus_infinity",), "hidden values alone": ("no_mask",), "scaled by d_v": ("scaled_by_d_v",)}
for _what, _attend in MASKED.items():
    wrong("masked_attention", _what, _attend, *OVERFLOW, "filled_with_a_modest_number", *MASKED_NAMES.get(_what, ()))


def cached(attend):
    def step(q, k_new, v_new, k_cache, v_cache):
        keys, values = np.concatenate([k_cache, k_new], axis=-2), np.concatenate([v_cache, v_new], axis=-2)
        n, m = q.shape[-2], keys.shape[-2]
        return attend(q, keys, values, np.tri(n, m, m - n, dtype=bool)), keys, values
    return step


for _what in [*TOPS, *FILLS, "the maximum over hidden keys", "scaled by d_v", "the mask of the last row for all"]:
    wrong("cached_step", _what, cached(MASKED[_what]), *OVERFLOW, "filled_with_a_modest_number",
          *MASKED_NAMES.get(_what, ()), *(("no_mask",) if "last row" in _what else ()))
_cached = cached(filled_with(-1e9))
wrong("cached_step", "one token of the future", lambda q, kn, vn, kc, vc: (
    filled_with(-1e9)(q, *_cached(q, kn, vn, kc, vc)[1:], np.tri(
        q.shape[-2], q.shape[-2] + kc.shape[-2], kc.shape[-2] + 1, dtype=bool)), *_cached(q, kn, vn, kc, vc)[1:]),
    "sees_the_next_token")
wrong("cached_step", "the cache seen by the first token alone is left out for others", lambda q, kn, vn, kc, vc: (
    _cached(q, kn, vn, kc[..., -3:, :], vc[..., -3:, :])[0], *_cached(q, kn, vn, kc, vc)[1:]))
wrong("cached_step", "caches exchanged", lambda q, kn, vn, kc, vc: tuple(_cached(q, kn, vn, kc, vc)[i] for i in (0, 2, 1)))
wrong("cached_step", "joined along the first axis", lambda q, kn, vn, kc, vc: (
    _cached(q, kn, vn, kc, vc)[0], np.concatenate([kc, kn]), np.concatenate([vc, vn])))
wrong("cached_step", "the newest output alone", lambda q, kn, vn, kc, vc: (
    _cached(q, kn, vn, kc, vc)[0][..., -1:, :], *_cached(q, kn, vn, kc, vc)[1:]))
wrong("cached_step", "scaled keys kept", lambda q, kn, vn, kc, vc: (
    _cached(q, kn, vn, kc, vc)[0], np.concatenate([kc, kn], -2) / np.sqrt(q.shape[-1]), np.concatenate([vc, vn], -2)))
wrong("cached_step", "outputs kept for values", lambda q, kn, vn, kc, vc: (
    _cached(q, kn, vn, kc, vc)[0], np.concatenate([kc, kn], -2), np.concatenate([vc, _cached(q, kn, vn, kc, vc)[0]], -2)))

# -- masks -----------------------------------------------------------------------------------------------------------


def tri(n, m, k=0):
    return np.tri(n, m, k, dtype=bool)


wrong("causal_mask", "never before the first key", lambda n, m: tri(n, m, max(m - n, 0)))
wrong("causal_mask", "by the distance", lambda n, m: tri(n, m, abs(m - n)))
wrong("causal_mask", "right for cases seen", lambda n, m: tri(n, m, 4 if m > n else m - n))
wrong("causal_mask", "all forbidden", lambda n, m: np.zeros((n, m), dtype=bool))
wrong("causal_mask", "the diagonal alone", lambda n, m: np.eye(n, m, m - n, dtype=bool))
wrong("causal_mask", "two tokens ahead", lambda n, m: tri(n, m, m - n + 2))
wrong("causal_mask", "turned in both axes", lambda n, m: tri(n, m, m - n)[::-1, ::-1], "looks_at_the_future")
wrong("causal_mask", "the first row for all", lambda n, m: np.broadcast_to(tri(n, m, m - n)[:1], (n, m)).copy())
wrong("causal_mask", "the last row for all", lambda n, m: np.ones((n, m), dtype=bool), "no_mask")
wrong("causal_mask", "always square", lambda n, m: tri(m, m))
wrong("causal_mask", "a single query sees itself alone", lambda n, m: tri(n, m, m - n) if n > 1 else np.arange(m)[None] == m - 1)
wrong("causal_mask", "the first key for all", lambda n, m: tri(n, m, m - n) | (np.arange(m) == 0))

_window = {"twice as wide": lambda n, m, s: 2 * s, "half as wide": lambda n, m, s: (s + 1) // 2, "always 3": lambda n, m, s: 3,
           "two too wide": lambda n, m, s: s + 2}


def window(n, m, size, start=None):
    gap = (np.arange(n) + (m - n if start is None else start))[:, None] - np.arange(m)
    return (gap >= 0) & (gap < size)


for _what, _size in _window.items():
    wrong("window_mask", _what, lambda n, m, s, size=_size: window(n, m, size(n, m, s)))


def window_by_negative_index(n, m, size):
    out = np.zeros((n, m), dtype=bool)
    for i in range(n):
        for back in range(size):
            out[i, max(i + m - n - back, -m)] = True
    return out


wrong("window_mask", "negative indices", window_by_negative_index, "window_wraps_round")
wrong("window_mask", "never before the first key", lambda n, m, s: window(n, m, s, max(m - n, 0)))
wrong("window_mask", "the first key for all", lambda n, m, s: window(n, m, s) | tri(n, m, m - n) & (np.arange(m) == 0))
wrong("window_mask", "centred", lambda n, m, s: np.abs((np.arange(n) + m - n)[:, None] - np.arange(m)) <= s // 2)
wrong("window_mask", "all forbidden", lambda n, m, s: np.zeros((n, m), dtype=bool))
wrong("window_mask", "all allowed", lambda n, m, s: np.ones((n, m), dtype=bool), "no_mask")
wrong("window_mask", "self and size excluded", lambda n, m, s: window(n, m, s) & ~np.eye(n, m, m - n, dtype=bool), "self_excluded")
wrong("window_mask", "turned", lambda n, m, s: window(m, n, s, 0).T if n != m else window(n, m, s).T)

wrong("dilated_mask", "negative indices", lambda n, size, step: np.array(
    [[j in [(i - s * step) % n for s in range(size)] for j in range(n)] for i in range(n)]), "window_wraps_round")
wrong("dilated_mask", "one key too few", lambda n, size, step: np.array(
    [[j in [i - s * step for s in range(size - 1)] for j in range(n)] for i in range(n)]), "window_one_too_narrow")
wrong("dilated_mask", "itself left out", lambda n, size, step: np.array(
    [[j in [i - s * step for s in range(1, size + 1)] for j in range(n)] for i in range(n)]), "self_excluded")
wrong("dilated_mask", "itself left out and one fewer", lambda n, size, step: np.array(
    [[j in [i - s * step for s in range(1, size)] for j in range(n)] for i in range(n)]), "self_excluded")
wrong("dilated_mask", "gaps of step tokens", lambda n, size, step: np.array(
    [[j in [i - s * (step + 1) for s in range(size)] for j in range(n)] for i in range(n)]), "gaps_one_too_wide")
wrong("dilated_mask", "size and step exchanged", lambda n, size, step: np.array(
    [[j in [i - s * size for s in range(step)] for j in range(n)] for i in range(n)]), "size_and_step_exchanged")
wrong("dilated_mask", "doubling steps", lambda n, size, step: np.array(
    [[j in [i] + [i - step * 2**s for s in range(size - 1)] for j in range(n)] for i in range(n)]))
wrong("dilated_mask", "clipped at the first token", lambda n, size, step: np.array(
    [[j in [max(i - s * step, 0) for s in range(size)] for j in range(n)] for i in range(n)]))
wrong("dilated_mask", "all allowed", lambda n, size, step: np.ones((n, n), dtype=bool))
wrong("dilated_mask", "all forbidden", lambda n, size, step: np.zeros((n, n), dtype=bool))
wrong("dilated_mask", "itself alone", lambda n, size, step: np.eye(n, dtype=bool))
wrong("dilated_mask", "step 2 always", lambda n, size, step: np.array(
    [[j in [i - s * 2 for s in range(size)] for j in range(n)] for i in range(n)]))

_pads = {"the last text for all": lambda n, m: np.broadcast_to(np.arange(m) < n[-1], (len(n), 1, m)),
         "the mean length for all": lambda n, m: np.broadcast_to(np.arange(m) < n.mean(), (len(n), 1, m)),
         "squeezed": lambda n, m: np.squeeze(np.arange(m) < n[:, None, None]),
         "query axis in front": lambda n, m: (np.arange(m) < n[:, None])[None],
         "an axis for heads": lambda n, m: np.arange(m) < n[:, None, None, None],
         "axis behind": lambda n, m: (np.arange(m) < n[:, None])[:, :, None],
         "one row for each key": lambda n, m: np.repeat(np.arange(m) < n[:, None, None], m, axis=1),
         "the order of texts turned": lambda n, m: np.arange(m) < n[::-1, None, None],
         "the token itself alone": lambda n, m: np.arange(m) == n[:, None, None] - 1,
         "an empty text shows its first": lambda n, m: np.arange(m) < np.maximum(n, 1)[:, None, None],
         "a full text loses its last": lambda n, m: np.arange(m) < np.minimum(n, m - 1)[:, None, None],
         "all allowed": lambda n, m: np.ones((len(n), 1, m), dtype=bool),
         "all forbidden": lambda n, m: np.zeros((len(n), 1, m), dtype=bool)}
for _what, _pad in _pads.items():
    wrong("padding_mask", _what, _pad, "no_mask", "query_axis_in_front", "padding_on_queries", "no_query_axis")

_prefixes = {"right for the prefix of 3 alone": lambda n, p: tri(n, n) | (np.arange(n) < (3 if p == 3 else 5 if p == 5 else p - 1)),
             "right up to the middle": lambda n, p: tri(n, n) | (np.arange(n) < (p if p <= n / 2 or p == n else n // 2)),
             "a prefix of 1 forgotten": lambda n, p: tri(n, n) | (np.arange(n) < p if p > 1 else np.zeros(n, bool)) & (n != 1)
             if n != 1 else np.zeros((1, 1), bool),
             "one token too few": lambda n, p: tri(n, n) | (np.arange(n) < p - 1),
             "symmetric": lambda n, p: np.maximum.outer(np.arange(n), np.arange(n)) < p,
             "two blocks": lambda n, p: (np.arange(n) < p)[:, None] == (np.arange(n) < p),
             "the prefix causal": lambda n, p: tri(n, n), "offset triangle": lambda n, p: tri(n, n, p),
             "all forbidden": lambda n, p: np.zeros((n, n), dtype=bool), "exclusive or": lambda n, p: tri(n, n) ^ (np.arange(n) < p),
             "numbers": lambda n, p: (tri(n, n) | (np.arange(n) < p)).astype(float)}
for _what, _prefix in _prefixes.items():
    wrong("prefix_mask", _what, _prefix, "prefix_ignored", "mask_of_numbers", "one_token_too_few")

_hops = {"a constant width": lambda n: tri(n, n) & ((np.arange(n)[:, None] - np.arange(n) < 6) | (np.arange(n) % 5 == 4)),
         "the first 2 sqrt(n) keys": lambda n: tri(n, n) & (np.arange(n) < 2 * np.ceil(np.sqrt(n))),
         "powers of two back": lambda n: np.isin(np.arange(n)[:, None] - np.arange(n), [0, *2 ** np.arange(12)]),
         "itself alone": lambda n: np.eye(n, dtype=bool), "all allowed": lambda n: np.ones((n, n), dtype=bool),
         "all forbidden": lambda n: np.zeros((n, n), dtype=bool),
         "one token fails": lambda n: tri(n, n) & (n > 1) & ((np.arange(n)[:, None] // max(int(np.ceil(n**0.5)), 1) == np.arange(n)
                                                            // max(int(np.ceil(n**0.5)), 1))
                                                           | (np.arange(n) % int(np.ceil(n**0.5)) == int(np.ceil(n**0.5)) - 1)),
         "right up to 50": lambda n: tri(n, n) & ((np.arange(n)[:, None] // 8 == np.arange(n) // 8) | (np.arange(n) % 8 == 7))
         if n > 25 else tri(n, n) & ((np.arange(n)[:, None] // max(int(np.ceil(n**0.5)), 1) == np.arange(n) // int(np.ceil(n**0.5)))
                                     | (np.arange(n) % int(np.ceil(n**0.5)) == int(np.ceil(n**0.5)) - 1)),
         "every seventh and the last seven": lambda n: tri(n, n) & ((np.arange(n)[:, None] - np.arange(n) < 7)
                                                                    | (np.arange(n) % 7 == 0)),
         "mirrored": lambda n: np.triu(np.ones((n, n), dtype=bool)) & ((np.arange(n)[:, None] - np.arange(n) > -5)
                                                                      | (np.arange(n) % 5 == 0))}
for _what, _hop in _hops.items():
    wrong("two_hop_mask", _what, _hop)


def read(**other):
    readers = {"true looks": lambda t: t.copy(), "true hides": lambda t: ~t, "added": lambda t: t > -1e4,
               "ones are real": lambda t: t[:, None, None, :] == 1}
    readers |= {key.replace("_", " "): reader for key, reader in other.items()}
    return lambda table, dialect: readers[dialect](table)


for _border in (-1.0, -1e2, -1e3, -9e3, -1.1e4, -1e5, -1e9):
    wrong("translate_mask", f"the border at {_border:g}", read(added=lambda t, b=_border: t > b),
          "every_penalty_hides", "border_elsewhere")
wrong("translate_mask", "the border itself may be looked at", read(added=lambda t: t >= -1e4), "border_elsewhere")
wrong("translate_mask", "only zero and above", read(added=lambda t: t >= 0), "every_penalty_hides")
wrong("translate_mask", "only negatives and zero", read(added=lambda t: (t > -1e4) & (t <= 0)))
wrong("translate_mask", "finite", read(added=np.isfinite), "only_infinity_hides")
wrong("translate_mask", "every float hides", read(added=lambda t: t != 0), "zero_bias_read_as_no")
wrong("translate_mask", "added is turned", read(added=lambda t: t <= -1e4))
wrong("translate_mask", "one axis for heads", read(ones_are_real=lambda t: t[:, None, :] == 1), "key_mask_without_heads")
wrong("translate_mask", "numbers for keys", read(ones_are_real=lambda t: t[:, None, None, :]))
wrong("translate_mask", "the first text for all", read(ones_are_real=lambda t: np.broadcast_to(
    t[:1, None, None, :] == 1, (len(t), 1, 1, t.shape[1]))))
wrong("translate_mask", "heads first", read(ones_are_real=lambda t: t[None, None] == 1))
wrong("translate_mask", "both booleans hide", lambda table, dialect: ~table if dialect.startswith("true") else read()(table, dialect),
      "both_booleans_turned")

# -- attention with dropout, to another text, along edges ------------------------------------------------------------

_drops = {"divided by the share kept now": lambda w, v, keep, p: w * keep / keep.mean() @ v,
          "divided by each row's share kept": lambda w, v, keep, p: w * keep / np.maximum(keep.mean(-1, keepdims=True), 1e-9) @ v,
          "divided by p": lambda w, v, keep, p: w * keep / p @ v, "the square root of 1 - p": lambda w, v, keep, p: w * keep / np.sqrt(1 - p) @ v,
          "made larger twice": lambda w, v, keep, p: w * keep / (1 - p) ** 2 @ v, "multiplied by 1 + p": lambda w, v, keep, p: w * keep * (1 + p) @ v,
          "p = 0.5 assumed": lambda w, v, keep, p: w * keep * 2 @ v, "values dropped": lambda w, v, keep, p: w @ (v * keep.any(-2)[..., None]) / (1 - p),
          "renormalised and made larger": lambda w, v, keep, p: over(w * keep) / (1 - p) @ v,
          "softmax again": lambda w, v, keep, p: soft(np.where(keep, w, -1e9)) @ v,
          "the first text's draw": lambda w, v, keep, p: w * (keep[:1] if keep.ndim > 2 else keep) / (1 - p) @ v,
          "a lost row takes the mean": lambda w, v, keep, p: np.where(keep.any(-1, keepdims=True), w * keep / (1 - p) @ v, w @ v),
          "dropped weights added": lambda w, v, keep, p: (w * keep + w * ~keep * p) / (1 - p) @ v}
_drop_names = {"divided by p": ("divided_by_the_share_dropped",), "divided by the share kept now": ("divided_by_the_share_kept",),
               "divided by each row's share kept": ("divided_by_the_share_kept",)}


def differences(forward):
    """The gradients of a wrong way forward, by central differences."""
    def back(w, v, keep, p, d_output):
        slopes = []
        for which, x in enumerate((w, v)):
            slope = np.zeros(x.shape)
            for place in np.ndindex(x.shape):
                ends = []
                for h in (1e-4, -1e-4):
                    moved = [w.copy(), v.copy()]
                    moved[which][place] += h
                    ends.append((forward(*moved, keep, p) * d_output).sum())
                slope[place] = (ends[0] - ends[1]) / 2e-4
            slopes.append(slope)
        return tuple(slopes)
    return back


for _what, _drop in _drops.items():
    wrong("attention_dropout", _what, differences(_drop), *_drop_names.get(_what, ()))
for _what, _drop in {
        "gradients exchanged in the answer": lambda w, v, keep, p, d: ((w * keep / (1 - p)).swapaxes(-1, -2) @ d, d @ v.swapaxes(-1, -2) * keep / (1 - p)),
        "made larger in one of the two": lambda w, v, keep, p, d: (d @ v.swapaxes(-1, -2) * keep, (w * keep / (1 - p)).swapaxes(-1, -2) @ d),
        "the weights multiplied in": lambda w, v, keep, p, d: (d @ v.swapaxes(-1, -2) * w * keep / (1 - p), (w * keep / (1 - p)).swapaxes(-1, -2) @ d),
        "through the softmax as well": lambda w, v, keep, p, d: (w * (d @ v.swapaxes(-1, -2) * keep / (1 - p) - (
            w * (d @ v.swapaxes(-1, -2) * keep / (1 - p))).sum(-1, keepdims=True)), (w * keep / (1 - p)).swapaxes(-1, -2) @ d),
        "the draw alone": lambda w, v, keep, p, d: (d @ v.swapaxes(-1, -2) * keep / (1 - p), (keep / (1 - p)).swapaxes(-1, -2) @ d),
        "signs turned": lambda w, v, keep, p, d: (-d @ v.swapaxes(-1, -2) * keep / (1 - p), -(w * keep / (1 - p)).swapaxes(-1, -2) @ d)}.items():
    wrong("attention_dropout", _what, _drop)


def crossed(attend, memory_of=lambda memory, real: memory):
    def cross(x, memory, lengths, w_q, w_k, w_v):
        real = np.arange(memory.shape[1]) < np.asarray(lengths)[:, None]
        memory = memory_of(memory, real[..., None])
        return attend(x @ w_q, memory @ w_k, memory @ w_v, real[:, None])
    return cross


for _what in [*TOPS, *FILLS, "the maximum over hidden keys", "scaled by d_v"]:
    wrong("cross_attention", _what, crossed(MASKED[_what]), *OVERFLOW, "filled_with_a_modest_number", *MASKED_NAMES.get(_what, ()))
_right = filled_with(-1e9)
_crosses = {"padding set to zero": crossed(lambda q, k, v, real: soft(score(q, k)) @ v, lambda memory, real: memory * real),
            "masked after the softmax": crossed(lambda q, k, v, real: soft(score(q, k)) * real @ v),
            "upside down": crossed(lambda q, k, v, real: _right(q, k, v, ~real)),
            "the longest for all": crossed(lambda q, k, v, real: _right(q, k, v, real.any(0, keepdims=True))),
            "padded queries": crossed(lambda q, k, v, real: soft(score(q, k)) @ v * (np.arange(q.shape[1]) < real.sum(-1))[..., None]),
            "padding in front": crossed(lambda q, k, v, real: _right(q, k, v, real[..., ::-1])),
            "softmax over the queries": crossed(lambda q, k, v, real: soft(np.where(real, score(q, k), -1e9), -2) @ v),
            "no scale": crossed(lambda q, k, v, real: _right(q * np.sqrt(q.shape[-1]), k, v, real)),
            "the first memory for all": crossed(lambda q, k, v, real: _right(q, k[:1], v[:1], real)),
            "one key too few": crossed(lambda q, k, v, real: _right(q, k, v, np.concatenate([real[..., 1:], real[..., :1] & False], -1))),
            "equal weights": crossed(lambda q, k, v, real: _right(0 * q, k, v, real)),
            "queries and keys exchanged": lambda x, memory, lengths, w_q, w_k, w_v: crossed(_right)(x, memory, lengths, w_k, w_q, w_v)}
_cross_names = {"padding set to zero": ("padding_set_to_zero",), "masked after the softmax": ("mask_after_softmax",),
                "upside down": ("mask_inverted",), "the longest for all": ("longest_text_for_all",), "no scale": ("no_scale",),
                "padded queries": ("padding_on_queries",), "softmax over the queries": ("softmax_over_queries",),
                "queries and keys exchanged": ("queries_and_keys_swapped",), "padding in front": ("padding_in_front",),
                "one key too few": ("one_key_too_few",)}
for _what, _cross in _crosses.items():
    wrong("cross_attention", _what, _cross, *_cross_names.get(_what, ()))


def bent(z, slope=0.2):
    return np.where(z > 0, z, slope * z)


def graphs(mix, bend=bent):
    def layer(x, w, a, mask):
        h = x @ w
        return mix(bend((h @ a[0])[:, None] + h @ a[1]), mask, h)
    return layer


for _what, _top in TOPS.items():
    wrong("graph_attention", _what, graphs(lambda s, mask, h, top=_top: over(
        np.exp(np.where(mask, s, -np.inf) - top(np.where(mask, s, -np.inf)))) @ h), *OVERFLOW)
for _fill in (0.0, -1.0, -10.0, -30.0, -100.0, -1000.0):
    wrong("graph_attention", f"filled with {_fill:g}", graphs(lambda s, mask, h, fill=_fill: soft(np.where(mask, s, fill)) @ h),
          "filled_with_a_modest_number", "scores_times_mask")


def mixed(s, mask, h):
    return soft(np.where(mask, s, -np.inf)) @ h


wrong("graph_attention", "the maximum over hidden pairs", graphs(
    lambda s, mask, h: over(np.exp(s - s.max(-1, keepdims=True)) * mask) @ h))
wrong("graph_attention", "a slope of 0.01", graphs(mixed, lambda z: bent(z, 0.01)), "usual_slope")
wrong("graph_attention", "a slope of -0.2", graphs(mixed, lambda z: bent(z, -0.2)))
wrong("graph_attention", "bent the other way", graphs(mixed, lambda z: np.where(z < 0, z, 0.2 * z)))
wrong("graph_attention", "scaled by the width", graphs(lambda s, mask, h: mixed(s / np.sqrt(h.shape[-1]), mask, h)), "scale_added")
wrong("graph_attention", "masked after the softmax", graphs(lambda s, mask, h: soft(s) * mask @ h), "mask_after_softmax")
wrong("graph_attention", "the other half twice", lambda x, w, a, mask: graphs(mixed)(x, w, a[[1, 1]], mask), "one_half_for_both")
wrong("graph_attention", "who asks is left out", lambda x, w, a, mask: graphs(mixed)(x, w, a * [[0.0], [1.0]], mask),
      "bent_before_the_sum")
wrong("graph_attention", "the plain mean", lambda x, w, a, mask: graphs(mixed)(x, w, 0 * a, mask))
wrong("graph_attention", "the output bent", lambda x, w, a, mask: bent(graphs(mixed)(x, w, a, mask)))
wrong("graph_attention", "itself always", lambda x, w, a, mask: graphs(mixed)(x, w, a, mask | np.eye(len(x), dtype=bool)))
wrong("graph_attention", "a sigmoid for each edge", graphs(lambda s, mask, h: mask / (1 + np.exp(-s)) @ h))


def edges(top=lambda s, r, n: np.array([s[r == i].max(initial=-1e9) for i in range(n)])[r], scale=np.sqrt, total_of=None):
    def passing(q, k, v, receivers, senders):
        r, s = np.asarray(receivers), np.asarray(senders)
        z = (q[r] * k[s]).sum(-1) / scale(q.shape[-1])
        powers = np.exp(z - top(z, r, len(q)))
        total, out = np.zeros(len(q)), np.zeros((len(q), v.shape[-1]))
        np.add.at(total, r, powers)
        np.add.at(out, r, (powers / total[r])[:, None] * v[s])
        return out
    return passing


def by_table(once, n_of=len):
    def passing(q, k, v, receivers, senders):
        count = np.zeros((n_of(q), len(q)))
        np.add.at(count, (receivers, senders), 1)
        z = score(q, k)
        z = np.where(count > 0, z, -np.inf)
        return over(np.exp(z - z.max(-1, keepdims=True, initial=-1e9)) * (count > 0 if once else count)) @ v
    return passing


wrong("message_passing", "no maximum", edges(lambda s, r, n: 0.0), *OVERFLOW)
wrong("message_passing", "one maximum for all edges", edges(lambda s, r, n: s.max(initial=-1e9)), *OVERFLOW, "one_maximum_for_all_edges")
wrong("message_passing", "one maximum that starts at 0", edges(lambda s, r, n: s.max(initial=0)), *OVERFLOW, "one_maximum_for_all_edges")
wrong("message_passing", "the mean for the maximum", edges(lambda s, r, n: s.mean() if len(s) else 0.0), *OVERFLOW)
wrong("message_passing", "700 for the maximum", edges(lambda s, r, n: 700.0), *OVERFLOW)
wrong("message_passing", "an edge listed twice counts once", by_table(True), "edge_counted_once")
wrong("message_passing", "divided by d_k", edges(scale=lambda d: d), "divided_by_d_k")
wrong("message_passing", "as many outputs as receivers", lambda q, k, v, r, s: edges()(q, k, v, r, s)[:max(r, default=0) + 1])
wrong("message_passing", "only nodes that are reached", lambda q, k, v, r, s: edges()(q, k, v, r, s)[np.unique(r)])
wrong("message_passing", "a lonely node keeps its value", lambda q, k, v, r, s: edges()(q, k, v, r, s)
      + ~np.isin(np.arange(len(q)), r)[:, None] * v)
wrong("message_passing", "edges both ways", lambda q, k, v, r, s: edges()(
    q, k, v, np.concatenate([r, s]), np.concatenate([s, r])))
wrong("message_passing", "values of the receivers", lambda q, k, v, r, s: edges()(q, k, v, r, s) * 0
      + v * np.isin(np.arange(len(q)), r)[:, None])
wrong("message_passing", "sorted receivers assumed", lambda q, k, v, r, s: edges()(q, k, v, np.sort(r), s))
wrong("message_passing", "queries of the senders", lambda q, k, v, r, s: edges()(k, q, v, r, s), "queries_and_keys_swapped")
wrong("message_passing", "all zeros", lambda q, k, v, r, s: np.zeros((len(q), v.shape[-1])))

# -- numbers about weights -------------------------------------------------------------------------------------------


def nats(weights):
    return -(weights * np.log(np.where(weights > 0, weights, 1))).sum(-1)


def share(allowed_of, log=np.log, bits=nats):
    def masked(weights, mask):
        allowed = allowed_of(weights, mask)
        return np.where(allowed > 1, bits(weights) / log(np.maximum(allowed, 2)), 0.0)
    return masked


def count(weights, mask):
    return np.sum(mask, axis=-1)


_shares = {"weights above zero counted": share(lambda w, m: (w > 0).sum(-1)), "weights above 1e-9 counted": share(lambda w, m: (w > 1e-9).sum(-1)),
           "nats over bits": share(count, np.log2), "bits over nats": share(count, np.log, lambda w: nats(w) / np.log(2)),
           "one key more": share(lambda w, m: m.sum(-1) + 1), "one key fewer": share(lambda w, m: m.sum(-1) - 1),
           "the mean": lambda w, m: share(count)(w, m).mean(), "one minus": lambda w, m: 1 - share(count)(w, m),
           "the sign kept": lambda w, m: -share(count)(w, m), "columns": lambda w, m: share(lambda w, m: m.sum(0))(w.T, m.T)
           if w.shape[0] == w.shape[1] else share(count)(w, m)[:1], "by causal place": share(lambda w, m: np.arange(1, len(w) + 1)),
           "effective keys": lambda w, m: np.exp(nats(w)) / np.maximum(m.sum(-1), 1),
           "largest weight": lambda w, m: 1 - w.max(-1), "a little added": share(count, bits=lambda w: -(w * np.log(w + 0.01)).sum(-1)),
           "always 0.5": lambda w, m: np.full(len(w), 0.5), "an axis kept": lambda w, m: share(count)(w, m)[:, None],
           "the first row's count": share(lambda w, m: np.full(len(w), m[-1].sum()))}
_share_names = {"weights above zero counted": ("share_by_keys_used",), "weights above 1e-9 counted": ("share_by_keys_used",),
                "nats over bits": ("share_of_two_bases",), "bits over nats": ("share_of_two_bases",)}
for _what, _share in _shares.items():
    wrong("masked_entropy", _what, _share, *_share_names.get(_what, ()))

_offsets = {"median": lambda w, d: np.median(np.diagonal(w, d, axis1=-2, axis2=-1), axis=-1),
            "largest": lambda w, d: np.diagonal(w, d, axis1=-2, axis2=-1).max(-1), "n - d": lambda w, d: np.trace(
                w, d, -2, -1) / (w.shape[-1] - d), "one further": lambda w, d: np.diagonal(w, d + 1, axis1=-2, axis2=-1).mean(-1)
            if d + 1 < w.shape[-1] else np.zeros(w.shape[:-2]), "one nearer": lambda w, d: np.diagonal(w, d - 1, axis1=-2, axis2=-1).mean(-1)
            if 1 - d < w.shape[-1] else np.zeros(w.shape[:-2]), "distance": lambda w, d: np.diagonal(w, -abs(d), axis1=-2, axis2=-1).mean(-1),
            "both sides": lambda w, d: (np.trace(w, d, -2, -1) + np.trace(w, -d, -2, -1)) / 2 / (w.shape[-1] - abs(d)),
            "the mean of all heads": lambda w, d: np.diagonal(w, d, axis1=-2, axis2=-1).mean(),
            "the first head for all": lambda w, d: np.broadcast_to(np.diagonal(w, d, axis1=-2, axis2=-1).mean(-1).ravel()[0], w.shape[:-2]),
            "n - 1": lambda w, d: np.trace(w, d, -2, -1) / (w.shape[-1] - 1), "columns": lambda w, d: np.roll(w, -d, -1).mean((-2, -1)),
            "zero": lambda w, d: np.zeros(w.shape[:-2]), "right near the diagonal": lambda w, d: np.diagonal(
                w, int(np.clip(d, -3, 2)), axis1=-2, axis2=-1).mean(-1)}
for _what, _offset in _offsets.items():
    wrong("offset_score", _what, _offset, "always_the_previous_token")


def roll(steps, start=None):
    reached = np.eye(steps.shape[-1]) if start is None else start
    for step in steps:
        reached = step @ reached
    return reached


def halves(weights):
    return 0.5 * weights.mean(1) + 0.5 * np.eye(weights.shape[-1])


_rolls = {"heads summed": lambda w: roll(0.5 * w.sum(1) + 0.5 * np.eye(w.shape[-1])), "the weakest head": lambda w: roll(0.5 * w.min(1) + 0.5 * np.eye(w.shape[-1])),
          "the first head": lambda w: roll(0.5 * w[:, 0] + 0.5 * np.eye(w.shape[-1])), "layers for heads": lambda w: roll(halves(w.swapaxes(0, 1))),
          "the last layer left out": lambda w: roll(halves(w[:-1])), "the first layer left out": lambda w: roll(halves(w[1:])),
          "columns sum to one": lambda w: roll(halves(w.swapaxes(-1, -2))), "turned": lambda w: roll(halves(w)).T,
          "0.9 and 0.1": lambda w: roll(0.9 * w.mean(1) + 0.1 * np.eye(w.shape[-1])), "residual once at the start": lambda w: roll(w.mean(1), halves(w)[0]),
          "all layers": lambda w: np.stack([roll(halves(w[:i + 1])) for i in range(len(w))]), "sum of layers": lambda w: halves(w).sum(0),
          "the mean first, then a power": lambda w: np.linalg.matrix_power(halves(w).mean(0), len(w)), "equal shares": lambda w: np.full(w.shape[-2:], 1 / w.shape[-1])}
_roll_names = {"layers for heads": ("rollout_layers_for_heads",), "turned": ("rollout_first_layer_on_the_left",)}
for _what, _roll in _rolls.items():
    wrong("rollout", _what, _roll, *_roll_names.get(_what, ()))


def far(mask, layers, start=None):
    reached = np.eye(len(mask), dtype=bool) if start is None else start
    for _ in range(layers):
        reached = mask @ reached
    return reached


def eye(mask):
    return np.eye(len(mask), dtype=bool)


_reaches = {"the diagonal added at the end": lambda m, layers: far(m, layers) | eye(m), "counted in 8 bits": lambda m, layers: np.linalg.matrix_power(
    (m | eye(m)).astype(np.uint8), layers) > 0, "three layers at most": lambda m, layers: far(m | eye(m), min(layers, 3)),
            "doubling": lambda m, layers: far(m | eye(m), 2**layers) if layers else eye(m), "numbers of paths": lambda m, layers: np.linalg.matrix_power(
                (m | eye(m)).astype(int), layers), "no layer is one layer": lambda m, layers: far(m | eye(m), max(layers, 1)),
            "the mask again": lambda m, layers: m | eye(m), "exactly": lambda m, layers: far(m, layers) & ~eye(m),
            "all": lambda m, layers: np.ones(m.shape, dtype=bool), "causal": lambda m, layers: tri(*m.shape),
            "by distance": lambda m, layers: np.abs(np.arange(len(m))[:, None] - np.arange(len(m))) <= layers,
            "the other end": lambda m, layers: far((m | eye(m)).T, layers), "itself lost": lambda m, layers: far(m | eye(m), layers) & ~eye(m)}
_reach_names = {"the other end": ("sent_for_heard",), "exactly": ("residual_left_out",), "the mask again": ("no_further_than_one_layer",),
                "the diagonal added at the end": ("diagonal_added_at_the_end",)}
for _what, _reach in _reaches.items():
    wrong("reach", _what, _reach, *_reach_names.get(_what, ()))

_scales = {"queries alone": lambda d, a, b: (d * a) ** -0.5, "keys alone": lambda d, a, b: (d * b) ** -0.5, "d_k outside": lambda d, a, b: 1 / (d * np.sqrt(a * b)),
           "the larger": lambda d, a, b: (d * max(a, b) ** 2) ** -0.5, "the mean of both": lambda d, a, b: (d * ((a + b) / 2) ** 2) ** -0.5,
           "one degree of freedom": lambda d, a, b: ((d - 1) * a * b) ** -0.5, "a half": lambda d, a, b: 0.5, "the cube root": lambda d, a, b: (d * a * b) ** (-1 / 3),
           "the sign": lambda d, a, b: -((d * a * b) ** -0.5), "variances on top": lambda d, a, b: np.sqrt(a * b / d), "a ratio": lambda d, a, b: np.sqrt(b / (a * d)),
           "d_k squared": lambda d, a, b: (d * d * a * b) ** -0.5, "rounded": lambda d, a, b: round((d * a * b) ** -0.5, 2)}
_scale_names = {"d_k outside": ("scale_as_unit_length",), "d_k squared": ("scale_as_unit_length",)}
for _what, _scale in _scales.items():
    wrong("score_variance", _what, _scale, *_scale_names.get(_what, ()))

_without = {"renormalised over columns": lambda w, v, j: np.delete(w, j, 1) / np.delete(w, j, 1).sum(0) @ np.delete(v, j, 0),
            "the first query's weight for all": lambda w, v, j: (w @ v - w[:, [j]] * v[j]) / (1 - w[0, j]), "the mean of the rest": lambda w, v, j: np.broadcast_to(
                np.delete(v, j, 0).mean(0), (len(w), v.shape[1])), "the difference": lambda w, v, j: w[:, [j]] * v[j], "nothing masked": lambda w, v, j: w @ v,
            "the last key": lambda w, v, j: _without_key(w, v, len(v) - 1), "the first key": lambda w, v, j: _without_key(w, v, 0),
            "only the query j": lambda w, v, j: np.where(np.arange(len(w))[:, None] == j, _without_key(w, v, j), w @ v),
            "all others": lambda w, v, j: np.broadcast_to(v[j], (len(w), v.shape[1])), "the mean for its value": lambda w, v, j: w @ v - w[:, [j]] * (v[j] - v.mean(0)),
            "square of what is left": lambda w, v, j: (w @ v - w[:, [j]] * v[j]) / (1 - w[:, [j]]) ** 2, "value zero": lambda w, v, j: w @ np.where(
                np.arange(len(v))[:, None] == j, 0, v), "the row deleted": lambda w, v, j: np.delete(w, j, 1) @ np.delete(v, j, 0),
            "plus the lost": lambda w, v, j: (w @ v - w[:, [j]] * v[j]) / (1 + w[:, [j]])}


def _without_key(w, v, j):
    return (w @ v - w[:, [j]] * v[j]) / (1 - w[:, [j]])


for _what, _one in _without.items():
    wrong("without_one_key", _what, _one, "weight_erased_only")


def gaps(measure=lambda g: np.abs(g).max(), cut=lambda x, i, n: x[i:i + 1, :n], said=lambda lengths, i: lengths[i:i + 1], rows=slice(None)):
    def neighbour(attend, x, lengths):
        batch = attend(x, lengths)
        return np.array([measure((batch[i, :n] - attend(cut(x, i, n), said(lengths, i))[0, :n])[rows]) for i, n in enumerate(lengths)])
    return neighbour


_gaps = {"the length of the difference": gaps(lambda g: np.linalg.norm(g)), "squared": gaps(lambda g: (g**2).max()), "the smallest": gaps(lambda g: np.abs(g).min()),
         "summed": gaps(lambda g: np.abs(g).sum()), "the first feature": gaps(lambda g: np.abs(g[:, 0]).max()), "a length for each token": gaps(
             lambda g: np.linalg.norm(g, axis=-1).max()), "downwards alone": gaps(lambda g: -g.min()), "the median": gaps(lambda g: np.median(np.abs(g))),
         "one token short": gaps(cut=lambda x, i, n: x[i:i + 1, :n], rows=slice(None, -1), measure=lambda g: np.abs(g).max(initial=0)),
         "zeros": lambda attend, x, lengths: np.zeros(len(x)), "rounded": gaps(lambda g: np.abs(g).max().round(2)),
         "with the first text's length": gaps(said=lambda lengths, i: lengths[:1]), "spread": gaps(np.ptp),
         "relative": gaps(lambda g: np.abs(g).max() / (1 + np.abs(g).max()))}
for _what, _gap in _gaps.items():
    wrong("neighbour_gap", _what, _gap, "gap_as_a_length")

# -- queries and keys to invent --------------------------------------------------------------------------------------

_pairs = {"shifted round": lambda n: (10 * np.sqrt(n) * np.roll(np.eye(n), 1, 1), np.eye(n)), "a factor of 20 without the width": lambda n: (20 * np.eye(n, k=-1), np.eye(n)),
          "right up to 17": lambda n: (10 * np.sqrt(min(n, 17)) * np.eye(n, k=-1) * (n < 20), np.eye(n)), "infinite": lambda n: (np.inf * np.eye(n, k=-1), np.eye(n)),
          "the first token": lambda n: (np.ones((n, 1)) * 99, np.eye(n)[:, :1]), "two apart": lambda n: (50 * np.sqrt(n) * np.eye(n, k=-2), np.eye(n)),
          "one width more": lambda n: (np.eye(n, n + 1), np.eye(n)), "a row too few": lambda n: (10 * np.sqrt(n) * np.eye(n)[:-1], np.eye(n)[1:]),
          "zeros": lambda n: (np.zeros((n, 3)), np.zeros((n, 3))), "just under 0.9": lambda n: (np.sqrt(n) * np.log(8 * (n - 1)) * np.eye(n, k=-1), np.eye(n)),
          "the sign turned": lambda n: (-10 * np.sqrt(n) * np.eye(n, k=-1), np.eye(n)), "a circle too small": lambda n: tuple(10 * np.stack(
              [np.cos(t), np.sin(t)], 1) for t in (2 * np.pi * (np.arange(n) - 1) / n, 2 * np.pi * np.arange(n) / n))}
for _what, _pair in _pairs.items():
    wrong("previous_token", _what, _pair, "scale_forgotten", "next_token_instead")

# -- a second look ---------------------------------------------------------------------------------------------------

wrong("softmax", "NaN made zero", lambda s, temperature=1.0: np.nan_to_num(np.exp(s / temperature) / np.exp(s / temperature).sum(-1, keepdims=True)),
      *OVERFLOW)
wrong("softmax", "infinity made large", lambda s, temperature=1.0: over(np.nan_to_num(np.exp(s / temperature))))
wrong("softmax", "the largest of the batch's rows", lambda s, temperature=1.0: over(
    np.exp((s - s.max(axis=tuple(range(max(s.ndim - 2, 0), s.ndim)), keepdims=True)) / temperature)), *OVERFLOW)
wrong("softmax", "whole temperatures alone", lambda s, temperature=1.0: soft(s / max(round(temperature), 1)))
wrong("softmax", "hot ones alone", lambda s, temperature=1.0: soft(s / max(temperature, 1.0)))
wrong("softmax", "half precision", lambda s, temperature=1.0: soft((s / temperature).astype(np.float16)))
wrong("softmax", "sums of magnitudes", lambda s, temperature=1.0: over(np.abs(s - s.max(-1, keepdims=True)) + 1e-9))
wrong("softmax", "capped at 50 below the largest", lambda s, temperature=1.0: over(np.exp(np.maximum(
    (s - s.max(-1, keepdims=True)) / temperature, -2))))
wrong("softmax", "a softmax base 10", lambda s, temperature=1.0: over(10 ** ((s - s.max(-1, keepdims=True)) / temperature)))

_second = {"the second axis for d_k": lambda q, k, v: soft(q @ k.swapaxes(-1, -2) / np.sqrt(q.shape[1])) @ v,
           "the length of q": lambda q, k, v: soft(q @ k.swapaxes(-1, -2) / np.sqrt(len(q))) @ v,
           "the number of queries": lambda q, k, v: soft(q @ k.swapaxes(-1, -2) / np.sqrt(q.shape[-2])) @ v,
           "a matrix alone": lambda q, k, v: soft(np.einsum("id,jd->ij", q, k) / np.sqrt(q.shape[1])) @ v,
           "one batch axis alone": lambda q, k, v: soft(q @ (k.T if k.ndim < 3 else k.transpose(0, 2, 1)) / np.sqrt(q.shape[-1])) @ v,
           "half precision": lambda q, k, v: soft(score(q.astype(np.float16), k.astype(np.float16))) @ v,
           "the norm of the queries": lambda q, k, v: soft(q @ k.swapaxes(-1, -2) / (1e-9 + np.linalg.norm(q, axis=-1, keepdims=True))) @ v,
           "outputs over the sum of weights of columns": lambda q, k, v: soft(score(q, k)) @ v / soft(score(q, k)).sum(-2)[..., :1, None],
           "weights above a tenth alone": lambda q, k, v: over(np.where(soft(score(q, k)) > 0.1, soft(score(q, k)), 0)) @ v,
           "weights rounded": lambda q, k, v: soft(score(q, k)).round(3) @ v,
           "values centred": lambda q, k, v: soft(score(q, k)) @ (v - v.mean(-2, keepdims=True)),
           "keys centred by queries": lambda q, k, v: soft(score(q - q.mean(-2, keepdims=True), k)) @ v,
           "sharper": lambda q, k, v: soft(1.01 * score(q, k)) @ v,
           "zeros": lambda q, k, v: np.zeros((*q.shape[:-1], v.shape[-1]))}
for _what, _attend in _second.items():
    wrong("scaled_dot_product", _what, beside_nobody(_attend), "softmax_over_queries")
    wrong("self_attention", _what, projected(_attend), "softmax_over_queries")
for _what, _attend in {
        "fills the square alone": lambda q, k, v, mask: filled_with(-1e9)(q, k, v, mask if np.shape(mask)[-2:] == score(q, k).shape[-2:] else True),
        "a dead first row alone": lambda q, k, v, mask: np.where((np.arange(q.shape[-2]) > 1)[:, None], soft(np.where(
            mask, score(q, k), -1e9)) @ v, filled_with(-1e9)(q, k, v, mask)),
        "weights below a millionth of zero": lambda q, k, v, mask: over(np.exp(np.where(mask, score(q, k), -np.inf) - 5)) @ v,
        "clipped at 500": lambda q, k, v, mask: over(np.where(mask, np.exp(np.clip(score(q, k), -500, 500)), 0)) @ v,
        "row sums floored": lambda q, k, v, mask: (lambda e: e / np.maximum(e.sum(-1, keepdims=True), 1e-9))(np.where(
            mask, np.exp(np.minimum(score(q, k), 700)), 0)) @ v,
        "hidden values zero": lambda q, k, v, mask: soft(score(q, k)) @ (v * np.any(np.broadcast_to(mask, score(q, k).shape), -2)[..., None]),
        "NaN for a dead row in a batch": lambda q, k, v, mask: filled_with(-1e9)(q, k, v, mask) + (np.nan if np.ndim(q) > 2 and not np.any(
            mask, -1).all() else 0),
        "sharper": lambda q, k, v, mask: filled_with(-1e9)(1.02 * q, k, v, mask),
        "the mask as a bias of log(mask + 1e-3)": lambda q, k, v, mask: soft(score(q, k) + np.log(mask + 1e-3)) @ v}.items():
    wrong("masked_attention", _what, _attend, "no_max_subtraction", "dead_row_is_the_mean")
    if _what in ("clipped at 500", "row sums floored", "sharper", "the mask as a bias of log(mask + 1e-3)"):
        wrong("cached_step", _what, cached(_attend))
        wrong("cross_attention", _what, crossed(_attend))
wrong("cached_step", "an empty cache alone", lambda q, kn, vn, kc, vc: (
    filled_with(-1e9)(q, kn, vn, tri(q.shape[-2], q.shape[-2])), np.concatenate([kc, kn], -2), np.concatenate([vc, vn], -2)), "cache_not_read")
wrong("cached_step", "a single token alone", lambda q, kn, vn, kc, vc: (
    soft(score(q, np.concatenate([kc, kn], -2))) @ np.concatenate([vc, vn], -2), np.concatenate([kc, kn], -2), np.concatenate([vc, vn], -2)), "no_mask")
wrong("cached_step", "the oldest forgotten", lambda q, kn, vn, kc, vc: (
    _cached(q, kn, vn, kc, vc)[0], np.concatenate([kc, kn], -2)[..., kn.shape[-2]:, :], np.concatenate([vc, vn], -2)[..., kn.shape[-2]:, :]))
wrong("cached_step", "only one new token appended", lambda q, kn, vn, kc, vc: (
    _cached(q, kn, vn, kc, vc)[0], np.concatenate([kc, kn[..., -1:, :]], -2), np.concatenate([vc, vn[..., -1:, :]], -2)))
wrong("cached_step", "queries cached", lambda q, kn, vn, kc, vc: (
    _cached(q, kn, vn, kc, vc)[0], np.concatenate([kc, q], -2), np.concatenate([vc, vn], -2)))

for _what, _mask in {"a square of keys cut": lambda n, m: tri(m, m)[:n], "a square of queries": lambda n, m: tri(n, n), "the last rows of m": lambda n, m: tri(m, m)[-n:],
                     "even gaps alone": lambda n, m: tri(n, m, (m - n) // 2 * 2), "one step of the gap": lambda n, m: tri(n, m, int(np.sign(m - n))),
                     "a gap of 4 at most": lambda n, m: tri(n, m, min(m - n, 4)), "more queries: all see": lambda n, m: tri(n, m, m - n) | (n > m),
                     "strings": lambda n, m: np.where(tri(n, m, m - n), "True", "False"), "sums": lambda n, m: tri(n, m, m - n).sum(-1),
                     "lower triangle of the other diagonal": lambda n, m: np.fliplr(np.tri(n, m, m - n, dtype=bool))}.items():
    wrong("causal_mask", _what, _mask, "top_left_causal")
    wrong("window_mask", _what, lambda n, m, size, mask=_mask: mask(n, m) & window(n, m, size, 0) if mask(n, m).shape == (n, m) and mask(
        n, m).dtype == bool else mask(n, m), "top_left_causal")
for _what, _mask in {"size times step tokens": lambda n, size, step: window(n, n, size * step), "multiples of size": lambda n, size, step: window(
        n, n, size * step) & ((np.arange(n)[:, None] - np.arange(n)) % size == 0), "one more step": lambda n, size, step: np.array(
            [[j in range(i, i - size * step - 1, -step) for j in range(n)] for i in range(n)]), "the last token's for all": lambda n, size, step: np.array(
                [[j in range(n - 1, n - 1 - size * step, -step) for j in range(n)] for i in range(n)]), "steps below 4 alone": lambda n, size, step: np.array(
                    [[j in range(i, i - size * min(step, 3), -min(step, 3)) for j in range(n)] for i in range(n)]), "sizes below 5 alone": lambda n, size, step: np.array(
                        [[j in range(i, i - min(size, 2) * step, -step) for j in range(n)] for i in range(n)])}.items():
    wrong("dilated_mask", _what, _mask, "window_without_gaps", "window_one_too_wide", "size_and_step_exchanged")
for _what, _pad in {"counts": lambda n, m: n[:, None, None] * np.ones((1, 1, m)), "one axis too many": lambda n, m: (np.arange(m) < n[:, None, None])[..., None],
                    "sorted": lambda n, m: np.arange(m) < np.sort(n)[:, None, None], "mirrored": lambda n, m: (np.arange(m) < n[:, None, None])[..., ::-1],
                    "at least two": lambda n, m: np.arange(m) < np.maximum(n, 2)[:, None, None], "unique": lambda n, m: np.arange(m) < np.unique(n)[:, None, None],
                    "the shortest for all": lambda n, m: np.broadcast_to(np.arange(m) < n.min(), (len(n), 1, m))}.items():
    wrong("padding_mask", _what, _pad, "padding_in_front")
for _what, _prefix in {"the prefix's rows": lambda n, p: tri(n, n) | (np.arange(n) < p)[:, None] & (np.arange(n) < p + 1), "the rest is open": lambda n, p: (np.arange(n) < p) | (np.arange(n) >= p)[:, None], "all if more than half": lambda n, p: tri(
            n, n) | (np.arange(n) < (n if p > 0.6 * n else p)), "the last token apart": lambda n, p: (tri(n, n) | (np.arange(n) < p)) & (np.arange(n) != n - 1)}.items():
    wrong("prefix_mask", _what, _prefix, "one_token_too_many")
for _what, _hop in {"width rounded": lambda n: tri(n, n) & ((np.arange(n)[:, None] - np.arange(n) < 2 * np.ceil(np.sqrt(n)) - 1) | (np.arange(n) == 0)), "numbers": lambda n: tri(
        n, n).astype(int), "halves": lambda n: tri(n, n) & ((np.arange(n)[:, None] < n / 2) | (np.arange(n) >= n / 2)), "two rows": lambda n: tri(n, n)[:2]}.items():
    wrong("two_hop_mask", _what, _hop)
for _what, _read in {"an axis behind": read(ones_are_real=lambda t: (t == 1)[:, None, :, None]), "two axes behind": read(ones_are_real=lambda t: (t == 1)[..., None, None]),
                     "the text flattened": read(ones_are_real=lambda t: (t == 1).reshape(1, 1, -1)), "hides where true looks": read(true_looks=lambda t: ~t),
                     "rows and columns turned": read(true_hides=lambda t: (~t).swapaxes(-1, -2)), "numbers": read(true_looks=lambda t: t.astype(float)),
                     "minus infinity alone, single precision": read(added=lambda t: t.astype(np.float32) > np.finfo(np.float32).min),
                     "half of the lowest half precision": read(added=lambda t: t > -32752), "anything below -1": read(added=lambda t: t >= -1),
                     "magnitudes": read(added=lambda t: np.abs(t) < 1e4)}.items():
    wrong("translate_mask", _what, _read, "border_elsewhere", "both_booleans_turned", "every_penalty_hides", "key_mask_on_the_queries")
for _what, _drop in {"the kept made larger once for all": lambda w, v, keep, p: w * keep @ v / (1 - 0.3), "rows kept whole": lambda w, v, keep, p: w * keep.all(-1, keepdims=True) / (1 - p) @ v,
                     "divided by the weight kept": lambda w, v, keep, p: w * keep @ v / np.maximum((w * keep).sum(), 1e-9), "minus infinity added": lambda w, v, keep, p: over(
                         np.where(keep, w, 0)) @ v, "no more than 1": lambda w, v, keep, p: np.minimum(w * keep / (1 - p), 0.4) @ v,
                     "the values made larger only if dropped": lambda w, v, keep, p: np.where(keep.all(-1, keepdims=True), w, w * keep / (1 - p)) @ v,
                     "columns dropped": lambda w, v, keep, p: w * keep[..., :, :1] / (1 - p) @ v, "1/(1-p) rounded": lambda w, v, keep, p: w * keep * round(1 / (1 - p), 1) @ v}.items():
    wrong("attention_dropout", _what, differences(_drop), "kept_weights_renormalised", "queries_dropped")
for _what, _graph in {"a scale of d_in": lambda x, w, a, mask: graphs(lambda s, m, h: mixed(s / np.sqrt(x.shape[1]), m, h))(x, w, a, mask),
                      "all edges both ways": lambda x, w, a, mask: graphs(mixed)(x, w, a, mask | mask.T), "a mean of the neighbours' scores": lambda x, w, a, mask: graphs(
                          mixed)(x, w, a * [[1], [0]], mask), "a tanh of the output": lambda x, w, a, mask: np.tanh(graphs(mixed)(x, w, a, mask)),
                      "node itself added": lambda x, w, a, mask: graphs(mixed)(x, w, a, mask) + x @ w, "without itself": lambda x, w, a, mask: graphs(mixed)(
                          x, w, a, mask & ~np.eye(len(x), dtype=bool)), "halves exchanged and turned": lambda x, w, a, mask: graphs(mixed)(x, w, a[::-1], mask.T),
                      "softplus": graphs(mixed, lambda z: np.logaddexp(0, z)), "a slope of 0.25": graphs(mixed, lambda z: bent(z, 0.25)), "an elu": graphs(
                          mixed, lambda z: np.where(z > 0, z, np.expm1(np.minimum(z, 0))))}.items():
    wrong("graph_attention", _what, _graph, "asking_and_asked_exchanged")
for _what, _pass in {"weights not multiplied": lambda q, k, v, r, s: by_table(False)(0 * q, k, v, r, s), "the best edge alone": lambda q, k, v, r, s: edges()(99 * q, k, v, r, s),
                     "the first edge of each alone": lambda q, k, v, r, s: edges()(q, k, v, *(np.array(x)[np.unique(r, return_index=True)[1]] for x in (r, s))),
                     "each node sends to itself too": lambda q, k, v, r, s: edges()(q, k, v, np.append(r, np.arange(len(q))), np.append(s, np.arange(len(q)))),
                     "a total that is floored": lambda q, k, v, r, s: edges(lambda z, r, n: z.max(initial=0))(q, k, v, r, s), "no scale at all": edges(scale=lambda d: 1),
                     "width of the values": lambda q, k, v, r, s: edges(scale=lambda d: np.sqrt(v.shape[1]))(q, k, v, r, s), "divided by the number of edges": lambda q, k, v, r, s: edges()(
                         q, k, v, r, s) / np.maximum(np.bincount(r, minlength=len(q)), 1)[:, None]}.items():
    wrong("message_passing", _what, _pass, "plain_mean_of_the_senders", "no_scale", *OVERFLOW, "one_maximum_for_all_edges")
for _what, _share in {"keys of the whole table": share(lambda w, m: np.full(len(w), m.any(0).sum())), "square": lambda w, m: share(count)(w, m) ** 2, "capped": lambda w, m: np.minimum(
        share(count)(w, m), 0.9), "a purity": share(count, bits=lambda w: 1 - (w**2).sum(-1)), "renormalised over used": share(lambda w, m: np.maximum((w > 1e-3).sum(-1), m.sum(-1) - 1)),
        "the largest possible for 7": share(lambda w, m: np.full(len(w), 7)), "none is NaN": lambda w, m: np.where(m.any(-1), share(count)(w, m), np.nan),
        "one is a half": lambda w, m: np.where(m.sum(-1) == 1, 0.5, share(count)(w, m)), "keys that are False": share(lambda w, m: (~m).sum(-1))}.items():
    wrong("masked_entropy", _what, _share, "share_by_keys_used")
for _what, _offset in {"over all queries": lambda w, d: np.roll(w, -d, -1)[..., np.arange(w.shape[-1]), np.arange(w.shape[-1])].mean(-1), "the middle": lambda w, d: w[
        ..., w.shape[-1] // 2, min(max(w.shape[-1] // 2 + d, 0), w.shape[-1] - 1)], "square root": lambda w, d: np.sqrt(np.diagonal(w, d, axis1=-2, axis2=-1).mean(-1)), "rounded": lambda w, d: (
            np.diagonal(w, d, axis1=-2, axis2=-1).mean(-1)).round(2), "axes turned": lambda w, d: np.diagonal(w, d, axis1=-1, axis2=-2).mean(-1), "share of the row": lambda w, d: np.diagonal(
                w / w.max(-1, keepdims=True), d, axis1=-2, axis2=-1).mean(-1), "within": lambda w, d: (np.tri(w.shape[-1], k=d) * w).sum((-2, -1)) / w.shape[-1]}.items():
    wrong("offset_score", _what, _offset, "text_bent_to_a_ring", "offset_turned_round")
for _what, _roll in {"a third": lambda w: roll((w.mean(1) * 2 + np.eye(w.shape[-1])) / 3), "the identity at the end": lambda w: 0.5 * roll(halves(w)) + 0.5 * np.eye(w.shape[-1]), "rows renormalised": lambda w: over(
        roll(0.5 * w.max(1) + 0.5 * np.eye(w.shape[-1]))), "heads one after the other": lambda w: roll(0.5 * w.reshape(-1, *w.shape[-2:]) + 0.5 * np.eye(w.shape[-1])), "starts at ones": lambda w: roll(
            halves(w), np.ones(w.shape[-2:]) / w.shape[-1]), "three layers at most": lambda w: roll(halves(w[:3])), "transposed steps": lambda w: roll(halves(w).swapaxes(-1, -2)), "the first": lambda w: halves(w)[0]}.items():
    wrong("rollout", _what, _roll)
for _what, _reach in {"the way back too": lambda m, layers: far(m | eye(m), layers) | far(m | eye(m), layers).T, "the closure": lambda m, layers: far(m | eye(m), len(m)) if layers else eye(m),
                      "even layers": lambda m, layers: far(m | eye(m), layers // 2 * 2), "the mask after no layer": lambda m, layers: far(m | eye(m), layers) if layers else m | eye(m),
                      "exclusive or": lambda m, layers: (np.linalg.matrix_power((m | eye(m)).astype(int), layers) % 2).astype(bool), "entry by entry": lambda m, layers: (
                          m | eye(m)) if layers else eye(m), "who cannot be heard": lambda m, layers: ~far(m | eye(m), layers)}.items():
    wrong("reach", _what, _reach, "whole_component", "no_further_than_one_layer")
for _what, _scale in {"one": lambda d, a, b: 1.0, "the width alone if equal": lambda d, a, b: d**-0.5 if a * b == 1 else (d * (a + b)) ** -0.5, "deviations": lambda d, a, b: 1 / (d**0.5 * (a * b)),
                      "the sum of deviations": lambda d, a, b: 1 / (d * (a**0.5 + b**0.5) ** 2 / 4) ** 0.5, "the width halved": lambda d, a, b: (d / 2 * a * b) ** -0.5, "an array": lambda d, a, b: [
                          (d * a * b) ** -0.5] * 2, "the width of two": lambda d, a, b: (2 * d * a * b) ** -0.5}.items():
    wrong("score_variance", _what, _scale, "variances_taken_for_deviations")
for _what, _one in {"one plus the lost": lambda w, v, j: (w @ v) * (1 + w[:, [j]]), "key j + 1": lambda w, v, j: _without_key(w, v, (j + 1) % len(v)), "the lost value's mean": lambda w, v, j: np.delete(
        w, j, 1) @ np.delete(v, j, 0) + w[:, [j]] * np.delete(v, j, 0).mean(0), "the neighbour takes it": lambda w, v, j: (lambda u: u @ v)(np.where(np.arange(len(v)) == (j + 1) % len(v), w + w[
            :, [j]], np.where(np.arange(len(v)) == j, 0, w))), "averaged over queries": lambda w, v, j: np.broadcast_to(_without_key(w, v, j).mean(0), (len(w), v.shape[1])), "the values first": lambda w, v, j: (
                w @ v - v[j]) / (1 - w[:, [j]]), "the first feature": lambda w, v, j: np.where(np.arange(v.shape[1]) == 0, _without_key(w, v, j), w @ v)}.items():
    wrong("without_one_key", _what, _one, "query_taken_for_key", "value_taken_out_whole", "lost_weight_shared_equally")
for _what, _gap in {"the batch with itself": lambda attend, x, lengths: np.abs(attend(x, lengths) - attend(x, lengths)).max((1, 2)), "padding compared": lambda attend, x, lengths: np.array([np.abs(
        attend(x, lengths)[i] - attend(x[i:i + 1], lengths[i:i + 1])[0]).max() for i in range(len(x))]), "company without padding": lambda attend, x, lengths: np.array([np.abs(attend(x, lengths)[
            i, :n] - attend(np.repeat(x[i:i + 1, :n], 2, 0), np.array([n, n]))[0]).max() for i, n in enumerate(lengths)]), "the shortest for all": lambda attend, x, lengths: gaps(
                cut=lambda x, i, n: x[i:i + 1, :n])(attend, x, np.full_like(lengths, lengths.min())), "in order of length": lambda attend, x, lengths: np.sort(gaps()(attend, x, lengths)),
        "differences of norms": lambda attend, x, lengths: np.array([abs(np.abs(attend(x, lengths)[i, :n]).max() - np.abs(attend(x[i:i + 1, :n], lengths[i:i + 1])).max()) for i, n in enumerate(lengths)])}.items():
    wrong("neighbour_gap", _what, _gap, "alone_but_still_padded")
for _what, _pair in {"weights for queries": lambda n: (np.eye(n, k=-1), np.eye(n)), "columns": lambda n: (np.eye(n), 10 * np.sqrt(n) * np.eye(n, k=1).T), "one array": lambda n: 10 * np.sqrt(n) * np.eye(n, k=-1), "a large angle": lambda n: tuple(
        9e3 * np.stack([np.cos(t), np.sin(t)], 1) for t in (np.arange(n) + 1.0, np.arange(n) * 1.0)), "all but the last": lambda n: (10 * np.sqrt(n) * np.eye(n, k=-1) * (np.arange(n) < n - 1)[:, None], np.eye(n)), "NaN": lambda n: (
            np.full((n, 2), np.nan), np.eye(n)[:, :2])}.items():
    wrong("previous_token", _what, _pair, "one_hot_too_small", "queries_and_keys_swapped")

# -- tests of attention, and other weights ---------------------------------------------------------------------------


def changed(x, t, by):
    return np.concatenate([x[:t], x[t:] + by[t:]])


def leak(measure=lambda g, t: np.abs(g[:t]).max(), key=1, value=1, late=0):
    def future(attend, q, k, v, t, noise):
        return measure(attend(q, changed(k, t + late, key * noise), changed(v, t + late, value * noise)) - attend(q, k, v), t)
    return future


def left_changed(attend, q, k, v, t, noise):
    before = attend(q, k, v).copy()
    k[t:] += noise[t:]
    v[t:] += noise[t:]
    return np.abs(attend(q, k, v) - before)[:t].max()


def value_left_changed(attend, q, k, v, t, noise):
    before, later = attend(q, k.copy(), v.copy()), changed(k, t, noise)
    v += np.where((np.arange(len(v)) >= t)[:, None], noise, 0)
    return np.abs(attend(q, later, v) - before)[:t].max()


def nearly_put_back(attend, q, k, v, t, noise):
    found = left_changed(attend, q, k, v, t, noise)
    k[t:] -= 0.999 * noise[t:]
    v[t:] -= 0.999 * noise[t:]
    return found


for _what, _leak in {
        "keys and values left changed": left_changed, "values left changed": value_left_changed, "not quite put back": nearly_put_back,
        "the length of the change": leak(lambda g, t: np.linalg.norm(g[:t])), "the sum": leak(lambda g, t: np.abs(g[:t]).sum()),
        "the first output alone": leak(lambda g, t: np.abs(g[0]).max()), "the output before t alone": leak(lambda g, t: np.abs(g[t - 1]).max()),
        "the first feature alone": leak(lambda g, t: np.abs(g[:t, 0]).max()), "each token's": leak(lambda g, t: np.abs(g[:t]).max(-1)),
        "noise taken away from the values": leak(value=-1), "half the noise": leak(key=0.5, value=0.5), "one token later": leak(late=1),
        "one token earlier": leak(late=-1), "the queries too": lambda attend, q, k, v, t, noise: np.abs(attend(
            changed(q, t, noise), changed(k, t, noise), changed(v, t, noise)) - attend(q, k, v)).max(),
        "downwards alone": leak(lambda g, t: -g[:t].min()), "rounded": leak(lambda g, t: np.abs(g[:t]).max().round(2)),
        "small leaks forgiven": leak(lambda g, t: np.abs(g[:t]).max() * (np.abs(g[:t]).max() > 0.1)), "yes or no": leak(
            lambda g, t: np.abs(g[:t]).max() > 1e-9), "one for each": leak(lambda g, t: np.abs(g[:t])), "infinity": leak(lambda g, t: np.inf),
        "the larger of both": lambda *a: max(leak(value=0)(*a), leak(key=0)(*a)), "the sum of both": lambda *a: leak(value=0)(*a) + leak(key=0)(*a)}.items():
    wrong("future_leak", _what, _leak, "future_starts_one_late", "leak_measured_everywhere")


def free(weights, values, row=-1):
    return np.linalg.svd(np.vstack([values.T, np.ones(len(weights))]))[2][row]


def edge(weights, direction, share=1.0):
    falling = direction < 0
    return weights + share * (weights[falling] / -direction[falling]).min() * direction


for _what, _same in {
        "nearly to the edge": lambda w, v: edge(w, free(w, v), 0.99), "a little beyond": lambda w, v: edge(w, free(w, v), 1.01),
        "one-hot": lambda w, v: np.eye(len(w))[w.argmax()], "equal weights": lambda w, v: np.full(len(w), 1 / len(w)),
        "rounded": lambda w, v: edge(w, free(w, v)).round(2), "for three keys alone": lambda w, v: edge(w, free(w, v)) if len(w) < 4 else w,
        "the least weight removed": lambda w, v: np.where(w == w.min(), 0, w) / (1 - w.min()), "NaN": lambda w, v: w * np.nan,
        "exchanged": lambda w, v: w[::-1], "the first feature alone": lambda w, v: edge(w, free(w, v[:, :1])), "the step alone": lambda w, v: edge(
            w, free(w, v)) - w, "as a column": lambda w, v: edge(w, free(w, v))[:, None], "weights and outputs": lambda w, v: w @ v}.items():
    wrong("same_output", _what, _same, "stopped_too_early", "same_weights_again", "walked_past_zero")
for _what, _test in {
        "always True": lambda attend: True, "its shape and sums": lambda attend: bool(np.allclose(attend(
            np.eye(5), np.eye(5), np.ones((5, 5))), 1, atol=1e-4)), "finite": lambda attend: bool(np.isfinite(attend(np.eye(5), np.eye(5), np.eye(5))).all()),
        "the first row": lambda attend: bool(np.allclose(attend(np.eye(5), np.eye(5), np.eye(5))[0], np.eye(5)[0], atol=1e-4)),
        "upside down": lambda attend: not bool(np.allclose(attend(np.eye(5), np.eye(5), np.eye(5))[0], np.eye(5)[0], atol=1e-4))}.items():
    wrong("judge_attention", _what, _test, "shape_tested_alone", "leak_tested_alone", "constant_values_tested_alone")
for _what, _find in {
        "by the largest weight": lambda q, k, w: "not scaled" if w.max() > 0.9 else "correct", "always another": lambda q, k, w: "softmax twice",
        "by both sums": lambda q, k, w: "wrong axis" if not np.allclose(w.sum(-1), 1, atol=1e-4) else "swapped" if np.allclose(w.sum(0), 1, atol=1e-4) else "correct",
        "in other words": lambda q, k, w: "Correct"}.items():
    wrong("find_the_bug", _what, _find, "row_sums_as_evidence")
for _what, _hears in {
        "the triangle": lambda layer, x: np.tri(len(x), dtype=bool), "everybody": lambda layer, x: np.ones((len(x),) * 2, dtype=bool),
        "amounts": lambda layer, x: np.array([np.abs(layer(changed(x, j, np.eye(len(x), x.shape[1]))) - layer(x)).max(-1) for j in range(len(x))]).T,
        "zeroed": lambda layer, x: np.array([np.abs(layer(x * (np.arange(len(x)) != j)[:, None] + 1e-12) - layer(x)).max(-1) > 1 for j in range(len(x))]).T,
        "all later too": lambda layer, x: np.array([np.abs(layer(changed(x, j, np.full(x.shape, 0.3))) - layer(x)).max(-1) > 1e-9 for j in range(len(x))]).T}.items():
    wrong("who_hears_whom", _what, _hears, "no_mask")

# -- self or cross ---------------------------------------------------------------------------------------------------


def pictures(rule):
    return lambda before, n, patches: np.array([[bool(rule(int(b), j, n, patches)) for j in range(n * patches)] for b in before]).reshape(
        len(before), n * patches)


for _what, _rule in {
        "the last patch forgotten": lambda b, j, n, s: j // s == b - 1 and (s == 1 or j % s < s - 1), "one patch too many": lambda b, j, n, s: b and (b - 1) * s <= j <= b * s,
        "the first patch forgotten": lambda b, j, n, s: j // s == b - 1 and (s == 1 or j % s > 0), "the last two pictures": lambda b, j, n, s: j // s in (b - 1, b - 2),
        "the last picture of all": lambda b, j, n, s: b and j // s == n - 1, "a word without a picture sees all": lambda b, j, n, s: not b or j // s == b - 1,
        "counted from behind": lambda b, j, n, s: j // s == n - b, "patches and pictures exchanged": lambda b, j, n, s: j // n == b - 1,
        "all forbidden": lambda b, j, n, s: False, "the picture before the last": lambda b, j, n, s: j // s == b - 2,
        "right for two pictures alone": lambda b, j, n, s: j // s == min(b, 2) - 1, "right for 3 patches alone": lambda b, j, n, s: j // 3 == b - 1}.items():
    wrong("picture_mask", _what, pictures(_rule), "no_picture_taken_for_the_last")
wrong("picture_mask", "an axis for heads", lambda b, n, s: (np.arange(n * s) // s == b[:, None] - 1)[None])
wrong("picture_mask", "one column for a picture", lambda b, n, s: np.arange(n) == b[:, None] - 1)
wrong("picture_mask", "the first word's row for all", lambda b, n, s: np.broadcast_to(np.arange(n * s) // s == b[0] - 1, (len(b), n * s)).copy())


def sides(combine):
    """(d_x, d_y) from the pieces of a right gradient."""
    def back(x, y, w_q, w_k, w_v, d):
        q, k, v = x @ w_q, y @ w_k, y @ w_v
        a = soft(score(q, k))
        d_a = d @ v.T
        d_s = a * (d_a - (a * d_a).sum(-1, keepdims=True)) / np.sqrt(q.shape[-1])
        return combine(d_s @ k @ w_q.T, d_s.T @ q @ w_k.T, a.T @ d @ w_v.T, a)
    return back


for _what, _combine in {
        "exchanged in the answer": lambda q, k, v, a: (k + v, q), "the keys' part subtracted": lambda q, k, v, a: (q, v - k), "signs turned": lambda q, k, v, a: (-q, -k - v),
        "the values' part doubled": lambda q, k, v, a: (q, k + 2 * v), "the asker gets nothing": lambda q, k, v, a: (0 * q, k + v), "averaged over the askers": lambda q, k, v, a: (
            q, (k + v) / len(q)), "summed over the source": lambda q, k, v, a: (q, np.broadcast_to((k + v).sum(0), k.shape).copy()), "only the most heard": lambda q, k, v, a: (
            q, (k + v) * (a.sum(0) == a.sum(0).max())[:, None]), "the asker's part added to itself": lambda q, k, v, a: (2 * q, k + v)}.items():
    wrong("source_gradient", _what, sides(_combine))
wrong("source_gradient", "without the softmax's inner sum", lambda x, y, w_q, w_k, w_v, d: (
    soft(score(x @ w_q, y @ w_k)) * (d @ (y @ w_v).T) / np.sqrt(w_q.shape[1]) @ (y @ w_k) @ w_q.T,
    (soft(score(x @ w_q, y @ w_k)) * (d @ (y @ w_v).T) / np.sqrt(w_q.shape[1])).T @ (x @ w_q) @ w_k.T + soft(score(x @ w_q, y @ w_k)).T @ d @ w_v.T))


def together(mask, attend=filled_with(-1e9)):
    return lambda q, k, v, ks, vs: attend(q, np.concatenate([ks, k]), np.concatenate([vs, v]), mask(len(q), len(ks)))


def both(n, m):
    return np.concatenate([np.ones((n, m), dtype=bool), tri(n, n)], axis=1)


for _what in [*TOPS, *FILLS, "the maximum over hidden keys"]:
    wrong("joined_attention", _what, together(both, MASKED[_what]), *OVERFLOW, "filled_with_a_modest_number", *MASKED_NAMES.get(_what, ()))
for _what, _mask in {"one token ahead": lambda n, m: np.concatenate([np.ones((n, m), bool), tri(n, n, 1)], 1), "the last row's for all": lambda n, m: np.ones((n, m + n), bool),
                     "the source causal": lambda n, m: np.concatenate([tri(n, m), tri(n, n)], 1), "the newest token alone": lambda n, m: np.concatenate([
                         np.ones((n, m), bool), np.eye(n, dtype=bool)], 1), "the last of the source forgotten": lambda n, m: both(n, m) & (np.arange(m + n) != m - 1),
                     "turned": lambda n, m: np.concatenate([np.ones((n, m), bool), tri(n, n).T], 1), "the first of the source alone": lambda n, m: both(n, m) & (
                         (np.arange(m + n) == 0) | (np.arange(m + n) >= m))}.items():
    wrong("joined_attention", _what, together(_mask), "no_mask", "triangle_over_everything")
wrong("joined_attention", "weighted by the counts", lambda q, k, v, ks, vs: (len(ks) * soft(score(q, ks)) @ vs + (np.arange(len(q)) + 1)[:, None] * filled_with(
    -1e9)(q, k, v, tri(len(q), len(q)))) / (len(ks) + np.arange(len(q)) + 1)[:, None])
wrong("joined_attention", "one after the other", lambda q, k, v, ks, vs: filled_with(-1e9)(q, k, v + soft(score(k, ks)) @ vs, tri(len(q), len(q))))


# -- once more: sides, draws, pictures ------------------------------------------------------------------------------------

for _what, _combine in {
        "keys and values halved": lambda q, k, v, a: (q, k / 2 + v / 2 + 0.01), "the sizes": lambda q, k, v, a: (np.abs(q), np.abs(k + v)),
        "the first token of the source alone": lambda q, k, v, a: (q, (k + v) * (np.arange(len(k)) == 0)[:, None]),
        "the first asker alone": lambda q, k, v, a: (q * (np.arange(len(q)) == 0)[:, None], k + v),
        "the source in reverse": lambda q, k, v, a: (q, (k + v)[::-1]), "scaled by the tokens of the source": lambda q, k, v, a: (q / len(k), k + v),
        "the source's rows without their mean": lambda q, k, v, a: (q, k + v - (k + v).mean(0)), "whole numbers": lambda q, k, v, a: (q.astype(int), (k + v).astype(int)),
        "a hundredth of a step": lambda q, k, v, a: (0.99 * q, 0.99 * (k + v)), "the larger of both paths": lambda q, k, v, a: (q, np.maximum(k, v))}.items():
    wrong("source_gradient", _what, sides(_combine))

for _what, _rule in {
        "the first picture for words before it": lambda picture, b: picture == np.maximum(b, 1) - 1, "the picture after": lambda picture, b: picture == b,
        "two pictures": lambda picture, b: (picture == b - 1) | (picture == b - 2), "odd pictures alone": lambda picture, b: (picture == b - 1) & (b % 2 == 1),
        "a change of picture": lambda picture, b: (picture == b - 1) & (np.diff(b, axis=0, prepend=0) > 0),
        "the last word's picture": lambda picture, b: np.broadcast_to(picture == b[-1] - 1, (len(b), picture.size)).copy(),
        "blind words see everything": lambda picture, b: (picture == b - 1) | (b == 0), "every other patch": lambda picture, b: (picture == b - 1) & (
            np.arange(picture.size) % 2 == 0), "all but its own": lambda picture, b: (picture != b - 1) & (b > 0)}.items():
    wrong("picture_mask", f"{_what}, by rule", lambda b, n, s, rule=_rule: rule(np.arange(n * s) // s, np.asarray(b)[:, None]), "no_picture_taken_for_the_first", "one_picture_ahead")


def dropped(weights=lambda d, v, keep, p, w: d @ v.swapaxes(-1, -2) * keep / (1 - p),
            values=lambda d, v, keep, p, w: (w * keep / (1 - p)).swapaxes(-1, -2) @ d):
    return lambda w, v, keep, p, d: (weights(d, v, keep, p, w), values(d, v, keep, p, w))


for _what, _answer in {
        "the root of the share kept": dropped(lambda d, v, keep, p, w: d @ v.swapaxes(-1, -2) * keep / np.sqrt(1 - p)),
        "made larger twice": dropped(lambda d, v, keep, p, w: d @ v.swapaxes(-1, -2) * keep / (1 - p) ** 2),
        "values made larger twice": dropped(values=lambda d, v, keep, p, w: (w * keep / (1 - p) ** 2).swapaxes(-1, -2) @ d),
        "values by the draw alone": dropped(values=lambda d, v, keep, p, w: (keep / (1 - p)).swapaxes(-1, -2) @ d),
        "the mean over queries": dropped(values=lambda d, v, keep, p, w: (w * keep / (1 - p)).swapaxes(-1, -2) @ d / d.shape[-2]),
        "a half, whatever p is": dropped(lambda d, v, keep, p, w: d @ v.swapaxes(-1, -2) * keep * 2),
        "times the weight": dropped(lambda d, v, keep, p, w: d @ v.swapaxes(-1, -2) * keep * w / (1 - p)),
        "back through the softmax too": dropped(lambda d, v, keep, p, w: (lambda g: w * (g - (w * g).sum(-1, keepdims=True)))(d @ v.swapaxes(-1, -2) * keep / (1 - p))),
        "one plus p": dropped(lambda d, v, keep, p, w: d @ v.swapaxes(-1, -2) * keep * (1 + p)),
        "the draw of the first text for all": dropped(lambda d, v, keep, p, w: d @ v.swapaxes(-1, -2) * (keep[:1] if keep.ndim > 2 else keep) / (1 - p)),
        "rows that lost everything get all": dropped(lambda d, v, keep, p, w: d @ v.swapaxes(-1, -2) * (keep | ~keep.any(-1, keepdims=True)) / (1 - p))}.items():
    wrong("attention_dropout", f"{_what}, backwards", _answer)

wrong("attention_dropout", "a batch of one lost", lambda w, v, keep, p, d: tuple(part[0] if part.ndim > 2 and len(part) == 1 else part for part in dropped()(w, v, keep, p, d)))
