"""Wrong answers to the exercises on encoder and decoder, other than their mutants: what is wrong, the answer, its true names."""

from __future__ import annotations

import numpy as np

WRONG: list[tuple] = []


def wrong(name, answers):
    WRONG.extend((f"architecture.{name}", what, function, ()) for what, function in answers.items())


def _norm(x, epsilon, root=np.sqrt, centre=True, ddof=0):
    x = np.asarray(x, dtype=float)
    x = x - x.mean(-1, keepdims=True) if centre else x
    return x / root(np.maximum((x**2).sum(-1, keepdims=True) / max(x.shape[-1] - ddof, 1) + epsilon, 1e-12))


def _stack(x, layers, epsilon, norm=_norm, end=_norm, size=1.0):
    for layer in layers:
        for change in layer:
            x = x + size * change(norm(x, epsilon))
    return end(x, epsilon)


wrong("pre_norm_stack", {
    "only the first layer": lambda x, layers, e: _stack(x, layers[:1], e),
    "all but the last layer": lambda x, layers, e: _stack(x, layers[:-1], e) if len(layers) > 1 else _norm(x, e),
    "layers in reverse": lambda x, layers, e: _stack(x, layers[::-1], e),
    "the mean is not taken off": lambda x, layers, e: _stack(x, layers, e, *[lambda x, e: _norm(x, e, centre=False)] * 2),
    "divided by the variance": lambda x, layers, e: _stack(x, layers, e, *[lambda x, e: _norm(x, e, root=lambda v: v)] * 2),
    "epsilon forgotten": lambda x, layers, e: _stack(x, layers, 1e-9),
    "one less than the width": lambda x, layers, e: _stack(x, layers, e, *[lambda x, e: _norm(x, e, ddof=1)] * 2),
    "half of each change": lambda x, layers, e: _stack(x, layers, e, size=0.5),
    "the changes subtracted": lambda x, layers, e: _stack(x, layers, e, size=-1),
    "the last norm alone": lambda x, layers, e: _stack(x, layers, e, norm=lambda x, e: x),
    "the input normalised": lambda x, layers, e: _norm(x, e),
    "the end normalised twice over": lambda x, layers, e: _norm(_norm(_stack(x, layers, e), e), e),
    "attention twice": lambda x, layers, e: _stack(x, [(a, a) for a, _ in layers], e),
    "each norm once more before the last sum": lambda x, layers, e: _stack(_norm(x, e), layers, e),
    "rounded": lambda x, layers, e: np.round(_stack(x, layers, e), 1),
})


def _drop(x, attend, feed, keep, rate, training, epsilon, change=None, last=True, norm=_norm):
    change = change or (lambda new, kept: new * kept / (1 - rate) if training else new)
    for sublayer, kept in zip((attend, feed), keep):
        x = norm(x + change(np.asarray(sublayer(x), float), np.asarray(kept, float)), epsilon)
    return x


def _dropped(change):
    return lambda x, a, f, keep, rate, training, e: _drop(x, a, f, keep, rate, training, e, lambda new, kept: change(new, kept, rate, training))


