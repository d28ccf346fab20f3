"""Source and target in one row, as a decoder alone reads them: shifted by one, and only the target is taught."""

from __future__ import annotations

import numpy as np

from attnlab.exercises import _text as text
from attnlab.exercises._exercise import Exercise
from attnlab.exercises._probes import comes_out


def _rows(sources, targets, sep, end):
    return [[*map(int, source), sep, *map(int, target), end] for source, target in zip(sources, targets)]


def _filled(rows, width, value):
    return np.array([[*row, *[value] * (width - len(row))] for row in rows], dtype=int).reshape(len(rows), width)


def _made(sources, targets, sep, end, pad, *, taught=lambda place, n_source, n_row: place >= n_source, ahead=1, unsaid=-100):
    """Both arrays; `taught` says whether the label at a place counts, `ahead` how far it looks."""
    rows = _rows(sources, targets, sep, end)
    width = max(map(len, rows)) - 1
    labels = np.full((len(rows), width), unsaid)
    for i, (row, source) in enumerate(zip(rows, sources)):
        for place in range(len(row) - 1):
            if taught(place, len(source), len(row)) and place + ahead < len(row):
                labels[i, place] = row[place + ahead]
    return _filled([row[:-1] for row in rows], width, pad), labels


def _reference(sources, targets, sep, end, pad):
    return _made(sources, targets, sep, end, pad)


EXERCISE = Exercise(
    id="architecture.source_then_target",
    title="One row for source and target",
    level="apply",
    minutes=20,
    difficulty=2,
    page="architecture/training",
    headings=("The loss, padding and label smoothing",),
    statement=r"""
    A decoder alone can translate, too. It reads the source, a mark `sep`, and the target in **one row**, and predicts at each place the token that comes next. Only the target is to be taught, not the source. Make two arrays of one shape from `sources` and `targets`, rows of ids of unequal length:

    - `inputs`: source, `sep`, target, filled up with `pad`; the `end` is never read;
    - `labels`: at each place the token that follows it in *source, `sep`, target, `end`*, if that token is **in the target or is `end`**; at all other places $-100$, the number that PyTorch's loss leaves out.

    Both are as wide as the longest row needs and no wider. A tiny example: `sources = [[5, 6], [7]]`, `targets = [[8], [9, 4]]`, `sep = 1`, `end = 2`, `pad = 0` give `inputs` `[[5, 6, 1, 8], [7, 1, 9, 4]]` and `labels` `[[-100, -100, 8, 2], [-100, 9, 4, 2]]`.
    A source or a target may be empty. Marks and ids may be any whole numbers of at least 0.
    """,
    slot='''
    def source_then_target(sources, targets, sep, end, pad):
        """Inputs of a decoder that reads source and target, and the labels of the target alone.

        sources, targets: as many rows of ids, of unequal lengths; sep, end, pad: ids
        result: inputs (texts, places), labels (texts, places), whole numbers
        """
        # YOUR CODE HERE
        ...
    ''',
    hints=(
        "A row has as many labels that count as its target has tokens, plus one for the end. The first of them stands at the place of `sep`.",
        "Write each whole row, *source, sep, target, end*. The inputs are the row without its last token, the labels the row without its first. Then forget the labels before the place of `sep`, which is as far in as the source is long.",
        "```python\nrows = [[*source, sep, *target, end] for source, target in zip(sources, targets)]\nwidth = ____\ninputs = np.full((len(rows), width), pad)\nlabels = np.full((len(rows), width), -100)\n"
        "for i, row in enumerate(rows):\n    inputs[i, :len(row) - 1] = ____\n    n = len(sources[i])\n    labels[i, n:len(row) - 1] = ____\nreturn inputs, labels\n```",
    ),
    parsons=("source_taught_too", "first_word_not_taught"),
    why=r"""
    The place of `sep` has read the whole source and nothing of the target: there the first word of the translation is asked for. A mask that starts one place later never teaches how to begin. One that starts earlier teaches the model to expect `sep`.

    **The two most common mistakes.** The mask off by one, since it is counted in the inputs and used on the labels, or the other way round. A mask as long as the longest source for all rows: texts with a short source lose part of their target.

    **Cost.** A row of source and target together, whose attention costs the square of the sum of both lengths; an encoder and a decoder pay for the two squares and their product.
    """,
    verified="nine batches: unequal lengths with the short source first, empty sources and targets, one row, and marks with other ids, that of padding among them.",
    next_thought="if the source is taught as well, is the model better or worse at translating? What does it depend on?",
    reference=_reference,
    parts=("inputs", "labels"),
)

EXERCISE.probe("3 rows, the short source first", ((5,), (6, 7, 5, 8), (9, 9)), ((8, 7, 6), (3, 4), (6, 3, 3, 4, 5)), 1, 2, 0)
EXERCISE.probe("other marks", ((5, 6, 4), (3,)), ((3, 4), (8, 5, 3, 6)), 10, 11, 12)
EXERCISE.probe("an empty source", ((), (4, 5)), ((6, 7), (8,)), 1, 2, 0)
EXERCISE.probe("an empty target", ((4, 5, 6), (7, 8)), ((), (9, 3)), 1, 2, 0)
EXERCISE.probe("one row", ((8, 9, 4),), ((7, 6),), 1, 2, 0)
EXERCISE.probe("one row, both empty", ((),), ((),), 3, 4, 5)
EXERCISE.probe("the marks' ids stand in the texts too", ((2, 1), (0, 2, 1)), ((1, 0, 2), (2,)), 1, 2, 0)
EXERCISE.probe("other marks, and padding", ((5, 6, 4), (3,), (4, 4)), ((3, 4), (8,), (6, 5, 3)), 10, 11, 12)
EXERCISE.probe("11 rows, up to 31 places", tuple((5,) * (n % 4) for n in range(11)), tuple((7, 8) * n for n in range(10)) + ((9,) * 28,), 1, 2, 0)


