"""Writing: predict, append, repeat."""

from __future__ import annotations

import numpy as np

from attnlab.exercises import _text as text
from attnlab.exercises._exercise import Exercise
from attnlab.exercises._probes import comes_out


def _reference(scores_of, ids, stop, most):
    ids = [int(i) for i in ids]
    for _ in range(most):
        ids.append(int(np.argmax(np.asarray(scores_of(ids))[-1])))
        if ids[-1] == stop:
            break
    return np.array(ids)


EXERCISE = Exercise(
    id="start.continue_text",
    title="Let it write",
    level="apply",
    minutes=12,
    difficulty=1,
    page="start/what_is_a_transformer",
    headings=("Twice, and out",),
    statement=r"""
    `scores_of` is a language model: given a list of $n$ ids it returns $n$ rows of scores, row $t$ for the token that follows the first $t$ tokens. Let it **continue** the text `ids`: give it *everything so far*,
    take the id with the largest score in the last row, append it, and repeat. End as soon as the id `stop` has been appended (it stays in the text), or when `most` ids have been added. Return the whole text, the given ids included.
    An id `stop` that stands in the text from the start ends nothing.

    A tiny example: if the scores always favour the id that is one larger than the last, `ids = [3]`, `stop = 6` and `most = 9` give `[3, 4, 5, 6]`, and `most = 2` gives `[3, 4, 5]`.
    """,
    slot='''
    def continue_text(scores_of, ids, stop, most):
        """The ids, and after them what the model adds.

        scores_of: a function; scores_of(list of n ids) is (n, words)
        ids: (n,) whole numbers; stop: one id; most: how many may be added
        result: (at most n + most,) whole numbers
        """
        # YOUR CODE HERE
        ...
    ''',
    hints=(
        "After each round the text is one longer, so the next call of the model gets one id more.",
        r"The prediction for what comes *after* the text stands in the last of the $n$ rows: $\operatorname{argmax}$ over its scores.",
        "```python\nids = list(ids)\nfor _ in range(____):\n    scores = scores_of(____)\n    ids.append(int(np.argmax(scores[____])))\n"
        "    if ids[-1] == ____:\n        break\nreturn np.array(ids)\n```",
    ),
    parsons=("first_row_of_scores", "only_the_last_token_shown"),
    why=r"""
    A model that predicts one token writes texts of any length: what it says becomes what it reads.

    **The two most common mistakes.** Taking the wrong row, since all $n$ rows are predictions but only the last is about a token that is not there yet. Showing the model the last token alone, although
    what comes next depends on all of them.

    **Cost.** One run of the model for every token. Run like this each one reads the whole text again; the part on efficiency keeps what was computed.
    """,
    verified="eight cases, models of three kinds, texts of one to seven ids, the stop at once, late, never and in the text from the start, and nothing to be added.",
    next_thought="the rows before the last were computed as well: what are they good for while a model learns?",
    reference=_reference,
)


def _one_hot(places, words):
    return np.eye(words)[np.asarray(places) % words]


def _by_the_sum(words):
    """The next id is the sum of all so far, plus one: every earlier token counts."""
    def scores_of(ids):
        return _one_hot(np.cumsum(ids) + 1, words) - 2.0
    return scores_of


def _one_more(words):
    def scores_of(ids):
        return _one_hot(np.asarray(ids) + 1, words)
    return scores_of


def _by_the_length(words):
    """The next id depends on how many there are, and on the first."""
    def scores_of(ids):
        n = len(ids)
        return -np.abs(np.arange(words)[None, :] - ((2 * np.arange(1, n + 1) + ids[0]) % words)[:, None]) * 0.5
    return scores_of


EXERCISE.probe("sums of 3 ids, 11 words, never the stop", _by_the_sum(11), np.array([2, 5, 1]), 99, 5)
EXERCISE.probe("sums of 2 ids, 7 words, the stop after a while", _by_the_sum(7), np.array([3, 1]), 6, 12)
EXERCISE.probe("one more each time, the stop in the text", _one_more(13), np.array([4, 7, 2]), 4, 6)
EXERCISE.probe("the length decides, 7 ids", _by_the_length(17), np.array([3, 8, 1, 0, 2, 9, 4]), 15, 4)
EXERCISE.probe("an id above the stop before it", _one_more(9), np.array([6]), 3, 8)
EXERCISE.probe("nothing to be added", _one_more(5), np.array([2, 0]), 1, 0)
EXERCISE.probe("the stop at once", _one_more(9), np.array([1, 5]), 6, 7)
EXERCISE.probe("exactly as many as are allowed", _one_more(9), np.array([0]), 4, 4)