wrong("block_with_dropout", {
    "multiplied by one minus the rate": _dropped(lambda new, kept, rate, training: new * kept * (1 - rate) if training else new),
    "divided by the rate": _dropped(lambda new, kept, rate, training: new * kept / max(rate, 0.1) if training else new),
    "divided by the root": _dropped(lambda new, kept, rate, training: new * kept / (1 - rate) ** 0.5 if training else new),
    "no dropout at all": _dropped(lambda new, kept, rate, training: new),
    "training and use exchanged": _dropped(lambda new, kept, rate, training: new if training else new * kept / (1 - rate)),
    "scaled outside training as well": _dropped(lambda new, kept, rate, training: new * kept / (1 - rate) if training else new / (1 - rate)),
    "whole tokens dropped": _dropped(lambda new, kept, rate, training: new * kept[:, :1] / (1 - rate) if training else new),
    "dropped to the mean": _dropped(lambda new, kept, rate, training: np.where(kept > 0, new / (1 - rate), new.mean()) if training else new),
    "scaled by what really stayed": _dropped(lambda new, kept, rate, training: new * kept / max(kept.mean(), 0.1) if training else new),
    "tables exchanged": lambda x, a, f, keep, rate, training, e: _drop(x, a, f, keep[::-1], rate, training, e),
    "epsilon forgotten": lambda x, a, f, keep, rate, training, e: _drop(x, a, f, keep, rate, training, 1e-9),
    "rows not normalised": lambda x, a, f, keep, rate, training, e: _drop(x, a, f, keep, rate, training, e, norm=lambda x, e: x),
    "only the last sum normalised": lambda x, a, f, keep, rate, training, e: _norm(_drop(x, a, f, keep, rate, training, e, norm=lambda x, e: x), e),
    "the old rows scaled": lambda x, a, f, keep, rate, training, e: _drop(np.asarray(x) / (1 - rate) if training else x, a, f, keep, rate, training, e),
    "a random table": lambda x, a, f, keep, rate, training, e: _drop(x, a, f, np.random.default_rng(0).random(np.shape(keep)) > rate, rate, training, e),
})


def _embed(table, positions, texts, row=None, longest=None):
    table, positions = np.asarray(table, float), np.asarray(positions, float)
    longest = max(map(len, texts)) if longest is None else longest
    rows, real = np.zeros((len(texts), longest, table.shape[1])), np.zeros((len(texts), longest))
    for b, ids in enumerate(texts):
        for t, i in enumerate(ids[:longest]):
            rows[b, t] = row(table, positions, i, t, ids) if row else table.shape[1] ** 0.5 * table[i] + positions[t]
            real[b, t] = 1
    return rows, real


def _rows(row):
    return lambda table, positions, texts: _embed(table, positions, texts, row)


wrong("embed_texts", {
    "cut to the shortest": lambda table, positions, texts: _embed(table, positions, texts, longest=min(map(len, texts))),
    "one column too many": lambda table, positions, texts: _embed(table, positions, texts, longest=max(map(len, texts)) + 1),
    "the root of the number of words": _rows(lambda table, p, i, t, ids: len(table) ** 0.5 * table[i] + p[t]),
    "the root of the text's length": _rows(lambda table, p, i, t, ids: len(ids) ** 0.5 * table[i] + p[t]),
    "positions from the end": _rows(lambda table, p, i, t, ids: table.shape[1] ** 0.5 * table[i] + p[len(ids) - 1 - t]),
    "the position of the id": _rows(lambda table, p, i, t, ids: table.shape[1] ** 0.5 * table[i] + p[i % len(p)]),
    "the first position for all": _rows(lambda table, p, i, t, ids: table.shape[1] ** 0.5 * table[i] + p[0]),
    "positions subtracted": _rows(lambda table, p, i, t, ids: table.shape[1] ** 0.5 * table[i] - p[t]),
    "the texts backwards": lambda table, positions, texts: _embed(table, positions, [ids[::-1] for ids in texts]),
    "the word with id 0 called padding": lambda table, positions, texts: (
        _embed(table, positions, texts)[0], _embed(table, positions, texts)[1] * np.array([[*(i != 0 for i in ids), *[0] * (max(map(len, texts)) - len(ids))] for ids in texts])),
    "the words alone, scaled by their length": _rows(lambda table, p, i, t, ids: table[i] / max(np.linalg.norm(table[i]), 1e-9) + p[t]),
    "real as lengths": lambda table, positions, texts: (_embed(table, positions, texts)[0], np.array([len(ids) for ids in texts])),
    "rows and real exchanged": lambda table, positions, texts: _embed(table, positions, texts)[::-1],
    "the end of a text called padding": lambda table, positions, texts: (
        _embed(table, positions, texts)[0], _embed(table, positions, [ids[:-1] for ids in texts], longest=max(map(len, texts)))[1]),
})


def _table(rows, fill, width):
    return np.array([[*row, *[fill] * (width - len(row))] for row in rows])