@EXERCISE.solve
def source_then_target_solution(sources, targets, sep, end, pad):
    rows = [[*source, sep, *target, end] for source, target in zip(sources, targets)]
    width = max(len(row) for row in rows) - 1
    inputs = np.full((len(rows), width), pad)
    labels = np.full((len(rows), width), -100)
    for i, row in enumerate(rows):
        inputs[i, :len(row) - 1] = row[:-1]
        n = len(sources[i])
        labels[i, n:len(row) - 1] = row[n + 1:]
    return inputs, labels


@EXERCISE.mutant(evidence=text.values)
def source_taught_too(sources, targets, sep, end, pad):
    rows = [[*source, sep, *target, end] for source, target in zip(sources, targets)]
    width = max(len(row) for row in rows) - 1
    inputs = np.full((len(rows), width), pad)
    labels = np.full((len(rows), width), -100)
    for i, row in enumerate(rows):
        inputs[i, :len(row) - 1] = row[:-1]
        n = 0
        labels[i, n:len(row) - 1] = row[n + 1:]
    return inputs, labels


@EXERCISE.mutant(evidence=text.values)
def first_word_not_taught(sources, targets, sep, end, pad):
    rows = [[*source, sep, *target, end] for source, target in zip(sources, targets)]
    width = max(len(row) for row in rows) - 1
    inputs = np.full((len(rows), width), pad)
    labels = np.full((len(rows), width), -100)
    for i, row in enumerate(rows):
        inputs[i, :len(row) - 1] = row[:-1]
        n = len(sources[i]) + 1
        labels[i, n:len(row) - 1] = row[n + 1:]
    return inputs, labels


@EXERCISE.mutant(evidence=text.values)
def separator_taught_too(sources, targets, sep, end, pad):
    return _made(sources, targets, sep, end, pad, taught=lambda place, n_source, n_row: place >= n_source - 1)


@EXERCISE.mutant(evidence=text.values)
def row_labels_not_shifted(sources, targets, sep, end, pad):
    return _made(sources, targets, sep, end, pad, ahead=0)


@EXERCISE.mutant(evidence=text.values)
def row_labels_shifted_twice(sources, targets, sep, end, pad):
    return _made(sources, targets, sep, end, pad, ahead=2)


@EXERCISE.mutant(evidence=text.values)
def end_never_taught(sources, targets, sep, end, pad):
    return _made(sources, targets, sep, end, pad, taught=lambda place, n_source, n_row: n_source <= place < n_row - 2)


@EXERCISE.mutant(evidence=text.values)
def padding_taught_too(sources, targets, sep, end, pad):
    inputs, labels = _reference(sources, targets, sep, end, pad)
    for i, (source, target) in enumerate(zip(sources, targets)):
        labels[i, len(source) + len(target) + 1:] = pad
    return inputs, labels


@EXERCISE.mutant(evidence=text.values)
def padding_for_what_is_left_out(sources, targets, sep, end, pad):
    return _made(sources, targets, sep, end, pad, unsaid=pad)


@EXERCISE.mutant(evidence=text.values)
def mask_of_the_longest_source(sources, targets, sep, end, pad):
    longest = max(map(len, sources))
    return _made(sources, targets, sep, end, pad, taught=lambda place, n_source, n_row: place >= longest)


@EXERCISE.mutant(evidence=text.values)
def row_rolled_for_its_labels(sources, targets, sep, end, pad):
    inputs, _ = _reference(sources, targets, sep, end, pad)
    labels = np.roll(inputs, -1, axis=1)
    for i, source in enumerate(sources):
        labels[i, :len(source)] = -100
    return inputs, labels


@EXERCISE.mutant(evidence=text.shapes)
def end_read_in_the_row(sources, targets, sep, end, pad):
    rows = _rows(sources, targets, sep, end)
    _, labels = _reference(sources, targets, sep, end, pad)
    width = max(map(len, rows))
    return _filled(rows, width, pad), _filled(labels.tolist(), width, -100)


EXERCISE.holds("the example of the statement comes out")(
    comes_out(([[5, 6, 1, 8], [7, 1, 9, 4]], [[-100, -100, 8, 2], [-100, 9, 4, 2]]), ((5, 6), (7,)), ((8,), (9, 4)), 1, 2, 0))


@EXERCISE.holds("each row has one label more than its target has tokens")
def how_many(call):
    _, labels = call(((5, 6, 7), (8,)), ((4, 4), (3, 5, 6, 7)), 1, 2, 0)
    counts = (np.asarray(labels) != -100).sum(axis=1)
    return None if counts.tolist() == [3, 5] else f"targets of 2 and 4 tokens have {text.numbers(counts)} labels"


@EXERCISE.holds("a label that counts is the input of the next place")
def next_input(call):
    inputs, labels = (np.asarray(part) for part in call(((5, 6), (7, 3)), ((8, 9, 4), (3, 4, 6)), 1, 2, 0))
    said = labels[:, :-1] != -100
    return None if (labels[:, :-1][said] == inputs[:, 1:][said]).all() else f"the labels begin {text.numbers(labels[0])}, the inputs {text.numbers(inputs[0])}"
