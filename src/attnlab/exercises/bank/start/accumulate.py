"""A batch too large for memory: its gradient from parts of unequal size."""

from __future__ import annotations

import numpy as np

from attnlab.exercises import _text as text
from attnlab.exercises._exercise import Exercise
from attnlab.exercises._probes import comes_out


def _cut(g, clip):
    length = float(np.sqrt(np.sum(np.square(g))))
    return g * min(1.0, clip / length) if length else g


def _reference(gradients, sizes, clip):
    gradients, sizes = np.asarray(gradients, dtype=float), np.asarray(sizes, dtype=float)
    return _cut(np.average(gradients, axis=0, weights=sizes), clip)


EXERCISE = Exercise(
    id="start.accumulate",
    title="One step from several parts",
    level="analyse",
    minutes=15,
    difficulty=2,
    page="start/pytorch_in_ten_minutes",
    headings=("6 · requires_grad and backward",),
    statement=r"""
    A batch does not fit into memory, so it is cut into parts, and the gradients of the parts are put together before the step. Row $p$ of `gradients` (parts, $d$) is the gradient of the *mean* loss of part $p$, which has `sizes[p]` tokens.

    Return the gradient of the mean loss over **all tokens**, as if there had been no parts; then, if it is longer than `clip`, shortened to the length `clip`. A part may have no tokens.

    A tiny example: `gradients = [[6, 0], [0, 3]]`, `sizes = (1, 3)` and `clip = 10` give `[1.5, 2.25]`.
    """,
    slot='''
    def accumulate(gradients, sizes, clip):
        """The gradient of the whole batch, at most as long as clip.

        gradients: (parts, d), sizes: whole numbers (parts,), at least one above 0, clip: a number above 0; result: (d,)
        """
        # YOUR CODE HERE
        ...
    ''',
    hints=(
        "A text of one token and a text of a thousand tokens do not count alike. Which number would each part have to be multiplied by, to become a sum over its tokens?",
        r"The mean over all tokens is $\sum_p \text{size}_p\, g_p \,/ \sum_p \text{size}_p$. Its length is known only when all parts are in.",
        "```python\nsizes = np.asarray(sizes, dtype=float)\nwhole = ____ @ np.asarray(gradients) / ____\nlength = np.linalg.norm(whole)\nif length > clip:\n    whole = whole * ____\nreturn whole\n```",
    ),
    parsons=("mean_of_the_means", "always_as_long_as_the_limit"),
    why=r"""
    The mean of means is the mean only where all parts are equally large, and texts are not. Libraries for training language models had this mistake for years, until late in 2024.

    **The two most common mistakes.** The mean of the means. Cutting each part to the limit before adding: then a part with few tokens and a steep loss counts too little, and the sum may still be too long.

    **Cost.** One vector as long as the model's parameters, which is kept anyway: `backward` adds into it.
    """,
    verified="equal and unequal parts, an empty part, a single part, gradients longer and shorter than the limit and of length 0, and whole numbers.",
    next_thought="the last part of an epoch is alone in its step. Is its gradient noisier, or longer?",
    reference=_reference,
)

_rng = np.random.default_rng(61)
_first = _rng.normal(size=(3, 5)), (2, 11, 5), 100.0
EXERCISE.probe("3 parts of 2, 11 and 5 tokens, nothing to cut", *_first)
EXERCISE.probe("the same, cut to half a unit", *_first[:2], 0.5)
EXERCISE.probe("4 equal parts, cut to 1", 5 * _rng.normal(size=(4, 3)), (7, 7, 7, 7), 1.0)
EXERCISE.probe("2 parts, one of them empty", _rng.normal(size=(2, 3)), (0, 4), 50.0)
EXERCISE.probe("a single part", _rng.normal(size=(1, 7)), (13,), 0.3)
EXERCISE.probe("2 parts that cancel in part, a limit between", np.array([[3.0, 1.0], [-3.0, 1.0]]), (5, 3), 1.1)
EXERCISE.probe("2 parts that cancel entirely", np.array([[3.0, -1.0, 2.0], [-3.0, 1.0, -2.0]]), (4, 4), 0.5)
EXERCISE.probe("5 parts of one token each", _rng.normal(size=(5, 2)), (1, 1, 1, 1, 1), 9.0)
EXERCISE.probe("one parameter", np.array([[2.0], [-1.0], [0.5]]), (3, 1, 4), 0.4)
EXERCISE.probe("whole numbers", np.array([[4, 0, -2], [1, 3, 1]]), (3, 1), 2)


@EXERCISE.solve
def accumulate_solution(gradients, sizes, clip):
    sizes = np.asarray(sizes, dtype=float)
    whole = sizes @ np.asarray(gradients) / sizes.sum()
    length = np.linalg.norm(whole)
    if length > clip:
        whole = whole * clip / length
    return whole


@EXERCISE.mutant
def mean_of_the_means(gradients, sizes, clip):
    sizes = np.asarray(sizes, dtype=float)
    whole = np.mean(gradients, axis=0)
    length = np.linalg.norm(whole)
    if length > clip:
        whole = whole * clip / length
    return whole


@EXERCISE.mutant
def always_as_long_as_the_limit(gradients, sizes, clip):
    sizes = np.asarray(sizes, dtype=float)
    whole = sizes @ np.asarray(gradients) / sizes.sum()
    length = np.linalg.norm(whole)
    whole = whole * clip / length
    return whole


def _whole(gradients, sizes):
    return _reference(gradients, sizes, np.inf)


@EXERCISE.mutant
def parts_added_up(gradients, sizes, clip):
    return _cut(np.sum(gradients, axis=0), clip)


@EXERCISE.mutant
def sums_divided_by_the_parts(gradients, sizes, clip):
    return _cut(np.asarray(sizes) @ np.asarray(gradients) / len(sizes), clip)


@EXERCISE.mutant
def last_part_only(gradients, sizes, clip):
    return _cut(np.asarray(gradients, dtype=float)[-1], clip)


@EXERCISE.mutant
def parts_cut_one_by_one(gradients, sizes, clip):
    return _whole([_cut(np.asarray(g, dtype=float), clip) for g in gradients], sizes)


@EXERCISE.mutant
def cut_number_by_number(gradients, sizes, clip):
    return np.clip(_whole(gradients, sizes), -clip, clip)


@EXERCISE.mutant
def gradient_not_cut(gradients, sizes, clip):
    return _whole(gradients, sizes)


EXERCISE.holds("the example of the statement comes out")(comes_out([1.5, 2.25], np.array([[6, 0], [0, 3]]), (1, 3), 10))


@EXERCISE.holds("a part cut in two changes nothing")
def cut_in_two(call):
    gradients, (a, b, c), _ = _first
    once = np.asarray(call(gradients, (a, b, c), 100.0), dtype=float)
    finer = np.asarray(call(gradients[[0, 1, 1, 2]], (a, b - 4, 4, c), 100.0), dtype=float)
    gap = np.abs(once - finer).max()
    return None if gap < 1e-4 else f"an entry moves by {text.number(gap)}"


@EXERCISE.holds("the result is never longer than the limit")
def limited(call):
    length = float(np.linalg.norm(np.asarray(call(100 * _first[0], _first[1], 2.0), dtype=float)))
    return None if length < 2.0001 else f"its length is {text.number(length)}, the limit 2"
