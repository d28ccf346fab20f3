"""Putting the text together again from what a span-corruption model read and what it wrote."""

from __future__ import annotations

import numpy as np

from attnlab.exercises._exercise import Exercise
from attnlab.exercises._probes import comes_out, left_alone


def _spans(target, first, end):
    """mark -> its tokens, in what was written up to the end."""
    found, mark = {}, None
    for token in map(int, target):
        if token == end:
            break
        if token > first - 100 and token <= first:
            mark = token
            found.setdefault(mark, [])
        elif mark is not None:
            found[mark].append(token)
    return found


def _reference(source, target, first, end):
    found, out = _spans(target, first, end), []
    for token in map(int, source):
        if token == end:
            break
        out += found.get(token, []) if first - 100 < token <= first else [token]
    return np.array(out, dtype=int)


EXERCISE = Exercise(
    id="variants.restore",
    title="Fill the spans in",
    level="apply",
    minutes=15,
    difficulty=2,
    page="variants/t5",
    headings=("Span corruption",),
    statement=r"""
    Undo span corruption. `source` holds the ids that the encoder read, `target` those that the decoder wrote. T5 numbers its 100 marks **downwards**: the first span of a text has the mark `first`, the next `first - 1`, down to `first - 99`. Ids above `first` are tokens like any others. Both lists may be followed by the id `end`, and by whatever fills a batch after it; nothing from `end` on belongs to the text.

    Return the ids of the restored text: the source with each mark replaced by the tokens that follow **the same mark** in the target, up to the next mark or the end. A model makes mistakes, so a mark of the source may be missing in the target: then nothing stands in its place. Marks of the target that are not in the source, and tokens before the first mark, are ignored. A mark stands at most once in each list.

    A tiny example with `first = 999` and `end = 1`: source `[7, 999, 8, 998, 1]` and target `[999, 5, 6, 998, 4, 997, 1, 0]` give `[7, 5, 6, 8, 4]`.
    """,
    slot='''
    def restore(source, target, first, end):
        """The text in which each mark of the source is replaced by its span in the target.

        source, target: lists of whole numbers; first: the first mark, the others are smaller by 1, 2, ..., 99
        end: the id that ends a list; result: whole numbers, as a list or an array
        """
        # YOUR CODE HERE
        ...
    ''',
    hints=(
        "If the target holds each mark with its span and one mark more to end, the result is as long as source and target together, less two places for each span, less the last mark and the ends.",
        r"First read the target: a dictionary from each mark to the list of tokens after it. Then walk through the source; a mark is an id $t$ with $\text{first} - 100 < t \le \text{first}$.",
        "```python\nspans, mark = {}, None\nfor token in target:\n    if token == end:\n        ____\n    if ____ < token <= first:\n        mark = token\n        spans[mark] = ____\n    elif mark is not None:\n        ____\n"
        "out = []\nfor token in source:\n    if token == end:\n        ____\n    out += spans.get(____, ____) if ____ else [token]\nreturn out\n```",
    ),
    parsons=("restore_by_order_of_marks", "restore_keeps_the_marks"),
    why=r"""
    The marks are what makes the exercise well posed: they say which span goes where, so a model may leave one out without moving the others.

    **The two most common mistakes.** Taking the spans in the order in which they were written, instead of by their marks: one missing mark moves every later span. Counting the marks upwards: T5's first mark, `<extra_id_0>`, has the *largest* id.

    **Cost.** One pass over each list.
    """,
    verified="texts with none, one and several spans, spans at the ends, marks missing, invented, and in another order, tokens before the first mark, and what follows the end.",
    next_thought="what should a model be told if a span may hold no token at all?",
    reference=_reference,
)

