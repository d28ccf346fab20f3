"""A pair of texts as BERT reads it: cut to fit, marked, padded, with segments."""

from __future__ import annotations

import numpy as np

from attnlab.exercises import _text as text
from attnlab.exercises._exercise import Exercise
from attnlab.exercises._probes import comes_out, left_alone


def _shorten(first, second, room, tie_from_second=True):
    first, second = list(first), list(second)
    while len(first) + len(second) > room:
        longer = first if len(first) > len(second) or (len(first) == len(second) and not tie_from_second) else second
        longer.pop()
    return first, second


def _laid_out(first, second, max_len, cls, sep):
    ids = [cls, *first, sep, *second, sep]
    segments = [0] * (len(first) + 2) + [1] * (len(second) + 1)
    pad = [0] * (max_len - len(ids))
    return np.array(ids + pad), np.array(segments + pad), np.array([1] * len(ids) + pad)


def _reference(first, second, max_len, cls, sep):
    return _laid_out(*_shorten(first, second, max_len - 3), max_len, cls, sep)


EXERCISE = Exercise(
    id="variants.pair_input",
    title="A pair of texts in one input",
    level="apply",
    minutes=20,
    difficulty=2,
    page="variants/bert",
    headings=("The mathematics", "What goes wrong"),
    statement=r"""
    BERT reads a pair as `[CLS] first [SEP] second [SEP]`. Make its input, `max_len` places long.

    - If it does not fit, take tokens away **from the end of the longer text**, one at a time, until it does; where both are equally long, from the second.
    - Fill up with 0 at the end.
    - **Segments**: 0 up to and including the first `[SEP]`, 1 from there up to and including the second; 0 at padding.
    - **Real**: 1 at tokens, special ones included, 0 at padding.

    Either text may be empty; `max_len` is at least 3. The texts given must stay as they are.

    A tiny example: `first = [5, 6, 7]`, `second = [8]`, `max_len = 6`, `cls = 1`, `sep = 2` give `[1, 5, 6, 2, 8, 2]`, `[0, 0, 0, 0, 1, 1]` and `[1, 1, 1, 1, 1, 1]`.
    """,
    slot='''
    def pair_input(first, second, max_len, cls, sep):
        """Ids, segments, and which places hold tokens, for a pair of texts.

        first, second: lists of ids; max_len: how many places; cls, sep: ids
        result: (max_len,), (max_len,), (max_len,) whole numbers
        """
        # YOUR CODE HERE
        ...
    ''',
    hints=(
        "Three places go to the special tokens. What is cut, is cut before these are put in, so both marks are there however long the texts.",
        "Lengths that fit: while $a + b > \\text{max\\_len} - 3$, take one from $a$ if $a > b$, else from $b$. With the two lengths known, slices do the rest.",
        "```python\na, b = len(first), len(second)\nwhile a + b > ____:\n    a, b = (a - 1, b) if ____ else (a, b - 1)\nids = [cls, *first[:a], sep, *second[:b], sep]\n"
        "segments = [0] * ____ + [1] * ____\npad = [0] * (max_len - len(ids))\nreturn np.array(ids + pad), np.array(segments + pad), np.array([1] * len(ids) + pad)\n```",
    ),
    parsons=("pair_first_mark_in_the_second_segment", "pair_marks_not_counted"),
    why=r"""
    A short text has little that could be spared, so the longer one gives. That is how the original code prepares pairs for a classifier. The segment tells the model which part a token belongs to before any attention has looked for `[SEP]`.

    **The two most common mistakes.** Cutting the finished row at `max_len`: the last `[SEP]`, and perhaps the whole second text, is gone. Giving the first `[SEP]` to the second segment. Neither raises an error; the model reads what it never met in training.

    **Cost.** None to speak of. Attention over the pair costs the square of both lengths *together*.
    """,
    verified="equal for empty texts, texts that fit, texts of equal length that do not, a long one on either side, and the smallest input of 3 places.",
    next_thought="a question of 10 tokens and an article of 2,000: what would you do with what does not fit, other than drop it?",
    parts=("ids", "segments", "real"),
    reference=_reference,
)

_long = list(range(10, 30))
for _name, _first, _second, _room in (
    ("texts of 3 and 5 tokens that fit into 13 places", [5, 6, 7], [21, 22, 23, 24, 25], 13),
    ("a long first text", _long, [31, 32, 33], 11),
    ("a long second text", [31, 32], _long, 12),
    ("two texts of 7 tokens in 12 places", _long[:7], _long[7:14], 12),
    ("two texts of 7 tokens in 11 places", _long[:7], _long[7:14], 11),
    ("the first text is empty", [], [21, 22, 23, 24], 6),
    ("the second text is empty", [21, 22, 23, 24, 25], [], 9),
    ("two empty texts in 5 places", [], [], 5),
    ("3 places", [21, 22], [23], 3),
    ("it fits exactly", [5, 6], [7, 8, 9], 8),
    ("one token too many", [5, 6, 7, 8], [9, 10], 8),
    ("id 0 among the tokens", [0, 5, 0], [6, 0], 11),
    ("id 0 at the end", [5], [6, 0, 0], 7),
    ("marks inside the texts", [5, 102, 6, 101], [102, 7, 101, 102], 14),
    ("twice the same text", [5, 6, 7], [5, 6, 7], 10),
    ("texts of 50 and 90 tokens in 64 places", list(range(200, 250)), list(range(300, 390)), 64),
    ("texts of 40 and 8 tokens in 48 places", list(range(200, 240)), list(range(300, 308)), 48),
):
    EXERCISE.probe(_name, _first, _second, _room, 101, 102)


