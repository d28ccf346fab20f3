"""What a decoder is given and what it should answer: a batch of targets, shifted right."""

from __future__ import annotations

import numpy as np

from attnlab.exercises._exercise import Exercise
from attnlab.exercises._probes import comes_out


def _table(rows, pad, front=False, longest=None):
    longest = max(map(len, rows)) if longest is None else longest
    filled = [[pad] * (longest - len(row)) for row in rows]
    return np.array([[*f, *row] if front else [*row, *f] for row, f in zip(rows, filled)])


def _pairs(given, wanted, pad, counted=None, front=False):
    longest = max(map(len, [*given, *wanted]))
    inputs, labels = _table(given, pad, front, longest), _table(wanted, pad, front, longest)
    return inputs, labels, _table([[1] * len(row) for row in (counted or wanted)], 0, front, longest)


def _reference(texts, start, end, pad):
    return _pairs([[start, *ids] for ids in texts], [[*ids, end] for ids in texts], pad)


EXERCISE = Exercise(
    id="architecture.teacher_pairs",
    title="Shifted right",
    level="apply",
    minutes=12,
    difficulty=2,
    page="architecture/decoder",
    headings=("Shifted right",),
    statement=r"""
    Prepare the targets of a batch for teacher forcing. `texts` is a list of lists of ids, without marks, of unequal lengths; a text may be empty. Return **three** arrays of the shape (texts, longest text + 1):

    - `inputs`, what the decoder reads: the start mark, then the text, then padding;
    - `labels`, what it should say at each place: the text, then the end mark, then padding;
    - `counted`: true where a label counts in the loss (the end mark does, padding does not).

    The ids of the marks are given; they do not occur in the texts. A tiny example with `start = 1`, `end = 2`, `pad = 0`: `texts = [[7], [8, 9]]` gives the inputs `[[1, 7, 0], [1, 8, 9]]`, the labels `[[7, 2, 0], [8, 9, 2]]` and `[[True, True, False], [True, True, True]]`.
    """,
    slot='''
    def teacher_pairs(texts, start, end, pad):
        """(inputs, labels, counted) of a batch of targets.

        texts: a list of lists of ids; start, end, pad: the ids of the marks
        inputs, labels, counted: (texts, longest + 1)
        """
        # YOUR CODE HERE
        ...
    ''',
    hints=(
        "For one text and without padding, `labels[t]` is `inputs[t + 1]`, and the last label is the end mark.",
        "Make three tables of the right shape, filled with `pad`, `pad` and False, then write each text into the beginning of its rows. How many labels of a text of n tokens count?",
        "```python\nshape = len(texts), ____\ninputs, labels = np.full(shape, pad), np.full(shape, pad)\ncounted = np.zeros(shape, dtype=bool)\n"
        "for b, ids in enumerate(texts):\n    inputs[b, : ____] = [____]\n    labels[b, : ____] = [____]\n    counted[b, ____] = True\nreturn inputs, labels, counted\n```",
    ),
    parsons=("inputs_given_as_labels", "padding_counted"),
    why=r"""
    Under the causal mask the row at place t has read the start mark and t tokens, so the right answer there is token t + 1. All places are asked in one pass.

    **The two most common mistakes.** Giving the inputs as labels: the model then learns to copy what stands in front of it, and the loss is small for the wrong reason. Counting the padding: the loss is then an average over many easy answers.

    **Cost.** Nothing to speak of; the right shape of the three tables is what matters.
    """,
    verified="for one text and several, the short one first and last, an empty text, and other numbers for the marks.",
    next_thought="a text is cut into pieces that are trained one after the other. What is the first input of the second piece?",
    reference=_reference,
    parts=("inputs", "labels", "counted"),
)

EXERCISE.probe("two texts, the short one first", [[7], [8, 9, 4, 6]], 1, 2, 0)
EXERCISE.probe("three texts, other marks", [[3, 5, 8], [6], [9, 4]], 11, 13, 17)
EXERCISE.probe("one text, marks of large numbers", [[5, 3, 5, 3, 8]], 101, 103, 107)
EXERCISE.probe("one text is empty", [[], [6, 5]], 1, 2, 0)
EXERCISE.probe("one token", [[4]], 0, 1, 2)
EXERCISE.probe("equally long, a negative pad", [[4, 6, 8], [8, 6, 4]], 2, 3, -100)
EXERCISE.probe("twelve texts, the longest of 19 tokens", [[3 + n % 5] * (n + 8 * (n == 11)) for n in range(12)], 1, 2, 0)


