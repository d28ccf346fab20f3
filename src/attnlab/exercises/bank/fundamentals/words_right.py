"""Judge what was written: the share of words that are right, and the share of whole texts."""

from __future__ import annotations

import numpy as np

from attnlab.exercises import _text as text
from attnlab.exercises._exercise import Exercise
from attnlab.exercises._probes import comes_out


def _filled(table, columns):
    return np.pad(table, ((0, 0), (0, max(columns - table.shape[1], 0))))


def _hits(written, target):
    """Which cells of the target hold the word that was written there, and both tables of one width."""
    columns = max(written.shape[1], target.shape[1])
    written, target = _filled(written, columns), _filled(target, columns)
    return written == target, written, target


def _reference(written, target):
    same, written, target = _hits(written, target)
    return (same & (target != 0)).sum() / (target != 0).sum(), same.all(axis=1).mean()


EXERCISE = Exercise(
    id="fundamentals.words_right",
    title="How much of it is right?",
    level="apply",
    minutes=15,
    difficulty=2,
    page="fundamentals/looking_back",
    headings=("Accuracy against length",),
    statement=r"""
    A model has written several texts by itself. Words are whole numbers from 1; 0 is padding and stands at the end. Return two shares: of the **words** of the target, how many stand right, each at its own
    place, over all texts together; and of the **texts**, how many are right as a whole, with nothing written behind their end. The tables may differ in width: what was not written is wrong.

    A tiny example: the target `[[5, 6, 0], [7, 8, 9]]` and the written `[[5, 6, 0], [7, 0, 0]]` give the shares 0.6 and 0.5.
    """,
    slot='''
    def words_right(written, target):
        """The share of the target's words that are right, and the share of whole texts.

        written: (texts, steps), target: (texts, words), whole numbers, 0 behind the end
        result: two numbers
        """
        # YOUR CODE HERE
        ...
    ''',
    hints=(
        "Adding columns of padding to either table changes nothing. One text, half right, gives 0.5 and 0.",
        "Make both tables equally wide with zeros. A place counts if the *target* has a word there; a text is right if both rows are equal everywhere.",
        "```python\ncolumns = max(written.shape[1], target.shape[1])\nwritten = np.pad(written, ((0, 0), (0, columns - ____)))\ntarget = np.pad(target, ((0, 0), (0, columns - ____)))\n"
        "same, real = written == target, target != ____\nreturn (same & ____).sum() / ____.sum(), same.all(axis=____).mean()\n```",
    ),
    parsons=("right_padding_counted", "right_where_something_was_written"),
    why=r"""
    The two shares answer two questions. A long text has more words that can fail: if each word is right with the chance $p$, all of $n$ are with $p^n$. So only the first can be compared over lengths.

    **The two most common mistakes.** Counting padding, which is always right and makes short texts shine. Averaging the shares of the texts, in which a word of a short text counts more.

    **Cost.** One comparison for every cell.
    """,
    verified="equal to a count word by word, for tables of equal and unequal width, one text, texts without a mistake, and texts that go on behind the end, within the target's columns and beyond them.",
    next_thought="the model leaves out one word in the middle and is right everywhere else. What do the two shares say?",
    reference=_reference,
    parts=("words", "texts"),
)

_rng = np.random.default_rng(43)


def _case(lengths, columns, vocab=4):
    places = np.arange(columns)
    target = _rng.integers(1, vocab + 1, size=(len(lengths), columns)) * (places < np.array(lengths)[:, None])
    written = np.where(_rng.random(target.shape) < 0.3, _rng.integers(1, vocab + 1, size=target.shape), target)
    written = written * (places < np.array(lengths)[:, None] + _rng.integers(-1, 2, size=(len(lengths), 1)))
    return [written, target]


