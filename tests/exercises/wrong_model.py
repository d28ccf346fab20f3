"""Wrong answers to the exercises on the complete implementation, other than their mutants: what is wrong, the answer, its true names."""

from __future__ import annotations

import numpy as np

from attnlab.exercises import EXERCISES

WRONG: list[tuple] = []


def wrong(name, what, function, *names):
    WRONG.append((f"architecture.{name}", what, function, names))


# -- count_encoder_decoder -------------------------------------------------------------------------------------------

_count = EXERCISES["architecture.count_encoder_decoder"].reference


def _changed(**changes):
    names = ("n_words", "d", "d_ff", "encoders", "decoders", "heads", "kv_heads", "gated", "tied")

    def answer(*given):
        sizes = dict(zip(names, given))
        return _count(**sizes | {name: change(sizes) for name, change in changes.items()})

    return answer


for _what, _answer in {
    "the stacks exchanged": _changed(encoders=lambda s: s["decoders"], decoders=lambda s: s["encoders"]),
    "one block in each stack": _changed(encoders=lambda s: 1, decoders=lambda s: 1),
    "the encoder alone": _changed(decoders=lambda s: 0),
    "the decoder alone": _changed(encoders=lambda s: 0),
    "an inner width of four times the width": _changed(d_ff=lambda s: 4 * s["d"]),
    "always gated": _changed(gated=lambda s: True),
    "a gate exactly where there is none": _changed(gated=lambda s: not s["gated"]),
    "tied and untied exchanged": _changed(tied=lambda s: not s["tied"]),
    "one head of keys whatever is asked": _changed(kv_heads=lambda s: 1),
    "one word too many": _changed(n_words=lambda s: s["n_words"] + 1),
    "no table": _changed(n_words=lambda s: 0),
    "one table more": lambda *s: _count(*s) + s[0] * s[1],
    "as many encoders as decoders": _changed(encoders=lambda s: s["decoders"]),
    "keys narrowed, values not": lambda n, d, f, e, k, h, kv, g, t: _count(n, d, f, e, k, h, kv, g, t) + (e + 2 * k) * d * (d - d // h * kv),
    "biases in the feed-forward network": lambda n, d, f, e, k, h, kv, g, t: _count(n, d, f, e, k, h, kv, g, t) + (e + k) * (d + f),
    "one last norm for both stacks": lambda *s: _count(*s) - s[1],
    "a thousand": lambda *s: 1000,
    "the example's answer": lambda *s: 24,
    "the sum of the sizes": lambda *s: sum(s[:7]),
}.items():
    wrong("count_encoder_decoder", _what, _answer)

# -- unstack_heads ---------------------------------------------------------------------------------------------------

_unstack = EXERCISES["architecture.unstack_heads"].reference


def _turned(order, change=lambda w: w):
    return lambda stacked, n_heads: tuple(change(_unstack(stacked, n_heads)[i]) for i in order)


for _what, _answer in {
    "three times the queries": _turned((0, 0, 0)),
    "values first": _turned((2, 0, 1)),
    "keys first": _turned((1, 2, 0)),
    "values and queries exchanged": _turned((2, 1, 0)),
    "columns in reverse": _turned((0, 1, 2), lambda w: w[:, ::-1]),
    "rows in reverse": _turned((0, 1, 2), lambda w: w[::-1]),
    "the other sign": _turned((0, 1, 2), lambda w: -w),
    "divided by the root of the width": _turned((0, 1, 2), lambda w: w / np.sqrt(len(w) + 1)),
    "zeros": _turned((0, 1, 2), lambda w: 0 * w),
    "symmetric": _turned((0, 1, 2), lambda w: (w + w.T) / 2),
    "queries alone transposed": lambda s, h: (_unstack(s, h)[0].T, *_unstack(s, h)[1:]),
    "values alone untransposed": lambda s, h: (*_unstack(s, h)[:2], _unstack(s, h)[2].T),
    "as if there were two heads": lambda s, h: _unstack(s, 2 if s.shape[1] % 2 == 0 else h),
    "as if each feature were a head": lambda s, h: _unstack(s, s.shape[1]),
    "the first third, three times": lambda s, h: (s[: s.shape[1]].T,) * 3,
    "rounded": _turned((0, 1, 2), np.rint),
}.items():
    wrong("unstack_heads", _what, _answer, *({"as if each feature were a head": ("roles_change_with_every_row",)}.get(_what, ())))

# -- tied_table_gradient ---------------------------------------------------------------------------------------------

_tied = EXERCISES["architecture.tied_table_gradient"].reference

for _what, _answer in {
    "the entrance subtracted": lambda i, r, s, g: _tied(i, -r, s, g),
    "the exit subtracted": lambda i, r, s, g: _tied(i, r, -s, g),
    "the other sign": lambda i, r, s, g: -_tied(i, r, s, g),
    "ids one too large": lambda i, r, s, g: _tied((i + 1) % g.shape[1], r, s, g),
    "ids from the end": lambda i, r, s, g: _tied(g.shape[1] - 1 - i, r, s, g),
    "the first token alone": lambda i, r, s, g: _tied(i[:1], r[:1], s, g),
    "the last token left out": lambda i, r, s, g: _tied(i[:-1], r[:-1], s, g),
    "the last state left out": lambda i, r, s, g: _tied(i, r, s[:-1], g[:-1]),
    "a mean over the states": lambda i, r, s, g: _tied(i, r, s / (len(s) + 1), g),
    "a mean over the tokens": lambda i, r, s, g: _tied(i, r / (len(i) + 1), s, g),
    "d in place of its root": lambda i, r, s, g: _tied(i, r * np.sqrt(r.shape[1] + 1), s, g),
    "logits through a softmax": lambda i, r, s, g: _tied(i, r, s, np.exp(g) / np.exp(g).sum(axis=1, keepdims=True)),
    "tokens in reverse": lambda i, r, s, g: _tied(i, r[::-1] + 1, s, g),
    "states in reverse": lambda i, r, s, g: _tied(i, r, s[::-1] + 1, g),
    "words of the text get nothing from the exit": lambda i, r, s, g: _tied(i, r, s, g * ~np.isin(np.arange(g.shape[1]), i)),
    "each distinct word once, its first gradient": lambda i, r, s, g: _tied(*(lambda u: (i[u], r[u]))(np.unique(i, return_index=True)[1]), s, g),
    "zeros": lambda i, r, s, g: np.zeros((g.shape[1], r.shape[1])),
}.items():
    wrong("tied_table_gradient", _what, _answer)

# -- two_source_block ------------------------------------------------------------------------------------------------

_block = EXERCISES["architecture.two_source_block"].reference


def _nothing(rows):
    return 0 * rows


for _what, _answer in {
    "self-attention left out": lambda x, a, b, look, one, two, think, norm: _block(norm(x), a, b, _nothing, one, two, think, lambda r: norm(r)),
    "the feed-forward network left out": lambda x, a, b, look, one, two, think, norm: _block(x, a, b, look, one, two, _nothing, norm),
    "no normalisation": lambda x, a, b, look, one, two, think, norm: _block(x, a, b, look, one, two, think, lambda r: r),
    "the last normalisation left out": lambda x, a, b, look, one, two, think, norm: (lambda h: h + think(h))(
        _block(x, a, b, look, one, two, _nothing, norm)),
    "the first source ignored": lambda x, a, b, look, one, two, think, norm: _block(x, None, b, look, one, two, think, norm),
    "both sources ignored": lambda x, a, b, look, one, two, think, norm: _block(x, None, None, look, one, two, think, norm),
    "both sources asked with the second network": lambda x, a, b, look, one, two, think, norm: _block(x, a, b, look, two, two, think, norm),
    "the first source asked twice": lambda x, a, b, look, one, two, think, norm: _block(x, a, a, look, one, two, think, norm),
    "the second source asked twice": lambda x, a, b, look, one, two, think, norm: _block(x, b, b, look, one, two, think, norm),
    "self-attention after the sources": lambda x, a, b, look, one, two, think, norm: norm(
        (lambda h: norm(h + look(h)) + think(norm(h + look(h))))(_ask_only(x, a, b, one, two, norm))),
    "everything is twice what it should be": lambda *given: 2 * _block(*given),
    "the rows that came in": lambda x, *rest: x,
    "the missing one is asked as zeros": lambda x, a, b, look, one, two, think, norm: _block(
        x, np.zeros((1, x.shape[1])) if a is None else a, np.zeros((1, x.shape[1])) if b is None else b, look, one, two, think, norm),
    "a missing source is the text itself": lambda x, a, b, look, one, two, think, norm: _block(
        x, x if a is None else a, x if b is None else b, look, one, two, think, norm),
    "no source if one is missing": lambda x, a, b, look, one, two, think, norm: _block(
        x, *((a, b) if a is not None and b is not None else (None, None)), look, one, two, think, norm),
    "a source of zeros taken for a missing one": lambda x, a, b, *rest: _block(x, a if a is not None and a.any() else None, b, *rest),
    "the residual path left out of the feed-forward network": lambda x, a, b, look, one, two, think, norm: norm(
        think(_block(x, a, b, look, one, two, lambda r: 0 * r, norm))),
    "normalised twice at the end": lambda *given: given[-1](_block(*given)),
}.items():
    # attention to a row of zeros gives zeros: that is the mistake of the name
    _names = ("missing_source_normalised_all_the_same",) if _what == "the missing one is asked as zeros" else ()
    wrong("two_source_block", _what, _answer, *_names)


def _ask_only(x, a, b, one, two, norm):
    x = norm(x + one(x, a)) if a is not None else x
    return norm(x + two(x, b)) if b is not None else x