def _pairs(texts, start, end, pad, given=None, wanted=None, counted=None, width=None):
    width = max(map(len, texts)) + 1 if width is None else width
    given = [[start, *ids] for ids in texts] if given is None else given
    wanted = [[*ids, end] for ids in texts] if wanted is None else wanted
    counted = [[1] * len(row) for row in wanted] if counted is None else counted
    return tuple(_table(rows, fill, width) for rows, fill in ((given, pad), (wanted, pad), (counted, 0)))


wrong("teacher_pairs", {
    "filled with 0 whatever the pad": lambda texts, start, end, pad: (_pairs(texts, start, end, 0) if pad else _pairs(texts, start, end, 5)),
    "start and end exchanged": lambda texts, start, end, pad: _pairs(texts, end, start, pad),
    "the last token lost": lambda texts, start, end, pad: _pairs([ids[:-1] for ids in texts], start, end, pad, width=max(map(len, texts)) + 1),
    "the texts backwards": lambda texts, start, end, pad: _pairs([ids[::-1] for ids in texts], start, end, pad),
    "inputs filled with the start mark": lambda texts, start, end, pad: (_pairs(texts, start, end, start)[0], *_pairs(texts, start, end, pad)[1:]),
    "counted where the inputs are no marks": lambda texts, start, end, pad: _pairs(texts, start, end, pad, counted=[[0, *[1] * len(ids)] for ids in texts]),
    "padding counted and nothing else": lambda texts, start, end, pad: (*_pairs(texts, start, end, pad)[:2], 1 - _pairs(texts, start, end, pad)[2]),
    "one column more": lambda texts, start, end, pad: _pairs(texts, start, end, pad, width=max(map(len, texts)) + 2),
    "counted first": lambda texts, start, end, pad: (lambda a, b, c: (c, a, b))(*_pairs(texts, start, end, pad)),
    "the pad in front": lambda texts, start, end, pad: _pairs(texts, pad, end, pad),
    "counted as weights that add up to one": lambda texts, start, end, pad: (lambda a, b, c: (a, b, c / c.sum(axis=1, keepdims=True)))(*_pairs(texts, start, end, pad)),
    "no start mark, two end marks": lambda texts, start, end, pad: _pairs(texts, start, end, pad, given=[[*ids, end] for ids in texts]),
    "sorted by length": lambda texts, start, end, pad: _pairs(sorted(texts, key=len, reverse=True) if len(texts) > 1 else [texts[0][:1]], start, end, pad),
})


def _decode(x, encoder_rows, real, blocks, norm, memory=-1, strict=0, own=True, cross=True, feed=True, z=None, causal=True):
    n = len(x)
    past = np.tri(n, k=-strict, dtype=bool) if causal else np.ones((n, n), bool)
    source = np.broadcast_to(real, (n, len(real)))
    z = z or norm
    for a, b, c in blocks:
        x = x + a(z(x), z(x), past) if own else x
        x = x + b(z(x), encoder_rows[memory], source) if cross else x
        x = x + c(z(x)) if feed else x
    return norm(x)


def _changed(**rest):
    return lambda x, e, r, b, n: _decode(x, e, r, b, n, **rest)