_probe = EXERCISE.probe
_probe("two spans", [7, 199, 8, 3, 198, 1], [199, 5, 6, 198, 4, 197, 1], 199, 1)
_probe("one span at the start", [199, 8, 3, 1], [199, 5, 6, 198, 1], 199, 1)
_probe("two spans without a token between", [9, 199, 198, 12, 1], [199, 50, 198, 60, 61, 197, 1], 199, 1)
_probe("the second mark is missing", [7, 199, 8, 198, 3, 197, 1], [199, 5, 197, 4, 44, 196, 1], 199, 1)
_probe("the first mark is missing", [7, 199, 8, 198, 3, 1], [198, 6, 66, 197, 1], 199, 1)
_probe("marks in another order", [7, 199, 8, 198, 3, 1], [198, 6, 66, 199, 5, 197, 1], 199, 1)
_probe("a mark that the source has not", [7, 199, 8, 1], [199, 5, 190, 77, 78, 1], 199, 1)
_probe("tokens before the first mark", [7, 199, 8, 1], [23, 24, 199, 5, 198, 1], 199, 1)
_probe("something after the ends", [7, 199, 8, 1, 0, 0], [199, 5, 6, 198, 1, 0, 13], 199, 1)
_probe("no end at all", [7, 199, 8], [199, 5, 6, 6], 199, 1)
_probe("tokens above the marks", [7, 199, 8, 203, 198, 9, 1], [199, 5, 203, 6, 198, 4, 210, 197, 1], 199, 1)
_probe("no span", [7, 8, 9, 1], [199, 1], 199, 1)
_probe("an empty span", [7, 199, 8, 198, 9, 1], [199, 198, 4, 197, 1], 199, 1)
_probe("the hundredth mark, and the largest token below the marks", [100, 99, 60, 1], [100, 5, 99, 6, 98, 1], 199, 1)
_probe("another end and first", [4, 131, 1, 130, 2], [131, 1, 3, 130, 3, 129, 2, 1], 131, 2)
_probe("an end of zero", [4, 131, 1, 0, 7], [131, 1, 3, 0, 9], 131, 0)
_probe("nothing at all", [], [], 199, 1)
_probe("a source that ends at once", [1, 7], [199, 5, 1], 199, 1)
_probe("a target that is empty", [7, 199, 8], [], 199, 1)
_probe("an end within what fills the batch", [7, 199, 8, 1, 0, 1, 9], [199, 5, 198, 1, 0, 199, 6, 1], 199, 1)
_probe("a token with the number 0", [0, 199, 7, 0, 1], [199, 0, 5, 198, 1], 199, 1)
_probe("numbers that end like a mark", [7, 1199, 199, 2199, 198, 5, 1], [199, 3199, 6, 198, 1198, 197, 1], 199, 1)
_probe("thirty spans, marks in another order", [x for i in range(30) for x in (1000 + i, 199 - i)] + [1],
       [x for i in range(29, -1, -1) for x in (199 - i, *range(2000 + 10 * i, 2000 + 10 * i + i % 5))] + [169, 1], 199, 1)
_probe("marks below 100", [200, 120, 5, 21, 300, 0], [21, 7, 8, 120, 9, 3, 400, 119, 0], 120, 0)


@EXERCISE.solve
def restore_solution(source, target, first, end):
    spans, mark, out = {}, None, []
    for token in list(target) + [end]:
        if token == end: break
        if first - 100 < token <= first: mark, spans[token] = token, []
        elif mark is not None: spans[mark].append(token)
    for token in list(source) + [end]:
        if token == end: break
        out += spans.get(token, []) if first - 100 < token <= first else [token]
    return out


@EXERCISE.mutant
def restore_by_order_of_marks(source, target, first, end):
    spans, mark, out = {}, None, []
    for token in list(target) + [end]:
        if token == end: break
        if first - 100 < token <= first: mark, spans[token] = token, []
        elif mark is not None: spans[mark].append(token)
    order = iter(list(spans.values()))
    for token in list(source) + [end]:
        if token == end: break
        out += next(order, []) if first - 100 < token <= first else [token]
    return out


@EXERCISE.mutant
def restore_keeps_the_marks(source, target, first, end):
    spans, mark, out = {}, None, []
    for token in list(target) + [end]:
        if token == end: break
        if first - 100 < token <= first: mark, spans[token] = token, []
        elif mark is not None: spans[mark].append(token)
    for token in list(source) + [end]:
        if token == end: break
        out += [token] + spans.get(token, []) if first - 100 < token <= first else [token]
    return out


@EXERCISE.mutant
def restore_with_marks_upwards(source, target, first, end):
    def mark(t):
        return first <= t < first + 100

    found, at, out = {}, None, []
    for token in target:
        if token == end:
            break
        if mark(token):
            at = token
            found[at] = []
        elif at is not None:
            found[at].append(token)
    for token in source:
        if token == end:
            break
        out += found.get(token, []) if mark(token) else [token]
    return np.array(out, dtype=int)


@EXERCISE.mutant
def restore_reads_past_the_end(source, target, first, end):
    spans = _spans(target, first, -12345)
    return np.array([t for token in source for t in (spans.get(int(token), []) if first - 100 < token <= first else [token])], dtype=int)


@EXERCISE.mutant
def restore_first_token_of_a_span(source, target, first, end):
    spans = {mark: span[:1] for mark, span in _spans(target, first, end).items()}
    out = []
    for token in source:
        if token == end:
            break
        out += spans.get(token, []) if first - 100 < token <= first else [token]
    return np.array(out, dtype=int)


@EXERCISE.mutant
def restore_leaves_a_missing_mark(source, target, first, end):
    spans, out = _spans(target, first, end), []
    for token in source:
        if token == end:
            break
        out += spans.get(token, [token])
    return np.array(out, dtype=int)


@EXERCISE.mutant
def restore_ignores_the_target(source, target, first, end):
    kept = list(source)[: list(source).index(end)] if end in list(source) else list(source)
    return np.array([t for t in kept if not first - 100 < t <= first], dtype=int)


@EXERCISE.mutant
def restore_with_one_mark_for_all(source, target, first, end):
    spans, out = _spans(target, first, end), []
    for token in source:
        if token == end:
            break
        out += (spans.get(first, []) if first - 100 < token <= first else [token])
    return np.array(out, dtype=int)


EXERCISE.holds("the example of the statement comes out")(comes_out([7, 5, 6, 8, 4], [7, 999, 8, 998, 1], [999, 5, 6, 998, 4, 997, 1, 0], 999, 1))
EXERCISE.holds("the given lists stay as they are")(left_alone([7, 199, 8, 1], [199, 5, 198, 1], 199, 1))
