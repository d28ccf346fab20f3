"""Two few-shot curves on the same prompts: what the right labels are worth, and how sure that is."""

from __future__ import annotations

import numpy as np

from attnlab.exercises import _text as text
from attnlab.exercises._exercise import Exercise
from attnlab.exercises._probes import comes_out, left_alone


def _arrays(right, dealt):
    return np.asarray(right, dtype=float), np.asarray(dealt, dtype=float)


def _both(gain, error):
    return np.stack([gain, error])


def _reference(right, dealt):
    right, dealt = _arrays(right, dealt)
    gap = right - dealt
    return _both(gap.mean(axis=0), gap.std(axis=0, ddof=1) / np.sqrt(len(gap)))


EXERCISE = Exercise(
    id="theory.paired_gain",
    title="What right labels are worth",
    level="evaluate",
    minutes=20,
    difficulty=2,
    page="theory/in_context",
    headings=("A real model and its examples",),
    statement=r"""
    A model answered the same questions twice: once after examples with right labels, once after the same examples with their labels dealt out anew. `right[draw, k]` and `dealt[draw, k]` are 1 where the answer after $k$ examples was right, else 0; a row is one prompt, the same one in both.

    Return two rows, a column for each $k$: the mean **gain** of right labels, and its **standard error**. The prompts are paired, so take the difference prompt by prompt; the spread is that of a sample. There are at least two prompts.

    A tiny example: `right = [[1], [1], [0], [1]]` and `dealt = [[0], [1], [0], [0]]` have the differences 1, 0, 0, 1, so the gain is 0.5 and its standard error 0.289.
    """,
    slot='''
    def paired_gain(right, dealt):
        """The gain of right labels and its standard error, for every number of examples.

        right, dealt: (prompts, m) of 0 and 1; result: (2, m)
        """
        # YOUR CODE HERE
        ...
    ''',
    hints=(
        "If both curves rise and fall together, prompt by prompt, the differences are all equal, however much the prompts differ, and the standard error is 0.",
        "The standard error of a mean of $N$ independent numbers is their sample standard deviation (dividing by $N - 1$) over $\\sqrt N$. The numbers are the differences.",
        "```python\ngap = ____ - ____\nspread = gap.std(axis=____, ddof=____)\nreturn np.stack([gap.mean(axis=____), spread / ____])\n```",
    ),
    parsons=("gain_spread_of_the_whole_population", "gain_spread_for_its_error"),
    why=r"""
    Some prompts are easy and some are hard, for both kinds of labels alike. Taking differences first leaves that out of the error. A gain below two standard errors is no finding.

    **The two most common mistakes.** Errors of the two curves added, as if the prompts were others: too large an error where they go together. The standard deviation of the prompts for the error of their mean.

    **Cost.** None; the model's answers were the cost.
    """,
    verified="equal to a loop over the columns for 2 to 40 prompts and 1 to 9 columns, truth values, whole numbers and float32.",
    next_thought="what would you need to say that the gain at 8 examples is larger than at 4?",
    reference=_reference,
)


def _case(seed, prompts, m, a=0.8, b=0.5, dtype=int):
    rng = np.random.default_rng(seed)
    easy = rng.normal(size=(prompts, 1)) * 0.3
    return tuple((rng.random((prompts, m)) < chance + easy).astype(dtype) for chance in (a, b))


EXERCISE.probe("eleven prompts, seven columns", *_case(1, 11, 7))
EXERCISE.probe("forty prompts, nine columns", *_case(2, 40, 9))
EXERCISE.probe("two prompts", np.array([[1, 0, 1], [1, 1, 0]]), np.array([[0, 0, 1], [1, 0, 1]]))
EXERCISE.probe("one column", *_case(4, 13, 1))
EXERCISE.probe("as many prompts as columns", *_case(5, 5, 5))
EXERCISE.probe("truth values as numbers", *_case(6, 8, 4, dtype=float))
EXERCISE.probe("single precision", *_case(7, 9, 3, dtype=np.float32))
EXERCISE.probe("labels that do not matter", np.array([[1, 0], [0, 0], [1, 1], [1, 0]]), np.array([[1, 0], [0, 0], [1, 1], [1, 0]]))
EXERCISE.probe("dealt ones are better", *_case(8, 17, 4, 0.2, 0.9))


@EXERCISE.solve
def paired_gain_solution(right, dealt):
    gap = right * 1.0 - dealt
    spread = gap.std(axis=0, ddof=1)
    return np.stack([gap.mean(axis=0), spread / np.sqrt(len(gap))])


@EXERCISE.mutant
def gain_spread_of_the_whole_population(right, dealt):
    gap = right * 1.0 - dealt
    spread = gap.std(axis=0, ddof=0)
    return np.stack([gap.mean(axis=0), spread / np.sqrt(len(gap))])


@EXERCISE.mutant
def gain_spread_for_its_error(right, dealt):
    gap = right * 1.0 - dealt
    spread = gap.std(axis=0, ddof=1)
    return np.stack([gap.mean(axis=0), spread])


@EXERCISE.mutant
def gain_as_if_unpaired(right, dealt):
    right, dealt = _arrays(right, dealt)
    variance = right.var(axis=0, ddof=1) + dealt.var(axis=0, ddof=1)
    return _both((right - dealt).mean(axis=0), np.sqrt(variance / len(right)))


@EXERCISE.mutant
def gain_of_dealt_labels(right, dealt):
    gap = _arrays(dealt, right)[0] - _arrays(dealt, right)[1]
    return _both(gap.mean(axis=0), gap.std(axis=0, ddof=1) / np.sqrt(len(gap)))


@EXERCISE.mutant
def gain_error_over_the_number(right, dealt):
    right, dealt = _arrays(right, dealt)
    gap = right - dealt
    return _both(gap.mean(axis=0), gap.std(axis=0, ddof=1) / len(gap))


@EXERCISE.mutant
def gain_of_right_labels_alone(right, dealt):
    right, _ = _arrays(right, dealt)
    return _both(right.mean(axis=0), right.std(axis=0, ddof=1) / np.sqrt(len(right)))


@EXERCISE.mutant
def gain_one_error_for_all(right, dealt):
    right, dealt = _arrays(right, dealt)
    gap = right - dealt
    return _both(gap.mean(axis=0), np.full(gap.shape[1], gap.std(ddof=1) / np.sqrt(gap.size)))


EXERCISE.holds("the example of the statement comes out")(
    comes_out([[0.5], [0.28868]], np.array([[1], [1], [0], [1]]), np.array([[0], [1], [0], [0]])))


@EXERCISE.holds("what both curves share adds no error")
def shared(call):
    right = np.array([[1, 1], [0, 1], [1, 0], [0, 1]])
    found = np.asarray(call(right, right), dtype=float)
    return None if found.shape == (2, 2) and np.abs(found).max() < 1e-9 else f"with equal answers the result is {text.numbers(found)}"


EXERCISE.holds("the given arrays stay as they are")(left_alone(*_case(1, 11, 7)))