wrong("pre_norm_decoder", {
    "no self-attention": _changed(own=False),
    "no cross-attention": _changed(cross=False),
    "no feed-forward network": _changed(feed=False),
    "only the first block": lambda x, e, r, b, n: _decode(x, e, r, b[:1], n),
    "blocks in reverse": lambda x, e, r, b, n: _decode(x, e, r, b[::-1], n) if len(b) > 1 else _decode(x, e, ~np.asarray(r), b, n),
    "nothing normalised before": _changed(z=lambda x: x),
    "the sum of all encoder rows": lambda x, e, r, b, n: _decode(x, e.sum(axis=0)[None], r, b, n),
    "the mean of all encoder rows": lambda x, e, r, b, n: _decode(x, e.mean(axis=0)[None], r, b, n),
    "padding hidden by zeros in the memory": lambda x, e, r, b, n: _decode(x, e * np.asarray(r)[:, None], np.ones(len(r), bool), b, n),
    "padding cut off, the first tokens kept": lambda x, e, r, b, n: _decode(x, e[:, : int(np.sum(r))], np.ones(int(np.sum(r)), bool), b, n),
    "a triangle turned round": lambda x, e, r, b, n: _decode(x[::-1], e, r, b, n)[::-1],
    "the mask inverted": lambda x, e, r, b, n: _decode(x, e, ~np.asarray(r), b, n),
    "the first block's memory is the input": lambda x, e, r, b, n: _decode(x, np.concatenate([e, e[-1:] * 0 + e[:1]]), r, b, n) if len(e) > 1 else _decode(x, 2 * e, r, b, n),
    "post-norm": lambda x, e, r, b, n: [x := n(x + f) for a, c, d in b for f in [a(x, x, np.tri(len(x), dtype=bool))]][-1],
    "the rows as they came": lambda x, e, r, b, n: n(np.asarray(x)),
    "rounded": lambda x, e, r, b, n: np.round(_decode(x, e, r, b, n), 1),
})


def _moved(decode, source, target, n_words, at, side):
    ids = list(source if side == "source" else target)
    ids[at] = (ids[at] + 1) % n_words
    out = decode(ids, target) if side == "source" else decode(source, ids)
    return np.abs(np.asarray(out) - np.asarray(decode(source, target))).max(axis=-1) > 1e-9


def _examine(decode, source, target, n_words, future=None, reads=None, past=None):
    rows = [_moved(decode, source, target, n_words, u, "target") for u in range(len(target))]
    sources = [_moved(decode, source, target, n_words, j, "source") for j in range(len(source))]
    n = len(target)
    return [bool((future or (lambda rows, n: any(rows[u][t] for u in range(n) for t in range(u))))(rows, n)),
            bool((reads or (lambda sources: any(row.any() for row in sources)))(sources)),
            bool((past or (lambda rows, n: any(rows[u][t] for u in range(n) for t in range(u + 1, n))))(rows, n))]


def _other(**rest):
    return lambda decode, source, target, n_words: _examine(decode, source, target, n_words, **rest)


wrong("examine_decoder", {
    "always false": lambda *given: [False, False, False],
    "always true": lambda *given: [True, True, True],
    "only if all rows see the future": _other(future=lambda rows, n: n > 1 and all(rows[-1][:-1])),
    "only the next token counts as future": _other(future=lambda rows, n: any(rows[t + 1][t] for t in range(n - 1))),
    "only the second token exchanged": _other(future=lambda rows, n: n > 1 and rows[1][0], past=lambda rows, n: n > 1 and rows[1][2:].any()),
    "the source read by all rows": _other(reads=lambda sources: any(row.all() for row in sources)),
    "every source token read": _other(reads=lambda sources: all(row.any() for row in sources)),
    "the source in the first row": _other(reads=lambda sources: any(row[0] for row in sources)),
    "the past in the last row": _other(past=lambda rows, n: any(rows[u][-1] for u in range(n - 1))),
    "the past in the second row": _other(past=lambda rows, n: n > 1 and rows[0][1]),
    "the past in all rows": _other(past=lambda rows, n: n > 1 and all(any(rows[u][t] for u in range(t)) for t in range(1, n))),
    "past means not the future": lambda d, s, t, n: (lambda a: [a[0], a[1], not a[0]])(_examine(d, s, t, n)),
    "the source and the target exchanged": lambda d, s, t, n: _examine(lambda a, b: d(b, a), s, t, n) if len(s) == len(t) else [True, True, False],
    "all tokens exchanged at once": lambda d, s, t, n: [np.abs(np.asarray(d(s, [t[0], *[(i + 1) % n for i in t[1:]]])) - d(s, t)).max(-1)[0] > 1e-9,
                                                        np.abs(np.asarray(d([(i + 1) % n for i in s], t)) - d(s, t)).max() > 1e-9, len(t) > 1],
    "the shapes compared": lambda d, s, t, n: [np.shape(d(s, t)) != (len(t), n), True, True],
})
