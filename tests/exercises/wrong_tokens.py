"""Wrong answers to the exercises on what a transformer is and on tokens, other than their mutants: what is wrong, the answer, its true names."""

from __future__ import annotations

import numpy as np

WRONG: list[tuple] = []


def wrong(name, what, function, *names):
    WRONG.append((f"start.{name}", what, function, names))


# -- continue_text ---------------------------------------------------------------------------------------------------

def _go_on(scores_of, ids, stop, most, pick=None, feed=None):
    ids = [int(i) for i in ids]
    for _ in range(most):
        scores = np.asarray(scores_of(feed(ids) if feed else ids))
        ids.append(int(pick(scores) if pick else scores[-1].argmax()))
        if ids[-1] == stop:
            break
    return np.array(ids)


for _what, _answer in {
    "the second best": lambda s, i, stop, most: _go_on(s, i, stop, most, pick=lambda z: np.argsort(z[-1])[-2]),
    "the mean of all rows": lambda s, i, stop, most: _go_on(s, i, stop, most, pick=lambda z: z.mean(axis=0).argmax()),
    "the last two tokens shown": lambda s, i, stop, most: _go_on(s, i, stop, most, feed=lambda ids: ids[-2:]),
    "the text shown from behind": lambda s, i, stop, most: _go_on(s, i, stop, most, feed=lambda ids: ids[::-1]),
    "one too many": lambda s, i, stop, most: _go_on(s, i, stop, most + 1),
    "one too few": lambda s, i, stop, most: _go_on(s, i, stop, max(0, most - 1)),
    "one token only": lambda s, i, stop, most: _go_on(s, i, stop, min(most, 1)),
    "the text as it came": lambda s, i, stop, most: np.array(i),
    "the best of the row before the last": lambda s, i, stop, most: _go_on(s, i, stop, most, pick=lambda z: z[-2 if len(z) > 1 else -1].argmax()),
}.items():
    wrong("continue_text", _what, _answer)

# -- post_norm_block ---------------------------------------------------------------------------------------------------


def _norm(x, epsilon):
    return (x - x.mean(axis=-1, keepdims=True)) / np.sqrt(x.var(axis=-1, keepdims=True) + epsilon)


def _block(x, attend, feed, epsilon, norm=_norm, share=1.0):
    x = norm(x + share * attend(x), epsilon)
    return norm(x + share * feed(x), epsilon)


for _what, _answer in {
    "the steps subtracted": lambda x, a, f, e: _block(x, a, f, e, share=-1),
    "half of each step": lambda x, a, f, e: _block(x, a, f, e, share=0.5),
    "no normalisation": lambda x, a, f, e: _block(x, a, f, e, norm=lambda z, _: z),
    "attention twice": lambda x, a, f, e: _block(x, a, a, e),
    "rows made unit length": lambda x, a, f, e: _block(x, a, f, e, norm=lambda z, e: z / np.sqrt((z**2).sum(axis=-1, keepdims=True) + e)),
    "the mean alone": lambda x, a, f, e: _block(x, a, f, e, norm=lambda z, _: z - z.mean(axis=-1, keepdims=True)),
    "one mean for all rows": lambda x, a, f, e: _block(x, a, f, e, norm=lambda z, e: (z - z.mean()) / np.sqrt(z.var() + e)),
    "a fixed epsilon": lambda x, a, f, e: _block(x, a, f, 1e-3),
    "epsilon added to the row": lambda x, a, f, e: _block(x, a, f, e, norm=lambda z, e: _norm(z, 1e-9) + e),
    "normalised three times": lambda x, a, f, e: _norm(_block(x, a, f, e), e),
    "the block's input added at the end": lambda x, a, f, e: _norm(_norm(x + a(x), e) + f(_norm(x + a(x), e)) + x, e),
    "the steps of the first row for all": lambda x, a, f, e: _block(x, lambda z: a(z)[:1], f, e),
}.items():
    wrong("post_norm_block", _what, _answer)

# -- count_parameters ------------------------------------------------------------------------------------------------


def _count(v, p, d, f, n, block=0, once=0):
    return v * d + p * d + n * (4 * (d * d + d) + 2 * d * f + f + d + 4 * d + block) + 2 * d + once


for _what, _answer in {
    "one more bias of the width a block": lambda v, p, d, f, n: _count(v, p, d, f, n, block=d),
    "a bias for the exit": lambda v, p, d, f, n: _count(v, p, d, f, n, once=v),
    "a norm at the entrance": lambda v, p, d, f, n: _count(v, p, d, f, n, once=2 * d),
    "gains without biases": lambda v, p, d, f, n: _count(v, p, d, f, n, block=-2 * d, once=-d),
    "the blocks alone": lambda v, p, d, f, n: _count(0, 0, d, f, n, once=-2 * d),
    "the hidden bias forgotten": lambda v, p, d, f, n: _count(v, p, d, f, n, block=-f),
    "twelve squares a block": lambda v, p, d, f, n: v * d + p * d + 12 * n * d * d,
    "three matrices in the feed-forward network": lambda v, p, d, f, n: _count(v, p, d, f, n, block=d * f),
    "places times blocks": lambda v, p, d, f, n: _count(v, p * n, d, f, n),
    "GPT-2's count always": lambda v, p, d, f, n: 124_439_808,
}.items():
    wrong("count_parameters", _what, _answer)

# -- nearest_rows ----------------------------------------------------------------------------------------------------


def _order(values, row, k):
    values = np.array(values, float)
    values[row] = -np.inf
    return np.argsort(-values, kind="stable")[:k]