@EXERCISE.solve
def continue_text_solution(scores_of, ids, stop, most):
    ids = [int(i) for i in ids]
    for _ in range(most):
        scores = scores_of(ids)
        ids.append(int(np.argmax(scores[-1])))
        if ids[-1] == stop:
            break
    return np.array(ids)


@EXERCISE.mutant(evidence=text.values)
def first_row_of_scores(scores_of, ids, stop, most):
    ids = [int(i) for i in ids]
    for _ in range(most):
        scores = scores_of(ids)
        ids.append(int(np.argmax(scores[0])))
        if ids[-1] == stop:
            break
    return np.array(ids)


@EXERCISE.mutant(evidence=text.values)
def only_the_last_token_shown(scores_of, ids, stop, most):
    ids = [int(i) for i in ids]
    for _ in range(most):
        scores = scores_of(ids[-1:])
        ids.append(int(np.argmax(scores[-1])))
        if ids[-1] == stop:
            break
    return np.array(ids)


@EXERCISE.mutant(evidence=text.values)
def predictions_not_fed_back(scores_of, ids, stop, most):
    start, ids = [int(i) for i in ids], [int(i) for i in ids]
    for _ in range(most):
        ids.append(int(np.argmax(scores_of(start)[-1])))
        if ids[-1] == stop:
            break
    return np.array(ids)


@EXERCISE.mutant(evidence=text.shapes)
def stop_token_dropped(scores_of, ids, stop, most):
    ids, first = [int(i) for i in ids], len(ids)
    out = _reference(scores_of, ids, stop, most)
    return out[:-1] if len(out) > first and out[-1] == stop else out


@EXERCISE.mutant(evidence=text.shapes)
def writing_never_stops(scores_of, ids, stop, most):
    return _reference(scores_of, ids, None, most)


@EXERCISE.mutant(evidence=text.shapes)
def prompt_counted_as_written(scores_of, ids, stop, most):
    return _reference(scores_of, ids, stop, max(0, most - len(ids)))


@EXERCISE.mutant(evidence=text.shapes)
def prompt_left_out(scores_of, ids, stop, most):
    return _reference(scores_of, ids, stop, most)[len(ids):]


@EXERCISE.mutant(evidence=text.shapes)
def stops_at_an_old_stop(scores_of, ids, stop, most):
    ids = [int(i) for i in ids]
    while stop not in ids and most > 0:
        ids.append(int(np.argmax(scores_of(ids)[-1])))
        most -= 1
    return np.array(ids)


@EXERCISE.mutant(evidence=text.values)
def smallest_score_taken(scores_of, ids, stop, most):
    return _reference(lambda so_far: -np.asarray(scores_of(so_far)), ids, stop, most)


@EXERCISE.holds("the given ids stand at the beginning")
def begins_with_the_prompt(call):
    out = np.asarray(call(_by_the_sum(11), np.array([2, 5, 1]), 99, 5))
    return None if np.array_equal(out[:3], [2, 5, 1]) else f"a text that began 2, 5, 1 now begins {text.numbers(out, 3)}"


@EXERCISE.holds("a text written in two goes is the text written in one")
def in_two_goes(call):
    model = _by_the_sum(11)
    half = np.asarray(call(model, np.array([2, 5, 1]), 99, 3)).astype(int)
    whole, twice = np.asarray(call(model, np.array([2, 5, 1]), 99, 6)), np.asarray(call(model, half, 99, 3))
    return None if np.array_equal(whole, twice) else f"in one go {text.numbers(whole, 9)}, in two {text.numbers(twice, 9)}"


EXERCISE.holds("the examples of the statement come out: 3, 4, 5, 6")(comes_out([3, 4, 5, 6], _one_more(20), np.array([3]), 6, 9))
EXERCISE.holds("the examples of the statement come out: 3, 4, 5")(comes_out([3, 4, 5], _one_more(20), np.array([3]), 6, 2))
