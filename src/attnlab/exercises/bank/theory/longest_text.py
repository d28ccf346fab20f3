"""The bound on a weight read the other way round: how long may a text be?"""

from __future__ import annotations

import numpy as np

from attnlab.exercises import _text as text
from attnlab.exercises._exercise import Exercise
from attnlab.exercises._probes import comes_out, left_alone


def _whole(x):
    return int(np.floor(np.minimum(x, 1e15)))


def _reference(bound, weight):
    return _whole(1 + np.exp(2 * float(bound)) * (1 - float(weight)) / float(weight))


EXERCISE = Exercise(
    id="theory.longest_text",
    title="How long may the text be?",
    level="apply",
    minutes=15,
    difficulty=2,
    page="theory/expressiveness",
    headings=("One vote among n",),
    statement=r"""
    The scores of a head lie between $-B$ and $B$ (`bound`, 0 or more). In how long a text can it still give one token a weight of at least `weight`, a number above 0 and at most 1?

    Return the largest number of tokens, the one that is looked at included, as a whole number. At least one token is always possible; lengths reach hundreds of millions, so adding one token after another takes too long. No case of the check lies on the border but those with a weight of 1.

    A tiny example: a bound of 1 and a weight of 0.5 give 8: among 8 tokens the largest weight is 0.514, among 9 it is 0.480.
    """,
    slot='''
    def longest_text(bound, weight):
        """The largest n at which one of n tokens can have this weight.

        bound: a number, 0 or more; weight: above 0 and at most 1; result: a whole number
        """
        # YOUR CODE HERE
        ...
    ''',
    hints=(
        "With a bound of 0 all weights are equal: a weight of 0.3 is possible among 3 tokens and not among 4.",
        "The best case: one score of $B$ and $n - 1$ scores of $-B$. Its weight is $1 / (1 + (n - 1)\\,e^{-2B})$; ask when that is at least the weight asked for.",
        "```python\nrest = (1 - weight) / ____\nothers = rest * np.exp(____)\nreturn int(np.floor(____))\n```",
    ),
    parsons=("text_by_half_the_gap", "text_without_the_token_itself"),
    why=r"""
    The number of tokens grows with $e^{2B}$: two more in $B$ are 55 times the length. A trained head may reach scores of 10 and more, so the bound is felt only in very long texts; but its scores do not grow with the length by themselves.

    **The two most common mistakes.** Taking $e^B$: the others may have the score $-B$, not 0. Forgetting the token itself, which is one of the $n$.

    **Cost.** None: a formula.
    """,
    verified="equal to a search over the length for bounds of 0 to 8 and weights of 0.001 to 1, whole numbers included.",
    next_thought="how must the bound grow with the length for a weight of 0.9 to be possible in every text?",
    reference=_reference,
)

for _b, _w in ((1, 0.5), (0, 0.3), (0, 0.07), (0.5, 0.9), (2, 0.6), (3.0, 0.95), (3.0, 0.01), (5, 0.37), (8.0, 0.9), (1.5, 0.001), (2.0, 0.999),
               (0, 1), (4, 1), (0.1, 0.8), (2.5, 0.4), (1.0, 0.11), (8.0, 0.05)):
    EXERCISE.probe(f"a bound of {_b} and a weight of {_w}", _b, _w)


@EXERCISE.solve
def longest_text_solution(bound, weight):
    rest = (1 - weight) / weight
    others = rest * np.exp(2 * bound)
    return int(np.floor(1 + others))


@EXERCISE.mutant
def text_by_half_the_gap(bound, weight):
    rest = (1 - weight) / weight
    others = rest * np.exp(bound)
    return int(np.floor(1 + others))


@EXERCISE.mutant
def text_without_the_token_itself(bound, weight):
    rest = (1 - weight) / weight
    others = rest * np.exp(2 * bound)
    return int(np.floor(others))


@EXERCISE.mutant
def text_rounded_up(bound, weight):
    return int(np.ceil(1 + (1 - weight) / weight * np.exp(2 * bound) + 1e-9))


@EXERCISE.mutant
def text_of_the_other_weight(bound, weight):
    return _whole(1 + weight / max(1 - weight, 1e-12) * np.exp(2 * bound))


@EXERCISE.mutant
def text_of_unequal_shares(bound, weight):
    return _whole(1 + np.exp(2 * bound) / weight)


@EXERCISE.mutant
def text_of_the_smallest_weight(bound, weight):
    return _whole(1 + (1 - weight) / weight * np.exp(-2 * bound))


@EXERCISE.mutant
def text_linear_in_the_bound(bound, weight):
    return _whole(1 + (1 - weight) / weight * (1 + 2 * bound))


EXERCISE.holds("the example of the statement comes out")(comes_out(8, 1, 0.5))


@EXERCISE.holds("the weight is possible among so many tokens, and not among one more")
def border(call):
    for bound, weight in ((1.0, 0.5), (2.0, 0.6), (0.5, 0.9)):
        n = float(call(bound, weight))
        here, next_one = (1 / (1 + (count - 1) * np.exp(-2 * bound)) for count in (n, n + 1))
        if not here >= weight > next_one:
            return f"with a bound of {text.number(bound)} the largest weight among {text.number(n)} tokens is {text.number(here)}, one more token: {text.number(next_one)}; asked for {text.number(weight)}"
    return None


EXERCISE.holds("the arguments stay as they are")(left_alone(1.0, 0.5))
