"""Wrong answers to the exercises about training and about one's own model, other than their mutants."""

from __future__ import annotations

import numpy as np

WRONG: list[tuple] = []


def wrong(name, what, function, *names):
    WRONG.append((f"architecture.{name}", what, function, names))


# -- verdict_over_seeds ----------------------------------------------------------------------------------------------

for _what, _answer in {
    "always open": lambda base, other: "open",
    "always worse": lambda base, other: "worse",
    "the last runs compared": lambda base, other: "worse" if other[-1] < base[-1] else "better" if other[-1] > base[-1] else "open",
    "the first runs compared": lambda base, other: "worse" if other[0] < base[0] else "better" if other[0] > base[0] else "open",
    "the best of the other against the best of the base": lambda base, other: "worse" if max(other) < max(base) and min(other) < min(base) else "better" if min(other) > min(base) and max(other) > max(base) else "open",
    "open between 0.1 apart": lambda base, other: "worse" if max(other) < min(base) - 0.02 else "better" if min(other) > max(base) + 0.02 else "open",
    "worse only": lambda base, other: "worse" if max(other) < min(base) else "open",
    "better only": lambda base, other: "better" if min(other) > max(base) else "open",
    "no word for open": lambda base, other: "worse" if max(other) < min(base) else "better",
    "capital letters": lambda base, other: "Worse" if max(other) < min(base) else "Better" if min(other) > max(base) else "Open",
    "sums compared": lambda base, other: "worse" if sum(other) < sum(base) else "better" if sum(other) > sum(base) else "open",
    "more runs are better": lambda base, other: "worse" if len(other) < len(base) else "better" if len(other) > len(base) else "open",
    "any run below": lambda base, other: "worse" if min(other) < min(base) else "better" if max(other) > max(base) else "open",
    "most pairs decide": lambda base, other: (lambda share: "worse" if share < -0.5 else "better" if share > 0.5 else "open")(np.mean([np.sign(o - b) for o in other for b in base])),
    "two deviations apart": lambda base, other: (lambda gap, spread: "worse" if gap < -2 * spread else "better" if gap > 2 * spread else "open")(np.mean(other) - np.mean(base), np.std(base) + np.std(other)),
    "ranges that do not overlap, in either order": lambda base, other: "worse" if max(other) < min(base) or min(other) > max(base) else "open",
}.items():
    wrong("verdict_over_seeds", _what, _answer, "best_seeds_compared", "worst_seeds_compared", "seeds_averaged", "seeds_paired", "one_deviation_apart", "seed_medians_compared")

# -- which_piece -----------------------------------------------------------------------------------------------------

for _what, _answer in {
    "nobody is to blame": lambda score, course, mine: np.zeros(len(mine), dtype=bool),
    "all are to blame": lambda score, course, mine: np.ones(len(mine), dtype=bool),
    "in the order of the course": lambda score, course, mine: np.array([score({**course, n: mine[n]}) < score(dict(course)) for n in course if n in mine], dtype=bool),
    "in alphabetical order": lambda score, course, mine: np.array([score({**course, n: mine[n]}) < score(dict(course)) for n in sorted(mine)], dtype=bool),
    "the first alone": lambda score, course, mine: np.array([i == 0 and score({**course, n: mine[n]}) < score(dict(course)) for i, n in enumerate(mine)], dtype=bool),
    "the base asked anew each time": lambda score, course, mine: np.array([score({**course, n: mine[n]}) < score(dict(course)) for n in mine], dtype=bool),
    "compared with zero": lambda score, course, mine: np.array([score({**course, n: mine[n]}) < 0 for n in mine], dtype=bool),
    "compared with all of mine": lambda score, course, mine: np.array([score({**course, n: mine[n]}) < score({**course, **mine}) for n in mine], dtype=bool),
    "one for every name of the course": lambda score, course, mine: np.array([n in mine and score({**course, n: mine[n]}) < score(dict(course)) for n in course], dtype=bool),
    "right where it should be wrong": lambda score, course, mine: ~np.array([score({**course, n: mine[n]}) < score(dict(course)) for n in mine], dtype=bool),
    "mine without it": lambda score, course, mine: np.array([score({**course, **{k: v for k, v in mine.items() if k != n}}) < score(dict(course)) for n in mine], dtype=bool),
    "the smallest alone": lambda score, course, mine: (lambda s: np.array([x == min(s) for x in s], dtype=bool))([score({**course, n: mine[n]}) for n in mine]),
    "a loss of more than one": lambda score, course, mine: (lambda b: np.array([score({**course, n: mine[n]}) < b - 1 for n in mine], dtype=bool))(score(dict(course))),
    "the pieces compared": lambda score, course, mine: np.array([not callable(mine[n]) and not isinstance(mine[n], str) and mine[n] < course[n] for n in mine], dtype=bool),
    "the last alone": lambda score, course, mine: np.array([i == len(mine) - 1 and score({**course, n: mine[n]}) < score(dict(course)) for i, n in enumerate(mine)], dtype=bool),
}.items():
    wrong("which_piece", _what, _answer, "pieces_left_exchanged", "improvement_is_blamed", "no_change_is_blamed", "differs_from_the_course", "any_change_is_blamed")


