"""A causal window with gaps."""

from __future__ import annotations

import numpy as np

from attnlab.exercises import _text as text
from attnlab.exercises._exercise import Exercise


def _table(n, test):
    back = np.arange(n)[:, None] - np.arange(n)
    return test(back)


def _reference(n, size, step):
    return _table(n, lambda back: (back >= 0) & (back % step == 0) & (back < size * step))


EXERCISE = Exercise(
    id="self_attention.dilated_mask",
    title="Every other token",
    level="apply",
    minutes=10,
    difficulty=2,
    page="self_attention/problems",
    statement=r"""
    To see farther with few keys, a window can have gaps. Each query sees `size` keys: itself, the token `step` places back, the one `2 * step` places back, and so on; fewer where the text begins. Return the boolean mask ($n \times n$), True = may look.

    A tiny example: with `size=3` and `step=2`, token 5 sees the tokens 5, 3 and 1, and token 2 sees 2 and 0. With `step=1` it is the plain causal window.
    """,
    slot='''
    def dilated_mask(n, size, step):
        """Itself and size - 1 earlier tokens, step places apart.

        n: number of tokens, size >= 1, step >= 1, result: boolean, (n, n)
        """
        # YOUR CODE HERE
        ...
    ''',
    hints=(
        "Everything depends on how far back the key stands. Write that distance down as a table first.",
        r"With $b = i - j$: not ahead, a multiple of the step, and fewer than `size` steps away.",
        "```python\nback = np.arange(n)[:, None] - np.arange(n)\nreturn (back >= ____) & (back % ____ == 0) & (back < ____)\n```",
    ),
    parsons=("width_counted_in_tokens", "gaps_from_the_beginning"),
    why=r"""
    The reach is $(\text{size} - 1) \cdot \text{step}$ tokens at the price of `size` keys. One layer with gaps misses the tokens in between; layers with other steps fill them.

    **The two most common mistakes.** Cutting the window at `size` tokens instead of `size` steps: the gaps then only thin it out. Counting the multiples from the beginning of the text: all queries then choose from one set of keys, and those between do not even see themselves.

    **Cost.** $n \cdot$ size scores instead of $n^2$, if the kernel skips what the mask empties.
    """,
    verified="steps 1, 2, 3 and 4, sizes from 1 to 9, texts of 1 to 13 tokens.",
    next_thought="two layers, steps 1 and 4, size 4: how far does the last token see?",
    reference=_reference,
    returns="masks",
)

EXERCISE.probe("11 tokens, 3 keys, step 2", 11, 3, 2)
EXERCISE.probe("11 tokens, 2 keys, step 3", 11, 2, 3)
EXERCISE.probe("7 tokens, 4 keys, step 1", 7, 4, 1)
EXERCISE.probe("5 tokens, 1 key, step 2", 5, 1, 2)
EXERCISE.probe("5 tokens, 9 keys, step 2", 5, 9, 2)
EXERCISE.probe("13 tokens, 3 keys, step 4", 13, 3, 4)
EXERCISE.probe("a single token, 2 keys, step 3", 1, 2, 3)


@EXERCISE.solve
def dilated_mask_solution(n, size, step):
    back = np.arange(n)[:, None] - np.arange(n)
    return (back >= 0) & (back % step == 0) & (back < size * step)


@EXERCISE.mutant(evidence=text.allowed)
def width_counted_in_tokens(n, size, step):
    back = np.arange(n)[:, None] - np.arange(n)
    return (back >= 0) & (back % step == 0) & (back < size)


@EXERCISE.mutant(evidence=text.allowed)
def gaps_from_the_beginning(n, size, step):
    back = np.arange(n)[:, None] - np.arange(n)
    return (back >= 0) & (np.arange(n) % step == 0) & (back < size * step)


@EXERCISE.mutant(evidence=text.allowed)
def window_without_gaps(n, size, step):
    return _table(n, lambda back: (back >= 0) & (back < size * step))


