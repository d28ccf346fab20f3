"""How much of each token is left at each later one, from decays of which some are 0."""

from __future__ import annotations

import numpy as np

from attnlab.exercises import _text as text
from attnlab.exercises._exercise import Exercise


def _reference(decay):
    n = len(decay)
    left = np.zeros((n, n))
    for j in range(n):
        for i in range(j, n):
            left[i, j] = np.prod(decay[j + 1 : i + 1])
    return left


EXERCISE = Exercise(
    id="efficiency.decay_between",
    title="What is left, with resets",
    level="apply",
    minutes=15,
    difficulty=2,
    page="efficiency/memory_that_erases",
    headings=("A scan is a masked product",),
    statement=r"""
    A memory is multiplied by `decay[t]`, from 0 to 1, right before token $t$ writes. Return `left` (n, n): `left[i, j]` is how much of what token $j$ wrote is left when token $i$ reads, after its own write; 0 where $j$ comes later. A decay may be **exactly 0**: it clears the memory. So the logarithms of the page are of no use here, and neither are quotients of running products.

    A tiny example: `decay = [0.9, 0.5, 0]` gives `[[1, 0, 0], [0.5, 1, 0], [0, 0, 1]]`.
    """,
    slot='''
    def decay_between(decay):
        """How much of token j is left at token i.

        decay: (n,), at least one, each from 0 to 1
        result: (n, n)
        """
        # YOUR CODE HERE
        ...
    ''',
    parts=("left",),
    hints=(
        "The diagonal is 1, whatever the decays: a token reads its own write whole. The first decay has nothing to act on.",
        r"Row by row: $L_i = a_i L_{i-1}$ to the left of the diagonal, then a 1 on it.",
        "```python\nleft = np.eye(len(decay))\nfor i in range(____, len(decay)):\n    left[i, :i] = ____ * ____\nreturn left\n```",
    ),
    parsons=("own_write_fades", "decay_of_the_writer"),
    why=r"""
    The recurrence of the rows is the scan itself: what is left of every earlier write is multiplied by the newest decay. A reset at $t$ makes a block of zeros below and to the left: the texts before and after it are separate documents.

    **The two most common mistakes.** Counting the decay at token $j$, which acts *before* $j$ writes. Dividing running products, which is 0 / 0 from the first reset on.

    **Cost.** $n^2 / 2$ multiplications; the scan needs no such table.
    """,
    verified="resets at the first, a middle and the last token, no decay, and one token.",
    next_thought="which decays make this the mask of a window? Are there any?",
    reference=_reference,
)

_rng = np.random.default_rng(89)
_PLAIN = _rng.uniform(0.3, 1, 7)
_RESET = _PLAIN.copy()
_RESET[4] = 0
EXERCISE.probe("7 decays", _PLAIN)
EXERCISE.probe("7 decays, a reset at the fifth", _RESET)
EXERCISE.probe("5 decays, resets at the ends", np.array([0, 0.5, 0.8, 0.9, 0]))
EXERCISE.probe("no decay, 3 tokens", np.ones(3))
EXERCISE.probe("one token", np.array([0.4]))
EXERCISE.probe("two resets in a row", np.array([0.7, 0, 0, 0.6]))


@EXERCISE.solve
def decay_between_solution(decay):
    left = np.eye(len(decay))
    for i in range(1, len(decay)):
        left[i, :i] = decay[i] * left[i - 1, :i]
    return left


@EXERCISE.mutant
def own_write_fades(decay):
    left = np.diag(np.asarray(decay, dtype=float))
    for i in range(1, len(decay)):
        left[i, :i] = decay[i] * left[i - 1, :i]
    return left


@EXERCISE.mutant
def decay_of_the_writer(decay):
    left = np.eye(len(decay))
    for i in range(1, len(decay)):
        left[i, :i] = decay[i - 1] * left[i - 1, :i]
    return left


@EXERCISE.mutant
def past_seen_from_the_future(decay):
    return _reference(decay).T


@EXERCISE.mutant
def later_tokens_not_hidden(decay):
    left = _reference(decay)
    return left + left.T - np.eye(len(decay))


@EXERCISE.mutant
def one_decay_for_the_whole_way(decay):
    left = np.eye(len(decay))
    for i in range(len(decay)):
        for j in range(i):
            left[i, j] = decay[i]
    return left


@EXERCISE.mutant
def newest_decay_to_a_power(decay):
    left = np.eye(len(decay))
    for i in range(len(decay)):
        for j in range(i):
            left[i, j] = decay[i] ** (i - j)
    return left


@EXERCISE.mutant
def resets_ignored(decay):
    return _reference(np.where(np.asarray(decay) == 0, 1.0, decay))


@EXERCISE.holds("a reset hides everything before it")
def hidden(call):
    left = np.asarray(call(_RESET))
    most = float(np.abs(left[4:, :4]).max())
    return None if most < 1e-6 else f"{text.number(most)} is left of a token before it"


@EXERCISE.holds("the first decay changes nothing")
def first(call):
    other = _PLAIN.copy()
    other[0] = 0.1
    gap = float(np.abs(np.asarray(call(other)) - np.asarray(call(_PLAIN))).max())
    return None if gap < 1e-6 else f"an entry moves by {text.number(gap)}"


@EXERCISE.holds("a token reads its own write whole")
def whole(call):
    gap = float(np.abs(np.diag(np.asarray(call(_RESET))) - 1).max())
    return None if gap < 1e-6 else f"the diagonal is off by up to {text.number(gap)}"