# -- three_masks -----------------------------------------------------------------------------------------------------

def _right(source, target, pad):
    (texts, m), n = source.shape, target.shape[1]
    real, own = (source != pad)[:, None], (target != pad)[:, None]
    return np.broadcast_to(real, (texts, m, m)), np.tri(n, dtype=bool) & own, np.broadcast_to(real, (texts, n, m))


def _with(place, change):
    def answer(source, target, pad):
        masks = [m.copy() for m in _right(source, target, pad)]
        masks[place] = change(masks[place], source, target, pad)
        return tuple(masks)
    return answer


for _what, _answer in {
    "the encoder's hides rows and columns": _with(0, lambda m, s, t, p: m & (s != p)[:, :, None]),
    "the decoder's hides rows too": _with(1, lambda m, s, t, p: m & (t != p)[:, :, None]),
    "the cross mask hides the target's rows too": _with(2, lambda m, s, t, p: m & (t != p)[:, :, None]),
    "the first text's for all": lambda s, t, p: tuple(np.broadcast_to(m[:1], m.shape) for m in _right(s, t, p)),
    "the last text's for all": lambda s, t, p: tuple(np.broadcast_to(m[-1:], m.shape) for m in _right(s, t, p)),
    "the triangle the wrong way": _with(1, lambda m, s, t, p: np.tri(t.shape[1], dtype=bool).T & (t != p)[:, None]),
    "one token of the future": _with(1, lambda m, s, t, p: np.tri(t.shape[1], k=1, dtype=bool) & (t != p)[:, None]),
    "cross mask transposed": _with(2, lambda m, s, t, p: m.swapaxes(1, 2)),
    "decoder and cross exchanged": lambda s, t, p: (lambda a, b, c: (a, c, b))(*_right(s, t, p)),
    "zero is always the padding": lambda s, t, p: _right(s, t, 0),
    "padding by its length, as if it stood behind": lambda s, t, p: tuple(m & (np.arange(m.shape[2]) < (side != p).sum(1)[:, None, None]) if True else m for m, side in zip(_right(s, t, p), (s, t, s))),
    "everybody sees everything": lambda s, t, p: tuple(np.ones_like(m) for m in _right(s, t, p)),
    "the encoder looks at itself alone": _with(0, lambda m, s, t, p: m & np.eye(s.shape[1], dtype=bool)),
    "the start mark is hidden": _with(1, lambda m, s, t, p: m & (t != 1)[:, None]),
    "every token sees itself, padding too": _with(1, lambda m, s, t, p: m | np.eye(t.shape[1], dtype=bool)),
    "an axis for heads": lambda s, t, p: tuple(m[:, None] for m in _right(s, t, p)),
}.items():
    wrong("three_masks", _what, _answer, "masks_source_padding_by_rows")

# -- wire_attention --------------------------------------------------------------------------------------------------


def _wire(x, c, mask, h, project, split, attend, merge, change=lambda q, k, v: (q, k, v), last=lambda y, project: project("output", y)):
    q, k, v = change(project("query", x), project("key", c), project("value", c))
    return last(merge(attend(split(q, h), split(k, h), split(v, h), mask)), project)


for _what, _answer in {
    "scaled twice": lambda *a: _wire(*a, change=lambda q, k, v: (q / np.sqrt(q.shape[-1]), k, v)),
    "scaled by the number of heads and one more": lambda *a: _wire(*a, change=lambda q, k, v: (q / np.sqrt(1 + a[3]), k, v)),
    "the output projected as a value": lambda *a: _wire(*a, last=lambda y, project: project("value", y) + 1e-2),
    "the output projected twice": lambda *a: _wire(*a, last=lambda y, project: project("output", project("output", y)) + 1e-2),
    "the asking rows added": lambda *a: _wire(*a) + a[0],
    "the mask turned round": lambda x, c, m, *a: _wire(x, c, ~m, *a),
    "a causal mask on top": lambda x, c, m, *a: _wire(x, c, m & np.tri(x.shape[-2], c.shape[-2], dtype=bool), *a) + 0.01,
    "queries not projected": lambda *a: _wire(*a, change=lambda q, k, v: (a[0], k, v)),
    "values not projected": lambda *a: _wire(*a, change=lambda q, k, v: (q, k, a[1])),
    "values doubled": lambda *a: _wire(*a, change=lambda q, k, v: (q, k, 2 * v)),
    "zeros": lambda *a: 0 * _wire(*a),
    "the mean of all rows": lambda *a: np.broadcast_to(_wire(*a).mean(axis=-2, keepdims=True), _wire(*a).shape),
    "never below zero": lambda *a: np.maximum(0, _wire(*a)),
    "keys normalised": lambda *a: _wire(*a, change=lambda q, k, v: (q, k / np.linalg.norm(k, axis=-1, keepdims=True), v)),
    "the context in reverse, values alone": lambda *a: _wire(*a, change=lambda q, k, v: (q, k, v[..., ::-1, :] + 1e-3)),
    "the heads averaged in": lambda *a: _wire(*a) * (1 + 0.1 * a[3]),
}.items():
    wrong("wire_attention", _what, _answer, "wired_without_the_mask", "wired_output_not_projected")