@EXERCISE.mutant(evidence=text.allowed)
def window_one_too_wide(n, size, step):
    return _table(n, lambda back: (back >= 0) & (back % step == 0) & (back <= size * step))


@EXERCISE.mutant(evidence=text.allowed)
def window_on_both_sides(n, size, step):
    return _table(n, lambda back: (back % step == 0) & (np.abs(back) < size * step))


@EXERCISE.mutant(evidence=text.allowed)
def window_without_far_end(n, size, step):
    return _table(n, lambda back: (back >= 0) & (back % step == 0))


@EXERCISE.mutant(evidence=text.allowed)
def window_wraps_round(n, size, step):
    rows = np.zeros((n, n), dtype=bool)
    for s in range(size):
        rows[np.arange(n), (np.arange(n) - s * step) % n] = True
    return rows


@EXERCISE.mutant(evidence=text.allowed)
def window_one_too_narrow(n, size, step):
    return _reference(n, size - 1, step)


@EXERCISE.mutant(evidence=text.allowed)
def self_excluded(n, size, step):
    return _table(n, lambda back: (back > 0) & (back % step == 0) & (back <= size * step))


@EXERCISE.mutant(evidence=text.allowed, same_as="self_excluded")
def self_excluded_and_narrow(n, size, step):
    return _table(n, lambda back: (back > 0) & (back % step == 0) & (back < size * step))


@EXERCISE.mutant(evidence=text.allowed)
def gaps_one_too_wide(n, size, step):
    return _reference(n, size, step + 1)


@EXERCISE.mutant(evidence=text.allowed)
def size_and_step_exchanged(n, size, step):
    return _reference(n, step, size)


@EXERCISE.mutant(evidence=text.allowed)
def mask_inverted(n, size, step):
    return ~_reference(n, size, step)


@EXERCISE.mutant(evidence=text.allowed)
def mask_axes_swapped(n, size, step):
    return _reference(n, size, step).T


@EXERCISE.holds("every token sees itself")
def sees_itself(call):
    out = np.asarray(call(9, 2, 3)).astype(bool)
    if not np.diag(out).all():
        return f"{int((~np.diag(out)).sum())} of 9 tokens do not"


@EXERCISE.holds("a late token sees as many keys as the size says")
def counts(call):
    seen = np.flatnonzero(call(13, 4, 3)[-1]).tolist()
    return None if seen == [3, 6, 9, 12] else f"with 4 keys and step 3 the last of 13 tokens sees {seen}"


def _sees(call, n, size, step, token):
    return np.flatnonzero(call(n, size, step)[token]).tolist()


@EXERCISE.holds("with 3 keys and step 2, token 5 sees 1, 3 and 5, and token 2 sees 0 and 2")
def tiny_example(call):
    late, early = _sees(call, 6, 3, 2, 5), _sees(call, 6, 3, 2, 2)
    return None if (late, early) == ([1, 3, 5], [0, 2]) else f"they see {late} and {early}"


@EXERCISE.holds("where the text begins a token sees fewer keys")
def beginning(call):
    first, second = _sees(call, 6, 3, 2, 0), _sees(call, 6, 3, 2, 1)
    return None if (first, second) == ([0], [1]) else f"with 3 keys and step 2 the first two tokens see {first} and {second}"


@EXERCISE.holds("nobody sees the future")
def no_future(call):
    later = int(np.triu(call(9, 3, 2), 1).sum())
    return None if later == 0 else f"with 9 tokens, {later} pairs look ahead"


@EXERCISE.holds("with step 1 it is the plain causal window")
def plain_window(call):
    seen = _sees(call, 7, 3, 1, 5)
    return None if seen == [3, 4, 5] else f"with 3 keys token 5 sees {seen}"


@EXERCISE.holds("with step 4 the keys are four places apart")
def gaps(call):
    seen = _sees(call, 13, 3, 4, 12)
    return None if seen == [4, 8, 12] else f"with 3 keys token 12 sees {seen}"
