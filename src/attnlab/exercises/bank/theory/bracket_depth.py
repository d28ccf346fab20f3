"""The depth of every bracket, from the running means that one head gives."""

from __future__ import annotations

import numpy as np

from attnlab.exercises import _text as text
from attnlab.exercises._exercise import Exercise
from attnlab.exercises._probes import comes_out, left_alone


def _balance(means, by=None):
    means = np.asarray(means, dtype=float)
    return np.rint(means * (np.arange(len(means)) + 1 if by is None else by))


def _closing(balance):
    return np.diff(balance, prepend=0) < 0


def _reference(means):
    balance = _balance(means)
    return balance + _closing(balance)


EXERCISE = Exercise(
    id="theory.bracket_depth",
    title="How deep every bracket stands",
    level="analyse",
    minutes=20,
    difficulty=2,
    page="theory/expressiveness",
    headings=("Programs of attention",),
    statement=r"""
    A head whose query $i$ selects the tokens $0, \dots, i$ gives the mean of their values. Here an opening bracket has the value 1 and a closing one $-1$; `means` is what the head returned, one number a token, exact up to rounding.

    Return the **depth** of every bracket: how many pairs it stands in, its own included. An opening bracket and the one that closes it have the same depth. The text never closes more than it has opened; it need not be closed at its end.

    A tiny example: `(())(` has the means 1, 1, 1/3, 0, 1/5, and the depths are `[1, 2, 2, 1, 1]`.
    """,
    slot='''
    def bracket_depth(means):
        """The depth of each bracket.

        means: (n,) running means of +1 and -1; result: (n,) whole numbers
        """
        # YOUR CODE HERE
        ...
    ''',
    hints=(
        "An opening bracket at depth 3 leaves three pairs open. The bracket that closes it leaves two.",
        "A mean of $i + 1$ values times $i + 1$ is their sum: the number of pairs that are open after token $i$. A bracket that closes stands one deeper than what it leaves.",
        "```python\nopen_pairs = np.rint(means * ____)\nbefore = np.concatenate([[0], ____])\nreturn np.maximum(____, ____)\n```",
    ),
    parsons=("depth_counted_from_zero", "depth_after_the_bracket"),
    why=r"""
    Means cannot count, but a mean and the number of tokens can. For the count to be exact the means need about as many bits as the deepest count has, one more for the rounding included: at most $\log_2 n + 1$. With fewer it goes wrong where brackets stand deep.

    **The two most common mistakes.** Multiplying by $i$ where the tokens are numbered from 0: the mean is one of $i + 1$ values. Taking what is open *after* the bracket: closing brackets then stand one too high.

    **Cost.** One head for the means; the rest happens within a token and its neighbour, which a second head fetches.
    """,
    verified="equal to a counting loop for texts of 0 to 300 brackets, closed and not, in float64 and float32.",
    next_thought="from which depth on would means in float16 no longer tell it?",
    reference=_reference,
)


def _means(brackets: str, dtype=float):
    steps = np.array([1 if one == "(" else -1 for one in brackets], dtype=float)
    return (np.cumsum(steps) / np.arange(1, len(steps) + 1)).astype(dtype)


def _drawn(seed, n):
    rng, depth, out = np.random.default_rng(seed), 0, ""
    for _ in range(n):
        opens = depth == 0 or rng.random() < 0.5
        depth += 1 if opens else -1
        out += "(" if opens else ")"
    return out


EXERCISE.probe("closed", _means("(()(()))()"))
EXERCISE.probe("not closed", _means("((()(("))
EXERCISE.probe("side by side", _means("()()()()"))
EXERCISE.probe("one in the other", _means("((((()))))"))
EXERCISE.probe("opening alone", _means("((((("))
EXERCISE.probe("one bracket", _means("("))
EXERCISE.probe("one pair", _means("()"))
EXERCISE.probe("nothing", np.zeros(0))
EXERCISE.probe("thirty-seven brackets", _means(_drawn(1, 37)))
EXERCISE.probe("three hundred brackets", _means(_drawn(2, 300)))
EXERCISE.probe("single precision", _means(_drawn(3, 90), np.float32))


@EXERCISE.solve
def bracket_depth_solution(means):
    open_pairs = np.rint(means * np.arange(1, len(means) + 1))
    before = np.concatenate([[0], open_pairs[:-1]])[: len(means)]
    return np.maximum(open_pairs, before)


@EXERCISE.mutant
def depth_counted_from_zero(means):
    open_pairs = np.rint(means * np.arange(len(means)))
    before = np.concatenate([[0], open_pairs[:-1]])[: len(means)]
    return np.maximum(open_pairs, before)


@EXERCISE.mutant
def depth_after_the_bracket(means):
    open_pairs = np.rint(means * np.arange(1, len(means) + 1))
    return open_pairs


@EXERCISE.mutant
def depth_before_the_bracket(means):
    return np.concatenate([[0], _balance(means)])[: len(means)]


@EXERCISE.mutant
def depth_by_the_whole_length(means):
    balance = _balance(means, len(means))
    return balance + _closing(balance)


@EXERCISE.mutant
def depth_from_sums_of_means(means):
    balance = np.cumsum(np.asarray(means, dtype=float))
    return balance + _closing(balance)


@EXERCISE.mutant
def depth_opening_one_deeper(means):
    balance = _balance(means)
    return balance + ~_closing(balance)


@EXERCISE.mutant
def depth_rounded_down(means):
    means = np.asarray(means, dtype=float)
    return np.where(_closing(_balance(means)), 1.0, 0.0) + np.floor(means)


EXERCISE.holds("the example of the statement comes out")(comes_out([1, 2, 2, 1, 1], np.array([1, 1, 1 / 3, 0, 1 / 5])))


@EXERCISE.holds("as many opening brackets as closing ones stand at each depth of a closed text")
def paired(call):
    brackets = "(()(()))()"
    found = np.asarray(call(_means(brackets)), dtype=float)
    if found.shape != (10,):
        return f"the shape is {text.shape(found)}, expected (10)"
    opens = np.array([one == "(" for one in brackets])
    mine, its = np.sort(found[opens]), np.sort(found[~opens])
    return None if np.allclose(mine, its) else f"opening brackets stand at {text.numbers(mine)}, closing ones at {text.numbers(its)}"


EXERCISE.holds("the given means stay as they are")(left_alone(_means("(()())")))