_written, _target = _case([5, 2, 3, 7, 4, 2], 7)
EXERCISE.probe("6 texts of 2 to 7 words", _written, _target)
EXERCISE.probe("the written narrower than the target", _written[:, :4], _target)
EXERCISE.probe("the written wider than the target", np.pad(_written, ((0, 0), (0, 3))), _target)
EXERCISE.probe("one text, half right", np.array([[3, 4, 1, 1]]), np.array([[3, 4, 2, 2]]))
EXERCISE.probe("texts that go on behind the end", np.array([[3, 4, 2], [1, 0, 0]]), np.array([[3, 4, 0], [1, 0, 0]]))
EXERCISE.probe("words written behind the last column of the target", np.array([[3, 4, 2, 1], [1, 2, 0, 0], [2, 0, 0, 0]]), np.array([[3, 4, 2], [1, 0, 0], [2, 0, 0]]))
EXERCISE.probe("the right words in the wrong order", np.array([[2, 3, 1], [4, 4, 0]]), np.array([[1, 2, 3], [4, 4, 0]]))
EXERCISE.probe("all right", _target, _target)


@EXERCISE.solve
def words_right_solution(written, target):
    columns = max(written.shape[1], target.shape[1])
    written = np.pad(written, ((0, 0), (0, columns - written.shape[1])))
    target = np.pad(target, ((0, 0), (0, columns - target.shape[1])))
    same, real = written == target, target != 0
    return (same & real).sum() / real.sum(), same.all(axis=1).mean()


@EXERCISE.mutant
def right_padding_counted(written, target):
    columns = max(written.shape[1], target.shape[1])
    written = np.pad(written, ((0, 0), (0, columns - written.shape[1])))
    target = np.pad(target, ((0, 0), (0, columns - target.shape[1])))
    same = written == target
    return same.mean(), same.all(axis=1).mean()


@EXERCISE.mutant
def right_where_something_was_written(written, target):
    columns = max(written.shape[1], target.shape[1])
    written = np.pad(written, ((0, 0), (0, columns - written.shape[1])))
    target = np.pad(target, ((0, 0), (0, columns - target.shape[1])))
    same, real = written == target, written != 0
    return (same & real).sum() / real.sum(), same.all(axis=1).mean()


@EXERCISE.mutant
def right_averaged_over_the_texts(written, target):
    same, _, wide = _hits(written, target)
    return ((same & (wide != 0)).sum(axis=1) / (wide != 0).sum(axis=1)).mean(), same.all(axis=1).mean()


@EXERCISE.mutant
def right_behind_the_end_ignored(written, target):
    same, _, wide = _hits(written, target)
    return _reference(written, target)[0], (same | (wide == 0)).all(axis=1).mean()


@EXERCISE.mutant
def right_anywhere_in_the_text(written, target):
    found = (target[:, :, None] == written[:, None, :]).any(axis=-1) & (target != 0)
    return found.sum() / (target != 0).sum(), _reference(written, target)[1]


@EXERCISE.mutant
def right_cut_to_the_shorter(written, target):
    columns = min(written.shape[1], target.shape[1])
    return _reference(written[:, :columns], target[:, :columns])


@EXERCISE.mutant
def right_errors_counted(written, target):
    words, texts = _reference(written, target)
    return 1 - words, 1 - texts


@EXERCISE.mutant
def right_up_to_the_first_mistake(written, target):
    same, _, wide = _hits(written, target)
    run = np.logical_and.accumulate(same, axis=1) & (wide != 0)
    return run.sum() / (wide != 0).sum(), same.all(axis=1).mean()


EXERCISE.holds("the example of the statement comes out")(
    comes_out((0.6, 0.5), np.array([[5, 6, 0], [7, 0, 0]]), np.array([[5, 6, 0], [7, 8, 9]])))


@EXERCISE.holds("columns of padding change nothing")
def padding_is_free(call):
    plain, wide = call(_written, _target), call(np.pad(_written, ((0, 0), (0, 3))), np.pad(_target, ((0, 0), (0, 5))))
    gap = max(abs(float(a) - float(b)) for a, b in zip(plain, wide))
    return None if gap < 1e-6 else f"a share moves by {text.number(gap)}"


@EXERCISE.holds("a copy of the target is right in everything")
def copy_is_right(call):
    out = [float(part) for part in call(_target, _target)]
    return None if np.allclose(out, 1) else f"its shares are {text.numbers(out)}"


EXERCISE.holds("a word of a long text counts as much as one of a short text")(
    comes_out((0.75, 0.5), np.array([[1, 0, 0], [2, 9, 4]]), np.array([[1, 0, 0], [2, 3, 4]])))