@EXERCISE.solve
def teacher_pairs_solution(texts, start, end, pad):
    shape = len(texts), max(len(ids) for ids in texts) + 1
    inputs, labels = np.full(shape, pad), np.full(shape, pad)
    counted = np.zeros(shape, dtype=bool)
    for b, ids in enumerate(texts):
        n = len(ids) + 1
        inputs[b, :n] = [start, *ids]
        labels[b, :n] = [*ids, end]
        counted[b, :n] = True
    return inputs, labels, counted


@EXERCISE.mutant
def inputs_given_as_labels(texts, start, end, pad):
    shape = len(texts), max(len(ids) for ids in texts) + 1
    inputs, labels = np.full(shape, pad), np.full(shape, pad)
    counted = np.zeros(shape, dtype=bool)
    for b, ids in enumerate(texts):
        n = len(ids) + 1
        inputs[b, :n] = [start, *ids]
        labels[b, :n] = [start, *ids]
        counted[b, :n] = True
    return inputs, labels, counted


@EXERCISE.mutant
def padding_counted(texts, start, end, pad):
    shape = len(texts), max(len(ids) for ids in texts) + 1
    inputs, labels = np.full(shape, pad), np.full(shape, pad)
    counted = np.ones(shape, dtype=bool)
    for b, ids in enumerate(texts):
        n = len(ids) + 1
        inputs[b, :n] = [start, *ids]
        labels[b, :n] = [*ids, end]
    return inputs, labels, counted


@EXERCISE.mutant
def labels_shifted_twice(texts, start, end, pad):
    inputs, labels, counted = _reference(texts, start, end, pad)
    gone = np.full((len(texts), 1), pad)
    return inputs, np.hstack([labels[:, 1:], gone]), np.hstack([counted[:, 1:], 0 * gone])


@EXERCISE.mutant
def shift_goes_round(texts, start, end, pad):
    whole = [[*ids, end] for ids in texts]
    return _pairs([row[-1:] + row[:-1] for row in whole], whole, pad)


@EXERCISE.mutant
def shifted_to_the_left(texts, start, end, pad):
    return _pairs([[*ids, end] for ids in texts], [[start, *ids] for ids in texts], pad)


@EXERCISE.mutant
def end_never_asked_for(texts, start, end, pad):
    inputs, labels, counted = _pairs([[start, *ids] for ids in texts], texts, pad)
    return inputs, labels, counted


@EXERCISE.mutant
def end_mark_not_counted(texts, start, end, pad):
    return _pairs([[start, *ids] for ids in texts], [[*ids, end] for ids in texts], pad, counted=texts)


@EXERCISE.mutant
def end_among_the_inputs(texts, start, end, pad):
    return _pairs([[start, *ids, end] for ids in texts], [[*ids, end] for ids in texts], pad)


@EXERCISE.mutant
def end_behind_the_padding(texts, start, end, pad):
    inputs, labels, counted = _pairs([[start, *ids] for ids in texts], texts, pad)
    labels, counted = labels.copy(), counted.copy()
    labels[:, -1], counted[:, -1] = end, 1
    return inputs, labels, counted


@EXERCISE.mutant
def targets_padded_in_front(texts, start, end, pad):
    return _pairs([[start, *ids] for ids in texts], [[*ids, end] for ids in texts], pad, front=True)


@EXERCISE.mutant
def labels_filled_with_the_end_mark(texts, start, end, pad):
    inputs, labels, counted = _reference(texts, start, end, pad)
    return inputs, np.where(counted > 0, labels, end), counted


@EXERCISE.holds("a text of n tokens has n + 1 labels that count")
def one_more(call):
    counts = np.asarray(call([[7], [8, 9, 4], [6, 6]], 1, 2, 0)[2]).astype(int).sum(axis=1).tolist()
    return None if counts == [2, 4, 3] else f"texts of 1, 3 and 2 tokens have {', '.join(map(str, counts))}"


EXERCISE.holds("the example of the statement comes out")(comes_out(
    ([[1, 7, 0], [1, 8, 9]], [[7, 2, 0], [8, 9, 2]], [[1, 1, 0], [1, 1, 1]]), [[7], [8, 9]], 1, 2, 0))