@EXERCISE.solve
def pair_input_solution(first, second, max_len, cls, sep):
    a, b = len(first), len(second)
    while a + b > max_len - 3:
        a, b = (a - 1, b) if a > b else (a, b - 1)
    ids = [cls, *first[:a], sep, *second[:b], sep]
    segments = [0] * (a + 2) + [1] * (b + 1)
    pad = [0] * (max_len - len(ids))
    return np.array(ids + pad), np.array(segments + pad), np.array([1] * len(ids) + pad)


@EXERCISE.mutant
def pair_first_mark_in_the_second_segment(first, second, max_len, cls, sep):
    a, b = len(first), len(second)
    while a + b > max_len - 3:
        a, b = (a - 1, b) if a > b else (a, b - 1)
    ids = [cls, *first[:a], sep, *second[:b], sep]
    segments = [0] * (a + 1) + [1] * (b + 2)
    pad = [0] * (max_len - len(ids))
    return np.array(ids + pad), np.array(segments + pad), np.array([1] * len(ids) + pad)


@EXERCISE.mutant
def pair_marks_not_counted(first, second, max_len, cls, sep):
    a, b = len(first), len(second)
    while a + b > max_len:
        a, b = (a - 1, b) if a > b else (a, b - 1)
    ids = ([cls, *first[:a], sep, *second[:b], sep])[:max_len]
    segments = ([0] * (a + 2) + [1] * (b + 1))[:max_len]
    pad = [0] * (max_len - len(ids))
    return np.array(ids + pad), np.array(segments + pad), np.array([1] * len(ids) + pad)


@EXERCISE.mutant
def pair_tie_cut_from_the_first(first, second, max_len, cls, sep):
    return _laid_out(*_shorten(first, second, max_len - 3, tie_from_second=False), max_len, cls, sep)


@EXERCISE.mutant
def pair_second_cut_alone(first, second, max_len, cls, sep):
    first = list(first)[: max_len - 3]
    return _laid_out(first, list(second)[: max_len - 3 - len(first)], max_len, cls, sep)


@EXERCISE.mutant
def pair_cut_at_the_front(first, second, max_len, cls, sep):
    a, b = map(len, _shorten(first, second, max_len - 3))
    return _laid_out(list(first)[len(first) - a :], list(second)[len(second) - b :], max_len, cls, sep)


@EXERCISE.mutant(evidence=text.values)
def pair_one_segment(first, second, max_len, cls, sep):
    ids, segments, real = _reference(first, second, max_len, cls, sep)
    return ids, 0 * segments, real


@EXERCISE.mutant(evidence=text.values)
def pair_padding_in_the_second_segment(first, second, max_len, cls, sep):
    ids, segments, real = _reference(first, second, max_len, cls, sep)
    return ids, np.where(real == 0, 1, segments), real


@EXERCISE.mutant(evidence=text.values)
def pair_segments_from_one(first, second, max_len, cls, sep):
    ids, segments, real = _reference(first, second, max_len, cls, sep)
    return ids, (segments + 1) * real, real


@EXERCISE.mutant(evidence=text.values)
def pair_padding_called_real(first, second, max_len, cls, sep):
    ids, segments, real = _reference(first, second, max_len, cls, sep)
    return ids, segments, np.ones_like(real)
@EXERCISE.mutant(evidence=text.values)
def pair_real_where_the_id_is_not_zero(first, second, max_len, cls, sep):
    ids, segments, _ = _reference(first, second, max_len, cls, sep)
    return ids, segments, (ids != 0).astype(int)


@EXERCISE.mutant
def pair_half_for_each(first, second, max_len, cls, sep):
    room = max_len - 3
    if len(first) + len(second) > room:
        first, second = list(first)[: room // 2], list(second)[: room - room // 2]
    return _laid_out(first, second, max_len, cls, sep)


@EXERCISE.holds("both marks are there, however long the texts")
def marks(call):
    ids = np.asarray(call(_long, _long, 9, 101, 102)[0]).tolist()
    return None if ids.count(102) == 2 and ids[0] == 101 else f"with two texts of 20 tokens in 9 places there {'is' if ids.count(102) == 1 else 'are'} {text.count(ids.count(102), 'mark')}"


EXERCISE.holds("the example of the statement comes out")(
    comes_out(([1, 5, 6, 2, 8, 2], [0, 0, 0, 0, 1, 1], [1] * 6), [5, 6, 7], [8], 6, 1, 2))


EXERCISE.holds("the given texts stay as they are")(left_alone([5, 6, 7, 8], [9, 10, 11], 7, 1, 2))
