"""How many values are as frequent as mine: two heads in a row, and a mark for the first of each value."""

from __future__ import annotations

import numpy as np

from attnlab.exercises import _text as text
from attnlab.exercises._exercise import Exercise
from attnlab.exercises._probes import comes_out, left_alone


def _counts(tokens):
    tokens = list(np.asarray(tokens))
    return np.array([tokens.count(one) for one in tokens], dtype=int)


def _over_values(tokens, holds):
    tokens, counts = np.asarray(tokens), _counts(tokens)
    values = {value: count for value, count in zip(tokens.tolist(), counts)}
    return np.array([sum(holds(other, mine) for other in values.values()) for mine in counts], dtype=int)


def _reference(tokens):
    return _over_values(tokens, lambda other, mine: other == mine)


EXERCISE = Exercise(
    id="theory.double_histogram",
    title="As frequent as mine",
    level="apply",
    minutes=15,
    difficulty=2,
    page="theory/problems",
    statement=r"""
    For every token: how many **different values** of the text occur exactly as often as its own value, its own included? The paper on RASP calls it the double histogram.

    Comparisons of all pairs, counts, and what happens within a token are enough. There may be no token.

    A tiny example: in `[5, 5, 8, 2, 2, 9]` the values 5 and 2 occur twice, 8 and 9 once, so the answer is `[2, 2, 2, 2, 2, 2]`; without the last token it is `[2, 2, 1, 2, 2]`.
    """,
    slot='''
    def double_histogram(tokens):
        """For every token the number of different values that are as frequent as its own.

        tokens: (n,) numbers; result: (n,) whole numbers
        """
        # YOUR CODE HERE
        ...
    ''',
    hints=(
        "Tokens of one value have one answer, and so have tokens of equally frequent values. If all tokens differ, everybody's answer is their number.",
        "First count how often each token occurs. Then count the tokens with the same count, but of each value only one, say the one that stands first.",
        "```python\nsame = tokens[:, None] == ____\ncounts = same.sum(axis=____)\nfirst = ~np.tril(same, ____).any(axis=____)\nreturn ((counts[None, :] == ____) & ____).sum(axis=____)\n```",
    ),
    parsons=("double_of_tokens", "double_of_the_first_alone"),
    why=r"""
    The second head compares what the first one has computed: depth is what lets a program compare counts. The mark for the first of each value is a head of its own, which selects earlier tokens of the same value and asks whether there are any.

    **The two most common mistakes.** Counting tokens where values are asked for: a value that occurs three times then counts thrice. Asking the marked tokens alone, so that repeated ones get another answer.

    **Cost.** Two layers; $n^2$ comparisons in each.
    """,
    verified="equal to a loop over values for texts of 0 to 60 tokens, whole numbers, negative ones and float32.",
    next_thought="how would you do it without the mark, by dividing within a token?",
    reference=_reference,
)

_rng = np.random.default_rng(3)
EXERCISE.probe("eight tokens", np.array([5, 5, 8, 2, 2, 9, 7, 7]))
EXERCISE.probe("eleven tokens, counts of 1 to 4", np.array([1, 2, 2, 3, 3, 3, 4, 4, 4, 4, 6]))
EXERCISE.probe("sixty tokens of nine values", _rng.integers(-4, 5, 60))
EXERCISE.probe("all different", np.array([3.5, -1.0, 8.0, 2.5]))
EXERCISE.probe("all equal", np.array([4, 4, 4, 4, 4]))
EXERCISE.probe("thirteen tokens", np.array([0, 1, 0, 2, 2, 5, 1, 0, 7, 8, 8, 9, 5]))
EXERCISE.probe("single precision", np.array([0.5, 1.5, 0.5, 2.5, 2.5, 2.5, 9.0], dtype=np.float32))
EXERCISE.probe("values of one whole part or one size", np.array([2.5, -2.5, 2.25, 1.5, 1.5, -1.0, 2.75]))
EXERCISE.probe("one token", np.array([7]))
EXERCISE.probe("no token", np.zeros(0))


@EXERCISE.solve
def double_histogram_solution(tokens):
    same = tokens[:, None] == tokens[None, :]
    counts = same.sum(axis=1)
    first = ~np.tril(same, -1).any(axis=1)
    return ((counts[None, :] == counts[:, None]) & first[None, :]).sum(axis=1)


@EXERCISE.mutant
def double_of_tokens(tokens):
    same = tokens[:, None] == tokens[None, :]
    counts = same.sum(axis=1)
    return (counts[None, :] == counts[:, None]).sum(axis=1)


@EXERCISE.mutant
def double_of_the_first_alone(tokens):
    same = tokens[:, None] == tokens[None, :]
    counts = same.sum(axis=1)
    first = ~np.tril(same, -1).any(axis=1)
    return ((counts[None, :] == counts[:, None]) & first[None, :] & first[:, None]).sum(axis=1)


@EXERCISE.mutant
def double_is_single(tokens):
    return _counts(tokens)


@EXERCISE.mutant
def double_without_its_own(tokens):
    return _reference(tokens) - 1


@EXERCISE.mutant
def double_at_least_as_frequent(tokens):
    return _over_values(tokens, lambda other, mine: other >= mine)


@EXERCISE.mutant
def double_at_most_as_frequent(tokens):
    return _over_values(tokens, lambda other, mine: other <= mine)


@EXERCISE.mutant
def double_of_all_values(tokens):
    return _over_values(tokens, lambda other, mine: True)


EXERCISE.holds("the example of the statement comes out")(comes_out([2, 2, 1, 2, 2], np.array([5, 5, 8, 2, 2])))


@EXERCISE.holds("tokens of one value have one answer")
def alike(call):
    tokens = np.array([1, 2, 2, 3, 3, 3, 4, 4, 4, 4, 6])
    found = np.asarray(call(tokens), dtype=float)
    if found.shape != (11,):
        return f"the shape is {text.shape(found)}, expected (11)"
    apart = [value for value in set(tokens.tolist()) if np.ptp(found[tokens == value]) > 0]
    return f"the tokens of value {apart[0]} get {text.numbers(found[tokens == apart[0]])}" if apart else None


EXERCISE.holds("the given tokens stay as they are")(left_alone(np.array([5, 5, 8, 2, 2, 9])))