def _cosine(table, row):
    return table @ table[row] / np.linalg.norm(table, axis=1) / np.linalg.norm(table[row])


for _what, _answer in {
    "one too many": lambda t, r, k: _order(_cosine(t, r), r, k + 1),
    "the first k rows": lambda t, r, k: np.arange(k),
    "city blocks": lambda t, r, k: _order(-np.abs(t - t[r]).sum(axis=1), r, k),
    "the longest rows": lambda t, r, k: _order((t**2).sum(axis=1), r, k),
    "the first column alone": lambda t, r, k: _order(-np.abs(t[:, 0] - t[r, 0]), r, k),
    "the mean row subtracted": lambda t, r, k: _order(_cosine(t - t.mean(axis=0) + 1e-9, r), r, k),
    "lengths as sums of sizes": lambda t, r, k: _order(t @ t[r] / np.abs(t).sum(axis=1), r, k),
    "cosines, not ids": lambda t, r, k: np.sort(_cosine(t, r))[::-1][1:k + 1],
    "ids counted from one": lambda t, r, k: _order(_cosine(t, r), r, k) + 1,
    "the row before": lambda t, r, k: _order(_cosine(t, r - 1), r, k),
    "sorted by id": lambda t, r, k: np.sort(_order(_cosine(t, r), r, k)),
    "the second to the last": lambda t, r, k: np.argsort(-_cosine(t, r))[2:k + 2],
}.items():
    wrong("nearest_rows", _what, _answer)

# -- apply_merges ----------------------------------------------------------------------------------------------------


def _pass(ids, pair, new):
    out, i = [], 0
    while i < len(ids):
        found = ids[i:i + 2] == list(pair)
        out.append(new if found else ids[i])
        i += 2 if found else 1
    return out


def _all(ids, merges, first, step=1, keep=lambda k: True):
    ids = [int(i) for i in ids]
    for k, pair in enumerate(merges):
        ids = _pass(ids, pair, first + step * k) if keep(k) else ids
    return np.array(ids)


for _what, _answer in {
    "no merges": lambda ids, merges, first: np.array(ids),
    "the last merge alone": lambda ids, merges, first: _all(ids, merges, first, keep=lambda k: k == len(merges) - 1),
    "every other merge": lambda ids, merges, first: _all(ids, merges, first, keep=lambda k: k % 2 == 0),
    "merges sorted": lambda ids, merges, first: _all(ids, sorted(merges, reverse=True), first),
    "pairs turned round": lambda ids, merges, first: _all(ids, [(b, a) for a, b in merges], first),
    "one new id for all": lambda ids, merges, first: _all(ids, merges, first, step=0),
    "new ids downwards": lambda ids, merges, first: _all(ids, merges, first, step=-1),
    "without the first id": lambda ids, merges, first: _all(ids, merges, first)[1:],
    "the left id kept": lambda ids, merges, first: np.array([i if i < first else merges[i - first][0] for i in _all(ids, merges, first).tolist()]),
    "sorted": lambda ids, merges, first: np.sort(_all(ids, merges, first)),
    "each id once": lambda ids, merges, first: np.array(list(dict.fromkeys(_all(ids, merges, first).tolist()))),
    "the number of tokens": lambda ids, merges, first: np.array([len(_all(ids, merges, first))]),
}.items():
    wrong("apply_merges", _what, _answer)

# -- next_token_loss -------------------------------------------------------------------------------------------------


def _log_p(logits):
    z = np.asarray(logits, float)
    return z - np.logaddexp.reduce(z, axis=-1)[..., None]


def _costs(logits, ids):
    return -np.take_along_axis(_log_p(logits[:, :-1]), ids[:, 1:, None], axis=-1)[..., 0]


for _what, _answer in {
    "two places ahead": lambda z, ids, pad: -np.take_along_axis(_log_p(z[:, :-2]), ids[:, 2:, None], -1).mean() if ids.shape[1] > 2 else 0.0,
    "the perplexity": lambda z, ids, pad: np.exp(_costs(z, ids)[ids[:, 1:] != pad].mean()),
    "the median": lambda z, ids, pad: np.median(_costs(z, ids)[ids[:, 1:] != pad]),
    "the first text alone": lambda z, ids, pad: _costs(z, ids)[0][ids[0, 1:] != pad].mean(),
    "the last prediction of each text": lambda z, ids, pad: _costs(z, ids)[:, -1].mean(),
    "minus the right logit": lambda z, ids, pad: -np.take_along_axis(z[:, :-1], ids[:, 1:, None], -1)[..., 0][ids[:, 1:] != pad].mean(),
    "softmax over the places": lambda z, ids, pad: -np.take_along_axis(_log_p(np.swapaxes(z[:, :-1], 1, 2)).swapaxes(1, 2), ids[:, 1:, None], -1)[..., 0][ids[:, 1:] != pad].mean(),
    "the entropy": lambda z, ids, pad: -(np.exp(_log_p(z)) * _log_p(z)).sum(-1)[:, :-1][ids[:, 1:] != pad].mean(),
    "the best guess's surprise": lambda z, ids, pad: -_log_p(z).max(-1)[:, :-1][ids[:, 1:] != pad].mean(),
    "pad taken to be the last word": lambda z, ids, pad: _costs(z, ids)[ids[:, 1:] != z.shape[-1] - 1].mean(),
    "constant": lambda z, ids, pad: 1.9,
    "the square of the surprise": lambda z, ids, pad: (_costs(z, ids)[ids[:, 1:] != pad] ** 2).mean(),
}.items():
    wrong("next_token_loss", _what, _answer)
